//! What a prior is conditioned on, as a matrix: u in the equations.

use disentangle_data::dataset::Role;
use disentangle_data::prepare::Prepared;
use disentangle_data::split::Split;
use disentangle_data::{Code, Failure, Stream};
use disentangle_engine::method::{Batch, Dimensions};
use disentangle_engine::results::Conditioned;
use disentangle_nn::{Init, Params, Result, Tensor, Var, host};
use std::collections::BTreeSet;

/// What the prior of a row is conditioned on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// Nothing.
    Nothing,
    /// All targets of the row; a gap counts as 0, the mean of a standardised target. Without any target the environment of the row,
    /// as one column per environment that is 1 in its rows.
    TargetsOrEnvironment,
    /// One target of the row and as many learnt numbers of its task. With several targets each is a task: every step draws
    /// one of those that the row has, so that the loss is that of all (row, task) pairs.
    TargetAndTask(usize),
}

impl Condition {
    pub(super) fn check(self, data: &Prepared, method: &str) -> disentangle_data::Result<()> {
        match self {
            Condition::Nothing => Ok(()),
            Condition::TargetsOrEnvironment if data.targets.is_some() => Ok(()),
            Condition::TargetsOrEnvironment if data.environments.is_some() => data.needs_environments(method).map(drop),
            Condition::TargetsOrEnvironment => {
                let message = format!("{method} needs a target or environments, the data have neither");
                Err(Failure::new(Code::DataNeedsTarget, message)
                    .hint("name the target column with `target`, or the column of environments with `environment`"))
            }
            Condition::TargetAndTask(_) => data.tasks(method).map(drop),
        }
    }

    /// What that is in these data, for their summary.
    pub(super) fn told(self, data: &Prepared) -> Option<Conditioned> {
        let targets = || data.targets.as_ref().map(|targets| targets.names.clone()).unwrap_or_default();
        let environments = data.environments.as_ref().map(|environments| environments.column.clone());
        Some(match self {
            Condition::Nothing => return None,
            Condition::TargetsOrEnvironment if data.targets.is_none() => Conditioned {
                on: "environment".into(),
                columns: environments.into_iter().collect(),
                environments: Some(trained_environments(data)),
                unused: None,
            },
            Condition::TargetsOrEnvironment => {
                Conditioned { on: "target".into(), columns: targets(), environments: None, unused: environments }
            }
            Condition::TargetAndTask(_) => Conditioned {
                on: "target and task".into(),
                columns: targets().into_iter().chain(data.labels.get(&Role::Task).map(|l| l.column.clone())).collect(),
                environments: None,
                unused: None,
            },
        })
    }
}

/// Environments with training rows.
pub(super) fn trained_environments(data: &Prepared) -> usize {
    data.rows_of(Split::Train).into_iter().map(|row| data.nodes[row]).collect::<BTreeSet<_>>().len()
}

/// Reads u from a batch.
#[derive(Debug)]
pub(super) enum Reader {
    Nothing,
    Targets(usize),
    Environments(usize),
    TargetAndTask(Var),
}

impl Reader {
    pub(super) fn new(condition: Condition, params: &mut Params, dimensions: &Dimensions, seed: u64) -> Result<Self> {
        match condition {
            Condition::Nothing => Ok(Self::Nothing),
            Condition::TargetsOrEnvironment if dimensions.targets == 0 && dimensions.environments > 0 => {
                Ok(Self::Environments(dimensions.environments))
            }
            Condition::TargetsOrEnvironment => Ok(Self::Targets(dimensions.targets.max(1))),
            Condition::TargetAndTask(width) => {
                let tasks = dimensions.tasks.max(dimensions.targets).max(1);
                Ok(Self::TargetAndTask(params.insert("tasks", &[tasks, width], &Init::Normal { sd: 1.0 }, seed)?))
            }
        }
    }

    /// Number of columns of u.
    pub(super) fn width(&self) -> usize {
        match self {
            Self::Nothing => 0,
            Self::Targets(width) | Self::Environments(width) => *width,
            Self::TargetAndTask(table) => 1 + table.dims()[1],
        }
    }

    /// u (b, width) of a batch; `draws` decides among several targets.
    pub(super) fn read(&self, batch: &Batch, draws: &mut Stream) -> Result<Tensor> {
        let targets = match batch.targets.rank() {
            1 => batch.targets.unsqueeze(1)?,
            _ => batch.targets.clone(),
        };
        match self {
            Self::Nothing => batch.inputs.narrow(1, 0, 0),
            Self::Environments(width) => indicators(&batch.nodes, *width, &batch.inputs),
            Self::Targets(_) => targets.eq(&targets)?.where_cond(&targets, &targets.zeros_like()?),
            Self::TargetAndTask(table) => {
                let (y, tasks) = match batch.tasks.is_empty() {
                    false => (targets, batch.tasks.clone()),
                    true => picked(&targets, &batch.given, draws)?,
                };
                let codes = Tensor::new(tasks.as_slice(), table.device())?;
                Tensor::cat(&[y, table.index_select(&codes, 0)?], 1)
            }
        }
    }
}

/// One column per environment (b, width), 1 in its rows and 0 elsewhere, of the kind of `like`.
pub(crate) fn indicators(nodes: &[u32], width: usize, like: &Tensor) -> Result<Tensor> {
    let mut values = vec![0.0; nodes.len() * width];
    nodes.iter().enumerate().for_each(|(row, &node)| values[row * width + node as usize] = 1.0);
    host::placed(values, (nodes.len(), width), like)
}

/// One target (b, 1) of those that each row of `targets` (b, t) has, and its column; `given` are their values on the host.
fn picked(targets: &Tensor, given: &[f32], draws: &mut Stream) -> Result<(Tensor, Vec<u32>)> {
    let (b, t) = targets.dims2()?;
    let mut column = |row: &[f32]| {
        let known: Vec<usize> = (0..t).filter(|&j| !row[j].is_nan()).collect();
        // Rows without any target are left out when data are prepared.
        if known.is_empty() { 0 } else { known[draws.below(known.len())] as u32 }
    };
    let columns: Vec<u32> = given.chunks_exact(t.max(1)).map(&mut column).collect();
    let index = Tensor::from_slice(&columns, (b, 1), targets.device())?;
    Ok((targets.contiguous()?.gather(&index, 1)?, columns))
}

#[cfg(test)]
mod tests {
    use super::*;
    use disentangle_data::views::whole;
    use disentangle_engine::method::Phase;
    use disentangle_nn::{DType, Device};

    fn batch(targets: [f32; 3], step: u32) -> Batch {
        Batch {
            inputs: Tensor::zeros((1, 2), DType::F32, &Device::Cpu).expect("zeros"),
            targets: Tensor::new(&[targets], &Device::Cpu).expect("a matrix"),
            given: targets.to_vec(),
            nodes: Vec::new(),
            tasks: Vec::new(),
            draws: Stream::new(3, "draws").at(step),
            stage: "joint",
            phase: Phase::Train,
            progress: 0.0,
        }
    }

    fn read(reader: &Reader, batch: &Batch) -> Vec<Vec<f32>> {
        reader.read(batch, &mut batch.draws.clone()).and_then(|u| u.to_vec2()).expect("a matrix")
    }

    #[test]
    fn a_gap_among_targets_counts_as_their_mean() {
        let u = read(&Reader::Targets(3), &batch([1.0, f32::NAN, -2.0], 0));
        assert_eq!(u, [[1.0, 0.0, -2.0]]);
    }

    #[test]
    fn every_step_draws_one_known_target_with_its_own_numbers_and_all_have_their_turn() -> Result<()> {
        let mut params = Params::new(&Device::Cpu);
        let dimensions = Dimensions {
            inputs: 2,
            views: whole(2),
            parents: Vec::new(),
            environments: 0,
            targets: 3,
            tasks: 0,
            binary: Vec::new(),
        };
        let reader = Reader::new(Condition::TargetAndTask(1), &mut params, &dimensions, 1)?;
        params.get("tasks")?.set(&Tensor::new(&[[10f32], [20.0], [30.0]], &Device::Cpu)?)?;
        let mut seen = std::collections::BTreeSet::new();
        for step in 0..40 {
            let batch = batch([1.0, f32::NAN, 3.0], step);
            let u = read(&reader, &batch);
            assert!(u == [[1.0, 10.0]] || u == [[3.0, 30.0]], "{u:?}");
            assert_eq!(read(&reader, &batch), u);
            seen.insert(u[0][1] as i32);
        }
        assert_eq!((seen.len(), reader.width()), (2, 2));
        Ok(())
    }
}

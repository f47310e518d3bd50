//! What TBR assumes, and what the data say of it.

use super::solve::{self, Changes};
use super::{Algorithm, TbrConfig};
use disentangle_data::prepare::{Prepared, Warning};
use disentangle_data::split::Split;
use disentangle_data::{Matrix, Result};
use disentangle_engine::method::{Findings, MAP, State};
use disentangle_engine::results::latent_names;
use disentangle_engine::results::{Assumption, Fact, LatentMap, NamedMatrix, Status, TreeSummary, rows_of};
use disentangle_engine::rows;
use disentangle_numerics::moments::covariance;
use disentangle_numerics::rotation;
use disentangle_numerics::tree_heads::contrasts;
use std::collections::BTreeSet;

/// Objectives of the rotation closer than this to the best count as the same optimum.
const SAME_OPTIMUM: f64 = 1e-2;

/// Everything TBR says about a fit.
pub fn findings(config: &TbrConfig, data: &Prepared, state: &State, latents: &Matrix) -> Result<Findings> {
    let Some(changes) = solve::changes(config, data, state) else { return Ok(Findings::default()) };
    let unit = rows::target_unit(data);
    let names = latent_names(latents.cols());
    let (tree, rows) = (data.needs_tree("tbr")?, rows::per_node(data, Split::Train));
    let heads = state
        .solved
        .get(solve::HEADS)
        .map(|heads| NamedMatrix::of(tree.names.clone(), names.clone(), &heads.map(|v| v * unit)));
    let summary = TreeSummary {
        names: tree.names.clone(),
        parents: tree.parents.iter().map(|p| p.map_or(-1, |p| p as i64)).collect(),
        lengths: tree.lengths.clone(),
        rows: rows.clone(),
        changes: rows_of(&changes.values.map(|v| v * unit)),
        real: changes.real.clone(),
        observed: changes.observed.clone(),
    };
    let agreement = agreement(state);
    let map = state.solved.get(MAP).map(|map| LatentMap {
        stage: match config.algorithm {
            Algorithm::JointRotation => solve::ROTATION.into(),
            Algorithm::Paper => solve::SCALE.into(),
        },
        values: rows_of(map),
        agreement: agreement.unwrap_or(1.0),
    });
    let count = |node: usize| changes.real[node].iter().filter(|&&r| r).count();
    let real = (0..rows.len()).filter(|&i| changes.observed[i]).map(count).sum::<usize>();
    let facts = vec![
        Fact::new("realChanges", "real changes on observed edges", real as f64),
        Fact::new("observedEdges", "edges with rows at both ends", observed(&changes).count() as f64),
        Fact::new("rotationAgreement", "share of starts at the best rotation", agreement.unwrap_or(f64::NAN)),
    ];
    let pairs = contrasts(&tree.parents, &rows.iter().map(|&n| n > 0).collect::<Vec<_>>()).len();
    let mut assumptions = vec![environments(pairs, latents.cols()), sparsity(&changes), reach(&changes, &names)];
    assumptions.push(variation(&latents.select_rows(&data.rows_of(Split::Train))));
    if config.algorithm == Algorithm::JointRotation {
        assumptions.push(stability(agreement, state));
    }
    let warnings = unobserved(&tree.names, &rows, data);
    Ok(Findings { heads, tree: Some(summary), map, assumptions, warnings, facts, ..Findings::default() })
}

fn observed(changes: &Changes) -> impl Iterator<Item = usize> + '_ {
    (0..changes.observed.len()).filter(|&i| changes.observed[i])
}

fn assumption(id: &str, question: &str, status: Status, finding: String) -> Assumption {
    Assumption { id: id.into(), question: question.into(), status, finding }
}

fn environments(pairs: usize, k: usize) -> Assumption {
    let status = match pairs {
        p if p >= 4 * k => Status::Ok,
        p if p >= k => Status::Warning,
        _ => Status::Violated,
    };
    let finding = format!(
        "{pairs} comparisons of neighboring environments for {k} latents; at least {k} are needed, {} make it comfortable.",
        4 * k
    );
    assumption("environments", "Are there enough environments?", status, finding)
}

fn sparsity(changes: &Changes) -> Assumption {
    let question = "Do heads change in few latents at a time?";
    let k = changes.values.cols();
    let counts: Vec<usize> =
        observed(changes).map(|i| changes.real[i].iter().filter(|&&r| r).count()).filter(|&c| c > 0).collect();
    if observed(changes).next().is_none() {
        let finding = "No edge has rows at both ends; changes are inferred from the leaves.".into();
        return assumption("sparse-changes", question, Status::Unknown, finding);
    }
    if counts.is_empty() {
        let finding = "No change on any edge stands out from its noise: nothing tells the latents apart, only their \
                       combination in the target is found.";
        return assumption("sparse-changes", question, Status::Violated, finding.into());
    }
    let mean = counts.iter().sum::<usize>() as f64 / counts.len() as f64;
    let status = if k == 1 || mean <= 0.6 * k as f64 { Status::Ok } else { Status::Warning };
    let finding = format!("{} edges with a real change, {mean:.2} of {k} latents changed on each.", counts.len());
    assumption("sparse-changes", question, status, finding)
}

fn reach(changes: &Changes, names: &[String]) -> Assumption {
    let still: Vec<&str> = (0..names.len())
        .filter(|&j| !(0..changes.real.len()).any(|i| changes.real[i][j]))
        .map(|j| names[j].as_str())
        .collect();
    let (status, finding) = match still.len() {
        0 => (Status::Ok, "Every latent changes on at least one edge.".to_owned()),
        n if n == names.len() => (Status::Violated, "No latent changes on any edge.".to_owned()),
        _ => (Status::Warning, format!("No real change in {}: nothing fixes these axes.", still.join(", "))),
    };
    assumption("changes-reach-every-latent", "Do the changes reach every latent?", status, finding)
}

/// The smallest eigenvalue of the latents' correlation says whether two latents have become one.
fn variation(latents: &Matrix) -> Assumption {
    let question = "Does each latent vary, and on its own?";
    let c = covariance(latents);
    let k = c.rows();
    let flat: Vec<String> = (0..k).filter(|&j| c[(j, j)] <= 1e-12).map(|j| format!("z{}", j + 1)).collect();
    if !flat.is_empty() {
        let finding = format!("{} does not vary: choose fewer latents.", flat.join(", "));
        return assumption("latents-vary", question, Status::Violated, finding);
    }
    let correlation = Matrix::from_fn(k, k, |i, j| c[(i, j)] / (c[(i, i)] * c[(j, j)]).sqrt());
    let smallest = disentangle_numerics::linalg::symmetric_eigen(&correlation).map(|(values, _)| values[0]);
    match smallest {
        Ok(value) if value > 0.05 => {
            let finding = format!("Smallest eigenvalue of the latents' correlation matrix: {value:.3}.");
            assumption("latents-vary", question, Status::Ok, finding)
        }
        Ok(value) => {
            let finding = format!(
                "Smallest eigenvalue of the latents' correlation matrix: {value:.4}; some latents are nearly copies of \
                 others. Choose fewer."
            );
            assumption("latents-vary", question, Status::Warning, finding)
        }
        Err(failure) => assumption("latents-vary", question, Status::Unknown, failure.message),
    }
}

fn agreement(state: &State) -> Option<f64> {
    rotation::agreement(state.solved.get(solve::OBJECTIVES)?.data(), SAME_OPTIMUM)
}

fn stability(agreement: Option<f64>, state: &State) -> Assumption {
    let question = "Is the sparse rotation the same from every start?";
    let starts = state.solved.get(solve::OBJECTIVES).map_or(0, |o| o.cols());
    let (status, finding) = match agreement {
        None => (
            Status::Violated,
            "The differences between heads do not span the latents, or no start ended at a regular map; the axes are those of the \
             joint loss."
                .into(),
        ),
        Some(share) => {
            let status = if share >= 0.3 { Status::Ok } else { Status::Warning };
            (status, format!("{:.0} % of {starts} starts ended at the best objective.", 100.0 * share))
        }
    };
    assumption("rotation-stable", question, status, finding)
}

/// Environments that have rows, none of them for training. Inner nodes without rows are what trees are made of, and leaves
/// without rows are told of where the data are prepared.
fn unobserved(names: &[String], train: &[usize], data: &Prepared) -> Vec<Warning> {
    let known: BTreeSet<usize> = data.nodes.iter().map(|&node| node as usize).collect();
    let without: Vec<&str> =
        known.into_iter().filter(|&node| train[node] == 0).map(|node| names[node].as_str()).collect();
    if without.is_empty() {
        return Vec::new();
    }
    let shown = without.iter().take(8).copied().collect::<Vec<_>>().join(", ");
    let more = if without.len() > 8 { ", ..." } else { "" };
    let message = format!(
        "{} of {} nodes have rows but none to train on; their heads come from the tree: {shown}{more}",
        without.len(),
        names.len()
    );
    vec![Warning::new("HEADS_FROM_TREE", message)]
}

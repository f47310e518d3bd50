//! The solved stages: planes on white codes, and again on what the flow made of them.

use super::flow::{self, Use};
use super::oracle::{SILENT, known_planes};
use super::planes::{ROWS, any_rotation, planes, score};
use super::silence::{Examined, examine};
use super::{PdgmmConfig, Representation, Sparsity};
use crate::directions::along;
use crate::linalg::product;
use crate::linear::PrincipalAxes;
use crate::method::{MAP, State};
use crate::results::OutcomeKind;
use crate::train::{self, Solving};
use disentangle_data::prepare::Prepared;
use disentangle_data::split::Split;
use disentangle_data::{Code, Failure, Matrix, Result, Stream};

/// The first solved stage, and the one after the flow.
pub const PLANES: &str = "planes";
/// See [`PLANES`].
pub const REFIT: &str = "refit";
/// Solved: rows of the linear answer on white codes, k x k.
const LINEAR: &str = "linear";
/// Solved: sharpness of the linear answer, of the answer after the flow (NaN without), latents with a silent value, and
/// whether the flow is kept: 1 x 4.
pub const DECIDED: &str = "decided";

/// White codes of the training rows, in random order and not too many, with the map that made them white.
struct White {
    rows: Matrix,
    /// k x d.
    map: Matrix<f64>,
    mean: Vec<f64>,
    /// Training rows, as indices into the prepared rows, in the order of `rows`.
    picked: Vec<usize>,
}

impl White {
    /// Of what `codes` makes of inputs.
    fn of(
        data: &Prepared,
        k: usize,
        seed: u64,
        codes: impl Fn(&Matrix) -> Result<Matrix>,
    ) -> Result<(Self, PrincipalAxes)> {
        let train = data.rows_of(Split::Train);
        // Rows come in the order of their masks where a simulator emits them so: batches of such rows say little.
        let order = Stream::new(seed, "planes-rows").permutation(train.len());
        let picked: Vec<usize> = order.into_iter().take(ROWS).map(|i| train[i]).collect();
        let codes = codes(&data.inputs.select_rows(&picked))?;
        let axes = PrincipalAxes::of_rows(&codes)?;
        let map = axes.whitening(k);
        if map.rows() < k {
            let message = format!("the codes span {} directions, {k} latents were asked for", map.rows());
            return Err(Failure::new(Code::NumericSingular, message).hint("choose a smaller latentDim"));
        }
        let n = codes.rows() as f64;
        let mean: Vec<f64> =
            (0..codes.cols()).map(|j| (0..codes.rows()).map(|i| f64::from(codes[(i, j)])).sum::<f64>() / n).collect();
        let centred = Matrix::from_fn(codes.rows(), codes.cols(), |i, j| (f64::from(codes[(i, j)]) - mean[j]) as f32);
        let rows = Matrix::new(codes.rows(), k, along(centred.data(), &map))?;
        Ok((Self { rows, map, mean, picked }, axes))
    }

    /// Rows of unit length on the white codes; `None` when the user cancels.
    fn directions(
        &self,
        config: &PdgmmConfig,
        data: &Prepared,
        solving: &mut Solving<'_>,
    ) -> Result<Option<Matrix<f64>>> {
        if config.sparsity == Sparsity::None {
            return Ok(Some(any_rotation(self.rows.cols(), solving.seed)));
        }
        match data.oracle.get(SILENT) {
            Some(silent) => known_planes(&self.rows, &silent.values.select_rows(&self.picked)).map(Some),
            None => planes(&self.rows, solving),
        }
    }
}

/// Runs a solved stage.
///
/// # Errors
/// `NUMERIC_SINGULAR` and those of the oracle.
pub fn solve(
    config: &PdgmmConfig,
    k: usize,
    stage: &str,
    data: &Prepared,
    state: &mut State,
    solving: &mut Solving<'_>,
) -> Result<OutcomeKind> {
    match stage {
        REFIT => refit(config, k, data, state, solving),
        _ => first(config, k, data, state, solving),
    }
}

fn first(
    config: &PdgmmConfig,
    k: usize,
    data: &Prepared,
    state: &mut State,
    solving: &mut Solving<'_>,
) -> Result<OutcomeKind> {
    let (white, axes) = White::of(data, k, solving.seed, |inputs| match config.settled_representation() {
        Representation::Inputs => Ok(inputs.clone()),
        // Whitening and flow are still the identity.
        Representation::Autoencoder => train::codes(state, inputs),
    })?;
    let Some(found) = white.directions(config, data, solving)? else { return Ok(OutcomeKind::Cancelled) };
    let found = oriented(found);
    axes.keep(state);
    let sharp = score(&white.rows, &found);
    flow::place(&state.params, &[("whitening.map", white.map.data()), ("whitening.mean", &white.mean)])?;
    state.solved.insert(MAP.into(), found.clone());
    let Examined { parts, spikes, .. } = examine(data, &train::encode(state, &data.inputs)?);
    let found_spikes = spikes.iter().filter(|&&spike| spike).count();
    let decided = vec![sharp, f64::NAN, found_spikes as f64, 0.0];
    state.solved.insert(DECIDED.into(), Matrix::new(1, 4, decided)?);
    flow::begin(&state.params, &found, &parts)?;
    state.solved.insert(LINEAR.into(), found);
    Ok(OutcomeKind::Converged)
}

/// Whether the flow is worth training: nothing can be made sharper where there are no planes.
pub fn wants_flow(config: &PdgmmConfig, state: &State) -> bool {
    config.flow.usage != Use::Auto || state.solved.get(DECIDED).is_some_and(|decided| decided[(0, 2)] > 0.0)
}

fn refit(
    config: &PdgmmConfig,
    k: usize,
    data: &Prepared,
    state: &mut State,
    solving: &mut Solving<'_>,
) -> Result<OutcomeKind> {
    if !wants_flow(config, state) {
        return Ok(OutcomeKind::Converged);
    }
    let missing = || Failure::new(Code::InternalPanic, "the planes before the flow are not known");
    let linear = state.solved.get(LINEAR).cloned().ok_or_else(missing)?;
    let mut decided = state.solved.get(DECIDED).cloned().ok_or_else(missing)?;
    let (bent, _) = White::of(data, k, solving.seed, |inputs| train::codes(state, inputs))?;
    let Some(found) = bent.directions(config, data, solving)? else { return Ok(OutcomeKind::Cancelled) };
    let sharp = score(&bent.rows, &found);
    let kept = config.flow.usage == Use::Always || sharp < decided[(0, 0)];
    (decided[(0, 1)], decided[(0, 3)]) = (sharp, f64::from(u8::from(kept)));
    state.solved.insert(DECIDED.into(), decided);
    if kept {
        state.solved.insert(MAP.into(), oriented(product(&found, &bent.map)));
    } else {
        flow::straighten(&state.params)?;
        state.solved.insert(MAP.into(), linear);
    }
    Ok(OutcomeKind::Converged)
}

/// Rows come with either sign: the entry of the largest magnitude decides.
fn oriented(mut map: Matrix<f64>) -> Matrix<f64> {
    for i in 0..map.rows() {
        let largest = map.row(i).iter().copied().max_by(|a, b| a.abs().total_cmp(&b.abs())).unwrap_or(1.0);
        map.row_mut(i).iter_mut().for_each(|v| *v *= largest.signum());
    }
    map
}

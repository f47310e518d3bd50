//! The solved stages: planes on white codes, and again on what the flow made of them.

use super::blocks::blocks;
use super::flow::{self, Use};
use super::network::PdgmmNetwork;
use super::oracle::{SILENT, known_planes};
use super::planes::{COMPARED, ROWS, any_rotation, log_density, planes, score};
use super::silence::{Examined, TOGETHER, company, examine, tails};
use super::spike::Mixture;
use super::{PdgmmConfig, Representation, Sparsity};
use crate::linear::keep_variances;
use disentangle_data::prepare::Prepared;
use disentangle_data::split::Split;
use disentangle_data::{Code, Failure, Matrix, Result, Stream};
use disentangle_engine::method::Solving;
use disentangle_engine::method::{MAP, State};
use disentangle_engine::results::OutcomeKind;
use disentangle_engine::train;
use disentangle_nn::{Tensor, host, internal};
use disentangle_numerics::directions::along;
use disentangle_numerics::linalg::{log_abs_det, median, product, sign_of_largest};
use disentangle_numerics::principal_axes::PrincipalAxes;

/// The first solved stage, and the one after the flow.
pub const PLANES: &str = "planes";
/// See [`PLANES`].
pub const REFIT: &str = "refit";
/// Solved: score of the planes, of those after the flow (NaN without), whether there is a flow, and the tails of active values before it
/// (NaN where there are none): 1 x 4.
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
    /// Of what `codes` makes of these rows of the data.
    fn of(
        data: &Prepared,
        k: usize,
        seed: u64,
        codes: impl Fn(&[usize]) -> Result<Matrix>,
    ) -> Result<(Self, PrincipalAxes)> {
        let train = data.rows_of(Split::Train);
        // Rows come in the order of their masks where a simulator emits them so: batches of such rows say little.
        let order = Stream::new(seed, "planes-rows").permutation(train.len());
        let picked: Vec<usize> = order.into_iter().take(ROWS).map(|i| train[i]).collect();
        let codes = codes(&picked)?;
        let axes = PrincipalAxes::leading_of_rows(&codes, k)?;
        let map = axes.whitening(k);
        if map.rows() < k {
            let message = format!("the codes span {} directions, {k} latents were asked for", map.rows());
            return Err(Failure::new(Code::NumericSingular, message).hint("choose a smaller latentDim"));
        }
        let mean = axes.center.clone();
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
            Some(silent) => {
                known_planes(&self.rows, &silent.values.select_rows(&self.picked), config.block_size).map(Some)
            }
            None if config.block_size > 1 || config.settled_representation() == Representation::Keypoints => {
                blocks(&self.rows, config.block_size, solving)
            }
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
    let config = &config.of(&data.views);
    match stage {
        REFIT => refit(config, k, data, state, solving),
        _ => first(config, k, data, state, solving),
    }
}

/// Images that are encoded at once: a copy of them is made.
const IMAGES: usize = 512;

/// Keypoints of images, before they are made white.
fn keypoints(state: &State, inputs: &Matrix) -> Result<Matrix> {
    let network = state.network_as::<PdgmmNetwork>().expect("a method gets back the network that it made");
    let (n, d) = (inputs.rows(), inputs.cols());
    let mut codes: Vec<f32> = Vec::new();
    for start in (0..n).step_by(IMAGES) {
        let rows = IMAGES.min(n - start);
        let images = &inputs.data()[start * d..(start + rows) * d];
        let code = Tensor::from_slice(images, (rows, d), state.params.device()).and_then(|x| network.code(&x));
        codes.extend(code.and_then(|code| host::singles(&code)).map_err(internal)?);
    }
    Matrix::new(n, codes.len() / n.max(1), codes)
}

fn first(
    config: &PdgmmConfig,
    k: usize,
    data: &Prepared,
    state: &mut State,
    solving: &mut Solving<'_>,
) -> Result<OutcomeKind> {
    let (white, axes) = White::of(data, k, solving.seed, |rows| match config.settled_representation() {
        Representation::Inputs | Representation::Auto => Ok(data.inputs.select_rows(rows)),
        // Whitening and flow are still the identity.
        Representation::Autoencoder => train::codes(state, &data.inputs.select_rows(rows)),
        Representation::Keypoints => Ok(keypoints(state, &data.inputs)?.select_rows(rows)),
    })?;
    let Some(found) = white.directions(config, data, solving)? else { return Ok(OutcomeKind::Cancelled) };
    let found = oriented(found);
    // The map is one of white codes, whose mean is 0: the flow keeps the mean of the codes.
    keep_variances(&axes, state);
    let sharp = score(&white.rows, &found);
    flow::place(&state.params, &[("whitening.map", white.map.data()), ("whitening.mean", &white.mean)])?;
    state.solved.insert(MAP.into(), found.clone());
    let examined = examine(data, &train::encode(state, &data.inputs)?, config.block_size);
    let tails = tails(&examined);
    let bend = f64::from(u8::from(worth_bending(config, &examined, tails)));
    state.solved.insert(DECIDED.into(), Matrix::new(1, 4, vec![sharp, f64::NAN, bend, tails.unwrap_or(f64::NAN)])?);
    flow::begin(&state.params, &found, &examined.parts)?;
    Ok(OutcomeKind::Converged)
}

/// Largest median share of a spike for a flow: where most entries are silent it follows the few that are not.
const MOSTLY_SILENT: f64 = 0.65;

/// Largest excess kurtosis of active values for a flow, mean over the latents. Its density takes them for normal, so that heavier tails are what
/// it bends first. Behind every mixing that was tried normal values have less than .7, exponential ones more than 1.8.
pub const HEAVY: f64 = 1.4;

/// Whether a flow can make planes straighter: there are some, they are not those of values that are mostly silent, no two
/// are of latents that are silent together, active values have no heavy `tails`, and spikes are wider than the noise that a flow is trained
/// with. Its density takes latents for silent each on its own: where several are in the same rows it gains most by bringing all rows there.
fn worth_bending(config: &PdgmmConfig, examined: &Examined, tails: Option<f64>) -> bool {
    let middle = |value: fn(&Mixture) -> f64| median(examined.parts.iter().map(value).collect());
    match config.flow_options().usage {
        Use::Never => false,
        Use::Always => true,
        Use::Auto => {
            examined.spikes.contains(&true)
                && middle(|m| m.spike.weight) <= MOSTLY_SILENT
                && middle(|m| m.spike.sd) > config.flow.noise
                && company(examined).is_none_or(|(most, _)| most <= TOGETHER)
                && tails.is_none_or(|tails| tails <= HEAVY)
        }
    }
}

/// Whether the flow is trained, as the planes before it have decided.
pub fn wants_flow(state: &State) -> bool {
    state.solved.get(DECIDED).is_some_and(|decided| decided[(0, 2)] > 0.0)
}

fn refit(
    config: &PdgmmConfig,
    k: usize,
    data: &Prepared,
    state: &mut State,
    solving: &mut Solving<'_>,
) -> Result<OutcomeKind> {
    if !wants_flow(state) {
        return Ok(OutcomeKind::Converged);
    }
    let (bent, _) = White::of(data, k, solving.seed, |rows| train::codes(state, &data.inputs.select_rows(rows)))?;
    let Some(found) = bent.directions(config, data, solving)? else { return Ok(OutcomeKind::Cancelled) };
    let more_probable = gain(k, data, state, &bent, &found)?.is_none_or(|gain| gain > 0.0);
    let decided = state.solved.get_mut(DECIDED).expect("the first planes have decided on the flow");
    decided[(0, 1)] = score(&bent.rows, &found);
    // Seldom does a flow lose the planes: then those before it stay. A flow that squeezes values makes spikes sharper whatever it does to
    // the rest: it must also make rows more probable that neither it nor the planes were fitted to, in the same coordinates.
    if config.flow_options().usage == Use::Auto && (decided[(0, 1)] >= decided[(0, 0)] || !more_probable) {
        decided[(0, 2)] = 0.0;
        flow::straighten(&state.params)?;
    } else {
        state.solved.insert(MAP.into(), oriented(product(&found, &bent.map)));
    }
    Ok(OutcomeKind::Converged)
}

/// What planes on bent codes gain in mean log density of validation rows over the planes before the flow, both as densities of the white
/// codes; `None` without validation rows, or where numbers leave the finite range.
fn gain(k: usize, data: &Prepared, state: &State, bent: &White, found: &Matrix<f64>) -> Result<Option<f64>> {
    let mut held = data.rows_of(Split::Validation);
    held.truncate(COMPARED);
    let Some(before) = state.solved.get(MAP).filter(|_| !held.is_empty()) else { return Ok(None) };
    let network = state.network_as::<PdgmmNetwork>().expect("a method gets back the network that it made");
    let white = |rows: &[usize]| {
        let inputs = data.inputs.select_rows(rows);
        let tensor = Tensor::from_slice(inputs.data(), (inputs.rows(), inputs.cols()), state.params.device());
        let (codes, volume) = tensor.and_then(|inputs| network.white_and_volume(&inputs)).map_err(internal)?;
        let values = host::singles(&codes).map_err(internal)?;
        Ok((Matrix::new(rows.len(), k, values)?, volume))
    };
    let fitted = &bent.picked[..bent.picked.len().min(COMPARED)];
    let ((straight, _), (new, volume)) = (white(fitted)?, white(&held)?);
    let codes = train::codes(state, &data.inputs.select_rows(&held))?;
    let centred = Matrix::from_fn(codes.rows(), k, |i, j| (f64::from(codes[(i, j)]) - bent.mean[j]) as f32);
    let again = Matrix::new(codes.rows(), k, along(centred.data(), &bent.map))?;
    let after = log_density(&bent.rows, &again, found) + log_abs_det(&bent.map) + volume;
    let gain = after - log_density(&straight, &new, before);
    Ok(gain.is_finite().then_some(gain))
}

/// Rows come with either sign: the entry of the largest magnitude decides.
fn oriented(mut map: Matrix<f64>) -> Matrix<f64> {
    for i in 0..map.rows() {
        let sign = sign_of_largest(map.row(i).iter().copied());
        map.row_mut(i).iter_mut().for_each(|v| *v *= sign);
    }
    map
}

#[cfg(test)]
mod laws;

//! The solved stage: from moments to latents, their graph and their mechanisms.

use super::arrangement::{Arrangement, LEAST_ROWS, Standing, needs_interventions, too_few_rows};
use super::causes::{self, Causes, Resampling};
use super::config::{InterventionalConfig, Kind, NAME, Nonlinear};
use super::inputs::{choose, code, fit, identity, ridged};
use super::noise_aware::{NoiseAware, settle};
use super::{Interventional, noise, reference, start};
use disentangle_data::prepare::Prepared;
use disentangle_data::split::Split;
use disentangle_data::{Code, Failure, Matrix, Result, Stream, memory};
use disentangle_engine::method::{CENTER, MAP, OFFSET, Solving, State, UNMAP};
use disentangle_engine::results::OutcomeKind;
use disentangle_nn::internal;
use disentangle_numerics::linalg::{apply, dot, inverse, orthonormal, product, symmetric_eigen};
use disentangle_numerics::single_change::{Changes, Moments};

/// Names of the solved results. Environments x 5: standing, latent (-1 for none), inputs moved, angle, gap; NaN becomes -1.
pub const ENVIRONMENTS: &str = "environments";
/// 1 x d: 0 used, 1 left out, 2 constant somewhere.
pub const INPUTS: &str = "input-use";
/// 1 x the number of [`Number`]s.
pub const NUMBERS: &str = "numbers";
/// 1 x k: share of the variance of each latent over reference rows that neither noise of the inputs nor other latents explain.
pub const SEPARATION: &str = "separation";
/// k x k, of the nonlinear model: the largest correlation of two latents in an environment.
pub const DEPENDENCE: &str = "dependence";
/// 1 x 2, of the nonlinear model: the share of the inputs' variance in the reference that its latents leave, and of that along one axis.
pub const CURVED_LEFT: &str = "nonlinear-left";
/// 1 x k: least cosine between the changed rows of the environments of a latent; -1 where it has one.
pub const PARALLEL: &str = "parallel";

/// The gap beyond that of chance, in nats per row, above which a linear model of single changes does not hold.
pub const VIOLATED: f64 = 0.02;
/// The same above which it is in doubt.
pub const DOUBTFUL: f64 = 0.01;

/// Share of the variance of the inputs that latents may leave where the nonlinear model starts, and the ridges that are tried on those that
/// leave more.
const CARRIED: f64 = 0.1;
const RIDGES: [f64; 4] = [0.1, 0.3, 1.0, 3.0];

/// Names of the solved stages.
pub const LINEAR: &str = "single changes";
pub const SCALE: &str = "scale";

/// Inputs and latents up to which there is a nonlinear model: its covariances are full, and a network gives all of their entries.
pub const MOST_INPUTS: usize = 64;
pub const MOST_LATENTS: usize = 16;

/// Places in [`NUMBERS`].
#[derive(Debug, Clone, Copy)]
pub enum Number {
    Gap,
    GapOfAll,
    Chance,
    ChanceSd,
    Agreement,
    Converged,
    Tried,
    /// How often the gap of the next best reference is as large; -1: it was named; 0: no other was possible.
    ReferenceRatio,
    /// Share of the variance of the used inputs that the latents leave in the reference.
    Left,
    /// Share of that along its first principal axis.
    LeftTogether,
    /// Whether the nonlinear model follows, as a number of [`Stands`].
    Nonlinear,
    Count,
}

/// Whether something is the case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stands {
    No,
    Yes,
    /// It would be, were there not too many inputs or latents.
    TooLarge,
}

/// Solves for everything.
///
/// # Errors
/// Those of arranging environments; `NUMERIC_SINGULAR`.
pub fn solve(
    method: &Interventional,
    data: &Prepared,
    state: &mut State,
    solving: &mut Solving<'_>,
) -> Result<OutcomeKind> {
    let config = &method.config;
    if solving.cancelled() {
        return Ok(OutcomeKind::Cancelled);
    }
    let rows = rows_of_environments(data)?;
    before_moments(config, data, &rows)?;
    let moments: Vec<Option<Moments>> =
        rows.iter().map(|rows| (rows.len() >= LEAST_ROWS).then(|| Moments::of(&data.inputs, rows))).collect();
    let (arrangement, ratio) = reference::arranged(config, data, &moments)?;
    let reference = arrangement.reference;
    if rows[reference].len() <= data.inputs.cols() {
        return Err(few(rows[reference].len(), "the reference", data));
    }
    let chosen = choose(config, &arrangement, |at, of, gap| {
        solving.progress(at, of, gap);
        !solving.cancelled()
    })?;
    let Some(chosen) = chosen else { return Ok(OutcomeKind::Cancelled) };
    let Some(code) = code(&arrangement, &chosen.inputs)? else { return Err(dependent(arrangement.groups.len())) };
    let k = code.rows.rows();
    let mut stream = Stream::new(solving.seed, "interventional/starts");
    let random = |_| orthonormal(&Matrix::from_fn(k, k, |_, _| stream.normal()));
    let starts: Vec<Matrix<f64>> = std::iter::once(identity(k)).chain((1..config.starts).map(random)).collect();
    let (problem, changes) = fit(&arrangement, &code.rows, &starts, config.iterations)?;
    if solving.cancelled() {
        return Ok(OutcomeKind::Cancelled);
    }

    let targets = arrangement.fitted().1;
    let linear = changes.gap - problem.chance() <= VIOLATED;
    // In units of the reference, in which the code is white.
    let (on, rows_of_latents) = match (linear, config.interventions) {
        (false, _) => (&code.shifts, identity(k)),
        (true, Kind::Soft) => (&code.rows, changes.noises.clone()),
        (true, Kind::Perfect) => (&code.rows, causes::changed_rows(&changes, &targets)),
    };
    let rows_of_latents = oriented(rows_of_latents, on, &arrangement);
    let found = product(&rows_of_latents, on);
    let nonlinear = nonlinear(config, linear, (arrangement.usable.len(), k))?;
    let latents = if nonlinear == Stands::Yes { carrying(found, &arrangement, &chosen.inputs)? } else { found };
    let unmixing = if linear { product(&changes.noises, &code.rows) } else { code.shifts.clone() };
    let noise = noise::shares(&latents, &arrangement, &chosen.inputs)?;
    let own = separation(&unmixing, arrangement.at(reference))?;
    state
        .solved
        .insert(SEPARATION.into(), Matrix::from_fn(1, k, |_, latent| own[(0, latent)].min(1.0 - noise[latent])));
    state.solved.insert(PARALLEL.into(), parallel(&changes, &targets, k));
    if nonlinear == Stands::Yes {
        claim(config, arrangement.usable.len(), data.rows())?;
        start::keep(&latents, &arrangement, state)?;
        state.grow(method, solving.seed).map_err(internal)?;
    } else {
        keep_map(&latents, &arrangement, state)?;
    }
    if linear && nonlinear != Stands::Yes && config.interventions == Kind::Perfect {
        let resampling = Resampling {
            rows: arrangement.fitted().0.iter().map(|&u| rows[u].clone()).collect(),
            codes: codes(&data.inputs, &code.rows, &arrangement),
            targets: &targets,
        };
        let found = Causes::of(config, &arrangement, (&rows_of_latents, &latents), &changes, &resampling, solving)?;
        let Some(found) = found else { return Ok(OutcomeKind::Cancelled) };
        found.keep(state);
    }
    let (left, together) = left(&latents, &arrangement, &chosen.inputs)?;
    let mut numbers = Matrix::zeros(1, Number::Count as usize);
    for (number, value) in [
        (Number::Gap, changes.gap),
        (Number::GapOfAll, chosen.gap_of_all),
        (Number::Chance, problem.chance()),
        (Number::ChanceSd, problem.chance_sd()),
        (Number::Agreement, changes.agreement),
        (Number::Converged, f64::from(u8::from(changes.converged))),
        (Number::Tried, chosen.tried as f64),
        (Number::ReferenceRatio, ratio.map_or(-1.0, |ratio| if ratio.is_nan() { 0.0 } else { ratio })),
        (Number::Left, left),
        (Number::LeftTogether, together),
        (Number::Nonlinear, f64::from(nonlinear as u8)),
    ] {
        numbers[(0, number as usize)] = value;
    }
    state.solved.insert(NUMBERS.into(), numbers);
    keep_standings(&arrangement, state);
    let uses = (0..data.inputs.cols()).map(|j| match (chosen.inputs.contains(&j), arrangement.usable.contains(&j)) {
        (true, _) => 0.0,
        (false, true) => 1.0,
        (false, false) => 2.0,
    });
    state.solved.insert(INPUTS.into(), Matrix::new(1, data.inputs.cols(), uses.collect())?);
    Ok(if changes.converged { OutcomeKind::Converged } else { OutcomeKind::StepLimit })
}

/// Latents that the nonlinear model starts from: those that were found, unless they leave much of the inputs.
///
/// Where inputs are curved and have little noise, some directions of them vary little in the reference and hold hardly anything but squares of
/// latents. An intervention moves the mean of a square far: in units of such a direction it is what discriminates best. But a square
/// has lost the sign of its latent, no descent gives it back, and the inputs that the latent moves are left unexplained. A ridge takes such directions for
/// what they are.
fn carrying(latents: Matrix<f64>, arrangement: &Arrangement, inputs: &[usize]) -> Result<Matrix<f64>> {
    let k = latents.rows();
    let mut best = (left(&latents, arrangement, inputs)?.0, latents);
    for ridge in RIDGES {
        if best.0 <= CARRIED {
            break;
        }
        let Some(code) = ridged(arrangement, inputs, ridge)? else { continue };
        let rows = oriented(identity(k), &code.shifts, arrangement);
        let others = product(&rows, &code.shifts);
        let share = left(&others, arrangement, inputs)?.0;
        if share < best.0 {
            best = (share, others);
        }
    }
    Ok(best.1)
}

/// Whether the nonlinear model follows: of so many inputs and latents.
fn nonlinear(config: &InterventionalConfig, linear: bool, (inputs, latents): (usize, usize)) -> Result<Stands> {
    let wanted = match (config.nonlinear, config.interventions) {
        (Nonlinear::Off, _) | (_, Kind::Soft) => false,
        (Nonlinear::On, _) => true,
        (Nonlinear::Auto, _) => !linear,
    };
    match (wanted, inputs <= MOST_INPUTS && latents <= MOST_LATENTS) {
        (false, _) => Ok(Stands::No),
        (true, true) => Ok(Stands::Yes),
        (true, false) if config.nonlinear == Nonlinear::Auto => Ok(Stands::TooLarge),
        (true, false) => {
            let message = format!(
                "nonlinear: {inputs} inputs and {latents} latents are more than {MOST_INPUTS} and {MOST_LATENTS}"
            );
            let hint = "choose fewer input columns with `inputs`, or `nonlinear: off`";
            Err(Failure::new(Code::ConfigOutOfRange, message).at("nonlinear").hint(hint))
        }
    }
}

/// Asks for the memory of a step: of each draw what all layers give, forwards and backwards.
fn claim(config: &InterventionalConfig, inputs: usize, rows: usize) -> Result<()> {
    let wide = config.hidden.iter().sum::<usize>() + 4 * inputs * inputs;
    let draws = config.batch_size.min(rows).saturating_mul(config.importance_samples);
    memory::claim((8 * wide as u64).saturating_mul(draws as u64), "the nonlinear model")
}

/// The solved stage after the descents: the scale of nonlinear latents, and how well the inputs tell them.
///
/// # Errors
/// Those of candle.
pub fn scale(data: &Prepared, state: &mut State) -> Result<OutcomeKind> {
    if state.network_as::<NoiseAware>().is_some() {
        let settled = settle(data, &rows_of_environments(data)?, state)?;
        state.solved.insert(SEPARATION.into(), settled.reliability);
        state.solved.insert(DEPENDENCE.into(), settled.dependence);
        let (left, together) = settled.left;
        state.solved.insert(CURVED_LEFT.into(), Matrix::new(1, 2, vec![left, together])?);
    }
    Ok(OutcomeKind::Converged)
}

/// Covariances of the inputs that are held at once beside two of each environment: those that a product, a decomposition or an inverse
/// of one of them makes.
const BESIDE: usize = 8;

/// Refuses what would fail or end the process once all covariances of the inputs are there.
fn before_moments(config: &InterventionalConfig, data: &Prepared, rows: &[Vec<usize>]) -> Result<()> {
    let (most, who) = match reference::named(config, data)? {
        Some(at) => (rows[at].len(), "the reference"),
        None => (rows.iter().map(Vec::len).max().unwrap_or(0), "the largest environment"),
    };
    let inputs = data.inputs.cols();
    if most <= inputs {
        return Err(few(most, who, data));
    }
    let large = rows.iter().filter(|rows| rows.len() >= LEAST_ROWS).count();
    let covariances = (2 * large + BESIDE) as u64;
    memory::claim(
        covariances.saturating_mul(8 * (inputs as u64).saturating_mul(inputs as u64)),
        "holding the covariances of the inputs in every environment",
    )
}

fn few(rows: usize, who: &str, data: &Prepared) -> Failure {
    too_few_rows(&format!("{who} has {rows} training rows for {} inputs", data.inputs.cols()))
}

fn dependent(latents: usize) -> Failure {
    let message = format!("the inputs do not tell the directions of {latents} latents apart");
    needs_interventions(message, "give more inputs, or leave out environments")
}

/// Training rows of each environment.
fn rows_of_environments(data: &Prepared) -> Result<Vec<Vec<usize>>> {
    let mut rows = vec![Vec::new(); data.needs_environments(NAME)?.names.len()];
    data.rows_of(Split::Train).into_iter().for_each(|row| rows[data.nodes[row] as usize].push(row));
    Ok(rows)
}

/// Rows on a code, scaled so that the latents have unit variance in the reference and a positive mean in the first environment of each.
fn oriented(mut rows: Matrix<f64>, code: &Matrix<f64>, arrangement: &Arrangement) -> Matrix<f64> {
    let base = arrangement.at(arrangement.reference).mapped(code);
    for latent in 0..rows.rows() {
        let row = rows.row(latent).to_vec();
        let sd = dot(&row, &apply(&base.covariance, &row)).sqrt();
        let moved = dot(&row, &arrangement.at(arrangement.groups[latent][0]).mapped(code).mean);
        let scale = if moved < 0.0 { -1.0 / sd } else { 1.0 / sd };
        rows.row_mut(latent).iter_mut().for_each(|value| *value *= scale);
    }
    rows
}

/// The map of standardized inputs to latents and the way back: the regression of inputs on latents over all fitted environments.
fn keep_map(latents: &Matrix<f64>, arrangement: &Arrangement, state: &mut State) -> Result<()> {
    let (mean, unit) = &arrangement.scale;
    let (k, d) = (latents.rows(), latents.cols());
    let map = Matrix::from_fn(k, d, |i, j| latents[(i, j)] / unit[j]);
    let offset = Matrix::new(1, k, apply(&map, mean).into_iter().map(|value| -value).collect())?;
    let pooled = Moments::pooled(arrangement.fitted().0.iter().map(|&u| arrangement.at(u)));
    let variance = pooled.mapped(latents).covariance;
    let back = product(&product(&pooled.covariance, &latents.transposed()), &inverse(&variance)?);
    state.solved.insert(UNMAP.into(), Matrix::from_fn(d, k, |j, i| back[(j, i)] * unit[j]));
    // In the middle of all rows inputs and latents are both at their means.
    let center = (0..d).map(|j| mean[j] + pooled.mean[j] * unit[j]).collect();
    state.solved.insert(CENTER.into(), Matrix::new(1, d, center)?);
    state.solved.insert(MAP.into(), map);
    state.solved.insert(OFFSET.into(), offset);
    Ok(())
}

/// Of each row, the share of its variance in the reference that the others leave.
fn separation(rows: &Matrix<f64>, base: &Moments) -> Result<Matrix<f64>> {
    let covariance = base.mapped(rows).covariance;
    let back = inverse(&covariance)?;
    let share = |i: usize| (1.0 / (covariance[(i, i)] * back[(i, i)])).clamp(0.0, 1.0);
    Ok(Matrix::from_fn(1, rows.rows(), |_, i| share(i)))
}

fn parallel(changes: &Changes, targets: &[Option<usize>], k: usize) -> Matrix<f64> {
    let mut least = Matrix::from_fn(1, k, |_, _| -1.0);
    for latent in 0..k {
        let of = |target: &Option<usize>| *target == Some(latent);
        let rows: Vec<&Vec<f64>> = changes
            .changed
            .iter()
            .zip(targets)
            .filter(|(_, target)| of(target))
            .filter_map(|(row, _)| row.as_ref())
            .collect();
        for (at, a) in rows.iter().enumerate() {
            for b in &rows[..at] {
                let cosine = (dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()).abs();
                let so_far = least[(0, latent)];
                least[(0, latent)] = if so_far < 0.0 { cosine } else { so_far.min(cosine) };
            }
        }
    }
    least
}

/// What the latents leave of the used inputs in the reference, and how much of that moves together.
fn left(latents: &Matrix<f64>, arrangement: &Arrangement, inputs: &[usize]) -> Result<(f64, f64)> {
    let base = arrangement.at(arrangement.reference);
    let of_latents = base.mapped(latents).covariance;
    let shared = product(&base.covariance, &latents.transposed());
    let explained = product(&product(&shared, &inverse(&of_latents)?), &shared.transposed());
    let n = inputs.len();
    let left =
        Matrix::from_fn(n, n, |i, j| base.covariance[(inputs[i], inputs[j])] - explained[(inputs[i], inputs[j])]);
    let (values, _) = symmetric_eigen(&left)?;
    let (sum, largest) = (values.iter().sum::<f64>(), values.last().copied().unwrap_or(0.0));
    Ok((sum / n as f64, if sum > 1e-6 { largest / sum } else { 0.0 }))
}

/// Codes of all rows, to be resampled.
fn codes(inputs: &Matrix, rows: &Matrix<f64>, arrangement: &Arrangement) -> Matrix {
    let (mean, unit) = &arrangement.scale;
    let mut codes = Matrix::zeros(inputs.rows(), rows.rows());
    for i in 0..inputs.rows() {
        let x: Vec<f64> = inputs.row(i).iter().enumerate().map(|(j, &v)| (f64::from(v) - mean[j]) / unit[j]).collect();
        codes.row_mut(i).iter_mut().zip(apply(rows, &x)).for_each(|(to, value)| *to = value as f32);
    }
    codes
}

fn keep_standings(arrangement: &Arrangement, state: &mut State) {
    let number = |value: f64| if value.is_finite() { value } else { -1.0 };
    let mut table = Matrix::zeros(arrangement.verdicts.len(), 5);
    for (u, verdict) in arrangement.verdicts.iter().enumerate() {
        let (standing, latent) = match verdict.standing {
            Standing::Reference => (0.0, -1.0),
            Standing::Kept(latent) => (1.0, latent as f64),
            Standing::Same => (2.0, -1.0),
            Standing::Narrow => (3.0, -1.0),
            Standing::Small => (4.0, -1.0),
            Standing::Combined => (5.0, -1.0),
        };
        let values = [standing, latent, verdict.moved.len() as f64, number(verdict.angle), number(verdict.gap)];
        table.row_mut(u).copy_from_slice(&values);
    }
    state.solved.insert(ENVIRONMENTS.into(), table);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nonlinear_model_follows_where_it_is_wanted_and_not_too_large() {
        let config = |nonlinear, interventions| InterventionalConfig { nonlinear, interventions, ..Default::default() };
        let decided =
            |config: &InterventionalConfig, linear, size| nonlinear(config, linear, size).expect("no conflict");
        let auto = config(Nonlinear::Auto, Kind::Perfect);
        assert_eq!(decided(&auto, true, (9, 5)), Stands::No);
        assert_eq!(decided(&auto, false, (MOST_INPUTS, MOST_LATENTS)), Stands::Yes);
        assert_eq!(decided(&auto, false, (MOST_INPUTS + 1, 5)), Stands::TooLarge);
        assert_eq!(decided(&auto, false, (20, MOST_LATENTS + 1)), Stands::TooLarge);
        assert_eq!(decided(&config(Nonlinear::Auto, Kind::Soft), false, (9, 5)), Stands::No);
        assert_eq!(decided(&config(Nonlinear::Off, Kind::Perfect), false, (9, 5)), Stands::No);
        let on = config(Nonlinear::On, Kind::Perfect);
        assert_eq!(decided(&on, true, (9, 5)), Stands::Yes);
        assert!(
            nonlinear(&on, true, (MOST_INPUTS + 1, 5)).is_err_and(|failure| failure.code == Code::ConfigOutOfRange)
        );
    }
}

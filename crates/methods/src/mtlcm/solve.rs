//! The solved stage: from codes and tasks to the map, by either algorithm.

use super::evidence::{CAUSAL_VARIANCE, causal_weights, soft_indicators};
use super::marginal::{Noise, Pairs};
use super::moments::{Moments, Points, Representation, conjugate};
use super::published::{Published, Settings};
use super::{Algorithm, MtlcmConfig, NAME, Representation as Of, noise};
use crate::linear::keep_center;
use crate::regression::LatentDim;
use disentangle_data::prepare::{Prepared, Task};
use disentangle_data::split::Split;
use disentangle_data::{Code, Failure, Matrix, Result};
use disentangle_engine::method::Solving;
use disentangle_engine::method::{MAP, State};
use disentangle_engine::results::OutcomeKind;
use disentangle_engine::train;
use disentangle_numerics::joint_diagonalization::{Bounds, Covariances, NoiseSize, Point, denoise, diagonalize};
use disentangle_numerics::linalg::{inverse, product};
use disentangle_numerics::moments::means_of_rows;

/// Solved: causal indicators of the model, tasks x k.
pub const INDICATORS: &str = "indicators";
/// Solved: objective at each start, 1 x starts.
pub const OBJECTIVES: &str = "objectives";
/// Solved: variances of the representation along its principal directions, 1 x d, descending.
pub const SPECTRUM: &str = "spectrum";

/// Training rows that a task needs: mean, slope and variance are estimated from them.
pub const LEAST_ROWS: usize = 4;

/// The tasks of the data, each with the rows it needs.
///
/// # Errors
/// Those of [`Prepared::tasks`] and [`Prepared::needs_points`].
pub fn tasks(data: &Prepared) -> Result<Vec<Task>> {
    let tasks = data.tasks(NAME)?;
    data.needs_points(&tasks, LEAST_ROWS, NAME)?;
    Ok(tasks)
}

/// Solved: variance of the noise of the representation, 1 x 1; absent where it is taken as exact.
pub const NOISE: &str = "noise";
/// Solved beside the noise: codes to latents with their noise, k x d. The model's covariance belongs to these.
pub const UNMIXING: &str = "unmixing";

/// What an algorithm finds on codes.
struct Found {
    /// k x d: codes to latents.
    map: Matrix<f64>,
    indicators: Matrix<f64>,
    objectives: Vec<f64>,
    kind: OutcomeKind,
    /// Variance of the noise, and the map that leaves it in.
    noise: Option<(f64, Matrix<f64>)>,
}

/// Finds the map and writes it to the state, with what is known of it.
///
/// # Errors
/// `DATA_*` of the tasks; `NUMERIC_SINGULAR`, `NUMERIC_NOT_FINITE`.
pub fn solve(
    config: &MtlcmConfig,
    data: &Prepared,
    state: &mut State,
    solving: &mut Solving<'_>,
) -> Result<OutcomeKind> {
    let tasks = tasks(data)?;
    let codes = train::codes(state, &data.inputs)?; // (n, d)
    if codes.data().iter().any(|v| !v.is_finite()) {
        return Err(Failure::new(Code::NumericNotFinite, "the encoder gave numbers that are not finite"));
    }
    let points: Vec<Points> = tasks.iter().map(|task| Points::of(task, data, Split::Train)).collect();
    let moments: Vec<Moments> = points.iter().map(|points| Moments::of(&codes, points)).collect();
    let most = match config.latent_dim {
        LatentDim::Fixed(k) => k,
        LatentDim::Auto(_) => codes.cols(),
    };
    let representation = Representation::of(&moments, most)?;
    if representation.rank == 0 {
        return Err(Failure::new(Code::NumericSingular, "the representation does not vary within any task")
            .hint("inputs that vary within tasks tell latents apart"));
    }
    let found = match config.algorithm {
        Algorithm::JointDiagonalization => joint(config, &moments, &representation, solving)?,
        Algorithm::Paper => published(config, &codes, &points, &moments, &representation, solving)?,
    };
    let Some(Found { map, indicators, objectives, kind, noise }) = found else { return Ok(OutcomeKind::Cancelled) };
    let (order, signs) = convention(&map, &indicators, &moments);
    let ordered = |map: &Matrix<f64>| Matrix::from_fn(map.rows(), map.cols(), |i, j| signs[i] * map[(order[i], j)]);
    state.solved.insert(MAP.into(), ordered(&map));
    if config.representation == Of::Inputs {
        keep_center(&means_of_rows(&codes, &data.rows_of(Split::Train)), state);
    }
    if let Some((size, unmixing)) = noise {
        state.solved.insert(NOISE.into(), Matrix::new(1, 1, vec![size])?);
        state.solved.insert(UNMIXING.into(), ordered(&unmixing));
    }
    state.solved.insert(INDICATORS.into(), indicators.select_cols(&order));
    state.solved.insert(OBJECTIVES.into(), Matrix::new(1, objectives.len(), objectives)?);
    let spectrum = representation.spectrum;
    state.solved.insert(SPECTRUM.into(), Matrix::new(1, spectrum.len(), spectrum)?);
    Ok(kind)
}

fn joint(
    config: &MtlcmConfig,
    moments: &[Moments],
    representation: &Representation,
    solving: &mut Solving<'_>,
) -> Result<Option<Found>> {
    let whitening = representation.whitening();
    let residuals: Vec<Matrix<f64>> = moments.iter().map(|m| conjugate(&whitening, &m.residual())).collect();
    let rows: Vec<f64> = moments.iter().map(|m| m.rows as f64).collect();
    let spurious = config.sigma_spurious.powi(2);
    let covariances = Covariances::new(&residuals, &rows, Bounds { least: spurious, most: CAUSAL_VARIANCE });
    let found = diagonalize(&covariances, config.starts, solving.seed, |done, best| {
        solving.progress(done, config.starts, best);
        !solving.cancelled()
    });
    let found = found.map_err(|failure| {
        let directions = failure.message;
        Failure { message: format!("the targets explain part of the representation wholly: {directions}"), ..failure }
            .hint("such a direction is the target itself: leave it out of the inputs, or choose fewer latents")
    })?;
    let Some(found) = found else { return Ok(None) };
    // From white coordinates back to codes: the volume of the whitening.
    let volume = 0.5 * representation.spectrum[..whitening.rows()].iter().map(|v| v.ln()).sum::<f64>();
    let exact = Found {
        map: product(&found.point.map, &whitening),
        indicators: soft_indicators(&found.point.residuals, spurious),
        objectives: found.objectives.iter().map(|f| f + volume).collect(),
        kind: OutcomeKind::Converged,
        noise: None,
    };
    let Some(size) = expected(config, &found.point, representation) else { return Ok(Some(exact)) };
    let denoised = denoise(&covariances, &found.point, &noise::shape(representation), size, |value| {
        solving.progress(config.starts, config.starts, value + volume);
        !solving.cancelled()
    });
    let Some(denoised) = denoised else { return Ok(None) };
    if !noise::believed(size, found.point.value - denoised.value, rows.iter().sum()) {
        return Ok(Some(exact));
    }
    Ok(Some(Found {
        map: product(&noise::nearest(&denoised, representation), &whitening),
        indicators: soft_indicators(&denoised.variances, spurious),
        noise: Some((denoised.size, product(&denoised.map, &whitening))),
        ..exact
    }))
}

/// Noise is looked for in what was measured. What a network makes of it is its own, and exact.
fn expected(config: &MtlcmConfig, point: &Point, representation: &Representation) -> Option<NoiseSize> {
    match (config.sigma_observed, config.representation) {
        (None, Of::Mtrn) => None,
        (given, _) => noise::expected(given, point, config.sigma_spurious.powi(2), representation),
    }
}

/// sigma_o of the published linear experiments.
const PUBLISHED_NOISE: f64 = 0.01;
/// Curves of the published procedure have so many points.
const CURVE_POINTS: usize = 200;

fn published(
    config: &MtlcmConfig,
    codes: &Matrix,
    points: &[Points],
    moments: &[Moments],
    representation: &Representation,
    solving: &mut Solving<'_>,
) -> Result<Option<Found>> {
    let d = codes.cols();
    // Codes that fill their space stay as they are, as published.
    let coordinates = match representation.directions.rows() == d {
        true => Matrix::from_fn(d, d, |i, j| f64::from(u8::from(i == j))),
        false => representation.directions.clone(),
    };
    let pairs = Pairs::new(&product(&codes.to_f64(), &coordinates.transposed()), points, moments, &coordinates);
    let settings = Settings {
        epochs: config.published.epochs,
        gamma_warm_up: config.published.gamma_warm_up,
        batch_size: config.published.batch_size,
        learning_rate: config.published.learning_rate,
        noise: Noise { spurious: config.sigma_spurious, observed: config.sigma_observed.unwrap_or(PUBLISHED_NOISE) },
    };
    let mut descent = Published::new(&pairs, settings, solving.seed);
    let (steps, every) = (descent.steps(), descent.steps().div_ceil(CURVE_POINTS));
    let (mut sum, mut total) = (0.0, Vec::new());
    for step in 1..=steps {
        if solving.cancelled() {
            return Ok(None);
        }
        let loss = descent.step()?;
        if !loss.is_finite() {
            return Err(Failure::new(
                Code::NumericNotFinite,
                format!("the likelihood left the finite numbers at step {step}"),
            )
            .hint("a smaller learningRate, or the default algorithm, goes around this"));
        }
        sum += loss;
        if step % every == 0 {
            solving.curves.steps.push(step);
            total.push(sum / every as f64);
            sum = 0.0;
        }
        solving.progress(step, steps, loss);
    }
    let last = total.last().copied();
    solving.curves.terms.insert("total".into(), total);
    let estimate = descent.estimate();
    Ok(Some(Found {
        map: product(&inverse(&estimate.mixing)?, &coordinates),
        indicators: estimate.indicators,
        objectives: last.into_iter().collect(),
        kind: if estimate.settled { OutcomeKind::Converged } else { OutcomeKind::StepLimit },
        noise: None,
    }))
}

/// Squared errors on validation rows of heads fitted to training rows, in variances of each task's target: what tells one
/// number of latents from another.
///
/// # Errors
/// Those of [`tasks`] and of encoding.
pub fn validation_errors(data: &Prepared, state: &State) -> Result<Vec<f64>> {
    let latents = train::encode(state, &data.inputs)?;
    let mut errors = Vec::new();
    for task in tasks(data)? {
        let moments = Moments::of(&latents, &Points::of(&task, data, Split::Train));
        let Some(head) = causal_weights(&moments, &vec![true; latents.cols()]) else { continue };
        let held = Points::of(&task, data, Split::Validation);
        errors.extend(held.rows.iter().zip(&held.targets).map(|(&row, y)| {
            let code = latents.row(row).iter().zip(&moments.code).map(|(&z, mean)| f64::from(z) - mean);
            let predicted = moments.target + code.zip(&head).map(|(z, w)| z * w).sum::<f64>();
            (y - predicted).powi(2) / moments.targets
        }));
    }
    Ok(errors)
}

/// Order (causal in most tasks first) and sign (the target rises with the latent in most tasks, by weight of rows): without
/// them seeds cannot be compared by eye.
fn convention(map: &Matrix<f64>, indicators: &Matrix<f64>, moments: &[Moments]) -> (Vec<usize>, Vec<f64>) {
    let mapped: Vec<Moments> = moments.iter().map(|m| m.mapped(map)).collect();
    let causal = |i: usize| -> f64 { indicators.col(i).iter().sum() };
    let mut order: Vec<usize> = (0..map.rows()).collect();
    order.sort_by(|&a, &b| causal(b).total_cmp(&causal(a)));
    let rise = |i: usize| -> f64 {
        let correlation = |m: &Moments| m.both[i] / (m.codes[(i, i)] * m.targets).sqrt().max(f64::MIN_POSITIVE);
        mapped.iter().map(|m| m.rows as f64 * correlation(m)).sum()
    };
    let signs = order.iter().map(|&i| if rise(i) < 0.0 { -1.0 } else { 1.0 }).collect();
    (order, signs)
}

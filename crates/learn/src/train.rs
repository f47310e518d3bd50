//! The one training loop. Every method is driven by it; no method has a loop of its own.

mod batches;
mod descent;
mod observe;
mod session;
mod solving;
mod standing;
mod stepper;
mod watch;

pub use batches::{Batches, Units, batch_of};
pub use descent::descend;
pub use observe::{Event, Observer, Progress, Silent};
pub use session::{Budgets, Place, Session, Stop};
pub use solving::Solving;
pub use standing::{Descent, Finished, Score, Standing, Sums, Weights};
pub use stepper::Stepper;

use crate::method::{MAP, Method, OFFSET, Stage, State};
use crate::results::{Outcome, OutcomeKind};
use candle_core::Tensor;
use disentangle_data::{Code, Failure, Matrix, Result};

/// Rows encoded at once: large enough for the products, small enough for the caches.
const CHUNK: usize = 4096;

/// Runs the stages of a method, from where the session stands; `state` holds the initial (or resumed) parameters.
///
/// Stops early when the user cancels or numbers leave the finite range; the outcome says so, and the state is the last
/// good one.
///
/// # Errors
/// Failures of solved stages, of candle and of writing checkpoints; not converging is an outcome.
pub fn train(method: &dyn Method, state: &mut State, session: &mut Session<'_>) -> Result<Outcome> {
    let stages = method.stages(session.data);
    while let Some(stage) = stages.get(session.standing.stage) {
        match stage {
            Stage::Descent(recipe) if !method.wants(recipe.name, state) => {}
            Stage::Descent(recipe) => {
                let outcome = descend(recipe, state, session)?;
                if matches!(outcome.kind, OutcomeKind::Cancelled | OutcomeKind::NonFinite | OutcomeKind::Diverged) {
                    return Ok(outcome);
                }
                session.standing.outcome = Some(outcome);
            }
            Stage::Solve(name) => {
                if let Some(outcome) = session.stop(Place::Stage(state))? {
                    return Ok(outcome);
                }
                let mut solving = Solving::new(format!("{}{name}", session.label), session.seed, session.observer);
                let kind = method.solve(name, session.data, state, &mut solving)?;
                let curves = solving.curves;
                let ended = Outcome { kind, step: session.standing.step, term: None };
                match kind {
                    OutcomeKind::Converged => {}
                    OutcomeKind::Cancelled => return Ok(session.stop(Place::Stage(state))?.unwrap_or(ended)),
                    _ => session.standing.outcome = Some(ended),
                }
                if !curves.steps.is_empty() {
                    session.standing.history.stages.push(curves);
                }
            }
        }
        session.standing.stage += 1;
    }
    let step = session.standing.step;
    Ok(session.standing.outcome.take().unwrap_or(Outcome { kind: OutcomeKind::Converged, step, term: None }))
}

/// Latents of standardised inputs: the network's code, through the solved map where there is one. n x k, in row order.
///
/// # Errors
/// `NUMERIC_NOT_FINITE` when a latent is not finite: such numbers are never given away.
pub fn encode(state: &State, inputs: &Matrix) -> Result<Matrix> {
    let codes = codes(state, inputs)?;
    let latents = match state.solved.get(MAP) {
        None => codes,
        Some(map) => {
            let offset = state.solved.get(OFFSET).map(|offset| offset.row(0));
            Matrix::from_fn(codes.rows(), map.rows(), |i, j| {
                let mapped: f64 = codes.row(i).iter().zip(map.row(j)).map(|(&c, m)| f64::from(c) * m).sum();
                offset.map_or(mapped, |offset| mapped + offset[j]) as f32
            })
        }
    };
    match latents.data().iter().position(|v| !v.is_finite()) {
        None => Ok(latents),
        Some(at) => {
            let (row, latent) = (at / latents.cols().max(1), at % latents.cols().max(1));
            Err(Failure::new(Code::NumericNotFinite, format!("latent {} of row {row} is not finite", latent + 1))
                .hint("look for extreme values in that row's inputs"))
        }
    }
}

/// The network's code of standardised inputs, before any solved map.
///
/// # Errors
/// Those of candle.
pub fn codes(state: &State, inputs: &Matrix) -> Result<Matrix> {
    let codes = in_chunks(state, inputs, |x| state.network.encode(x).map(Some))?;
    Ok(codes.expect("every chunk has a code"))
}

/// What a network makes of all rows (n x d), chunk after chunk; `None` where it makes nothing of one.
///
/// # Errors
/// Those of candle.
pub(crate) fn in_chunks(
    state: &State,
    inputs: &Matrix,
    map: impl Fn(&Tensor) -> candle_core::Result<Option<Tensor>>,
) -> Result<Option<Matrix>> {
    let device = state.params.device();
    let (n, d) = (inputs.rows(), inputs.cols());
    let mut data = Vec::new();
    let mut width = 0;
    for start in (0..n).step_by(CHUNK) {
        let rows = CHUNK.min(n - start);
        let chunk = &inputs.data()[start * d..(start + rows) * d];
        let x = Tensor::from_slice(chunk, (rows, d), device).map_err(internal)?;
        let Some(code) = map(&x).map_err(internal)? else { return Ok(None) };
        width = code.dim(1).map_err(internal)?;
        data.extend(code.flatten_all().and_then(|flat| flat.to_vec1::<f32>()).map_err(internal)?);
    }
    Matrix::new(n, width, data).map(Some)
}

/// A failure of candle is a bug of ours: shapes are checked before tensors are made.
pub fn internal(error: candle_core::Error) -> Failure {
    Failure::new(Code::InternalPanic, format!("tensor operation failed: {error}"))
        .hint("this is a bug in disentangle; please report it with the command you ran")
}

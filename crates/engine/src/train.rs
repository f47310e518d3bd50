//! The one training loop. Every method is driven by it; no method has a loop of its own.

mod batches;
mod descent;
mod encode;
mod session;
mod standing;
mod stepper;
mod verdict;
mod watch;

pub use batches::{Asked, Batches, Units, batch_of};
pub use descent::descend;
pub(crate) use encode::{affine, decode};
pub use encode::{codes, codes_of_rows, encode, encode_in, encode_rows, private};
pub use session::{Budgets, Keeper, Place, Session, Stop};
pub use standing::{Descent, Finished, Score, Standing, Sums, Weights};
pub use stepper::Stepper;
pub use verdict::Marks;

use crate::method::{Method, Solving, Stage, State};
use crate::results::{Outcome, OutcomeKind};
use disentangle_data::Result;

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

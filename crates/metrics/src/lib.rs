//! What is scored: pure functions of matrices in double precision. No model, no candle, no clock, no output.
//!
//! One metric per file; [`CARDS`] lists them all with range, conventions and invariances, and [`score`] assembles them. A
//! metric that is not defined for its input is `None` with a reason, never a number that looks like a result.
#![forbid(unsafe_code)]

pub mod agreement;
pub mod assignment;
pub mod ate;
mod bootstrap;
pub mod cards;
pub mod certificate;
pub mod changes;
pub mod columns;
pub mod correlation;
mod lanes;
pub mod linear;
pub mod matching;
pub mod mcc;
pub mod mse;
pub mod nulls;
pub mod r2;
pub mod score;
pub mod weak;

pub use agreement::{Agreement, agreement};
pub use assignment::{Assignment, assign};
pub use ate::{Ate, ate};
pub use cards::{CARDS, Card, Invariance};
pub use certificate::Certificate;
pub use changes::{ChangeScores, ChangesInput, changes};
pub use columns::Correlation;
pub use correlation::correlation;
pub use linear::LinearFit;
pub use matching::Matching;
pub use mcc::{Effort, Mcc, mcc};
pub use mse::{Mse, mse};
pub use nulls::{NullScore, Nulls};
pub use r2::{R2, r2};
pub use score::{NamedColumns, Oracle, ScoreInput, ScoredRows, ScoredSplit, Scores, score};
pub use weak::{WeakMcc, weak_mcc};

//! What is scored: pure functions of matrices in double precision. No model, no candle, no clock, no output.
//!
//! One metric per file; [`CARDS`] lists them all with range, conventions and invariances, and [`score`] assembles them. A
//! metric that is not defined for its input is `None` with a reason, never a number that looks like a result.
#![forbid(unsafe_code)]

pub mod agreement;
pub mod assignment;
pub mod ate;
pub mod blocks;
mod bootstrap;
pub mod calibration;
pub mod cards;
pub mod certificate;
pub mod changes;
pub mod columns;
pub mod confusion;
pub mod correlation;
pub mod effort;
pub mod graph;
pub mod independence;
pub mod indicator_check;
pub mod indicators;
pub mod kernel_r2;
mod lanes;
pub mod linear;
pub mod matching;
pub mod mcc;
pub mod multiple;
mod normal;
pub mod nulls;
pub mod r2;
pub mod score;
pub mod scores;
pub mod silence;
pub mod task_mcc;
pub mod weak;

pub use agreement::{Agreement, agreement};
pub use assignment::{Assignment, assign};
pub use ate::{Ate, ate};
pub use blocks::{BlockScore, BlockScores, blocks};
pub use calibration::{Calibration, CalibrationBin, CalibrationScores, Events, Probabilities, calibration};
pub use cards::{CARDS, Card, Invariance};
pub use certificate::Certificate;
pub use changes::{ChangeScores, ChangesInput, changes};
pub use columns::Correlation;
pub use confusion::Confusion;
pub use correlation::correlation;
pub use graph::compare::{GraphDifference, Reversal, compare};
pub use graph::cpdag::{cpdag, extension};
pub use graph::given::{ComparedAs, FoundGraph, MethodGraphScore, method_graph_score};
pub use graph::pc::{Evidence, PcConfig, PcGraph, Separation, pc};
pub use graph::recovered::{GraphInput, GraphScore, graph_score};
pub use graph::{Edges, Graph};
pub use independence::{Dependence, FisherZ, Independence};
pub use indicator_check::{Decision, Given, IndicatorCheck, PairTest, Tally, check_indicators, tally};
pub use indicators::{IndicatorScores, IndicatorsInput, indicators};
pub use kernel_r2::{KernelR2, kernel_r2};
pub use linear::LinearFit;
pub use matching::Matching;
pub use mcc::{Effort, Mcc, mcc, mcc_of_groups};
pub use multiple::{Correction, adjusted};
pub use nulls::{NullScore, Nulls};
pub use r2::{R2, r2};
pub use score::{NamedColumns, Oracle, ScoreInput, ScoredRows, ScoredSplit, Scores, score};
pub use silence::{SilenceInput, SilenceScores, silence};
pub use task_mcc::{OneTaskMcc, TaskMcc, task_mcc};
pub use weak::{WeakMcc, weak_mcc};

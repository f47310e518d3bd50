//! All metrics of one set of estimated latents, assembled.

use crate::ate::{Ate, ate};
use crate::blocks::blocks;
use crate::calibration::{CalibrationScores, Events, Probabilities, calibration};
use crate::cards::{CARDS, Invariance};
use crate::changes::{ChangeScores, ChangesInput, changes};
use crate::columns::{Correlation, UnitColumns};
use crate::effort::Effort;
use crate::graph::Graph;
use crate::graph::cpdag::cpdag;
use crate::graph::given::{MethodGraphScore, method_graph_score};
use crate::graph::recovered::{GraphInput, GraphScore, graph_score};
use crate::indicators::{IndicatorScores, IndicatorsInput, indicators};
use crate::kernel_r2::kernel_r2;
use crate::matching::mcc_value;
use crate::mcc::{Mcc, mcc_of_groups};
use crate::r2::r2;
pub use crate::scores::{Oracle, ScoredRows, ScoredSplit, Scores};
use crate::silence::{SilenceInput, SilenceScores, silence};
use crate::task_mcc::task_mcc;
use crate::weak::weak_mcc;
use disentangle_data::{Code, Failure, Labels, Matrix, Result};

/// Matrices to score; all of them have one row for each scored row, except those about the tree.
#[derive(Debug, Clone, PartialEq)]
pub struct ScoreInput {
    /// Which rows these are.
    pub split: ScoredSplit,
    /// True latents, n x d. Without them nothing can be scored.
    pub truth: Option<NamedColumns>,
    /// Estimated latents, n x e.
    pub latents: NamedColumns,
    /// The true latents before they were rotated, n x d, where they were: what the graph and silence are properties of.
    pub unrotated: Option<NamedColumns>,
    /// The best possible prediction of the true latents from the inputs, n x d, where the simulator knows it.
    pub expected: Option<Matrix<f64>>,
    /// Target, one per row; NaN where it is missing.
    pub target: Option<Vec<f64>>,
    /// Environment of each row.
    pub environments: Option<Labels>,
    /// Task of each row.
    pub tasks: Option<Labels>,
    /// True and called causes of the target of each task.
    pub indicators: Option<IndicatorsInput>,
    /// Which latents are switched off in which row, in truth and as called.
    pub silence: Option<SilenceInput>,
    /// Which true latents go together, by place, where some do.
    pub blocks: Option<Vec<Vec<usize>>>,
    /// The true graph of the latents, and how to search it in the estimate.
    pub graph: Option<GraphInput>,
    /// True and called changes on the edges of the tree.
    pub changes: Option<ChangesInput>,
    /// Whether a smooth map to the true latents is fitted as well: it takes a linear system with as many unknowns as rows.
    pub kernel: bool,
    /// What the method says is how likely.
    pub probabilities: Probabilities,
    /// What the method that made the latents leaves open, for the notes on metrics that notice it.
    pub left_open: Vec<Invariance>,
    /// Seed, resamples and draws.
    pub effort: Effort,
}

/// A matrix with a name for each column.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct NamedColumns {
    /// One per column.
    pub names: Vec<String>,
    /// The numbers.
    pub values: Matrix<f64>,
}

/// Scores estimated latents against true ones, with everything the input has.
///
/// # Errors
/// `METRIC_NEEDS_TRUTH` without true latents, `METRIC_SHAPE` when parts do not fit together, `METRIC_GRAPH` for a true graph with a cycle, `DATA_NOT_FINITE` for NaN and
/// infinities, `NUMERIC_NOT_FINITE` when a decomposition does not converge.
pub fn score(input: &ScoreInput) -> Result<Scores> {
    let truth = input.truth.as_ref().filter(|truth| truth.values.cols() > 0).ok_or_else(|| {
        Failure::new(Code::MetricNeedsTruth, "there are no true latents to compare the estimated ones with")
            .hint("name the columns of the true latents with `truth`, or give them to `score`")
    })?;
    check_shapes(input, truth)?;
    let (z, zhat, effort) = (&truth.values, &input.latents.values, input.effort);
    // Rows of one environment, or of one task, are not independent of each other.
    let groups = input.environments.as_ref().or(input.tasks.as_ref()).map(|labels| labels.codes.as_slice());
    let scored = |kind, truth: &Matrix<f64>| mcc_of_groups(kind, truth, zhat, groups, effort);
    let pearson = scored(Correlation::Pearson, z)?;
    let of_unrotated = |truth: &NamedColumns| scored(Correlation::Pearson, &truth.values);
    let unrotated = input.unrotated.as_ref().map(of_unrotated).transpose()?;
    let by_task = |kind| input.tasks.as_ref().map(|tasks| task_mcc(kind, z, zhat, tasks, effort)).transpose();
    let mut scores = Scores {
        rows: ScoredRows { split: input.split, count: z.rows() },
        truth: truth.names.clone(),
        latents: input.latents.names.clone(),
        mcc_spearman: scored(Correlation::Spearman, z)?,
        mcc_unrotated: unrotated,
        mcc_task: by_task(Correlation::Pearson)?,
        mcc_task_spearman: by_task(Correlation::Spearman)?,
        mcc_weak: weak_mcc(z, zhat)?,
        r2: r2(z, zhat)?,
        kernel_r2: input.kernel.then(|| kernel_r2(z, zhat, effort.seed)).transpose()?,
        oracle: input.expected.as_ref().map(|expected| oracle(z, expected)).transpose()?,
        changes: None,
        indicators: None,
        silence: None,
        blocks: None,
        ate: None,
        graph: None,
        method_graph: None,
        calibration: None,
        notes: Vec::new(),
        mcc: pearson,
    };
    // All of these pair latents by the matching of the MCC, so where that is not defined neither are they.
    let unmatched = unmatched_reason(&scores.mcc);
    if let Some(known) = &input.changes {
        scores.changes = Some(match &unmatched {
            Some(reason) => ChangeScores { reason: Some(reason.clone()), ..ChangeScores::default() },
            None => changes(known, &scores.mcc.matching)?,
        });
    }
    if let Some(known) = &input.indicators {
        scores.indicators = Some(match &unmatched {
            Some(reason) => IndicatorScores { reason: Some(reason.clone()), ..IndicatorScores::default() },
            None => indicators(known, &scores.mcc.matching)?,
        });
    }
    if let (Some(target), Some(labels)) = (&input.target, &input.environments) {
        scores.ate = Some(match unmatched {
            Some(reason) => Ate { reason: Some(reason), ..Ate::default() },
            None => ate(z, zhat, &scores.mcc.matching, target, labels, effort.seed)?,
        });
    }
    // The graph, silence and blocks belong to the latents as they were before a rotation.
    let causes = input.unrotated.as_ref().map_or(z, |truth| &truth.values);
    let of_causes = scores.mcc_unrotated.as_ref().unwrap_or(&scores.mcc);
    if let Some(known) = &input.silence {
        scores.silence = Some(match unmatched_reason(of_causes) {
            Some(reason) => SilenceScores { reason: Some(reason), ..SilenceScores::default() },
            None => silence(known, &of_causes.matching)?,
        });
    }
    if let Some(known) = &input.blocks {
        scores.blocks = Some(blocks(known, causes, zhat)?);
    }
    if let Some(known) = &input.graph {
        let truth = Graph::dag(&known.truth)?;
        scores.graph = Some(match unmatched_reason(of_causes) {
            Some(reason) => GraphScore { reason: Some(reason), truth: cpdag(&truth).edges(), ..GraphScore::default() },
            None => graph_score(known, causes, zhat, &of_causes.matching)?,
        });
        scores.method_graph = known
            .found
            .as_ref()
            .map(|found| match unmatched_reason(of_causes) {
                Some(reason) => Ok(MethodGraphScore::undefined(&truth, reason)),
                None => method_graph_score(known, found, &of_causes.matching, zhat.cols()),
            })
            .transpose()?;
    }
    scores.calibration = calibration_of(input, &scores)?;
    scores.notes = notes(&scores, &input.left_open);
    scores.notes.extend(collapsed(&input.latents).map(|names| {
        format!("{names} does not vary: it takes no part, and a true latent that is left without a match counts 0 in the MCC.")
    }));
    Ok(scores)
}

/// The estimated latents that are constant, where some are and others are not.
fn collapsed(latents: &NamedColumns) -> Option<String> {
    let constant = UnitColumns::new(Correlation::Pearson, &latents.values).constant;
    let names: Vec<&str> =
        latents.names.iter().zip(&constant).filter(|(_, constant)| **constant).map(|(name, _)| name.as_str()).collect();
    (!names.is_empty() && names.len() < constant.len()).then(|| format!("Estimated latent {}", names.join(", ")))
}

fn calibration_of(input: &ScoreInput, scores: &Scores) -> Result<Option<CalibrationScores>> {
    let known = Events {
        silence: input.silence.as_ref().map(|known| &known.truth),
        causes: input.indicators.as_ref().map(|known| &known.truth),
        edges: input.graph.as_ref().map(|known| &known.truth),
    };
    let of_causes = scores.mcc_unrotated.as_ref().unwrap_or(&scores.mcc);
    let found = calibration(&input.probabilities, known, &scores.mcc.matching, &of_causes.matching)?;
    Ok(match unmatched_reason(&scores.mcc).or_else(|| unmatched_reason(of_causes)) {
        Some(reason) => found.map(|_| CalibrationScores { reason: Some(reason), ..CalibrationScores::default() }),
        None => found,
    })
}

/// Why latents cannot be paired, where they cannot.
fn unmatched_reason(mcc: &Mcc) -> Option<String> {
    mcc.reason.as_ref().map(|reason| format!("latents cannot be matched: {reason}"))
}

fn check_shapes(input: &ScoreInput, truth: &NamedColumns) -> Result<()> {
    let unrotated = input.unrotated.as_ref().map(|columns| ("unrotated latents", columns));
    for (what, columns) in [("true latents", truth), ("estimated latents", &input.latents)].into_iter().chain(unrotated)
    {
        if columns.names.len() != columns.values.cols() {
            return Err(Failure::new(
                Code::MetricShape,
                format!("{what}: {} names for {} columns", columns.names.len(), columns.values.cols()),
            ));
        }
    }
    if let Some(expected) = &input.expected
        && expected.cols() != truth.values.cols()
    {
        return Err(Failure::new(
            Code::MetricShape,
            format!(
                "expected latents: {} columns, but there are {} true latents",
                expected.cols(),
                truth.values.cols()
            ),
        ));
    }
    for (what, labels) in [("environment", &input.environments), ("task", &input.tasks)] {
        if let Some(labels) = labels
            && let Some(code) = labels.codes.iter().find(|&&code| code as usize >= labels.levels.len())
        {
            return Err(Failure::new(
                Code::MetricShape,
                format!("{what} code {code}, but there are {} labels", labels.levels.len()),
            ));
        }
    }
    Ok(())
}

fn oracle(truth: &Matrix<f64>, expected: &Matrix<f64>) -> Result<Oracle> {
    crate::columns::refuse_unpaired(&[("true latents", truth), ("expected latents", expected)])?;
    Ok(Oracle {
        value: mcc_value(Correlation::Pearson, truth, expected)?,
        explanation: "The Pearson MCC of E[z|x], the best possible prediction of the true latents from the inputs: no \
                      method can be expected to score higher."
            .to_owned(),
    })
}

fn notes(scores: &Scores, left_open: &[Invariance]) -> Vec<String> {
    let mut notes = Vec::new();
    let (d, e) = (scores.truth.len(), scores.latents.len());
    if e < d {
        notes.push(format!(
            "There are {e} estimated latents for {d} true ones: those without a match count 0 in the MCC."
        ));
    }
    if e > d {
        notes.push(format!("There are {e} estimated latents for {d} true ones: only the best {d} count in the MCC."));
    }
    if scores.blocks.as_ref().is_some_and(|found| found.blocks.iter().any(|block| block.truth.len() > 1)) {
        notes.push(
            "Some true latents go together in blocks: where single ones cannot be told apart, `blocks` says more than the MCC."
                .into(),
        );
    }
    for (name, mcc) in [("MCC", &scores.mcc), ("Spearman MCC", &scores.mcc_spearman)] {
        let (Some(value), Some(unrelated)) = (mcc.value, &mcc.nulls.unrelated) else { continue };
        if value <= unrelated.q95 {
            notes.push(format!(
                "The {name} of {value:.3} is no more than unrelated latents reach by chance (95 % quantile {:.3}).",
                unrelated.q95
            ));
        } else if let Some(rotation) = mcc.nulls.rotation.as_ref().filter(|null| value <= null.q95) {
            notes.push(format!(
                "The {name} of {value:.3} is no more than a random rotation of the truth reaches (95 % quantile {:.3}): the \
                 axes were not found.",
                rotation.q95
            ));
        }
    }
    for card in CARDS.iter().filter(|card| (card.value)(scores).is_some()) {
        let noticed: Vec<&str> =
            left_open.iter().filter(|change| !card.invariances.contains(change)).map(|change| change.noun()).collect();
        if !noticed.is_empty() {
            notes.push(format!(
                "`{}` is stricter than what the method identifies: it changes under {}, which the method leaves open.",
                card.name,
                noticed.join(" and ")
            ));
        }
    }
    notes
}

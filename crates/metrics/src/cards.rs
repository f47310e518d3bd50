//! The one list of metrics: what each says, its range, its conventions and what it cannot see. `docs/metrics.md` and the
//! law tests are made from it.

use crate::scores::Scores;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Something done to all estimated latents that a metric may or may not notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Invariance {
    /// Another order.
    Permutation,
    /// A flipped sign.
    Sign,
    /// Another positive unit for each.
    Scale,
    /// Another origin for each.
    Shift,
    /// An increasing map of each.
    Monotone,
    /// A rotation, which mixes them.
    Rotation,
    /// An invertible linear map, which mixes them.
    Linear,
}

impl Invariance {
    /// All of them, from the mildest on.
    pub const ALL: &'static [Self] =
        &[Self::Permutation, Self::Sign, Self::Scale, Self::Shift, Self::Monotone, Self::Rotation, Self::Linear];

    /// As a noun for sentences.
    pub fn noun(self) -> &'static str {
        match self {
            Self::Permutation => "the order",
            Self::Sign => "the signs",
            Self::Scale => "the scales",
            Self::Shift => "the origins",
            Self::Monotone => "monotone maps of single latents",
            Self::Rotation => "rotations",
            Self::Linear => "linear maps",
        }
    }
}

/// Where a definition comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Source {
    /// Title.
    pub title: &'static str,
    /// Authors.
    pub authors: &'static str,
    /// Year of publication.
    pub year: u16,
    /// Where to read it.
    pub url: &'static str,
}

/// All a reader must know about a metric.
#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Card {
    /// Its key in `Scores`.
    pub name: &'static str,
    /// Its name for people.
    pub title: &'static str,
    /// What it says, in one sentence.
    pub sentence: &'static str,
    /// The formula, in plain text.
    pub formula: &'static str,
    /// Least and largest value; null = unbounded.
    pub range: (Option<f64>, Option<f64>),
    /// The value of a perfect result.
    pub best: f64,
    /// How open questions of definition are settled here.
    pub conventions: &'static [&'static str],
    /// What may be done to the estimated latents without changing it.
    pub invariances: &'static [Invariance],
    /// Where it comes from.
    pub source: Source,
    /// Its value in a set of scores.
    #[serde(skip)]
    pub value: fn(&Scores) -> Option<f64>,
}

use Invariance::{Linear, Monotone, Permutation, Rotation, Scale, Shift, Sign};

const AXES: &[Invariance] = &[Permutation, Sign, Scale, Shift];
const ORDERED_AXES: &[Invariance] = &[Permutation, Sign, Scale, Shift, Monotone];
const SPACE: &[Invariance] = &[Permutation, Sign, Scale, Shift, Rotation, Linear];

const TASKS: Source = Source {
    title: "Leveraging task structures for improved identifiability in neural network representations",
    authors: "W. Chen, J. Horwood, J. Heo, J. M. Hernandez-Lobato",
    year: 2024,
    url: "https://arxiv.org/abs/2306.14861",
};

const SILENT: Source = Source {
    title: "Identifiability of potentially degenerate Gaussian mixture models with piecewise affine mixing",
    authors: "D. Xu, S. Lachapelle, S. Magliacane",
    year: 2026,
    url: "https://arxiv.org/abs/2604.13218",
};

const CONSTANT: &str = "A constant column, true or estimated, or fewer than three rows gives null and the reason.";
const COLLAPSED: &str = "An estimated latent that is constant takes no part, as if it were not there; a constant true latent, an estimate in which nothing varies, or fewer than three rows gives null and the reason.";
const FEWER: &str = "The mean is over the true latents: one that is left without a match counts 0.";

/// Every metric, in the order of `Scores`.
pub const CARDS: &[Card] = &[
    Card {
        name: "mcc",
        title: "Mean correlation coefficient",
        sentence: "How well single estimated latents agree, linearly, with single true ones under the best matching.",
        formula: "1/d sum_i |pearson(z_i, zhat_p(i))|, p the assignment with the largest sum",
        range: (Some(0.0), Some(1.0)),
        best: 1.0,
        conventions: &[
            FEWER,
            COLLAPSED,
            "Interval: percentile bootstrap with the matching held fixed, over whole environments (else tasks) where at least ten have rows, else over rows.",
            "Out of sample: matching on a random half of the rows, score on the other.",
            "Null `unrelated`: rows of the estimate shuffled, matched anew (at most 20,000 rows).",
            "Null `rotation`: a random rotation of the standardized truth (at most 4,000 rows).",
            "Reference `linear`: the best linear map to the truth, fitted on half of the rows, scored on the rest.",
        ],
        invariances: AXES,
        source: Source {
            title: "Unsupervised feature extraction by time-contrastive learning and nonlinear ICA",
            authors: "A. Hyvarinen, H. Morioka",
            year: 2016,
            url: "https://arxiv.org/abs/1605.06336",
        },
        value: |scores| scores.mcc.value,
    },
    Card {
        name: "mccSpearman",
        title: "Mean correlation coefficient of ranks",
        sentence: "How well single estimated latents agree, up to monotone maps, with single true ones.",
        formula: "1/d sum_i |spearman(z_i, zhat_p(i))|, p the assignment with the largest sum",
        range: (Some(0.0), Some(1.0)),
        best: 1.0,
        conventions: &[FEWER, COLLAPSED, "Tied values share their average rank.", "Interval and nulls as for `mcc`."],
        invariances: ORDERED_AXES,
        source: Source {
            title: "Unsupervised feature extraction by time-contrastive learning and nonlinear ICA",
            authors: "A. Hyvarinen, H. Morioka",
            year: 2016,
            url: "https://arxiv.org/abs/1605.06336",
        },
        value: |scores| scores.mcc_spearman.value,
    },
    Card {
        name: "mccUnrotated",
        title: "Mean correlation coefficient before the rotation",
        sentence: "How well single estimated latents agree, linearly, with single true ones as they were before they were rotated and mixed.",
        formula: "mcc of the latents u, where z = u R is what is mixed",
        range: (Some(0.0), Some(1.0)),
        best: 1.0,
        conventions: &[
            "Where a simulator rotates its latents; `mcc` beside it is that of the rotated ones.",
            "The graph and silence are about the latents before the rotation, and are paired by this matching.",
            FEWER,
            COLLAPSED,
        ],
        invariances: AXES,
        source: SILENT,
        value: |scores| scores.mcc_unrotated.as_ref()?.value,
    },
    Card {
        name: "mccTask",
        title: "Mean correlation coefficient task by task",
        sentence: "How well single estimated latents agree, linearly, with single true ones, each task with its own matching.",
        formula: "mean over tasks t of 1/d sum_i |pearson(z_i, zhat_p_t(i))| over the rows of t, p_t the best assignment in t",
        range: (Some(0.0), Some(1.0)),
        best: 1.0,
        conventions: &[
            "More lenient than `mcc`: a latent may stand for another truth in every task.",
            "Tasks with fewer than three rows are left out and counted; a latent constant within a task gives null and the reason.",
            "`unrelated`: rows of the estimate shuffled within each task. High where tasks have few rows for each latent.",
        ],
        invariances: AXES,
        source: TASKS,
        value: |scores| scores.mcc_task.as_ref()?.value,
    },
    Card {
        name: "mccTaskSpearman",
        title: "Mean correlation coefficient of ranks task by task",
        sentence: "How well single estimated latents agree, up to monotone maps, with single true ones, each task with its own matching.",
        formula: "mean over tasks t of 1/d sum_i |spearman(z_i, zhat_p_t(i))| over the rows of t, p_t the best assignment in t",
        range: (Some(0.0), Some(1.0)),
        best: 1.0,
        conventions: &["As for `mccTask`.", "Tied values share their average rank."],
        invariances: ORDERED_AXES,
        source: TASKS,
        value: |scores| scores.mcc_task_spearman.as_ref()?.value,
    },
    Card {
        name: "mccWeak",
        title: "Weak mean correlation coefficient",
        sentence: "How well the estimated latents agree with the true ones after the best linear map of both.",
        formula: "1/k sum_i |spearman(a_i, b_p(i))| of the k = min(d, e) canonical variates a, b of z and zhat",
        range: (Some(0.0), Some(1.0)),
        best: 1.0,
        conventions: &[
            CONSTANT,
            "In sample: high by chance alone with few rows per latent.",
            "A side that spans fewer than k directions gives null and the reason.",
        ],
        invariances: SPACE,
        source: Source {
            title: "ICE-BeeM: identifiable conditional energy-based deep models based on nonlinear ICA",
            authors: "I. Khemakhem, R. P. Monti, D. P. Kingma, A. Hyvarinen",
            year: 2020,
            url: "https://arxiv.org/abs/2002.11537",
        },
        value: |scores| scores.mcc_weak.value,
    },
    Card {
        name: "r2",
        title: "Linear R2",
        sentence: "How much of each true latent a linear map of the estimated ones explains.",
        formula: "1/d sum_i (1 - |z_i - fit_i|^2 / |z_i - mean z_i|^2), least squares with intercept",
        range: (Some(0.0), Some(1.0)),
        best: 1.0,
        conventions: &[
            "Plain mean over the true latents.",
            "Fitted and scored on the same rows.",
            "Repeated latents are harmless; a constant true latent, or no latent that varies, gives null and the reason.",
        ],
        invariances: SPACE,
        source: Source {
            title: "Correlation and causation",
            authors: "S. Wright",
            year: 1921,
            url: "https://naldc.nal.usda.gov/catalog/IND43966364",
        },
        value: |scores| scores.r2.value,
    },
    Card {
        name: "kernelR2",
        title: "R2 of kernel ridge regression",
        sentence: "How much of each true latent a smooth map of the estimated ones explains, in sample as published; `outOfSample` beside it.",
        formula: "1/d sum_i (1 - |z_i - f_i|^2 / |z_i - mean z_i|^2), f = K (K + I)^-1 z, k(a, b) = exp(-|a - b|^2 / e)",
        range: (Some(0.0), Some(1.0)),
        best: 1.0,
        conventions: &[
            "Where the inputs are several views. Plain mean over the true latents; below 0 counts as 0.",
            "The value is fitted and scored on the same rows; `outOfSample` is fitted on a random half and scored on the other one.",
            "At most 1,000 rows, drawn at random. Latents are standardized one by one.",
            "A constant true latent, no latent that varies, or fewer than six rows gives null and the reason.",
        ],
        invariances: AXES,
        source: Source {
            title: "Identifiability results for multimodal contrastive learning",
            authors: "I. Daunhawer, A. Bizeul, E. Palumbo, A. Marx, J. E. Vogt",
            year: 2023,
            url: "https://arxiv.org/abs/2303.09166",
        },
        value: |scores| scores.kernel_r2.as_ref()?.value,
    },
    Card {
        name: "changes",
        title: "F1 of the recovered changes",
        sentence: "Which latents were rightly said to change their effect on which edge of the tree.",
        formula: "2 TP / (2 TP + FP + FN) over the entries of observed edges",
        range: (Some(0.0), Some(1.0)),
        best: 1.0,
        conventions: &[
            "Latents are paired by the matching of `mcc`.",
            "A true latent without a match misses all its changes; a column without a match has only false ones.",
            "No true change on an observed edge gives null and the reason.",
        ],
        invariances: AXES,
        source: Source {
            title: "Information retrieval",
            authors: "C. J. van Rijsbergen",
            year: 1979,
            url: "http://www.dcs.gla.ac.uk/Keith/Preface.html",
        },
        value: |scores| scores.changes.as_ref()?.f1,
    },
    Card {
        name: "indicators",
        title: "Recovered causal indicators",
        sentence: "In what share of the tasks the set of latents that cause the target is exactly right.",
        formula: "tasks without a wrong entry / tasks, over the entries (task, true latent)",
        range: (Some(0.0), Some(1.0)),
        best: 1.0,
        conventions: &[
            "Latents are paired by the matching of `mcc`.",
            "A true latent without a match counts as not causal; a column without a match that counts as causal is a false positive.",
            "Accuracy, precision and recall of single entries stand beside it: calling no latent causal already gives high accuracy.",
        ],
        invariances: AXES,
        source: TASKS,
        value: |scores| scores.indicators.as_ref()?.exact,
    },
    Card {
        name: "silence",
        title: "F1 of the recovered silence",
        sentence: "Which latents were rightly said to be switched off in which row.",
        formula: "2 TP / (2 TP + FP + FN) over the entries (row, true latent)",
        range: (Some(0.0), Some(1.0)),
        best: 1.0,
        conventions: &[
            "An entry counts as silent when it lies within its latent's threshold of the silent value or, with blocks, when its block lies within the block's radius of its own (`summary.silence`).",
            "Latents are paired by the matching of `mcc`, of `mccUnrotated` where there is one.",
            "A true latent without a match misses all its silence; a column without a match takes no part.",
            "Beside it the F1 of calling every entry silent: high where most are.",
            "No silent entry in truth gives null and the reason.",
        ],
        invariances: AXES,
        source: Source {
            title: "Information retrieval",
            authors: "C. J. van Rijsbergen",
            year: 1979,
            url: "http://www.dcs.gla.ac.uk/Keith/Preface.html",
        },
        value: |scores| scores.silence.as_ref()?.f1,
    },
    Card {
        name: "blocks",
        title: "Recovered blocks",
        sentence: "How much of the true latents of each block the estimated latents of that block explain, where latents go together.",
        formula: "mean over blocks b of mean over z_i in b of R2(z_i, zhat of b); zhat is given to blocks by the largest sum of R2(zhat_j, z of b)",
        range: (Some(0.0), Some(1.0)),
        best: 1.0,
        conventions: &[
            "A block of s true latents is given s estimated ones; one that is left without any has R2 0.",
            "An estimated latent that is left over takes no part; a constant one is given to no block.",
            "Beside it the leakage: R2 of the same true latents on the estimated latents of all other blocks.",
            "Leakage stands beside `dependence`, what the true latents of all other blocks explain: a perfect estimate leaks as much.",
            "`explained` is R2 of each estimated latent on the true ones of each block, `within` and `across` its means over own and other blocks.",
            "Blocks are of the latents before a rotation, where there was one. A constant true latent gives null and the reason.",
        ],
        invariances: AXES,
        source: SILENT,
        value: |scores| scores.blocks.as_ref()?.value,
    },
    Card {
        name: "ate",
        title: "Error of the effects",
        sentence: "How far the effects of the estimated latents on the target are from those of the true ones.",
        formula: "mean over environments of 1/d sum_i (|b_i| - |bhat_p(i)|)^2, least squares in each environment",
        range: (Some(0.0), None),
        best: 0.0,
        conventions: &[
            "Latents, true and estimated, have standard deviation 1 over all scored rows.",
            "10 environments drawn from the seed among those with two rows more than latents.",
            "Latents are paired by the matching of `mcc`; without a match the estimated effect is 0.",
        ],
        invariances: AXES,
        source: Source {
            title: "Sparsity regularization via tree-structured environments for disentangled representations",
            authors: "E. Layne, J. Hartford, S. Lachapelle, M. Blanchette, D. Sridhar",
            year: 2024,
            url: "https://arxiv.org/abs/2405.20482",
        },
        value: |scores| scores.ate.as_ref()?.value,
    },
    Card {
        name: "graph",
        title: "Structural Hamming distance of the graph",
        sentence: "In how many edges the graph that PC finds on the estimated latents differs from the equivalence class of the true one.",
        formula: "missing + extra + arrows for lines + lines for arrows + reversed arrows, CPDAG against CPDAG",
        range: (Some(0.0), None),
        best: 0.0,
        conventions: &[
            "PC with Fisher's z: stable, the same for every order of the latents; an edge directed both ways stays a line.",
            "A reversed arrow costs 1, or 2 where that is asked for; the result says which.",
            "Latents are paired by the matching of `mcc`; a true latent without a match has no edges, a column without one has none in truth.",
            "Beside it: the distance of what PC finds on the true latents in the same rows.",
            "`betweenModalities` counts pairs of latents of different modalities alone, where all true latents are named `MODALITY.NAME`.",
            "Where latents are silent in part of the rows, each test takes the rows in which all of its latents are active; two that are active together in less than 5 % of the rows of the rarer one cannot be tested, which gives null and the reason.",
            "A latent that is constant or determined by others gives null and the reason.",
        ],
        invariances: AXES,
        source: Source {
            title: "The max-min hill-climbing Bayesian network structure learning algorithm",
            authors: "I. Tsamardinos, L. E. Brown, C. F. Aliferis",
            year: 2006,
            url: "https://doi.org/10.1007/s10994-006-6889-7",
        },
        value: |scores| scores.graph.as_ref()?.shd.map(|shd| shd as f64),
    },
    Card {
        name: "methodGraph",
        title: "Structural Hamming distance of the method's own graph",
        sentence: "In how many edges the graph that the method itself found differs from the true one.",
        formula: "missing + extra + arrows for lines + lines for arrows + reversed arrows, DAG against DAG",
        range: (Some(0.0), None),
        best: 0.0,
        conventions: &[
            "Every edge with a weight counts, however sure it is.",
            "A graph whose directions are all claimed is compared with the true graph, one with open directions with its equivalence class (CPDAG); `comparedAs` says which.",
            "`classShd` compares the classes of both graphs, as `graph` does: it is the number to hold against that of PC.",
            "A reversed arrow costs 1, or 2 where that is asked for; the result says which.",
            "Latents are paired by the matching of `mcc`; a true latent without a match has no edges, a column without one has none in truth.",
            "`betweenModalities` counts pairs of latents of different modalities alone, where all true latents are named `MODALITY.NAME`; a column without a match counts as a modality of its own.",
            "Beside it: the distance of a graph without edges. A graph with cycles gives null and the reason.",
        ],
        invariances: AXES,
        source: Source {
            title: "The max-min hill-climbing Bayesian network structure learning algorithm",
            authors: "I. Tsamardinos, L. E. Brown, C. F. Aliferis",
            year: 2006,
            url: "https://doi.org/10.1007/s10994-006-6889-7",
        },
        value: |scores| scores.method_graph.as_ref()?.shd.map(|shd| shd as f64),
    },
    Card {
        name: "calibration",
        title: "Calibration of the probabilities",
        sentence: "How far the probabilities that the method gives (of silent entries, causes of tasks, edges) are from how often they come true.",
        formula: "sum over bins b of n_b / n |mean probability in b - share of true entries in b|, ten bins of equal width",
        range: (Some(0.0), Some(1.0)),
        best: 0.0,
        conventions: &[
            "The value is the largest of the kinds there are; each stands beside it with its reliability curve, Brier score and entries.",
            "Beside the error stands `byChance`, about the error that sound probabilities would have with so few entries.",
            "Edges are ordered pairs of different latents; their probability is the certainty of the method's own graph.",
            "Latents are paired by the matching of `mcc`, of `mccUnrotated` for silence and edges where there is one; a latent without a match takes no part.",
        ],
        invariances: AXES,
        source: Source {
            title: "Obtaining well calibrated probabilities using Bayesian binning",
            authors: "M. P. Naeini, G. F. Cooper, M. Hauskrecht",
            year: 2015,
            url: "https://ojs.aaai.org/index.php/AAAI/article/view/9602",
        },
        value: |scores| scores.calibration.as_ref()?.value,
    },
];

//! Recovered blocks: whether groups of latents are found, where single ones cannot be.
//!
//! - Assignment: `E_jb` is the R2 of estimated latent j explained by the true latents of block b; each block of s latents is
//!   given s estimated ones, so that the sum of `E` over them is largest. The truth's own scores decide nothing else.
//! - Formula: for each block the R2 of its true latents (mean over them) explained by its own estimated ones, and beside it the
//!   leakage, the R2 of the same true latents explained by the estimated ones of all other blocks. The value is the mean over
//!   the blocks of the first, 0 to 1, 1 is best.
//! - Leakage is not 0 even for a perfect estimate where blocks depend on each other: `dependence` is what the true latents of the
//!   other blocks explain.
//! - A block that is given no latent has R2 0. A latent that is given to no block takes no part in R2 and leakage; a constant one
//!   is given to none.
//! - A constant true latent, or no more rows than free coefficients: null and the reason.
//! - Invariant to every invertible affine map within blocks of estimated latents that leaves the assignment as it is, and so to
//!   order, sign, scale and shift.
//! - Source: *Identifiability of potentially degenerate Gaussian mixture models with piecewise affine mixing*, appendix E.5,
//!   <https://arxiv.org/abs/2604.13218>, whose table is `E`.

use crate::matching::{Matching, mean_of};
use crate::r2::r2;
use disentangle_data::{Code, Failure, Matrix, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Recovered blocks of latents.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BlockScores {
    /// Mean over the blocks of what their own estimated latents explain of their true ones, 0 to 1.
    pub value: Option<f64>,
    /// Why `value` is null.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<String>,
    /// Mean over the blocks of what the estimated latents of all other blocks explain of their true ones, 0 to 1.
    pub leakage: Option<f64>,
    /// Mean over the blocks of what the true latents of all other blocks explain of their own: the leakage that a perfect
    /// estimate has.
    pub dependence: Option<f64>,
    /// Mean over the latents that were given to a block of what that block explains of them, as the paper's tables show it.
    pub within: Option<f64>,
    /// Mean over the same latents and every other block of what that block alone explains of them.
    pub across: Option<f64>,
    /// One entry for each block, in the order of the truth.
    pub blocks: Vec<BlockScore>,
    /// Share of each estimated latent (row) that the true latents of each block (column) explain; null where it is constant.
    pub explained: Vec<Vec<Option<f64>>>,
}

/// Recovery of one block.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BlockScore {
    /// Its true latents, by place.
    pub truth: Vec<usize>,
    /// The estimated latents that it is given, by place.
    pub latents: Vec<usize>,
    /// Mean over its true latents of what its estimated ones explain.
    pub r2: f64,
    /// The same, explained by the estimated latents of all other blocks.
    pub leakage: f64,
    /// The same, explained by the true latents of all other blocks.
    pub dependence: f64,
}

/// Scores estimated latents (n x e) against true ones (n x d) that fall into `blocks`: lists of places of true latents, each
/// latent in one.
///
/// # Errors
/// `METRIC_SHAPE` for blocks that are empty, overlap or leave a latent out, and for different numbers of rows;
/// `DATA_NOT_FINITE`; `NUMERIC_NOT_FINITE` when a decomposition does not converge.
pub fn blocks(blocks: &[Vec<usize>], truth: &Matrix<f64>, latents: &Matrix<f64>) -> Result<BlockScores> {
    check(blocks, truth.cols())?;
    let too_few = || {
        let (n, d) = (truth.rows(), truth.cols());
        (n <= d + 1).then(|| format!("{n} rows fit {} coefficients perfectly whatever they are", d + 1))
    };
    if let Some(reason) = r2(truth, latents)?.reason.or_else(too_few) {
        return Ok(BlockScores { reason: Some(reason), ..BlockScores::default() });
    }
    let of_blocks: Vec<Vec<Option<f64>>> =
        blocks.iter().map(|places| Ok(r2(latents, &truth.select_cols(places))?.per_latent)).collect::<Result<_>>()?;
    let explained = Matrix::from_fn(latents.cols(), blocks.len(), |j, b| of_blocks[b][j]);
    let given = given(blocks, &explained)?;
    let scores: Vec<BlockScore> = blocks
        .iter()
        .enumerate()
        .map(|(b, own)| {
            let target = truth.select_cols(own);
            Ok(BlockScore {
                r2: share(&target, latents, &given[b])?,
                leakage: share(&target, latents, &all_but(b, &given))?,
                dependence: share(&target, truth, &all_but(b, blocks))?,
                truth: own.clone(),
                latents: given[b].clone(),
            })
        })
        .collect::<Result<_>>()?;
    let mean = |of: fn(&BlockScore) -> f64| mean_of(&scores.iter().map(|block| Some(of(block))).collect::<Vec<_>>());
    let entries = |own: bool| {
        let pairs = (0..blocks.len()).flat_map(|b| (0..blocks.len()).map(move |other| (b, other)));
        let wanted = pairs.filter(|(b, other)| (b == other) == own);
        let of_latents = wanted.flat_map(|(b, other)| given[b].iter().map(move |&j| (j, other)));
        mean_of(&of_latents.map(|place| explained[place]).collect::<Vec<_>>())
    };
    Ok(BlockScores {
        value: mean(|block| block.r2),
        reason: None,
        leakage: mean(|block| block.leakage),
        dependence: mean(|block| block.dependence),
        within: entries(true),
        across: entries(false),
        explained: (0..latents.cols()).map(|j| explained.row(j).to_vec()).collect(),
        blocks: scores,
    })
}

/// The estimated latents of each block, in their order: a block has as many places as true latents.
fn given(blocks: &[Vec<usize>], explained: &Matrix<Option<f64>>) -> Result<Vec<Vec<usize>>> {
    let places: Vec<usize> = blocks.iter().enumerate().flat_map(|(b, own)| own.iter().map(move |_| b)).collect();
    let scores = Matrix::from_fn(places.len(), explained.rows(), |place, j| explained[(j, places[place])]);
    let mut given = vec![Vec::new(); blocks.len()];
    for (place, j) in Matching::best(&scores)?.columns.iter().enumerate() {
        given[places[place]].extend(j);
    }
    given.iter_mut().for_each(|latents| latents.sort_unstable());
    Ok(given)
}

/// The places of all blocks but one.
fn all_but(block: usize, of: &[Vec<usize>]) -> Vec<usize> {
    of.iter().enumerate().filter(|&(other, _)| other != block).flat_map(|(_, places)| places.clone()).collect()
}

/// Mean R2 of `target` explained by some columns of `from`; without any, nothing is.
fn share(target: &Matrix<f64>, from: &Matrix<f64>, places: &[usize]) -> Result<f64> {
    if places.is_empty() {
        return Ok(0.0);
    }
    let found = r2(target, &from.select_cols(places))?;
    Ok(found
        .value
        .expect("no true latent is constant, a latent that is varies, and there are rows enough for all of them"))
}

fn check(blocks: &[Vec<usize>], latents: usize) -> Result<()> {
    let mut places: Vec<usize> = blocks.concat();
    places.sort_unstable();
    if blocks.iter().all(|block| !block.is_empty()) && places.into_iter().eq(0..latents) {
        return Ok(());
    }
    let sizes: Vec<usize> = blocks.iter().map(Vec::len).collect();
    Err(Failure::new(Code::MetricShape, format!("blocks of {sizes:?} latents do not part {latents} true latents"))
        .hint("put every true latent into one block, and no block may be empty")
        .with("latents", latents))
}

//! The solved stages of TBR: heads per environment, the sparse rotation, and which changes are real.

use super::TbrConfig;
use crate::regression::{parameter, scale_latents};
use disentangle_data::prepare::Prepared;
use disentangle_data::split::Split;
use disentangle_data::{Code, Failure, Matrix, Result};
use disentangle_engine::method::{MAP, State};
use disentangle_engine::rows;
use disentangle_engine::train;
use disentangle_numerics::linalg::{inverse, product};
use disentangle_numerics::moments::{covariance, positive};
use disentangle_numerics::rotation::sparse_rotation;
use disentangle_numerics::tree_heads::{
    Moments, contrasts, differences, fill_by_least_change, mapped_variances, parents_first, weights,
};

/// Parameter: head of the root, (k).
pub const ROOT: &str = "heads.root";
/// Parameter: change on the edge above each node, (nodes, k).
pub const CHANGES: &str = "heads.changes";
/// Stage of `joint-rotation`.
pub const ROTATION: &str = "rotation";
/// Stage of `paper`: latents to unit standard deviation, nothing else.
pub const SCALE: &str = "scale";
/// Solved: heads on final latents and standardised target, nodes x k.
pub const HEADS: &str = "heads";
/// Solved: standard error of each change, nodes x k; 0 at the root and where errors are not known.
pub const ERRORS: &str = "change-errors";
/// Solved: objective at each start of the rotation, 1 x starts.
pub const OBJECTIVES: &str = "rotation-objectives";

/// Heads of the joint loss: the root's plus the changes on the way, nodes x k.
fn joint_heads(state: &State, parents: &[Option<usize>]) -> Result<Matrix<f64>> {
    let (root, mut heads) = (parameter(state, ROOT)?, parameter(state, CHANGES)?);
    for node in parents_first(parents) {
        for j in 0..heads.cols() {
            heads[(node, j)] = match parents[node] {
                Some(parent) => heads[(parent, j)] + heads[(node, j)],
                None => root[(0, j)],
            };
        }
    }
    Ok(heads)
}

/// The published procedure ends with the joint loss; only the scale of the latents is settled here.
pub fn scale(data: &Prepared, state: &mut State) -> Result<()> {
    let parents = rows::parents(data);
    let heads = joint_heads(state, &parents)?;
    let sd = scale_latents(data, state)?;
    let heads = Matrix::from_fn(heads.rows(), heads.cols(), |i, j| heads[(i, j)] * sd[j]);
    state.solved.insert(ERRORS.into(), Matrix::zeros(heads.rows(), heads.cols()));
    state.solved.insert(HEADS.into(), heads);
    Ok(())
}

/// Heads by least squares, the map under which their differences are sparse, and heads of nodes without rows.
///
/// Differences that do not span the latent space leave the axes as the joint loss found them; the findings say so.
pub fn rotate(config: &TbrConfig, data: &Prepared, state: &mut State, seed: u64) -> Result<()> {
    let parents = rows::parents(data);
    let rows = data.rows_of(Split::Train);
    let codes = train::codes_of_rows(state, &data.inputs, &rows)?; // (n, k)
    if codes.data().iter().any(|v| !v.is_finite()) {
        return Err(Failure::new(Code::NumericNotFinite, "the encoder gave numbers that are not finite"));
    }
    let nodes: Vec<u32> = rows.iter().map(|&i| data.nodes[i]).collect();
    let target = rows::target(data, &rows);
    let moments = Moments::of(&codes, &target, &nodes, parents.len());
    let k = codes.cols();
    let (mut heads, covariances) = moments.heads(&joint_heads(state, &parents)?, k as f64)?;
    let observed: Vec<bool> = moments.rows.iter().map(|&n| n > 0).collect();

    let pairs = contrasts(&parents, &observed);
    let changes = differences(&heads, &pairs);
    let weights = weights(&changes, &pairs, &covariances, &moments.pooled_gram());
    let (turn, objectives) = match sparse_rotation(&changes, &weights, config.starts, seed) {
        Ok(rotation) => (rotation.map, rotation.objectives),
        Err(failure) if failure.code == Code::NumericSingular => (identity(k), Vec::new()),
        Err(failure) => return Err(failure),
    };
    let map = inverse(&turn)?;
    let spread = product(&product(&map, &covariance(&codes)), &map.transposed());
    let sd: Vec<f64> = (0..k).map(|j| positive(spread[(j, j)].max(0.0).sqrt())).collect();
    let (order, signs) = convention(&product(&heads, &turn), &sd, &observed);
    // Column j of `turn` becomes latent `at`: scaled to unit standard deviation, turned to a positive mean effect.
    let turn = Matrix::from_fn(k, k, |i, at| turn[(i, order[at])] * sd[order[at]] * signs[at]);
    let map = Matrix::from_fn(k, k, |at, j| map[(order[at], j)] / sd[order[at]] * signs[at]);

    heads = product(&heads, &turn);
    let variances: Vec<Vec<f64>> = covariances.iter().map(|c| mapped_variances(c, &turn)).collect();
    fill_by_least_change(&mut heads, &parents, &observed);
    // A head that comes from the tree is at best as certain as those it comes from.
    let seen = observed.iter().filter(|&&o| o).count().max(1) as f64;
    let typical: Vec<f64> = (0..k)
        .map(|j| (0..parents.len()).filter(|&i| observed[i]).map(|i| variances[i][j]).sum::<f64>() / seen)
        .collect();
    let variance = |node: usize, j: usize| if observed[node] { variances[node][j] } else { typical[j] };
    let errors = Matrix::from_fn(parents.len(), k, |node, j| {
        parents[node].map_or(0.0, |parent| (variance(node, j) + variance(parent, j)).sqrt())
    });
    state.solved.insert(ERRORS.into(), errors);
    state.solved.insert(HEADS.into(), heads);
    state.solved.insert(MAP.into(), map);
    state.solved.insert(OBJECTIVES.into(), Matrix::new(1, objectives.len(), objectives)?);
    Ok(())
}

/// Order (most explained variance first) and sign (mean effect positive): without them seeds cannot be compared by eye.
fn convention(heads: &Matrix<f64>, sd: &[f64], observed: &[bool]) -> (Vec<usize>, Vec<f64>) {
    let effect = |j: usize, power: i32| -> f64 {
        (0..heads.rows()).filter(|&i| observed[i]).map(|i| (heads[(i, j)] * sd[j]).powi(power)).sum()
    };
    let mut order: Vec<usize> = (0..heads.cols()).collect();
    order.sort_by(|&a, &b| effect(b, 2).total_cmp(&effect(a, 2)));
    let signs = order.iter().map(|&j| if effect(j, 1) < 0.0 { -1.0 } else { 1.0 }).collect();
    (order, signs)
}

fn identity(k: usize) -> Matrix<f64> {
    Matrix::from_fn(k, k, |i, j| f64::from(u8::from(i == j)))
}

/// A change on the edge above each node: its size, whether both ends have rows, and whether it is called real.
#[derive(Debug)]
pub struct Changes {
    /// nodes x k, zeros at the root, on standardised target.
    pub values: Matrix<f64>,
    /// Called real: large enough, and many standard errors from zero where errors are known.
    pub real: Vec<Vec<bool>>,
    /// Both ends of the edge have training rows.
    pub observed: Vec<bool>,
}

/// Reads the changes off the heads.
pub fn changes(config: &TbrConfig, data: &Prepared, state: &State) -> Option<Changes> {
    let (heads, errors) = (state.solved.get(HEADS)?, state.solved.get(ERRORS)?);
    let parents = rows::parents(data);
    let rows = rows::per_node(data, Split::Train);
    let values = Matrix::from_fn(parents.len(), heads.cols(), |node, j| {
        parents[node].map_or(0.0, |parent| heads[(node, j)] - heads[(parent, j)])
    });
    let is_real = |node: usize, j: usize| {
        let size = values[(node, j)].abs();
        size > config.change_threshold && size >= config.change_errors * errors[(node, j)]
    };
    let real = (0..parents.len()).map(|node| (0..heads.cols()).map(|j| is_real(node, j)).collect()).collect();
    let observed = parents.iter().enumerate().map(|(i, p)| p.is_some_and(|p| rows[i] > 0 && rows[p] > 0)).collect();
    Some(Changes { values, real, observed })
}

#[cfg(test)]
mod laws;

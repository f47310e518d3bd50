//! Complete linkage on a full distance matrix.

use crate::matrix::Matrix;

/// One merge of two clusters. Clusters 0..e are the leaves, cluster e + i is the result of merge i.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Merge {
    pub first: usize,
    pub second: usize,
    /// Largest distance between a leaf of one and a leaf of the other.
    pub height: f64,
}

/// Merges the nearest pair e - 1 times. Every cluster sits at the place of its lowest leaf; of equally near pairs the one
/// with the lowest places is merged. Heights never fall, which is a property of complete linkage.
///
/// Each place remembers its nearest higher place, so a merge costs O(e), or O(e) more for each place that lost its nearest.
pub(super) fn complete(mut distance: Matrix<f64>) -> Vec<Merge> {
    let e = distance.rows();
    let mut cluster: Vec<usize> = (0..e).collect();
    let mut active = vec![true; e];
    let mut near: Vec<Option<(f64, usize)>> = (0..e).map(|i| nearest_above(&distance, &active, i)).collect();
    let mut merges = Vec::with_capacity(e.saturating_sub(1));
    while let Some((height, a, b)) = lowest(&near, &active) {
        merges.push(Merge { first: cluster[a], second: cluster[b], height });
        cluster[a] = e + merges.len() - 1;
        active[b] = false;
        for k in (0..e).filter(|&k| active[k] && k != a) {
            let merged = distance[(a, k)].max(distance[(b, k)]);
            distance[(a, k)] = merged;
            distance[(k, a)] = merged;
        }
        for k in (0..e).filter(|&k| active[k]) {
            if k == a || near[k].is_some_and(|(_, to)| to == a || to == b) {
                near[k] = nearest_above(&distance, &active, k);
            }
        }
    }
    merges
}

fn lowest(near: &[Option<(f64, usize)>], active: &[bool]) -> Option<(f64, usize, usize)> {
    let mut best: Option<(f64, usize, usize)> = None;
    for (i, near) in near.iter().enumerate().filter(|(i, _)| active[*i]) {
        if let Some((distance, j)) = near.filter(|(distance, _)| best.is_none_or(|best| *distance < best.0)) {
            best = Some((distance, i, j));
        }
    }
    best
}

fn nearest_above(distance: &Matrix<f64>, active: &[bool], i: usize) -> Option<(f64, usize)> {
    let mut best: Option<(f64, usize)> = None;
    for j in (i + 1..active.len()).filter(|&j| active[j]) {
        if best.is_none_or(|(least, _)| distance[(i, j)] < least) {
            best = Some((distance[(i, j)], j));
        }
    }
    best
}

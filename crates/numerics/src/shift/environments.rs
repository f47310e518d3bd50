//! Rows by their environment.

/// How many rows each environment has.
pub(super) fn counts(environments: &[u32]) -> Vec<usize> {
    let mut rows = vec![0usize; environments.iter().max().map_or(0, |&most| most as usize + 1)];
    environments.iter().for_each(|&u| rows[u as usize] += 1);
    rows
}

/// Rows of the smallest environment that has any.
pub(super) fn smallest(environments: &[u32]) -> usize {
    counts(environments).into_iter().filter(|&rows| rows > 0).min().unwrap_or(0)
}

/// The first rows of each environment with more than `beyond`: `all` rows shared out, but at least `least` where there are as many.
pub(super) fn sample(environments: &[u32], beyond: usize, all: usize, least: usize) -> Vec<Vec<usize>> {
    let mut groups: Vec<Vec<usize>> = vec![Vec::new(); counts(environments).len()];
    environments.iter().enumerate().for_each(|(row, &u)| groups[u as usize].push(row));
    groups.retain(|rows| rows.len() > beyond);
    let most = (all / groups.len().max(1)).max(least);
    groups.iter_mut().for_each(|rows| rows.truncate(most));
    groups
}

//! What can be checked of the paper's Condition 4.3 on a graph.
//!
//! It asks that for every set C of latents of a modality with children in others, and every set with parents there, the matrix A
//! of their links (one column per latent of C, one row per latent of the other modalities) has
//!
//!   |union of the supports of its columns| - d* > largest support of one column ,   (4)
//!
//! d* the most rows with more than one entry whose rank is below |C|, and that this stays so under every invertible map of each
//! other modality. Read literally no graph satisfies it: with one latent in C, (4) says s > s, and some map makes every column dense. Checked
//! is (4) for sets of two and more, without such maps, for entries in general position; and that each latent has a link at all, as
//! the paper's own data have. A set that contains a smaller one that fails says nothing new. Links one to one pass; a shared child
//! or a shared parent beside fewer links of its own does not.

/// Per latent: whether it has a link to another modality, and no set that fails (4) contains it. `parents` as in `links`.
pub(super) fn distinct_links(parents: &[Vec<usize>], k: usize) -> Vec<bool> {
    let latents = parents.len();
    let linked = |i: usize, j: usize| i / k != j / k && (parents[j].contains(&i) || parents[i].contains(&j));
    let mut distinct: Vec<bool> = (0..latents).map(|i| (0..latents).any(|j| linked(i, j))).collect();
    for modality in 0..latents / k {
        let is_child = |i: usize, j: usize| i / k != j / k && parents[j].contains(&i);
        let is_parent = |i: usize, j: usize| is_child(j, i);
        for entry in [&is_child as &dyn Fn(usize, usize) -> bool, &is_parent] {
            // Per row of A, which of the modality's latents have an entry there.
            let row = |j: usize| (0..k).fold(0, |set, c| set | (u32::from(entry(modality * k + c, j)) << c));
            let failing = entangled(&(0..latents).map(row).collect::<Vec<u32>>(), k);
            (0..k).filter(|c| failing >> c & 1 == 1).for_each(|c| distinct[modality * k + c] = false);
        }
    }
    distinct
}

/// The columns in the smallest sets that fail.
fn entangled(rows: &[u32], k: usize) -> u32 {
    let present = rows.iter().fold(0, |all, row| all | row);
    let mut sets: Vec<u32> = (1..1u32 << k).filter(|set| set & !present == 0 && set.count_ones() > 1).collect();
    sets.sort_by_key(|set| set.count_ones());
    let mut failing: Vec<u32> = Vec::new();
    for set in sets {
        if failing.iter().all(|smaller| set & smaller != *smaller) && !separates(rows, set) {
            failing.push(set);
        }
    }
    failing.into_iter().fold(0, |all, set| all | set)
}

/// Equation (4) for the columns in `set`.
fn separates(rows: &[u32], set: u32) -> bool {
    let rows: Vec<u32> = rows.iter().map(|row| row & set).filter(|&row| row != 0).collect();
    let largest = (0..32).map(|c| rows.iter().filter(|&&row| row >> c & 1 == 1).count()).max().unwrap_or(0);
    rows.len() > largest + deficient(&rows, set)
}

/// d*: the most rows with more than one entry whose rank is below the number of columns. In general position the rank of rows
/// is the least number of rows and columns that cover their entries.
fn deficient(rows: &[u32], set: u32) -> usize {
    let overlap: Vec<u32> = rows.iter().copied().filter(|row| row.count_ones() > 1).collect();
    let mut most = 0;
    let mut cover = set;
    loop {
        // Some columns, fewer than all, cover the rows that lie within them; each further row costs one.
        cover = cover.wrapping_sub(1) & set;
        let within = overlap.iter().filter(|&&row| row & !cover == 0).count();
        let further = (set.count_ones() - cover.count_ones() - 1) as usize;
        most = most.max(within + further.min(overlap.len() - within));
        if cover == 0 {
            return most;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two modalities, links (from, to).
    fn of(k: usize, links: &[(usize, usize)]) -> Vec<bool> {
        let mut parents = vec![Vec::new(); 2 * k];
        links.iter().for_each(|&(from, to)| parents[k + to].push(from));
        distinct_links(&parents, k)
    }

    #[test]
    fn links_one_to_one_are_distinct_and_shared_ones_are_not() {
        assert_eq!(of(2, &[(0, 0), (1, 1)]), [true; 4]);
        // All links, or one fewer: no two latents can be told apart by their links.
        assert_eq!(of(2, &[(0, 0), (0, 1), (1, 0), (1, 1)]), [false; 4]);
        assert_eq!(of(2, &[(0, 0), (0, 1), (1, 1)]), [false; 4]);
        // Without a link nothing speaks for a latent.
        assert_eq!(of(2, &[(0, 0)]), [true, false, true, false]);
        // One link more: the latent that neither end of it shares a link with stays distinct.
        assert_eq!(of(3, &[(0, 0), (1, 1), (2, 2), (0, 2)]), [false, true, false, false, true, false]);
    }

    #[test]
    fn equation_4_has_the_values_derived_by_hand() {
        // Columns {1, 2} and {3}: 3 rows, none shared, largest 2: 3 - 0 > 2.
        assert!(separates(&[0b01, 0b01, 0b10], 0b11));
        // Columns {1, 2, 3} and {3, 4, 5}: union 5, d* = 1 (one shared row), largest 3: 4 > 3.
        assert!(separates(&[0b01, 0b01, 0b11, 0b10, 0b10], 0b11));
        // Columns {1, 2} and {2, 3}: 3 - 1 > 2 fails.
        assert!(!separates(&[0b01, 0b11, 0b10], 0b11));
        // Three full columns over three rows have rank 3; two rows have rank 2 < 3.
        assert_eq!(deficient(&[0b111, 0b111, 0b111], 0b111), 2);
        // Three rows within two columns have rank 2 < 3, and no further row may be added.
        assert_eq!(deficient(&[0b011, 0b011, 0b011, 0b110], 0b111), 3);
    }
}

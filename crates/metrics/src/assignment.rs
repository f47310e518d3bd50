//! The cheapest way to pair rows with columns: minimise `sum_i cost[i, p(i)]` over one-to-one pairings `p` of
//! `min(rows, cols)` pairs.
//!
//! Jonker-Volgenant: column reduction, reduction transfer, augmenting row reduction, then one shortest augmenting path for
//! each row still free. The duals `u`, `v` that the search keeps are returned: they prove the optimum ([`Assignment::certify`]).
//!
//! - Any shape, `0 x m` and `n x 0` included. A tall matrix is solved transposed. A wide one starts from `v = 0` without
//!   the column reduction, because a column that stays unpaired must keep the price 0.
//! - Every cost must be finite: NaN and both infinities are refused. To forbid a pair, give it a cost above the sum of all
//!   others.
//! - Ties: a column nobody holds before a held one, then the lowest index. No randomness, no dependence on threads.
//! - Every loop is bounded: O(rows^2 cols) in the worst case.
//!
//! Source: *A shortest augmenting path algorithm for dense and sparse linear assignment problems* (Jonker, Volgenant, 1987),
//! <https://doi.org/10.1007/BF02278710>; rectangular form: *On implementing 2D rectangular assignment algorithms*
//! (Crouse, 2016), <https://doi.org/10.1109/TAES.2016.140952>.

use crate::lanes::{Distances, relax, two_smallest};
use disentangle_data::{Code, Failure, Matrix, Result};
use pulp::Arch;

/// Marks a row or column that is not paired yet.
const FREE: usize = usize::MAX;
/// Passes of augmenting row reduction; the third pays for itself on no kind of matrix we tried.
const ROW_REDUCTIONS: usize = 2;

/// An optimal pairing with the duals that prove it.
#[derive(Debug, Clone, PartialEq)]
pub struct Assignment {
    /// Column of each row; `None` for the `rows - cols` rows a tall matrix leaves over.
    pub row_to_col: Vec<Option<usize>>,
    /// Sum of the chosen costs, added in order of rows.
    pub cost: f64,
    /// Price of each row.
    pub u: Vec<f64>,
    /// Price of each column.
    pub v: Vec<f64>,
}

/// Finds the pairing of least total cost.
///
/// # Errors
/// `DATA_NOT_FINITE` for a cost that is NaN or infinite, or so large that sums of costs would overflow.
pub fn assign(cost: &Matrix<f64>) -> Result<Assignment> {
    refuse_unusable(cost)?;
    let (n, m) = (cost.rows(), cost.cols());
    let tall = n > m;
    let turned = tall.then(|| cost.transposed());
    let (col_of, prices) = Search::new(turned.as_ref().unwrap_or(cost)).run();
    let wide = turned.as_ref().unwrap_or(cost);
    let rows: Vec<f64> = col_of.iter().enumerate().map(|(i, &j)| wide[(i, j)] - prices[j]).collect();
    let mut row_to_col = vec![None; n];
    for (i, &j) in col_of.iter().enumerate() {
        if tall {
            row_to_col[j] = Some(i);
        } else {
            row_to_col[i] = Some(j);
        }
    }
    let total = row_to_col.iter().enumerate().filter_map(|(i, j)| j.map(|j| cost[(i, j)])).sum();
    let (u, v) = if tall { (prices, rows) } else { (rows, prices) };
    Ok(Assignment { row_to_col, cost: total, u, v })
}

fn refuse_unusable(cost: &Matrix<f64>) -> Result<()> {
    // A price is at most a path of cost differences long, so sums below this limit stay finite.
    let limit = f64::MAX / (8.0 * (cost.rows() + cost.cols() + 1) as f64);
    match cost.data().iter().position(|c| c.is_nan() || c.abs() > limit) {
        None => Ok(()),
        Some(at) => {
            let (i, j) = (at / cost.cols(), at % cost.cols());
            let value = cost.data()[at];
            Err(Failure::new(
                Code::DataNotFinite,
                format!("cost of row {i}, column {j}: {value}, expected a finite cost"),
            )
            .hint("to forbid a pair, give it a finite cost above the sum of all others")
            .with("row", i)
            .with("column", j))
        }
    }
}

/// State of the search on a matrix with at most as many rows as columns.
struct Search<'a> {
    arch: Arch,
    cost: &'a Matrix<f64>,
    /// Price of each column. Every paired row is paired at its minimum of `cost - v`.
    v: Vec<f64>,
    row_of: Vec<usize>,
    col_of: Vec<usize>,
}

impl<'a> Search<'a> {
    fn new(cost: &'a Matrix<f64>) -> Self {
        let (n, m) = (cost.rows(), cost.cols());
        Self { arch: Arch::new(), cost, v: vec![0.0; m], row_of: vec![FREE; m], col_of: vec![FREE; n] }
    }

    /// Column of each row, and the price of each column.
    fn run(mut self) -> (Vec<usize>, Vec<f64>) {
        let (n, m) = (self.cost.rows(), self.cost.cols());
        if n == m && n > 0 {
            self.reduce_columns();
        }
        let mut free: Vec<usize> = (0..n).filter(|&i| self.col_of[i] == FREE).collect();
        for _ in 0..ROW_REDUCTIONS {
            free = self.reduce_rows(free);
        }
        self.augment(&free);
        (self.col_of, self.v)
    }

    fn pair(&mut self, i: usize, j: usize) {
        self.row_of[j] = i;
        self.col_of[i] = j;
    }

    /// Column reduction and reduction transfer: each column costs its minimum and goes to the row that has it.
    fn reduce_columns(&mut self) {
        let (n, cost) = (self.cost.rows(), self.cost);
        self.v.copy_from_slice(cost.row(0));
        let mut cheapest = vec![0; n];
        for i in 1..n {
            for ((&c, v), at) in cost.row(i).iter().zip(&mut self.v).zip(&mut cheapest) {
                *at = if c < *v { i } else { *at };
                *v = if c < *v { c } else { *v };
            }
        }
        let mut wanted_by = vec![0; n];
        for (j, &i) in cheapest.iter().enumerate() {
            wanted_by[i] += 1;
            if self.col_of[i] == FREE {
                self.pair(i, j);
            }
        }
        for (i, _) in wanted_by.iter().enumerate().filter(|&(_, &count)| count == 1) {
            // The row's own column is at reduced cost 0, the least there is, so the second smallest is over the others.
            let second = two_smallest(self.arch, cost.row(i), &self.v).second;
            if second.is_finite() {
                self.v[self.col_of[i]] -= second;
            }
        }
    }

    /// Augmenting row reduction: each free row takes its best column, at a price that makes the second best equal, and
    /// pushes out who held it. Returns the rows that stay free.
    fn reduce_rows(&mut self, free: Vec<usize>) -> Vec<usize> {
        let cost = self.cost;
        // A chain of push-outs could go on for as long as prices fall by the last bit; what is left over is augmented.
        let mut budget = 4 * cost.rows() + 16;
        let mut left = Vec::new();
        for start in free {
            let mut i = start;
            loop {
                let best = two_smallest(self.arch, cost.row(i), &self.v);
                let mut j = best.at;
                if best.first < best.second && best.second.is_finite() {
                    self.v[j] -= best.second - best.first;
                } else if self.row_of[j] != FREE {
                    let row = cost.row(i);
                    let open = (0..row.len()).find(|&k| self.row_of[k] == FREE && row[k] - self.v[k] == best.first);
                    let Some(open) = open else {
                        left.push(i);
                        break;
                    };
                    j = open;
                }
                let holder = self.row_of[j];
                self.pair(i, j);
                if holder == FREE {
                    break;
                }
                self.col_of[holder] = FREE;
                if budget == 0 {
                    left.push(holder);
                    break;
                }
                budget -= 1;
                i = holder;
            }
        }
        left
    }

    /// One shortest augmenting path (Dijkstra on reduced costs) for each free row.
    fn augment(&mut self, free: &[usize]) {
        let (m, cost) = (self.cost.cols(), self.cost);
        let mut open: Vec<usize> = (0..m).filter(|&j| self.row_of[j] == FREE).collect();
        let mut distances = Distances { to: vec![0.0; m], from: vec![0; m] };
        let mut price = vec![0.0; m];
        let mut done: Vec<(usize, f64)> = Vec::new();
        for &start in free {
            distances.to.fill(f64::INFINITY);
            price.copy_from_slice(&self.v);
            done.clear();
            let (mut i, mut shift, mut reached) = (start, 0.0, f64::NEG_INFINITY);
            let mut j = loop {
                let (least, lowest) = relax(self.arch, &mut distances, cost.row(i), &price, i, shift);
                // Rounding may put a distance a bit below the last one; prices must not rise.
                reached = reached.max(least);
                if let Some(k) = open.iter().position(|&k| distances.to[k] == least) {
                    break open.remove(k);
                }
                done.push((lowest, reached));
                // At price minus infinity a settled column is never improved, at distance infinity never chosen again.
                price[lowest] = f64::NEG_INFINITY;
                distances.to[lowest] = f64::INFINITY;
                i = self.row_of[lowest];
                shift = cost[(i, lowest)] - self.v[lowest] - reached;
            };
            for &(k, at) in &done {
                self.v[k] += at - reached;
            }
            loop {
                let i = distances.from[j] as usize;
                self.row_of[j] = i;
                std::mem::swap(&mut self.col_of[i], &mut j);
                if i == start {
                    break;
                }
            }
        }
    }
}

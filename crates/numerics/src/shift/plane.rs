//! The axes of two latents by likelihood alone, in the plane that both span, and how far any other axes fall short.
//!
//! Linear mechanisms with coefficients of the environment fit every linear map of the latents, in any order: where the noise is
//! so small, or shifts so little, that nothing bends, axes of equal variance structure are no evidence. What tells axes apart is one curve
//! that all environments share. With x = cos(a) z_i + sin(a) z_j and y across it, in standard deviations,
//!
//!   C(a) = sum_u n_u ( log Var_u(x | P) + log Var_u(y - b x - l(u) f(x) | P) ) / 2 + sum_c n misfit(c | x, y, others)   in nats,
//!
//! f a sum of five functions and b a number, both the same in all environments, l(u) free; P are the other parents of both
//! latents, and c their effects, by free functions. b x is what a mixing can absorb: it is taken out, and says nothing.

use super::environments::sample;
use super::order::{FUNCTIONS, Order, functions};
use crate::linalg::solve_positive;
use disentangle_data::Matrix;
use std::f64::consts::PI;

/// Added to covariances of functions of unit size, which nearly depend on each other.
const RIDGE: f64 = 1e-6;
const LEAST_VARIANCE: f64 = 1e-9;
/// Angles in half a turn: 3 degrees apart.
const ANGLES: usize = 60;
/// Rows that a plane is looked at with, shared out over the environments, and at least so many of each.
const ROWS: usize = 8000;
const ROWS_OF_ENVIRONMENT: usize = 150;
/// Alternations of coefficients and curve, from each of the functions but the cube.
const ALTERNATIONS: usize = 8;
const BEGINNINGS: usize = 4;
/// Correlation with an axis below which another one is no longer about the same.
const SAME: f64 = 0.9;
/// Standard deviations above chance from which dependence in environments is there.
const DEPENDENT: f64 = 4.0;

/// How well the axes of a latent are told from others in the plane of it and another one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Apart {
    /// The other latent of the plane.
    pub with: usize,
    /// By how much axes elsewhere in the plane explain the rows worse, in nats: about 0 where any are as good, below 0 where others are
    /// better.
    pub gap: f64,
}

/// What is looked at: a plane of two latents, and what stands around it.
struct Plane<'a> {
    /// Standardised latents, and the rows of each environment.
    z: &'a Matrix<f64>,
    groups: Vec<Vec<usize>>,
    pair: [usize; 2],
    /// Correlation of the pair.
    r: f64,
    /// Other latents as causes: `parents` of the pair come first, then those of its effects alone.
    others: Vec<usize>,
    parents: usize,
    /// Effects of the pair, each with its other parents as places in `others`.
    effects: Vec<(usize, Vec<usize>)>,
}

/// Moments of one environment: functions of x, x and y without what other parents explain, and what is left of the effects.
struct Seen {
    rows: f64,
    moments: Matrix<f64>,
    effects: f64,
}

/// Columns of mean 0 and variance 1, with what they were divided by.
fn standardised(z: &Matrix<f64>) -> (Matrix<f64>, Vec<f64>) {
    let n = z.rows() as f64;
    let (mut out, mut sds) = (z.clone(), Vec::with_capacity(z.cols()));
    for j in 0..z.cols() {
        let mean = (0..z.rows()).map(|r| z[(r, j)]).sum::<f64>() / n;
        let sd = ((0..z.rows()).map(|r| (z[(r, j)] - mean).powi(2)).sum::<f64>() / n).sqrt().max(f64::MIN_POSITIVE);
        (0..z.rows()).for_each(|r| out[(r, j)] = (z[(r, j)] - mean) / sd);
        sds.push(sd);
    }
    (out, sds)
}

/// Takes the first `count` variables out of covariances.
fn eliminate(m: &mut Matrix<f64>, count: usize) {
    let width = m.rows();
    for p in 0..count {
        let pivot = m[(p, p)] + RIDGE;
        for a in p + 1..width {
            let share = m[(a, p)] / pivot;
            for b in p + 1..width {
                m[(a, b)] -= share * m[(p, b)];
            }
        }
    }
}

impl<'a> Plane<'a> {
    /// `None` where a path leads from one latent to the other by a third: turning both would turn that one, too.
    fn new(z: &'a Matrix<f64>, environments: &[u32], found: &Order, pair: [usize; 2]) -> Option<Self> {
        let [i, j] = pair;
        let outside = |p: &usize| *p != i && *p != j;
        let between = |k: usize| (found.leads(i, k) && found.leads(k, j)) || (found.leads(j, k) && found.leads(k, i));
        if (0..z.cols()).filter(outside).any(between) {
            return None;
        }
        let groups = sample(environments, 2 * FUNCTIONS, ROWS, ROWS_OF_ENVIRONMENT);
        let of_pair = |p: &usize| pair.iter().any(|&l| found.parents[l].contains(p));
        let mut others: Vec<usize> = (0..z.cols()).filter(outside).filter(of_pair).collect();
        let parents = others.len();
        let mut effects = Vec::new();
        for c in (0..z.cols()).filter(outside).filter(|&c| pair.iter().any(|l| found.parents[c].contains(l))) {
            let place = |&p: &usize| match others.iter().position(|&o| o == p) {
                Some(place) => place,
                None => {
                    others.push(p);
                    others.len() - 1
                }
            };
            let own: Vec<usize> = found.parents[c].iter().filter(|p| outside(p)).map(place).collect();
            effects.push((c, own));
        }
        let r = (0..z.rows()).map(|row| z[(row, i)] * z[(row, j)]).sum::<f64>() / z.rows() as f64;
        let r = r.clamp(-1.0 + 1e-9, 1.0 - 1e-9);
        (!groups.is_empty()).then_some(Self { z, groups, pair, r, others, parents, effects })
    }

    /// Of y in z_j = r z_i + across y.
    fn across(&self) -> f64 {
        (1.0 - self.r * self.r).sqrt()
    }

    /// The angle of each of both latents.
    fn own(&self) -> [f64; 2] {
        [0.0, self.across().atan2(self.r)]
    }

    /// x and y by the latents of the pair.
    fn axes(&self, angle: f64) -> [[f64; 2]; 2] {
        let (c, s, across) = (angle.cos(), angle.sin(), self.across());
        [[c - s * self.r / across, s / across], [-s - c * self.r / across, c / across]]
    }

    /// Of every environment at an angle.
    fn seen(&self, angle: f64) -> Vec<Seen> {
        let [of_x, of_y] = self.axes(angle);
        let [i, j] = self.pair;
        // Columns: functions of the others, of x, of y; x and y; effects.
        let x_from = self.others.len() * FUNCTIONS;
        let y_from = x_from + FUNCTIONS;
        let bare = y_from + if self.effects.is_empty() { 0 } else { FUNCTIONS };
        let width = bare + 2 + self.effects.len();
        let mut row = vec![0.0; width];
        let of_group = |group: &Vec<usize>| {
            let mut sums = vec![0.0; width];
            let mut products = Matrix::<f64>::zeros(width, width);
            for &r in group {
                let z = self.z.row(r);
                let (x, y) = (of_x[0] * z[i] + of_x[1] * z[j], of_y[0] * z[i] + of_y[1] * z[j]);
                for (&p, into) in self.others.iter().zip(row.chunks_exact_mut(FUNCTIONS)) {
                    into.copy_from_slice(&functions(z[p]));
                }
                row[x_from..y_from].copy_from_slice(&functions(x));
                if bare > y_from {
                    row[y_from..bare].copy_from_slice(&functions(y));
                }
                (row[bare], row[bare + 1]) = (x, y);
                self.effects.iter().zip(&mut row[bare + 2..]).for_each(|((c, _), into)| *into = z[*c]);
                for a in 0..width {
                    let by = row[a];
                    sums[a] += by;
                    products.row_mut(a)[..=a].iter_mut().zip(&row).for_each(|(s, v)| *s += by * v);
                }
            }
            let n = group.len() as f64;
            let among = |columns: &[usize]| {
                let of = |a: usize, b: usize| (products[(a.max(b), a.min(b))] - sums[a] * sums[b] / n) / n;
                Matrix::from_fn(columns.len(), columns.len(), |a, b| of(columns[a], columns[b]))
            };
            let mut effects = 0.0;
            for (e, (_, causes)) in self.effects.iter().enumerate() {
                let of_causes = causes.iter().flat_map(|place| place * FUNCTIONS..(place + 1) * FUNCTIONS);
                let columns: Vec<usize> = of_causes.chain(x_from..bare).chain([bare + 2 + e]).collect();
                let mut m = among(&columns);
                let last = columns.len() - 1;
                eliminate(&mut m, last);
                effects += 0.5 * n * m[(last, last)].max(LEAST_VARIANCE).ln();
            }
            let skipped = self.parents * FUNCTIONS;
            let columns: Vec<usize> = (0..skipped).chain(x_from..y_from).chain([bare, bare + 1]).collect();
            let mut m = among(&columns);
            eliminate(&mut m, skipped);
            let moments = Matrix::from_fn(FUNCTIONS + 2, FUNCTIONS + 2, |a, b| m[(skipped + a, skipped + b)]);
            Seen { rows: n, moments, effects }
        };
        self.groups.iter().map(of_group).collect()
    }

    /// C at an angle.
    fn cost(&self, angle: f64) -> f64 {
        let seen = self.seen(angle);
        let first = |of: &Seen| of.effects + 0.5 * of.rows * of.moments[(X, X)].max(LEAST_VARIANCE).ln();
        seen.iter().map(first).sum::<f64>() + shared_curve(&seen)
    }

    /// C at equally spaced angles.
    fn all(&self) -> Vec<(f64, f64)> {
        (0..ANGLES).map(|a| PI * a as f64 / ANGLES as f64).map(|angle| (angle, self.cost(angle))).collect()
    }

    /// Whether lines of the environments explain one latent of the pair by the other beyond chance.
    fn dependent(&self) -> bool {
        let (r, across) = (self.r, self.across());
        let gained = |of: &Seen| {
            let m = &of.moments;
            let (xx, xy) = (m[(X, X)], r * m[(X, X)] + across * m[(X, Y)]);
            let yy = r * r * m[(X, X)] + 2.0 * r * across * m[(X, Y)] + across * across * m[(Y, Y)];
            let share = (xy * xy / (xx * yy).max(f64::MIN_POSITIVE)).min(1.0 - LEAST_VARIANCE);
            -0.5 * of.rows * (-share).ln_1p()
        };
        let chance = 0.5 * self.groups.len() as f64;
        self.seen(0.0).iter().map(gained).sum::<f64>() > chance + DEPENDENT * chance.sqrt()
    }
}

/// Columns of x and y in the moments.
const X: usize = FUNCTIONS;
const Y: usize = FUNCTIONS + 1;

/// The least sum_u n_u log Var_u(y - b x - l(u) f(x)) / 2 over l, f and b.
fn shared_curve(seen: &[Seen]) -> f64 {
    let mut best = f64::INFINITY;
    for beginning in 0..BEGINNINGS {
        let (mut curve, mut line) = ([0.0; FUNCTIONS], 0.0);
        curve[beginning] = 1.0;
        for _ in 0..ALTERNATIONS {
            let size = FUNCTIONS + 1;
            let (mut left, mut h, mut g) = (0.0, Matrix::<f64>::zeros(size, size), vec![0.0; size]);
            for Seen { rows, moments: m, .. } in seen {
                let of_curve = |column: usize| (0..FUNCTIONS).map(|a| curve[a] * m[(a, column)]).sum::<f64>();
                let square: f64 = (0..FUNCTIONS).map(|a| curve[a] * of_curve(a)).sum();
                let with = of_curve(Y) - line * of_curve(X);
                let l = with / (square + LEAST_VARIANCE);
                let target = m[(Y, Y)] - 2.0 * line * m[(X, Y)] + line * line * m[(X, X)];
                let variance = (target - l * with).max(LEAST_VARIANCE);
                left += 0.5 * rows * variance.ln();
                let weight = rows / variance;
                for a in 0..FUNCTIONS {
                    for b in 0..FUNCTIONS {
                        h[(a, b)] += weight * l * l * m[(a, b)];
                    }
                    h[(a, X)] += weight * l * m[(a, X)];
                    g[a] += weight * l * m[(a, Y)];
                }
                h[(X, X)] += weight * m[(X, X)];
                g[X] += weight * m[(X, Y)];
            }
            best = best.min(left);
            let ridge = RIDGE * (0..size).map(|a| h[(a, a)]).sum::<f64>() / size as f64;
            (0..size).for_each(|a| h[(a, a)] += ridge);
            (0..FUNCTIONS).for_each(|a| h[(X, a)] = h[(a, X)]);
            let Ok(next) = solve_positive(&h, &g) else { break };
            curve.copy_from_slice(&next[..FUNCTIONS]);
            line = next[X];
        }
    }
    best
}

/// Every plane of two latents.
fn pairs(k: usize) -> impl Iterator<Item = [usize; 2]> {
    (0..k).flat_map(|j| (0..j).map(move |i| [i, j]))
}

/// For each latent the plane in which its axes are told apart worst; `None` where it depends on no other latent in a plane of its own.
/// `found` is the order of `z`.
pub fn apart(z: &Matrix, environments: &[u32], found: &Order) -> Vec<Option<Apart>> {
    let (z, _) = standardised(&z.to_f64());
    let mut worst: Vec<Option<Apart>> = vec![None; z.cols()];
    for pair in pairs(z.cols()) {
        let Some(plane) = Plane::new(&z, environments, found, pair).filter(Plane::dependent) else { continue };
        let own = plane.own().map(|angle| (angle, plane.cost(angle)));
        let first = if own[0].1 <= own[1].1 { own[0] } else { own[1] };
        let (mut near, mut far) = (first.1, f64::INFINITY);
        for (angle, cost) in plane.all() {
            let least = if (angle - first.0).cos().abs() < SAME { &mut far } else { &mut near };
            *least = least.min(cost);
        }
        for (latent, with) in [(pair[0], pair[1]), (pair[1], pair[0])] {
            let gap = far - near;
            if worst[latent].is_none_or(|worst| gap < worst.gap) {
                worst[latent] = Some(Apart { with, gap });
            }
        }
    }
    worst
}

#[cfg(test)]
mod laws;

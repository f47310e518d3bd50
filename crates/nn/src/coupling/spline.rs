//! Monotone rational-quadratic splines: *Neural Spline Flows* (Durkan et al., 2019), section 3.1 and appendix A;
//! the pieces after *Piecewise rational quadratic interpolation to monotonic data* (Gregory, Delbourgo, 1982).

mod piece;

use crate::activation::Activation;
use crate::element::{Element, for_real, give, slice, with_values};
use crate::fused::fused;
use candle_core::{CpuStorage, CustomOp2, D, Error, Layout, Result, Shape, Tensor};
use disentangle_numerics::real::Real;
use piece::{Dual, Piece};

/// A spline on ±bound with `bins` pieces; outside it is the identity.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spline {
    /// Pieces, at least 2 (one alone would be the identity) and at most 500.
    pub bins: usize,
    /// Where the identity begins, > 0.
    pub bound: f64,
}

/// Which way a map is followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Toward {
    /// From x to y.
    Image,
    /// From y to x.
    Preimage,
}

/// Least share of a width or height, and least slope at a knot: thinner pieces lose their inverse to rounding.
const LEAST: f64 = 1e-3;

impl Spline {
    /// Numbers for each entry: widths, heights, and slopes at the inner knots. All zero is the identity.
    pub fn parameters(self) -> usize {
        3 * self.bins - 1
    }

    /// `LEAST + softplus(0 + shift)` is 1.
    fn shift() -> f64 {
        (1.0 - LEAST).exp_m1().ln()
    }
}

/// The spline of each entry: `x [n, d]` and `raw [n, d * parameters]`, the numbers of column after column, give the
/// image (or preimage) `[n, d]` and the log-determinant of that map for each row, `[n]`. In double precision inside.
///
/// # Errors
/// Shapes that do not fit, too few or too many bins, a bound that is not positive, or those of candle.
pub fn spline(x: &Tensor, raw: &Tensor, kind: Spline, toward: Toward) -> Result<(Tensor, Tensor)> {
    let (n, d) = x.dims2()?;
    if kind.bins < 2 || kind.bins > 500 || kind.bound <= 0.0 || raw.dims() != [n, d * kind.parameters()] {
        let raw = raw.shape();
        return Err(Error::Msg(format!("{kind:?}: x [{n}, {d}] and raw {raw:?} do not fit together")).bt());
    }
    if !fused(x.device()) {
        return spline_expression(x, raw, kind, toward);
    }
    let both = x.contiguous()?.apply_op2(&raw.contiguous()?, Op { kind, toward })?;
    Ok((both.narrow(1, 0, d)?, both.narrow(1, d, d)?.sum(1)?))
}

/// The same as [`spline`] as candle expressions.
///
/// # Errors
/// Those of candle.
pub fn spline_expression(x: &Tensor, raw: &Tensor, kind: Spline, toward: Toward) -> Result<(Tensor, Tensor)> {
    let ((n, d), k) = (x.dims2()?, kind.bins);
    let raw = raw.reshape((n, d, kind.parameters()))?;
    let sizes = |from| -> Result<Tensor> {
        let u = raw.narrow(2, from, k)?;
        let e = u.broadcast_sub(&u.detach().max_keepdim(2)?)?.exp()?;
        let share = e.broadcast_div(&e.sum_keepdim(2)?)?;
        share.affine(2.0 * kind.bound * (1.0 - LEAST * k as f64), 2.0 * kind.bound * LEAST)
    };
    let (widths, heights) = (sizes(0)?, sizes(k)?);
    let start = |sizes: &Tensor| (sizes.cumsum(2)? - sizes)? - kind.bound;
    let (left, bottom) = (start(&widths)?, start(&heights)?);
    let one = Tensor::ones((n, d, 1), x.dtype(), x.device())?;
    let inner = Activation::Softplus.expression(&(raw.narrow(2, 2 * k, k - 1)? + Spline::shift())?)?;
    let slopes = Tensor::cat(&[&one, &(inner + LEAST)?, &one], 2)?;
    let inside = (x.ge(-kind.bound)? * x.le(kind.bound)?)?.to_dtype(x.dtype())?;
    // Outside, the middle of the interval stands in: what it gives is multiplied by zero and must not be NaN.
    let at = (x * &inside)?;
    // The piece of each entry as a row of one 1 and zeros: the last whose start is not above it.
    let starts = if toward == Toward::Image { &left } else { &bottom };
    let reached = starts.broadcast_le(&at.unsqueeze(2)?)?.to_dtype(x.dtype())?.narrow(2, 1, k - 1)?;
    let piece = (Tensor::cat(&[&one, &reached], 2)? - Tensor::cat(&[&reached, &one.zeros_like()?], 2)?)?;
    let pick = |values: &Tensor| (values * &piece)?.sum(D::Minus1);
    let (x0, w, y0, h) = (pick(&left)?, pick(&widths)?, pick(&bottom)?, pick(&heights)?);
    let (d0, d1) = (pick(&slopes.narrow(2, 0, k)?)?, pick(&slopes.narrow(2, 1, k)?)?);
    let s = (&h / &w)?;
    let bend = ((&d0 + &d1)? - (&s * 2.0)?)?;
    let t = match toward {
        Toward::Image => ((at - &x0)? / &w)?,
        Toward::Preimage => {
            let rise = (at - &y0)?;
            let a = ((&h * (&s - &d0)?)? + (&rise * &bend)?)?;
            let b = ((&h * &d0)? - (&rise * &bend)?)?;
            let c = (&s * rise)?.neg()?;
            let root = (b.sqr()? - (a * &c)?.affine(4.0, 0.0)?)?.sqrt()?;
            ((c * 2.0)? / (b.neg()? - root)?)?
        }
    };
    let u = t.affine(-1.0, 1.0)?;
    let tu = (&t * &u)?;
    let below = (&s + (bend * &tu)?)?;
    let y = (&y0 + (&h * ((&s * t.sqr()?)? + (&d0 * &tu)?)?)?.div(&below)?)?;
    let above = (((&d1 * t.sqr()?)? + (&s * &tu)?.affine(2.0, 0.0)?)? + (&d0 * u.sqr()?)?)?;
    let log_slope = ((s.log()? * 2.0)? + (above.log()? - (below.log()? * 2.0)?)?)?;
    let outside = (x * inside.affine(-1.0, 1.0)?)?;
    let (value, log_slope) = match toward {
        Toward::Image => (y, log_slope),
        Toward::Preimage => (((t * w)? + x0)?, log_slope.neg()?),
    };
    Ok((((value * &inside)? + outside)?, (log_slope * inside)?.sum(1)?))
}

struct Op {
    kind: Spline,
    toward: Toward,
}

/// The knots of one entry, and what the backward pass needs of them.
struct Knots {
    shares: [Vec<f64>; 2],
    sizes: [Vec<f64>; 2],
    slopes: Vec<f64>,
}

impl Knots {
    fn of<T: Real>(raw: &[T], kind: Spline) -> Self {
        let k = kind.bins;
        let shares = [softmax(&raw[..k]), softmax(&raw[k..2 * k])];
        let free = 1.0 - LEAST * k as f64;
        let size = |share: &f64| 2.0 * kind.bound * (LEAST + free * share);
        let sizes = [0, 1].map(|i| shares[i].iter().map(size).collect());
        let mut slopes = vec![1.0; k + 1];
        for (slope, u) in slopes[1..].iter_mut().zip(&raw[2 * k..]) {
            let u = u.wide() + Spline::shift();
            *slope = LEAST + u.max(0.0) + (-u.abs()).exp().ln_1p();
        }
        Self { shares, sizes, slopes }
    }

    /// Index and numbers of the piece that holds the entry.
    fn piece(&self, at: f64, kind: Spline, toward: Toward) -> (usize, Piece) {
        let (mut x0, mut y0) = (-kind.bound, -kind.bound);
        let mut i = 0;
        let [widths, heights] = &self.sizes;
        while i + 1 < kind.bins {
            let end = if toward == Toward::Image { x0 + widths[i] } else { y0 + heights[i] };
            if at < end {
                break;
            }
            (x0, y0, i) = (x0 + widths[i], y0 + heights[i], i + 1);
        }
        (i, Piece { x0, w: widths[i], y0, h: heights[i], d0: self.slopes[i], d1: self.slopes[i + 1] })
    }
}

fn softmax<T: Real>(u: &[T]) -> Vec<f64> {
    let top = u.iter().map(|u| u.wide()).fold(f64::NEG_INFINITY, f64::max);
    let e: Vec<f64> = u.iter().map(|u| (u.wide() - top).exp()).collect();
    let sum: f64 = e.iter().sum();
    e.into_iter().map(|e| e / sum).collect()
}

impl Op {
    /// Value and log-slope of one entry.
    fn value<T: Real>(&self, x: f64, raw: &[T]) -> [f64; 2] {
        // A piece reads only its own slopes: NaN among the others must reach the output all the same.
        let poison: f64 = raw.iter().map(|u| u.wide() * 0.0).sum();
        if !(-self.kind.bound..=self.kind.bound).contains(&x) {
            return [x + poison, poison];
        }
        let (_, piece) = Knots::of(raw, self.kind).piece(x, self.kind, self.toward);
        let [value, log_slope] = piece.follow(x, self.toward).map(|v| v.value);
        [value + poison, log_slope + poison]
    }

    /// Gradients of the entry and, added, of its numbers, given those of value and log-slope.
    fn pull_back<T: Real>(&self, x: f64, raw: &[T], gradient: [f64; 2], d_raw: &mut [T]) -> f64 {
        if !(-self.kind.bound..=self.kind.bound).contains(&x) {
            return gradient[0];
        }
        let k = self.kind.bins;
        let knots = Knots::of(raw, self.kind);
        let (at, piece) = knots.piece(x, self.kind, self.toward);
        let [value, log_slope] = piece.follow(x, self.toward);
        let slope = |i: usize| gradient[0] * value.slopes[i] + gradient[1] * log_slope.slopes[i];
        let scale = 2.0 * self.kind.bound * (1.0 - LEAST * k as f64);
        for (axis, (start, size)) in [(Dual::X0, Dual::W), (Dual::Y0, Dual::H)].into_iter().enumerate() {
            // Every size before the piece moves its start.
            let of_size = |j: usize| match j.cmp(&at) {
                std::cmp::Ordering::Less => slope(start),
                std::cmp::Ordering::Equal => slope(size),
                std::cmp::Ordering::Greater => 0.0,
            };
            let shares = &knots.shares[axis];
            let mean: f64 = shares.iter().enumerate().map(|(j, p)| p * of_size(j)).sum();
            for (j, p) in shares.iter().enumerate() {
                d_raw[axis * k + j] += T::of(scale * p * (of_size(j) - mean));
            }
        }
        for (knot, index) in [(at, Dual::D0), (at + 1, Dual::D1)] {
            if (1..k).contains(&knot) {
                let u = raw[2 * k + knot - 1].wide() + Spline::shift();
                d_raw[2 * k + knot - 1] += T::of(slope(index) / (1.0 + (-u).exp()));
            }
        }
        slope(Dual::AT)
    }
}

impl CustomOp2 for Op {
    fn name(&self) -> &'static str {
        "spline"
    }

    /// Values and log-slopes side by side: `[n, 2 d]`.
    fn cpu_fwd(&self, x: &CpuStorage, lx: &Layout, raw: &CpuStorage, lr: &Layout) -> Result<(CpuStorage, Shape)> {
        use candle_core::backend::BackendStorage;
        let (n, d) = lx.shape().dims2()?;
        let p = self.kind.parameters();
        for_real!(x.dtype(), T => {
            let (x, raw) = (slice::<T>(x, lx)?, slice::<T>(raw, lr)?);
            let mut out = vec![T::ZERO; 2 * n * d];
            for (k, (x, raw)) in x.iter().zip(raw.chunks_exact(p)).enumerate() {
                let [value, log_slope] = self.value(x.wide(), raw);
                let at = k / d * 2 * d + k % d;
                (out[at], out[at + d]) = (T::of(value), T::of(log_slope));
            }
            Ok((T::to_storage(out), Shape::from((n, 2 * d))))
        })
    }

    fn bwd(&self, x: &Tensor, raw: &Tensor, _: &Tensor, gradient: &Tensor) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let (n, d) = x.dims2()?;
        let p = self.kind.parameters();
        let gradient = gradient.contiguous()?;
        for_real!(x.dtype(), T => {
            let mut dx = vec![T::ZERO; n * d];
            let mut d_raw = vec![T::ZERO; n * d * p];
            with_values(x, |x: &[T]| with_values(raw, |raw: &[T]| with_values(&gradient, |g: &[T]| {
                for k in 0..n * d {
                    let at = k / d * 2 * d + k % d;
                    let part = k * p..(k + 1) * p;
                    let pull = [g[at].wide(), g[at + d].wide()];
                    dx[k] = T::of(self.pull_back(x[k].wide(), &raw[part.clone()], pull, &mut d_raw[part]));
                }
            })))???;
            Ok((give(x, dx)?, give(raw, d_raw)?))
        })
    }
}

//! L-BFGS for full-batch stages, in double precision: *Numerical Optimization* (Nocedal, Wright, 2nd ed. 2006),
//! algorithms 7.4 and 7.5 (limited memory), 3.5 and 3.6 (line search for the strong Wolfe conditions).

use std::collections::VecDeque;

/// Settings of [`lbfgs`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LbfgsSettings {
    /// Pairs of moves and gradient changes that stand for the curvature, at least 1.
    pub memory: usize,
    /// Iterations; each costs one evaluation or a few.
    pub iterations: u32,
    /// Converged once no entry of the gradient is larger, >= 0.
    pub gradient_tolerance: f64,
}

impl Default for LbfgsSettings {
    fn default() -> Self {
        Self { memory: 10, iterations: 1000, gradient_tolerance: 1e-8 }
    }
}

/// How a minimisation ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LbfgsOutcome {
    /// The gradient is within its tolerance.
    Converged,
    /// All iterations were spent.
    IterationLimit,
    /// No step along steepest descent lowers the value: the rounding of the value is reached, the gradient is not that
    /// of the value, or every step leaves the finite numbers.
    Stalled,
    /// Value or gradient at the start is not finite.
    NonFinite,
}

/// Where a minimisation ended: the last point that was accepted. Up to rounding no accepted point is worse than the one before.
#[derive(Debug, Clone, PartialEq)]
pub struct Minimum {
    /// The point.
    pub x: Vec<f64>,
    /// The value there.
    pub value: f64,
    /// The gradient there.
    pub gradient: Vec<f64>,
    /// Iterations taken.
    pub iterations: u32,
    /// Evaluations of the function.
    pub evaluations: u32,
    /// Why it ended.
    pub outcome: LbfgsOutcome,
}

/// Minimises a smooth function from `start`; `function` returns value and gradient (of the length of `start`) and may
/// return what is not finite where it is not defined: such steps are shortened.
pub fn lbfgs(start: &[f64], settings: LbfgsSettings, mut function: impl FnMut(&[f64]) -> (f64, Vec<f64>)) -> Minimum {
    let (value, gradient) = function(start);
    let mut at = Point { x: start.to_vec(), value, gradient };
    let mut evaluations = 1;
    let end = |at: Point, iterations, evaluations, outcome| Minimum {
        x: at.x,
        value: at.value,
        gradient: at.gradient,
        iterations,
        evaluations,
        outcome,
    };
    if !at.is_finite() {
        return end(at, 0, evaluations, LbfgsOutcome::NonFinite);
    }
    let mut memory = VecDeque::with_capacity(settings.memory.max(1));
    let first_value = at.value;
    for iteration in 0..settings.iterations {
        if largest(&at.gradient) <= settings.gradient_tolerance {
            return end(at, iteration, evaluations, LbfgsOutcome::Converged);
        }
        let mut next = None;
        while next.is_none() {
            let direction = descent(&at.gradient, &memory);
            // Without curvature the gradient has no unit of length: a first step of length at most 1.
            let first = if memory.is_empty() { (1.0 / dot(&direction, &direction).sqrt()).min(1.0) } else { 1.0 };
            let noise = NOISE * (first_value - at.value).abs() + ROUNDING * at.value.abs();
            next = line_search(&at, &direction, (first, noise), &mut |x| {
                evaluations += 1;
                function(x)
            });
            if next.is_none() && memory.is_empty() {
                return end(at, iteration, evaluations, LbfgsOutcome::Stalled);
            }
            if next.is_none() {
                memory.clear();
            }
        }
        let next = next.expect("the loop above ends with a point");
        remember(&mut memory, &at, &next, settings.memory.max(1));
        at = next;
    }
    let outcome = match largest(&at.gradient) <= settings.gradient_tolerance {
        true => LbfgsOutcome::Converged,
        false => LbfgsOutcome::IterationLimit,
    };
    end(at, settings.iterations, evaluations, outcome)
}

#[derive(Debug, Clone)]
struct Point {
    x: Vec<f64>,
    value: f64,
    gradient: Vec<f64>,
}

impl Point {
    fn is_finite(&self) -> bool {
        self.value.is_finite() && self.gradient.iter().all(|g| g.is_finite())
    }
}

/// A move, the change of the gradient along it, and the inverse of their product.
struct Pair {
    s: Vec<f64>,
    y: Vec<f64>,
    rho: f64,
}

fn remember(memory: &mut VecDeque<Pair>, from: &Point, to: &Point, kept: usize) {
    let s: Vec<f64> = to.x.iter().zip(&from.x).map(|(a, b)| a - b).collect();
    let y: Vec<f64> = to.gradient.iter().zip(&from.gradient).map(|(a, b)| a - b).collect();
    let curvature = dot(&s, &y);
    // Negative or vanishing curvature would make the model of the inverse Hessian indefinite.
    if curvature > f64::EPSILON * dot(&y, &y).sqrt() * dot(&s, &s).sqrt() {
        if memory.len() == kept {
            memory.pop_front();
        }
        memory.push_back(Pair { s, y, rho: 1.0 / curvature });
    }
}

/// Algorithm 7.4: minus the inverse Hessian's model times the gradient.
fn descent(gradient: &[f64], memory: &VecDeque<Pair>) -> Vec<f64> {
    let mut q: Vec<f64> = gradient.iter().map(|g| -g).collect();
    let mut alphas = Vec::with_capacity(memory.len());
    for pair in memory.iter().rev() {
        let alpha = pair.rho * dot(&pair.s, &q);
        axpy(&mut q, -alpha, &pair.y);
        alphas.push(alpha);
    }
    if let Some(last) = memory.back() {
        let scale = 1.0 / (last.rho * dot(&last.y, &last.y));
        q.iter_mut().for_each(|q| *q *= scale);
    }
    for (pair, alpha) in memory.iter().zip(alphas.into_iter().rev()) {
        let beta = pair.rho * dot(&pair.y, &q);
        axpy(&mut q, alpha - beta, &pair.s);
    }
    q
}

/// A point on the line, with the slope along it.
struct Probe {
    step: f64,
    slope: f64,
    at: Point,
}

/// Share of the first slope that the value must fall by.
const SUFFICIENT: f64 = 1e-4;
/// Share of the first slope that may remain.
const CURVATURE: f64 = 0.9;
/// Evaluations of one search; each third one halves the bracket, so that 60 exhaust the digits of a step.
const TRIALS: usize = 60;
/// Share of the fall so far that may be rounding: far more than one unit of the last place, for a value may be the difference of larger
/// terms. It is taken of the fall, not of the value: a constant that is added to the function must not decide what counts as equal.
const NOISE: f64 = 1e-10;
/// Share of a value that is rounding whatever it is made of: a few units of the last place.
const ROUNDING: f64 = 8.0 * f64::EPSILON;
/// Widening of a step that is too short.
const WIDEST: f64 = 10.0;

/// The strong Wolfe conditions up to the rounding of the value.
struct Wolfe {
    value: f64,
    slope: f64,
    /// Values that differ by less are equal: near the minimum the slope decides alone, which reaches the full precision
    /// of the gradient instead of its root. After *A new conjugate gradient method* (Hager, Zhang, 2005), section 4.
    noise: f64,
}

impl Wolfe {
    fn falls(&self, p: &Probe) -> bool {
        p.at.is_finite() && p.at.value <= self.value + SUFFICIENT * p.step * self.slope + self.noise
    }

    fn is_flat(&self, p: &Probe) -> bool {
        p.slope.abs() <= -CURVATURE * self.slope
    }
}

/// Algorithm 3.5 from a first step, with what may be rounding in a value; `None` when no acceptable step was found.
fn line_search(
    from: &Point,
    direction: &[f64],
    (first, noise): (f64, f64),
    function: &mut impl FnMut(&[f64]) -> (f64, Vec<f64>),
) -> Option<Point> {
    let slope = dot(&from.gradient, direction);
    if !(slope < 0.0 && slope.is_finite()) {
        return None;
    }
    let wolfe = Wolfe { value: from.value, slope, noise };
    let mut probe = |step: f64| {
        let x: Vec<f64> = from.x.iter().zip(direction).map(|(x, d)| x + step * d).collect();
        let (value, gradient) = function(&x);
        Probe { step, slope: dot(&gradient, direction), at: Point { x, value, gradient } }
    };
    let mut before = Probe { step: 0.0, slope, at: from.clone() };
    let mut step = first;
    for trial in 0..TRIALS {
        let p = probe(step);
        if !wolfe.falls(&p) || (trial > 0 && p.at.value > before.at.value + wolfe.noise) {
            return zoom(&wolfe, before, p, &mut probe);
        }
        if wolfe.is_flat(&p) {
            return Some(p.at);
        }
        if p.slope >= 0.0 {
            return zoom(&wolfe, p, before, &mut probe);
        }
        let secant = step - p.slope * (step - before.step) / (p.slope - before.slope);
        let widened = step * WIDEST;
        step = if secant > 2.0 * step {
            secant.min(widened)
        } else if secant > step {
            2.0 * step
        } else {
            widened
        };
        before = p;
    }
    // The value falls without bound as far as was looked: the furthest point is an honest step.
    Some(before.at)
}

/// Algorithm 3.6: `low` fulfils the first condition and its slope points towards `high`.
fn zoom(wolfe: &Wolfe, mut low: Probe, mut high: Probe, probe: &mut impl FnMut(f64) -> Probe) -> Option<Point> {
    for trial in 0..TRIALS {
        let width = high.step - low.step;
        let share = if trial % 3 == 2 { 0.5 } else { (between(wolfe, &low, &high) - low.step) / width };
        // A share that is not a number comes from an end that is not finite: halve.
        let share = if share.is_nan() { 0.5 } else { share.clamp(0.02, 0.98) };
        let step = low.step + share * width;
        if step == low.step || step == high.step {
            break;
        }
        let p = probe(step);
        if !wolfe.falls(&p) || p.at.value > low.at.value + wolfe.noise {
            high = p;
            continue;
        }
        if wolfe.is_flat(&p) {
            return Some(p.at);
        }
        if p.slope * width >= 0.0 {
            high = low;
        }
        low = p;
    }
    (low.step > 0.0 && low.at.value < wolfe.value).then_some(low.at)
}

/// Minimiser of the cubic through both ends (equation 3.59), or the root of the slope's secant where the values say
/// nothing any more.
fn between(wolfe: &Wolfe, a: &Probe, b: &Probe) -> f64 {
    if (a.at.value - b.at.value).abs() <= wolfe.noise && a.slope * b.slope < 0.0 {
        return a.step - a.slope * (b.step - a.step) / (b.slope - a.slope);
    }
    let d1 = a.slope + b.slope - 3.0 * (a.at.value - b.at.value) / (a.step - b.step);
    let d2 = (b.step - a.step).signum() * (d1 * d1 - a.slope * b.slope).sqrt();
    b.step - (b.step - a.step) * (b.slope + d2 - d1) / (b.slope - a.slope + 2.0 * d2)
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn axpy(y: &mut [f64], a: f64, x: &[f64]) {
    y.iter_mut().zip(x).for_each(|(y, x)| *y += a * x);
}

fn largest(values: &[f64]) -> f64 {
    values.iter().fold(0.0, |m, v| v.abs().max(m))
}

#[cfg(test)]
mod laws;

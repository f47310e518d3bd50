//! Which environments are used, and which of them intervene on the same latent.

use super::config::InterventionalConfig;
use super::inputs::{Code, QUICK, code, fit, identity};
use super::metric::Metric;
use disentangle_data::{Code as FailureCode, Failure, Matrix, Result};
use disentangle_numerics::linalg::{dot, inverse};
use disentangle_numerics::single_change::Moments;
use std::sync::Arc;

/// Variance that is added to every input, in units of its variance in the reference: below it a direction is rounding.
const JITTER: f64 = 1e-6;
/// An input is constant in an environment where its variance is below this share of that in the reference.
const CONSTANT: f64 = 1e-6;
/// Rows that an environment needs.
pub const LEAST_ROWS: usize = 20;
/// Squared sine between two directions, or between one and a combination of others, that is none: that of 0.15.
const SAME: f64 = 0.0225;
/// Squared sine up to which the likelihood is asked.
const CLOSE: f64 = 0.25;

/// A gap beyond chance that is worth a look at the environments that share a latent, and the share of it that may be left without one that
/// is to blame.
const UNEXPLAINED: f64 = 0.01;
const MOST: f64 = 0.25;

/// What became of an environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Everything is compared with it.
    Reference,
    /// It intervenes on this latent.
    Kept(usize),
    /// No mean differs from that of the reference.
    Same,
    /// It moves too few inputs.
    Narrow,
    /// It has too few rows.
    Small,
    /// It is a combination of others: several changes at once.
    Combined,
}

/// An environment with what decided about it.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    pub standing: Standing,
    /// Inputs whose mean moves.
    pub moved: Vec<usize>,
    /// Degrees between its direction and the closest one of another kept environment, in the metric of the reference; of a combination
    /// between it and the space of the others. NaN where there is none.
    pub angle: f64,
    /// The gap that was lowest without it, where it is a combination.
    pub gap: f64,
}

/// The environments as they are used.
#[derive(Debug, Clone, PartialEq)]
pub struct Arrangement {
    pub reference: usize,
    /// One per environment of the data.
    pub verdicts: Vec<Verdict>,
    /// Environments of each latent.
    pub groups: Vec<Vec<usize>>,
    /// Inputs that vary in the reference and in all kept environments.
    pub usable: Vec<usize>,
    /// Of the inputs less their mean in the reference, in standard deviations of the reference; `None` for too few rows.
    pub moments: Arc<[Option<Moments>]>,
    /// Mean and standard deviation of each input in the reference.
    pub scale: (Vec<f64>, Vec<f64>),
    /// Of the usable inputs.
    pub metric: Arc<Metric>,
}

impl Arrangement {
    /// The environments that are fitted, and the latent that each changes: the reference first.
    pub fn fitted(&self) -> (Vec<usize>, Vec<Option<usize>>) {
        let of = |latent: usize| self.groups[latent].iter().map(move |&u| (u, Some(latent)));
        std::iter::once((self.reference, None)).chain((0..self.groups.len()).flat_map(of)).unzip()
    }

    /// Moments of an environment that has them.
    pub fn at(&self, environment: usize) -> &Moments {
        self.moments[environment].as_ref().expect("a fitted environment has moments")
    }
}

/// Arranges environments around a reference. `moments` are those of the standardized inputs.
///
/// # Errors
/// `DATA_NEEDS_INTERVENTIONS`, `NUMERIC_SINGULAR`.
pub fn arrange(config: &InterventionalConfig, moments: &[Option<Moments>], reference: usize) -> Result<Arrangement> {
    let Some(at) = &moments[reference] else { return Err(too_few_rows("the reference has too few training rows")) };
    let mean = at.mean.clone();
    let sd: Vec<f64> = (0..mean.len()).map(|j| at.covariance[(j, j)].max(0.0).sqrt()).collect();
    let varies = varying(moments, reference);
    let unit: Vec<f64> = sd.iter().zip(&varies).map(|(&sd, &varies)| if varies { sd } else { 1.0 }).collect();
    let scaled: Arc<[Option<Moments>]> =
        moments.iter().map(|part| Some(rescaled(part.as_ref()?, &mean, &unit))).collect();

    let mut verdicts: Vec<Verdict> = (0..scaled.len()).map(|u| verdict(config, &scaled, reference, u)).collect();
    let kept = |verdicts: &[Verdict]| -> Vec<usize> {
        (0..verdicts.len()).filter(|&u| matches!(verdicts[u].standing, Standing::Kept(_))).collect()
    };
    let first = kept(&verdicts);
    if first.is_empty() {
        let message = format!(
            "no environment moves the mean of {} inputs by {} standard deviations of the reference",
            config.least_inputs, config.least_shift
        );
        return Err(needs_interventions(message, "name another `reference`, or lower `leastShift` or `leastInputs`"));
    }
    let usable: Vec<usize> = (0..mean.len())
        .filter(|&j| varies[j])
        .filter(|&j| first.iter().all(|&u| part(&scaled, u).covariance[(j, j)] > CONSTANT + JITTER))
        .collect();
    if usable.is_empty() {
        let message = "every input is constant in the reference or under an intervention".to_owned();
        return Err(needs_interventions(message, "leave out environments in which inputs are saturated"));
    }
    let groups = first.iter().map(|&u| vec![u]).collect();
    let metric = Arc::new(Metric::of(part(&scaled, reference), &usable)?);
    let mut arrangement =
        Arrangement { reference, verdicts: Vec::new(), groups, usable, moments: scaled, scale: (mean, unit), metric };
    merge(&mut arrangement, &mut verdicts)?;
    if arrangement.groups.len() > arrangement.usable.len() {
        let message = format!(
            "{} environments move the inputs in directions of their own, but only {} inputs vary: no more latents than inputs can be told apart",
            arrangement.groups.len(),
            arrangement.usable.len()
        );
        return Err(needs_interventions(
            message,
            "give more inputs, or leave out environments that are faults of single inputs",
        ));
    }
    set_aside_combinations(&mut arrangement, &mut verdicts)?;
    set_aside_strangers(&mut arrangement, &mut verdicts)?;
    for (latent, group) in arrangement.groups.iter().enumerate() {
        group.iter().for_each(|&u| verdicts[u].standing = Standing::Kept(latent));
    }
    arrangement.verdicts = verdicts;
    Ok(arrangement)
}

/// Of each input, whether it varies in the reference as it does elsewhere.
pub fn varying(moments: &[Option<Moments>], reference: usize) -> Vec<bool> {
    let largest = |j: usize| moments.iter().flatten().map(|part| part.covariance[(j, j)]).fold(0.0, f64::max);
    let base = part(moments, reference);
    (0..base.mean.len()).map(|j| base.covariance[(j, j)] > CONSTANT * largest(j)).collect()
}

/// Which means move.
fn verdict(config: &InterventionalConfig, scaled: &[Option<Moments>], reference: usize, u: usize) -> Verdict {
    let none = |standing| Verdict { standing, moved: Vec::new(), angle: f64::NAN, gap: f64::NAN };
    if u == reference {
        return none(Standing::Reference);
    }
    let Some(at) = &scaled[u] else { return none(Standing::Small) };
    let base = part(scaled, reference);
    let moved: Vec<usize> = (0..at.mean.len())
        .filter(|&j| {
            let error = (at.covariance[(j, j)] / at.rows + base.covariance[(j, j)] / base.rows).sqrt();
            at.mean[j].abs() > config.least_shift && at.mean[j].abs() > config.standard_errors * error
        })
        .collect();
    let standing = match moved.len() {
        0 => Standing::Same,
        few if few < config.least_inputs => Standing::Narrow,
        _ => Standing::Kept(0),
    };
    Verdict { moved, ..none(standing) }
}

/// Shifts of the kept environments in the metric of the reference: inner products, and the sampling error of each square.
struct Directions {
    gram: Matrix<f64>,
    error: Vec<f64>,
}

impl Directions {
    fn of(arrangement: &Arrangement, environments: &[usize]) -> Self {
        let usable = &arrangement.usable;
        let base = arrangement.at(arrangement.reference);
        let shift = |u: usize| usable.iter().map(|&j| arrangement.at(u).mean[j]).collect::<Vec<f64>>();
        let shifts: Vec<Vec<f64>> = environments.iter().map(|&u| shift(u)).collect();
        let turned: Vec<Vec<f64>> = shifts.iter().map(|shift| arrangement.metric.times(shift)).collect();
        let gram = Matrix::from_fn(shifts.len(), shifts.len(), |a, b| dot(&shifts[a], &turned[b]));
        let error = environments
            .iter()
            .enumerate()
            .map(|(at, &u)| {
                let noise = (usable.len() as f64 - 1.0) * (1.0 / base.rows + 1.0 / arrangement.at(u).rows);
                noise / gram[(at, at)]
            })
            .collect();
        Self { gram, error }
    }

    /// Squared sine of the angle between two shifts.
    fn apart(&self, a: usize, b: usize) -> f64 {
        (1.0 - self.gram[(a, b)].powi(2) / (self.gram[(a, a)] * self.gram[(b, b)])).max(0.0)
    }
}

/// Environments that move the inputs in one direction intervene on one latent. Where the angle leaves it open, the likelihood
/// decides.
fn merge(arrangement: &mut Arrangement, verdicts: &mut [Verdict]) -> Result<()> {
    let environments: Vec<usize> = arrangement.groups.iter().map(|group| group[0]).collect();
    let directions = Directions::of(arrangement, &environments);
    let mut pairs: Vec<(usize, usize, f64)> = Vec::new();
    for a in 0..environments.len() {
        for b in 0..a {
            pairs.push((b, a, directions.apart(a, b)));
        }
    }
    for &(a, b, apart) in &pairs {
        for at in [a, b] {
            let angle = apart.sqrt().min(1.0).asin().to_degrees();
            let verdict = &mut verdicts[environments[at]];
            verdict.angle = verdict.angle.min(angle);
        }
    }
    pairs.sort_by(|a, b| a.2.total_cmp(&b.2));
    for (a, b, apart) in pairs {
        let group_of = |groups: &[Vec<usize>], at: usize| {
            groups.iter().position(|group| group.contains(&environments[at])).expect("each stands in one")
        };
        let (into, from) = (group_of(&arrangement.groups, a), group_of(&arrangement.groups, b));
        if into == from {
            continue;
        }
        let mut merged = arrangement.clone();
        let moved = merged.groups.remove(from.max(into));
        merged.groups[from.min(into)].extend(moved);
        let same = apart <= SAME + directions.error[a] + directions.error[b]
            || (apart <= CLOSE && better(quick_gap(&merged)?, quick_gap(arrangement)?));
        if same {
            merged.groups[from.min(into)].sort_unstable();
            *arrangement = merged;
        }
    }
    Ok(())
}

/// Dependent directions have no gap, and say nothing.
fn better(merged: f64, apart: f64) -> bool {
    apart.is_finite() && merged <= apart
}

/// Environments whose direction is a combination of others change several latents at once: of those that take part, the one without
/// which single changes explain most is set aside.
fn set_aside_combinations(arrangement: &mut Arrangement, verdicts: &mut [Verdict]) -> Result<()> {
    loop {
        let environments: Vec<usize> = arrangement.groups.iter().map(|group| group[0]).collect();
        let directions = Directions::of(arrangement, &environments);
        let k = environments.len();
        // A little on the diagonal: exact combinations have no inverse.
        let unit = Matrix::from_fn(k, k, |a, b| {
            let scale = (directions.gram[(a, a)] * directions.gram[(b, b)]).sqrt();
            directions.gram[(a, b)] / scale + if a == b { 1e-9 } else { 0.0 }
        });
        let back = inverse(&unit)?;
        let own: Vec<f64> = (0..k).map(|a| (1.0 / back[(a, a)]).clamp(0.0, 1.0)).collect();
        let combined = (0..k).any(|a| own[a] <= SAME + directions.error[a]);
        if k < 2 || !combined {
            return Ok(());
        }
        let mut best: Option<(f64, usize)> = None;
        for latent in (0..k).filter(|&a| own[a] <= CLOSE) {
            let mut without = arrangement.clone();
            without.groups.remove(latent);
            let gap = quick_gap(&without)?;
            if best.is_none_or(|(lowest, _)| gap < lowest) {
                best = Some((gap, latent));
            }
        }
        let Some((gap, latent)) = best else { return Ok(()) };
        for u in arrangement.groups.remove(latent) {
            let angle = own[latent].sqrt().min(1.0).asin().to_degrees();
            verdicts[u] = Verdict { standing: Standing::Combined, angle, gap, ..verdicts[u].clone() };
        }
    }
}

/// An environment that moves the means as those of a latent do may change other latents as well: what it does to their means can cancel out.
/// Of environments that share a latent, the one without which single changes explain most is set aside where that is most of
/// what they leave.
fn set_aside_strangers(arrangement: &mut Arrangement, verdicts: &mut [Verdict]) -> Result<()> {
    loop {
        let shared: Vec<(usize, usize)> = (0..arrangement.groups.len())
            .filter(|&latent| arrangement.groups[latent].len() > 1)
            .flat_map(|latent| arrangement.groups[latent].iter().map(move |&u| (latent, u)))
            .collect();
        if shared.is_empty() {
            return Ok(());
        }
        let gap = quick_gap(arrangement)?;
        let mut best: Option<(f64, Arrangement, usize)> = None;
        for (latent, u) in shared {
            let mut without = arrangement.clone();
            without.groups[latent].retain(|&other| other != u);
            let rest = quick_gap(&without)?;
            if best.as_ref().is_none_or(|(lowest, ..)| rest < *lowest) {
                best = Some((rest, without, u));
            }
        }
        let Some((rest, without, u)) = best.filter(|(rest, ..)| gap > UNEXPLAINED && *rest < MOST * gap) else {
            return Ok(());
        };
        verdicts[u] = Verdict { standing: Standing::Combined, gap: rest, ..verdicts[u].clone() };
        *arrangement = without;
    }
}

/// The gap beyond what chance gives, from one start; infinite where the directions are dependent.
pub fn quick_gap(arrangement: &Arrangement) -> Result<f64> {
    let Some(Code { rows, .. }) = code(arrangement, &arrangement.usable)? else { return Ok(f64::INFINITY) };
    match fit(arrangement, &rows, &[identity(rows.rows())], QUICK) {
        Ok((problem, changes)) => Ok(changes.gap - problem.chance()),
        Err(failure) if failure.code == FailureCode::NumericSingular => Ok(f64::INFINITY),
        Err(failure) => Err(failure),
    }
}

fn rescaled(part: &Moments, mean: &[f64], unit: &[f64]) -> Moments {
    let d = mean.len();
    let covariance =
        Matrix::from_fn(d, d, |i, j| part.covariance[(i, j)] / (unit[i] * unit[j]) + if i == j { JITTER } else { 0.0 });
    Moments { rows: part.rows, mean: (0..d).map(|j| (part.mean[j] - mean[j]) / unit[j]).collect(), covariance }
}

fn part(moments: &[Option<Moments>], u: usize) -> &Moments {
    moments[u].as_ref().expect("an environment with enough rows")
}

pub(super) fn too_few_rows(found: &str) -> Failure {
    Failure::new(
        FailureCode::DataTooFewRows,
        format!("{found}: it needs at least {LEAST_ROWS}, and more than there are inputs"),
    )
    .hint("name a larger environment as `reference`, give it more rows, or choose fewer input columns with `inputs`")
}

pub(super) fn needs_interventions(message: String, hint: &str) -> Failure {
    Failure::new(FailureCode::DataNeedsInterventions, message).hint(hint)
}

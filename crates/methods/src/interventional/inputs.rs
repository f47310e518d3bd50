//! The code of a set of inputs, and the inputs that a linear model may use.
//!
//! An input that depends on the latents along a curve has a mean that moves with several of them, and the discriminant directions take
//! it for what it is not. No choice of noises and changes explains it then: the gap is smaller without it. Searched are all
//! sets that leave out a few inputs; left out is what every set leaves out whose gap is as small as any.

use super::arrangement::Arrangement;
use super::config::InterventionalConfig;
use super::metric::{among, rank};
use disentangle_data::{Code as FailureCode, Matrix, Result};
use disentangle_numerics::linalg::{apply, dot, inverse, product, symmetric_eigen};
use disentangle_numerics::single_change::{Changes, Moments, SingleChanges};

/// Inputs of which sets are made: where there are more, those whose residuals change most.
const SEARCHED: usize = 12;
/// Gaps up to this share above the smallest, and this much, are as small as any.
const SHARE: f64 = 1.05;
const SLACK: f64 = 0.002;
/// Least eigenvalue of the correlations of the discriminant directions.
const DEPENDENT: f64 = 1e-4;
/// Iterations where many fits are compared.
pub const QUICK: u32 = 200;

/// Rows that turn inputs, in units of the reference, into codes.
pub struct Code {
    /// k x d, of unit variance and uncorrelated in the reference: as close to `shifts` as that allows.
    pub rows: Matrix<f64>,
    /// k x d: the discriminant directions, of unit variance in the reference.
    pub shifts: Matrix<f64>,
}

/// The code of these inputs; `None` where the directions of the latents are dependent.
///
/// # Errors
/// `NUMERIC_SINGULAR`, `NUMERIC_NOT_FINITE`.
pub fn code(arrangement: &Arrangement, inputs: &[usize]) -> Result<Option<Code>> {
    let (usable, metric) = (&arrangement.usable, &arrangement.metric);
    let (stay, out): (Vec<usize>, Vec<usize>) =
        (0..usable.len()).partition(|&at| inputs.binary_search(&usable[at]).is_ok());
    let enough = metric.least_rank_without(out.len()) >= arrangement.groups.len();
    if !enough && !vary(arrangement, inputs)? {
        return Ok(None);
    }
    let metric = metric.without(out)?;
    of_metric(arrangement, inputs, |v| {
        let mut all = vec![0.0; usable.len()];
        stay.iter().zip(v).for_each(|(&at, &value)| all[at] = value);
        let times = metric.times(&all);
        stay.iter().map(|&at| times[at]).collect()
    })
}

/// Whether these inputs vary in as many directions as there are latents.
fn vary(arrangement: &Arrangement, inputs: &[usize]) -> Result<bool> {
    Ok(rank(&among(arrangement.at(arrangement.reference), inputs))? >= arrangement.groups.len())
}

/// As [`code`], with the discriminant directions in a metric that takes every input to vary by `ridge` more, in units of the reference.
///
/// # Errors
/// As [`code`].
pub fn ridged(arrangement: &Arrangement, inputs: &[usize], ridge: f64) -> Result<Option<Code>> {
    if !vary(arrangement, inputs)? {
        return Ok(None);
    }
    let mut wider = among(arrangement.at(arrangement.reference), inputs);
    (0..inputs.len()).for_each(|i| wider[(i, i)] += ridge);
    let metric = inverse(&wider)?;
    of_metric(arrangement, inputs, |v| apply(&metric, v))
}

/// The code of these inputs, whose metric `times` multiplies with.
fn of_metric(arrangement: &Arrangement, inputs: &[usize], times: impl Fn(&[f64]) -> Vec<f64>) -> Result<Option<Code>> {
    let base = arrangement.at(arrangement.reference);
    let k = arrangement.groups.len();
    let mut shifts = Matrix::zeros(k, base.mean.len());
    for (latent, group) in arrangement.groups.iter().enumerate() {
        // Environments of one latent move along one line, some of them the other way.
        let mut shift = vec![0.0; inputs.len()];
        for &u in group {
            let at = arrangement.at(u);
            let own: Vec<f64> = inputs.iter().map(|&j| at.mean[j]).collect();
            let sign = if dot(&own, &times(&shift)) < 0.0 { -1.0 } else { 1.0 };
            shift.iter_mut().zip(&own).for_each(|(s, o)| *s += sign * at.rows * o);
        }
        inputs.iter().zip(times(&shift)).for_each(|(&j, value)| shifts[(latent, j)] = value);
        let sd = dot(shifts.row(latent), &apply(&base.covariance, shifts.row(latent))).sqrt();
        shifts.row_mut(latent).iter_mut().for_each(|value| *value /= sd);
    }
    let alike = product(&product(&shifts, &base.covariance), &shifts.transposed());
    if alike.data().iter().any(|value| !value.is_finite()) {
        return Ok(None);
    }
    let (values, vectors) = symmetric_eigen(&alike)?;
    if values[0] < DEPENDENT {
        return Ok(None);
    }
    let whiten =
        Matrix::from_fn(k, k, |i, j| (0..k).map(|l| vectors[(i, l)] * vectors[(j, l)] / values[l].sqrt()).sum::<f64>());
    Ok(Some(Code { rows: product(&whiten, &shifts), shifts }))
}

/// Single changes fitted to the codes of these rows.
///
/// # Errors
/// `NUMERIC_SINGULAR`.
pub fn fit(
    arrangement: &Arrangement,
    rows: &Matrix<f64>,
    starts: &[Matrix<f64>],
    iterations: u32,
) -> Result<(SingleChanges, Changes)> {
    let (environments, targets) = arrangement.fitted();
    let moments: Vec<Moments> = environments.iter().map(|&u| arrangement.at(u).mapped(rows)).collect();
    let problem = SingleChanges::new(&moments, &targets, rows.rows())?;
    let changes = problem.minimise(starts, iterations)?;
    Ok((problem, changes))
}

/// What the search found.
#[derive(Debug, Clone, PartialEq)]
pub struct Chosen {
    /// Inputs that are used, ascending.
    pub inputs: Vec<usize>,
    /// The gap with all usable inputs.
    pub gap_of_all: f64,
    /// Sets that were tried.
    pub tried: usize,
}

/// Chooses the inputs; `tick` is told after each set, with the number of sets, and says whether to go on. `None`: it did not.
///
/// # Errors
/// `NUMERIC_NOT_FINITE`.
pub fn choose(
    config: &InterventionalConfig,
    arrangement: &Arrangement,
    mut tick: impl FnMut(usize, usize, f64) -> bool,
) -> Result<Option<Chosen>> {
    let usable = &arrangement.usable;
    let most = config.most_left_out.min(usable.len() / 3).min(usable.len() - arrangement.groups.len());
    let candidates = suspects(arrangement)?;
    let sets = subsets(&candidates, most);
    let mut tried: Vec<(f64, &Vec<usize>)> = Vec::new();
    let mut least = f64::INFINITY;
    for (at, out) in sets.iter().enumerate() {
        let inputs: Vec<usize> = usable.iter().copied().filter(|j| !out.contains(j)).collect();
        let gap = gap_of(arrangement, &inputs)?;
        least = least.min(gap);
        tried.push((gap, out));
        if !tick(at + 1, sets.len(), least) {
            return Ok(None);
        }
    }
    let gap_of_all = tried[0].0;
    let as_small: Vec<&Vec<usize>> =
        tried.iter().filter(|(gap, _)| *gap <= SHARE * least + SLACK).map(|(_, out)| *out).collect();
    let left_out = |j: &usize| !as_small.is_empty() && as_small.iter().all(|out| out.contains(j));
    let inputs = usable.iter().copied().filter(|j| !left_out(j)).collect();
    Ok(Some(Chosen { inputs, gap_of_all, tried: sets.len() }))
}

/// The gap of these inputs from one start; infinite where they do not tell the latents apart.
fn gap_of(arrangement: &Arrangement, inputs: &[usize]) -> Result<f64> {
    let Some(code) = code(arrangement, inputs)? else { return Ok(f64::INFINITY) };
    match fit(arrangement, &code.rows, &[identity(code.rows.rows())], QUICK) {
        Ok((_, changes)) => Ok(changes.gap),
        Err(failure) if failure.code == FailureCode::NumericSingular => Ok(f64::INFINITY),
        Err(failure) => Err(failure),
    }
}

/// The identity, k x k: the start at the discriminant directions.
pub fn identity(k: usize) -> Matrix<f64> {
    Matrix::from_fn(k, k, |i, j| f64::from(u8::from(i == j)))
}

/// All sets of at most `most` of the candidates, the empty one first.
fn subsets(candidates: &[usize], most: usize) -> Vec<Vec<usize>> {
    let mut all = vec![Vec::new()];
    let mut from = 0;
    for _ in 0..most {
        let until = all.len();
        for at in from..until {
            let last = all[at].last().copied();
            for &j in candidates.iter().filter(|&&j| last.is_none_or(|last| j > last)) {
                all.push([all[at].as_slice(), &[j]].concat());
            }
        }
        from = until;
    }
    all
}

/// The inputs whose residuals, given the code of all inputs, change most from environment to environment in mean or variance.
fn suspects(arrangement: &Arrangement) -> Result<Vec<usize>> {
    let usable = &arrangement.usable;
    if usable.len() <= SEARCHED {
        return Ok(usable.clone());
    }
    let Some(code) = code(arrangement, usable)? else { return Ok(usable[..SEARCHED].to_vec()) };
    let base = arrangement.at(arrangement.reference);
    // Codes are white in the reference: the regression of inputs on them is their covariance.
    let loadings = product(&base.covariance, &code.rows.transposed());
    let own = residuals(base, &code.rows, &loadings);
    let mut change = vec![0.0f64; own.len()];
    for &u in arrangement.groups.iter().flatten() {
        let here = residuals(arrangement.at(u), &code.rows, &loadings);
        for (change, ((_, variance), (mean, wide))) in change.iter_mut().zip(own.iter().zip(&here)) {
            let wider = (wide / variance).ln().abs();
            *change = change.max((mean.powi(2) / variance).sqrt()).max(wider);
        }
    }
    let mut scored: Vec<(f64, usize)> = usable.iter().map(|&j| (change[j], j)).collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    let mut first: Vec<usize> = scored[..SEARCHED].iter().map(|&(_, j)| j).collect();
    first.sort_unstable();
    Ok(first)
}

/// Mean and variance of what codes (`rows`, k x d) leave of each input when it is predicted from them by `loadings` (d x k).
fn residuals(moments: &Moments, rows: &Matrix<f64>, loadings: &Matrix<f64>) -> Vec<(f64, f64)> {
    let shared = product(rows, &moments.covariance);
    let (of_codes, mean) = (product(&shared, &rows.transposed()), apply(rows, &moments.mean));
    let left = |j: usize| {
        let own = loadings.row(j);
        let with: f64 = own.iter().enumerate().map(|(l, own)| own * shared[(l, j)]).sum();
        let variance = moments.covariance[(j, j)] - 2.0 * with + dot(own, &apply(&of_codes, own));
        (moments.mean[j] - dot(own, &mean), variance.max(1e-12))
    };
    (0..moments.mean.len()).map(left).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use disentangle_data::Stream;

    #[test]
    fn what_codes_leave_of_an_input_has_the_moments_of_the_input_less_its_prediction() {
        let mut stream = Stream::new(5, "residuals");
        let mut normals = |rows, cols| Matrix::from_fn(rows, cols, |_, _| stream.normal());
        let (half, rows, loadings) = (normals(6, 9), normals(2, 6), normals(6, 2));
        let moments =
            Moments { rows: 50.0, mean: normals(1, 6).row(0).to_vec(), covariance: product(&half, &half.transposed()) };
        let predicted = product(&loadings, &rows);
        for (j, (mean, variance)) in residuals(&moments, &rows, &loadings).into_iter().enumerate() {
            let left = Matrix::from_fn(1, 6, |_, i| f64::from(u8::from(i == j)) - predicted[(j, i)]);
            let want = moments.mapped(&left);
            // The same sums in another order.
            assert!((mean - want.mean[0]).abs() < 1e-12, "{mean} {want:?}");
            assert!((variance / want.covariance[(0, 0)] - 1.0).abs() < 1e-12, "{variance} {want:?}");
        }
    }
}

//! What MTLCM says about a fit, task by task.

use super::assumptions::{self, Setting};
use super::check::indicator_tests;
use super::density::Density;
use super::evidence::{Evidence, causal_weights, explained, variances};
use super::moments::{Moments, Points};
use super::{MtlcmConfig, solve};
use disentangle_data::prepare::{Prepared, TaskForm, Warning};
use disentangle_data::split::Split;
use disentangle_data::{Matrix, Result};
use disentangle_engine::method::{Findings, MAP, State};
use disentangle_engine::results::{Fact, LatentMap, TaskRoles, rows_of};
use disentangle_numerics::joint_diagonalization::{Bounds, Covariances};
use disentangle_numerics::moments::covariance;
use disentangle_numerics::principal_axes::rank;
use disentangle_numerics::rotation::agreement;

/// Objectives closer than this to the best count as the same optimum: nats per row.
pub const SAME_OPTIMUM: f64 = 1e-2;

/// Everything MTLCM says about a fit.
pub fn findings(config: &MtlcmConfig, data: &Prepared, state: &State, latents: &Matrix) -> Result<Findings> {
    let solved = |name: &str| state.solved.get(name);
    let (Some(map), Some(indicators)) = (solved(MAP), solved(solve::INDICATORS)) else {
        return Ok(Findings::default()); // cancelled before anything was solved
    };
    let spectrum = solved(solve::SPECTRUM).map(|s| s.data().to_vec()).unwrap_or_default();
    let objectives = solved(solve::OBJECTIVES).map(|o| o.data().to_vec()).unwrap_or_default();
    let tasks = solve::tasks(data)?;
    let part = |split: Split| -> Vec<Points> { tasks.iter().map(|task| Points::of(task, data, split)).collect() };
    let of = |latents: &Matrix, points: &[Points]| -> Vec<Moments> {
        points.iter().map(|p| Moments::of(latents, p)).collect()
    };
    let (train, test) = (part(Split::Train), part(Split::Test));
    let (moments, fresh) = (of(latents, &train), of(latents, &test));
    let spurious = config.sigma_spurious.powi(2);
    let variances = variances(indicators, spurious);
    let model = Density::of(state, map, variances, (&data.inputs, latents), (&train, &moments))?;
    let kept = model.kept();
    let evidence = Evidence::of(model.moments(), spurious, kept.as_ref());

    let causal = evidence.probabilities.map(|p| p >= 0.5);
    let probability = |t: usize, i: usize| {
        let causal_probability = evidence.probabilities[(t, i)];
        if causal[(t, i)] { causal_probability } else { 1.0 - causal_probability }
    };
    let real = Matrix::from_fn(tasks.len(), latents.cols(), |t, i| probability(t, i) >= config.indicator_confidence);
    let weights: Vec<Option<Vec<f64>>> =
        moments.iter().enumerate().map(|(t, m)| causal_weights(m, causal.row(t))).collect();
    let share = |m: &[Moments]| -> Vec<Option<f64>> {
        m.iter().zip(&weights).map(|(m, w)| w.as_ref().and_then(|w| explained(m, w))).collect()
    };

    let all = covariance(&latents.select_rows(&data.rows_of(Split::Train)));
    let sd: Vec<f64> = (0..latents.cols()).map(|i| all[(i, i)].sqrt()).collect();
    let units = units(data, tasks.len());
    let scaled = |t: usize, w: &Vec<f64>| w.iter().zip(&sd).map(|(w, sd)| w * sd * units[t]).collect();
    let effects = Matrix::from_fn(tasks.len(), latents.cols(), |t, i| match causal[(t, i)] || sd[i] == 0.0 {
        true => 0.0,
        false => evidence.slopes[(t, i)] / (sd[i] * units[t]),
    });
    let summary = TaskRoles {
        names: tasks.iter().map(|task| task.name.clone()).collect(),
        rows: moments.iter().map(|m| m.rows).collect(),
        indicators: rows_of(indicators),
        probabilities: rows_of(&evidence.probabilities),
        log_ratios: rows_of(&evidence.log_ratios),
        real: (0..tasks.len()).map(|t| real.row(t).to_vec()).collect(),
        weights: weights.iter().enumerate().map(|(t, w)| w.as_ref().map(|w| scaled(t, w))).collect(),
        effects: rows_of(&effects),
        explained: share(&moments),
        explained_test: share(&fresh),
        objectives: objectives.clone(),
        tests: indicator_tests(data, &tasks, latents, &causal)?,
    };

    let noise = solved(solve::NOISE).map(|size| size[(0, 0)].sqrt());
    let rows: Vec<f64> = moments.iter().map(|m| m.rows as f64).collect();
    let residuals: Vec<Matrix<f64>> = moments.iter().map(Moments::residual).collect();
    let setting = Setting {
        causal: &causal,
        groups: evidence.groups,
        covariances: Covariances::new(&residuals, &rows, Bounds { least: spurious, most: 1.0 }),
        moments: &moments,
        sd: &sd,
        objectives: &objectives,
        noisy: noise.is_some(),
    };
    let density = |points: &[Points]| model.mean_log(points).unwrap_or(f64::NAN);
    let rank = rank(&spectrum);
    let facts = vec![
        Fact::new("tasks", "tasks", tasks.len() as f64),
        Fact::new("effectiveRank", "effective rank of the representation within tasks", rank as f64),
        Fact::new(
            "conditionNumber",
            "largest over smallest standard deviation of the representation",
            condition(&spectrum),
        ),
        Fact::new("noise", "standard deviation of the noise of the representation", noise.unwrap_or(f64::NAN)),
        Fact::new("restartAgreement", "share of starts at the best objective", share_of_starts(&objectives)),
        Fact::new("logLikelihood", "mean log density of a training row", density(&train)),
        Fact::new("testLogLikelihood", "mean log density of a test row", density(&test)),
        Fact::new("causalShare", "share of latents called causal", mean_of(&causal)),
        Fact::new("certainShare", "share of indicators that are certain enough", mean_of(&real)),
        Fact::new(
            "testIndicatorAgreement",
            "share of indicators that test rows repeat",
            repeated(&causal, &of(model.latents(), &test), kept.as_ref(), spurious),
        ),
    ];
    let latent_map = LatentMap {
        stage: config.stage().into(),
        values: rows_of(map),
        agreement: agreement(&objectives, SAME_OPTIMUM).unwrap_or(1.0),
    };
    Ok(Findings {
        map: Some(latent_map),
        tasks: Some(summary),
        assumptions: assumptions::all(&setting),
        warnings: [
            warnings(config, rank, latents.cols(), &moments, &spectrum),
            noise.map(|sd| noise_warning(sd, spectrum[latents.cols() - 1])).into_iter().collect(),
            data.task_warnings(&tasks, latents.cols()),
        ]
        .concat(),
        facts,
        ..Findings::default()
    })
}

/// Units of each task's target per unit of the prepared one.
fn units(data: &Prepared, tasks: usize) -> Vec<f64> {
    let sd = data.targets.as_ref().map(|targets| targets.standardiser.sd.clone()).unwrap_or_default();
    match data.task_form() {
        Some(TaskForm::Wide) => sd,
        _ => vec![sd.first().copied().unwrap_or(1.0); tasks],
    }
}

/// Largest over smallest standard deviation; infinite for a singular representation.
fn condition(spectrum: &[f64]) -> f64 {
    match (spectrum.first(), spectrum.last()) {
        (Some(largest), Some(least)) => (largest / least).sqrt(),
        _ => f64::NAN,
    }
}

fn share_of_starts(objectives: &[f64]) -> f64 {
    agreement(objectives, SAME_OPTIMUM).filter(|_| objectives.len() > 1).unwrap_or(f64::NAN)
}

fn mean_of(flags: &Matrix<bool>) -> f64 {
    flags.data().iter().filter(|&&flag| flag).count() as f64 / flags.data().len().max(1) as f64
}

/// Share of calls that come out the same on test rows, over tasks with enough of them.
fn repeated(causal: &Matrix<bool>, fresh: &[Moments], kept: Option<&Matrix<f64>>, spurious: f64) -> f64 {
    let enough: Vec<usize> = (0..fresh.len()).filter(|&t| fresh[t].rows >= solve::LEAST_ROWS).collect();
    let enough_rows: Vec<Moments> = enough.iter().map(|&t| fresh[t].clone()).collect();
    let kept = kept.map(|kept| kept.select_rows(&enough));
    let again = Evidence::of(&enough_rows, spurious, kept.as_ref()).probabilities;
    let same =
        |(at, &t): (usize, &usize)| (0..causal.cols()).filter(|&i| causal[(t, i)] == (again[(at, i)] >= 0.5)).count();
    enough.iter().enumerate().map(same).sum::<usize>() as f64 / (enough.len() * causal.cols()) as f64
}

fn noise_warning(sd: f64, least: f64) -> Warning {
    let message = format!(
        "the inputs hold noise with a standard deviation of {sd:.2e}: {:.0} % of the variance of their least direction",
        100.0 * sd * sd / least
    );
    Warning::new("REPRESENTATION_NOISE", message)
        .hint("latents behind such directions are known in part; more or better inputs tell more of them")
}

/// Beyond this the smallest directions of single-precision inputs carry few digits.
const WORST_CONDITION: f64 = 1e4;

fn warnings(config: &MtlcmConfig, rank: usize, latents: usize, moments: &[Moments], spectrum: &[f64]) -> Vec<Warning> {
    let mut all = Vec::new();
    let d = spectrum.len();
    let wanted = config.wanted(d);
    if rank < wanted {
        let message = format!(
            "the representation has effective rank {rank} of {d} within tasks: {rank} latents instead of {wanted}"
        );
        all.push(Warning::new("REPRESENTATION_RANK", message).hint(format!("choose latentDim <= {rank}")));
    } else if condition(&spectrum[..latents.min(d)]) > WORST_CONDITION {
        let number = condition(&spectrum[..latents.min(d)]);
        let message =
            format!("the representation is badly conditioned: its standard deviations differ {number:.0} times");
        all.push(
            Warning::new("REPRESENTATION_CONDITION", message).hint("choose fewer latents, or leave out near copies"),
        );
    }
    let few = moments.iter().filter(|m| m.rows < latents).count();
    if few > 0 {
        let message =
            format!("{few} of {} tasks have fewer training rows than there are latents ({latents})", moments.len());
        all.push(
            Warning::new("TASK_FEWER_ROWS_THAN_LATENTS", message)
                .hint("their regression weights are poor; give these tasks more rows, or choose fewer latents"),
        );
    }
    all
}

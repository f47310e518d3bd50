//! The environment without an intervention: named, or found.
//!
//! All others differ from it by one change, and from each other by two. So single changes explain the data best when everything is
//! compared with it: of all environments the one with the smallest gap, where no other comes close.

use super::arrangement::{Arrangement, Standing, Verdict, arrange, quick_gap, varying};
use super::config::{InterventionalConfig, NAME};
use disentangle_data::nearest::did_you_mean;
use disentangle_data::prepare::Prepared;
use disentangle_data::{Code, Failure, Result};
use disentangle_numerics::single_change::Moments;

/// The gap of another environment has to be larger by this factor.
const DECISIVE: f64 = 2.0;
/// A gap below this, beside what chance gives, is small whatever the others are.
const SMALL: f64 = 0.005;
/// Gaps are told as if none were smaller, and their ratio as if it were no larger.
const LEAST: f64 = 1e-4;
const MOST_TOLD: f64 = 1000.0;
/// Environments among which one is looked for.
const MOST: usize = 64;

/// Place of the environment that is named as the reference; `None` when none is.
///
/// # Errors
/// `DATA_UNKNOWN_ENVIRONMENT`.
pub fn named(config: &InterventionalConfig, data: &Prepared) -> Result<Option<usize>> {
    let Some(name) = &config.reference else { return Ok(None) };
    let environments = data.needs_environments(NAME)?;
    match environments.names.iter().position(|other| other == name) {
        Some(at) => Ok(Some(at)),
        None => Err(Failure::new(
            Code::DataUnknownEnvironment,
            format!("reference: column {:?} has no environment {name:?}", environments.column),
        )
        .at("reference")
        .hint(did_you_mean(name, environments.names.iter().map(String::as_str)))),
    }
}

/// The reference with its environments arranged around it, and the gap of the next best candidate over its own where it was looked
/// for.
///
/// # Errors
/// `DATA_NEEDS_REFERENCE`, those of arranging.
pub fn arranged(
    config: &InterventionalConfig,
    data: &Prepared,
    moments: &[Option<Moments>],
) -> Result<(Arrangement, Option<f64>)> {
    if let Some(at) = named(config, data)? {
        return Ok((arrange(config, moments, at)?, None));
    }
    let names = &data.needs_environments(NAME)?.names;
    let refuse = |why: String| {
        let largest = (0..moments.len())
            .max_by(|&a, &b| rows(moments, a).total_cmp(&rows(moments, b)).then(b.cmp(&a)))
            .map_or("", |at| names[at].as_str());
        Err(Failure::new(
            Code::DataNeedsReference,
            format!("{NAME} finds no environment without an intervention: {why}"),
        )
        .hint(format!("name it with `reference`; the one with the most rows is {largest:?}")))
    };
    if names.len() > MOST {
        return refuse(format!("it looks among at most {MOST}, the data have {}", names.len()));
    }
    // Without their covariances: all environments from every one of them would fill the memory.
    let mut candidates: Vec<(f64, usize, Vec<Verdict>)> = Vec::new();
    let mut failures: Vec<Failure> = Vec::new();
    for at in 0..names.len() {
        // One that no latents can be compared with is no candidate; whether that is an error shows when none is left.
        let arrangement = match arrange(config, moments, at) {
            Ok(arrangement) => arrangement,
            Err(failure) => {
                failures.push(failure);
                continue;
            }
        };
        // A column that is constant here, and varies elsewhere, would make every other environment look changed along it.
        let whole = varying(moments, at).iter().all(|&varies| varies);
        if whole && arrangement.groups.len() > 1 {
            let gap = quick_gap(&arrangement)?;
            candidates.push((gap, at, arrangement.verdicts));
        }
    }
    // No name would help where nothing differs from anything.
    if failures.len() == names.len() && failures.iter().all(|failure| failure.code == Code::DataNeedsInterventions) {
        let hint = "give environments whose means differ; `leastShift` and `leastInputs` say what counts as a move";
        return Err(failures.remove(0).hint(hint));
    }
    candidates.sort_by(|a, b| a.0.total_cmp(&b.0));
    let Some((least, best, verdicts)) = candidates.first().filter(|(gap, ..)| gap.is_finite()).cloned() else {
        let count = moments.iter().flatten().count();
        return refuse(format!("with {count} of sufficient size, no two latents can be compared with any of them"));
    };
    // Environments whose means are those of the best are as good as it: the one with the most rows is taken.
    let alike = |at: usize| best == at || verdicts[at].standing == Standing::Same;
    let rival = candidates.iter().find(|(_, at, _)| !alike(*at));
    if let Some((gap, at, _)) = rival
        && *gap < DECISIVE * least.max(0.0) + SMALL
    {
        return refuse(format!(
            "single changes explain the data about as well from {:?} (gap {least:.4}) as from {:?} ({gap:.4})",
            names[best], names[*at]
        ));
    }
    let ratio = rival.map_or(f64::NAN, |(gap, ..)| (gap / least.max(LEAST)).min(MOST_TOLD));
    let chosen = candidates
        .iter()
        .map(|&(_, at, _)| at)
        .filter(|&at| alike(at))
        .max_by(|&a, &b| rows(moments, a).total_cmp(&rows(moments, b)).then(b.cmp(&a)));
    Ok((arrange(config, moments, chosen.expect("the best is among them"))?, Some(ratio)))
}

fn rows(moments: &[Option<Moments>], at: usize) -> f64 {
    moments[at].as_ref().map_or(0.0, |part| part.rows)
}

//! What MTLCM assumes, and what the data say of it.

use super::groups::Groups;
use super::moments::Moments;
use disentangle_data::Matrix;
use disentangle_data::prepare::least_tasks;
use disentangle_engine::results::latent_names;
use disentangle_engine::results::{Assumption, Status};
use disentangle_numerics::joint_diagonalization::Covariances;
use disentangle_numerics::rotation::agreement;

/// What the checks look at.
pub struct Setting<'a> {
    /// Calls, tasks x k.
    pub causal: &'a Matrix<bool>,
    /// Strengths of causal and of spurious latents.
    pub groups: Groups,
    /// Residual covariances of the latents.
    pub covariances: Covariances,
    /// Moments of the latents, training rows.
    pub moments: &'a [Moments],
    /// Standard deviations of the latents.
    pub sd: &'a [f64],
    /// Objective at each start.
    pub objectives: &'a [f64],
    /// Whether noise was found in the representation.
    pub noisy: bool,
}

/// All checks.
pub fn all(setting: &Setting<'_>) -> Vec<Assumption> {
    vec![
        enough_tasks(setting),
        supports(setting),
        two_groups(setting),
        axes(setting),
        diagonal(setting),
        restarts(setting),
    ]
}

fn assumption(id: &str, question: &str, status: Status, finding: String) -> Assumption {
    Assumption { id: id.into(), question: question.into(), status, finding }
}

fn enough_tasks(setting: &Setting<'_>) -> Assumption {
    let (tasks, k) = (setting.causal.rows(), setting.causal.cols());
    let needed = least_tasks(k);
    let status = match tasks {
        t if t >= 2 * k => Status::Ok,
        t if t >= needed => Status::Warning,
        _ => Status::Violated,
    };
    let finding =
        format!("{tasks} tasks for {k} latents; the theorem needs at least {needed}, {} make it comfortable.", 2 * k);
    assumption("tasks", "Are there enough tasks?", status, finding)
}

/// A latent with the same role in all tasks has nothing that its role could be told from.
fn supports(setting: &Setting<'_>) -> Assumption {
    let question = "Is every latent causal in some tasks and spurious in others?";
    let names = latent_names(setting.causal.cols());
    let called = |i: usize, role: bool| (0..setting.causal.rows()).any(|t| setting.causal[(t, i)] == role);
    let listed = |role: bool| -> Vec<&str> {
        (0..names.len()).filter(|&i| !called(i, role)).map(|i| names[i].as_str()).collect()
    };
    let (never_causal, never_spurious) = (listed(true), listed(false));
    let stuck = (0..names.len()).filter(|&i| !called(i, true) || !called(i, false)).count();
    let status = match stuck {
        0 => Status::Ok,
        n if n == names.len() => Status::Violated,
        _ => Status::Warning,
    };
    let part = |names: &[&str], role: &str| match names.is_empty() {
        true => String::new(),
        false => format!(" Never {role}: {}.", names.join(", ")),
    };
    let finding = match stuck {
        0 => "Every latent has both roles.".to_owned(),
        n => format!(
            "{n} of {} latents have one role only.{}{}",
            names.len(),
            part(&never_causal, "causal"),
            part(&never_spurious, "spurious")
        ),
    };
    assumption("both-roles", question, status, finding)
}

fn two_groups(setting: &Setting<'_>) -> Assumption {
    let Groups { causal, spurious } = setting.groups;
    let separation = setting.groups.separation();
    let status = match separation {
        s if s >= 5.0 => Status::Ok,
        s if s >= 2.0 => Status::Warning,
        _ => Status::Violated,
    };
    let finding = format!(
        "Signal over noise of a latent given the target: {:.2} for causal ones ({:.0} % of all), {:.2} for spurious ones, \
         {separation:.1} times more.",
        causal.spread,
        100.0 * causal.share,
        spurious.spread
    );
    assumption("two-groups", "Do spurious latents follow the target more closely than causal ones?", status, finding)
}

/// Standard errors of mixing between each two latents, from the differences of their variances between tasks.
fn axes(setting: &Setting<'_>) -> Assumption {
    let question = "Do the tasks tell each two latents apart?";
    let k = setting.sd.len();
    if k < 2 {
        return assumption("axes", question, Status::Ok, "There is one latent only.".into());
    }
    let point = setting.covariances.at(Matrix::from_fn(k, k, |i, j| f64::from(u8::from(i == j))));
    let rows = setting.moments.iter().map(|m| m.rows).sum();
    let errors = setting.covariances.mixing_errors(&point, rows);
    // In units of standard deviations: how much of a latent's spread may be another one.
    let relative = |i: usize, j: usize| errors[(i, j)] * setting.sd[j] / setting.sd[i];
    let pairs = (0..k).flat_map(|i| (0..k).filter(move |&j| j != i).map(move |j| (i, j)));
    let (i, j) = pairs.max_by(|&a, &b| relative(a.0, a.1).total_cmp(&relative(b.0, b.1))).expect("two latents");
    let names = latent_names(k);
    let worst = relative(i, j);
    let status = match worst {
        e if e <= 0.1 => Status::Ok,
        e if e <= 0.3 => Status::Warning,
        _ => Status::Violated,
    };
    let finding = match worst.is_finite() {
        true => format!(
            "Standard error of the share of one latent in another: at most {worst:.3} ({} in {}).",
            names[j], names[i]
        ),
        false => format!(
            "{} and {} have proportional variances in all tasks: any rotation of the two fits.",
            names[j], names[i]
        ),
    };
    assumption("axes", question, status, finding)
}

/// Correlations of latents given the target, beyond those of chance.
fn diagonal(setting: &Setting<'_>) -> Assumption {
    let question = "Are the latents independent given target and task?";
    let k = setting.sd.len();
    let (mut squares, mut chance, mut count) = (0.0, 0.0, 0.0f64);
    for m in setting.moments {
        let residual = m.residual();
        for i in 0..k {
            for j in 0..i {
                let scale = residual[(i, i)] * residual[(j, j)];
                if scale > 0.0 {
                    squares += residual[(i, j)].powi(2) / scale;
                    // Two degrees of freedom went to means and slopes; independent normals then have this mean square.
                    chance += 1.0 / (m.rows as f64 - 2.0).max(1.0);
                    count += 1.0;
                }
            }
        }
    }
    if count == 0.0 {
        return assumption("independent", question, Status::Unknown, "There are no two latents to compare.".into());
    }
    let (found, expected) = ((squares / count).sqrt(), (chance / count).sqrt());
    let excess = ((squares - chance).max(0.0) / count).sqrt();
    // Noise is shared by all latents that it reaches: their correlations then say little of the true ones.
    let (worst, shared) = match setting.noisy {
        true => (Status::Warning, " The noise that was found in the representation is part of that."),
        false => (Status::Violated, ""),
    };
    let status = match excess {
        e if e <= 0.1 => Status::Ok,
        e if e <= 0.3 => Status::Warning,
        _ => worst,
    };
    let finding = format!(
        "Root mean square of their correlations given the target: {found:.3}; chance alone gives {expected:.3}, so {excess:.3} \
         are their own.{shared}"
    );
    assumption("independent", question, status, finding)
}

fn restarts(setting: &Setting<'_>) -> Assumption {
    let question = "Does every start end at the same likelihood?";
    let starts = setting.objectives.len();
    if starts < 2 {
        return assumption("restarts", question, Status::Unknown, "There was one start only.".into());
    }
    let share = agreement(setting.objectives, super::summary::SAME_OPTIMUM).unwrap_or(0.0);
    let status = if share >= 0.5 { Status::Ok } else { Status::Warning };
    let finding = format!("{:.0} % of {starts} starts ended at the best likelihood.", 100.0 * share);
    assumption("restarts", question, status, finding)
}

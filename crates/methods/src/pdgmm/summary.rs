//! What a fit says of itself: silence, assumptions, and what was decided without truth.

use super::silence::{Examined, SOMETIMES, TOGETHER, company, examine, largest, silence};
use super::solve::{DECIDED, HEAVY};
use super::together::as_one;
use super::{PdgmmConfig, Representation, keypoints};
use crate::linear::account;
use disentangle_data::Matrix;
use disentangle_data::prepare::{Prepared, Warning};
use disentangle_engine::method::{Findings, MAP, State};
use disentangle_engine::results::{Assumption, Fact, LatentMap, Silence, Status, rows_of};

/// Latents beyond which a fit takes long.
const MANY: usize = 40;

/// Everything about a fit whose latents are `latents` (n x k).
pub fn findings(config: &PdgmmConfig, data: &Prepared, state: &State, latents: &Matrix) -> Findings {
    let examined = examine(data, latents, config.block_size);
    let alike = company(&examined);
    let Examined { train, parts, spikes, blocks } = examined;
    let mut silence = silence(&train, &parts);
    // What checks look at: latents, or blocks of them.
    let (units, spikes) = match blocks.is_empty() {
        true => (Silence { latents: silence.latents.clone(), blocks: Vec::new() }, spikes),
        false => {
            let latents = blocks.iter().map(|(block, _)| as_one(block)).collect();
            let clear = blocks.iter().map(|(_, clear)| *clear).collect();
            silence.blocks = blocks.into_iter().map(|(block, _)| block).collect();
            (Silence { latents, blocks: Vec::new() }, clear)
        }
    };
    let (mut facts, mut warnings) = account(state, latents.cols());
    facts.extend(decided(state));
    facts.push(Fact::new(
        "silentShare",
        "share of entries that are silent",
        mean(units.latents.iter().map(|l| l.share)),
    ));
    facts.push(Fact::new("certainty", "mean certainty of the calls", mean(units.latents.iter().map(|l| l.certainty))));
    warnings.extend(large(latents.cols(), train.rows()));
    warnings.extend(as_columns(config, data));
    let mut assumptions = vec![
        silent_entries(&spikes),
        sometimes(&units),
        enough_rows(&units, train.rows()),
        certain(&units),
        apart(alike, &units),
        correlated(&train),
    ];
    assumptions.extend(state.solved.get(DECIDED).map(|decided| normal(decided[(0, 3)])));
    let map =
        state.solved.get(MAP).map(|map| LatentMap { stage: "planes".into(), values: rows_of(map), agreement: 1.0 });
    Findings { silence: Some(silence), map, assumptions, warnings, facts, ..Findings::default() }
}

/// Images that are taken as columns though nobody asked for it.
fn as_columns(config: &PdgmmConfig, data: &Prepared) -> Option<Warning> {
    let shown = data.views.iter().any(|view| view.image.is_some());
    let reason = keypoints::image_of(&data.views).err()?;
    let open = config.settled_representation() == Representation::Auto;
    (shown && open).then(|| {
        let message = format!("pixels are taken as columns, without their places: {reason}");
        Warning::new("IMAGES_AS_COLUMNS", message)
            .hint("fit the images alone, or say `representation: \"inputs\"` if this is what you want")
    })
}

fn mean(values: impl ExactSizeIterator<Item = f64>) -> f64 {
    let n = values.len() as f64;
    values.sum::<f64>() / n
}

/// What was decided without truth.
fn decided(state: &State) -> Vec<Fact> {
    let Some(decided) = state.solved.get(DECIDED) else { return Vec::new() };
    vec![
        Fact::new("sharpness", "score of the planes before the flow: lower is sharper", decided[(0, 0)]),
        Fact::new("sharpnessAfterFlow", "score of the planes after the flow", decided[(0, 1)]),
        Fact::new("flowUsed", "whether the codes are bent: 1 yes, 0 no", decided[(0, 2)]),
        Fact::new(
            "activeKurtosis",
            "excess kurtosis of active values before the flow: 0 of normal ones",
            decided[(0, 3)],
        ),
    ]
}

fn assumption(id: &str, question: &str, status: Status, finding: String) -> Assumption {
    Assumption { id: id.into(), question: question.into(), status, finding }
}

/// Names of the latents for which something holds, or `none`.
fn listed(silence: &Silence, which: impl Fn(usize) -> bool) -> String {
    let names: Vec<&str> =
        silence.latents.iter().enumerate().filter(|(j, _)| which(*j)).map(|(_, latent)| latent.name.as_str()).collect();
    if names.is_empty() { "none".into() } else { names.join(", ") }
}

fn silent_entries(spikes: &[bool]) -> Assumption {
    let (found, k) = (spikes.iter().filter(|&&spike| spike).count(), spikes.len());
    let status = match found {
        0 => Status::Violated,
        n if n < k => Status::Warning,
        _ => Status::Ok,
    };
    let finding = format!(
        "{found} of {k} latents have a silent value: on rows outside the fit, a narrow part describes them clearly better than a \
         bell curve alone."
    );
    assumption("silent-entries", "Does every latent have a silent value?", status, finding)
}

/// A latent that is always silent is a constant; one that never is has no plane.
fn sometimes(silence: &Silence) -> Assumption {
    let share = |j: usize| silence.latents[j].share;
    let (never, always) =
        (listed(silence, |j| share(j) < SOMETIMES.start), listed(silence, |j| share(j) >= SOMETIMES.end));
    let fine = never == "none" && always == "none";
    let (least, most) = silence.latents.iter().fold((1.0f64, 0.0f64), |(l, m), s| (l.min(s.share), m.max(s.share)));
    let finding = format!(
        "Shares of silent rows from {:.1} % to {:.1} %. Never silent: {never}. Always silent: {always}.",
        100.0 * least,
        100.0 * most
    );
    let status = if fine { Status::Ok } else { Status::Violated };
    assumption("sometimes-silent", "Is every latent silent in some rows and active in others?", status, finding)
}

/// A plane in k dimensions needs k rows on it; ten times as many make its estimate steady.
fn enough_rows(silence: &Silence, rows: usize) -> Assumption {
    let k = silence.latents.len();
    let fewest = silence.latents.iter().map(|l| l.share * rows as f64).fold(f64::INFINITY, f64::min);
    let status = match fewest {
        n if n >= 10.0 * k as f64 => Status::Ok,
        n if n > k as f64 => Status::Warning,
        _ => Status::Violated,
    };
    let finding =
        format!("The latent silent least often is so in {fewest:.0} training rows; {} make a steady plane.", 10 * k);
    assumption("silent-rows", "Are there enough rows on every plane?", status, finding)
}

fn certain(silence: &Silence) -> Assumption {
    let worst = silence.latents.iter().min_by(|a, b| a.certainty.total_cmp(&b.certainty)).expect("a latent");
    let status = match worst.certainty {
        c if c >= 0.9 => Status::Ok,
        c if c >= 0.75 => Status::Warning,
        _ => Status::Violated,
    };
    let finding = format!(
        "Mean certainty of silent or not: at least {:.3} ({}). An entry by chance near the silent value cannot be told from a \
         silent one.",
        worst.certainty, worst.name
    );
    assumption("certain", "Can silent entries be told from others?", status, finding)
}

/// Of latents with one mask any mixture is silent in the same rows.
fn apart(company: Option<(f64, (usize, usize))>, units: &Silence) -> Assumption {
    let (id, question) = ("silent-apart", "Are latents silent in different rows?");
    let Some((r, (i, j))) = company else {
        return assumption(id, question, Status::Ok, "There is one latent only.".into());
    };
    let [j, i] = [j, i].map(|at| &units.latents[at].name);
    match r > TOGETHER {
        false => assumption(
            id,
            question,
            Status::Ok,
            format!("The two that are most nearly ({j} and {i}) have a correlation of {r:.2}."),
        ),
        true => assumption(
            id,
            question,
            Status::Violated,
            format!(
                "{j} and {i} are silent in the same rows (correlation {r:.2}): they are found as a pair, each in no particular \
                 direction."
            ),
        ),
    }
}

/// Planes of strongly correlated latents are near each other.
fn correlated(train: &Matrix) -> Assumption {
    let question = "Are the latents far enough from being copies of each other?";
    match largest(train, f64::abs) {
        None => assumption("distinct", question, Status::Ok, "There is one latent only.".into()),
        Some((r, (i, j))) => {
            let status = match r {
                r if r <= 0.6 => Status::Ok,
                r if r <= 0.9 => Status::Warning,
                _ => Status::Violated,
            };
            let finding = format!("The largest correlation of two latents is {r:.2} (z{} and z{}).", j + 1, i + 1);
            assumption("distinct", question, status, finding)
        }
    }
}

/// Identifiability is proved for normal active values, and the flow takes them for such.
fn normal(tails: f64) -> Assumption {
    let question = "Do active values have Gaussian tails?";
    let (status, finding) = match tails {
        t if t <= HEAVY => (Status::Ok, format!("Their excess kurtosis is {t:.2} in the mean over latents.")),
        t if t > HEAVY => {
            let finding = format!(
                "Their excess kurtosis is {t:.2} in the mean over latents (limit {HEAVY}): tails are heavy. A flow would bend them, so \
                 `flow.use: auto` leaves it out."
            );
            (Status::Warning, finding)
        }
        _ => (Status::Unknown, "No latent has active values that vary.".into()),
    };
    assumption("normal-tails", question, status, finding)
}

/// What many latents cost: eight couplings with hidden layers of 8 k units on the k latents.
fn large(k: usize, rows: usize) -> Option<Warning> {
    (k > MANY).then(|| {
        let megabytes = (8 * 4 * 4 * (64 * k * k + 12 * k * k)) as f64 / 1e6 + (rows * k * 8) as f64 / 1e6;
        let times = (k as f64 / MANY as f64).powi(2);
        let message = format!(
            "{k} latents: about {megabytes:.0} MB, and {times:.1} times the time of {MANY} latents; the search was tried up to \
             {MANY}"
        );
        Warning::new("MANY_LATENTS", message).hint("choose a smaller latentDim, or flow.use never for a first look")
    })
}

//! What a fit says of itself: which environments were used, what cannot be told, and how sure the graph is.

use super::causes::{CERTAINTY, LEFT_OUT, SURE, WEIGHTS, order};
use super::config::{InterventionalConfig, Kind, NAME};
use super::solve::{
    CURVED_LEFT, DEPENDENCE, DOUBTFUL, ENVIRONMENTS, INPUTS, MOST_INPUTS, MOST_LATENTS, NUMBERS, Number, PARALLEL,
    SEPARATION, Stands, VIOLATED,
};
use disentangle_data::prepare::{Prepared, Warning};
use disentangle_data::{Matrix, Result};
use disentangle_engine::method::{Findings, State};
use disentangle_engine::results::{Assumption, CausalGraph, Fact, Status, latent_names, rows_of};

/// A latent of which the others leave a smaller share is named.
const SEPARATED: f64 = 0.5;
/// Changed rows of one latent that are less parallel belong to soft interventions.
const PARALLEL_LEAST: f64 = 0.95;
/// Share of the inputs' variance that latents may leave, and the share of that along one axis that is a cause of its own.
const LEFT: f64 = 0.05;
const TOGETHER: f64 = 0.6;
/// Correlations of two latents of the nonlinear model up to which they are independent, and from which they are not: the light tunnel has
/// .16, independent latents behind curves .29 and .32 (with MCCs of .97 and .94), latents that act on each other .70 (.59).
const INDEPENDENT: f64 = 0.2;
const DEPENDENT: f64 = 0.4;
/// Standard deviations by which the gap may exceed what chance gives.
const BY_CHANCE: f64 = 4.0;
/// Of a gap: one latent has none by construction.
const ROUNDING: f64 = 1e-9;

/// The solved results, read back.
struct Found<'a> {
    environments: &'a Matrix<f64>,
    inputs: &'a Matrix<f64>,
    numbers: &'a Matrix<f64>,
    separation: &'a [f64],
    parallel: &'a [f64],
    dependence: Option<&'a Matrix<f64>>,
    curved_left: Option<&'a Matrix<f64>>,
    weights: Option<&'a Matrix<f64>>,
    left_out: Option<&'a Matrix<f64>>,
    certainty: Option<&'a Matrix<f64>>,
}

impl Found<'_> {
    fn number(&self, number: Number) -> f64 {
        self.numbers[(0, number as usize)]
    }

    /// Environments of this standing.
    fn of(&self, standing: f64) -> Vec<usize> {
        (0..self.environments.rows()).filter(|&u| self.environments[(u, 0)] == standing).collect()
    }

    /// The gap beyond that of chance.
    fn excess(&self) -> f64 {
        self.number(Number::Gap) - self.number(Number::Chance)
    }

    fn linear(&self) -> bool {
        self.excess() <= VIOLATED
    }

    /// Whether the latents are those of the nonlinear model.
    fn nonlinear(&self) -> bool {
        self.number(Number::Nonlinear) == f64::from(Stands::Yes as u8)
    }

    /// The pair of latents of the nonlinear model that depend most on each other, and their correlation.
    fn dependent(&self) -> Option<(usize, usize, f64)> {
        let dependence = self.dependence?;
        let pairs = (0..dependence.rows()).flat_map(|i| (0..i).map(move |j| (j, i, dependence[(i, j)])));
        pairs.max_by(|a, b| a.2.total_cmp(&b.2))
    }

    fn cyclic(&self) -> bool {
        self.weights.is_some_and(|weights| order(weights).is_none())
    }
}

/// Findings of a solved state.
///
/// # Errors
/// `DATA_NEEDS_ENVIRONMENTS`.
pub fn findings(config: &InterventionalConfig, data: &Prepared, state: &State) -> Result<Findings> {
    let part = |name: &str| state.solved.get(name);
    let all = (part(ENVIRONMENTS), part(INPUTS), part(NUMBERS), part(SEPARATION), part(PARALLEL));
    let (Some(environments), Some(inputs), Some(numbers), Some(separation), Some(parallel)) = all else {
        return Ok(Findings::default());
    };
    let found = Found {
        environments,
        inputs,
        numbers,
        separation: separation.row(0),
        parallel: parallel.row(0),
        dependence: part(DEPENDENCE),
        curved_left: part(CURVED_LEFT),
        weights: part(WEIGHTS),
        left_out: part(LEFT_OUT),
        certainty: part(CERTAINTY),
    };
    let names = &data.needs_environments(NAME)?.names;
    let assumptions = [
        Some(the_reference(&found, names)),
        Some(the_environments(&found, names)),
        Some(single(&found)),
        Some(perfect(config, &found)),
        independent(&found),
        Some(further(&found)),
        Some(separate(&found)),
    ];
    let assumptions = assumptions.into_iter().flatten().collect();
    Ok(Findings {
        graph: graph(config, &found),
        facts: facts(&found),
        warnings: warnings(config, data, &found, names),
        assumptions,
        ..Findings::default()
    })
}

fn facts(found: &Found<'_>) -> Vec<Fact> {
    let fact = |id: &str, label: &str, number| Fact::new(id, label, found.number(number));
    let mut facts = vec![
        fact("gap", "what single changes cost in likelihood, in nats per row", Number::Gap),
        fact("gap-of-chance", "the same by chance alone", Number::Chance),
        fact("gap-of-all-inputs", "the same with all inputs", Number::GapOfAll),
        fact("agreement", "share of the starts that reached the best likelihood", Number::Agreement),
        fact("input-sets", "sets of inputs that were compared", Number::Tried),
        fact("left", "share of the inputs' variance in the reference that the linear latents leave", Number::Left),
    ];
    if let Some((.., correlation)) = found.dependent() {
        let label = "largest correlation of two latents in an environment (0 where they are independent, as the nonlinear model has them)";
        facts.push(Fact::new("dependence", label, correlation));
    }
    if let Some(left) = found.curved_left {
        let label = "share of the inputs' variance in the reference that the latents of the nonlinear model leave";
        facts.push(Fact::new("nonlinear-left", label, left[(0, 0)]));
    }
    for (name, &share) in latent_names(found.separation.len()).iter().zip(found.separation) {
        let label = match found.nonlinear() {
            true => format!("share of the variance of {name} in the reference that the inputs tell"),
            false => format!(
                "share of the variance of {name} in the reference that neither noise of the inputs nor other latents explain"
            ),
        };
        facts.push(Fact::new(&format!("reliability-{name}"), &label, share));
    }
    facts
}

fn the_reference(found: &Found<'_>, names: &[String]) -> Assumption {
    let name = found.of(0.0).first().map_or("", |&u| names[u].as_str());
    let ratio = found.number(Number::ReferenceRatio);
    let (status, finding) = if ratio < 0.0 {
        (Status::Unknown, format!("It was named: {name:?}."))
    } else if ratio == 0.0 {
        (Status::Warning, format!("Found: {name:?}. Latents could be compared with no other environment."))
    } else {
        let finding = format!(
            "Found: {name:?}. From the next best environment single changes explain the data worse, by a gap {ratio:.1} times as large."
        );
        (Status::Ok, finding)
    };
    assumption("reference", "Which environment has no intervention?", status, finding)
}

fn the_environments(found: &Found<'_>, names: &[String]) -> Assumption {
    let k = found.separation.len();
    let of = |latent: usize| {
        let mine = (0..names.len()).filter(|&u| found.environments[(u, 1)] == latent as f64);
        let listed: Vec<&str> = mine.map(|u| names[u].as_str()).collect();
        format!("{} by {}", latent_names(k)[latent], listed.join(" and "))
    };
    let changed: Vec<String> = (0..k).map(of).collect();
    let kept = found.of(1.0);
    let closest =
        kept.iter().map(|&u| found.environments[(u, 3)]).filter(|angle| *angle >= 0.0).fold(f64::INFINITY, f64::min);
    let angle = match closest.is_finite() {
        true => format!(" The closest two directions are {closest:.0} degrees apart."),
        false => String::new(),
    };
    let aside = found.environments.rows() - 1 - kept.len();
    let others = match aside {
        0 => String::new(),
        1 => " One environment was set aside.".to_owned(),
        _ => format!(" {aside} environments were set aside."),
    };
    let status = if k < 2 { Status::Warning } else { Status::Ok };
    let finding = format!("Changed: {}.{angle}{others}", changed.join("; "));
    assumption("environments", "Which environment changes which latent?", status, finding)
}

fn single(found: &Found<'_>) -> Assumption {
    let (gap, chance, sd) = (found.number(Number::Gap), found.number(Number::Chance), found.number(Number::ChanceSd));
    let by_chance = gap <= chance + BY_CHANCE * sd + ROUNDING;
    let status = if by_chance {
        Status::Ok
    } else if found.excess() <= DOUBTFUL {
        Status::Warning
    } else {
        Status::Violated
    };
    let what = match status {
        Status::Ok => "as little as chance gives",
        Status::Warning => "more than chance gives: noise of the inputs, or a slight curve",
        _ if found.linear() => {
            "much more than chance gives: noise of the inputs, a curve, or several changes in one environment"
        }
        _ if found.nonlinear() => {
            "far more than chance gives: no linear model of single changes holds, and the latents are those of the nonlinear model"
        }
        _ => {
            "far more than chance gives: no linear model of single changes holds, and the latents are discriminant directions"
        }
    };
    let finding = format!("They cost {gap:.4} nats per row, {what} ({chance:.4}).");
    assumption("single-changes", "Do single changes of linear mechanisms explain all environments?", status, finding)
}

fn perfect(config: &InterventionalConfig, found: &Found<'_>) -> Assumption {
    let question = "Do interventions cut their latent off from its causes?";
    let several: Vec<f64> = found.parallel.iter().copied().filter(|&cosine| cosine >= 0.0).collect();
    let least = several.iter().copied().fold(f64::INFINITY, f64::min);
    let (status, finding) = if config.interventions == Kind::Soft {
        (Status::Unknown, "It is not assumed: the latents are the noises of the mechanisms.".to_owned())
    } else if !found.linear() || found.nonlinear() {
        (Status::Unknown, "It cannot be told where no linear model of single changes was kept.".to_owned())
    } else if found.cyclic() {
        (Status::Violated, "The effects form a cycle, which perfect interventions do not allow.".to_owned())
    } else if least < PARALLEL_LEAST {
        let finding = format!(
            "Environments of one latent leave different shares of its causes: their rows have a cosine of {least:.3}."
        );
        (Status::Violated, finding)
    } else if several.is_empty() {
        let finding = "The effects form no cycle. One environment per latent cannot tell more: soft interventions can look like this.";
        (Status::Unknown, finding.to_owned())
    } else {
        let finding = format!(
            "The effects form no cycle, and environments of one latent agree (cosines of {least:.3} and more): perfect, or soft ones that all leave the same."
        );
        (Status::Ok, finding)
    };
    assumption("perfect", question, status, finding)
}

/// Whether the latents of the nonlinear model are independent, as it has them; nothing for linear ones.
fn independent(found: &Found<'_>) -> Option<Assumption> {
    let (i, j, correlation) = found.dependent()?;
    let names = latent_names(found.separation.len());
    let status = if correlation <= INDEPENDENT {
        Status::Ok
    } else if correlation <= DEPENDENT {
        Status::Warning
    } else {
        Status::Violated
    };
    let what = match status {
        Status::Ok => "as good as none",
        Status::Warning => "more than the model has: a latent or two may be mixed",
        _ => "which the model does not have: they may act on each other, or be mixed",
    };
    let finding = format!(
        "Of two latents {} and {} correlate most in an environment, {correlation:.2}, {what}.",
        names[i], names[j]
    );
    let question = "Are the latents independent, as the nonlinear model has them?";
    Some(assumption("independent", question, status, finding))
}

fn further(found: &Found<'_>) -> Assumption {
    // The nonlinear model has latents of its own, which explain what the directions that it starts from may not.
    let (left, together) = match found.curved_left {
        Some(left) => (left[(0, 0)], left[(0, 1)]),
        None => (found.number(Number::Left), found.number(Number::LeftTogether)),
    };
    let hidden = left > LEFT && together > TOGETHER;
    let finding = format!(
        "In the reference the latents leave {:.1}% of the variance of the used inputs, {:.0}% of that along one axis{}",
        100.0 * left,
        100.0 * together,
        if hidden { ": a cause that no environment changes." } else { "." }
    );
    let status = if hidden { Status::Violated } else { Status::Ok };
    assumption("further-causes", "Is every cause of the inputs changed somewhere?", status, finding)
}

fn separate(found: &Found<'_>) -> Assumption {
    let low = low(found);
    let listed: Vec<String> = low.iter().map(|(name, share)| format!("{name} {share:.2}")).collect();
    let (status, finding) = match listed.is_empty() {
        true => {
            let least = found.separation.iter().copied().fold(1.0, f64::min);
            let what = if found.nonlinear() { "is told by the inputs" } else { "is its own" };
            (Status::Ok, format!("Of each latent at least {least:.2} of the variance {what}."))
        }
        false => {
            let what = if found.nonlinear() { "is told by the inputs" } else { "is their own" };
            let finding = format!(
                "Little of their variance {what}: {}. Noise of the inputs hides them behind the others.",
                listed.join(", ")
            );
            (Status::Violated, finding)
        }
    };
    assumption("reliability", "Do the inputs carry each latent by itself?", status, finding)
}

fn low(found: &Found<'_>) -> Vec<(String, f64)> {
    let names = latent_names(found.separation.len());
    names.into_iter().zip(found.separation.iter().copied()).filter(|(_, share)| *share < SEPARATED).collect()
}

fn graph(config: &InterventionalConfig, found: &Found<'_>) -> Option<CausalGraph> {
    let weights = found.weights?;
    let doubtful = found.excess() > DOUBTFUL || found.cyclic();
    let k = weights.rows();
    let unsure = |i: usize, j: usize| doubtful || found.certainty.is_some_and(|certainty| certainty[(i, j)] < SURE);
    let edges = edges_of(weights).into_iter().filter(|[i, j]| unsure(*i, *j));
    let undecided = edges.chain(found.left_out.map(edges_of).into_iter().flatten()).collect();
    let basis = format!(
        "Noises and changed mechanisms by the likelihood of single changes. A weight is the direct effect in standard deviations of the reference, an edge at least {} of it and three standard errors; a certainty is the probability that there is an effect, by its standard error over resamples of the rows, times the share of them in which it has that size.",
        config.least_edge
    );
    // Two effects that contradict each other are an edge whose direction is open.
    let pairs = (0..k).flat_map(|i| (i + 1..k).map(move |j| [i, j]));
    let open = pairs.filter(|[i, j]| weights[(*i, *j)] != 0.0 && weights[(*j, *i)] != 0.0).collect();
    let mut graph = CausalGraph::of(latent_names(k), weights, basis);
    (graph.undecided, graph.undirected, graph.cyclic) = (undecided, open, found.cyclic());
    graph.certainty = found.certainty.map(rows_of);
    Some(graph)
}

fn edges_of(weights: &Matrix<f64>) -> Vec<[usize; 2]> {
    let k = weights.rows();
    let pairs = (0..k).flat_map(|i| (0..k).map(move |j| [i, j]));
    pairs.filter(|[i, j]| weights[(*i, *j)] != 0.0).collect()
}

fn warnings(config: &InterventionalConfig, data: &Prepared, found: &Found<'_>, names: &[String]) -> Vec<Warning> {
    let mut warnings = Vec::new();
    let reasons = [
        (2.0, "their means are those of the reference".to_owned()),
        (3.0, format!("they move fewer than {} inputs, as a fault of one would", config.least_inputs)),
        (4.0, "they have too few training rows".to_owned()),
        (5.0, "they are combinations of others, several changes at once".to_owned()),
    ];
    for (standing, reason) in reasons {
        let aside: Vec<String> = found.of(standing).iter().map(|&u| format!("{:?}", names[u])).collect();
        if !aside.is_empty() {
            let message = format!("environments set aside, since {reason}: {}", aside.join(", "));
            warnings.push(Warning::new("ENVIRONMENTS_SET_ASIDE", message).hint(
                "they take no part in the fit; `leastInputs`, `leastShift` and `standardErrors` say what counts as a move",
            ));
        }
    }
    let inputs = |flag: f64| -> Vec<&str> {
        let chosen = (0..found.inputs.cols()).filter(|&j| found.inputs[(0, j)] == flag);
        chosen.map(|j| data.input_names[j].as_str()).collect()
    };
    let leaking = inputs(1.0);
    if !leaking.is_empty() {
        let message = format!(
            "inputs left out, since no linear model of single changes fits them: {} (gap {:.4} with all inputs, {:.4} without them)",
            leaking.join(", "),
            found.number(Number::GapOfAll),
            found.number(Number::Gap)
        );
        warnings
            .push(Warning::new("INPUTS_LEFT_OUT", message).hint(
                "they may depend on several latents along a curve, or be saturated; `mostLeftOut: 0` keeps them",
            ));
    }
    let constant = inputs(2.0);
    if !constant.is_empty() {
        let message = format!(
            "inputs that are constant in the reference or under an intervention, left out: {}",
            constant.join(", ")
        );
        warnings
            .push(Warning::new("INPUTS_CONSTANT", message).hint("a sensor that is saturated carries nothing there"));
    }
    if !found.linear() {
        let what = if found.nonlinear() { "those of the nonlinear model" } else { "discriminant directions" };
        let message = format!(
            "single changes of linear mechanisms do not explain the environments (gap {:.3}): latents are {what}, the graph is not decided",
            found.number(Number::Gap)
        );
        let more = match found.number(Number::Nonlinear) == f64::from(Stands::TooLarge as u8) {
            true => format!(
                "; the nonlinear model takes at most {MOST_INPUTS} inputs and {MOST_LATENTS} latents: choose columns with `inputs`"
            ),
            false => String::new(),
        };
        warnings.push(Warning::new("CHANGES_NOT_SINGLE", message).hint(format!(
            "noise that depends on the latents or a curved mixing does this, and so do environments with several changes{more}",
        )));
    }
    if found.cyclic() {
        let message = "the effects of the latents on each other form a cycle: no mechanisms are given".to_owned();
        warnings.push(
            Warning::new("GRAPH_CYCLIC", message).hint("interventions may be soft: compare with `interventions: soft`"),
        );
    }
    if let Some(left_out) = found.left_out {
        let names = latent_names(left_out.rows());
        let listed: Vec<String> = edges_of(left_out)
            .into_iter()
            .map(|[i, j]| format!("{} -> {} ({:.2})", names[i], names[j], left_out[(i, j)]))
            .collect();
        let message = format!("undecided effects that close a cycle, left out of the graph: {}", listed.join(", "));
        warnings.push(
            Warning::new("EDGES_LEFT_OUT", message)
                .hint("more rows in each environment decide them; `leastEdge` says how large an effect has to be"),
        );
    }
    let low = low(found);
    if !low.is_empty() {
        let listed: Vec<String> = low.iter().map(|(name, share)| format!("{name} ({share:.2})")).collect();
        let message = format!("latents that the inputs hardly carry by themselves: {}", listed.join(", "));
        warnings.push(
            Warning::new("LATENTS_NOT_SEPARATED", message)
                .hint("a score over all latents hides this; give inputs that see them"),
        );
    }
    if found.separation.len() == 1 {
        let message = "all interventions move the inputs in one direction: one latent, and no graph to find".to_owned();
        warnings.push(Warning::new("ONE_DIRECTION", message).hint("give environments that intervene on other causes"));
    }
    if found.number(Number::Converged) == 0.0 {
        let message = "the likelihood still fell after the last iteration".to_owned();
        warnings.push(Warning::new("CHANGES_NOT_CONVERGED", message).hint("raise `iterations`"));
    }
    warnings
}

fn assumption(id: &str, question: &str, status: Status, finding: String) -> Assumption {
    Assumption { id: id.into(), question: question.into(), status, finding }
}

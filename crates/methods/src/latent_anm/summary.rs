//! What a fit says of itself: the graph, which latents the data identify, and what was decided without truth.

use super::config::{Algorithm, LatentAnmConfig};
use super::identified::{ALIKE, Identified, identified};
use super::solved::{self, EVIDENCE, LONG, MAGNITUDES, MARGIN, ORDER, UNMIXED};
use crate::linear::account;
use disentangle_data::Matrix;
use disentangle_data::prepare::{Prepared, Warning};
use disentangle_data::split::Split;
use disentangle_engine::method::{Findings, State};
use disentangle_engine::results::{Assumption, CausalGraph, Fact, Status, rows_of};
use disentangle_engine::rows;
use disentangle_numerics::shift::Kind;

/// Likelihood ratio of the environments, by degree of freedom, below which they hardly differ.
const SIMILAR: f64 = 10.0;
/// Share of the inputs' variance along the axes that are unmixed, below which inputs are no flat space.
const FLAT: f64 = 0.999;
/// Standard error of an axis beyond which two latents are not told apart.
const BLURRED: f64 = 0.1;

/// Everything about a fit.
pub fn findings(config: &LatentAnmConfig, data: &Prepared, state: &State, latents: &Matrix) -> Findings {
    let k = latents.cols();
    let names = solved::names(&data.input_names, state, k);
    let (mut facts, mut warnings) = account(state, k);
    let environments = rows::per_node(data, Split::Train).into_iter().filter(|&rows| rows > 0).count();
    facts.push(Fact::new("environments", "environments with training rows", environments as f64));
    if let Some(likelihoods) = state.solved.get(LONG) {
        let best = likelihoods.data().iter().copied().filter(|v| v.is_finite()).fold(f64::INFINITY, f64::min);
        facts.push(Fact::new("flowLikelihood", "negative log-likelihood of a training row, free covariances", best));
    }
    // What is measured needs no environments to be identified.
    let mut assumptions: Vec<Assumption> = (!config.observed()).then(|| enough(environments, k)).into_iter().collect();
    if let Some(unmixed) = state.solved.get(UNMIXED) {
        assumptions.push(shifts(unmixed[(0, 2)]));
        assumptions.push(apart(unmixed[(0, 1)]));
        facts.push(Fact::new(
            "shift",
            "likelihood ratio of the environments by its degrees of freedom",
            unmixed[(0, 2)],
        ));
        facts.push(Fact::new("axesAgreement", "share of starts that end at the same axes", unmixed[(0, 0)]));
    }
    if let (Some(evidence), Some(order)) = (state.solved.get(EVIDENCE), state.solved.get(ORDER)) {
        let edges = evidence.data().iter().filter(|v| **v > 0.0).count();
        facts.push(Fact::new("edges", "edges between latents", edges as f64));
        if config.mechanisms == Kind::None {
            assumptions.push(independent(edges));
        } else {
            assumptions.push(ordered(order, evidence));
            let margin = state.solved.get(MARGIN).filter(|_| config.algorithm == Algorithm::Flow);
            warnings.extend(margin.and_then(|margin| undecided(evidence, margin[(0, 0)], &names)));
        }
    }
    warnings.extend(bent(&facts));
    if environments <= 2 * k && !config.observed() {
        let message = format!("{environments} environments for {k} latents, at least {} are needed", 2 * k + 1);
        warnings.push(
            Warning::new("FEW_ENVIRONMENTS", message).hint("give more environments, or choose a smaller latentDim"),
        );
    }
    let mut identification = Vec::new();
    if !config.observed() {
        let Identified { of, assumptions: on_latents, warnings: about, facts: decide } =
            identified(config.mechanisms, environments, state, &names);
        identification = of;
        assumptions.extend(on_latents);
        warnings.extend(about);
        facts.extend(decide);
    }
    let graph = graph(config, data, state, names);
    Findings { graph, identification, assumptions, warnings, facts, ..Findings::default() }
}

/// What `mechanisms: none` assumes.
fn independent(edges: usize) -> Assumption {
    let question = "Are the latents independent in every environment?";
    if edges == 0 {
        let finding = "No latent depends on another one in its environment.".into();
        return assumption("independent", question, Status::Ok, finding);
    }
    let finding = format!(
        "Latents depend on each other along {edges} edges: mechanisms \"mlp\" would model them, none does not."
    );
    assumption("independent", question, Status::Violated, finding)
}

/// Inputs that do not lie along as many axes as there are latents: what lies outside is lost to the linear reduction.
fn bent(facts: &[Fact]) -> Option<Warning> {
    let kept = facts.iter().find(|fact| fact.id == "explained-variance")?.value?;
    (kept < FLAT).then(|| {
        let message =
            format!("{:.1} % of the inputs' variance lies outside of the axes that are unmixed", 100.0 * (1.0 - kept));
        Warning::new("INPUTS_BENT", message)
            .hint("the latents are an approximation: choose a larger latentDim, or fewer inputs")
    })
}

/// Edges by their share of what other parents leave, and how likely they are by the criterion of the search.
fn graph(config: &LatentAnmConfig, data: &Prepared, state: &State, names: Vec<String>) -> Option<CausalGraph> {
    if config.mechanisms == Kind::None {
        return None;
    }
    if config.algorithm == Algorithm::Paper {
        return published_graph(config, state, names);
    }
    let (evidence, order) = (state.solved.get(EVIDENCE)?, state.solved.get(ORDER)?);
    let margin = state.solved.get(MARGIN)?[(0, 0)];
    let rows = data.rows_of(Split::Train).len() as f64;
    let weights = evidence.map(|e: f64| if e > 0.0 { -(-2.0 * e / rows).exp_m1() } else { 0.0 });
    // Edges of almost no evidence are edges all the same: a weight of 0 would hide them.
    let weights = Matrix::from_fn(weights.rows(), weights.cols(), |i, j| match evidence[(i, j)] > 0.0 {
        true => weights[(i, j)].max(f64::EPSILON),
        false => 0.0,
    });
    let certainty = evidence.map(|e: f64| certainty(e, margin));
    Some(CausalGraph {
        certainty: Some(rows_of(&certainty)),
        order: Some(order.data().iter().map(|&i| i as usize).collect()),
        ..CausalGraph::of(
            names,
            &weights,
            "Exact search over causal orders and parents: least squares of every latent on functions of its parents in every \
             environment, by a threefold Bayesian information criterion. A weight is the share of the variance left by the other \
             parents that the edge explains, less the criterion's penalty; a certainty is the share of the criterion's weights, from \
             one to five, for which the edge stands, given the order and the other parents.",
        )
    })
}

/// The published read-out: coefficients whose mean magnitude over the environments is above a threshold.
fn published_graph(config: &LatentAnmConfig, state: &State, names: Vec<String>) -> Option<CausalGraph> {
    let threshold = config.published.edge_threshold;
    let weights = state.solved.get(MAGNITUDES)?.map(|mean: f64| if mean > threshold { mean } else { 0.0 });
    let order = Some((0..names.len()).collect());
    let basis = format!(
        "The coefficients of the mechanisms, in a causal order that was not searched for. A weight is the mean magnitude of a \
         coefficient over the environments; edges are those above {threshold}."
    );
    Some(CausalGraph { order, ..CausalGraph::of(names, &weights, basis) })
}

/// Share of the weights of the criterion, from once to five times, for which an edge stands.
fn certainty(evidence: f64, margin: f64) -> f64 {
    (0.5 + 0.5 * evidence / margin).clamp(0.0, 1.0)
}

/// Edges that stand or fall with the weight of the criterion.
fn undecided(evidence: &Matrix<f64>, margin: f64, names: &[String]) -> Option<Warning> {
    let k = names.len();
    let open = |&(i, j): &(usize, usize)| {
        (0.0..1.0).contains(&certainty(evidence[(i, j)], margin)) && evidence[(i, j)] > -margin
    };
    let list: Vec<String> = (0..k)
        .flat_map(|i| (0..k).map(move |j| (i, j)))
        .filter(open)
        .map(|(i, j)| {
            let found = if evidence[(i, j)] > 0.0 { "found" } else { "not found" };
            format!("{} -> {} ({found}, {:.0} of {margin:.0} nats)", names[i], names[j], evidence[(i, j)])
        })
        .collect();
    (!list.is_empty()).then(|| {
        Warning::new(
            "GRAPH_UNDECIDED",
            format!("the data do not decide on these edges of the graph: {}", list.join(", ")),
        )
        .hint("give more rows or environments, or train for more steps")
    })
}

fn assumption(id: &str, question: &str, status: Status, finding: String) -> Assumption {
    Assumption { id: id.into(), question: question.into(), status, finding }
}

/// Condition (iii): means and variances of the noise must differ in 2 k independent ways.
fn enough(environments: usize, k: usize) -> Assumption {
    let status = match environments {
        u if u >= 4 * k => Status::Ok,
        u if u > 2 * k => Status::Warning,
        _ => Status::Violated,
    };
    let finding = format!(
        "{environments} environments for {k} latents; at least {} are needed, {} make it comfortable.",
        2 * k + 1,
        4 * k
    );
    assumption("environments", "Are there enough environments?", status, finding)
}

fn shifts(ratio: f64) -> Assumption {
    let question = "Do the environments differ?";
    let (status, finding) = match ratio {
        r if r < ALIKE => (
            Status::Violated,
            format!(
                "The environments are as alike as random parts of one: likelihood ratio {r:.2} by degree of freedom. \
                     Without shifts nothing identifies the latents."
            ),
        ),
        r if r < SIMILAR => (
            Status::Warning,
            format!(
                "The environments hardly differ: likelihood ratio {r:.1} by degree of freedom. The latents may be mixed."
            ),
        ),
        r => (Status::Ok, format!("Likelihood ratio {r:.0} by degree of freedom; alike environments give about 1.")),
    };
    assumption("shifts", question, status, finding)
}

fn apart(worst: f64) -> Assumption {
    let question = "Do the noise variances tell all latents apart?";
    if worst <= BLURRED {
        let finding = format!("The largest standard error of an axis is {worst:.3}.");
        return assumption("axes", question, Status::Ok, finding);
    }
    let finding = format!(
        "The noise variances of two latents rise and fall together (standard error of an axis {worst:.2}): these two may be mixed."
    );
    assumption("axes", question, Status::Warning, finding)
}

/// The mechanisms were fitted in the order of the latents; the search on the final latents may find edges against it.
fn ordered(order: &Matrix<f64>, evidence: &Matrix<f64>) -> Assumption {
    let k = order.cols();
    let against = (0..k).flat_map(|i| (0..i).map(move |j| (i, j))).filter(|&edge| evidence[edge] > 0.0).count();
    let question = "Is the causal order the same at the end?";
    if against == 0 {
        return assumption("order", question, Status::Ok, "No edge runs against the order of the mechanisms.".into());
    }
    let finding =
        format!("{against} edges of the final graph run against the order in which the mechanisms were fitted.");
    assumption("order", question, Status::Warning, finding)
}

#[cfg(test)]
mod tests {
    use super::*;
    use disentangle_engine::results::latent_names;

    #[test]
    fn an_edge_within_the_margin_is_told_whether_it_was_found_or_not() {
        let evidence =
            |nats: f64| Matrix::new(2, 2, vec![f64::NEG_INFINITY, nats, f64::NEG_INFINITY, f64::NEG_INFINITY]);
        let told = |nats: f64| undecided(&evidence(nats).expect("2 x 2"), 100.0, &latent_names(2)).map(|w| w.message);
        assert_eq!((told(150.0), told(-150.0)), (None, None));
        assert!(told(60.0).expect("told").contains("z1 -> z2 (found, 60 of 100 nats)"));
        assert!(told(-60.0).expect("told").contains("z1 -> z2 (not found, -60 of 100 nats)"));
        let certain = [150.0, 60.0, 0.0, -150.0, f64::NEG_INFINITY].map(|nats| certainty(nats, 100.0));
        assert_eq!(certain, [1.0, 0.8, 0.5, 0.0, 0.0]);
    }

    #[test]
    fn inputs_beyond_the_axes_are_told_in_per_cent() {
        let kept = |share: f64| bent(&[Fact::new("explained-variance", "", share)]);
        assert!(kept(0.9995).is_none() && bent(&[]).is_none());
        assert!(kept(0.95).expect("a warning").message.starts_with("5.0 %"));
    }
}

//! What a fit says of itself: sizes and how they were chosen, the graph with what ties with it, which latents the data leave open.

use super::another::ANOTHER;
use super::config::MultimodalConfig;
use super::descend::{RELATED, TOLD};
use super::hidden::{TIE, UNDECIDED};
use super::read_off::SAME;
use super::solved::{self, Size};
use disentangle_data::Matrix;
use disentangle_data::prepare::{Prepared, Warning};
use disentangle_engine::method::{Dimensions, Findings, State};
use disentangle_engine::results::{
    Assumption, Candidate, CausalGraph, CauseSet, Choice, Fact, GraphTie, Identification, Status, rows_of,
};

/// Share of the variance that an autoencoder may leave before its code is no picture of the modality; and before that is told.
const COARSE: [f64; 2] = [0.5, 0.1];
/// Share of a latent's variance that is noise, below which its causes determine it.
const DETERMINED: f64 = 1e-3;

/// Everything about a fit; nothing of one that was stopped.
pub(super) fn findings(config: &MultimodalConfig, data: &Prepared, state: &State, latents: usize) -> Findings {
    let Some(sizes) = solved::sizes(&state.solved) else { return Findings::default() };
    let names = solved::names(&Dimensions::of(data), state).filter(|names| names.len() == latents);
    let Some(names) = names else { return Findings::default() };
    let found = Found { data, solved: &state.solved, sizes: &sizes, names: &names };
    let ties = found.ties();
    let mut assumptions = vec![found.codes(), found.order(), found.related()];
    assumptions.extend(found.agreed());
    let mut warnings = found.loose().into_iter().collect::<Vec<_>>();
    warnings.extend(found.unrelated());
    warnings.extend(found.undecided(&ties));
    warnings.extend(found.determined());
    warnings.extend(found.coarse());
    Findings {
        graph: found.graph(config, ties),
        identification: found.identification(),
        choices: found.choices(config),
        facts: found.facts(),
        assumptions,
        warnings,
        ..Findings::default()
    }
}

struct Found<'a> {
    data: &'a Prepared,
    solved: &'a std::collections::BTreeMap<String, Matrix<f64>>,
    sizes: &'a [Size],
    names: &'a [String],
}

impl Found<'_> {
    fn part(&self, name: &str) -> Option<&Matrix<f64>> {
        self.solved.get(name)
    }

    fn of(&self, name: &str, modality: usize) -> Option<&[f64]> {
        self.solved.get(&solved::of(name, modality)).map(|row| row.row(0))
    }

    fn modality(&self, m: usize) -> &str {
        &self.data.views[m].name
    }

    fn edges(&self) -> Vec<[usize; 2]> {
        let Some(weights) = self.part(solved::WEIGHTS) else { return Vec::new() };
        let d = self.names.len();
        (0..d).flat_map(|i| (0..d).map(move |j| [i, j])).filter(|&[i, j]| weights[(i, j)] > 0.0).collect()
    }

    fn facts(&self) -> Vec<Fact> {
        let mut facts = Vec::new();
        for (m, size) in self.sizes.iter().enumerate() {
            let name = self.modality(m);
            let fact = |id: &str, what: &str, value: f64| {
                Fact::new(&format!("{id}-{name}"), &format!("{name}: {what}"), value)
            };
            facts.push(fact("latents", "latents", size.latents as f64));
            facts.push(fact("private", "private variables", (size.width - size.latents) as f64));
            if let Some(left) = self.part(solved::LEFT) {
                facts.push(fact("left", "share of its variance that its code leaves, training rows", left[(0, m)]));
            }
        }
        let of = solved::modalities(self.sizes);
        let edges = self.edges();
        let between = edges.iter().filter(|[i, j]| of[*i] != of[*j]).count();
        facts.push(Fact::new("edges-between", "edges between modalities", between as f64));
        facts.push(Fact::new("edges-within", "edges within modalities", (edges.len() - between) as f64));
        if let Some(objectives) = self.part(solved::OBJECTIVES) {
            facts.push(Fact::new(
                "objective",
                "minus the log-likelihood of a row of codes, and what its edges cost, nats",
                objectives[(0, 0)],
            ));
            facts.push(Fact::new(
                "edges-worth",
                "what the edges are worth beside independent latents, nats a row",
                objectives[(0, 1)] - objectives[(0, 0)],
            ));
            facts.push(Fact::new(
                "solutions",
                "solutions that fit as well, this one among them",
                objectives[(0, 2)] + objectives[(0, 3)],
            ));
        }
        let hidden = self.hidden();
        if let Some((_, most)) = hidden.first() {
            let undecided = self.hidden_and_strong().len();
            facts.push(Fact::new("hidden-links", "links that a mixture of latents would hide", undecided as f64));
            let label = "largest share of a latent that a hidden link could explain";
            facts.push(Fact::new("hidden-share", label, *most));
        }
        if let Some(table) = self.part(solved::SOLUTIONS)
            && let Some(row) = (0..table.rows()).find(|&row| table[(row, 0)] as usize == ANOTHER)
        {
            let label = "least correlation of a latent with its match in the solution of another autoencoder";
            facts.push(Fact::new("another-code", label, table[(row, 2)]));
            let label = "how far that solution is behind this one in the coordinates of its codes, nats a row";
            facts.push(Fact::new("another-behind", label, table[(row, 1)]));
        }
        facts
    }

    /// Sizes that were chosen, with the curves that decided.
    fn choices(&self, config: &MultimodalConfig) -> Vec<Choice> {
        let mut choices = Vec::new();
        let curve = |values: &[f64]| {
            values.iter().enumerate().map(|(i, &validation)| Candidate { value: i + 1, validation }).collect()
        };
        for (m, size) in self.sizes.iter().enumerate() {
            let name = self.modality(m);
            if let Some(errors) = self.of(solved::ERRORS, m) {
                choices.push(Choice {
                    parameter: format!("latentDim + privateDim of {name}"),
                    chosen: size.width,
                    rule: format!(
                        "the number of 1 to {} after which the error of an autoencoder on rows that it did not see stops falling: \
                         the largest second difference of its logarithm; errors are shares of the variance",
                        errors.len().min(config.max_latent_dim)
                    ),
                    curve: curve(errors),
                });
            }
            if let Some(ratios) = self.of(solved::RATIOS, m) {
                choices.push(Choice {
                    parameter: format!("latentDim of {name}"),
                    chosen: size.latents,
                    rule: format!(
                        "the number of singular values above {TOLD} of the first, of the derivative of what its code says of the \
                         other modalities, median over rows; 0 where it explains less than {RELATED} of every feature of them"
                    ),
                    curve: curve(ratios),
                });
            }
        }
        choices
    }

    fn ties(&self) -> Vec<GraphTie> {
        let Some(table) = self.part(solved::TIES) else { return Vec::new() };
        let edges = self.edges();
        let mut ties: Vec<GraphTie> = Vec::new();
        let mut number = f64::NAN;
        let mut theirs: Vec<Vec<[usize; 2]>> = Vec::new();
        for row in 0..table.rows() {
            if table[(row, 0)] != number {
                number = table[(row, 0)];
                ties.push(GraphTie { behind: table[(row, 1)], added: Vec::new(), removed: Vec::new() });
                theirs.push(Vec::new());
            }
            if table[(row, 2)] >= 0.0 {
                theirs.last_mut().expect("a tie is open").push([table[(row, 2)] as usize, table[(row, 3)] as usize]);
            }
        }
        for (tie, theirs) in ties.iter_mut().zip(theirs) {
            tie.added = theirs.iter().filter(|edge| !edges.contains(edge)).copied().collect();
            tie.removed = edges.iter().filter(|edge| !theirs.contains(edge)).copied().collect();
        }
        ties
    }

    fn graph(&self, config: &MultimodalConfig, ties: Vec<GraphTie>) -> Option<CausalGraph> {
        let (weights, certainty) = (self.part(solved::WEIGHTS)?, self.part(solved::CERTAINTY)?);
        // Of edges that only another graph has, those that a mixture would hide: the others are worth less than they cost.
        let hidden = self.hidden_and_strong().into_iter().map(|(link, _)| link);
        let listed = hidden.filter(|link| ties.iter().any(|tie| tie.added.contains(link)));
        let mut undecided: Vec<[usize; 2]> =
            ties.iter().flat_map(|tie| tie.removed.iter().copied()).chain(listed).collect();
        undecided.sort_unstable();
        undecided.dedup();
        let basis = format!(
            "The set of causes of each latent with the least loss, nats a row, each cause costing {}. A weight is the share of the variance \
             left by the other causes that the edge explains; a certainty is the probability of the edge where sets of causes are drawn by \
             their scores, at a third of the search's last temperature.",
            config.sparsity
        );
        let mut causes: Vec<Vec<CauseSet>> = vec![Vec::new(); self.names.len()];
        if let Some(scores) = self.part(solved::SCORES) {
            for row in 0..scores.rows() {
                let bits = scores[(row, 1)] as u32;
                let set = (0..self.names.len()).filter(|cause| bits >> cause & 1 == 1).collect();
                causes[scores[(row, 0)] as usize].push(CauseSet { causes: set, score: scores[(row, 2)] });
            }
        }
        let mut graph = CausalGraph::of(self.names.to_vec(), weights, basis);
        (graph.undecided, graph.ties, graph.scores) = (undecided, ties, causes);
        graph.certainty = Some(rows_of(certainty));
        Some(graph)
    }

    fn named(&self, edges: &[[usize; 2]]) -> String {
        let text: Vec<String> =
            edges.iter().map(|[i, j]| format!("{} -> {}", self.names[*i], self.names[*j])).collect();
        text.join(", ")
    }

    /// Links that a mixture would hide, with the share of their effect that they could explain.
    fn hidden(&self) -> Vec<([usize; 2], f64)> {
        let Some(table) = self.part(solved::HIDDEN) else { return Vec::new() };
        (0..table.rows()).map(|row| ([0, 1].map(|at| table[(row, at)] as usize), table[(row, 2)])).collect()
    }

    /// Those that could explain enough to count as undecided.
    fn hidden_and_strong(&self) -> Vec<([usize; 2], f64)> {
        self.hidden().into_iter().filter(|(_, share)| *share >= UNDECIDED).collect()
    }

    fn undecided(&self, ties: &[GraphTie]) -> Option<Warning> {
        let hidden = self.hidden_and_strong();
        let of = |tie: &GraphTie| {
            let parts = [("without", &tie.removed), ("with", &tie.added)];
            let parts: Vec<String> = parts
                .into_iter()
                .filter(|(_, edges)| !edges.is_empty())
                .map(|(word, edges)| format!("{word} {}", self.named(edges)))
                .collect();
            parts.join(" and ")
        };
        let is_hidden = |tie: &&GraphTie| {
            tie.removed.is_empty() && matches!(tie.added[..], [one] if hidden.iter().any(|(link, _)| *link == one))
        };
        let list: Vec<String> = ties.iter().filter(|tie| !is_hidden(tie)).map(of).collect();
        let (mut parts, mut hints) = (Vec::new(), Vec::new());
        if !list.is_empty() {
            parts.push(format!("other graphs fit as well: {}", list.join("; ")));
            hints.push(format!(
                "they are within {TIE} nats a row, or those of other solutions; more rows decide, or nothing does"
            ));
        }
        if !hidden.is_empty() {
            let of = |(link, share): &([usize; 2], f64)| {
                format!("{} (up to {:.0} % of {})", self.named(&[*link]), 100.0 * share, self.names[link[1]])
            };
            let links: Vec<String> = hidden.iter().map(of).collect();
            parts.push(format!("a mixture of latents would hide: {}", links.join(", ")));
            hints.push(
                "the search takes the graph with fewer edges; if the link is there, its effect is a mixture here"
                    .into(),
            );
        }
        (!parts.is_empty()).then(|| Warning::new("GRAPH_UNDECIDED", parts.join("; ")).hint(hints.join("; ")))
    }

    /// Least correlation with the match in another solution, and solutions compared, of each latent.
    fn agreement(&self) -> Vec<(f64, usize)> {
        let Some(table) = self.part(solved::AGREEMENT) else { return Vec::new() };
        // The solution itself is among those that were compared.
        (0..table.cols()).map(|i| (table[(0, i)], (table[(1, i)] as usize).saturating_sub(1))).collect()
    }

    fn identification(&self) -> Vec<Identification> {
        let of = |(latent, (least, others)): (&String, (f64, usize))| {
            let (status, finding) = match (least, others) {
                (_, 0) => {
                    (Status::Unknown, "no other solution fits as well: there is nothing to compare with".to_owned())
                }
                (c, n) if c < SAME => (
                    Status::Violated,
                    format!("among {n} other solutions that fit as well, one has {c:.2} of it (limit {SAME})"),
                ),
                (c, n) => (
                    Status::Ok,
                    format!("{n} other solutions that fit as well have it too (correlations {c:.3} and more)"),
                ),
            };
            Identification { latent: latent.clone(), status, finding }
        };
        self.names.iter().zip(self.agreement()).map(of).collect()
    }

    fn open(&self) -> Vec<(&str, f64)> {
        let names = self.names.iter().zip(self.agreement());
        names.filter(|(_, (least, _))| *least < SAME).map(|(name, (least, _))| (name.as_str(), least)).collect()
    }

    fn loose(&self) -> Option<Warning> {
        let open = self.open();
        if open.is_empty() {
            return None;
        }
        let list: Vec<String> = open.iter().map(|(name, least)| format!("{name} ({least:.2})")).collect();
        let message = format!(
            "not identified: other latents fit as well in place of {} (least correlation with the other solution)",
            list.join(", ")
        );
        Some(Warning::new("NOT_IDENTIFIED", message).hint(
            "links of equal strength, dense ones and latents without any link leave their modality turned: choose a smaller \
             latentDim for it, or read what a modality carries only as a whole",
        ))
    }

    fn agreed(&self) -> Option<Assumption> {
        let agreement = self.agreement();
        let others = agreement.first()?.1;
        let least = agreement.iter().map(|(least, _)| *least).fold(1.0, f64::min);
        let open = self.open();
        let (status, finding) = if others == 0 {
            (Status::Unknown, "No other solution fits as well.".to_owned())
        } else if open.is_empty() {
            let strongest = self.hidden().first().map(|(link, share)| {
                format!(": {} could explain up to {:.0} % of its effect", self.named(&[*link]), 100.0 * share)
            });
            let finding = format!(
                "{others} other solutions that fit as well have the same latents (correlations {least:.3} and more). A link that mixing \
                 within a modality removes would not show{}.",
                strongest.unwrap_or_default()
            );
            (Status::Ok, finding)
        } else {
            let names: Vec<&str> = open.iter().map(|(name, _)| *name).collect();
            (
                Status::Violated,
                format!(
                    "Among {others} other solutions that fit as well some have other latents in place of {}.",
                    names.join(", ")
                ),
            )
        };
        Some(assumption("identified", "Do all solutions that fit have the same latents?", status, finding))
    }

    fn order(&self) -> Assumption {
        let names: Vec<&str> = self.data.views.iter().map(|view| view.name.as_str()).collect();
        let finding = format!(
            "It is yours, and the fit does not test it: {}. Edges lead from earlier modalities to later ones.",
            names.join(", ")
        );
        assumption("modality-order", "Do causes stand in earlier modalities?", Status::Unknown, finding)
    }

    fn codes(&self) -> Assumption {
        let left: Vec<f64> = self.part(solved::LEFT).map_or(Vec::new(), |left| left.row(0).to_vec());
        let worst = left.iter().copied().fold(0.0, f64::max);
        let status = match worst {
            share if share > COARSE[0] => Status::Violated,
            share if share > COARSE[1] => Status::Warning,
            _ => Status::Ok,
        };
        let list: Vec<String> = left
            .iter()
            .enumerate()
            .map(|(m, share)| format!("{} {:.1} %", self.modality(m), 100.0 * (1.0 - share)))
            .collect();
        let finding =
            format!("Share of the variance of the training rows that comes back from the codes: {}.", list.join(", "));
        assumption("codes", "Do latents and private variables hold the modalities?", status, finding)
    }

    fn coarse(&self) -> Option<Warning> {
        let left = self.part(solved::LEFT)?;
        let list: Vec<String> = (0..left.cols())
            .filter(|&m| left[(0, m)] > COARSE[0])
            .map(|m| format!("{} ({:.0} %)", self.modality(m), 100.0 * left[(0, m)]))
            .collect();
        (!list.is_empty()).then(|| {
            let message = format!(
                "modalities that their codes hardly hold, with the share of the variance they leave: {}",
                list.join(", ")
            );
            Warning::new("CODES_COARSE", message)
                .hint("they may be noise: choose a larger privateDim, or leave columns out that go with no other one")
        })
    }

    /// Modalities without an edge to another one.
    fn alone(&self) -> Vec<&str> {
        let of = solved::modalities(self.sizes);
        let edges = self.edges();
        let linked = |m: usize| edges.iter().any(|[i, j]| of[*i] != of[*j] && (of[*i] == m || of[*j] == m));
        (0..self.sizes.len()).filter(|&m| !linked(m)).map(|m| self.modality(m)).collect()
    }

    fn related(&self) -> Assumption {
        let question = "Is every modality linked with another one?";
        match self.alone()[..] {
            [] => assumption("linked", question, Status::Ok, "Each has an edge to a latent of another one.".into()),
            ref alone => {
                let finding =
                    format!("No edge leads to or from {}: nothing identifies latents there.", alone.join(", "));
                assumption("linked", question, Status::Violated, finding)
            }
        }
    }

    fn unrelated(&self) -> Option<Warning> {
        let alone = self.alone();
        (!alone.is_empty()).then(|| {
            let message = format!("modalities that say nothing of the others: {}", alone.join(", "));
            Warning::new("MODALITY_UNRELATED", message)
                .hint("leave them out, or check that their rows belong to the same subjects: noise looks like this")
        })
    }

    fn determined(&self) -> Option<Warning> {
        let causes = self.part(solved::CAUSES)?;
        let list: Vec<&str> = (0..causes.cols())
            .filter(|&i| causes[(0, i)] != 0.0 && causes[(1, i)].powi(2) < DETERMINED)
            .map(|i| self.names[i].as_str())
            .collect();
        (!list.is_empty()).then(|| {
            let message = format!("latents that their causes determine: {}", list.join(", "));
            Warning::new("LATENTS_DETERMINED", message)
                .hint("the modalities may be copies of each other: with no noise of its own a latent fits every graph")
        })
    }
}

fn assumption(id: &str, question: &str, status: Status, finding: String) -> Assumption {
    Assumption { id: id.into(), question: question.into(), status, finding }
}

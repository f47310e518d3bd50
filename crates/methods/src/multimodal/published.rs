//! The published algorithm: deterministic encoders and decoders of each modality, estimators of the noise of each latent from it and the
//! mean of its parents, a flow on all noises, and an adjacency over all latents in a fixed order.
//!
//!   minimise  2 sum_m MSE(x_m, x^_m) - 0.01 mean [ log N(flow(n^), eta; 0, I) + log |det flow| ] + 0.001 sum |A| between modalities
//!
//! The parents of a latent are those whose entry of A is above a threshold, and their mean is taken unweighted: no gradient of the first
//! two terms reaches A. The last one pulls all its entries alike. So the graph stays as it began, less what has fallen below the
//! threshold, and a fit says so.

mod network;

pub(super) use network::PublishedNetwork;

use super::config::{MultimodalConfig, PublishedOptions};
use super::read_off::given_away;
use super::rows::TrainingRows;
use super::solved::{self, Size};
use disentangle_data::prepare::{Prepared, Warning};
use disentangle_data::{Matrix, Result, View};
use disentangle_engine::method::{Batching, Dimensions, Findings, Recipe, State};
use disentangle_engine::results::{Assumption, CausalGraph, Fact, OutcomeKind, Status};
use disentangle_engine::train;
use disentangle_nn::internal;
use disentangle_nn::optim::Schedule;

/// Name of the descent, and of what is read off after it.
pub(super) const STAGE: &str = "published";
pub(super) const SCALED: &str = "scale";
/// Widths of the hidden layers of the encoder of a table, and of an image.
const HIDDEN: [&[usize]; 2] = [&[8, 8], &[128, 64]];
/// The learning rate is multiplied by .99 after so many steps.
const DECAY: Schedule = Schedule::Steps { every: 10_000, decay: 0.99 };

/// The stage of descent.
pub(super) fn recipe(options: &PublishedOptions) -> Recipe {
    Recipe::plain(STAGE, options.steps, Batching::Rows(options.batch_size), options.learning_rate, DECAY)
}

/// Widths of the hidden layers of the encoder of a modality.
fn hidden(options: &PublishedOptions, view: &View) -> Vec<usize> {
    options.hidden.clone().unwrap_or_else(|| HIDDEN[usize::from(view.image.is_some())].to_vec())
}

/// Sizes of the modalities as they were asked for; `None` where one was left open.
pub(super) fn sizes(config: &MultimodalConfig, views: &[View]) -> Option<Vec<Size>> {
    let of = |view: &View| {
        let (latents, private) = (config.latent_dim.of(&view.name)?, config.private_dim.of(&view.name)?);
        Some(Size { start: view.start, end: view.end, width: latents + private, latents })
    };
    views.iter().map(of).collect()
}

/// Scales what the descent found, and keeps the graph.
pub(super) fn scale(config: &MultimodalConfig, data: &Prepared, state: &mut State, seed: u64) -> Result<OutcomeKind> {
    let sizes = sizes(config, &data.views).expect("`check` has asked for them");
    let rows = TrainingRows::of(data, seed).complete;
    let codes = train::codes_of_rows(state, &data.inputs, &rows)?;
    let latents: usize = sizes.iter().map(|size| size.latents).sum();
    let (mut first, mut own) = (0, latents);
    let mut variables = Vec::new();
    for size in &sizes {
        let private = size.width - size.latents;
        let places = (first..first + size.latents).chain(own..own + private);
        variables.push(places.flat_map(|j| codes.col(j)).collect::<Vec<f32>>());
        (first, own) = (first + size.latents, own + private);
    }
    let of = |m: usize, j: usize| {
        let Size { start, end, width, latents } = sizes[m];
        [start, end, width, latents][j] as f64
    };
    let mut solved = given_away(&sizes, data, &rows, &variables)?;
    solved.insert(solved::SIZES.into(), Matrix::from_fn(sizes.len(), 4, of));
    let adjacency = network(state).adjacency().map_err(internal)?;
    let scaled = &solved[solved::SCALED];
    let place = |latent: usize| scaled[(0, latent)] as usize;
    let edge = |cause: usize, effect: usize| {
        let entry = adjacency[(place(effect), place(cause))];
        if entry > config.published.threshold { entry } else { 0.0 }
    };
    let weights = Matrix::from_fn(latents, latents, edge);
    solved.insert(solved::WEIGHTS.into(), weights);
    state.solved.extend(solved);
    Ok(OutcomeKind::Converged)
}

fn network(state: &State) -> &PublishedNetwork {
    state.network_as::<PublishedNetwork>().expect("a method gets back the network that it made")
}

/// What a fit says of itself.
pub(super) fn findings(config: &MultimodalConfig, data: &Prepared, state: &State, latents: usize) -> Result<Findings> {
    let names = solved::names(&Dimensions::of(data), state).filter(|names| names.len() == latents);
    let (Some(names), Some(weights)) = (names, state.solved.get(solved::WEIGHTS)) else {
        return Ok(Findings::default());
    };
    let network = network(state);
    let (now, moved) = (network.adjacency().map_err(internal)?, network.moved().map_err(internal)?);
    let pairs = || (0..latents).flat_map(|i| (0..i).map(move |j| (i, j)));
    let edges = pairs().filter(|&at| now[at] > config.published.threshold).count();
    let all = latents * (latents - 1) / 2;
    let message = format!(
        "the graph is not learned from the data: only the sparsity term moves the adjacency, by {moved:.1e} at most in this \
         fit; {edges} of {all} possible edges remain"
    );
    let basis = format!(
        "The entries of the adjacency above {}. As published, no gradient of the data reaches them.",
        config.published.threshold
    );
    Ok(Findings {
        graph: Some(CausalGraph::of(names, weights, basis)),
        facts: vec![
            Fact::new("edges", "entries of the adjacency above the threshold", edges as f64),
            Fact::new("adjacency-moved", "largest change of an entry of the adjacency in this fit", moved),
        ],
        assumptions: vec![Assumption {
            id: "graph-learnt".into(),
            question: "Does the graph follow from the data?".into(),
            status: Status::Violated,
            finding: "Its edges are those it began with, less those that the sparsity term took below the threshold."
                .into(),
        }],
        warnings: vec![
            Warning::new("GRAPH_NOT_LEARNED", message)
                .hint("leave `algorithm` out: the likelihood model learns its graph"),
        ],
        ..Findings::default()
    })
}

#[cfg(test)]
mod laws;

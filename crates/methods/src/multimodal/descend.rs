//! The two solved stages: codes of each modality, then latents with their mechanisms.

use super::another::{agreed, another_look};
use super::check::at_most;
use super::coders::{Coder, Untrained, train, widths_of_images};
use super::config::{MultimodalConfig, NAME};
use super::doubts::{SETTLED, second_look};
use super::network::{MultimodalNetwork, density, whitened};
use super::read_off::{Solution, read_off};
use super::rows::{TrainingRows, first_rows};
use super::solved;
use disentangle_data::prepare::Prepared;
use disentangle_data::views::Image;
use disentangle_data::{Code, Failure, Matrix, Result, Stream};
use disentangle_engine::method::{Method, Solving, State};
use disentangle_engine::results::OutcomeKind;
use disentangle_nn::internal;
use disentangle_numerics::compute::Compute;
use disentangle_numerics::linalg::symmetric_eigen;
use disentangle_numerics::multimodal::{
    Curve, Density, Descent, Evaluated, HELD, Start, Training, advance, evaluate, latents as variables, shared, turned,
    widths,
};
use disentangle_numerics::principal_axes::{PrincipalAxes, rank};
use std::collections::BTreeMap;
use std::ops::Range;

/// Names of the stages.
pub(super) const AUTOENCODERS: &str = "autoencoders";
pub(super) const LATENTS: &str = "latents";
/// Learning rates: latents, copies.
const RATES: [f64; 2] = [5e-3, 3e-3];
/// Share of the steps after which the worse starts are dropped, and how many go on.
const DROPPED: f64 = 0.3;
const FINALISTS: usize = 3;
/// Rows on which starts are compared then, and at the end.
const FEW: usize = 2000;
pub(super) const MANY: usize = 4096;
/// Rows whose latents are compared.
const COMPARED: usize = 1024;
/// Directions of a code whose singular value is more than this share of the first say something of the other modalities.
pub(super) const TOLD: f64 = 0.2;
/// Share of the variance of a feature of the others that a modality has to explain to share anything with them.
pub(super) const RELATED: f64 = 0.02;
/// The same by chance, times the number of rows that judge it.
const CHANCE: f64 = 4.0;
/// Objectives within so many nats a row of the best one are as good.
pub(super) const MARGIN: f64 = 0.06;
/// The same after the second look, when all have been trained as long.
const MARGIN_SETTLED: f64 = 0.04;

/// Codes of each modality, and how many numbers they take.
pub(super) fn autoencoders(
    (method, config): (&dyn Method, &MultimodalConfig),
    data: &Prepared,
    state: &mut State,
    solving: &mut Solving<'_>,
) -> Result<OutcomeKind> {
    let (rows, seed) = (TrainingRows::of(data, solving.seed), solving.seed);
    let tables: Vec<Matrix> = (0..data.views.len()).map(|m| rows.table(m)).collect();
    let complete = rows.complete.len();
    let (steps, batch) = (config.steps(), config.batch(complete));
    let training = config.autoencoders(&rows, seed);
    let mut solved = BTreeMap::new();

    let known: Vec<[Option<usize>; 2]> =
        data.views.iter().map(|view| [config.latent_dim.of(&view.name), config.private_dim.of(&view.name)]).collect();
    let chosen: Vec<usize> = (0..tables.len()).filter(|&m| known[m].contains(&None)).collect();
    let mut width: Vec<usize> = known.iter().map(|of| of.iter().flatten().sum()).collect();
    let images: Vec<Option<Image>> = data.views.iter().map(|view| config.image_of(view)).collect();
    if !chosen.is_empty() {
        let training = Training { batch: config.batch(complete - complete / HELD), steps: steps.widths, ..training };
        let of = (0, steps.widths + steps.autoencoders);
        let sizes = (config.max_latent_dim, config.autoencoder_units);
        let (of_images, of_columns): (Vec<usize>, Vec<usize>) = chosen.iter().partition(|&&m| images[m].is_some());
        let open: Vec<Matrix> = of_columns.iter().map(|&m| tables[m].clone()).collect();
        let found = widths(&open, sizes.0, sizes.1, training, Compute::current(), told(solving, of))?;
        let Some(found) = found else { return Ok(OutcomeKind::Cancelled) };
        let mut curves: Vec<(usize, Curve)> = of_columns.into_iter().zip(found).collect();
        for m in of_images {
            let image = images[m].expect("they are images");
            let found = widths_of_images((image, &tables[m]), sizes, training, told(solving, of))?;
            let Some(curve) = found else { return Ok(OutcomeKind::Cancelled) };
            curves.push((m, curve));
        }
        for (m, (errors, bend)) in curves {
            let least = known[m][0].unwrap_or(1) + known[m][1].unwrap_or(0);
            width[m] = bend.max(least);
            if !errors.is_empty() {
                solved.insert(solved::of(solved::ERRORS, m), Matrix::new(1, errors.len(), errors)?);
            }
        }
    }

    let mut all: Vec<Coder> = Vec::new();
    for (m, table) in tables.iter().enumerate() {
        let axes = match images[m] {
            Some(_) => PrincipalAxes::leading_of_rows(table, width[m])?,
            None => PrincipalAxes::of_rows(table)?,
        };
        let span = rank(&axes.variances);
        if chosen.contains(&m) {
            // What was chosen beyond the directions that there are is none.
            let least: usize = known[m].iter().flatten().sum();
            width[m] = width[m].min(span.max(least));
        }
        if width[m] > span {
            return Err(too_narrow(&data.views[m].name, span, width[m]));
        }
        let whitening = axes.whitening(width[m]);
        let variances = &axes.variances[..width[m]];
        all.push(Coder::new(images[m], &whitening, variances, config.autoencoder_units));
        if let Some(Image { channels, height, width }) = images[m] {
            let shape = [channels, height, width].map(|side| side as f64);
            solved.insert(solved::of(solved::IMAGE, m), Matrix::new(1, 3, shape.to_vec())?);
        }
        solved.insert(solved::of(solved::AXES, m), whitening);
        solved.insert(solved::of(solved::VARIANCES, m), Matrix::new(1, variances.len(), variances.to_vec())?);
    }
    let initial = Stream::new(seed, "multimodal/autoencoder");
    let mut jobs: Vec<Untrained<'_>> = Vec::new();
    for (m, (of, table)) in all.iter().zip(&tables).enumerate() {
        jobs.push((of, table.data(), of.initial(&mut initial.at(m as u32))?));
    }
    let before = if chosen.is_empty() { 0 } else { steps.widths };
    let after = told(solving, (before, before + steps.autoencoders));
    let Some(trained) = train(training, jobs, after)? else { return Ok(OutcomeKind::Cancelled) };
    let mut left = Vec::new();
    let mut codes = Vec::new();
    for (m, ((of, table), parameters)) in all.iter().zip(&tables).zip(&trained).enumerate() {
        if parameters.iter().any(|p| !p.is_finite()) {
            return Err(not_finite(&format!("the autoencoder of modality {:?}", data.views[m].name)));
        }
        left.push(of.errors(parameters, table.data())?);
        let code = of.encode(parameters, table.data())?;
        let (mean, white) = whitening(&code, width[m])?;
        codes.push(first_rows(&whitened(&code, &mean, &white), width[m], complete));
        solved.insert(solved::of(solved::MEAN, m), Matrix::new(1, mean.len(), mean)?);
        solved.insert(solved::of(solved::WHITE, m), white);
    }
    solved.insert(solved::LEFT.into(), Matrix::new(1, left.len(), left)?);

    let asked: Vec<usize> = (0..tables.len()).filter(|&m| known[m] == [None, None]).collect();
    let mut latents: Vec<usize> = (0..tables.len())
        .map(|m| match known[m] {
            [Some(k), _] => k,
            [None, Some(e)] => (width[m] - e).max(1),
            [None, None] => 0,
        })
        .collect();
    if !asked.is_empty() {
        let found = shared(&codes, &width, seed, batch, Compute::current())?;
        for &m in &asked {
            let of = &found[m];
            if of.explained > RELATED.max(CHANCE / (complete / HELD).max(1) as f64) {
                latents[m] = of.ratios.iter().filter(|&&ratio| ratio > TOLD).count();
            }
            solved.insert(solved::of(solved::RATIOS, m), Matrix::new(1, of.ratios.len(), of.ratios.clone())?);
        }
    }
    if latents.iter().filter(|&&k| k > 0).count() < 2 {
        let message = "no two modalities say anything of each other: none has a latent in common with another one";
        return Err(Failure::new(Code::DataModalitiesUnrelated, message)
            .hint("check that rows of the modalities belong to the same subjects, or give `latentDim` a number"));
    }
    at_most(latents.iter().sum())?;
    let size = |m: usize, j: usize| match j {
        0 => data.views[m].start as f64,
        1 => data.views[m].end as f64,
        2 => width[m] as f64,
        _ => latents[m] as f64,
    };
    solved.insert(solved::SIZES.into(), Matrix::from_fn(tables.len(), 4, size));
    if solving.cancelled() {
        return Ok(OutcomeKind::Cancelled);
    }
    state.solved.extend(solved);
    state.grow(method, solving.seed).map_err(internal)?;
    network(state).place(Some(&trained), None).map_err(internal)?;
    Ok(OutcomeKind::Converged)
}

/// Tells where a descent stands, of `of.1` steps after `of.0` of an earlier one; says whether to go on.
pub(super) fn told<'a>(solving: &'a mut Solving<'_>, of: (usize, usize)) -> impl FnMut(usize, f64) -> bool + 'a {
    move |step, loss| {
        solving.progress(of.0 + step, of.1, loss);
        !solving.cancelled()
    }
}

pub(super) fn network(state: &State) -> &MultimodalNetwork {
    state.network_as::<MultimodalNetwork>().expect("the stage before has made the network")
}

/// Mean of codes (width x n), and the map that makes them white: along their principal axes.
pub(super) fn whitening(code: &[f32], width: usize) -> Result<(Vec<f64>, Matrix<f64>)> {
    let n = code.len() / width;
    let unit = |j: usize| &code[j * n..(j + 1) * n];
    let mean: Vec<f64> = (0..width).map(|j| unit(j).iter().map(|&v| f64::from(v)).sum::<f64>() / n as f64).collect();
    let product = |i: usize, j: usize| {
        unit(i).iter().zip(unit(j)).map(|(&a, &b)| (f64::from(a) - mean[i]) * (f64::from(b) - mean[j])).sum::<f64>()
            / n as f64
    };
    let (variances, axes) = symmetric_eigen(&Matrix::from_fn(width, width, product))?;
    let white = Matrix::from_fn(width, width, |i, j| axes[(i, j)] / variances[j].max(f64::MIN_POSITIVE).sqrt());
    Ok((mean, white))
}

/// Latents, mechanisms and graph.
pub(super) fn latents(
    config: &MultimodalConfig,
    data: &Prepared,
    state: &mut State,
    solving: &mut Solving<'_>,
) -> Result<OutcomeKind> {
    let rows = TrainingRows::of(data, solving.seed);
    let sizes = solved::sizes(&state.solved).expect("the stage before has found them");
    let density = density(config, &sizes);
    let tables: Vec<Matrix> = (0..sizes.len()).map(|m| rows.table(m)).collect();
    let mut codes = Vec::new();
    for (m, (size, table)) in sizes.iter().zip(&tables).enumerate() {
        let of_table = network(state).codes_of(m, table.data())?;
        codes.push(rows.spread(m, of_table, size.width));
    }
    let searched = Searched { name: "multimodal", starts: config.starts, finalists: FINALISTS };
    let batch = config.batch(rows.len());
    let problem = Problem { config, density: &density, codes: &codes, rows: &rows, batch, searched };
    let Some(mut found) = problem.starts(solving)? else { return Ok(OutcomeKind::Cancelled) };
    let mut compared = found.solutions(&problem, 0);
    if config.copies > 0 {
        let Some(copies) = problem.copies(&found, solving)? else { return Ok(OutcomeKind::Cancelled) };
        compared.extend(copies.solutions(&problem, 1));
        if copies.best().objective < found.best().objective {
            found = copies;
        }
    }
    let Some(best) = second_look(&problem, &sizes, found.taken(), &mut compared, solving)? else {
        return Ok(OutcomeKind::Cancelled);
    };
    if config.another_code && agreed(&problem, &sizes, &best, &compared)? {
        let look = another_look(&problem, (network(state), &tables), &best, solving)?;
        let Some(solution) = look else { return Ok(OutcomeKind::Cancelled) };
        compared.push(solution);
    }
    let solved = read_off(&problem, &sizes, data, &best, &compared)?;
    if solving.cancelled() {
        return Ok(OutcomeKind::Cancelled);
    }
    network(state).place(None, Some(&best)).map_err(internal)?;
    state.solved.extend(solved);
    Ok(OutcomeKind::Converged)
}

/// How a search from random starts runs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Searched {
    /// What the names of its streams begin with.
    pub name: &'static str,
    pub starts: usize,
    /// How many of them go on.
    pub finalists: usize,
}

/// What is searched.
#[derive(Clone, Copy)]
pub(super) struct Problem<'a> {
    pub config: &'a MultimodalConfig,
    pub density: &'a Density,
    /// Modality by modality (width x rows).
    pub codes: &'a [Vec<f32>],
    pub rows: &'a TrainingRows<'a>,
    pub batch: usize,
    pub searched: Searched,
}

/// Starts at the end of their descent, by their objectives.
pub(super) struct Found {
    starts: Vec<Start<f32>>,
    evaluated: Vec<Evaluated>,
    /// Best first; those that left the finite numbers are not among them.
    order: Vec<usize>,
}

impl Found {
    fn best(&self) -> &Evaluated {
        &self.evaluated[self.order[0]]
    }

    /// Place of the best one.
    pub(super) fn first(&self) -> usize {
        self.order[0]
    }

    /// The parameters of the best one.
    pub(super) fn taken(mut self) -> Vec<f32> {
        self.starts.swap_remove(self.order[0]).parameters().to_vec()
    }

    /// All of them, with latents of some rows.
    pub(super) fn solutions(&self, problem: &Problem<'_>, group: usize) -> Vec<Solution> {
        let of = |&at: &usize| {
            let parameters = self.starts[at].parameters();
            let behind = self.evaluated[at].objective - self.best().objective;
            let margin = if group == SETTLED { MARGIN_SETTLED } else { MARGIN };
            Solution {
                group,
                parameters: parameters.to_vec(),
                variables: variables(problem.density, parameters, problem.codes, problem.looked_at()),
                behind,
                fits: behind <= margin,
                evaluated: self.evaluated[at].clone(),
            }
        };
        self.order.iter().map(of).collect()
    }
}

impl Problem<'_> {
    /// Rows whose latents are compared between solutions.
    pub(super) fn looked_at(&self) -> Range<usize> {
        self.first(COMPARED)
    }

    /// The first complete rows.
    pub(super) fn first(&self, most: usize) -> Range<usize> {
        0..self.rows.complete.len().min(most)
    }

    /// A descent over batches in the order of a stream.
    fn descent(&self, seed: (u64, &str), steps: usize, rate: f64) -> Descent {
        Descent::new(seed, self.rows.len(), (self.batch, steps), rate, self.config.sparsity)
            .weighted(self.rows.weights())
    }

    /// The descent from random starts. `None`: it was cancelled.
    pub(super) fn starts(&self, solving: &mut Solving<'_>) -> Result<Option<Found>> {
        let (steps, seed) = (self.config.steps().latents, solving.seed);
        let Searched { name, starts, finalists } = self.searched;
        let stream = |of: &str| format!("{name}/{of}");
        let rows = stream("rows");
        let descent = self.descent((seed, &rows), steps, RATES[0]);
        let initial = Stream::new(seed, &stream("start"));
        let mut starts: Vec<Start<f32>> = (0..starts)
            .map(|start| {
                let parameters = self.density.initial(&mut initial.at(start as u32));
                Start::new(self.density, parameters, (seed, &stream(&format!("sets/{start}"))), self.batch)
            })
            .collect();
        let dropped = (steps as f64 * DROPPED) as usize;
        if !self.descend(&descent, &mut starts, 0..dropped, solving) {
            return Ok(None);
        }
        if starts.len() > finalists {
            let found = self.compared(starts, FEW)?;
            let mut kept: Vec<Option<Start<f32>>> = found.starts.into_iter().map(Some).collect();
            starts = found.order.iter().take(finalists).filter_map(|&at| kept[at].take()).collect();
        }
        if !self.descend(&descent, &mut starts, dropped..steps, solving) {
            return Ok(None);
        }
        self.compared(starts, MANY).map(Some)
    }

    /// The descent from turned copies of the best start.
    fn copies(&self, found: &Found, solving: &mut Solving<'_>) -> Result<Option<Found>> {
        let (steps, seed) = (self.config.steps().copies, solving.seed);
        let names = (seed, "multimodal/copies/rows");
        let descent = self.descent(names, steps, RATES[1]);
        let best = found.starts[found.order[0]].parameters();
        let mut starts = turned(self.density, best, self.config.copies, (seed, "multimodal/copies"), self.batch);
        if !self.descend(&descent, &mut starts, 0..steps, solving) {
            return Ok(None);
        }
        self.compared(starts, MANY).map(Some)
    }

    /// The descent that goes on from solutions, with the temperature as it was in the end.
    pub(super) fn settled(&self, mut starts: Vec<Start<f32>>, solving: &mut Solving<'_>) -> Result<Option<Found>> {
        let steps = self.config.steps().copies;
        let names = (solving.seed, "multimodal/doubts/rows");
        let descent = self.descent(names, steps, RATES[1]).cold();
        if !self.descend(&descent, &mut starts, 0..steps, solving) {
            return Ok(None);
        }
        self.compared(starts, MANY).map(Some)
    }

    /// Whether it went on to the end.
    fn descend(
        &self,
        descent: &Descent,
        starts: &mut [Start<f32>],
        steps: Range<usize>,
        solving: &mut Solving<'_>,
    ) -> bool {
        let mut before = steps.start;
        let after = |until: usize, starts: &[Start<f32>]| {
            let least = starts.iter().map(Start::loss).filter(|loss| loss.is_finite()).fold(f64::INFINITY, f64::min);
            solving.progress(until, descent.steps(), least);
            if least.is_finite() {
                let curves = &mut solving.curves;
                let last = curves.steps.last().copied().unwrap_or(0);
                curves.steps.push(last + until - before);
                for name in ["nll", "total"] {
                    curves.terms.entry(name.to_owned()).or_default().push(least);
                }
            }
            before = until;
            !solving.cancelled()
        };
        advance(self.density, descent, self.codes, starts, steps, Compute::current(), after)
    }

    fn compared(&self, starts: Vec<Start<f32>>, rows: usize) -> Result<Found> {
        let mut jobs: Vec<(&Start<f32>, Option<Evaluated>)> = starts.iter().map(|start| (start, None)).collect();
        Compute::current().each(&mut jobs, &|(start, found): &mut (&Start<f32>, Option<Evaluated>)| {
            let rows = self.first(rows);
            *found = Some(evaluate(self.density, start.parameters(), self.codes, rows, self.config.sparsity));
        });
        let evaluated: Vec<Evaluated> = jobs.into_iter().filter_map(|(_, found)| found).collect();
        let finite = |at: &usize| evaluated[*at].objective.is_finite();
        let mut order: Vec<usize> = (0..starts.len()).filter(finite).collect();
        order.sort_by(|&a, &b| evaluated[a].objective.total_cmp(&evaluated[b].objective));
        if order.is_empty() {
            return Err(not_finite("every start"));
        }
        Ok(Found { starts, evaluated, order })
    }
}

fn too_narrow(modality: &str, span: usize, width: usize) -> Failure {
    let message =
        format!("modality {modality:?} spans {span} directions, {width} latents and private variables were asked for");
    Failure::new(Code::ConfigOutOfRange, message)
        .at("latentDim")
        .hint(format!("choose latentDim + privateDim <= {span} for it; copies of columns add nothing"))
        .with("rank", span)
}

fn not_finite(what: &str) -> Failure {
    Failure::new(Code::NumericNotFinite, format!("{NAME}: {what} left the finite numbers"))
        .hint("look for columns of one modality that determine columns of another, and for extreme values")
}

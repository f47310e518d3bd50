//! What the way back from latents to inputs says of a fit.

use super::counterfactuals::counterfactuals;
use super::pictures::Gallery;
use crate::decode::Decoder;
use crate::mechanisms::{Mechanisms, Settings, counterfactual};
use crate::method::{Method, State};
use crate::results::{Counterfactuals, ReconstructionRow, Response, Traversal};
use disentangle_data::prepare::{Prepared, Warning};
use disentangle_data::split::Split;
use disentangle_data::{Code, Matrix, Result};
use disentangle_numerics::moments::mean_sd_of_rows;

/// Rows decoded at once: all of them would be a second copy of the inputs.
const CHUNK: usize = 4096;
/// Values that a traversed latent is set to.
const STEPS: usize = 9;
/// How far from its mean, in standard deviations.
const REACH: f64 = 2.0;
/// Latents that are traversed, at most: what nobody looks at need not be kept.
const TRAVERSED: usize = 32;
/// Inputs that are shown, at most.
const SHOWN: usize = 8;
/// What moves by less than this share of its standard deviation stays as it is.
const MOVES: f64 = 0.01;

/// All of it.
#[derive(Default)]
pub(super) struct Decoded {
    pub(super) reconstruction: Vec<ReconstructionRow>,
    pub(super) traversals: Vec<Traversal>,
    pub(super) counterfactuals: Vec<Counterfactuals>,
    pub(super) warning: Option<Warning>,
}

/// What latents are moved by, and how far, and how images of them are shown.
pub(super) struct Around<'a> {
    pub(super) mechanisms: Option<&'a dyn Mechanisms>,
    /// Rows that the fit has learnt from.
    pub(super) train: Vec<usize>,
    /// Means and standard deviations of the latents on them.
    pub(super) scales: Vec<(f64, f64)>,
    pub(super) gallery: Gallery,
}

/// What comes back, and what each latent does. Numbers that leave the finite ones are told, and end no fit; what was found without
/// them stays.
pub(super) fn decoded(
    data: &Prepared,
    method: &dyn Method,
    state: &State,
    (latents, names): (&Matrix, &[String]),
) -> Result<Decoded> {
    let mut warning = None;
    let decoder = match Decoder::of(state) {
        Ok(decoder) => decoder,
        Err(failure) => {
            told::<()>(Err(failure), "inputs cannot be decoded from the latents", &mut warning)?;
            return Ok(Decoded { warning, ..Decoded::default() });
        }
    };
    let reconstruction = reconstruction(data, &decoder, state, latents);
    let reconstruction = told(reconstruction, "inputs cannot be decoded from the latents", &mut warning)?;
    let two_off = "inputs cannot be decoded from latents two deviations off";
    let mechanisms = match method.mechanisms(state) {
        Ok(mechanisms) => mechanisms,
        Err(failure) => {
            told::<()>(Err(failure), two_off, &mut warning)?;
            return Ok(Decoded { reconstruction, warning, ..Decoded::default() });
        }
    };
    let train = data.rows_of(Split::Train);
    let (means, sds) = mean_sd_of_rows(latents, &train);
    let around = Around {
        mechanisms: mechanisms.as_deref(),
        scales: means.into_iter().zip(sds).collect(),
        gallery: Gallery::of(data, &train),
        train,
    };
    let traversals = traversals(data, &decoder, state, (latents, names), &around);
    let traversals = told(traversals, two_off, &mut warning)?;
    let counterfactuals = counterfactuals(data, &decoder, state, (latents, names), &around);
    let counterfactuals =
        told(counterfactuals, "rows cannot be decoded with a latent two deviations off", &mut warning)?;
    Ok(Decoded { reconstruction, traversals, counterfactuals, warning })
}

/// What was found; nothing where numbers left the finite ones, which the first `warning` tells.
fn told<T>(found: Result<Vec<T>>, what: &str, warning: &mut Option<Warning>) -> Result<Vec<T>> {
    match found {
        Err(failure) if failure.code == Code::NumericNotFinite => {
            warning.get_or_insert_with(|| {
                Warning::new("DECODER_NOT_FINITE", format!("{what}: {}", failure.message))
                    .hint("the latents themselves are not affected; train longer, or with a smaller learning rate")
            });
            Ok(Vec::new())
        }
        found => found,
    }
}

/// Told where what is decoded lies further from the inputs than their mean does.
pub(super) fn worse_than_mean(reconstruction: &[ReconstructionRow]) -> Option<Warning> {
    let list: Vec<String> = reconstruction
        .iter()
        .filter_map(|row| row.explained.filter(|&share| share < 0.0).map(|share| (row, 1.0 - share)))
        .map(|(row, times)| format!("{} rows ({times:.2} times its error)", row.split))
        .collect();
    (!list.is_empty()).then(|| {
        let message = format!("inputs decoded from the latents are worse than their mean: {}", list.join(", "));
        Warning::new("DECODER_WORSE_THAN_MEAN", message).hint(
            "do not read decoded inputs, traversals or counterfactuals of this fit; give more rows, train longer, or choose \
             fewer latents and private variables",
        )
    })
}

/// How well inputs come back, by split; nothing without a decoder.
fn reconstruction(
    data: &Prepared,
    decoder: &Decoder,
    state: &State,
    latents: &Matrix,
) -> Result<Vec<ReconstructionRow>> {
    let mut found = Vec::new();
    for (part, split) in [(Split::Train, "train"), (Split::Validation, "validation"), (Split::Test, "test")] {
        let rows = data.rows_of(part);
        if rows.is_empty() {
            continue;
        }
        let mut error = 0.0;
        for chunk in rows.chunks(CHUNK) {
            let Some(decoded) = decoder.decode(state, &latents.select_rows(chunk))? else { return Ok(Vec::new()) };
            for (at, &row) in chunk.iter().enumerate() {
                let pairs = data.inputs.row(row).iter().zip(decoded.row(at));
                error += pairs.map(|(&x, &y)| (f64::from(x) - f64::from(y)).powi(2)).sum::<f64>();
            }
        }
        let (_, sd) = mean_sd_of_rows(&data.inputs, &rows);
        let variance = sd.iter().map(|sd| sd * sd).sum::<f64>() * rows.len() as f64;
        found.push(ReconstructionRow {
            split: split.into(),
            rows: rows.len(),
            mse: error / (rows.len() * data.inputs.cols()) as f64,
            explained: (variance > 0.0).then(|| 1.0 - error / variance),
        });
    }
    Ok(found)
}

/// What each latent does to the others and to the inputs; nothing without a decoder and without mechanisms.
fn traversals(
    data: &Prepared,
    decoder: &Decoder,
    state: &State,
    (latents, names): (&Matrix, &[String]),
    Around { mechanisms, train, scales, gallery }: &Around<'_>,
) -> Result<Vec<Traversal>> {
    let Some(row) = nearest_to_mean(latents, train, scales) else { return Ok(Vec::new()) };
    let environments = [data.nodes[row]];
    let start = latents.select_rows(&[row]).to_f64();
    let (_, inputs) = mean_sd_of_rows(&data.inputs, train);
    let mut found = Vec::new();
    for (latent, &(mean, sd)) in scales.iter().enumerate().take(TRAVERSED) {
        let values: Vec<f64> =
            (0..STEPS).map(|step| mean + sd * REACH * (2.0 * step as f64 / (STEPS - 1) as f64 - 1.0)).collect();
        let mut swept = Matrix::zeros(STEPS, latents.cols());
        for (step, &value) in values.iter().enumerate() {
            let set = Settings::from([(latent, value)]);
            let moved = match &mechanisms {
                Some(mechanisms) => counterfactual(*mechanisms, &start, &environments, &set)?,
                None => Matrix::from_fn(1, start.cols(), |_, j| if j == latent { value } else { start[(0, j)] }),
            };
            moved.row(0).iter().enumerate().for_each(|(j, &value)| swept[(step, j)] = value as f32);
        }
        let decoded = decoder.decode(state, &swept)?;
        if mechanisms.is_none() && decoded.is_none() {
            return Ok(Vec::new());
        }
        let follow = (0..names.len()).filter(|&j| j != latent && spread(&swept, j) > MOVES * scales[j].1);
        let latents = follow.map(|j| response(&names[j], scales[j].1, &swept, j)).collect();
        let (inputs, pictures) = match decoded {
            Some(decoded) => {
                let own = data.standardiser.undo(&decoded)?;
                (most_moved((&decoded, &own), data, &inputs), gallery.hang(&own))
            }
            None => (Vec::new(), Vec::new()),
        };
        found.push(Traversal { latent: names[latent].clone(), row: data.kept[row], values, latents, inputs, pictures });
    }
    Ok(found)
}

/// The inputs that move most over the rows of `decoded`, which are standardised, in their own units. Single pixels say nothing.
fn most_moved((decoded, own): (&Matrix, &Matrix), data: &Prepared, sd: &[f64]) -> Vec<Response> {
    let range = |j: usize| if sd[j] > 0.0 { spread(decoded, j) / sd[j] } else { 0.0 };
    let is_pixel = |j: usize| data.views.iter().any(|view| view.image.is_some() && view.columns().contains(&j));
    let mut moved: Vec<(usize, f64)> = (0..decoded.cols()).filter(|&j| !is_pixel(j)).map(|j| (j, range(j))).collect();
    moved.sort_by(|a, b| b.1.total_cmp(&a.1));
    let shown = moved.into_iter().take(SHOWN).filter(|&(_, range)| range > MOVES);
    shown.map(|(j, _)| response(&data.input_names[j], sd[j] * data.standardiser.sd[j], own, j)).collect()
}

fn response(name: &str, sd: f64, values: &Matrix, column: usize) -> Response {
    Response { name: name.into(), sd, values: values.col(column).into_iter().map(f64::from).collect() }
}

/// Largest less smallest value of a column.
fn spread(values: &Matrix, column: usize) -> f64 {
    let (low, high) = values
        .col(column)
        .into_iter()
        .fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)));
    f64::from(high) - f64::from(low)
}

/// The row whose latents are fewest standard deviations from their means.
fn nearest_to_mean(latents: &Matrix, rows: &[usize], scales: &[(f64, f64)]) -> Option<usize> {
    let distance = |row: usize| {
        let of_latent = |(&z, &(mean, sd)): (&f32, &(f64, f64))| {
            if sd > 0.0 { ((f64::from(z) - mean) / sd).powi(2) } else { 0.0 }
        };
        latents.row(row).iter().zip(scales).map(of_latent).sum::<f64>()
    };
    rows.iter().copied().min_by(|&a, &b| distance(a).total_cmp(&distance(b)))
}

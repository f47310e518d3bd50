//! From a trained method to what is said about it.

use super::choose::Fitted;
use super::decoded::{Decoded, decoded, worse_than_mean};
use crate::entry::Entry;
use crate::method::{Dimensions, Findings, Method, State};
use crate::results::{Assumption, ErrorRow, Fact, LatentSummary, Status, Summary};
use crate::rows;
use crate::train;
use disentangle_data::prepare::Prepared;
use disentangle_data::split::Split;
use disentangle_data::{Matrix, Result};
use disentangle_numerics::moments::mean_sd_of_rows;

/// Squared errors of the predicted target in its own units; `None` for methods that predict none.
pub(super) fn squared_errors(
    method: &dyn Method,
    data: &Prepared,
    state: &State,
    picked: &[usize],
    latents: Option<&Matrix>,
) -> Result<Option<Vec<f64>>> {
    let encoded = match latents {
        Some(latents) => latents.select_rows(picked),
        None => train::encode_rows(state, &data.inputs, picked)?,
    };
    let nodes: Vec<u32> = picked.iter().map(|&i| data.nodes[i]).collect();
    let Some(predicted) = method.predict(state, &encoded, &nodes) else { return Ok(None) };
    let (unit, target) = (rows::target_unit(data), rows::target(data, picked));
    Ok(Some(predicted.iter().zip(&target).map(|(p, y)| (f64::from(p - y) * unit).powi(2)).collect()))
}

pub(super) fn summarise(
    entry: &Entry,
    data: &Prepared,
    fitted: &Fitted,
    (latents, private): (&Matrix, Option<&Matrix>),
) -> Result<Summary> {
    let Findings {
        conditioned,
        heads,
        tree,
        tasks,
        silence,
        loadings,
        map,
        graph,
        choices,
        identification,
        mut assumptions,
        mut warnings,
        facts,
    } = fitted.method.findings(data, &fitted.state, latents)?;
    if let Some(graph) = &graph {
        graph.check(latents.cols())?;
    }
    let errors = error_rows(data, fitted, latents)?;
    assumptions.extend(predictable(&errors));
    warnings.splice(0..0, data.warnings.iter().cloned());
    let dimensions = Dimensions::of(data);
    let names = fitted.method.latent_names(&dimensions, &data.input_names, &fitted.state, latents.cols());
    let train = data.rows_of(Split::Train);
    let private = private.map(|private| {
        let of = fitted.method.by_view(&dimensions, &fitted.state).unwrap_or_default();
        latent_summary(of.private.into_iter().map(|(name, _)| name).collect(), private, &train)
    });
    let Decoded { reconstruction, traversals, counterfactuals, warning } =
        decoded(data, fitted.method.as_ref(), &fitted.state, (latents, &names))?;
    warnings.extend(warning);
    warnings.extend(worse_than_mean(&reconstruction));
    Ok(Summary {
        method: entry.info.name.into(),
        latents: latent_summary(names, latents, &train),
        private,
        errors,
        conditioned,
        heads,
        tree,
        tasks,
        silence,
        loadings,
        map,
        graph,
        identification,
        reconstruction,
        traversals,
        counterfactuals,
        choices: fitted.choice.iter().cloned().chain(choices).collect(),
        assumptions,
        warnings,
        facts: with_parameters(facts, &fitted.state),
    })
}

fn with_parameters(mut facts: Vec<Fact>, state: &State) -> Vec<Fact> {
    let count: usize = state.params.iter().map(|p| p.var().elem_count()).sum();
    facts.push(Fact::new("parameters", "trained parameters", count as f64));
    facts
}

fn latent_summary(names: Vec<String>, latents: &Matrix, train: &[usize]) -> LatentSummary {
    let (mean, sd) = mean_sd_of_rows(latents, train);
    LatentSummary { names, mean, sd }
}

/// Errors per split, over all rows and per environment, beside those of predicting the mean of the training rows.
fn error_rows(data: &Prepared, fitted: &Fitted, latents: &Matrix) -> Result<Vec<ErrorRow>> {
    let all: Vec<usize> = (0..data.inputs.rows()).collect();
    let Some(squares) = squared_errors(fitted.method.as_ref(), data, &fitted.state, &all, Some(latents))? else {
        return Ok(Vec::new());
    };
    let (unit, target) = (rows::target_unit(data), rows::target(data, &all));
    let train_rows = data.rows_of(Split::Train);
    let mean = train_rows.iter().map(|&i| f64::from(target[i])).sum::<f64>() / train_rows.len().max(1) as f64;
    let names = rows::environment_names(data);
    let mut out = Vec::new();
    for (split, word) in [(Split::Train, "train"), (Split::Validation, "validation"), (Split::Test, "test")] {
        let rows = data.rows_of(split);
        let row = |environment: Option<String>, rows: &[usize]| {
            let n = rows.len() as f64;
            let mse = rows.iter().map(|&i| squares[i]).sum::<f64>() / n;
            let mean_mse = rows.iter().map(|&i| ((f64::from(target[i]) - mean) * unit).powi(2)).sum::<f64>() / n;
            ErrorRow { split: word.into(), environment, rows: rows.len(), mse, mean_mse }
        };
        if rows.is_empty() {
            continue;
        }
        out.push(row(None, &rows));
        for (node, name) in names.iter().enumerate() {
            let here: Vec<usize> = rows.iter().copied().filter(|&i| data.nodes[i] as usize == node).collect();
            if !here.is_empty() {
                out.push(row(Some(name.clone()), &here));
            }
        }
    }
    Ok(out)
}

/// A latent code that predicts nothing means nothing.
fn predictable(errors: &[ErrorRow]) -> Option<Assumption> {
    let row = errors.iter().find(|e| e.split == "test" && e.environment.is_none())?;
    let explained = 1.0 - row.mse / row.mean_mse;
    let status = match explained {
        r if r >= 0.2 => Status::Ok,
        r if r > 0.02 => Status::Warning,
        _ => Status::Violated,
    };
    Some(Assumption {
        id: "target-predictable".into(),
        question: "Do the latents predict the target on new rows?".into(),
        status,
        finding: format!(
            "Error on test rows {:.4}, against {:.4} for the training mean: {:.1} % of the variance is explained.",
            row.mse,
            row.mean_mse,
            100.0 * explained
        ),
    })
}

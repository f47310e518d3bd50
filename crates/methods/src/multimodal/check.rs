//! What the method needs from the data.

use super::config::{Algorithm, MultimodalConfig, NAME, PerModality};
use crate::conditional_vae::Encoder;
use disentangle_data::config::unknown_key;
use disentangle_data::prepare::Prepared;
use disentangle_data::split::Split;
use disentangle_data::{Code, Failure, Result, View};
use disentangle_nn::LEAST_SIDE;
use disentangle_numerics::multimodal::MOST_LATENTS;

/// Training rows that it takes at least: two batches of the smallest size.
const LEAST_ROWS: usize = 64;

/// Numbers of an image at most that is taken flat: all its principal axes are computed.
const MOST_PIXELS: usize = 4096;

pub(super) fn check(config: &MultimodalConfig, data: &Prepared) -> Result<()> {
    let views = &data.views;
    if views.len() < 2 {
        let message = format!("{NAME} needs at least two modalities, the data have one table of inputs");
        return Err(Failure::new(Code::DataNeedsModalities, message)
            .hint("give each modality its own table: --modality a=a.csv --modality b=b.csv --join ID")
            .with("modalities", views.len()));
    }
    let read = |view: &View| config.algorithm == Algorithm::Likelihood && config.image_of(view).is_some();
    let large = |view: &&View| view.image.is_some() && view.end - view.start > MOST_PIXELS && !read(view);
    if let Some(view) = views.iter().find(large) {
        let count = view.end - view.start;
        let message = format!(
            "modality {:?} has images of {count} numbers, {NAME} takes at most {MOST_PIXELS} without convolutions",
            view.name
        );
        return Err(Failure::new(Code::ConfigConflict, message)
            .at("encoder")
            .hint("leave `encoder` and `algorithm` out, or shrink the images")
            .with("columns", count));
    }
    if config.encoder == Encoder::Convolutional && config.algorithm == Algorithm::Paper {
        let message = "encoder: the algorithm `paper` takes images flat";
        return Err(Failure::new(Code::ConfigConflict, message)
            .at("encoder")
            .hint("leave `encoder` or `algorithm` out"));
    }
    if config.encoder == Encoder::Convolutional && !views.iter().any(read) {
        let message = "encoder: no modality holds images that convolutions can read";
        return Err(Failure::new(Code::DataNeedsImages, message)
            .at("encoder")
            .hint(format!("leave `encoder` out, or give images of at least {LEAST_SIDE} x {LEAST_SIDE}")));
    }
    if data.source.is_some() {
        let message = format!("rows: {NAME} learns from the given rows");
        return Err(Failure::new(Code::ConfigConflict, message).at("rows").hint("leave `rows` out"));
    }
    let train = data.rows_of(Split::Train);
    if train.len() < LEAST_ROWS {
        let message = format!("{} training rows, {NAME} needs at least {LEAST_ROWS}", train.len());
        return Err(Failure::new(Code::DataTooFewRows, message)
            .hint("give more rows, or a larger fraction `train`")
            .with("rows", train.len()));
    }
    if config.algorithm == Algorithm::Paper {
        published(config, views)?;
    }
    named("latentDim", &config.latent_dim, views)?;
    named("privateDim", &config.private_dim, views)?;
    let mut latents = 0;
    for view in views {
        let (k, e) = (config.latent_dim.of(&view.name), config.private_dim.of(&view.name));
        if k == Some(0) {
            let message = format!("latentDim: modality {:?} would have no latent", view.name);
            return Err(Failure::new(Code::ConfigOutOfRange, message)
                .at("latentDim")
                .hint("give each modality at least 1 latent, or leave the modality out"));
        }
        let (least, columns) = (k.unwrap_or(1) + e.unwrap_or(0), view.end - view.start);
        if least > columns {
            let message = format!(
                "modality {:?} has {columns} columns, from which {least} latents and private variables cannot be recovered",
                view.name
            );
            return Err(Failure::new(Code::ConfigOutOfRange, message)
                .at("latentDim")
                .hint(format!("choose latentDim + privateDim <= {columns} for it, or more of its columns"))
                .with("columns", columns));
        }
        latents += k.unwrap_or(1);
    }
    if config.algorithm == Algorithm::Likelihood {
        at_most(latents)?;
    }
    copies(data, &train)
}

/// The published objective compares no sizes: they have to be given.
fn published(config: &MultimodalConfig, views: &[View]) -> Result<()> {
    for (option, numbers) in [("latentDim", &config.latent_dim), ("privateDim", &config.private_dim)] {
        if let Some(view) = views.iter().find(|view| numbers.of(&view.name).is_none()) {
            let message = format!("{option}: the algorithm `paper` needs a number for modality {:?}", view.name);
            return Err(Failure::new(Code::ConfigConflict, message)
                .at(option)
                .hint("give a number, or leave `algorithm` out: the likelihood model chooses sizes"));
        }
    }
    Ok(())
}

/// Refuses more latents than sets of causes can be searched for.
pub(super) fn at_most(latents: usize) -> Result<()> {
    if latents <= MOST_LATENTS {
        return Ok(());
    }
    let message = format!(
        "latentDim: {latents} latents over all modalities, the search over causes takes at most {MOST_LATENTS}"
    );
    Err(Failure::new(Code::ConfigOutOfRange, message)
        .at("latentDim")
        .hint("choose fewer latents for each modality, or fewer modalities"))
}

/// Names are those of modalities.
fn named(option: &str, numbers: &PerModality, views: &[View]) -> Result<()> {
    let PerModality::Each(of) = numbers else { return Ok(()) };
    let known: Vec<String> = views.iter().map(|view| view.name.clone()).collect();
    match of.keys().find(|name| !known.contains(name)) {
        None => Ok(()),
        Some(name) => Err(unknown_key(&format!("{option}.{name}"), name, &known)),
    }
}

/// A table that is given twice has nothing to tell of causes: each of its latents would determine its copy.
fn copies(data: &Prepared, train: &[usize]) -> Result<()> {
    let same = |a: &View, b: &View| {
        let width = a.end - a.start;
        width == b.end - b.start
            && train.iter().all(|&row| {
                let row = data.inputs.row(row);
                row[a.columns()] == row[b.columns()]
            })
    };
    for (at, a) in data.views.iter().enumerate() {
        if let Some(b) = data.views[at + 1..].iter().find(|b| same(a, b)) {
            let message = format!("modalities {:?} and {:?} hold the same numbers", a.name, b.name);
            return Err(Failure::new(Code::DataDuplicateModality, message)
                .hint("leave one of them out: a copy has no noise of its own, and every graph fits it")
                .with("modalities", vec![a.name.clone(), b.name.clone()]));
        }
    }
    Ok(())
}

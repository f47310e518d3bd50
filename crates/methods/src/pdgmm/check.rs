//! What the options ask of each other and of the data.

use super::oracle::SILENT;
use super::{Algorithm, PdgmmConfig, Representation, keypoints};
use crate::linear::latents_of_inputs;
use crate::regression::{LatentDim, at_most};
use disentangle_data::prepare::Prepared;
use disentangle_data::split::Split;
use disentangle_data::{Code, Failure, Result};
use disentangle_numerics::principal_axes::{PrincipalAxes, rank};

/// For messages.
const NAME: &str = "pdgmm";
/// Training rows per latent without which planes cannot be told from chance.
const ROWS_PER_LATENT: usize = 10;

/// Of a configuration whose representation is that for these data.
///
/// # Errors
/// `CONFIG_CONFLICT`, `CONFIG_OUT_OF_RANGE`, `DATA_NEEDS_IMAGES`, `DATA_TOO_FEW_ROWS`.
pub fn check(config: &PdgmmConfig, data: &Prepared) -> Result<()> {
    consistent(config)?;
    let d = data.inputs.cols();
    if config.settled_representation() == Representation::Keypoints {
        return images(config, data);
    }
    data.needs_rows(NAME)?;
    let (k, rank) = match config.latent_dim {
        LatentDim::Fixed(k) => (k, rank(&PrincipalAxes::leading(data, k)?.variances)),
        LatentDim::Auto(_) => {
            let k = latents_of_inputs(data)?.chosen;
            (k, k)
        }
    };
    at_most(k, d)?;
    match (config.settled_representation(), config.algorithm) {
        (Representation::Inputs, _) if k > rank => {
            return Err(Failure::new(
                Code::ConfigOutOfRange,
                format!("latentDim: the inputs span {rank} directions, {k} latents were asked for"),
            )
            .at("latentDim")
            .hint(format!("choose latentDim <= {rank}, or auto"))
            .with("rank", rank));
        }
        (Representation::Inputs, Algorithm::Paper) if k != d => {
            return Err(Failure::new(
                Code::ConfigConflict,
                format!("representation: algorithm paper on the inputs has as many latents as inputs, {d}, got {k}"),
            )
            .at("representation")
            .hint("choose representation autoencoder, or algorithm planes"));
        }
        _ => {}
    }
    blocks_fit(config, k)?;
    enough_rows(data, k)?;
    told(data, k)
}

fn conflict(at: &str, message: &str, hint: impl Into<String>) -> Failure {
    Failure::new(Code::ConfigConflict, format!("{at}: {message}")).at(at).hint(hint)
}

/// Options that exclude each other.
fn consistent(config: &PdgmmConfig) -> Result<()> {
    let blocks = config.block_size > 1;
    let paper = config.algorithm == Algorithm::Paper;
    if blocks && paper {
        return Err(conflict(
            "blockSize",
            "algorithm paper knows no blocks",
            "choose algorithm planes, or blockSize 1",
        ));
    }
    if blocks && config.flow.usage == super::flow::Use::Always {
        let message = "the density of the flow takes latents for silent each on its own, not in blocks";
        return Err(conflict("flow.use", message, "choose flow.use never, or blockSize 1"));
    }
    if paper && config.settled_representation() == Representation::Keypoints {
        let message = "algorithm paper takes inputs or the code of a dense autoencoder";
        return Err(conflict("representation", message, "choose representation autoencoder, or algorithm planes"));
    }
    Ok(())
}

/// What images ask for.
fn images(config: &PdgmmConfig, data: &Prepared) -> Result<()> {
    let LatentDim::Fixed(k) = config.latent_dim else {
        let message = "the number of latents in images is not found by itself";
        return Err(conflict(
            "latentDim",
            message,
            "say how many there are: two for each thing that moves in the plane",
        ));
    };
    keypoints::check(&config.keypoints, &data.views, k)?;
    blocks_fit(config, k)?;
    enough_rows(data, k)?;
    told(data, k)
}

/// Latents come in whole blocks, and no oracle tells of these.
fn blocks_fit(config: &PdgmmConfig, k: usize) -> Result<()> {
    let size = config.block_size;
    if !k.is_multiple_of(size) {
        let (below, above) = (k / size * size, k.div_ceil(size) * size);
        let choices = if below == 0 { format!("{above}") } else { format!("{below} or {above}") };
        let message = format!("{k} latents cannot be divided into blocks of {size}");
        return Err(conflict("blockSize", &message, format!("choose latentDim {choices}, or another blockSize")));
    }
    Ok(())
}

fn enough_rows(data: &Prepared, k: usize) -> Result<()> {
    let rows = data.rows_of(Split::Train).len();
    if rows < ROWS_PER_LATENT * k {
        let least = ROWS_PER_LATENT * k;
        return Err(Failure::new(
            Code::DataTooFewRows,
            format!("{rows} training rows for {k} latents, expected at least {least}"),
        )
        .hint("give more rows, or choose a smaller latentDim")
        .with("rows", rows));
    }
    Ok(())
}

/// The masks that an oracle tells are of as many latents.
fn told(data: &Prepared, k: usize) -> Result<()> {
    match data.oracle.get(SILENT).map(|silent| silent.values.cols()) {
        Some(columns) if columns != k => Err(Failure::new(
            Code::ConfigConflict,
            format!("oracle: the truth {SILENT:?} has {columns} latents, latentDim is {k}"),
        )
        .at("oracle")
        .hint(format!("choose latentDim {columns}"))),
        _ => Ok(()),
    }
}

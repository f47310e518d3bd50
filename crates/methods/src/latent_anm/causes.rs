//! How latents cause each other, for interventions and counterfactuals: the fitted mechanisms with Gaussian noise of each
//! environment. Latents stand in causal order already.

use super::config::{Algorithm, LatentAnmConfig};
use super::network::{AnmNetwork, Sizes, mechanisms_view};
use super::published::PublishedNetwork;
use super::solve::mechanism_tables;
use super::solved::NOISE;
use disentangle_data::{Matrix, Result, Stream};
use disentangle_engine::mechanisms::Mechanisms;
use disentangle_engine::method::{MAP, State};
use disentangle_nn::internal;
use disentangle_numerics::shift::{Kind, predict};

/// Fitted mechanisms of final latents.
pub(super) enum Fitted<'a> {
    Tables {
        sizes: Sizes,
        tables: Vec<Vec<f64>>,
    },
    /// Of codes, which are latents before they are scaled.
    Published {
        network: &'a PublishedNetwork,
        scale: Vec<f64>,
    },
}

impl<'a> Fitted<'a> {
    /// `None` where latents are independent in every environment.
    pub(super) fn of(config: &LatentAnmConfig, state: &'a State) -> Result<Option<Self>> {
        if config.mechanisms == Kind::None {
            return Ok(None);
        }
        let ours = "this method made the network";
        Ok(Some(match config.algorithm {
            Algorithm::Flow => {
                let sizes = state.network_as::<AnmNetwork>().expect(ours).sizes();
                let tables = mechanism_tables(sizes, state)?;
                Self::Tables { sizes, tables }
            }
            Algorithm::Paper => {
                let Some(map) = state.solved.get(MAP) else { return Ok(None) };
                let scale = (0..map.rows()).map(|i| map[(i, i)]).collect();
                Self::Published { network: state.network_as().expect(ours), scale }
            }
        }))
    }

    /// What latent i is of those before it, in the environment of each row.
    pub(super) fn mean(&self, latent: usize, z: &Matrix<f64>, environments: &[u32]) -> Result<Vec<f64>> {
        match self {
            Self::Tables { sizes, tables } => {
                Ok(predict(&mechanisms_view(sizes.mechanisms, tables), latent, z, environments))
            }
            Self::Published { network, scale } => {
                let codes = Matrix::from_fn(z.rows(), z.cols(), |row, j| z[(row, j)] / scale[j]);
                let mean = network.mechanism(latent, &codes, environments).map_err(internal)?;
                let mean = mean.unwrap_or_else(|| vec![0.0; z.rows()]);
                Ok(mean.into_iter().map(|value| value * scale[latent]).collect())
            }
        }
    }
}

/// The mechanisms with their noise.
pub(super) struct Causes<'a> {
    fitted: Fitted<'a>,
    means: Matrix<f64>,
    scales: Matrix<f64>,
}

impl<'a> Causes<'a> {
    /// `None` where latents are independent in every environment, and of a fit that was stopped before its noise was known.
    pub(super) fn of(config: &LatentAnmConfig, state: &'a State) -> Result<Option<Self>> {
        let [Some(means), Some(scales)] = NOISE.map(|name| state.solved.get(name).cloned()) else { return Ok(None) };
        Ok(Fitted::of(config, state)?.map(|fitted| Self { fitted, means, scales }))
    }
}

impl Mechanisms for Causes<'_> {
    fn order(&self) -> Vec<usize> {
        (0..self.means.cols()).collect()
    }

    fn causes(&self, latent: usize) -> Vec<usize> {
        (0..latent).collect()
    }

    fn by_environment(&self) -> bool {
        true
    }

    fn mean(&self, latent: usize, latents: &Matrix<f64>, environments: &[u32]) -> Result<Vec<f64>> {
        self.fitted.mean(latent, latents, environments)
    }

    fn draw(&self, latent: usize, environments: &[u32], stream: &mut Stream) -> Result<Vec<f64>> {
        let of = |&u: &u32| self.means[(u as usize, latent)] + self.scales[(u as usize, latent)] * stream.normal();
        Ok(environments.iter().map(of).collect())
    }
}

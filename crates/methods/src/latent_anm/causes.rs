//! How the latents cause each other, for interventions and counterfactuals: the fitted mechanisms with Gaussian noise of each
//! environment. Latents stand in causal order already.

use super::network::{Sizes, mechanisms_view};
use super::solve::fitted_mechanisms;
use super::solved::NOISE;
use disentangle_data::{Matrix, Result, Stream};
use disentangle_engine::mechanisms::Mechanisms;
use disentangle_engine::method::State;
use disentangle_numerics::shift::predict;

/// Fitted mechanisms.
pub(super) struct Causes {
    sizes: Sizes,
    tables: Vec<Vec<f64>>,
    means: Matrix<f64>,
    scales: Matrix<f64>,
}

impl Causes {
    /// `None` where latents are independent in every environment, and of a fit that was stopped before its noise was known.
    pub(super) fn of(sizes: Sizes, state: &State) -> Result<Option<Self>> {
        let [Some(means), Some(scales)] = NOISE.map(|name| state.solved.get(name).cloned()) else { return Ok(None) };
        let tables = fitted_mechanisms(sizes, state)?;
        Ok(tables.map(|tables| Self { sizes, tables, means, scales }))
    }
}

impl Mechanisms for Causes {
    fn order(&self) -> Vec<usize> {
        (0..self.sizes.mechanisms.latents).collect()
    }

    fn causes(&self, latent: usize) -> Vec<usize> {
        (0..latent).collect()
    }

    fn by_environment(&self) -> bool {
        true
    }

    fn mean(&self, latent: usize, latents: &Matrix<f64>, environments: &[u32]) -> Result<Vec<f64>> {
        Ok(predict(&mechanisms_view(self.sizes.mechanisms, &self.tables), latent, latents, environments))
    }

    fn draw(&self, latent: usize, environments: &[u32], stream: &mut Stream) -> Result<Vec<f64>> {
        let of = |&u: &u32| self.means[(u as usize, latent)] + self.scales[(u as usize, latent)] * stream.normal();
        Ok(environments.iter().map(of).collect())
    }
}

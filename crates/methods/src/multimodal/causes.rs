//! How the latents cause each other, for interventions and counterfactuals: the fitted mechanisms with their Gaussian noise.

use super::network::MultimodalNetwork;
use super::solved::{CAUSES, SCALED};
use disentangle_data::{Matrix, Result, Stream, memory};
use disentangle_engine::mechanisms::Mechanisms;
use disentangle_engine::method::State;
use disentangle_nn::internal;
use disentangle_numerics::multimodal::means;

/// Latents as they are given away beside those of the flows.
struct Causes<'a> {
    network: &'a MultimodalNetwork,
    parameters: Vec<f32>,
    scaled: &'a Matrix<f64>,
    causes: &'a Matrix<f64>,
    /// The latent that stands at each place of the flows.
    at: Vec<usize>,
}

/// The mechanisms of a state; `None` of a fit that was stopped before they were known.
///
/// # Errors
/// Those of candle.
pub(super) fn mechanisms(state: &State) -> Result<Option<Box<dyn Mechanisms + '_>>> {
    let (Some(network), Some(scaled), Some(causes)) =
        (state.network_as::<MultimodalNetwork>(), state.solved.get(SCALED), state.solved.get(CAUSES))
    else {
        return Ok(None);
    };
    let parameters = network.density_values().map_err(internal)?;
    let mut at = vec![0; scaled.cols()];
    (0..scaled.cols()).for_each(|latent| at[scaled[(0, latent)] as usize] = latent);
    Ok(Some(Box::new(Causes { network, parameters, scaled, causes, at })))
}

impl Causes<'_> {
    fn place(&self, latent: usize) -> usize {
        self.scaled[(0, latent)] as usize
    }

    /// Bits of the causes, by their places in the flows.
    fn set(&self, latent: usize) -> u32 {
        self.causes[(0, latent)] as u32
    }
}

impl Mechanisms for Causes<'_> {
    fn order(&self) -> Vec<usize> {
        self.at.clone()
    }

    fn causes(&self, latent: usize) -> Vec<usize> {
        let set = self.set(latent);
        let mut causes: Vec<usize> =
            (0..self.at.len()).filter(|place| set >> place & 1 == 1).map(|place| self.at[place]).collect();
        causes.sort_unstable();
        causes
    }

    fn mean(&self, latent: usize, latents: &Matrix<f64>, _: &[u32]) -> Result<Vec<f64>> {
        let n = latents.rows();
        let mut z = memory::spread(0f32, n.saturating_mul(self.at.len()), "the latents of the rows");
        for cause in self.causes(latent) {
            let (place, factor, mean) = (self.place(cause), self.scaled[(1, cause)], self.scaled[(2, cause)]);
            for row in 0..n {
                z[place * n + row] = (latents[(row, cause)] / factor + mean) as f32;
            }
        }
        let found = means(&self.network.density, &self.parameters, self.place(latent), self.set(latent), &z);
        let (factor, mean) = (self.scaled[(1, latent)], self.scaled[(2, latent)]);
        Ok(found.into_iter().map(|value| (f64::from(value) - mean) * factor).collect())
    }

    fn draw(&self, latent: usize, environments: &[u32], stream: &mut Stream) -> Result<Vec<f64>> {
        let sd = self.causes[(1, latent)];
        Ok(environments.iter().map(|_| sd * stream.normal()).collect())
    }
}

//! A drawn world: an endless data set, of which any rows can be asked for.

use super::SilentWorldConfig;
use super::latents::{Causes, masks, rotation};
use super::mixing::Mixing;
use super::own_streams;
use crate::matrix::Matrix;
use crate::simulate::row::{product, store};
use crate::simulate::source::Source;
use crate::stream::Stream;
use std::ops::Range;

/// Everything that all rows share.
#[derive(Debug)]
pub(super) struct World {
    config: SilentWorldConfig,
    causes: Causes,
    masks: Vec<Vec<bool>>,
    /// t, one for each latent.
    silent_values: Vec<f64>,
    rotation: Option<Matrix<f64>>,
    mixing: Mixing,
}

/// Some rows of it, n x k or n x inputs.
pub(super) struct Rows {
    pub inputs: Matrix,
    pub latents: Matrix,
    pub unrotated: Option<Matrix>,
    pub silent: Matrix,
}

impl World {
    pub fn draw(config: &SilentWorldConfig) -> Self {
        let causes = Causes::draw(config);
        // The silent values are those of the graph, also where latents are drawn without it.
        let of_graph = Causes::draw(&SilentWorldConfig { dependence: Default::default(), ..config.clone() });
        Self {
            masks: masks(config),
            silent_values: of_graph.silent_values(config),
            rotation: (config.rotation_degrees != 0.0).then(|| rotation(config.latents, config.rotation_degrees)),
            mixing: Mixing::draw(config),
            causes,
            config: config.clone(),
        }
    }

    /// k x k, an entry (i, j) is the weight of i -> j.
    pub fn graph(&self) -> &Matrix<f64> {
        &self.causes.weights
    }

    /// inputs x k, if the mixing is linear.
    pub fn linear_mixing(&self) -> Option<Matrix<f64>> {
        match &self.mixing.layers[..] {
            [only] => Some(only.transposed()),
            _ => None,
        }
    }

    /// The rows of these numbers; `streams` gives random numbers by name, from the first of these rows on.
    pub fn rows(&self, numbers: Range<usize>, streams: &dyn Fn(&str) -> Stream) -> Rows {
        let SilentWorldConfig { latents: k, observation_noise, .. } = self.config;
        let (count, d) = (numbers.len(), self.config.inputs());
        let (mut noise, mut observation) = (streams("latents"), streams("observation-noise"));
        let mut rows = Rows {
            inputs: Matrix::zeros(count, d),
            latents: Matrix::zeros(count, k),
            unrotated: self.rotation.as_ref().map(|_| Matrix::zeros(count, k)),
            silent: Matrix::zeros(count, k),
        };
        let mut z = vec![0.0; k];
        for (row, number) in numbers.enumerate() {
            let mask = &self.masks[number % self.masks.len()];
            self.causes.fill(&mut z, &mut noise);
            for i in (0..k).filter(|&i| !mask[i]) {
                z[i] = self.silent_values[i];
                rows.silent[(row, i)] = 1.0;
            }
            let turned = self.rotation.as_ref().map(|rotation| product(&z, rotation));
            if let Some(unrotated) = &mut rows.unrotated {
                store(unrotated.row_mut(row), z.iter().copied());
            }
            let mixed = turned.as_deref().unwrap_or(&z);
            store(rows.latents.row_mut(row), mixed.iter().copied());
            let mut x = self.mixing.apply(mixed);
            if observation_noise > 0.0 {
                x.iter_mut().for_each(|x| *x += observation_noise * observation.normal());
            }
            store(rows.inputs.row_mut(row), x);
        }
        rows
    }
}

impl Source for World {
    fn inputs(&self, numbers: Range<usize>, streams: &dyn Fn(&str) -> Stream) -> Matrix {
        self.rows(numbers, streams).inputs
    }

    fn first_inputs(&self, rows: usize) -> Matrix {
        self.rows(0..rows, &own_streams(self.config.seed)).inputs
    }
}

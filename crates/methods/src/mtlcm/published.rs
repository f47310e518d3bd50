//! The published procedure: the marginal likelihood by Adam, one mini-batch of pairs per step.

use super::marginal::{Layout, Noise, Pairs};
use disentangle_data::{Matrix, Result, Stream};
use disentangle_nn::optim::{AdamSettings, Plateau, SliceAdam};

/// How the descent runs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settings {
    /// Passes over all pairs.
    pub epochs: usize,
    /// Passes at the beginning in which gamma stays as it was drawn.
    pub gamma_warm_up: usize,
    /// Pairs per step.
    pub batch_size: usize,
    /// First learning rate; it is halved whenever the mean loss of an epoch has not fallen for 100 epochs, down to 5e-3.
    pub learning_rate: f64,
    /// Fixed standard deviations.
    pub noise: Noise,
}

const REDUCTION: f64 = 0.5;
const PATIENCE: u64 = 100;
const LEAST_RATE: f64 = 5e-3;

/// Everything a descent is between two steps.
#[derive(Debug, Clone, PartialEq)]
pub struct Standing {
    /// In the order of [`Layout`].
    pub parameters: Vec<f64>,
    /// Steps taken.
    pub step: usize,
    mixing_adam: SliceAdam,
    gamma_adam: SliceAdam,
    plateau: Plateau,
    /// Sum of the losses of this epoch.
    epoch_loss: f64,
}

/// A descent under way: its data, its settings and where it stands.
pub struct Published<'a> {
    pairs: &'a Pairs,
    settings: Settings,
    draws: Stream,
    /// Where it stands; setting it goes on from there.
    pub standing: Standing,
    order: Vec<usize>,
    gradient: Vec<f64>,
}

/// What a descent ends with.
#[derive(Debug, Clone, PartialEq)]
pub struct Estimate {
    /// A, k x k: codes are A times latents.
    pub mixing: Matrix<f64>,
    /// c, tasks x k.
    pub indicators: Matrix<f64>,
    /// Whether the learning rate had reached its floor.
    pub settled: bool,
}

impl<'a> Published<'a> {
    /// A at PyTorch's initial values of a linear layer, uniform within 1 / sqrt(k); a and gamma standard normal.
    pub fn new(pairs: &'a Pairs, settings: Settings, seed: u64) -> Self {
        let layout = pairs.layout();
        let mut stream = Stream::new(seed, "mtlcm-start");
        let bound = (layout.latents as f64).sqrt().recip();
        let square = layout.latents * layout.latents;
        let parameters = (0..layout.len())
            .map(|at| if at < square { bound * (2.0 * stream.uniform() - 1.0) } else { stream.normal() })
            .collect();
        let standing = Standing {
            parameters,
            step: 0,
            mixing_adam: SliceAdam::new(layout.gamma()),
            gamma_adam: SliceAdam::new(layout.len() - layout.gamma()),
            plateau: Plateau::new(REDUCTION, PATIENCE, (LEAST_RATE / settings.learning_rate).min(1.0)),
            epoch_loss: 0.0,
        };
        let draws = Stream::new(seed, "mtlcm-pairs");
        Self { pairs, settings, draws, standing, order: Vec::new(), gradient: vec![0.0; layout.len()] }
    }

    fn layout(&self) -> Layout {
        self.pairs.layout()
    }

    /// Steps of one epoch.
    pub fn epoch_steps(&self) -> usize {
        self.pairs.pairs.len().div_ceil(self.settings.batch_size)
    }

    /// All steps.
    pub fn steps(&self) -> usize {
        self.settings.epochs * self.epoch_steps()
    }

    /// One step; gives the loss of its batch before it.
    ///
    /// # Errors
    /// Those of [`Pairs::loss`].
    pub fn step(&mut self) -> Result<f64> {
        let (epoch, within) = (self.standing.step / self.epoch_steps(), self.standing.step % self.epoch_steps());
        if within == 0 || self.order.is_empty() {
            self.order = self.draws.at(epoch as u32).permutation(self.pairs.pairs.len());
        }
        let first = within * self.settings.batch_size;
        let batch = &self.order[first..(first + self.settings.batch_size).min(self.order.len())];
        let gamma = self.layout().gamma();
        let Standing { parameters, step, mixing_adam, gamma_adam, plateau, epoch_loss } = &mut self.standing;
        let loss = self.pairs.loss(batch, parameters, self.settings.noise, &mut self.gradient)?;
        let rate = self.settings.learning_rate * plateau.factor();
        let (adam, gradient) = (AdamSettings::default(), &self.gradient);
        mixing_adam.step(&mut parameters[..gamma], &gradient[..gamma], adam, rate);
        if epoch >= self.settings.gamma_warm_up {
            gamma_adam.step(&mut parameters[gamma..], &gradient[gamma..], adam, rate);
        }
        *step += 1;
        *epoch_loss += loss;
        if within + 1 == self.pairs.pairs.len().div_ceil(self.settings.batch_size) {
            plateau.observe(*epoch_loss / (within + 1) as f64);
            *epoch_loss = 0.0;
        }
        Ok(loss)
    }

    /// What has been found so far.
    pub fn estimate(&self) -> Estimate {
        let Standing { parameters, plateau, .. } = &self.standing;
        Estimate {
            mixing: self.layout().mixing(parameters),
            indicators: self.layout().indicators(parameters),
            settled: plateau.factor() <= plateau.floor,
        }
    }
}

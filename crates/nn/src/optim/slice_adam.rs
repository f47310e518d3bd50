//! Adam on a slice in double precision, for stages without tensors.

use super::AdamSettings;
use serde::{Deserialize, Serialize};

/// Moments of [`Adam`](super::Adam) for plain numbers: everything a resumed stage needs.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct SliceAdam {
    steps: i32,
    first: Vec<f64>,
    second: Vec<f64>,
}

impl SliceAdam {
    /// Moments at zero for so many numbers.
    pub fn new(len: usize) -> Self {
        Self { steps: 0, first: vec![0.0; len], second: vec![0.0; len] }
    }

    /// One step of `values` against `gradient`, both of the length of the moments.
    pub fn step(&mut self, values: &mut [f64], gradient: &[f64], settings: AdamSettings, rate: f64) {
        let AdamSettings { beta1, beta2, eps, weight_decay } = settings;
        self.steps += 1;
        let (mean, square) = (1.0 - beta1.powi(self.steps), 1.0 - beta2.powi(self.steps));
        let moments = self.first.iter_mut().zip(&mut self.second);
        for ((value, g), (m, v)) in values.iter_mut().zip(gradient).zip(moments) {
            *m = beta1 * *m + (1.0 - beta1) * g;
            *v = beta2 * *v + (1.0 - beta2) * g * g;
            *value -= rate * (weight_decay * *value + (*m / mean) / ((*v / square).sqrt() + eps));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optim::{Adam, StepSize};
    use crate::{Init, Params};
    use candle_core::{Device, Result};

    #[test]
    fn a_slice_moves_as_the_same_tensor_does() -> Result<()> {
        for weight_decay in [0.0, 0.1] {
            let settings = AdamSettings { beta1: 0.8, beta2: 0.99, weight_decay, ..AdamSettings::default() };
            let mut params = Params::new(&Device::Cpu);
            let mut values = [1.0, -2.0, 0.5];
            params.insert("p", &[3], &Init::Values(values.to_vec()), 0)?;
            let (mut tensor, mut slice) = (Adam::new(&params, settings), SliceAdam::new(3));
            for _ in 0..25 {
                let p = params.get("p")?;
                // sum (p^4 / 4) has the gradient p^3.
                let loss = (p.as_tensor().sqr()?.sqr()?.sum_all()? * 0.25)?;
                tensor.step(&params, &params.gradients(&loss)?, StepSize::new(0.05))?;
                let gradient = values.map(|v: f64| v.powi(3));
                slice.step(&mut values, &gradient, settings, 0.05);
            }
            for (tensor, slice) in params.get("p")?.to_vec1::<f32>()?.iter().zip(values) {
                // 25 steps of single precision.
                assert!((f64::from(*tensor) - slice).abs() < 5e-6, "{tensor} is not {slice}");
            }
        }
        Ok(())
    }
}

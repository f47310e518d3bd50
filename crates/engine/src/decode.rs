//! From latents back to inputs: the solved map is undone, then the network decodes.
//!
//! With `latents = map x code + offset`, the code is `center + map^+ (latents - offset - map x center)`, `map^+` being the
//! pseudo-inverse: exact for a square map, and of all codes with these latents the one closest to the mean code where the map
//! drops directions. A method may give another way back in its place ([`UNMAP`]).

use crate::method::{CENTER, MAP, OFFSET, State, UNMAP};
use crate::train;
use disentangle_data::{Code, Failure, Matrix, Result};
use disentangle_numerics::linalg::{apply, pseudo_inverse};

/// The way back from the latents of a state to standardised inputs.
pub struct Decoder<'a> {
    state: &'a State,
    /// `map^+` (d x k), and the code of latents at 0 (d); `None`: latents are codes.
    undo: Option<(Matrix<f64>, Vec<f64>)>,
}

impl std::fmt::Debug for Decoder<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Decoder").field("undo", &self.undo).finish()
    }
}

impl<'a> Decoder<'a> {
    /// Of a fitted state. Whether its network decodes shows when it is asked.
    ///
    /// # Errors
    /// `NUMERIC_NOT_FINITE` for a solved map that is not finite.
    pub fn of(state: &'a State) -> Result<Self> {
        let Some(map) = state.solved.get(MAP) else { return Ok(Self { state, undo: None }) };
        let back = match state.solved.get(UNMAP) {
            Some(back) => back.clone(),
            None => pseudo_inverse(map)?,
        };
        let center = match state.solved.get(CENTER) {
            Some(center) => center.row(0).to_vec(),
            None => vec![0.0; map.cols()],
        };
        let mut of_center = apply(map, &center);
        if let Some(offset) = state.solved.get(OFFSET) {
            of_center.iter_mut().zip(offset.row(0)).for_each(|(value, offset)| *value += offset);
        }
        let lost = apply(&back, &of_center);
        let at_zero = center.iter().zip(lost).map(|(center, lost)| center - lost).collect();
        Ok(Self { state, undo: Some((back, at_zero)) })
    }

    /// `map^+` (codes x k), and the code of latents at 0; `None`: latents are codes.
    pub(crate) fn undo(&self) -> Option<&(Matrix<f64>, Vec<f64>)> {
        self.undo.as_ref()
    }

    /// Standardised inputs (n x d) of latents (n x k); `None`: the network has no decoder.
    ///
    /// # Errors
    /// `NUMERIC_NOT_FINITE` when an input is not finite: such numbers are never given away.
    pub fn decode(&self, latents: &Matrix) -> Result<Option<Matrix>> {
        let Some(inputs) = (match &self.undo {
            None => train::decode(self.state, latents)?,
            Some((back, at_zero)) => train::decode(self.state, &codes(latents, back, at_zero))?,
        }) else {
            return Ok(None);
        };
        match inputs.data().iter().position(|value| !value.is_finite()) {
            None => Ok(Some(inputs)),
            Some(at) => {
                let row = at / inputs.cols().max(1);
                Err(Failure::new(Code::NumericNotFinite, format!("row {row}: a decoded input is not finite"))
                    .hint("give latents that are closer to those of the training rows")
                    .with("row", row))
            }
        }
    }
}

fn codes(latents: &Matrix, back: &Matrix<f64>, at_zero: &[f64]) -> Matrix {
    Matrix::from_fn(latents.rows(), back.rows(), |i, j| {
        let sum: f64 = latents.row(i).iter().zip(back.row(j)).map(|(&z, b)| f64::from(z) * b).sum();
        (sum + at_zero[j]) as f32
    })
}

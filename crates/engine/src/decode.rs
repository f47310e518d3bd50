//! From latents back to inputs: the solved map is undone, then the network decodes.
//!
//! With `latents = map x code + offset`, the code is `center + map^+ (latents - offset - map x center)`, `map^+` being the
//! pseudo-inverse: exact for a square map, and of all codes with these latents the one closest to the mean code where the map
//! drops directions. A method may give another way back in its place ([`UNMAP`]).

use crate::method::{CENTER, MAP, OFFSET, PRIVATE, State, UNMAP};
use crate::train;
use disentangle_data::{Code, Failure, Matrix, Result};
use disentangle_numerics::linalg::{apply, pseudo_inverse};

/// The way back from the latents of a state to the codes of its network. It is computed once: with many inputs the pseudo-inverse
/// takes longer than the rows.
#[derive(Debug)]
pub struct Decoder {
    /// `map^+` (d x k), and the code of latents at 0 (d); `None`: latents are codes.
    undo: Option<(Matrix<f64>, Vec<f64>)>,
}

impl Decoder {
    /// Of a fitted state. Whether its network decodes shows when it is asked.
    ///
    /// # Errors
    /// `NUMERIC_NOT_FINITE` for a solved map that is not finite; `ARTIFACT_CORRUPT` where solved parts do not fit each other.
    pub fn of(state: &State) -> Result<Self> {
        let solved = |name: &str| state.solved.get(name);
        let Some(map) = solved(MAP) else { return Ok(Self { undo: None }) };
        let (k, d) = (map.rows(), map.cols());
        for (name, rows, columns) in [(CENTER, 1, d), (OFFSET, 1, k), (UNMAP, d, k)] {
            fits(name, solved(name), (rows, columns), (k, d))?;
        }
        let back = match solved(UNMAP) {
            Some(back) => back.clone(),
            None => pseudo_inverse(map)?,
        };
        let center = solved(CENTER).map_or(vec![0.0; d], |center| center.row(0).to_vec());
        let mut of_center = apply(map, &center);
        if let Some(offset) = solved(OFFSET) {
            of_center.iter_mut().zip(offset.row(0)).for_each(|(value, offset)| *value += offset);
        }
        let lost = apply(&back, &of_center);
        let at_zero = center.iter().zip(lost).map(|(center, lost)| center - lost).collect();
        Ok(Self { undo: Some((back, at_zero)) })
    }

    /// `map^+` (codes x k), and the code of latents at 0; `None`: latents are codes.
    pub(crate) fn undo(&self) -> Option<&(Matrix<f64>, Vec<f64>)> {
        self.undo.as_ref()
    }

    /// Standardised inputs (n x d) of latents (n x k) of the same state; `None`: its network has no decoder.
    ///
    /// # Errors
    /// `NUMERIC_NOT_FINITE` when an input is not finite: such numbers are never given away.
    pub fn decode(&self, state: &State, latents: &Matrix) -> Result<Option<Matrix>> {
        let Some(inputs) = (match &self.undo {
            None => train::decode(state, latents)?,
            Some((back, at_zero)) => train::decode(state, &train::affine(latents, back, Some(at_zero)))?,
        }) else {
            return Ok(None);
        };
        finite(inputs).map(Some)
    }

    /// Standardised inputs of rows (n x d, as the network takes them) whose latents change from `before` to `after` (n x k each): private
    /// variables stay those of the row. Without private variables that is [`Self::decode`] of `after`.
    ///
    /// # Errors
    /// As [`Self::decode`].
    pub fn decode_changed(
        &self,
        state: &State,
        rows: &Matrix,
        (before, after): (&Matrix, &Matrix),
    ) -> Result<Option<Matrix>> {
        let Some((back, _)) = self.undo.as_ref().filter(|_| state.solved.contains_key(PRIVATE)) else {
            return self.decode(state, after);
        };
        let codes = train::codes(state, rows)?;
        let moved = Matrix::from_fn(after.rows(), after.cols(), |i, j| after[(i, j)] - before[(i, j)]);
        let moved = train::affine(&moved, back, None);
        let codes = Matrix::from_fn(codes.rows(), codes.cols(), |i, j| codes[(i, j)] + moved[(i, j)]);
        train::decode(state, &codes)?.map(finite).transpose()
    }
}

fn finite(inputs: Matrix) -> Result<Matrix> {
    match inputs.data().iter().position(|value| !value.is_finite()) {
        None => Ok(inputs),
        Some(at) => {
            let row = at / inputs.cols().max(1);
            Err(Failure::new(Code::NumericNotFinite, format!("row {row}: a decoded input is not finite"))
                .hint("give latents that are closer to those of the training rows")
                .with("row", row))
        }
    }
}

/// Whether a solved part, where there is one, is of the size that the map asks for.
fn fits(name: &str, part: Option<&Matrix<f64>>, (rows, columns): (usize, usize), (k, d): (usize, usize)) -> Result<()> {
    match part {
        Some(part) if (part.rows(), part.cols()) != (rows, columns) => {
            let got = format!("{} x {}", part.rows(), part.cols());
            let message = format!("the solved `{name}` is {got}, beside a map of {k} x {d} it is {rows} x {columns}");
            Err(Failure::new(Code::ArtifactCorrupt, message).hint("fit again, or copy the file again"))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::method::{Batch, Network, Term};
    use disentangle_nn::{Device, Params, Tensor};
    use std::collections::BTreeMap;

    struct Same;

    impl Network for Same {
        fn loss(&self, _: &Batch) -> disentangle_nn::Result<Vec<Term>> {
            Ok(Vec::new())
        }

        fn encode(&self, inputs: &Tensor) -> disentangle_nn::Result<Tensor> {
            Ok(inputs.clone())
        }
    }

    fn state(parts: &[(&str, usize, usize)]) -> State {
        let solved = parts.iter().map(|&(name, rows, columns)| {
            (name.to_owned(), Matrix::from_fn(rows, columns, |i, j| f64::from(u8::from(i == j))))
        });
        let solved: BTreeMap<String, Matrix<f64>> = solved.collect();
        State { params: Params::new(&Device::Cpu), network: Box::new(Same), solved }
    }

    #[test]
    fn solved_parts_of_another_space_than_the_map_are_refused() {
        Decoder::of(&state(&[(MAP, 2, 3), (CENTER, 1, 3), (OFFSET, 1, 2), (UNMAP, 3, 2)])).expect("all fit");
        for part in [(CENTER, 1, 2), (CENTER, 1, 4), (OFFSET, 1, 3), (UNMAP, 2, 3)] {
            let failure = Decoder::of(&state(&[(MAP, 2, 3), part])).expect_err(part.0);
            assert_eq!(failure.code, Code::ArtifactCorrupt, "{failure}");
            assert!(failure.message.contains(part.0) && failure.hint.is_some(), "{failure}");
        }
    }
}

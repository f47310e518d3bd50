//! What a network makes of rows, chunk after chunk.

use crate::method::{MAP, State};
use disentangle_data::{Code, Failure, Matrix, Result};
use disentangle_nn::{Tensor, internal};

/// Rows encoded at once: large enough for the products, small enough for the caches.
pub(super) const CHUNK: usize = 4096;

/// Latents of standardised inputs: the network's code, through the solved map where there is one. n x k, in row order.
///
/// # Errors
/// `NUMERIC_NOT_FINITE` when a latent is not finite: such numbers are never given away.
pub fn encode(state: &State, inputs: &Matrix) -> Result<Matrix> {
    let codes = codes(state, inputs)?;
    let latents = match state.solved.get(MAP) {
        None => codes,
        Some(map) => Matrix::from_fn(codes.rows(), map.rows(), |i, j| {
            codes.row(i).iter().zip(map.row(j)).map(|(&c, m)| f64::from(c) * m).sum::<f64>() as f32
        }),
    };
    match latents.data().iter().position(|v| !v.is_finite()) {
        None => Ok(latents),
        Some(at) => {
            let (row, latent) = (at / latents.cols().max(1), at % latents.cols().max(1));
            Err(Failure::new(Code::NumericNotFinite, format!("latent {} of row {row} is not finite", latent + 1))
                .hint("look for extreme values in that row's inputs"))
        }
    }
}

/// The network's code of standardised inputs, before any solved map.
///
/// # Errors
/// Those of candle.
pub fn codes(state: &State, inputs: &Matrix) -> Result<Matrix> {
    let codes = in_chunks(state, inputs, |x| state.network.encode(x).map(Some))?;
    Ok(codes.expect("every chunk has a code"))
}

/// What a network makes of all rows (n x d), chunk after chunk; `None` where it makes nothing of one.
pub(super) fn in_chunks(
    state: &State,
    inputs: &Matrix,
    map: impl Fn(&Tensor) -> disentangle_nn::Result<Option<Tensor>>,
) -> Result<Option<Matrix>> {
    let device = state.params.device();
    let (n, d) = (inputs.rows(), inputs.cols());
    let mut data = Vec::new();
    let mut width = 0;
    for start in (0..n).step_by(CHUNK) {
        let rows = CHUNK.min(n - start);
        let chunk = &inputs.data()[start * d..(start + rows) * d];
        let x = Tensor::from_slice(chunk, (rows, d), device).map_err(internal)?;
        let Some(code) = map(&x).map_err(internal)? else { return Ok(None) };
        width = code.dim(1).map_err(internal)?;
        data.extend(code.flatten_all().and_then(|flat| flat.to_vec1::<f32>()).map_err(internal)?);
    }
    Matrix::new(n, width, data).map(Some)
}

//! What a network makes of rows, chunk after chunk.

use crate::method::{MAP, OFFSET, PRIVATE, PRIVATE_OFFSET, State};
use disentangle_data::{Code, Failure, Matrix, Result, interrupt, memory};
use disentangle_nn::{Tensor, host, internal};
use std::borrow::Cow;
use std::ops::Range;

/// Rows encoded at once: large enough for the products, small enough for the caches.
pub(super) const CHUNK: usize = 4096;

/// Latents of standardised inputs: the network's code, through the solved map and plus the solved offset where there are such.
/// n x k, in row order.
///
/// # Errors
/// `NUMERIC_NOT_FINITE` when a latent is not finite: such numbers are never given away.
pub fn encode(state: &State, inputs: &Matrix) -> Result<Matrix> {
    finite(latents(state, &Rows::All(inputs))?)
}

/// The same of the given rows alone.
///
/// # Errors
/// As [`encode`].
pub fn encode_rows(state: &State, inputs: &Matrix, rows: &[usize]) -> Result<Matrix> {
    finite(latents(state, &Rows::Of(inputs, rows))?)
}

/// The same of rows whose environments are known.
///
/// # Errors
/// As [`encode`].
pub fn encode_in(state: &State, inputs: &Matrix, environments: &[u32]) -> Result<Matrix> {
    let code = |x: &Tensor, at: Range<usize>| state.network.encode_in(x, &environments[at]).map(Some);
    let latents = in_chunks(state, &Rows::All(inputs), code, |codes| mapped(state, codes))?;
    finite(latents.expect("every chunk has a code"))
}

/// Private variables of standardised inputs, n x p; `None`: the method has none.
///
/// # Errors
/// `NUMERIC_NOT_FINITE`.
pub fn private(state: &State, inputs: &Matrix) -> Result<Option<Matrix>> {
    let Some(map) = state.solved.get(PRIVATE) else { return Ok(None) };
    let offset = state.solved.get(PRIVATE_OFFSET).map(|offset| offset.row(0));
    let code = |x: &Tensor, _| state.network.encode(x).map(Some);
    let found = in_chunks(state, &Rows::All(inputs), code, |codes| affine(&codes, map, offset))?;
    found.map(finite).transpose()
}

/// The network's code of standardised inputs, before any solved map.
///
/// # Errors
/// Those of candle.
pub fn codes(state: &State, inputs: &Matrix) -> Result<Matrix> {
    let codes = in_chunks(state, &Rows::All(inputs), |x, _| state.network.encode(x).map(Some), |code| code)?;
    Ok(codes.expect("every chunk has a code"))
}

/// The same of the given rows alone.
///
/// # Errors
/// Those of candle.
pub fn codes_of_rows(state: &State, inputs: &Matrix, rows: &[usize]) -> Result<Matrix> {
    let codes = in_chunks(state, &Rows::Of(inputs, rows), |x, _| state.network.encode(x).map(Some), |code| code)?;
    Ok(codes.expect("every chunk has a code"))
}

/// Inputs (n x d) that the network decodes of codes (n x k); `None`: it has no decoder.
///
/// # Errors
/// Those of candle.
pub(crate) fn decode(state: &State, codes: &Matrix) -> Result<Option<Matrix>> {
    in_chunks(state, &Rows::All(codes), |x, _| state.network.decode(x), |inputs| inputs)
}

/// What a network makes of all rows (n x d) in place of them; `None` where it makes nothing of one.
pub(super) fn view(state: &State, stage: &str, inputs: &Matrix) -> Result<Option<Matrix>> {
    in_chunks(state, &Rows::All(inputs), |x, _| state.network.view(stage, x), |seen| seen)
}

/// Chunk after chunk through the map too: the code may be as wide as the inputs.
fn latents(state: &State, rows: &Rows<'_>) -> Result<Matrix> {
    let code = |x: &Tensor, _| state.network.encode(x).map(Some);
    let latents = in_chunks(state, rows, code, |codes| mapped(state, codes))?;
    Ok(latents.expect("every chunk has a code"))
}

fn mapped(state: &State, codes: Matrix) -> Matrix {
    match state.solved.get(MAP) {
        None => codes,
        Some(map) => affine(&codes, map, state.solved.get(OFFSET).map(|offset| offset.row(0))),
    }
}

/// Rows (n x a) through a map (b x a), with an offset (b) added to each: n x b.
pub(crate) fn affine(rows: &Matrix, map: &Matrix<f64>, offset: Option<&[f64]>) -> Matrix {
    Matrix::from_fn(rows.rows(), map.rows(), |i, j| {
        let mapped: f64 = rows.row(i).iter().zip(map.row(j)).map(|(&value, m)| f64::from(value) * m).sum();
        offset.map_or(mapped, |offset| mapped + offset[j]) as f32
    })
}

fn finite(latents: Matrix) -> Result<Matrix> {
    match latents.data().iter().position(|v| !v.is_finite()) {
        None => Ok(latents),
        Some(at) => {
            let (row, latent) = (at / latents.cols().max(1), at % latents.cols().max(1));
            Err(Failure::new(Code::NumericNotFinite, format!("latent {} of row {row} is not finite", latent + 1))
                .hint("look for extreme values in that row's inputs"))
        }
    }
}

/// Rows of a matrix, copied a chunk at a time.
enum Rows<'a> {
    All(&'a Matrix),
    Of(&'a Matrix, &'a [usize]),
}

impl Rows<'_> {
    fn len(&self) -> usize {
        match self {
            Rows::All(matrix) => matrix.rows(),
            Rows::Of(_, rows) => rows.len(),
        }
    }

    fn cols(&self) -> usize {
        let (Rows::All(matrix) | Rows::Of(matrix, _)) = self;
        matrix.cols()
    }

    fn chunk(&self, range: Range<usize>) -> Cow<'_, [f32]> {
        match self {
            Rows::All(matrix) => Cow::Borrowed(&matrix.data()[range.start * matrix.cols()..range.end * matrix.cols()]),
            Rows::Of(matrix, rows) => Cow::Owned(matrix.select_rows(&rows[range]).into_data()),
        }
    }
}

/// What a network makes of rows, which stand at this range, and what becomes of that, chunk after chunk; `None` where the network
/// makes nothing of one.
fn in_chunks(
    state: &State,
    rows: &Rows<'_>,
    map: impl Fn(&Tensor, Range<usize>) -> disentangle_nn::Result<Option<Tensor>>,
    then: impl Fn(Matrix) -> Matrix,
) -> Result<Option<Matrix>> {
    let device = state.params.device();
    let (n, d) = (rows.len(), rows.cols());
    let mut data = Vec::new();
    let mut width = 0;
    for start in (0..n).step_by(CHUNK) {
        interrupt::stop_if_set()?;
        let count = CHUNK.min(n - start);
        let chunk = rows.chunk(start..start + count);
        let x = Tensor::from_slice(&chunk, (count, d), device).map_err(internal)?;
        let Some(code) = map(&x, start..start + count).map_err(internal)? else { return Ok(None) };
        let code_width = code.dim(1).map_err(internal)?;
        let code = host::singles(&code).map_err(internal)?;
        let made = then(Matrix::new(count, code_width, code)?);
        if start == 0 {
            width = made.cols();
            memory::reserve(&mut data, n.saturating_mul(width), "what the model makes of the rows")?;
        }
        data.extend_from_slice(made.data());
    }
    Matrix::new(n, width, data).map(Some)
}

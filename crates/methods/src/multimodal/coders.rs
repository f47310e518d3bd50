//! The autoencoder of a modality: of columns, or of images through convolutions. Its parameters are one slice.

use super::images::ImageCoder;
use disentangle_data::Result;
use disentangle_data::views::Image;
use disentangle_data::{Matrix, Stream};
use disentangle_numerics::compute::Compute;
use disentangle_numerics::multimodal::{self, Autoencoder, HELD, Training, bend};
use disentangle_numerics::principal_axes::{PrincipalAxes, rank};

/// A shape with its linear path; what is trained is given with every call.
pub(super) enum Coder {
    Columns(Autoencoder<f32>),
    Images(ImageCoder),
}

/// An autoencoder, its rows (n x inputs), and the parameters that are trained.
pub(super) type Untrained<'a> = (&'a Coder, &'a [f32], Vec<f32>);

impl Coder {
    /// To codes of as many numbers as `whitening` has rows. `units` are those of its dense hidden layers.
    pub(super) fn new(image: Option<Image>, whitening: &Matrix<f64>, variances: &[f64], units: usize) -> Self {
        match image {
            Some(image) => Self::Images(ImageCoder::new(image, whitening, variances, units)),
            None => Self::Columns(Autoencoder::new(whitening, variances, units)),
        }
    }

    /// That of columns.
    pub(super) fn of_columns(&self) -> Option<&Autoencoder<f32>> {
        match self {
            Self::Columns(of) => Some(of),
            Self::Images(_) => None,
        }
    }

    /// Number of parameters.
    pub(super) fn len(&self) -> Result<usize> {
        match self {
            Self::Columns(of) => Ok(of.len()),
            Self::Images(of) => of.len(),
        }
    }

    /// Numbers of a code.
    pub(super) fn code(&self) -> usize {
        match self {
            Self::Columns(of) => of.code(),
            Self::Images(of) => of.code(),
        }
    }

    /// Initial parameters.
    pub(super) fn initial(&self, stream: &mut Stream) -> Result<Vec<f32>> {
        match self {
            Self::Columns(of) => Ok(of.initial(stream)),
            Self::Images(of) => of.initial(u64::from(stream.bits())),
        }
    }

    /// Codes (code x n) of rows (n x inputs).
    pub(super) fn encode(&self, parameters: &[f32], rows: &[f32]) -> Result<Vec<f32>> {
        match self {
            Self::Columns(of) => Ok(of.encode(parameters, rows)),
            Self::Images(of) => of.encode(parameters, rows),
        }
    }

    /// Inputs (inputs x n) of codes (n x code).
    pub(super) fn decode(&self, parameters: &[f32], rows: &[f32]) -> Result<Vec<f32>> {
        match self {
            Self::Columns(of) => Ok(of.decode(parameters, rows)),
            Self::Images(of) => of.decode(parameters, rows),
        }
    }

    /// Share of the mean square of rows (n x inputs) that does not come back.
    pub(super) fn errors(&self, parameters: &[f32], rows: &[f32]) -> Result<f64> {
        match self {
            Self::Columns(of) => Ok(multimodal::errors(of, parameters, rows)),
            Self::Images(of) => of.errors(parameters, rows),
        }
    }
}

/// Trains autoencoders, those of columns side by side, those of images one after the other. `after` is told how far they have come, in
/// steps of one of them, and the loss at hand, and says whether to go on. `None`: it did not.
pub(super) fn train(
    training: Training,
    jobs: Vec<Untrained<'_>>,
    mut after: impl FnMut(usize, f64) -> bool,
) -> Result<Option<Vec<Vec<f32>>>> {
    let images = jobs.iter().filter(|(of, ..)| matches!(of, Coder::Images(_))).count();
    let passes = images + usize::from(images < jobs.len());
    let mut pass = 0;
    let mut told = |pass: usize, step: usize, loss: f64| after((pass * training.steps + step) / passes.max(1), loss);
    let mut trained: Vec<Vec<f32>> = vec![Vec::new(); jobs.len()];
    let (mut places, mut columns) = (Vec::new(), Vec::new());
    let mut of_images = Vec::new();
    for (at, (coder, rows, parameters)) in jobs.into_iter().enumerate() {
        match coder {
            Coder::Columns(of) => {
                places.push(at);
                columns.push((of, rows, parameters));
            }
            Coder::Images(of) => of_images.push((at, of, rows, parameters)),
        }
    }
    if !columns.is_empty() {
        let side_by_side = |step: usize, loss: f64| told(0, step, loss);
        if !multimodal::train(training, &mut columns, Compute::current(), side_by_side) {
            return Ok(None);
        }
        pass = 1;
        for (at, (_, _, parameters)) in places.into_iter().zip(columns) {
            trained[at] = parameters;
        }
    }
    for (at, of, rows, parameters) in of_images {
        match of.train(training, rows, parameters, |step, loss| told(pass, step, loss))? {
            Some(parameters) => trained[at] = parameters,
            None => return Ok(None),
        }
        pass += 1;
    }
    Ok(Some(trained))
}

/// Errors of autoencoders of 1, 2, ... numbers of images (n x pixels) on rows that they did not see, and the number after which the error
/// stops falling, as [`multimodal::widths`] does for columns. `None`: `after` stopped it.
pub(super) fn widths_of_images(
    (image, table): (Image, &Matrix),
    (most, units): (usize, usize),
    training: Training,
    mut after: impl FnMut(usize, f64) -> bool,
) -> Result<Option<(Vec<f64>, usize)>> {
    let d = table.cols();
    let seen = table.rows() - table.rows() / HELD;
    let rows = table.select_rows(&(0..seen).collect::<Vec<_>>());
    let tried = most.min(d.saturating_sub(1));
    let axes = PrincipalAxes::leading_of_rows(&rows, tried)?;
    let stream = Stream::new(training.seed, "multimodal/coders/widths");
    let mut errors = Vec::new();
    for q in 1..=tried.min(rank(&axes.variances)) {
        let coder = Coder::new(Some(image), &axes.whitening(q), &axes.variances, units);
        let initial = coder.initial(&mut stream.at(q as u32 - 1))?;
        let told = |step: usize, loss: f64| after(((q - 1) * training.steps + step) / tried, loss);
        let Some(trained) = train(training, vec![(&coder, rows.data(), initial)], told)? else { return Ok(None) };
        errors.push(coder.errors(&trained[0], &table.data()[seen * d..])?);
    }
    let chosen = bend(&errors, d);
    Ok(Some((errors, chosen)))
}

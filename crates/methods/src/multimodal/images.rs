//! The autoencoder of images: a linear path along their principal axes, and convolutions beside it in both directions.
//!
//! code = x P + f(x), x^ = code Q + g(code), with P and Q fixed, f a `nn::ImageEncoder` and g its mirror; minimised is the squared error
//! of x^.

use disentangle_data::Result;
use disentangle_data::views::Image;
use disentangle_data::{Matrix, memory};
use disentangle_nn::optim::{Adam, AdamSettings, StepSize};
use disentangle_nn::{
    Activation, Device, Error, ImageDecoder, ImageEncoder, ImageLayers, NamedValues, Params, Tensor, host, internal,
    mean_squared_error,
};
use disentangle_numerics::multimodal::{Training, batches, rate};

const HIDDEN: Activation = Activation::LeakyRelu(0.1);
/// Channels of every halved image.
const CHANNELS: usize = 32;
/// Scale of the last weights at the start: the linear path comes first.
const LAST: f32 = 0.3;
/// Weight of the mean square of the codes, which keeps their scale from drifting, beside the mean squared error of all pixels of a row.
const SMALL: f64 = 1e-3;
/// Most images of a step.
const BATCH: usize = 64;
/// Images that are encoded or decoded at once.
const CHUNK: usize = 1024;
/// Steps between two looks.
const STRIDE: usize = 20;

/// Its shape and its linear path.
pub(super) struct ImageCoder {
    image: Image,
    units: usize,
    /// inputs x code, and code x inputs.
    paths: [Tensor; 2],
    code: usize,
}

/// Networks with their parameters.
struct Networks<'a> {
    of: &'a ImageCoder,
    params: Params,
    encoder: ImageEncoder,
    decoder: ImageDecoder,
}

impl ImageCoder {
    /// To codes of as many numbers as `whitening` has rows (code x pixels, as that of `PrincipalAxes`), with `units` in the dense layer
    /// behind the convolutions.
    pub(super) fn new(image: Image, whitening: &Matrix<f64>, variances: &[f64], units: usize) -> Self {
        let (code, inputs) = (whitening.rows(), whitening.cols());
        let there = Matrix::from_fn(inputs, code, |j, c| whitening[(c, j)] as f32);
        let back = Matrix::from_fn(code, inputs, |c, j| (whitening[(c, j)] * variances[c]) as f32);
        let paths = [there, back].map(|path| {
            let shape = (path.rows(), path.cols());
            Tensor::from_vec(path.into_data(), shape, &Device::Cpu).expect("as many numbers as rows and columns")
        });
        Self { image, units, paths, code }
    }

    pub(super) fn code(&self) -> usize {
        self.code
    }

    fn networks(&self, seed: u64) -> Result<Networks<'_>> {
        let mut params = Params::new(&Device::Cpu);
        let layers = ImageLayers {
            image: self.image,
            channels: CHANNELS,
            hidden: &[self.units],
            code: self.code,
            activation: HIDDEN,
        };
        let encoder = ImageEncoder::new(&mut params, "encoder", layers, seed).map_err(internal)?;
        let decoder = ImageDecoder::new(&mut params, "decoder", layers, seed).map_err(internal)?;
        Ok(Networks { of: self, params, encoder, decoder })
    }

    fn with(&self, parameters: &[f32]) -> Result<Networks<'_>> {
        let networks = self.networks(0)?;
        networks.place(parameters).map_err(internal)?;
        Ok(networks)
    }

    /// Number of parameters.
    pub(super) fn len(&self) -> Result<usize> {
        Ok(self.networks(0)?.params.iter().map(|param| param.var().elem_count()).sum())
    }

    /// Initial parameters.
    pub(super) fn initial(&self, seed: u64) -> Result<Vec<f32>> {
        let networks = self.networks(seed)?;
        let mut exported = networks.params.export().map_err(internal)?;
        // The last layers are the last dense one of the encoder and the last convolution of the decoder.
        let depth = networks.encoder.depth() - 1;
        for last in ["encoder.dense.1.weight".to_owned(), format!("decoder.convolution.{depth}.weight")] {
            let weights = exported.iter_mut().find(|values| values.name == last).expect("a layer of the network");
            weights.values.iter_mut().for_each(|w| *w *= LAST);
        }
        Ok(exported.into_iter().flat_map(|values| values.values).collect())
    }

    /// Codes (code x n) of images (n x pixels).
    pub(super) fn encode(&self, parameters: &[f32], rows: &[f32]) -> Result<Vec<f32>> {
        let networks = self.with(parameters)?;
        in_chunks(rows, (self.image.len(), self.code), |x| networks.encode(x)).map_err(internal)
    }

    /// Images (pixels x n) of codes (n x code).
    pub(super) fn decode(&self, parameters: &[f32], rows: &[f32]) -> Result<Vec<f32>> {
        let networks = self.with(parameters)?;
        in_chunks(rows, (self.code, self.image.len()), |code| networks.decode(code)).map_err(internal)
    }

    /// Share of the mean square of images (n x pixels) that does not come back.
    pub(super) fn errors(&self, parameters: &[f32], rows: &[f32]) -> Result<f64> {
        let networks = self.with(parameters)?;
        let (mut error, mut whole) = (0.0, 0.0);
        for chunk in rows.chunks(CHUNK * self.image.len()) {
            let back = table(chunk, self.image.len())
                .and_then(|x| networks.decode(&networks.encode(&x)?))
                .and_then(|back| host::singles(&back))
                .map_err(internal)?;
            for (&back, &x) in back.iter().zip(chunk) {
                error += f64::from(back - x).powi(2);
                whole += f64::from(x).powi(2);
            }
        }
        Ok(error / whole)
    }

    /// Trains it on images (n x pixels). `None`: `after`, which is told how many steps are done and the loss, stopped it.
    pub(super) fn train(
        &self,
        training: Training,
        rows: &[f32],
        parameters: Vec<f32>,
        mut after: impl FnMut(usize, f64) -> bool,
    ) -> Result<Option<Vec<f32>>> {
        let networks = self.with(&parameters)?;
        let (d, steps) = (self.image.len(), training.steps);
        let n = rows.len() / d;
        let batch = training.batch.min(BATCH);
        let order = batches(training.seed, "multimodal/images/rows", n, batch, steps);
        let mut adam = Adam::new(&networks.params, AdamSettings::default());
        let mut sum = 0.0;
        for step in 0..steps {
            let picked = order[step * batch..(step + 1) * batch].iter();
            let picked: Vec<f32> = picked.flat_map(|&row| rows[row as usize * d..][..d].iter().copied()).collect();
            let size = StepSize::new(rate(training.rate, (step + 1) as f64 / steps as f64));
            sum += networks.step(&picked, &mut adam, size).map_err(internal)?;
            if (step + 1) % STRIDE == 0 || step + 1 == steps {
                let count = step % STRIDE + 1;
                if !after(step + 1, std::mem::take(&mut sum) / count as f64) {
                    return Ok(None);
                }
            }
        }
        networks.flat().map(Some).map_err(internal)
    }
}

impl Networks<'_> {
    fn place(&self, parameters: &[f32]) -> disentangle_nn::Result<()> {
        let mut rest = parameters;
        let mut taken = Vec::new();
        for values in self.params.export()? {
            let count = values.values.len();
            let lacks = || Error::Msg("the model lacks a part of an autoencoder of images".into()).bt();
            let (own, after) = rest.split_at_checked(count).ok_or_else(lacks)?;
            taken.push(NamedValues { values: own.to_vec(), ..values });
            rest = after;
        }
        self.params.import(&taken)
    }

    /// All parameters one after the other.
    fn flat(&self) -> disentangle_nn::Result<Vec<f32>> {
        Ok(self.params.export()?.into_iter().flat_map(|values| values.values).collect())
    }

    fn encode(&self, x: &Tensor) -> disentangle_nn::Result<Tensor> {
        self.encoder.apply(x)? + x.matmul(&self.of.paths[0])?
    }

    fn decode(&self, code: &Tensor) -> disentangle_nn::Result<Tensor> {
        self.decoder.apply(code)? + code.matmul(&self.of.paths[1])?
    }

    /// One step; the loss before it.
    fn step(&self, rows: &[f32], adam: &mut Adam, size: StepSize) -> disentangle_nn::Result<f64> {
        let d = self.of.image.len();
        let x = table(rows, d)?;
        let code = (self.encoder.forward(&x)? + x.matmul(&self.of.paths[0])?)?;
        let made = (self.decoder.forward(&code)? + code.matmul(&self.of.paths[1])?)?;
        let small = (code.sqr()?.mean_all()? * (SMALL / d as f64))?;
        let loss = (mean_squared_error(&made, &x)? + small)?;
        let value = host::number(&loss)? * d as f64;
        adam.step(&self.params, &self.params.gradients(&loss)?, size)?;
        Ok(value)
    }
}

fn table(rows: &[f32], width: usize) -> disentangle_nn::Result<Tensor> {
    Tensor::from_slice(rows, (rows.len() / width, width), &Device::Cpu)
}

/// What `work` makes of rows (n x width), column after column (outputs x n).
fn in_chunks(
    rows: &[f32],
    (width, outputs): (usize, usize),
    work: impl Fn(&Tensor) -> disentangle_nn::Result<Tensor>,
) -> disentangle_nn::Result<Vec<f32>> {
    let n = rows.len() / width;
    let mut all = memory::spread(0f32, n.saturating_mul(outputs), "the codes of the rows");
    for (chunk, rows) in rows.chunks(CHUNK * width).enumerate() {
        let made = host::singles(&work(&table(rows, width)?)?)?;
        for (at, row) in made.chunks_exact(outputs).enumerate() {
            row.iter().enumerate().for_each(|(j, &value)| all[j * n + chunk * CHUNK + at] = value);
        }
    }
    Ok(all)
}

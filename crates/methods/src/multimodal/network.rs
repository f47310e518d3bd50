//! The network: from the inputs of all modalities to latents and private variables, and back.

use super::coders::Coder;
use super::config::MultimodalConfig;
use super::layers;
use super::solved::{self, Size};
use disentangle_data::views::Image;
use disentangle_data::{Failure, Matrix, Stream};
use disentangle_engine::method::{Batch, Network, Term};
use disentangle_nn::{Error, Init, Layer, NamedValues, Params, Result, Tensor, host, internal};
use disentangle_numerics::linalg::inverse;
use disentangle_numerics::multimodal::{Density, Modality, Shape, codes, latents};
use std::collections::BTreeMap;

/// Name of the parameters of flows and mechanisms.
const DENSITY: &str = "latents";

/// Autoencoders and flows over named parameters. A code of it are all latents, in the order of the flows, and after them all private
/// variables.
pub(super) struct MultimodalNetwork {
    pub(super) sizes: Vec<Size>,
    pub(super) coders: Vec<Coder>,
    pub(super) density: Density,
    pub(super) white: Vec<White>,
    params: Params,
    inputs: usize,
}

/// What makes codes white, and back.
pub(super) struct White {
    pub mean: Vec<f64>,
    pub there: Matrix<f64>,
    pub back: Matrix<f64>,
}

fn failed(failure: Failure) -> Error {
    Error::Msg(failure.message).bt()
}

fn named(modality: usize) -> String {
    format!("autoencoder.{modality}")
}

impl MultimodalNetwork {
    pub(super) fn new(
        config: &MultimodalConfig,
        solved: &BTreeMap<String, Matrix<f64>>,
        params: &mut Params,
        seed: u64,
    ) -> Result<Self> {
        let lacks = || Error::Msg("the model lacks a part of its modalities".into()).bt();
        let part = |name: &str, m: usize| solved.get(&solved::of(name, m)).ok_or_else(lacks);
        let sizes = solved::sizes(solved).ok_or_else(lacks)?;
        let (mut coders, mut white) = (Vec::new(), Vec::new());
        for (m, size) in sizes.iter().enumerate() {
            let (axes, variances) = (part(solved::AXES, m)?, part(solved::VARIANCES, m)?);
            let there = part(solved::WHITE, m)?;
            let fits = axes.rows() == size.width
                && axes.cols() == size.end - size.start
                && variances.cols() == size.width
                && (there.rows(), there.cols()) == (size.width, size.width)
                && size.latents <= size.width;
            let mean = part(solved::MEAN, m)?.row(0).to_vec();
            if !fits || mean.len() != size.width {
                return Err(lacks());
            }
            let image = solved.get(&solved::of(solved::IMAGE, m)).and_then(|shape| match *shape.data() {
                [channels, height, width] => {
                    Some(Image { channels: channels as usize, height: height as usize, width: width as usize })
                }
                _ => None,
            });
            if image.is_some_and(|image| image.len() != axes.cols()) {
                return Err(lacks());
            }
            let coder = Coder::new(image, axes, variances.row(0), config.autoencoder_units);
            params.insert(&named(m), &[coder.len().map_err(failed)?], &Init::ZEROS, seed)?;
            coders.push(coder);
            let back = inverse(there).map_err(failed)?;
            white.push(White { mean, there: there.clone(), back });
        }
        let density = density(config, &sizes);
        // A fit that is stopped before they are trained is looked at as any other: flows of zeros lead nowhere.
        let initial = density.initial::<f64>(&mut Stream::new(seed, "multimodal/network"));
        params.insert(DENSITY, &[density.len()], &Init::Values(initial), seed)?;
        let inputs = sizes.last().map_or(0, |size| size.end);
        // A copy of the store shares its numbers.
        Ok(Self { sizes, coders, density, white, params: params.clone(), inputs })
    }

    fn values(&self, name: &str) -> Result<Vec<f32>> {
        host::singles(self.params.get(name)?)
    }

    /// Parameters of flows and mechanisms.
    pub(super) fn density_values(&self) -> Result<Vec<f32>> {
        self.values(DENSITY)
    }

    /// The same of each autoencoder.
    pub(super) fn autoencoder_values(&self) -> Result<Vec<Vec<f32>>> {
        (0..self.sizes.len()).map(|m| self.values(&named(m))).collect()
    }

    /// Columns of all modalities.
    pub(super) fn inputs(&self) -> usize {
        self.inputs
    }

    /// White codes of one modality (width x n), of its columns row by row.
    pub(super) fn codes_of(&self, modality: usize, rows: &[f32]) -> disentangle_data::Result<Vec<f32>> {
        let codes = self.coders[modality].encode(&self.values(&named(modality)).map_err(internal)?, rows)?;
        let White { mean, there, .. } = &self.white[modality];
        Ok(whitened(&codes, mean, there))
    }

    /// Columns of one modality (columns x n) of its white codes (width x n).
    pub(super) fn inputs_of(&self, modality: usize, white: &[f32]) -> disentangle_data::Result<Vec<f32>> {
        let (White { mean, back, .. }, width) = (&self.white[modality], self.sizes[modality].width);
        let n = white.len() / width;
        let mut rows = vec![0f32; n * width];
        for row in 0..n {
            for j in 0..width {
                let of = |i: usize| f64::from(white[i * n + row]) * back[(i, j)];
                rows[row * width + j] = (mean[j] + (0..width).map(of).sum::<f64>()) as f32;
            }
        }
        self.coders[modality].decode(&self.values(&named(modality)).map_err(internal)?, &rows)
    }

    /// Latents and private variables, modality by modality (width x n), of rows of all inputs.
    pub(super) fn variables(&self, inputs: &[f32]) -> Result<Vec<Vec<f32>>> {
        let n = inputs.len() / self.inputs.max(1);
        let table = |size: &Size| -> Vec<f32> {
            (0..n).flat_map(|row| inputs[row * self.inputs..][size.start..size.end].iter().copied()).collect()
        };
        let codes: Vec<Vec<f32>> = self
            .sizes
            .iter()
            .enumerate()
            .map(|(m, size)| self.codes_of(m, &table(size)).map_err(failed))
            .collect::<Result<_>>()?;
        Ok(latents(&self.density, &self.density_values()?, &codes, 0..n))
    }

    /// Puts trained numbers in place.
    pub(super) fn place(&self, autoencoders: Option<&[Vec<f32>]>, density: Option<&[f32]>) -> Result<()> {
        let new = |values: NamedValues| -> NamedValues {
            let found = match (values.name == DENSITY, autoencoders) {
                (true, _) => density.map(<[f32]>::to_vec),
                (false, Some(all)) => (0..all.len()).find(|&m| named(m) == values.name).map(|m| all[m].clone()),
                (false, None) => None,
            };
            NamedValues { values: found.unwrap_or(values.values), ..values }
        };
        let exported = self.params.export()?.into_iter().map(new).collect::<Vec<_>>();
        self.params.import(&exported)
    }

    /// Number of all latents and private variables.
    fn width(&self) -> usize {
        self.sizes.iter().map(|size| size.width).sum()
    }

    /// Where each variable of a modality stands among all.
    pub(super) fn places(&self, modality: usize) -> Vec<usize> {
        let before = &self.sizes[..modality];
        let latents: usize = self.sizes.iter().map(|size| size.latents).sum();
        let first: usize = before.iter().map(|size| size.latents).sum();
        let private: usize = latents + before.iter().map(|size| size.width - size.latents).sum::<usize>();
        let Size { width, latents, .. } = self.sizes[modality];
        (first..first + latents).chain(private..private + width - latents).collect()
    }
}

/// Flows and mechanisms over modalities of these sizes.
pub(super) fn density(config: &MultimodalConfig, sizes: &[Size]) -> Density {
    let modality = |size: &Size| Modality { width: size.width, latents: size.latents };
    Density::new(Shape {
        modalities: sizes.iter().map(modality).collect(),
        layers: config.flow_layers,
        units: config.flow_units,
        mechanism_units: config.mechanism_units,
        most_causes: config.most_causes,
    })
}

/// Codes (width x n) from their mean through a map (width x width).
pub(super) fn whitened(codes: &[f32], mean: &[f64], map: &Matrix<f64>) -> Vec<f32> {
    let (width, n) = (mean.len(), codes.len() / mean.len());
    let mut white = vec![0f32; codes.len()];
    for row in 0..n {
        for j in 0..width {
            let of = |i: usize| (f64::from(codes[i * n + row]) - mean[i]) * map[(i, j)];
            white[j * n + row] = (0..width).map(of).sum::<f64>() as f32;
        }
    }
    white
}

impl Network for MultimodalNetwork {
    fn encoder_layers(&self) -> Result<Option<Vec<Layer>>> {
        layers::encoder(self)
    }

    fn decoder_layers(&self) -> Result<Option<Vec<Layer>>> {
        layers::decoder(self)
    }

    fn loss(&self, _: &Batch) -> Result<Vec<Term>> {
        Err(Error::Msg("multimodal has no descent that the loop drives".into()).bt())
    }

    fn encode(&self, inputs: &Tensor) -> Result<Tensor> {
        let (n, _) = inputs.dims2()?;
        let variables = self.variables(&host::singles(inputs)?)?;
        let width = self.width();
        let mut all = vec![0f32; n * width];
        for (m, variables) in variables.iter().enumerate() {
            for (values, place) in variables.chunks_exact(n.max(1)).zip(self.places(m)) {
                values.iter().enumerate().for_each(|(row, &value)| all[row * width + place] = value);
            }
        }
        Tensor::from_vec(all, (n, width), inputs.device())
    }

    fn decode(&self, given: &Tensor) -> Result<Option<Tensor>> {
        let (n, width) = given.dims2()?;
        let given_values = host::singles(given)?;
        let parameters = self.density_values()?;
        let mut all = vec![0f32; n * self.inputs];
        for (m, size) in self.sizes.iter().enumerate() {
            let column = |place: usize| (0..n).map(move |row| row * width + place);
            let variables: Vec<f32> = self.places(m).into_iter().flat_map(column).map(|at| given_values[at]).collect();
            let white = codes(&self.density, &parameters, m, &variables).map_err(failed)?;
            let inputs = self.inputs_of(m, &white).map_err(failed)?;
            for (unit, values) in inputs.chunks_exact(n.max(1)).enumerate() {
                let at = size.start + unit;
                values.iter().enumerate().for_each(|(row, &value)| all[row * self.inputs + at] = value);
            }
        }
        Tensor::from_vec(all, (n, self.inputs), given.device()).map(Some)
    }
}

//! Autoencoders of images: those of the papers, and of smaller images; benchmark/images.mjs has the same list.

use super::nets::{SEED, descent, normal};
use super::{Work, device};
use candle_core::{Result, Tensor};
use disentangle_data::views::Image;
use disentangle_nn::{
    Activation, ImageDecoder, ImageEncoder, ImageLayers, Init, Params, Stride, conv2d, conv2d_transposed, max_pool2d,
    mean_squared_error,
};

const BATCH: usize = 64;

/// A training step of the network of this name.
pub fn net(name: &str) -> Option<Result<Work>> {
    let halved = |channels, side, hidden, code| halved(Image { channels, height: side, width: side }, hidden, code);
    Some(match name {
        "images-14" => halved(1, 14, &[50, 50], 10),
        "images-28" => halved(1, 28, &[50, 50], 10),
        "images-64" => halved(3, 64, &[30, 30], 6),
        "balls-64" => balls(),
        _ => return None,
    })
}

/// Convolutions that halve the image, dense layers, and their mirror.
fn halved(image: Image, hidden: &[usize], code: usize) -> Result<Work> {
    let mut params = Params::new(device());
    let layers = ImageLayers { image, channels: 32, hidden, code, activation: Activation::LeakyRelu(0.1) };
    let encoder = ImageEncoder::new(&mut params, "encoder", layers, SEED)?;
    let decoder = ImageDecoder::new(&mut params, "decoder", layers, SEED)?;
    let x = normal(&[BATCH, image.len()], "x")?;
    Ok(descent(params, move |_| mean_squared_error(&decoder.forward(&encoder.forward(&x)?)?, &x)))
}

/// The autoencoder of balls: convolutions and pooling down to one pixel, and transposed convolutions.
fn balls() -> Result<Work> {
    let mut params = Params::new(device());
    let mut layer = |name: String, shape: [usize; 4], outputs: usize| -> Result<(Tensor, Tensor)> {
        let init = Init::Uniform { fan_in: shape[1] * shape[2] * shape[3] };
        let kernel = params.insert(&format!("{name}.weight"), &shape, &init, SEED)?.as_tensor().clone();
        Ok((kernel, params.insert(&format!("{name}.bias"), &[outputs], &init, SEED)?.as_tensor().clone()))
    };
    let down = [(3, 32, 2), (32, 64, 2), (64, 64, 2), (64, 128, 2), (128, 128, 4)];
    let up = [(128, 128, 2), (128, 64, 2), (64, 64, 2), (64, 32, 2), (32, 3, 4)];
    let encoder = (0..down.len())
        .map(|i| layer(format!("encoder.{i}"), [down[i].1, down[i].0, 3, 3], down[i].1))
        .collect::<Result<Vec<_>>>()?;
    let decoder = (0..up.len())
        .map(|i| layer(format!("decoder.{i}"), [up[i].0, up[i].1, up[i].2, up[i].2], up[i].1))
        .collect::<Result<Vec<_>>>()?;
    let x = normal(&[BATCH, 64, 64, 3], "x")?;
    Ok(descent(params, move |_| {
        let mut y = x.clone();
        for ((kernel, bias), (_, _, pool)) in encoder.iter().zip(down) {
            y = max_pool2d(&conv2d(&y, kernel, bias, Stride { step: 1, padding: 1 }, Activation::Relu)?, pool)?;
        }
        for (i, ((kernel, bias), (_, _, step))) in decoder.iter().zip(up).enumerate() {
            let activation = if i + 1 == up.len() { Activation::Sigmoid } else { Activation::Relu };
            y = conv2d_transposed(&y, kernel, bias, (Stride { step, padding: 0 }, (0, 0)), activation)?;
        }
        mean_squared_error(&y.flatten_from(1)?, &x.flatten_from(1)?)
    }))
}

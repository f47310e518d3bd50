//! Layers of images.

use super::{Builder, Case};
use crate::*;
use candle_core::{DType, Device, Result, Tensor};
use disentangle_data::views::Image;

/// Every operation on a batch of `n`.
pub(super) fn cases(n: usize, dtype: DType) -> Result<Vec<Case>> {
    let mut all = Vec::new();
    for (side, k, step, padding, activation) in [
        (5, 3, 1, 1, Activation::Relu),
        (8, 4, 2, 1, Activation::LeakyRelu(0.2)),
        (8, 2, 3, 0, Activation::Sigmoid),
        (3, 3, 2, 2, Activation::Identity),
    ] {
        let stride = Stride { step, padding };
        let mut b = Builder::new(dtype);
        let (x, w, c) = (b.input(&[n, side, side, 3])?, b.input(&[8, 3, k, k])?, b.input(&[8])?);
        let (x2, w2, c2) = (x.clone(), w.clone(), c.clone());
        all.push(b.case(
            format!("convolution of {side} by {k}, {stride:?}"),
            Box::new(move || conv2d(&x, &(&w * 0.3)?, &c, stride, activation)),
            Box::new(move || conv2d_expression(&x2, &(&w2 * 0.3)?, &c2, stride, activation)),
        ));
    }

    for (side, k, step, padding, more, activation) in [
        (3, 2, 2, 0, (0, 0), Activation::Relu),
        (4, 4, 2, 1, (0, 0), Activation::Tanh),
        (4, 3, 1, 1, (0, 0), Activation::Identity),
        (3, 4, 2, 1, (1, 1), Activation::Identity),
        (2, 4, 2, 1, (0, 1), Activation::LeakyRelu(0.1)),
    ] {
        let stride = (Stride { step, padding }, more);
        let mut b = Builder::new(dtype);
        let (x, w, c) = (b.input(&[n, side, side, 6])?, b.input(&[6, 3, k, k])?, b.input(&[3])?);
        let (x2, w2, c2) = (x.clone(), w.clone(), c.clone());
        all.push(b.case(
            format!("transposed convolution of {side} by {k}, {stride:?}"),
            Box::new(move || conv2d_transposed(&x, &(&w * 0.3)?, &c, stride, activation)),
            Box::new(move || conv2d_transposed_expression(&x2, &(&w2 * 0.3)?, &c2, stride, activation)),
        ));
    }

    let image = Image { channels: 2, height: 5, width: 4 };
    let layers = ImageLayers { image, channels: 3, hidden: &[4], code: 2, activation: Activation::LeakyRelu(0.2) };
    let mut b = Builder::new(dtype);
    let x = b.input(&[n, image.len()])?;
    let net = ImageEncoder::new(&mut b.params, "encoder", layers, 3)?;
    let (x2, net2) = (x.clone(), net.clone());
    all.push(b.case(
        "image encoder",
        Box::new(move || net.forward(&x)),
        Box::new(move || net2.forward_expression(&x2)),
    ));

    let mut b = Builder::new(dtype);
    let z = b.input(&[n, 2])?;
    let net = ImageDecoder::new(&mut b.params, "decoder", layers, 3)?;
    let (z2, net2) = (z.clone(), net.clone());
    all.push(b.case(
        "image decoder",
        Box::new(move || net.forward(&z)),
        Box::new(move || net2.forward_expression(&z2)),
    ));

    let image = Image { channels: 2, height: 17, width: 16 };
    let mut b = Builder::new(dtype);
    let x = b.input(&[n, image.len()])?;
    let net = KeypointEncoder::new(&mut b.params, "encoder", image, (3, 2), Activation::LeakyRelu(0.2), 3)?;
    let (x2, net2) = (x.clone(), net.clone());
    all.push(b.case("keypoints", Box::new(move || net.forward(&x)), Box::new(move || net2.forward_expression(&x2))));

    let mut b = Builder::new(dtype);
    let x = b.input(&[n, 4, 6, 2])?;
    let x2 = x.clone();
    all.push(b.case("max-pool", Box::new(move || max_pool2d(&x, 2)), Box::new(move || max_pool2d_expression(&x2, 2))));
    let mut b = Builder::new(dtype);
    let x = b.input(&[n, 3, 2, 4])?;
    let x2 = x.clone();
    all.push(b.case(
        "channels last and first",
        Box::new(move || channels_first(&(channels_last(&x)? * channels_last(&x)?)?)),
        Box::new(move || x2.sqr()),
    ));
    Ok(all)
}

#[test]
fn channels_are_put_last_as_a_permutation_does() -> Result<()> {
    for shape in [[2, 3, 2, 5], [1, 1, 4, 4], [3, 4, 1, 1], [0, 2, 3, 3]] {
        let count = shape.iter().product::<usize>();
        let x = Tensor::from_vec((0..count).map(|i| i as f32).collect::<Vec<_>>(), &shape[..], &Device::Cpu)?;
        let (got, want) = (channels_last(&x)?, x.permute((0, 2, 3, 1))?.contiguous()?);
        assert_eq!(got.dims(), want.dims());
        assert_eq!(got.flatten_all()?.to_vec1::<f32>()?, want.flatten_all()?.to_vec1::<f32>()?);
        assert_eq!(channels_first(&got)?.flatten_all()?.to_vec1::<f32>()?, x.flatten_all()?.to_vec1::<f32>()?);
    }
    Ok(())
}

#[test]
fn a_convolution_of_an_oblong_image_has_its_definition() -> Result<()> {
    let data = |shape: &[usize]| {
        let count = shape.iter().product::<usize>();
        Tensor::from_vec((0..count).map(|i| (i as f64 * 0.7).sin()).collect::<Vec<_>>(), shape, &Device::Cpu)
    };
    let (x, w, c) = (data(&[2, 5, 4, 2])?, data(&[3, 2, 3, 3])?, data(&[3])?);
    let stride = Stride { step: 2, padding: 1 };
    let y = conv2d(&x, &w, &c, stride, Activation::Identity)?;
    assert_eq!(y.dims(), [2, 3, 2, 3]);
    let (x, w, c) = (x.flatten_all()?.to_vec1::<f64>()?, w.flatten_all()?.to_vec1::<f64>()?, c.to_vec1::<f64>()?);
    for (at, got) in y.flatten_all()?.to_vec1::<f64>()?.into_iter().enumerate() {
        let (image, row, col, out) = (at / 18, at / 6 % 3, at / 3 % 2, at % 3);
        let mut want = c[out];
        for (channel, dy, dx) in (0..18).map(|i| (i / 9, i / 3 % 3, i % 3)) {
            let (py, px) = ((row * 2 + dy).wrapping_sub(1), (col * 2 + dx).wrapping_sub(1));
            if py < 5 && px < 4 {
                want += x[((image * 5 + py) * 4 + px) * 2 + channel] * w[((out * 2 + channel) * 3 + dy) * 3 + dx];
            }
        }
        assert!((got - want).abs() < 1e-13, "{at}: {got} is not {want}");
    }
    Ok(())
}

#[test]
fn what_does_not_fit_is_refused() -> Result<()> {
    let zeros = |shape: &[usize]| Tensor::zeros(shape, DType::F32, &Device::Cpu);
    let (x, c) = (zeros(&[1, 4, 4, 2])?, zeros(&[3])?);
    let stride = Stride { step: 1, padding: 0 };
    let conv = |w: &[usize], stride| conv2d(&x, &zeros(w)?, &c, stride, Activation::Identity);
    assert!(conv(&[3, 2, 3, 3], stride).is_ok());
    assert!(conv(&[3, 2, 5, 5], stride).is_err() && conv(&[3, 1, 3, 3], stride).is_err());
    assert!(conv(&[3, 2, 3, 2], stride).is_err() && conv(&[3, 2, 3, 3], Stride { step: 0, padding: 0 }).is_err());
    let back = |more| {
        conv2d_transposed(&x, &zeros(&[2, 3, 4, 4])?, &c, (Stride { step: 2, padding: 1 }, more), Activation::Identity)
    };
    assert_eq!(back((1, 0))?.dims(), [1, 9, 8, 3]);
    assert!(back((2, 0)).is_err() && back((0, 2)).is_err());
    assert!(max_pool2d(&x, 5).is_err() && max_pool2d(&x, 0).is_err());
    Ok(())
}

#[test]
fn pooling_leaves_out_what_fills_no_window_and_the_first_of_equals_gets_the_gradient() -> Result<()> {
    let mut params = Params::with_dtype(&Device::Cpu, DType::F64);
    let values = (0..15).map(|i| if i == 14 { 99.0 } else { f64::from(i / 5) }).collect();
    let x = params.insert("x", &[1, 3, 5, 1], &Init::Values(values), 0)?;
    let y = max_pool2d(&x, 2)?;
    assert_eq!(y.flatten_all()?.to_vec1::<f64>()?, [1.0, 1.0]);
    let gradient = params.gradients(&y.sum_all()?)?.tensor(0)?.expect("x has a gradient").to_vec1::<f64>()?;
    let winners: Vec<usize> = (0..15).filter(|&i| gradient[i] == 1.0).collect();
    assert_eq!((winners, gradient.iter().sum::<f64>()), (vec![5, 7], 2.0));
    Ok(())
}

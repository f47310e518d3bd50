//! Against an independent implementation, golden/image_encoder.py; gradients by differences stand with the other laws.

use super::*;
use candle_core::{DType, Device, Tensor};
use serde_json::Value;

fn numbers(value: &Value) -> Vec<f64> {
    match value {
        Value::Array(list) => list.iter().flat_map(numbers).collect(),
        other => vec![other.as_f64().expect("a number")],
    }
}

fn rows(value: &Value) -> Tensor {
    let (values, rows) = (numbers(value), value.as_array().expect("rows").len());
    let cols = values.len() / rows;
    Tensor::from_vec(values, (rows, cols), &Device::Cpu).expect("fits")
}

fn number(value: &Value) -> usize {
    value.as_u64().expect("a count") as usize
}

fn close(what: &str, got: &Tensor, want: &Value) {
    let (got, want) = (got.flatten_all().and_then(|flat| flat.to_vec1::<f64>()).expect("f64"), numbers(want));
    assert_eq!(got.len(), want.len(), "{what}");
    for (at, (got, want)) in got.iter().zip(&want).enumerate() {
        // Sums of some hundred terms in double precision.
        assert!((got - want).abs() < 1e-11 * want.abs().max(1.0), "{what}, entry {at}: {got} is not {want}");
    }
}

#[test]
fn outputs_and_gradients_are_those_of_an_independent_implementation() -> Result<()> {
    let cases: Value = serde_json::from_str(include_str!("../../../../golden/image_encoder.json")).expect("JSON");
    for case in cases.as_array().expect("cases") {
        let [channels, height, width] = [0, 1, 2].map(|axis| number(&case["image"][axis]));
        let image = Image { channels, height, width };
        assert_eq!(halvings(image), number(&case["halvings"]), "{image}");
        let hidden: Vec<usize> = case["hidden"].as_array().expect("widths").iter().map(number).collect();
        let layers = ImageLayers {
            image,
            channels: number(&case["channels"]),
            hidden: &hidden,
            code: number(&case["code"]),
            activation: Activation::LeakyRelu(case["slope"].as_f64().expect("a slope")),
        };
        let mut params = Params::with_dtype(&Device::Cpu, DType::F64);
        let encoder = ImageEncoder::new(&mut params, "encoder", layers, 0)?;
        let decoder = ImageDecoder::new(&mut params, "decoder", layers, 0)?;
        for param in params.iter() {
            let given = numbers(&case["parameters"][param.name()]);
            param.var().set(&Tensor::from_vec(given, param.var().shape(), &Device::Cpu)?)?;
        }
        let (x, codes) = (rows(&case["images"]), rows(&case["codes"]));
        let (encoded, decoded) = (encoder.forward(&x)?, decoder.forward(&codes)?);
        close("codes", &encoded, &case["encoded"]);
        close("images", &decoded, &case["decoded"]);
        let loss = (encoded.sqr()?.sum_all()? + decoded.sqr()?.sum_all()?)?;
        let gradients = params.gradients(&loss)?;
        for (i, param) in params.iter().enumerate() {
            let got = gradients.tensor(i)?.expect("every parameter receives a gradient");
            close(param.name(), &got, &case["gradients"][param.name()]);
        }
    }
    Ok(())
}

#[test]
fn an_image_is_halved_while_its_smaller_side_keeps_two_pixels_and_at_most_four_times() {
    let times = |height, width| halvings(Image { channels: 1, height, width });
    assert_eq!([(64, 64), (50, 50), (28, 28), (14, 14), (4, 4)].map(|(h, w)| times(h, w)), [4, 4, 3, 2, 1]);
    assert_eq!([(3, 3), (1, 1), (3, 500), (0, 0)].map(|(h, w)| times(h, w)), [0; 4]);
    assert_eq!((times(128, 256), times(5, 200), times(usize::MAX, usize::MAX)), (4, 1, 4));
    assert_eq!((times(LEAST_SIDE, LEAST_SIDE), times(LEAST_SIDE, LEAST_SIDE - 1)), (1, 0));
}

#[test]
fn the_published_images_are_flattened_to_512_entries_and_every_size_comes_back() -> Result<()> {
    for (height, width, flat) in [(64, 64, Some(512)), (28, 28, None), (13, 5, None), (4, 31, None)] {
        let image = Image { channels: 3, height, width };
        let layers =
            ImageLayers { image, channels: 32, hidden: &[30, 30], code: 6, activation: Activation::LeakyRelu(0.2) };
        let mut params = Params::new(&Device::Cpu);
        let encoder = ImageEncoder::new(&mut params, "encoder", layers, 1)?;
        let decoder = ImageDecoder::new(&mut params, "decoder", layers, 1)?;
        if let Some(flat) = flat {
            assert_eq!(params.get("encoder.dense.0.weight")?.dims(), [flat, 30]);
        }
        let x = Tensor::zeros((2, image.len()), DType::F32, &Device::Cpu)?;
        let codes = encoder.apply(&x)?;
        assert_eq!((codes.dims(), decoder.apply(&codes)?.dims()), (&[2, 6][..], &[2, image.len()][..]));
    }
    Ok(())
}

#[test]
fn rows_in_blocks_without_a_graph_have_the_numbers_of_a_pass_with_one() -> Result<()> {
    let image = Image { channels: 1, height: 32, width: 32 };
    let layers = ImageLayers { image, channels: 32, hidden: &[8], code: 3, activation: Activation::LeakyRelu(0.1) };
    let mut params = Params::new(&Device::Cpu);
    let encoder = ImageEncoder::new(&mut params, "encoder", layers, 1)?;
    let decoder = ImageDecoder::new(&mut params, "decoder", layers, 1)?;
    let n = BLOCK / encoder.entries() + 3;
    let values = (0..n * image.len()).map(|i| (i as f32 * 0.37).sin()).collect::<Vec<_>>();
    let x = Tensor::from_vec(values, (n, image.len()), &Device::Cpu)?;
    let flat = |tensor: Tensor| tensor.flatten_all().and_then(|flat| flat.to_vec1::<f32>());
    // A product may add in another order where it has other rows beside it: a few units of the last place of sums of this size.
    let near = |a: Vec<f32>, b: Vec<f32>| a.len() == b.len() && a.iter().zip(&b).all(|(a, b)| (a - b).abs() < 1e-5);
    let codes = encoder.apply(&x)?;
    assert!(!codes.track_op() && !decoder.apply(&codes)?.track_op());
    assert!(near(flat(encoder.forward(&x)?)?, flat(codes.clone())?));
    assert!(near(flat(decoder.forward(&codes)?)?, flat(decoder.apply(&codes)?)?));
    Ok(())
}

#[test]
fn images_that_are_too_small_are_refused() {
    for (channels, height, width) in [(1, 1, 1), (1, 3, 40), (0, 8, 8)] {
        let image = Image { channels, height, width };
        let layers = ImageLayers { image, channels: 4, hidden: &[], code: 2, activation: Activation::Relu };
        let mut params = Params::new(&Device::Cpu);
        assert!(ImageEncoder::new(&mut params, "encoder", layers, 0).is_err(), "{image}");
        assert!(ImageDecoder::new(&mut params, "decoder", layers, 0).is_err(), "{image}");
    }
}

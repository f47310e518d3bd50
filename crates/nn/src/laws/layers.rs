//! Layers and losses beyond the dense network.

use super::{Builder, Case};
use crate::*;
use candle_core::{DType, Result, Tensor};

/// Every operation on a batch of `n`, with odd widths.
pub(super) fn cases(n: usize, dtype: DType) -> Result<Vec<Case>> {
    let mut all = Vec::new();
    for affine in [Affine::Learnt, Affine::None] {
        let mut b = Builder::new(dtype);
        let x = b.input(&[n, 11])?;
        let norm = LayerNorm::new(&mut b.params, "norm", 11, affine)?;
        let (x2, norm2) = (x.clone(), norm.clone());
        all.push(b.case(
            format!("layer norm {affine:?}"),
            Box::new(move || norm.forward(&x)),
            Box::new(move || norm2.forward_expression(&x2)),
        ));
    }

    let mut b = Builder::new(dtype);
    let x = b.input(&[n, 6])?;
    let net = GroupedMlp::new(&mut b.params, "nets", 3, &[2, 5, 1], [Activation::Tanh, Activation::LeakyRelu(0.2)], 3)?;
    let (x2, net2) = (x.clone(), net.clone());
    all.push(b.case("grouped mlp", Box::new(move || net.forward(&x)), Box::new(move || net2.forward_expression(&x2))));

    let mut b = Builder::new(dtype);
    let (x, w, c) = (b.input(&[2, n, 40])?, b.input(&[2, 40, 90])?, b.input(&[2, 90])?);
    if n >= 65 {
        let (x2, w2, c2) = (x.clone(), w.clone(), c.clone());
        all.push(b.case(
            "grouped dense, large enough for two threads",
            Box::new(move || grouped_dense(&x, &w, &c, Activation::Elu)),
            Box::new(move || grouped_dense_expression(&x2, &w2, &c2, Activation::Elu)),
        ));
    }

    let mut b = Builder::new(dtype);
    let (x, w, c) = (b.input(&[n, 3])?, b.input(&[3, 4])?, b.input(&[4])?);
    let mask = Tensor::new(&[[1f64, 0., 0., 1.], [1., 1., 0., 0.], [1., 1., 1., 0.]], w.device())?.to_dtype(dtype)?;
    let (x2, w2, c2, mask2) = (x.clone(), w.clone(), c.clone(), mask.clone());
    all.push(b.case(
        "masked dense",
        Box::new(move || masked_dense(&x, &w, &mask, &c, Activation::Sigmoid)),
        Box::new(move || {
            let z = x2.matmul(&(&w2 * &mask2)?)?.broadcast_add(&c2)?;
            (z.neg()?.exp()? + 1.0)?.recip()
        }),
    ));

    let mut b = Builder::new(dtype);
    let x = b.input(&[n, 3])?;
    let net = Residual::new(&mut b.params, "blocks", (2, 3, 5), Activation::Softplus, 3)?;
    let (x2, net2) = (x.clone(), net.clone());
    all.push(b.case("residual", Box::new(move || net.forward(&x)), Box::new(move || net2.forward_expression(&x2))));

    let mut b = Builder::new(dtype);
    let x = b.input(&[n, 3])?;
    let x2 = x.clone();
    all.push(b.case(
        "group l1",
        Box::new(move || group_l1(&x, 0.3)),
        Box::new(move || x2.sqr()?.sum(1)?.sqrt()?.sum_all()? * 0.3),
    ));

    let mut b = Builder::new(dtype);
    let logits = b.input(&[n, 5])?;
    let codes: Vec<u32> = (0..n as u32).map(|i| (i * 3 + 1) % 5).collect();
    let (logits2, codes2) = (logits.clone(), codes.clone());
    all.push(b.case(
        "cross-entropy",
        Box::new(move || cross_entropy(&logits, &codes)),
        Box::new(move || cross_entropy_expression(&logits2, &codes2)),
    ));

    let mut b = Builder::new(dtype);
    let (u, v) = (b.input(&[n, 3])?, b.input(&[n, 3])?);
    let (u2, v2) = (u.clone(), v.clone());
    all.push(b.case(
        "contrastive loss of distances",
        Box::new(move || info_nce(&negative_squared_distances(&u, &v, 0.7)?)),
        Box::new(move || {
            let pairs = u2.unsqueeze(1)?.broadcast_sub(&v2.unsqueeze(0)?)?;
            let odds = (pairs.sqr()?.sum(2)? * (-1.0 / 0.7))?;
            let own = ((&u2 - &v2)?.sqr()?.sum(1)? * (-1.0 / 0.7))?;
            (odds.exp()?.mean(1)?.log()? - own)?.mean_all()
        }),
    ));

    let mut b = Builder::new(dtype);
    let (u, v) = (b.input(&[n, 3])?, b.input(&[n, 3])?);
    let (u2, v2) = (u.clone(), v.clone());
    all.push(b.case(
        "contrastive loss both ways",
        Box::new(move || paired_info_nce(&u, &v, 0.7)),
        Box::new(move || paired_info_nce_expression(&u2, &v2, 0.7)),
    ));

    let mut b = Builder::new(dtype);
    let (score, slopes) = (b.input(&[n, 5])?, b.input(&[n, 5])?);
    let (score2, slopes2) = (score.clone(), slopes.clone());
    all.push(b.case(
        "score matching",
        Box::new(move || score_matching(&score, &slopes)),
        Box::new(move || slopes2.sum(1)? + (score2.sqr()?.sum(1)? * 0.5)?),
    ));

    let mut b = Builder::new(dtype);
    let (score, noise) = (b.input(&[n, 5])?, b.input(&[n, 5])?);
    let (score2, noise2) = (score.clone(), noise.clone());
    all.push(b.case(
        "denoising score matching",
        Box::new(move || denoising_score_matching(&score, &noise, 0.3)),
        Box::new(move || (score2.affine(0.3, 0.0)? + &noise2)?.sqr()?.sum(1)? * 0.5),
    ));
    Ok(all)
}

#[test]
fn a_group_at_zero_stays_there_and_others_feel_their_direction() -> Result<()> {
    let mut params = Params::with_dtype(&candle_core::Device::Cpu, DType::F64);
    let x = params.insert("x", &[2, 2], &Init::Values(vec![0.0, 0.0, 3.0, -4.0]), 0)?;
    for loss in [group_l1(&x, 2.0)?, group_l1_expression(&x, 2.0)?] {
        assert!((loss.to_scalar::<f64>()? - 10.0).abs() < 1e-14);
        let gradient = params.gradients(&loss)?.tensor(0)?.expect("x has a gradient").to_vec1::<f64>()?;
        assert_eq!(gradient[..2], [0.0, 0.0]);
        assert!((gradient[2] - 1.2).abs() < 1e-14 && (gradient[3] + 1.6).abs() < 1e-14);
    }
    Ok(())
}

#[test]
fn scores_that_say_nothing_have_no_contrastive_loss_and_perfect_ones_gain_the_log_of_the_batch() -> Result<()> {
    let flat = Tensor::zeros((7, 7), DType::F64, &candle_core::Device::Cpu)?;
    assert!(info_nce(&flat)?.to_scalar::<f64>()?.abs() < 1e-15);
    let perfect = (Tensor::eye(7, DType::F64, &candle_core::Device::Cpu)? * 1e4)?;
    assert!((info_nce(&perfect)?.to_scalar::<f64>()? + 7f64.ln()).abs() < 1e-14);
    assert!(info_nce(&flat.narrow(0, 0, 3)?).is_err());
    Ok(())
}

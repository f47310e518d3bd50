//! Laws of the optimisers: the published update rules, exact resumption, exact zeros.

use super::*;
use crate::{Activation, Init, Mlp, Params, by_expressions, mean_squared_error};

mod on_a_device;
use candle_core::{Device, Result, Tensor};

/// Minimises `sum (p - c)^2 / 2` with gradient `p - c`, one step at a time.
fn gradient_of_bowl(params: &Params, centre: &Tensor) -> Result<crate::Gradients> {
    let p = params.get("p")?;
    params.gradients(&((p.as_tensor() - centre)?.sqr()?.sum_all()? * 0.5)?)
}

fn bowl() -> Result<(Params, Tensor)> {
    let mut params = Params::new(&Device::Cpu);
    params.insert("p", &[3], &Init::Values(vec![1.0, -2.0, 0.5]), 0)?;
    Ok((params, Tensor::new(&[0.25f32, 3.0, 0.5], &Device::Cpu)?))
}

/// The update of the papers, in double precision.
fn adam_reference(settings: AdamSettings, lr: f64, steps: u32) -> Vec<f64> {
    let (mut p, c) = ([1.0, -2.0, 0.5], [0.25, 3.0, 0.5]);
    let (mut m, mut v) = ([0.0; 3], [0.0; 3]);
    let AdamSettings { beta1, beta2, eps, weight_decay } = settings;
    for t in 1..=steps as i32 {
        for i in 0..3 {
            let g: f64 = p[i] - c[i];
            p[i] -= lr * weight_decay * p[i];
            m[i] = beta1 * m[i] + (1.0 - beta1) * g;
            v[i] = beta2 * v[i] + (1.0 - beta2) * g * g;
            let (mean, square) = (m[i] / (1.0 - beta1.powi(t)), v[i] / (1.0 - beta2.powi(t)));
            p[i] -= lr * mean / (square.sqrt() + eps);
        }
    }
    p.to_vec()
}

#[test]
fn adam_and_adamw_follow_the_published_updates() -> Result<()> {
    for weight_decay in [0.0, 0.1] {
        let settings = AdamSettings { beta1: 0.8, beta2: 0.99, weight_decay, ..AdamSettings::default() };
        let (params, centre) = bowl()?;
        let mut adam = Adam::new(&params, settings);
        for _ in 0..25 {
            adam.step(&params, &gradient_of_bowl(&params, &centre)?, StepSize::new(0.05))?;
        }
        let got = params.get("p")?.to_vec1::<f32>()?;
        for (got, want) in got.iter().zip(adam_reference(settings, 0.05, 25)) {
            // 25 steps of single precision.
            assert!((f64::from(*got) - want).abs() < 5e-6, "{got} is not {want}");
        }
    }
    Ok(())
}

#[test]
fn sgd_with_momentum_follows_its_recurrence() -> Result<()> {
    let (params, centre) = bowl()?;
    let mut sgd = Sgd::new(&params, SgdSettings { momentum: 0.9, weight_decay: 0.01 });
    let (mut p, mut v) = (-2.0f64, 0.0);
    for _ in 0..20 {
        sgd.step(&params, &gradient_of_bowl(&params, &centre)?, StepSize { lr: 0.1, gradient_scale: 0.5 })?;
        v = 0.9 * v + 0.5 * (p - 3.0) + 0.01 * p;
        p -= 0.1 * v;
    }
    let got = f64::from(params.get("p")?.to_vec1::<f32>()?[1]);
    assert!((got - p).abs() < 5e-6, "{got} is not {p}");
    Ok(())
}

#[test]
fn a_restored_optimiser_goes_on_with_the_same_bits() -> Result<()> {
    let x = Tensor::arange(0f32, 40., &Device::Cpu)?.reshape((8, 5))?.affine(0.05, -1.0)?;
    let y = x.narrow(1, 0, 2)?.sin()?;
    let build = || -> Result<_> {
        let mut params = Params::new(&Device::Cpu);
        let net = Mlp::new(&mut params, "net", &[5, 9, 2], Activation::Elu, Activation::Identity, 3)?;
        let adam = Adam::new(&params, AdamSettings { weight_decay: 1e-2, ..AdamSettings::default() });
        Ok((params, net, adam))
    };
    let train = |params: &Params, net: &Mlp, adam: &mut Adam, steps: u32| -> Result<()> {
        for _ in 0..steps {
            let loss = mean_squared_error(&net.forward(&x)?, &y)?;
            adam.step(params, &params.gradients(&loss)?, StepSize::new(1e-2))?;
        }
        Ok(())
    };
    let (params, net, mut adam) = build()?;
    train(&params, &net, &mut adam, 10)?;
    let (saved, state) = (params.export()?, adam.state(&params)?);
    train(&params, &net, &mut adam, 10)?;

    let (again, net, mut adam) = build()?;
    again.import(&saved)?;
    adam.restore(&again, &state)?;
    train(&again, &net, &mut adam, 10)?;
    assert_eq!(again.export()?, params.export()?);
    assert_eq!(adam.state(&again)?.steps, 20);

    let (other, _) = bowl()?;
    assert!(Adam::new(&other, AdamSettings::default()).restore(&other, &state).is_err());
    Ok(())
}

#[test]
fn soft_thresholding_makes_exact_zeros_and_keeps_nan() -> Result<()> {
    let mut params = Params::new(&Device::Cpu);
    let values = vec![0.05, -0.05, 0.1, 1.0, -1.0, 0.0];
    let var = params.insert("p", &[6], &Init::Values(values), 0)?;
    let before = var.as_tensor().copy()?;
    for plain in [false, true] {
        let shrink = || soft_threshold(&var, 0.1, 1.0);
        let step = || if plain { by_expressions(shrink) } else { shrink() };
        var.set(&before)?;
        step()?;
        let got = var.to_vec1::<f32>()?;
        assert_eq!(got[..3], [0.0; 3]);
        assert!((got[3] - 0.9).abs() < 1e-7 && (got[4] + 0.9).abs() < 1e-7 && got[5] == 0.0);
        var.set(&Tensor::new(&[f32::NAN; 6], &Device::Cpu)?)?;
        step()?;
        assert!(var.to_vec1::<f32>()?.iter().all(|v| v.is_nan()));
    }
    Ok(())
}

#[test]
fn proximal_steps_reach_the_closed_form_of_the_lasso_of_a_bowl() -> Result<()> {
    let (params, centre) = bowl()?;
    let mut sgd = Sgd::new(&params, SgdSettings::default());
    for _ in 0..400 {
        sgd.step(&params, &gradient_of_bowl(&params, &centre)?, StepSize::new(0.1))?;
        soft_threshold(params.get("p")?, 0.1, 0.3)?;
    }
    // argmin (p - c)^2 / 2 + 0.3 |p| is c shrunk by 0.3: 0.25 becomes exactly zero.
    let got = params.get("p")?.to_vec1::<f32>()?;
    assert_eq!(got[0], 0.0);
    assert!((got[1] - 2.7).abs() < 1e-5 && (got[2] - 0.2).abs() < 1e-5, "{got:?}");
    Ok(())
}

/// The saddle `x y` around (0, 0), its gradients (y, -x): x descends, y ascends.
fn distance_after(steps: u32, extrapolation: Option<Extrapolation>) -> Result<f64> {
    let mut params = Params::new(&Device::Cpu);
    let x = params.insert("x", &[1], &Init::Constant(1.0), 0)?;
    let y = params.insert("y", &[1], &Init::Constant(1.0), 0)?;
    let game = || -> Result<_> {
        let own = (x.as_tensor() * y.detach())?;
        params.gradients(&(own - (y.as_tensor() * x.detach())?)?.sum_all()?)
    };
    let settings = AdamSettings { beta1: 0.0, beta2: 0.999, ..AdamSettings::default() };
    let size = StepSize::new(0.01);
    let mut adam = Adam::new(&params, settings);
    let mut extra = extrapolation.map(|e| ExtraAdam::new(&params, settings, e));
    for _ in 0..steps {
        match &mut extra {
            None => adam.step(&params, &game()?, size)?,
            Some(extra) => {
                match extrapolation {
                    Some(Extrapolation::FromThePast) => extra.extrapolate_from_the_past(&params, size)?,
                    _ => extra.extrapolate(&params, &game()?, size)?,
                }
                extra.step(&params, &game()?, size)?;
            }
        }
    }
    Ok((x.to_vec1::<f32>()?[0].hypot(y.to_vec1::<f32>()?[0])).into())
}

#[test]
fn extra_adam_converges_on_the_saddle_that_adam_circles() -> Result<()> {
    // Gidel et al., section 3: simultaneous gradient steps leave the equilibrium of a bilinear game, extrapolated ones
    // approach it.
    let adam = distance_after(6000, None)?;
    let twice = distance_after(6000, Some(Extrapolation::SecondGradient))?;
    let past = distance_after(6000, Some(Extrapolation::FromThePast))?;
    assert!(adam > 0.5 && twice < 0.05 && past < 0.05, "{adam} {twice} {past}");
    Ok(())
}

#[test]
fn extra_adam_leaves_parameters_without_a_gradient_alone() -> Result<()> {
    let descended = |mut params: Params, others: &[&str]| -> Result<Params> {
        for name in others {
            params.insert(name, &[2], &Init::Constant(7.0), 0)?;
        }
        let mut extra = ExtraAdam::new(&params, AdamSettings::default(), Extrapolation::SecondGradient);
        let (_, centre) = bowl()?;
        for _ in 0..5 {
            extra.extrapolate(&params, &gradient_of_bowl(&params, &centre)?, StepSize::new(0.05))?;
            extra.step(&params, &gradient_of_bowl(&params, &centre)?, StepSize::new(0.05))?;
        }
        Ok(params)
    };
    let (alone, beside) = (descended(bowl()?.0, &[])?, descended(bowl()?.0, &["frozen"])?);
    assert_eq!(beside.get("p")?.to_vec1::<f32>()?, alone.get("p")?.to_vec1::<f32>()?);
    assert_eq!(beside.get("frozen")?.to_vec1::<f32>()?, [7.0, 7.0]);
    Ok(())
}

#[test]
fn a_restored_extra_adam_goes_on_with_the_same_bits() -> Result<()> {
    let settings = AdamSettings::default();
    let train = |params: &Params, centre: &Tensor, extra: &mut ExtraAdam| -> Result<()> {
        for _ in 0..5 {
            extra.extrapolate_from_the_past(params, StepSize::new(0.05))?;
            extra.step(params, &gradient_of_bowl(params, centre)?, StepSize::new(0.05))?;
        }
        Ok(())
    };
    let (params, centre) = bowl()?;
    let mut extra = ExtraAdam::new(&params, settings, Extrapolation::FromThePast);
    train(&params, &centre, &mut extra)?;
    let (saved, state) = (params.export()?, extra.state(&params)?);
    train(&params, &centre, &mut extra)?;
    let (again, _) = bowl()?;
    again.import(&saved)?;
    let mut extra = ExtraAdam::new(&again, settings, Extrapolation::FromThePast);
    extra.restore(&again, &state)?;
    train(&again, &centre, &mut extra)?;
    assert_eq!(again.export()?, params.export()?);
    Ok(())
}

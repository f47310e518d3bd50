//! What a GPU would be asked to do at a step, on the processor beside the passes over slices.

use super::*;
use crate::NamedValues;
use crate::host::{read_within_steps, within_step};

/// Steps that are compared: after these a moment that decays by another factor has moved a parameter visibly.
const FEW: usize = 12;

enum Any {
    Adam(Adam),
    Sgd(Sgd),
    Extra(ExtraAdam, Extrapolation),
}

impl Any {
    fn all(params: &Params) -> [Self; 4] {
        let settings = AdamSettings { beta1: 0.8, weight_decay: 0.1, ..AdamSettings::default() };
        let groups = [RateGroup { prefix: "net.0".into(), factor: 0.5 }];
        let extra = |kind| Self::Extra(ExtraAdam::new(params, settings, kind).with_groups(params, &groups), kind);
        let sgd = Sgd::new(params, SgdSettings { momentum: 0.9, weight_decay: 0.01 });
        [
            Self::Adam(Adam::new(params, settings).with_groups(params, &groups)),
            Self::Sgd(sgd.with_groups(params, &groups)),
            extra(Extrapolation::SecondGradient),
            extra(Extrapolation::FromThePast),
        ]
    }

    fn step(&mut self, params: &Params, gradients: &dyn Fn() -> Result<crate::Gradients>) -> Result<()> {
        let size = StepSize { lr: 0.03, gradient_scale: 0.5 };
        match self {
            Self::Adam(adam) => adam.step(params, &gradients()?, size),
            Self::Sgd(sgd) => sgd.step(params, &gradients()?, size),
            Self::Extra(extra, Extrapolation::SecondGradient) => {
                extra.extrapolate(params, &gradients()?, size)?;
                extra.step(params, &gradients()?, size)
            }
            Self::Extra(extra, Extrapolation::FromThePast) => {
                extra.extrapolate_from_the_past(params, size)?;
                extra.step(params, &gradients()?, size)
            }
        }
    }

    fn state(&self, params: &Params) -> Result<OptimState> {
        match self {
            Self::Adam(adam) => adam.state(params),
            Self::Sgd(sgd) => sgd.state(params),
            Self::Extra(extra, _) => extra.state(params),
        }
    }

    fn restore(&mut self, params: &Params, state: &OptimState) -> Result<()> {
        match self {
            Self::Adam(adam) => adam.restore(params, state),
            Self::Sgd(sgd) => sgd.restore(params, state),
            Self::Extra(extra, _) => extra.restore(params, state),
        }
    }
}

/// A descent that may begin in the middle of another: parameters and moments after it, and how many tensors its steps read.
fn descend(
    which: usize,
    from: Option<&(Vec<NamedValues>, OptimState)>,
) -> Result<(Vec<NamedValues>, OptimState, usize)> {
    let x = Tensor::arange(0f32, 40., &Device::Cpu)?.reshape((8, 5))?.affine(0.05, -1.0)?;
    let y = x.narrow(1, 0, 2)?.sin()?;
    let mut params = Params::new(&Device::Cpu);
    let net = Mlp::new(&mut params, "net", &[5, 9, 2], Activation::Elu, Activation::Identity, 3)?;
    // Nothing moves a parameter without a gradient.
    params.insert("idle", &[2], &Init::Values(vec![1.0, -2.0]), 0)?;
    let mut optimiser = Any::all(&params).into_iter().nth(which).expect("one of them");
    if let Some((values, state)) = from {
        params.import(values)?;
        optimiser.restore(&params, state)?;
    }
    let before = read_within_steps();
    for _ in 0..FEW {
        let gradients = || {
            let gradients = params.gradients(&mean_squared_error(&net.forward(&x)?, &y)?)?;
            assert!(gradients.norm()?.is_finite());
            Ok(gradients)
        };
        within_step(|| optimiser.step(&params, &gradients))?;
    }
    let read = read_within_steps() - before;
    Ok((params.export()?, optimiser.state(&params)?, read))
}

#[test]
fn every_optimiser_moves_as_on_slices_reads_no_tensor_and_takes_over_the_other_ones_state() -> Result<()> {
    for which in 0..4 {
        let (start, state, _) = descend(which, None)?;
        let wanted = descend(which, Some(&(start.clone(), state.clone())))?;
        let fresh = by_expressions(|| descend(which, None))?;
        assert_eq!((fresh.2, fresh.1.steps), (0, state.steps), "{which}");
        let resumed = by_expressions(|| descend(which, Some(&(fresh.0.clone(), fresh.1.clone()))))?;
        let taken_over = by_expressions(|| descend(which, Some(&(start.clone(), state.clone()))))?;
        for (got, wanted) in [(&fresh, &(start, state, 0)), (&resumed, &wanted), (&taken_over, &wanted)] {
            let all = got.0.iter().chain(&got.1.moments).zip(wanted.0.iter().chain(&wanted.1.moments));
            for (got, wanted) in all {
                assert_eq!((&got.name, &got.shape), (&wanted.name, &wanted.shape));
                for (a, b) in got.values.iter().zip(&wanted.values) {
                    // Rounding of single precision, a few times over.
                    assert!((a - b).abs() < 2e-5 * b.abs().max(0.1), "{which}, {}: {a} is not {b}", got.name);
                }
            }
        }
    }
    Ok(())
}

//! Changing a parameter where it lies.

use crate::fused::fused;
use crate::{Gradients, NamedValues, Params};
use candle_core::{CpuStorage, Device, Error, InplaceOp1, Layout, Result, Tensor, Var};
use std::cell::RefCell;

struct Update<F>(RefCell<F>);

impl<F: FnMut(&mut [f32])> InplaceOp1 for Update<F> {
    fn name(&self) -> &'static str {
        "update"
    }

    fn cpu_fwd(&self, storage: &mut CpuStorage, layout: &Layout) -> Result<()> {
        match (storage, layout.contiguous_offsets()) {
            (CpuStorage::F32(values), Some((from, to))) => {
                (self.0.borrow_mut())(&mut values[from..to]);
                Ok(())
            }
            _ => Err(Error::Msg("optimisers update contiguous f32 parameters".into()).bt()),
        }
    }
}

/// Gives `change` the values of a parameter to overwrite; on another device they travel to the host and back.
pub(super) fn update(var: &Var, mut change: impl FnMut(&mut [f32])) -> Result<()> {
    if fused(var.device()) {
        return var.inplace_op1(&Update(RefCell::new(change)));
    }
    let mut values = var.flatten_all()?.to_device(&Device::Cpu)?.to_vec1::<f32>()?;
    change(&mut values);
    var.set(&Tensor::from_vec(values, var.shape(), &Device::Cpu)?.to_device(var.device())?)
}

/// Calls `work` with the gradient of parameter `i`, when it has one.
pub(super) fn with_gradient(params: &Params, gradients: &Gradients, i: usize, work: impl FnOnce(&[f32])) -> Result<()> {
    if fused(params.device()) {
        return gradients.with(i, |gradient| {
            if let Some(gradient) = gradient {
                work(gradient);
            }
        });
    }
    if let Some(gradient) = gradients.tensor(i)? {
        work(&gradient.to_device(&Device::Cpu)?.to_vec1::<f32>()?);
    }
    Ok(())
}

/// One vector of zeros per parameter.
pub(super) fn zeros(params: &Params) -> Vec<Vec<f32>> {
    params.iter().map(|p| vec![0.0; p.var().elem_count()]).collect()
}

/// The vectors of one moment under their names.
pub(super) fn export(moment: &str, params: &Params, values: &[Vec<f32>]) -> Vec<NamedValues> {
    let named = |(param, values): (&crate::Param, &Vec<f32>)| NamedValues {
        name: format!("{moment}/{}", param.name()),
        shape: param.var().dims().to_vec(),
        values: values.clone(),
    };
    params.iter().zip(values).map(named).collect()
}

/// Reads the vectors of one moment back, from the front of `given`; the rest is returned.
pub(super) fn import<'a>(
    moment: &str,
    params: &Params,
    values: &mut [Vec<f32>],
    given: &'a [NamedValues],
) -> Result<&'a [NamedValues]> {
    let fits = given.len() >= params.len()
        && params.iter().zip(given).all(|(param, given)| {
            given.name.strip_prefix(moment).and_then(|rest| rest.strip_prefix('/')) == Some(param.name())
                && given.values.len() == param.var().elem_count()
        });
    if !fits {
        return Err(Error::Msg(format!("the optimiser's state has not the moments \"{moment}\" of this model")).bt());
    }
    let (ours, rest) = given.split_at(params.len());
    for (values, given) in values.iter_mut().zip(ours) {
        values.copy_from_slice(&given.values);
    }
    Ok(rest)
}

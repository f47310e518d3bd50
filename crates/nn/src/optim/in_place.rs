//! Changing a parameter where it lies, and what an optimiser remembers of it, beside it.

use crate::fused::fused;
use crate::{Gradients, NamedValues, Param, Params, host};
use candle_core::{CpuStorage, DType, Error, InplaceOp1, Layout, Result, Tensor, Var};
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
            _ => Err(not_single()),
        }
    }
}

fn not_single() -> Error {
    Error::Msg("optimisers update contiguous f32 parameters".into()).bt()
}

/// Gives `change` the values of a parameter on the processor to overwrite.
pub(super) fn update(var: &Var, change: impl FnMut(&mut [f32])) -> Result<()> {
    var.inplace_op1(&Update(RefCell::new(change)))
}

/// Overwrites a parameter with what `new` makes of it, on its device.
pub(super) fn replace(var: &Var, new: impl FnOnce(&Tensor) -> Result<Tensor>) -> Result<()> {
    if var.dtype() != DType::F32 {
        return Err(not_single());
    }
    var.set(&new(&var.as_tensor().detach())?)
}

/// The one or the other, as operations on the device of the parameter are computed.
pub(super) fn change(
    var: &Var,
    values: impl FnMut(&mut [f32]),
    tensor: impl FnOnce(&Tensor) -> Result<Tensor>,
) -> Result<()> {
    if fused(var.device()) { update(var, values) } else { replace(var, tensor) }
}

/// Calls `work` with the gradient of parameter `i` on the processor, when it has one.
pub(super) fn with_gradient(gradients: &Gradients, i: usize, work: impl FnOnce(&[f32])) -> Result<()> {
    gradients.with(i, |gradient| {
        if let Some(gradient) = gradient {
            work(gradient);
        }
    })
}

/// The gradient of parameter `i` on its device, in its shape, times `scale`; `None` when it has none.
pub(super) fn gradient_of(params: &Params, gradients: &Gradients, i: usize, scale: f64) -> Result<Option<Tensor>> {
    let shape = params.iter().as_slice()[i].var().shape();
    gradients.tensor(i)?.map(|gradient| gradient.detach().reshape(shape)? * scale).transpose()
}

/// One moment of every parameter, where the parameters are changed.
#[derive(Debug, Clone)]
pub(super) enum Moments {
    /// Beside fused operations.
    Slices(Vec<Vec<f32>>),
    /// Beside expressions: on the device, in the shape of the parameter. `None` is zero.
    Tensors(Vec<Option<Tensor>>),
}

impl Moments {
    /// At zero.
    pub(super) fn zeros(params: &Params) -> Self {
        match fused(params.device()) {
            true => Self::Slices(params.iter().map(|p| vec![0.0; p.var().elem_count()]).collect()),
            false => Self::Tensors(vec![None; params.len()]),
        }
    }

    /// The moments of all parameters under their names.
    pub(super) fn export(&self, moment: &str, params: &Params) -> Result<Vec<NamedValues>> {
        let named = |(i, param): (usize, &Param)| {
            let values = match self {
                Self::Slices(all) => all[i].clone(),
                Self::Tensors(all) => match &all[i] {
                    Some(tensor) => host::singles(tensor)?,
                    None => vec![0.0; param.var().elem_count()],
                },
            };
            Ok(NamedValues { name: format!("{moment}/{}", param.name()), shape: param.var().dims().to_vec(), values })
        };
        params.iter().enumerate().map(named).collect()
    }

    /// Reads them back from the front of `given`; the rest is returned.
    pub(super) fn import<'a>(
        &mut self,
        moment: &str,
        params: &Params,
        given: &'a [NamedValues],
    ) -> Result<&'a [NamedValues]> {
        let fits = given.len() >= params.len()
            && params.iter().zip(given).all(|(param, given)| {
                given.name.strip_prefix(moment).and_then(|rest| rest.strip_prefix('/')) == Some(param.name())
                    && given.values.len() == param.var().elem_count()
            });
        if !fits {
            return Err(
                Error::Msg(format!("the optimiser's state has not the moments \"{moment}\" of this model")).bt()
            );
        }
        let (ours, rest) = given.split_at(params.len());
        match self {
            Self::Slices(all) => all.iter_mut().zip(ours).for_each(|(all, given)| all.copy_from_slice(&given.values)),
            Self::Tensors(all) => {
                for ((all, given), param) in all.iter_mut().zip(ours).zip(params.iter()) {
                    *all = Some(Tensor::from_slice(&given.values, param.var().shape(), params.device())?);
                }
            }
        }
        Ok(rest)
    }

    /// Takes the gradient of parameter `i` as it is; without one nothing changes.
    pub(super) fn take_gradient(&mut self, params: &Params, gradients: &Gradients, i: usize) -> Result<()> {
        match self {
            Self::Slices(all) => with_gradient(gradients, i, |g| all[i].copy_from_slice(g)),
            Self::Tensors(all) => {
                if let Some(gradient) = gradient_of(params, gradients, i, 1.0)? {
                    all[i] = Some(gradient);
                }
                Ok(())
            }
        }
    }

    /// Remembers where parameter `i` is.
    pub(super) fn save(&mut self, i: usize, var: &Var) -> Result<()> {
        match self {
            Self::Slices(all) => update(var, |p| all[i].copy_from_slice(p)),
            Self::Tensors(all) => {
                // A copy: the parameter is overwritten where it lies.
                all[i] = Some(var.as_tensor().detach().copy()?);
                Ok(())
            }
        }
    }

    /// Puts parameter `i` back to where it was.
    pub(super) fn put_back(&self, i: usize, var: &Var) -> Result<()> {
        match self {
            Self::Slices(all) => update(var, |p| p.copy_from_slice(&all[i])),
            Self::Tensors(all) => match &all[i] {
                Some(saved) => replace(var, |_| Ok(saved.clone())),
                None => Ok(()),
            },
        }
    }
}

/// `share` of what was, the rest of `new`; nothing was zero.
pub(super) fn blend(old: Option<&Tensor>, new: &Tensor, share: f64) -> Result<Tensor> {
    let new = (new * (1.0 - share))?;
    match old {
        Some(old) => (old * share)? + new,
        None => Ok(new),
    }
}

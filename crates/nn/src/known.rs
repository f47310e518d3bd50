//! A scalar whose gradient was computed along with it, outside of any graph.

use crate::element::{Element, for_real};
use crate::fused::fused;
use crate::host;
use crate::params::{Held, Param, Params};
use candle_core::{CpuStorage, CustomOp1, Error, Layout, Result, Shape, Tensor};
use disentangle_numerics::real::Real;
use std::sync::Mutex;

/// A scalar of this value whose gradient in parameters, by name, is given, row-major. All other parameters have none.
///
/// # Errors
/// No gradient at all, a name that does not exist, another number of entries, or those of candle.
pub fn with_known_gradient(params: &Params, value: f64, gradient: Vec<(&str, Vec<f64>)>) -> Result<Tensor> {
    let mut list = Vec::with_capacity(gradient.len());
    for (name, values) in gradient {
        let param = params.param(name)?;
        if param.var().elem_count() != values.len() {
            let message = format!("{name}: a gradient of {} entries for {:?}", values.len(), param.var().shape());
            return Err(Error::Msg(message).bt());
        }
        list.push((param.clone(), values));
    }
    let first = list.first().ok_or_else(|| Error::Msg("a known gradient in no parameter".into()).bt())?.0.clone();
    if !fused(first.var().device()) {
        return expression(value, list, first.var().as_tensor());
    }
    // The first parameter ties the operation to the graph; gradients go straight to their slots.
    first.var().apply_op1(Known { value, gradient: Mutex::new(list) })
}

/// The same as a candle expression: products with the gradients, whose values are taken away again.
fn expression(value: f64, list: Vec<(Param, Vec<f64>)>, like: &Tensor) -> Result<Tensor> {
    let mut sum = host::placed(vec![value], (), like)?;
    for (param, values) in list {
        let param = param.var().as_tensor();
        let product = (param * host::placed(values, param.shape(), param)?)?.sum_all()?;
        sum = (sum + (&product - product.detach())?)?;
    }
    Ok(sum)
}

struct Known {
    value: f64,
    gradient: Mutex<Vec<(Param, Vec<f64>)>>,
}

impl CustomOp1 for Known {
    fn name(&self) -> &'static str {
        "known-gradient"
    }

    fn cpu_fwd(&self, first: &CpuStorage, _: &Layout) -> Result<(CpuStorage, Shape)> {
        use candle_core::backend::BackendStorage;
        for_real!(first.dtype(), T => Ok(crate::loss::scalar_storage::<T>(self.value)))
    }

    fn bwd(&self, _: &Tensor, _: &Tensor, gradient: &Tensor) -> Result<Option<Tensor>> {
        let list = self.gradient.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        for_real!(gradient.dtype(), T => {
            let scale = crate::loss::scalar::<T>(gradient)?.wide();
            for (param, values) in list.iter() {
                let (mut sum, held) = param.slot().open::<T>(values.len())?;
                for (sum, value) in sum.iter_mut().zip(values) {
                    let term = T::of(scale * value);
                    *sum = if held == Held::Part { *sum + term } else { term };
                }
                param.slot().put(T::to_storage(sum));
            }
            Ok(None)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Init;
    use candle_core::{DType, Device};

    #[test]
    fn known_gradients_are_scaled_and_added_and_other_parameters_have_none() -> Result<()> {
        for dtype in [DType::F32, DType::F64] {
            scaled_and_added(dtype)?;
            crate::by_expressions(|| scaled_and_added(dtype))?;
        }
        Ok(())
    }

    fn scaled_and_added(dtype: DType) -> Result<()> {
        let mut params = Params::with_dtype(&Device::Cpu, dtype);
        for name in ["a", "b", "c"] {
            params.insert(name, &[2], &Init::ZEROS, 0)?;
        }
        let first = with_known_gradient(&params, 5.0, vec![("a", vec![1.0, 2.0]), ("b", vec![-1.0, 0.5])])?;
        let second = with_known_gradient(&params, 0.25, vec![("b", vec![4.0, 0.0])])?;
        let loss = ((first * 3.0)? + second)?;
        assert_eq!(loss.to_dtype(DType::F64)?.to_scalar::<f64>()?, 15.25);
        let gradients = params.gradients(&loss)?;
        let of = |i: usize| gradients.tensor(i)?.map(|g| g.to_dtype(DType::F64)?.to_vec1::<f64>()).transpose();
        assert_eq!(of(0)?, Some(vec![3.0, 6.0]));
        assert_eq!(of(1)?, Some(vec![1.0, 1.5]));
        assert_eq!(of(2)?, None);
        Ok(())
    }

    #[test]
    fn a_gradient_that_fits_no_parameter_is_refused() -> Result<()> {
        let mut params = Params::new(&Device::Cpu);
        params.insert("a", &[2], &Init::ZEROS, 0)?;
        assert!(with_known_gradient(&params, 0.0, vec![("a", vec![1.0])]).is_err());
        assert!(with_known_gradient(&params, 0.0, vec![("b", vec![1.0])]).is_err());
        assert!(with_known_gradient(&params, 0.0, vec![]).is_err());
        Ok(())
    }
}

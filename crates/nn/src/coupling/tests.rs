//! Laws of couplings as a whole.

use super::*;
use crate::{Init, NamedValues};
use candle_core::{DType, Device};

const KINDS: [Transform; 3] = [
    Transform::Affine { bound: 2.0 },
    Transform::Spline(Spline { bins: 5, bound: 2.5 }),
    Transform::Spline(Spline { bins: 2, bound: 4.0 }),
];

/// A coupling of `cols` columns with random weights, in double precision, and rows inside and outside the splines.
fn coupling(cols: usize, passing: Passing, transform: Transform) -> Result<(Params, Coupling, Tensor)> {
    let mut params = Params::with_dtype(&Device::Cpu, DType::F64);
    let hidden: (&[usize], _) = (&[6], Activation::Tanh);
    let map = Coupling::new(&mut params, "net", cols, (passing, transform), hidden, 3)?;
    let mut data = Params::with_dtype(&Device::Cpu, DType::F64);
    let x = data.insert("x", &[9, cols], &Init::Normal { sd: 1.8 }, 5)?.as_tensor().clone();
    Ok((params, map, x))
}

fn scramble(params: &Params) -> Result<()> {
    let random = |v: &NamedValues| (0..v.values.len()).map(|i| ((i * 7 + v.shape[0]) as f32).sin()).collect();
    let values: Vec<NamedValues> =
        params.export()?.iter().map(|v| NamedValues { values: random(v), ..v.clone() }).collect();
    params.import(&values)
}

fn gap(a: &Tensor, b: &Tensor) -> Result<f64> {
    (a - b)?.abs()?.max_all()?.to_scalar()
}

#[test]
fn a_coupling_begins_as_the_identity() -> Result<()> {
    for transform in KINDS {
        let (_, map, x) = coupling(5, Passing::First, transform)?;
        let (y, log_det) = map.forward(&x)?;
        assert!(gap(&y, &x)? < 1e-14 && log_det.abs()?.max_all()?.to_scalar::<f64>()? < 1e-13, "{transform:?}");
    }
    Ok(())
}

#[test]
fn the_inverse_undoes_a_coupling_and_its_log_determinant() -> Result<()> {
    for transform in KINDS {
        for (cols, passing) in [(2, Passing::First), (5, Passing::First), (5, Passing::Second)] {
            let (params, map, x) = coupling(cols, passing, transform)?;
            scramble(&params)?;
            let (y, forth) = map.forward(&x)?;
            assert!(gap(&y, &x)? > 0.1, "{transform:?} does something");
            let (back, log_det) = map.inverse(&y)?;
            assert!(gap(&back, &x)? < 1e-11 && gap(&log_det.neg()?, &forth)? < 1e-11, "{transform:?}");
        }
    }
    Ok(())
}

#[test]
fn the_log_determinant_is_that_of_the_jacobian_by_differences() -> Result<()> {
    const STEP: f64 = 1e-6;
    for transform in KINDS {
        let (params, map, x) = coupling(3, Passing::Second, transform)?;
        scramble(&params)?;
        let row = x.narrow(0, 4, 1)?;
        let mut columns = Vec::new();
        for j in 0..3 {
            let step = (Tensor::eye(3, DType::F64, &Device::Cpu)?.narrow(0, j, 1)? * STEP)?;
            let difference = (map.forward(&(&row + &step)?)?.0 - map.forward(&(&row - &step)?)?.0)?;
            columns.push((difference * (0.5 / STEP))?);
        }
        let numeric = crate::log_abs_det(&Tensor::cat(&columns, 0)?)?.to_scalar::<f64>()?;
        let exact = map.forward(&row)?.1.to_vec1::<f64>()?[0];
        assert!((numeric - exact).abs() < 1e-8, "{transform:?}: {exact} is not {numeric}");
    }
    Ok(())
}

#[test]
fn one_column_has_nothing_to_couple() {
    let mut params = Params::new(&Device::Cpu);
    let hidden: (&[usize], _) = (&[4], Activation::Tanh);
    assert!(Coupling::new(&mut params, "net", 1, (Passing::First, KINDS[0]), hidden, 0).is_err());
}

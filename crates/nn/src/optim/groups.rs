//! Parameter groups: a factor on the learning rate for all parameters whose names begin alike.

use crate::Params;

/// All parameters whose names begin with `prefix`, such as `encoder.`; the longest prefix that fits decides.
#[derive(Debug, Clone, PartialEq)]
pub struct RateGroup {
    /// Beginning of the names.
    pub prefix: String,
    /// Factor on the learning rate, >= 0; 0 keeps the parameters as they are.
    pub factor: f64,
}

/// The factor of each parameter, 1 where no group fits.
pub(super) fn factors(params: &Params, groups: &[RateGroup]) -> Vec<f64> {
    let factor = |name: &str| {
        let fitting = groups.iter().filter(|group| name.starts_with(&group.prefix));
        fitting.max_by_key(|group| group.prefix.len()).map_or(1.0, |group| group.factor)
    };
    params.iter().map(|param| factor(param.name())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Init;
    use crate::optim::{Adam, AdamSettings, ExtraAdam, Extrapolation, Sgd, SgdSettings, StepSize};
    use candle_core::{Device, Result, Tensor};

    const NAMES: [&str; 4] = ["encoder.bias", "encoder.weight", "head.weight", "other"];

    fn params() -> Result<Params> {
        let mut params = Params::new(&Device::Cpu);
        for name in NAMES {
            params.insert(name, &[2], &Init::Values(vec![1.0, -2.0]), 0)?;
        }
        Ok(params)
    }

    fn groups() -> Vec<RateGroup> {
        let group = |prefix: &str, factor| RateGroup { prefix: prefix.into(), factor };
        vec![group("encoder.weight", 0.25), group("encoder", 0.0), group("head", 2.0)]
    }

    #[test]
    fn the_longest_prefix_decides() -> Result<()> {
        assert_eq!(factors(&params()?, &groups()), [0.0, 0.25, 2.0, 1.0]);
        assert_eq!(factors(&params()?, &[]), [1.0; 4]);
        Ok(())
    }

    /// Five steps on `sum p^2`, the rate multiplied by `factor`, with or without groups.
    fn train(which: usize, factor: f64, groups: &[RateGroup]) -> Result<Vec<Vec<f32>>> {
        let params = params()?;
        let settings = AdamSettings { weight_decay: 0.1, ..AdamSettings::default() };
        let size = StepSize::new(0.05 * factor);
        let mut adam = Adam::new(&params, settings).with_groups(&params, groups);
        let mut extra = ExtraAdam::new(&params, settings, Extrapolation::FromThePast).with_groups(&params, groups);
        let mut sgd = Sgd::new(&params, SgdSettings { momentum: 0.9, weight_decay: 0.1 }).with_groups(&params, groups);
        for _ in 0..5 {
            let gradients = || {
                let zero = Tensor::zeros((), candle_core::DType::F32, &Device::Cpu)?;
                params.gradients(&params.iter().try_fold(zero, |sum, p| sum + p.var().sqr()?.sum_all()?)?)
            };
            match which {
                0 => adam.step(&params, &gradients()?, size)?,
                1 => sgd.step(&params, &gradients()?, size)?,
                _ => {
                    extra.extrapolate_from_the_past(&params, size)?;
                    extra.step(&params, &gradients()?, size)?;
                }
            }
        }
        params.iter().map(|p| p.var().to_vec1::<f32>()).collect()
    }

    #[test]
    fn a_group_learns_as_if_it_were_alone_at_its_own_rate() -> Result<()> {
        for which in 0..3 {
            let got = train(which, 1.0, &groups())?;
            for (i, factor) in [0.0, 0.25, 2.0, 1.0].into_iter().enumerate() {
                let want = &train(which, factor, &[])?[i];
                for (got, want) in got[i].iter().zip(want) {
                    // The factor reaches the rate before or after it is rounded to single precision.
                    assert!((got - want).abs() < 1e-6, "{which} {}: {got} is not {want}", NAMES[i]);
                }
            }
        }
        Ok(())
    }
}

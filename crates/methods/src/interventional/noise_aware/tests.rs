//! The model where everything is known in closed form: constant factors, mixtures of one Gaussian, and q the posterior.

use super::*;
use crate::interventional::start::{FITTED, SCALE, USED};
use disentangle_nn::Device;
use disentangle_numerics::linalg::{apply, dot, inverse, log_abs_det, product};

const K: usize = 2;
const D: usize = 3;

/// Two latents behind the inputs 0, 2 and 3 of four; environment 1 is the reference, 0 and 3 change a latent, 2 takes no part.
fn solved() -> BTreeMap<String, Matrix<f64>> {
    let matrix = |rows, cols, values: &[f64]| Matrix::new(rows, cols, values.to_vec()).expect("its size");
    [
        (SCALE, matrix(2, 4, &[1.0, 0.0, -2.0, 0.5, 2.0, 1.0, 0.5, 1.5])),
        (USED, matrix(1, 3, &[0.0, 2.0, 3.0])),
        (FITTED, matrix(3, 3, &[1.0, -1.0, 1.0 - 2e-14, 0.0, 1.0, 1e-14, 3.0, 0.0, 1e-14])),
    ]
    .into_iter()
    .map(|(name, matrix)| (name.to_owned(), matrix))
    .collect()
}

/// z ~ N(m, S), x | z ~ N(H z + c, (W' W)^-1), in units of the reference.
struct Closed {
    h: Matrix<f64>,
    c: Vec<f64>,
    w: Matrix<f64>,
    m: Vec<f64>,
    sds: Vec<f64>,
}

impl Closed {
    fn new() -> Self {
        Self {
            h: Matrix::from_fn(D, K, |i, j| 0.7 * i as f64 - 0.9 * j as f64 + 0.4),
            c: vec![0.3, -0.2, 0.1],
            w: Matrix::from_fn(D, D, |i, j| if j > i { 0.0 } else { 1.3 - 0.4 * (i - j) as f64 + 0.2 * i as f64 }),
            m: vec![0.2, -0.4],
            sds: vec![0.8, 1.4],
        }
    }

    fn precision(&self) -> Matrix<f64> {
        product(&self.w.transposed(), &self.w)
    }

    fn prior(&self) -> Matrix<f64> {
        Matrix::from_fn(K, K, |i, j| if i == j { self.sds[i].powi(2) } else { 0.0 })
    }

    /// Log-density of x, and mean and covariance of z given it.
    fn of(&self, x: &[f64]) -> (f64, Vec<f64>, Matrix<f64>) {
        let (s, p) = (self.prior(), self.precision());
        let noise = inverse(&p).expect("regular");
        let spread = product(&product(&self.h, &s), &self.h.transposed());
        let covariance = Matrix::from_fn(D, D, |i, j| spread[(i, j)] + noise[(i, j)]);
        let mean: Vec<f64> = apply(&self.h, &self.m).iter().zip(&self.c).map(|(a, b)| a + b).collect();
        let apart: Vec<f64> = x.iter().zip(&mean).map(|(x, m)| x - m).collect();
        let distance = dot(&apart, &apply(&inverse(&covariance).expect("regular"), &apart));
        let log = -0.5 * (distance + log_abs_det(&covariance) + D as f64 * std::f64::consts::TAU.ln());
        let of_noise = product(&product(&self.h.transposed(), &p), &self.h);
        let back = Matrix::from_fn(K, K, |i, j| of_noise[(i, j)] + if i == j { 1.0 / s[(i, i)] } else { 0.0 });
        let posterior = inverse(&back).expect("regular");
        let gain = product(&product(&posterior, &self.h.transposed()), &p);
        let moved: Vec<f64> = apply(&gain, &apart).iter().zip(&self.m).map(|(a, b)| a + b).collect();
        (log, moved, posterior)
    }
}

/// The network with these numbers, and q the posterior in the reference.
fn network(closed: &Closed) -> Result<(Params, NoiseAware)> {
    let config =
        InterventionalConfig { hidden: vec![4], mixture_components: 1, importance_samples: 3, ..Default::default() };
    let mut params = Params::with_dtype(&Device::Cpu, disentangle_nn::DType::F64);
    let network = NoiseAware::new(&mut params, &config, &solved(), 1)?;
    let set = |name: &str, values: Vec<f64>| {
        let var = params.get(name)?;
        var.set(&Tensor::from_vec(values, var.shape(), &Device::Cpu)?)
    };
    let logged = |factor: &Matrix<f64>| {
        let n = factor.rows();
        let at = |i, j| if i == j { f64::ln(factor[(i, j)]) } else { factor[(i, j)] };
        let entries = (0..n * n).map(move |e| at(e / n, e % n)).collect::<Vec<f64>>();
        std::iter::repeat_n(0.0, n).chain(entries).collect::<Vec<f64>>()
    };
    for name in ["encoder.1.weight", "decoder.1.weight"] {
        set(name, vec![0.0; params.get(name)?.elem_count()])?;
    }
    set("decoder.linear.weight", closed.h.transposed().into_data())?;
    set("decoder.linear.bias", closed.c.clone())?;
    set("decoder.1.bias", logged(&closed.w))?;
    // The changed mixtures are far away: rows of their environments would have another bound.
    set("mixtures.mean", [closed.m.clone(), vec![9.0, -9.0]].concat())?;
    set("mixtures.logSd", closed.sds.iter().map(|sd| sd.ln()).chain([0.0, 0.0]).collect())?;
    let (_, origin, posterior) = closed.of(&[0.0; D]);
    let column = |j: usize| {
        let x: Vec<f64> = (0..D).map(|i| f64::from(u8::from(i == j))).collect();
        closed.of(&x).1.iter().zip(&origin).map(|(a, b)| a - b).collect::<Vec<f64>>()
    };
    set("encoder.linear.weight", (0..D).flat_map(column).collect())?;
    let (a, b, c) = (posterior[(0, 0)].sqrt(), posterior[(1, 0)], posterior[(1, 1)]);
    let root = Matrix::new(K, K, vec![a, 0.0, b / a, (c - (b / a).powi(2)).sqrt()]).expect("2 x 2");
    set("encoder.linear.bias", origin)?;
    set("encoder.1.bias", logged(&root))?;
    Ok((params, network))
}

/// Rows in units of the reference, and as inputs.
fn rows() -> (Vec<[f64; D]>, Tensor) {
    let rows: Vec<[f64; D]> = vec![[0.1, 0.2, -0.3], [1.5, -1.0, 0.4], [-2.0, 0.0, 1.0]];
    let inputs: Vec<f64> =
        rows.iter().flat_map(|x| [2.0 * x[0] + 1.0, 77.0, 0.5 * x[1] - 2.0, 1.5 * x[2] + 0.5]).collect();
    let tensor = Tensor::from_vec(inputs, (rows.len(), 4), &Device::Cpu).expect("3 x 4");
    (rows, tensor)
}

fn batch(inputs: &Tensor, nodes: [u32; 3], stage: &'static str) -> Batch {
    Batch {
        inputs: inputs.clone(),
        targets: Tensor::zeros(0, inputs.dtype(), &Device::Cpu).expect("nothing"),
        given: Vec::new(),
        nodes: nodes.to_vec(),
        tasks: Vec::new(),
        draws: Stream::new(3, "draws").at(1),
        stage,
        phase: Phase::Evaluate,
        progress: 0.0,
    }
}

#[test]
fn both_bounds_are_the_evidence_where_q_is_the_posterior() -> Result<()> {
    let closed = Closed::new();
    let (_params, network) = network(&closed)?;
    let (rows, inputs) = rows();
    let evidence: f64 = rows.iter().map(|x| closed.of(x).0).sum::<f64>() / 3.0;
    for stage in [BOUND, WEIGHTED] {
        let loss = network.loss(&batch(&inputs, [1, 1, 1], stage))?[0].value.to_scalar::<f64>()?;
        assert!((loss + evidence).abs() < 1e-10, "{stage}: {loss} {evidence}");
    }
    // Rows of an environment that takes no part do not count, and without others there is nothing to learn.
    let first = network.loss(&batch(&inputs, [1, 2, 2], BOUND))?[0].value.to_scalar::<f64>()?;
    assert!((first + closed.of(&rows[0]).0).abs() < 1e-10, "{first}");
    assert_eq!(network.loss(&batch(&inputs, [2, 2, 2], BOUND))?[0].value.to_scalar::<f64>()?, 0.0);
    // In the environment that changes latent 2 its mixture is another one: the bound is lower by what that costs.
    let changed = network.loss(&batch(&inputs, [0, 0, 0], BOUND))?[0].value.to_scalar::<f64>()?;
    assert!(changed > first + 10.0, "{changed}");
    Ok(())
}

#[test]
fn the_code_of_a_row_is_its_posterior_mean_and_the_same_wherever_it_stands() -> Result<()> {
    let closed = Closed::new();
    let (_params, network) = network(&closed)?;
    let (rows, inputs) = rows();
    let Posterior { mean, covariance, left } = network.posterior(&inputs, None)?;
    let (mean, spread, left) = (mean.to_vec2::<f64>()?, covariance.to_vec3::<f64>()?, left.to_vec2::<f64>()?);
    for (row, x) in rows.iter().enumerate() {
        let (_, expected, covariance) = closed.of(x);
        for j in 0..K {
            // Weights are equal, and mirror images cancel.
            assert!((mean[row][j] - expected[j]).abs() < 1e-9, "{row} {j}: {mean:?} {expected:?}");
            for l in 0..K {
                // 64 draws: a standard error of a variance of a sixth.
                let unit = (covariance[(j, j)] * covariance[(l, l)]).sqrt();
                assert!((spread[row][j][l] - covariance[(j, l)]).abs() < 0.5 * unit, "{row} {j} {l}: {spread:?}");
            }
        }
    }
    for (row, x) in rows.iter().enumerate() {
        // The decoder is linear here: what it makes of the draws is on average what it makes of their mean.
        let made = apply(&closed.h, &closed.of(x).1);
        for i in 0..D {
            let expected = x[i] - made[i] - closed.c[i];
            assert!((left[row][i] - expected).abs() < 1e-9, "{row} {i}: {left:?} {expected}");
        }
    }
    let alone = network.encode(&inputs.narrow(0, 1, 1)?)?.to_vec2::<f64>()?;
    assert_eq!(alone[0], mean[1]);
    Ok(())
}

#[test]
fn a_known_environment_stands_in_place_of_the_mixture_over_all() -> Result<()> {
    let closed = Closed::new();
    let (params, network) = network(&closed)?;
    let (rows, inputs) = rows();
    // What q is the posterior of is now environment 0, which changes latent 2; in the reference that is elsewhere.
    let set =
        |name: &str, values: [f64; 4]| params.get(name)?.set(&Tensor::new(&values, &Device::Cpu)?.reshape((4, 1))?);
    set("mixtures.mean", [closed.m[0], 4.0, closed.m[1], -9.0])?;
    set("mixtures.logSd", [closed.sds[0].ln(), 0.0, closed.sds[1].ln(), 0.0])?;
    let known = network.encode_in(&inputs, &[0, 0, 0])?.to_vec2::<f64>()?;
    let unknown = network.encode(&inputs)?.to_vec2::<f64>()?;
    for (row, x) in rows.iter().enumerate() {
        let (_, expected, _) = closed.of(x);
        for j in 0..K {
            assert!((known[row][j] - expected[j]).abs() < 1e-9, "{row} {j}: {known:?} {expected:?}");
        }
        // Of an unknown environment almost all rows are those of the reference.
        assert!(unknown[row][1] > expected[1] + 0.1, "{row}: {unknown:?} {expected:?}");
    }
    // Environment 2 took no part: nothing is known of its mechanisms. Each row has its own environment.
    let some = network.encode_in(&inputs, &[0, 2, 0])?.to_vec2::<f64>()?;
    assert_eq!(some, vec![known[0].clone(), unknown[1].clone(), known[2].clone()]);
    let reference = network.encode_in(&inputs, &[1, 1, 1])?.to_vec2::<f64>()?;
    for (row, other) in reference.iter().zip(&unknown) {
        assert!(row.iter().zip(other).all(|(a, b)| (a - b).abs() < 1e-6), "{reference:?} {unknown:?}");
    }
    Ok(())
}

#[test]
fn a_code_decodes_to_the_mean_of_its_inputs_and_an_unused_input_to_that_of_the_reference() -> Result<()> {
    let closed = Closed::new();
    let (_params, network) = network(&closed)?;
    let code = Tensor::new(&[[0.5f64, -1.0]], &Device::Cpu)?;
    let decoded = network.decode(&code)?.expect("a decoder").to_vec2::<f64>()?;
    let x: Vec<f64> = apply(&closed.h, &[0.5, -1.0]).iter().zip(&closed.c).map(|(a, b)| a + b).collect();
    let expected = [2.0 * x[0] + 1.0, 0.0, 0.5 * x[1] - 2.0, 1.5 * x[2] + 0.5];
    for (decoded, expected) in decoded[0].iter().zip(expected) {
        assert!((decoded - expected).abs() < 1e-10, "{decoded} {expected}");
    }
    Ok(())
}

#[test]
fn every_parameter_receives_a_gradient() -> Result<()> {
    let mut params = Params::new(&Device::Cpu);
    let config = InterventionalConfig { hidden: vec![4], ..Default::default() };
    let network = NoiseAware::new(&mut params, &config, &solved(), 1)?;
    let inputs = rows().1.to_dtype(disentangle_nn::DType::F32)?;
    for stage in [BOUND, WEIGHTED] {
        let loss = network.loss(&batch(&inputs, [0, 1, 3], stage))?.remove(0).value;
        let gradients = params.gradients(&loss)?;
        for (i, param) in params.iter().enumerate() {
            let gradient = gradients.tensor(i)?.expect("a gradient").flatten_all()?.to_vec1::<f32>()?;
            assert!(gradient.iter().any(|&g| g != 0.0), "{stage}: {} never moves", param.name());
        }
    }
    Ok(())
}

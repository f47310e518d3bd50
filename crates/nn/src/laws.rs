//! One table of operations, one body of laws: a new operation is one line in `cases` and inherits every test.

use super::*;
use candle_core::{DType, Device, Result, Tensor, Var};
use disentangle_data::Stream;
use disentangle_numerics::compute::Compute;

mod flows;
mod images;
mod layers;

type Expression = Box<dyn Fn() -> Result<Tensor>>;

/// An operation on parameters, beside the same mathematics as plain candle expressions.
struct Case {
    name: String,
    params: Params,
    fused: Expression,
    plain: Expression,
}

/// Builds cases whose inputs are all parameters, so that every gradient is asked for.
struct Builder {
    params: Params,
}

impl Builder {
    fn new(dtype: DType) -> Self {
        Self { params: Params::with_dtype(&Device::Cpu, dtype) }
    }

    fn input(&mut self, shape: &[usize]) -> Result<Tensor> {
        let name = format!("input.{}", self.params.len());
        Ok(self.params.insert(&name, shape, &Init::Normal { sd: 1.0 }, 7)?.as_tensor().clone())
    }

    fn case(self, name: impl Into<String>, fused: Expression, plain: Expression) -> Case {
        Case { name: name.into(), params: self.params, fused, plain }
    }
}

const ACTIVATIONS: [Activation; 7] = [
    Activation::Identity,
    Activation::LeakyRelu(0.2),
    Activation::Relu,
    Activation::Elu,
    Activation::Tanh,
    Activation::Sigmoid,
    Activation::Softplus,
];

/// Every operation on a batch of `n`, with odd widths.
fn cases(n: usize, dtype: DType) -> Result<Vec<Case>> {
    let mut all = Vec::new();
    for activation in ACTIVATIONS {
        let mut b = Builder::new(dtype);
        let (x, w, c) = (b.input(&[n, 5])?, b.input(&[5, 3])?, b.input(&[3])?);
        let (x2, w2, c2) = (x.clone(), w.clone(), c.clone());
        all.push(b.case(
            format!("dense {activation:?}"),
            Box::new(move || dense(&x, &w, &c, activation)),
            Box::new(move || dense_expression(&x2, &w2, &c2, activation)),
        ));

        let mut b = Builder::new(dtype);
        let x = b.input(&[n, 3])?;
        let net = Mlp::new(&mut b.params, "net", &[3, 7, 1, 4], activation, Activation::Identity, 3)?;
        let (x2, net2) = (x.clone(), net.clone());
        all.push(b.case(
            format!("mlp {activation:?}"),
            Box::new(move || net.forward(&x)),
            Box::new(move || net2.forward_expression(&x2)),
        ));
    }

    let mut b = Builder::new(dtype);
    let x = b.input(&[n, 3])?;
    let net = Mlp::new(&mut b.params, "net", &[3, 3], Activation::Tanh, Activation::Tanh, 3)?;
    let (x2, net2) = (x.clone(), net.clone());
    all.push(b.case(
        "mlp applied twice, beside another use of its weight",
        Box::new(move || net.forward(&net.forward(&x)?)? + l1(&x, 0.5)?.broadcast_as((n, 3))?),
        Box::new(move || {
            let once = net2.forward_expression(&x2)?;
            net2.forward_expression(&once)? + (x2.abs()?.sum_all()? * 0.5)?.broadcast_as((n, 3))?
        }),
    ));

    let mut b = Builder::new(dtype);
    let (p, t) = (b.input(&[n, 17])?, b.input(&[n, 17])?);
    let (p2, t2) = (p.clone(), t.clone());
    all.push(b.case(
        "mean squared error",
        Box::new(move || mean_squared_error(&p, &t)),
        Box::new(move || (&p2 - &t2)?.sqr()?.mean_all()),
    ));

    let mut b = Builder::new(dtype);
    let x = b.input(&[n, 19])?;
    let x2 = x.clone();
    all.push(b.case("l1", Box::new(move || l1(&x, 0.3)), Box::new(move || x2.abs()?.sum_all()? * 0.3)));

    let mut b = Builder::new(dtype);
    let (h, heads) = (b.input(&[n, 3])?, b.input(&[4, 3])?);
    let codes: Vec<u32> = (0..n as u32).map(|i| (i * 7 + 1) % 4).collect();
    let (h2, heads2, codes2) = (h.clone(), heads.clone(), codes.clone());
    all.push(b.case(
        "head product",
        Box::new(move || head_product(&h, &heads, &codes)),
        Box::new(move || head_product_expression(&h2, &heads2, &codes2)),
    ));

    let mut b = Builder::new(dtype);
    let (w0, delta) = (b.input(&[3])?, b.input(&[6, 3])?);
    let tree = Topology::new(&[Some(2), Some(0), None, Some(0), Some(2), Some(4)])?;
    let (w2, d2, tree2) = (w0.clone(), delta.clone(), tree.clone());
    all.push(b.case(
        "tree heads",
        Box::new(move || tree_heads(&w0, &delta, &tree)),
        Box::new(move || tree_heads_expression(&w2, &d2, &tree2)),
    ));

    for affine in [Affine::Learnt, Affine::None] {
        let mut b = Builder::new(dtype);
        // A batch of one is normalised by constants, which the plain expression does not know.
        let x = b.input(&[n.max(2), 3])?;
        let norm = BatchNorm::new(&mut b.params, "norm", 3, affine)?;
        let (x2, norm2) = (x.clone(), norm.clone());
        all.push(b.case(
            format!("batch norm {affine:?}"),
            Box::new(move || norm.forward(&x)),
            Box::new(move || norm2.forward_expression(&x2)),
        ));
    }

    let mut b = Builder::new(dtype);
    let (x, m, v) = (b.input(&[n, 5])?, b.input(&[n, 5])?, b.input(&[5])?);
    let (x2, m2, v2) = (x.clone(), m.clone(), v.clone());
    all.push(b.case(
        "gaussian log-likelihood, one variance for all rows",
        Box::new(move || gaussian_log_likelihood(&x, &m, &v)),
        Box::new(move || {
            let v = v2.broadcast_as((n, 5))?;
            let distance = (&x2 - &m2)?.sqr()?.div(&v.exp()?)?;
            ((distance + v)? + std::f64::consts::TAU.ln())?.sum(1)? * -0.5
        }),
    ));

    let mut b = Builder::new(dtype);
    let (m, v, pm, pv) = (b.input(&[n, 3])?, b.input(&[n, 3])?, b.input(&[n, 3])?, b.input(&[n, 3])?);
    let (m2, v2, pm2, pv2) = (m.clone(), v.clone(), pm.clone(), pv.clone());
    all.push(b.case(
        "kl of gaussians",
        Box::new(move || gaussian_kl(&m, &v, &pm, &pv)),
        Box::new(move || {
            let spread = (v2.exp()? + (&m2 - &pm2)?.sqr()?)?.div(&pv2.exp()?)?;
            (((&pv2 - &v2)? + spread)? - 1.0)?.sum(1)? * 0.5
        }),
    ));

    let mut b = Builder::new(dtype);
    let (x, l) = (b.input(&[n, 7])?, b.input(&[n, 7])?);
    let (x2, l2) = (x.clone(), l.clone());
    all.push(b.case(
        "bernoulli log-likelihood",
        Box::new(move || bernoulli_log_likelihood(&x, &l)),
        Box::new(move || {
            let p = (l2.neg()?.exp()? + 1.0)?.recip()?;
            ((&x2 * p.log()?)? + (x2.affine(-1.0, 1.0)? * p.affine(-1.0, 1.0)?.log()?)?)?.sum(1)
        }),
    ));
    let mut b = Builder::new(dtype);
    // Enough rows for heads, and for classes that no line parts.
    let rows = n.max(24) as u32;
    let h = b.input(&[rows as usize, 3])?;
    let task = |kind, value: fn(u32) -> f64, rows: std::sync::Arc<[u32]>| TaskRows {
        kind,
        values: rows.iter().map(|&i| value(i)).collect(),
        rows,
    };
    let tasks = vec![
        task(TaskKind::Regression, |i| f64::from(i * i % 7), (0..rows).step_by(2).collect()),
        task(TaskKind::Binary, |i| f64::from(i * 5 % 3 == 0), (0..rows).collect()),
    ];
    let (h2, tasks2) = (h.clone(), tasks.clone());
    all.push(b.case(
        "task loss",
        Box::new(move || task_loss(&h, tasks.clone(), 0.0)),
        Box::new(move || task_loss_expression(&h2, &tasks2, 0.0)),
    ));
    all.extend(layers::cases(n, dtype)?);
    all.extend(flows::cases(n, dtype)?);
    all.extend(images::cases(n, dtype)?);
    Ok(all)
}

/// A scalar that weighs every output entry differently, so that no gradient hides behind a symmetry.
fn weighed(output: &Tensor) -> Result<Tensor> {
    let mut stream = Stream::new(11, "weights");
    let values: Vec<f64> = (0..output.elem_count()).map(|_| stream.normal()).collect();
    let weights = Tensor::from_vec(values, output.shape(), &Device::Cpu)?.to_dtype(output.dtype())?;
    (output * weights)?.sum_all()
}

fn flat(tensor: &Tensor) -> Result<Vec<f64>> {
    tensor.flatten_all()?.to_dtype(DType::F64)?.to_vec1()
}

fn assert_close(name: &str, got: &[f64], want: &[f64], atol: f64) {
    assert_eq!(got.len(), want.len(), "{name}");
    for (i, (got, want)) in got.iter().zip(want).enumerate() {
        assert!((got - want).abs() <= atol * (1.0 + want.abs()), "{name}, entry {i}: {got} is not {want}");
    }
}

/// The gradients of a case, zeros where the loss does not depend on a parameter.
fn gradients(case: &Case, output: &Expression) -> Result<Vec<Vec<f64>>> {
    let gradients = case.params.gradients(&weighed(&output()?)?)?;
    let one = |(i, param): (usize, &Param)| match gradients.tensor(i)? {
        Some(gradient) => flat(&gradient),
        None => Ok(vec![0.0; param.var().elem_count()]),
    };
    case.params.iter().enumerate().map(one).collect()
}

fn set(var: &Var, values: &[f64]) -> Result<()> {
    var.set(&Tensor::from_slice(values, var.shape(), &Device::Cpu)?.to_dtype(var.dtype())?)
}

#[test]
fn fused_operations_agree_with_their_plain_expressions() -> Result<()> {
    for n in [1, 2, 65] {
        // f64: the order of sums; f32: the same with 2^-24 and the stated ulps of the vectorised functions.
        for (dtype, atol) in [(DType::F64, 1e-12), (DType::F32, 5e-5)] {
            for case in cases(n, dtype)? {
                let name = format!("{} at batch {n} in {dtype:?}", case.name);
                // Heads of two classes are found by iterations, which end where they promise less than 1e-16: at a head its root away.
                let atol = if case.name == "task loss" { f64::max(atol, 1e-10) } else { atol };
                assert_close(&name, &flat(&(case.fused)()?)?, &flat(&(case.plain)()?)?, atol);
                let (fused, plain) = (gradients(&case, &case.fused)?, gradients(&case, &case.plain)?);
                for (param, (fused, plain)) in case.params.iter().zip(fused.iter().zip(&plain)) {
                    assert_close(&format!("{name}, gradient of {}", param.name()), fused, plain, atol);
                }
            }
        }
    }
    Ok(())
}

#[test]
fn gradients_are_central_differences() -> Result<()> {
    const STEP: f64 = 1e-5;
    for n in [1, 3] {
        for case in cases(n, DType::F64)? {
            let loss = || -> Result<f64> { weighed(&(case.fused)()?)?.to_scalar::<f64>() };
            let analytic = gradients(&case, &case.fused)?;
            for (param, analytic) in case.params.iter().zip(&analytic) {
                let at = flat(param.var())?;
                let mut numeric = Vec::with_capacity(at.len());
                for i in 0..at.len() {
                    let mut moved = at.clone();
                    moved[i] = at[i] + STEP;
                    set(param.var(), &moved)?;
                    let above = loss()?;
                    moved[i] = at[i] - STEP;
                    set(param.var(), &moved)?;
                    numeric.push((above - loss()?) / (2.0 * STEP));
                }
                set(param.var(), &at)?;
                // Truncation 1e-10 and cancellation 1e-16 / 1e-5, both times the size of the terms.
                assert_close(&format!("{} at batch {n}, {}", case.name, param.name()), analytic, &numeric, 1e-7);
            }
        }
    }
    Ok(())
}

#[test]
fn nan_reaches_the_output_from_every_input() -> Result<()> {
    for dtype in [DType::F32, DType::F64] {
        for case in cases(9, dtype)? {
            for param in case.params.iter() {
                let at = flat(param.var())?;
                // The last entry: never a row that an operation may ignore.
                let mut poisoned = at.clone();
                poisoned[at.len() - 1] = f64::NAN;
                set(param.var(), &poisoned)?;
                let output = flat(&(case.fused)()?)?;
                assert!(output.iter().any(|v| v.is_nan()), "{} hides NaN in {}", case.name, param.name());
                set(param.var(), &at)?;
            }
        }
    }
    Ok(())
}

#[test]
fn two_threads_give_the_bits_of_one() -> Result<()> {
    for case in cases(300, DType::F32)? {
        let run = |threads| {
            Compute::with_threads(threads)
                .run(|| -> Result<_> { Ok((flat(&(case.fused)()?)?, gradients(&case, &case.fused)?)) })
        };
        assert_eq!(run(1)?, run(2)?, "{}", case.name);
    }
    Ok(())
}

#[test]
fn data_get_no_gradient_and_parameters_do() -> Result<()> {
    let mut b = Builder::new(DType::F32);
    let net = Mlp::new(&mut b.params, "net", &[3, 4, 2], Activation::Elu, Activation::Identity, 1)?;
    let unused = b.input(&[2])?;
    let x = Tensor::ones((5, 3), DType::F32, &Device::Cpu)?;
    let gradients = b.params.gradients(&net.forward(&x)?.sum_all()?)?;
    assert_eq!((0..5).map(|i| gradients.has(i)).collect::<Vec<_>>(), [true, true, true, true, false]);
    assert_eq!(unused.dims(), [2]);
    assert!(gradients.norm()? > 0.0);
    Ok(())
}

#[test]
fn applying_a_network_gives_the_bits_of_its_forward_pass() -> Result<()> {
    let mut b = Builder::new(DType::F32);
    let x = b.input(&[33, 3])?;
    let net = Mlp::new(&mut b.params, "net", &[3, 8, 5, 2], Activation::Tanh, Activation::Sigmoid, 1)?;
    assert_eq!(flat(&net.apply(&x)?)?, flat(&net.forward(&x)?)?);
    assert!(!net.apply(&x)?.track_op());
    Ok(())
}

#[test]
fn the_conventions_at_zero_hold() -> Result<()> {
    let mut params = Params::with_dtype(&Device::Cpu, DType::F64);
    let x = params.insert("x", &[1, 1], &Init::ZEROS, 0)?;
    let one = Tensor::ones((1, 1), DType::F64, &Device::Cpu)?;
    let zero = Tensor::zeros(1, DType::F64, &Device::Cpu)?;
    let want = [1.0, 0.2, 0.0, 1.0, 1.0, 0.25, 0.5];
    for (activation, want) in ACTIVATIONS.into_iter().zip(want) {
        for y in [dense(&x, &one, &zero, activation)?, dense_expression(&x, &one, &zero, activation)?] {
            let gradient = params.gradients(&y.sum_all()?)?.tensor(0)?.expect("x has a gradient");
            assert_eq!(flat(&gradient)?, [want], "{activation:?}");
        }
    }
    let gradient = params.gradients(&l1(&x, 1.0)?)?.tensor(0)?.expect("x has a gradient");
    assert_eq!(flat(&gradient)?, [0.0]);
    Ok(())
}

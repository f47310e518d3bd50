//! Encoder, causal layer, masks and decoder.

use super::CausalVaeConfig;
use crate::conditional_vae::account::{Look, Looked};
use disentangle_data::Matrix;
use disentangle_engine::method::{Batch, Dimensions, Network, Term};
use disentangle_nn::{
    Activation, GroupedMlp, Init, Layer, Mlp, Numbers, Params, gaussian_kl, host, log_abs_det, matrix_inverse,
    mean_squared_error, normals_like, reparameterise,
};
use disentangle_nn::{Result, Tensor, Var};

const HIDDEN: Activation = Activation::LeakyRelu(0.1);
/// Weights of KL(q(e | x) || N(0, I)), of h and of h^2.
const NOISE: f64 = 0.3;
const CYCLES: [f64; 2] = [3.0, 0.5];

#[derive(Debug)]
pub(super) struct CausalNetwork {
    labels: usize,
    mean: Mlp,
    log_variance: Mlp,
    decoder: Mlp,
    /// Where there are several labels.
    causal: Option<Causal>,
    variance: f64,
}

#[derive(Debug)]
struct Causal {
    /// [c, c], from cause to effect; its diagonal counts as 0.
    weights: Var,
    masks: GroupedMlp,
}

impl Causal {
    fn new(params: &mut Params, labels: usize, hidden: usize, seed: u64) -> Result<Self> {
        let sizes = [labels, hidden, 1];
        Ok(Self {
            weights: params.insert("graph.weight", &[labels, labels], &Init::ZEROS, seed)?,
            masks: GroupedMlp::new(params, "masks", labels, &sizes, [HIDDEN, Activation::Identity], seed)?,
        })
    }
}

impl CausalNetwork {
    pub(super) fn new(
        params: &mut Params,
        dimensions: &Dimensions,
        config: &CausalVaeConfig,
        seed: u64,
    ) -> Result<Self> {
        let labels = dimensions.targets.max(1);
        let (d, k) = (dimensions.inputs, labels * config.latent_dim);
        let mlp = |params: &mut Params, name: &str, inputs: usize, outputs: usize| {
            let sizes: Vec<usize> =
                std::iter::once(inputs).chain(config.hidden.iter().copied()).chain([outputs]).collect();
            Mlp::glorot(params, name, &sizes, HIDDEN, Activation::Identity, seed)
        };
        Ok(Self {
            labels,
            mean: mlp(params, "encoder.mean", d, k)?,
            log_variance: mlp(params, "encoder.logVariance", d, k)?,
            decoder: mlp(params, "decoder", k, d)?,
            causal: (labels > 1).then(|| Causal::new(params, labels, config.mask_hidden, seed)).transpose()?,
            variance: config.decoder_variance,
        })
    }

    /// A, without its diagonal, of the kind of `like`.
    fn causes(&self, like: &Tensor) -> Result<Tensor> {
        let eye = Tensor::eye(self.labels, like.dtype(), like.device())?;
        match &self.causal {
            Some(causal) => causal.weights.as_tensor() * eye.affine(-1.0, 1.0)?,
            None => eye.zeros_like(),
        }
    }

    /// I - A.
    fn rest(&self, a: &Tensor) -> Result<Tensor> {
        Tensor::eye(self.labels, a.dtype(), a.device())? - a
    }

    /// Every group of latents of a row as a row of its own: (b, k) to (b w, c).
    fn groups(&self, rows: &Tensor) -> Result<Tensor> {
        let (b, k) = rows.dims2()?;
        rows.reshape((b * k / self.labels, self.labels))
    }

    /// `z' = e' (I - A)^-1` of each group: (b, k) to (b, k).
    fn caused(&self, noises: &Tensor, mixing: &Tensor) -> Result<Tensor> {
        self.groups(noises)?.matmul(mixing)?.reshape(noises.shape())
    }

    /// The terms of the loss with the given labels `u (b, c)` and `noise (b, k)` of the sample.
    pub(super) fn terms(&self, inputs: &Tensor, u: &Tensor, noise: &Tensor) -> Result<Vec<Term>> {
        let (b, k) = noise.dims2()?;
        let (c, w) = (self.labels, k / self.labels);
        let (mean, log_variance) = (self.mean.forward(inputs)?, self.log_variance.forward(inputs)?);
        let a = self.causes(&mean)?;
        let rest = self.rest(&a)?;
        let mixing = matrix_inverse(&rest)?;
        let z = self.caused(&reparameterise(&mean, &log_variance, noise)?, &mixing)?;
        // -log p(x | z) without its constant: a sum over inputs, a mean over rows.
        let weight = self.decoder.outputs() as f64 / (2.0 * self.variance);
        let reconstruction = (mean_squared_error(&self.decoder.forward(&z)?, inputs)? * weight)?;

        let zeros = mean.zeros_like()?;
        let noises = (gaussian_kl(&mean, &log_variance, &zeros, &zeros)?.mean_all()? * NOISE)?;

        // KL(N(m, S) || N(u, I)) = (tr S + |m - u|^2 - k - log det S) / 2 ; log det S = sum_i v_i - 2 w log |det(I - A)|.
        let wanted = u.unsqueeze(1)?.broadcast_as((b, w, c))?.reshape((b, k))?;
        let spread = self.caused(&log_variance.exp()?, &mixing.sqr()?)?;
        let apart = (self.caused(&mean, &mixing)? - wanted)?.sqr()?;
        let each = ((spread + apart)? - &log_variance)?.affine(0.5, -0.5)?;
        let concepts = ((each.sum_all()? / b as f64)? + (log_abs_det(&rest)? * w as f64)?)?;

        let mut terms = vec![
            Term { name: "reconstruction", value: reconstruction },
            Term { name: "noises", value: noises },
            Term { name: "concepts", value: concepts },
        ];
        if let Some(Causal { masks, .. }) = &self.causal {
            let groups = self.groups(&z)?;
            let seen = groups.unsqueeze(1)?.broadcast_mul(&a.t()?.contiguous()?)?.reshape((b * w, c * c))?;
            let masked = ((masks.forward(&seen)? - &groups)?.sqr()?.sum_all()? / b as f64)?;
            let labels = ((u - u.matmul(&a)?)?.sqr()?.sum_all()? / b as f64)?;
            terms.push(Term { name: "masks", value: masked });
            terms.push(Term { name: "labels", value: labels });
            terms.push(Term { name: "cycles", value: cycles(&a)? });
        }
        Ok(terms)
    }

    /// The weights of the causal layer, c x c, from cause to effect.
    pub(super) fn weights(&self) -> Result<Matrix<f64>> {
        let Some(Causal { weights, .. }) = &self.causal else { return Ok(Matrix::zeros(self.labels, self.labels)) };
        let values = host::doubles(weights)?;
        Ok(Matrix::from_fn(self.labels, self.labels, |i, j| values[i * self.labels + j]))
    }

    /// (I - A)^-1 outside any graph.
    fn mixing(&self, like: &Tensor) -> Result<Tensor> {
        matrix_inverse(&self.rest(&self.causes(like)?)?).map(|mixing| mixing.detach())
    }
}

/// 3 h + h^2 / 2 with h(A) = tr (I + A o A / c)^c - c.
fn cycles(a: &Tensor) -> Result<Tensor> {
    let c = a.dim(0)?;
    let eye = Tensor::eye(c, a.dtype(), a.device())?;
    let step = (&eye + (a.sqr()? / c as f64)?)?;
    let power = (1..c).try_fold(step.clone(), |power, _| power.matmul(&step))?;
    let h = (power * eye)?.sum_all()?.affine(1.0, -(c as f64))?;
    (&h * CYCLES[0])? + (h.sqr()? * CYCLES[1])?
}

impl Network for CausalNetwork {
    fn loss(&self, batch: &Batch) -> Result<Vec<Term>> {
        let targets = match batch.targets.rank() {
            1 => batch.targets.unsqueeze(1)?,
            _ => batch.targets.clone(),
        };
        // A gap counts as 0, the mean of a standardised label.
        let u = targets.eq(&targets)?.where_cond(&targets, &targets.zeros_like()?)?;
        let noise = normals_like(&mut batch.draws.clone(), &batch.inputs, self.mean.outputs())?;
        self.terms(&batch.inputs, &u, &noise)
    }

    fn encode(&self, inputs: &Tensor) -> Result<Tensor> {
        self.caused(&self.mean.apply(inputs)?, &self.mixing(inputs)?)
    }

    fn decode(&self, codes: &Tensor) -> Result<Option<Tensor>> {
        self.decoder.apply(codes).map(Some)
    }

    fn encoder_layers(&self) -> Result<Option<Vec<Layer>>> {
        let Some(Causal { weights, .. }) = &self.causal else { return Ok(Some(self.mean.layers())) };
        let mixing = host::singles(&self.mixing(weights.as_tensor())?)?;
        let (c, k) = (self.labels, self.mean.outputs());
        let entry = |i: usize, j: usize| if i / c == j / c { mixing[i % c * c + j % c] } else { 0.0 };
        let causal = Layer::Dense {
            weight: Numbers::Single(Matrix::from_fn(k, k, entry)),
            bias: None,
            activation: Activation::Identity,
        };
        Ok(Some(self.mean.layers().into_iter().chain([causal]).collect()))
    }

    fn decoder_layers(&self) -> Result<Option<Vec<Layer>>> {
        Ok(Some(self.decoder.layers()))
    }
}

impl Look for CausalNetwork {
    fn look(&self, inputs: &Tensor) -> Result<Looked> {
        let mixing = self.mixing(inputs)?;
        let mean = self.caused(&self.mean.apply(inputs)?, &mixing)?;
        Ok(Looked {
            decoded: self.decoder.apply(&mean)?,
            variance: self.caused(&self.log_variance.apply(inputs)?.exp()?, &mixing.sqr()?)?,
            facts: Vec::new(),
            seen: inputs.clone(),
            mean,
        })
    }
}

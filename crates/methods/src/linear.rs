//! What linear methods stand on: a network that passes inputs on, and what the variances along
//! the principal axes of the inputs say.

use disentangle_data::Matrix;
use disentangle_data::Result;
use disentangle_data::prepare::{Prepared, Warning};
use disentangle_data::split::Split;
use disentangle_engine::method::{Batch, CENTER, Network, State, Term};
use disentangle_engine::results::{Candidate, Choice, Fact};
use disentangle_nn::{Error, Layer, Tensor};
use disentangle_numerics::dimension::{Dimension, dimension};
use disentangle_numerics::moments::covariance_of_rows;
use disentangle_numerics::principal_axes::{PrincipalAxes, rank};

/// A network without parameters whose code is its input: for methods whose latents are a solved linear map
/// (`method::MAP`) of the standardised inputs. Such a method has no stage of descent.
#[derive(Debug, Clone, Copy)]
pub struct IdentityNetwork;

impl Network for IdentityNetwork {
    fn loss(&self, _: &Batch) -> disentangle_nn::Result<Vec<Term>> {
        Err(Error::Msg("a network without parameters has no loss".into()).bt())
    }

    fn encode(&self, inputs: &Tensor) -> disentangle_nn::Result<Tensor> {
        Ok(inputs.clone())
    }

    fn decode(&self, codes: &Tensor) -> disentangle_nn::Result<Option<Tensor>> {
        Ok(Some(codes.clone()))
    }

    fn encoder_layers(&self) -> disentangle_nn::Result<Option<Vec<Layer>>> {
        Ok(Some(Vec::new()))
    }

    fn decoder_layers(&self) -> disentangle_nn::Result<Option<Vec<Layer>>> {
        Ok(Some(Vec::new()))
    }
}

/// Columns beyond which the noise of inputs is not looked for: their covariance is not made twice.
const MOST_COLUMNS: usize = 2000;

/// How many latents the inputs have where nobody says, and what decided: see `disentangle_numerics::dimension`. Of more columns
/// than [`MOST_COLUMNS`], or more than training rows, their effective rank.
///
/// # Errors
/// `NUMERIC_SINGULAR` when no input varies; `NUMERIC_NOT_FINITE`.
pub fn latents_of_inputs(data: &Prepared) -> Result<Choice> {
    let (rows, d) = (data.rows_of(Split::Train), data.inputs.cols());
    let Dimension { latents, curve } = match rows.len() <= d || d > MOST_COLUMNS {
        true => {
            let rank = rank(&PrincipalAxes::of(data)?.variances);
            Dimension { latents: rank, curve: vec![(rank, 0.0)] }
        }
        false => {
            let covariance = covariance_of_rows(&data.inputs, &rows);
            if (0..d).all(|j| covariance[(j, j)] <= 0.0) {
                PrincipalAxes::of(data)?;
            }
            dimension(&covariance, &data.standardiser.sd, rows.len())?
        }
    };
    Ok(Choice {
        parameter: "latentDim".into(),
        chosen: latents,
        rule: "the value with the lowest information criterion (BIC) of a model with so many latents and noise in the inputs; the \
               last value stands for no noise, 0"
            .into(),
        curve: curve.into_iter().map(|(value, criterion)| Candidate { value, validation: criterion }).collect(),
    })
}

/// Name of the solved row of variances along the principal axes, descending.
const VARIANCES: &str = "variances";
/// Name of the sum of all variances where the row holds the leading ones only.
const TOTAL: &str = "totalVariance";

/// Adds what a map of the inputs leaves behind to the solved results: [`keep_variances`], and the center of the inputs, for the way
/// back from latents.
pub fn keep(axes: &PrincipalAxes, state: &mut State) {
    keep_center(&axes.center, state);
    keep_variances(axes, state);
}

/// Adds the mean code of the training rows to the solved results: the map drops directions, which are decoded to it. It belongs
/// to the space that the map is applied to.
pub fn keep_center(center: &[f64], state: &mut State) {
    state.solved.insert(CENTER.into(), Matrix::from_fn(1, center.len(), |_, j| center[j]));
}

/// Adds the variances along the axes to the solved results, for [`account`].
pub fn keep_variances(axes: &PrincipalAxes, state: &mut State) {
    state.solved.insert(VARIANCES.into(), Matrix::from_fn(1, axes.variances.len(), |_, j| axes.variances[j]));
    if let Some(total) = axes.total {
        state.solved.insert(TOTAL.into(), Matrix::from_fn(1, 1, |_, _| total));
    }
}

/// What the variances say of a method that keeps `k` axes: facts, and a warning when the inputs span fewer directions.
pub fn account(state: &State, k: usize) -> (Vec<Fact>, Vec<Warning>) {
    let Some(variances) = state.solved.get(VARIANCES).map(|row| row.row(0)) else { return Default::default() };
    let rank = rank(variances);
    let total = state.solved.get(TOTAL).map(|total| total[(0, 0)]);
    let kept = variances.iter().take(k.min(rank)).sum::<f64>() / total.unwrap_or_else(|| variances.iter().sum());
    let mut facts = vec![Fact::new("explained-variance", "share of the inputs' variance in the latents", kept)];
    // Of wide inputs only the leading axes are known: how many there are is not.
    if total.is_none() {
        facts.push(Fact::new("input-rank", "effective rank of the inputs", rank as f64));
    }
    let short = (rank < k).then(|| {
        let message = format!("the training rows span {rank} directions: {rank} latents instead of {k}");
        Warning::new("INPUTS_RANK", message)
            .hint(format!("choose latentDim <= {rank}, give more rows, or leave out copies of columns"))
    });
    (facts, short.into_iter().collect())
}

//! What a model gives beside latents: inputs of latents, and what becomes of rows when latents are set.

use crate::convert::{Given, NativeMatrix, NativeRows, parse};
use crate::failure::{NativeFailure, guard};
use crate::models::with;
use disentangle_data::{Failure, config};
use napi::bindgen_prelude::{Either, Uint32Array};
use napi_derive::napi;

/// Inputs of latents.
#[napi(object, object_from_js = false)]
pub struct Decoded {
    /// n x d, in units of the inputs.
    pub inputs: NativeMatrix,
    /// Names of the inputs.
    pub columns: Vec<String>,
}

/// Inputs of latents; columns are matched by name.
#[napi(catch_unwind)]
pub fn decode(model: u32, latents: NativeMatrix, names: Vec<String>) -> Either<Decoded, NativeFailure> {
    guard(|| {
        let latents = latents.try_into()?;
        with(model, |model| {
            let inputs = model.decode(&latents, &names)?;
            Ok(Decoded { inputs: inputs.into(), columns: model.header.inputs.clone() })
        })
    })
}

/// A value of a latent that is no number: the schema knows what it is of, not what it is for.
fn value_hint(failure: Failure) -> Failure {
    match (&failure.path, &failure.hint) {
        (Some(path), None) if path.starts_with("do") => {
            failure.hint("give a finite number for each latent that is set, for example { z2: 1.5 } or --do z2=1.5")
        }
        _ => failure,
    }
}

/// Rows after an intervention.
#[napi(object, object_from_js = false)]
pub struct NativeIntervention {
    /// n x k.
    pub latents: NativeMatrix,
    /// Names of the latents.
    pub columns: Vec<String>,
    /// n x d; absent without a decoder.
    pub inputs: Option<NativeMatrix>,
    /// Names of the inputs.
    pub input_names: Vec<String>,
    /// The model's environments.
    pub environments: Vec<String>,
    /// Environment of each row; absent where nothing depends on it.
    pub environment_of: Option<Uint32Array>,
}

/// Sets latents: of given rows the counterfactual, otherwise of drawn rows. `request` is JSON `{ do, count?, seed?, environment? }`.
#[napi(catch_unwind)]
pub fn intervene(model: u32, request: String, rows: Option<NativeRows>) -> Either<NativeIntervention, NativeFailure> {
    guard(|| {
        let request = config::parse(parse(&request)?).map_err(value_hint)?;
        let rows = rows.map(Given::of).transpose()?;
        with(model, |model| {
            let after = model.intervene(&request, rows.as_ref().map(Given::as_rows))?;
            let header = &model.header;
            Ok(NativeIntervention {
                latents: after.latents.into(),
                columns: header.latents.clone(),
                inputs: after.inputs.map(Into::into),
                input_names: header.inputs.clone(),
                environments: header.environments.clone(),
                environment_of: (!after.environments.is_empty()).then(|| after.environments.into()),
            })
        })
    })
}

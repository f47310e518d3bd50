//! Models that were opened, by number: the weights are read once and shared by all calls until `closeModel`.

use crate::Transformed;
use crate::convert::{Given, NativeLabels, NativeMatrix, NativeRows, NativeView, named_inputs, parse};
use crate::failure::{NativeFailure, guard};
use crate::owned::Owned;
use disentangle_data::{Code, Failure, Result};
use disentangle_engine::model::{Encoded, Model, Variables};
use disentangle_methods::METHODS;
use napi::bindgen_prelude::{Either, Float32Array, Float64Array, Uint8Array};
use napi_derive::napi;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::thread::ThreadId;

/// Models by number. No call waits for another: one of a few rows is answered on the event loop while a batch runs on its thread.
pub static MODELS: Owned<Arc<Model>> = Owned::new();

/// A model that was opened.
#[napi(object, object_from_js = false)]
pub struct Opened {
    /// Its number.
    pub id: u32,
    /// Numbers in its parameters: what a row costs.
    pub weights: u32,
}

/// Opens a model for the environment of a thread.
pub fn open(bytes: &[u8], owner: ThreadId) -> Result<Opened> {
    let model = Model::open(METHODS, bytes)?;
    let weights = u32::try_from(bytes.len() / size_of::<f32>()).unwrap_or(u32::MAX);
    Ok(Opened { id: MODELS.add(owner, |_| Ok(Arc::new(model)))?, weights })
}

/// Frees a model, once the calls that use it have ended. One that was closed is ignored.
#[napi(catch_unwind)]
pub fn close_model(id: u32) -> Either<(), NativeFailure> {
    guard(|| {
        drop(MODELS.take(id));
        Ok(())
    })
}

/// Frees what an environment still holds when it ends.
pub fn close_all(ended: ThreadId) -> Result<()> {
    drop(MODELS.take_all(ended));
    Ok(())
}

/// Asks a model that was opened.
pub fn with<T>(id: u32, ask: impl FnOnce(&Model) -> Result<T>) -> Result<T> {
    let model = MODELS.look(id, Arc::clone).ok_or_else(|| {
        Failure::new(Code::ModelClosed, "the model is closed").hint("load it again, or close it later")
    })?;
    ask(&model)
}

/// The bytes that a model was opened from.
#[napi(catch_unwind)]
pub fn model_bytes(model: u32) -> Either<Uint8Array, NativeFailure> {
    guard(|| with(model, |model| Ok(model.to_bytes()?.into())))
}

/// Latents of new rows, or their private variables; columns are matched by name. Those of rows with environments are latents of known environments.
#[napi(catch_unwind)]
pub fn transform(model: u32, rows: NativeRows) -> Either<Transformed, NativeFailure> {
    guard(|| {
        let wanted = if rows.private.unwrap_or(false) { Variables::Private } else { Variables::Latents };
        let rows = Given::of(rows)?;
        with(model, |model| {
            let Encoded { values, columns } = model.variables(rows.as_rows(), wanted)?;
            Ok(Transformed { latents: values.into(), columns })
        })
    })
}

/// The target of new rows, with 64 bits where the target needs them; `options` is JSON `{ attach?: { newEnvironment: node },
/// offsets?: number[] }`.
#[napi(catch_unwind)]
pub fn predict(
    model: u32,
    inputs: NativeMatrix,
    input_names: Vec<String>,
    environments: Option<NativeLabels>,
    options: String,
    views: Option<Vec<NativeView>>,
) -> Either<Either<Float32Array, Float64Array>, NativeFailure> {
    guard(|| {
        let options: Value = parse(&options)?;
        let offsets: Vec<f64> = match options.get("offsets") {
            Some(offsets) => parse(&offsets.to_string())?,
            None => Vec::new(),
        };
        let attach: BTreeMap<String, String> = match options.get("attach") {
            Some(attach) => parse(&attach.to_string())?,
            None => BTreeMap::new(),
        };
        let environments = environments.map(Into::into);
        let (inputs, names) = named_inputs(inputs, input_names, views)?;
        with(model, |model| {
            let predicted = model.predict_from(&inputs, &names, &offsets, environments.as_ref(), &attach)?;
            Ok(match model.header.target_offset {
                Some(_) => Either::B(predicted.into()),
                None => Either::A(predicted.into_iter().map(|value| value as f32).collect::<Vec<_>>().into()),
            })
        })
    })
}

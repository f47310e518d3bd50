//! What takes time, on threads of its own: reading, describing, transforming, predicting, scoring. The callback, which comes
//! first as what follows may be left out, gets what the function of the same name without `later` yields. Never libuv's pool, and never napi's `AsyncTask`: a panic there ends Node.

use crate::convert::{
    Array, NativeDataset, NativeLabels, NativeMatrix, NativeRows, NativeSelection, NativeSurvey, NativeTree, NativeView,
};
use crate::failure::{guard, guarded};
use crate::jobs::{STACK, run_job};
use crate::{Answer, NativeScoreTables, Transformed, generate, models};
use disentangle_data::{Code, Failure, interrupt};
use napi::bindgen_prelude::{Either, Float32Array, Float64Array, Function, ToNapiValue, Uint8Array, Uint32Array};
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};
use napi_derive::napi;

type Job = Answer<u32>;

/// Runs a body on a thread, as a job that `cancel` asks to stop; yields its number.
fn later<T: ToNapiValue + Send + 'static>(
    on_end: Function<Answer<T>, ()>,
    body: impl FnOnce() -> Answer<T> + Send + 'static,
) -> Job {
    guard(|| {
        let on_end: ThreadsafeFunction<Answer<T>, (), Answer<T>, napi::Status, false> = on_end
            .build_threadsafe_function()
            .build()
            .map_err(|e| Failure::new(Code::InternalPanic, format!("a callback was refused: {e}")))?;
        run_job("disentangle-work", STACK, move |cancel| {
            interrupt::on(cancel);
            let end = guarded(|| Ok(body())).unwrap_or_else(|failure| Either::B(failure.into()));
            on_end.call(end, ThreadsafeFunctionCallMode::NonBlocking);
        })
    })
}

/// `readDatasetFolder`.
#[napi(catch_unwind)]
pub fn read_dataset_folder_later(on_end: Function<Answer<NativeDataset>, ()>, dir: String, leave: bool) -> Job {
    later(on_end, move || crate::read_dataset_folder(dir, leave))
}

/// `writeDatasetFolder`.
#[napi(catch_unwind)]
pub fn write_dataset_folder_later(on_end: Function<Answer<()>, ()>, dir: String, dataset: NativeDataset) -> Job {
    later(on_end, move || crate::write_dataset_folder(dir, dataset))
}

/// `csvColumns`.
#[napi(catch_unwind)]
pub fn csv_columns_later(on_end: Function<Answer<String>, ()>, path: String, options: String) -> Job {
    later(on_end, move || crate::csv_columns(path, options))
}

/// `csvKinds`.
#[napi(catch_unwind)]
pub fn csv_kinds_later(on_end: Function<Answer<String>, ()>, path: String, options: String) -> Job {
    later(on_end, move || crate::csv_kinds(path, options))
}

/// `csvRead`.
#[napi(catch_unwind)]
pub fn csv_read_later(on_end: Function<Answer<NativeSelection>, ()>, path: String, options: String) -> Job {
    later(on_end, move || crate::csv_read(path, options))
}

/// `csvReadExact`.
#[napi(catch_unwind)]
pub fn csv_read_exact_later(on_end: Function<Answer<Float64Array>, ()>, path: String, options: String) -> Job {
    later(on_end, move || crate::csv_read_exact(path, options))
}

/// `csvSurvey`.
#[napi(catch_unwind)]
pub fn csv_survey_later(on_end: Function<Answer<NativeSurvey>, ()>, path: String, options: String) -> Job {
    later(on_end, move || crate::csv_survey(path, options))
}

/// `columnFacts`.
#[napi(catch_unwind)]
pub fn column_facts_later(on_end: Function<Answer<String>, ()>, values: NativeMatrix) -> Job {
    later(on_end, move || crate::column_facts(values))
}

/// `suspects`.
#[napi(catch_unwind)]
pub fn suspects_later(on_end: Function<Answer<Uint32Array>, ()>, values: NativeMatrix) -> Job {
    later(on_end, move || crate::suspects(values))
}

/// `npyRead`.
#[napi(catch_unwind)]
pub fn npy_read_later(on_end: Function<Answer<Array>, ()>, path: String) -> Job {
    later(on_end, move || crate::npy_read(path))
}

/// `npzRead`.
#[napi(catch_unwind)]
pub fn npz_read_later(on_end: Function<Answer<Array>, ()>, path: String, member: String) -> Job {
    later(on_end, move || crate::npz_read(path, member))
}

/// `simulate`.
#[napi(catch_unwind)]
pub fn simulate_later(on_end: Function<Answer<NativeDataset>, ()>, config: String) -> Job {
    later(on_end, move || crate::simulate(config))
}

/// `smooth`.
#[napi(catch_unwind)]
pub fn smooth_later(on_end: Function<Answer<NativeMatrix>, ()>, inputs: NativeMatrix, config: String) -> Job {
    later(on_end, move || crate::smooth(inputs, config))
}

/// `phenotype`.
#[napi(catch_unwind)]
pub fn phenotype_later(on_end: Function<Answer<NativeDataset>, ()>, dataset: NativeDataset, config: String) -> Job {
    later(on_end, move || crate::phenotype(dataset, config))
}

/// `dendrogram`.
#[napi(catch_unwind)]
pub fn dendrogram_later(on_end: Function<Answer<NativeTree>, ()>, dataset: NativeDataset, options: String) -> Job {
    later(on_end, move || crate::dendrogram(dataset, options))
}

/// `describe`.
#[napi(catch_unwind)]
pub fn describe_later(on_end: Function<Answer<String>, ()>, dataset: NativeDataset, shown: Option<Vec<String>>) -> Job {
    later(on_end, move || crate::describe(dataset, shown))
}

/// `score`.
#[napi(catch_unwind)]
pub fn score_later(on_end: Function<Answer<String>, ()>, request: String, tables: NativeScoreTables) -> Job {
    later(on_end, move || crate::score(request, tables))
}

/// `graph`.
#[napi(catch_unwind)]
pub fn graph_later(
    on_end: Function<Answer<String>, ()>,
    values: NativeMatrix,
    config: String,
    silent: Option<Uint8Array>,
) -> Job {
    later(on_end, move || crate::graph(values, config, silent))
}

/// `modelInfo`.
#[napi(catch_unwind)]
pub fn model_info_later(on_end: Function<Answer<String>, ()>, model: Uint8Array) -> Job {
    later(on_end, move || crate::model_info(model))
}

/// `modelTensors`.
#[napi(catch_unwind)]
pub fn model_tensors_later(on_end: Function<Answer<crate::NativePlainModel>, ()>, model: Uint8Array) -> Job {
    later(on_end, move || crate::model_tensors(model))
}

/// `openModel`.
#[napi(catch_unwind)]
pub fn open_model_later(on_end: Function<Answer<models::Opened>, ()>, model: Uint8Array) -> Job {
    let owner = std::thread::current().id();
    later(on_end, move || guard(|| models::open(&model, owner)))
}

/// `transform`.
#[napi(catch_unwind)]
pub fn transform_later(on_end: Function<Answer<Transformed>, ()>, model: u32, rows: NativeRows) -> Job {
    later(on_end, move || models::transform(model, rows))
}

/// `predict`.
#[napi(catch_unwind)]
pub fn predict_later(
    on_end: Function<Answer<Either<Float32Array, Float64Array>>, ()>,
    model: u32,
    inputs: NativeMatrix,
    input_names: Vec<String>,
    environments: Option<NativeLabels>,
    options: String,
    views: Option<Vec<NativeView>>,
) -> Job {
    later(on_end, move || models::predict(model, inputs, input_names, environments, options, views))
}

/// `decode`.
#[napi(catch_unwind)]
pub fn decode_later(
    on_end: Function<Answer<generate::Decoded>, ()>,
    model: u32,
    latents: NativeMatrix,
    names: Vec<String>,
) -> Job {
    later(on_end, move || generate::decode(model, latents, names))
}

/// `intervene`.
#[napi(catch_unwind)]
pub fn intervene_later(
    on_end: Function<Answer<generate::NativeIntervention>, ()>,
    model: u32,
    request: String,
    rows: Option<NativeRows>,
) -> Job {
    later(on_end, move || generate::intervene(model, request, rows))
}

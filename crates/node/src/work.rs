//! What takes time, on threads of its own: reading, describing, transforming, predicting, scoring. The callback, which comes
//! first as what follows may be left out, gets what the function of the same name without `later` yields. Never libuv's pool, and never napi's `AsyncTask`: a panic there ends Node.

use crate::convert::{
    Array, ImageFolder, NativeDataset, NativeLabels, NativeMatrix, NativeRows, NativeSelection, NativeSurvey,
    NativeTree, NativeView,
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

/// Exports that run what they name on a thread: `name(arguments) -> (result) = call;`
macro_rules! on_threads {
    ($($(#[$doc:meta])* $name:ident($($arguments:tt)*) -> ($($result:tt)*) = $call:expr;)*) => {$(
        $(#[$doc])*
        #[napi(catch_unwind)]
        pub fn $name(on_end: Function<Answer<$($result)*>, ()>, $($arguments)*) -> Job {
            later(on_end, move || $call)
        }
    )*};
}

on_threads! {
    /// `readDatasetFolder`.
    read_dataset_folder_later(dir: String, leave: bool) -> (NativeDataset)
        = crate::read_dataset_folder(dir, leave);
    /// `writeDatasetFolder`.
    write_dataset_folder_later(dir: String, dataset: NativeDataset) -> (())
        = crate::write_dataset_folder(dir, dataset);
    /// `csvColumns`.
    csv_columns_later(path: String, options: String) -> (String) = crate::csv_columns(path, options);
    /// `csvKinds`.
    csv_kinds_later(path: String, options: String) -> (String) = crate::csv_kinds(path, options);
    /// `csvRead`.
    csv_read_later(path: String, options: String) -> (NativeSelection) = crate::csv_read(path, options);
    /// `csvReadExact`.
    csv_read_exact_later(path: String, options: String) -> (Float64Array)
        = crate::csv_read_exact(path, options);
    /// `csvSurvey`.
    csv_survey_later(path: String, options: String) -> (NativeSurvey) = crate::csv_survey(path, options);
    /// `columnFacts`.
    column_facts_later(values: NativeMatrix) -> (String) = crate::column_facts(values);
    /// `suspects`.
    suspects_later(values: NativeMatrix) -> (Uint32Array) = crate::suspects(values);
    /// `npyRead`.
    npy_read_later(path: String) -> (Array) = crate::npy_read(path);
    /// `npzRead`.
    npz_read_later(path: String, member: String) -> (Array) = crate::npz_read(path, member);
    /// `npyText`.
    npy_text_later(path: String, columns: Uint32Array) -> (Vec<Vec<String>>) = crate::npy_text(path, columns);
    /// `npzText`.
    npz_text_later(path: String, member: String, columns: Uint32Array) -> (Vec<Vec<String>>)
        = crate::npz_text(path, member, columns);
    /// `npyExact`.
    npy_exact_later(path: String, columns: Uint32Array) -> (Float64Array) = crate::npy_exact(path, columns);
    /// `npzExact`.
    npz_exact_later(path: String, member: String, columns: Uint32Array) -> (Float64Array)
        = crate::npz_exact(path, member, columns);
    /// `idxRead`.
    idx_read_later(path: String) -> (Array) = crate::idx_read(path);
    /// `imagesRead`.
    images_read_later(folder: String) -> (ImageFolder) = crate::images_read(folder);
    /// `scipyRead`.
    scipy_read_later(path: String, columns: Uint32Array) -> (NativeMatrix) = crate::scipy_read(path, columns);
    /// `scipyExact`.
    scipy_exact_later(path: String, columns: Uint32Array) -> (Float64Array) = crate::scipy_exact(path, columns);
    /// `mtxRead`.
    mtx_read_later(path: String, transposed: bool, columns: Uint32Array) -> (NativeMatrix)
        = crate::mtx_read(path, transposed, columns);
    /// `mtxExact`.
    mtx_exact_later(path: String, transposed: bool, columns: Uint32Array) -> (Float64Array)
        = crate::mtx_exact(path, transposed, columns);
    /// `unzip`.
    unzip_later(path: String, member: String, target: String) -> (()) = crate::unzip(path, member, target);
    /// `unzstd`.
    unzstd_later(path: String, target: String) -> (()) = crate::unzstd(path, target);
    /// `simulate`.
    simulate_later(config: String) -> (NativeDataset) = crate::simulate(config);
    /// `smooth`.
    smooth_later(inputs: NativeMatrix, config: String) -> (NativeMatrix) = crate::smooth(inputs, config);
    /// `phenotype`.
    phenotype_later(dataset: NativeDataset, config: String) -> (NativeDataset)
        = crate::phenotype(dataset, config);
    /// `dendrogram`.
    dendrogram_later(dataset: NativeDataset, options: String) -> (NativeTree)
        = crate::dendrogram(dataset, options);
    /// `describe`.
    describe_later(dataset: NativeDataset, shown: Option<Vec<String>>) -> (String)
        = crate::describe(dataset, shown);
    /// `score`.
    score_later(request: String, tables: NativeScoreTables) -> (String) = crate::score(request, tables);
    /// `graph`.
    graph_later(values: NativeMatrix, config: String, silent: Option<Uint8Array>) -> (String)
        = crate::graph(values, config, silent);
    /// `modelInfo`.
    model_info_later(model: Uint8Array) -> (String) = crate::model_info(model);
    /// `modelTensors`.
    model_tensors_later(model: Uint8Array) -> (crate::NativePlainModel) = crate::model_tensors(model);
    /// `modelBytes`.
    model_bytes_later(model: u32) -> (Uint8Array) = models::model_bytes(model);
    /// `transform`.
    transform_later(model: u32, rows: NativeRows) -> (Transformed) = models::transform(model, rows);
    /// `predict`.
    predict_later(
        model: u32,
        inputs: NativeMatrix,
        input_names: Vec<String>,
        environments: Option<NativeLabels>,
        options: String,
        views: Option<Vec<NativeView>>,
    ) -> (Either<Float32Array, Float64Array>)
        = models::predict(model, inputs, input_names, environments, options, views);
    /// `decode`.
    decode_later(model: u32, latents: NativeMatrix, names: Vec<String>) -> (generate::Decoded)
        = generate::decode(model, latents, names);
    /// `intervene`.
    intervene_later(model: u32, request: String, rows: Option<NativeRows>) -> (generate::NativeIntervention)
        = generate::intervene(model, request, rows);
}

/// `openModel`.
#[napi(catch_unwind)]
pub fn open_model_later(on_end: Function<Answer<models::Opened>, ()>, model: Uint8Array) -> Job {
    let owner = std::thread::current().id();
    later(on_end, move || guard(|| models::open(&model, owner)))
}

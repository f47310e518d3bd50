//! The Node addon: plain data in and out. Configuration and summaries cross as JSON text, numbers as typed arrays.
//!
//! Every export yields its value or `{ failure }`; a panic becomes `INTERNAL_PANIC` and the process lives.
#![deny(unsafe_code)]

mod convert;
mod failure;
mod generate;
mod jobs;
mod locks;
mod models;
mod owned;
mod work;

use convert::{
    Array, ImageFolder, NativeDataset, NativeLabels, NativeMatrix, NativeSelection, NativeSurvey, NativeTable,
    NativeTree, json, options, parse,
};
use disentangle_data::read::{csv, idx, images, mtx, npy, npz, scipy, unpack};
use disentangle_data::write::{NpyData, csv_rows, write_npy};
use disentangle_data::{
    Code, Dataset, Failure, Matrix, Result, Role, Stream, dendrogram, describe, facts, folder, offsets, simulate, tree,
};
use disentangle_engine::container::{Named, Values};
use disentangle_engine::{catalogue, model, plan, score};
use disentangle_methods::METHODS;
use failure::{NativeFailure, guard};
use napi::bindgen_prelude::{ArrayBuffer, Either, Either3, Float32Array, Float64Array, Uint8Array, Uint32Array};
use napi_derive::napi;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::path::Path;

type Answer<T> = Either<T, NativeFailure>;

/// All methods, simulators, metrics and error codes, as JSON.
#[napi(catch_unwind)]
pub fn catalogue() -> Answer<String> {
    guard(|| {
        let mut all = catalogue::catalogue(METHODS);
        all["metrics"] = json(&disentangle_metrics::cards::CARDS)?;
        Ok(all.to_string())
    })
}

/// JSON Schema of the core configuration.
#[napi(catch_unwind)]
pub fn schema() -> Answer<String> {
    guard(|| Ok(plan::schema(METHODS).to_string()))
}

/// What this build is and what it finds on this machine, as JSON.
#[napi(catch_unwind)]
pub fn doctor() -> Answer<String> {
    guard(|| {
        // Unwinds as a panic does, but tells nobody: a check must not look like a crash.
        let caught = guard::<()>(|| std::panic::resume_unwind(Box::new("on purpose")));
        let features = disentangle_nn::device::features();
        Ok(json!({
            "version": env!("CARGO_PKG_VERSION"),
            // Changes with the numerical sources: results of different ones are not mixed.
            "sources": env!("DISENTANGLE_SOURCES"),
            "target": format!("{}-{}", std::env::consts::OS, std::env::consts::ARCH),
            "simd": features.simd,
            "cuda": features.cuda,
            "cores": std::thread::available_parallelism().map_or(1, usize::from),
            "panicGuard": matches!(caught, Either::B(_)),
        })
        .to_string())
    })
}

/// A core configuration with every default written out, as JSON.
#[napi(catch_unwind)]
pub fn check_config(config: String) -> Answer<String> {
    guard(|| Ok(plan::Plan::check(METHODS, &parse(&config)?)?.canonical().to_string()))
}

/// Runs a simulator: `{ simulator, ...options }`.
#[napi(catch_unwind)]
pub fn simulate(config: String) -> Answer<NativeDataset> {
    guard(|| {
        let mut config: Value = parse(&config)?;
        let name = config.as_object_mut().and_then(|o| o.remove("simulator"));
        let name = name.as_ref().and_then(Value::as_str).ok_or_else(|| {
            Failure::new(Code::ConfigMissing, "simulator is missing").at("simulator").hint("for example \"tree-world\"")
        })?;
        simulate::simulate(name, config)?.try_into()
    })
}

/// Draws a target on real data from its true latents; `config` is JSON of the phenotype's options.
#[napi(catch_unwind)]
pub fn phenotype(dataset: NativeDataset, config: String) -> Answer<NativeDataset> {
    guard(|| simulate::phenotype::phenotype(&dataset.try_into()?, &options(&config)?)?.try_into())
}

/// Mixes sources by random leaky layers, as many inputs as sources.
#[napi(catch_unwind)]
pub fn mixed(sources: NativeMatrix, seed: f64) -> Answer<NativeMatrix> {
    guard(|| Ok(simulate::shift_world::mixed(&sources.try_into()?, seed as u64)?.into()))
}

/// Numbers of a named stream, uniform on [0, 1), as one row: for data that are prepared from files.
#[napi(catch_unwind)]
pub fn uniforms(seed: f64, name: String, count: u32) -> Answer<NativeMatrix> {
    guard(|| {
        let mut stream = Stream::new(seed as u64, &name);
        Ok(Matrix::from_fn(1, count as usize, |_, _| f32::min(stream.uniform() as f32, 1.0 - f32::EPSILON / 2.0))
            .into())
    })
}

/// Averages each row over its nearest rows; `config` is JSON of the options of smoothing.
#[napi(catch_unwind)]
pub fn smooth(inputs: NativeMatrix, config: String) -> Answer<NativeMatrix> {
    guard(|| Ok(disentangle_data::smooth::smooth(&inputs.try_into()?, &options(&config)?)?.into()))
}

/// Reads a data set folder; with `leave` the inputs stay there, to be read when they are needed.
#[napi(catch_unwind)]
pub fn read_dataset_folder(dir: String, leave: bool) -> Answer<NativeDataset> {
    guard(|| {
        let mut dataset: NativeDataset = folder::read(Path::new(&dir))?.try_into()?;
        if leave {
            dataset.inputs.data = Vec::new().into();
            dataset.folder = Some(dir);
        }
        Ok(dataset)
    })
}

/// Writes a data set folder, whole or not at all.
#[napi(catch_unwind)]
pub fn write_dataset_folder(dir: String, dataset: NativeDataset) -> Answer<()> {
    guard(|| folder::write(Path::new(&dir), &dataset.try_into()?))
}

/// Reads the header of a delimited file: options and result as JSON.
#[napi(catch_unwind)]
pub fn csv_columns(path: String, options: String) -> Answer<String> {
    guard(|| Ok(json(&csv::columns(Path::new(&path), &parse(&options)?)?)?.to_string()))
}

/// What the columns of a delimited file look like: options as JSON, the kinds as a JSON array in file order.
#[napi(catch_unwind)]
pub fn csv_kinds(path: String, options: String) -> Answer<String> {
    guard(|| Ok(json(&csv::kinds(Path::new(&path), &parse(&options)?)?)?.to_string()))
}

/// Reads chosen columns of a delimited file.
#[napi(catch_unwind)]
pub fn csv_read(path: String, options: String) -> Answer<NativeSelection> {
    guard(|| {
        let table = csv::read(Path::new(&path), &parse(&options)?)?;
        let words = json(&table.words)?.to_string();
        Ok(NativeSelection { rows: table.rows as u32, numeric: table.numeric.into(), text: table.text, words })
    })
}

/// Reads chosen columns of a delimited file with 64 bits, row-major.
#[napi(catch_unwind)]
pub fn csv_read_exact(path: String, options: String) -> Answer<Float64Array> {
    guard(|| Ok(csv::read_exact(Path::new(&path), &parse(&options)?)?.numeric.into_data().into()))
}

/// Reads all of a delimited file and says what is in it.
#[napi(catch_unwind)]
pub fn csv_survey(path: String, options: String) -> Answer<NativeSurvey> {
    guard(|| {
        let found = csv::survey(Path::new(&path), &parse(&options)?)?;
        Ok(NativeSurvey {
            rows: found.rows as u32,
            kinds: json(&found.kinds)?.to_string(),
            numeric: found.numeric.into(),
            text: found.text,
            words: json(&found.words)?.to_string(),
            problems: json(&found.problems)?.to_string(),
        })
    })
}

/// What stands in the columns of a matrix, as a JSON array.
#[napi(catch_unwind)]
pub fn column_facts(values: NativeMatrix) -> Answer<String> {
    guard(|| Ok(json(&facts::column_facts(&values.data, values.cols as usize))?.to_string()))
}

/// Columns of a matrix that 32 bits may have collapsed.
#[napi(catch_unwind)]
pub fn suspects(values: NativeMatrix) -> Answer<Uint32Array> {
    guard(|| Ok(offsets::suspects(&values.data, values.cols as usize).into()))
}

/// What a column of 64 bits loses by rounding, as JSON `{ distinct, kept, offset }`, or JSON `null`.
#[napi(catch_unwind)]
pub fn collapse(exact: Float64Array) -> Answer<String> {
    guard(|| Ok(json(&offsets::collapse(&exact))?.to_string()))
}

/// Gives the memory of numbers back that were copied. The collector, which does not see it, would come much later.
#[napi(catch_unwind)]
pub fn free(numbers: ArrayBuffer) -> Answer<()> {
    guard(|| numbers.detach().map_err(|e| Failure::new(Code::InternalPanic, format!("memory was not given back: {e}"))))
}

/// Reads a `.npy` file.
#[napi(catch_unwind)]
pub fn npy_read(path: String) -> Answer<Array> {
    guard(|| Ok(npy::read(Path::new(&path))?.into()))
}

/// Lists the arrays of a `.npz` file, as JSON.
#[napi(catch_unwind)]
pub fn npz_members(path: String) -> Answer<String> {
    guard(|| Ok(json(&npz::members(Path::new(&path))?)?.to_string()))
}

/// Reads one array of a `.npz` file.
#[napi(catch_unwind)]
pub fn npz_read(path: String, member: String) -> Answer<Array> {
    guard(|| Ok(npz::read(Path::new(&path), &member)?.into()))
}

/// Reads an IDX file.
#[napi(catch_unwind)]
pub fn idx_read(path: String) -> Answer<Array> {
    guard(|| Ok(idx::read(Path::new(&path))?.into()))
}

/// Reads the PNG and JPEG files of a folder.
#[napi(catch_unwind)]
pub fn images_read(folder: String) -> Answer<ImageFolder> {
    guard(|| Ok(images::read(Path::new(&folder))?.into()))
}

/// Type and shape of a `.npy` file, as JSON.
#[napi(catch_unwind)]
pub fn npy_about(path: String) -> Answer<String> {
    guard(|| Ok(json(&npy::peek_file(Path::new(&path))?)?.to_string()))
}

/// Reads columns of a `.npy` file as text, exactly.
#[napi(catch_unwind)]
pub fn npy_text(path: String, columns: Uint32Array) -> Answer<Vec<Vec<String>>> {
    guard(|| npy::read_text(Path::new(&path), &places(&columns)))
}

/// Reads columns of an array of a `.npz` file as text, exactly.
#[napi(catch_unwind)]
pub fn npz_text(path: String, member: String, columns: Uint32Array) -> Answer<Vec<Vec<String>>> {
    guard(|| npz::read_text(Path::new(&path), &member, &places(&columns)))
}

/// Reads columns of a `.npy` file with 64 bits, row-major.
#[napi(catch_unwind)]
pub fn npy_exact(path: String, columns: Uint32Array) -> Answer<Float64Array> {
    guard(|| Ok(npy::read_exact(Path::new(&path), &places(&columns))?.into()))
}

/// Reads columns of an array of a `.npz` file with 64 bits, row-major.
#[napi(catch_unwind)]
pub fn npz_exact(path: String, member: String, columns: Uint32Array) -> Answer<Float64Array> {
    guard(|| Ok(npz::read_exact(Path::new(&path), &member, &places(&columns))?.into()))
}

/// Format and shape of a `scipy.sparse.save_npz` file, as JSON.
#[napi(catch_unwind)]
pub fn scipy_about(path: String) -> Answer<String> {
    guard(|| Ok(json(&scipy::about(Path::new(&path))?)?.to_string()))
}

/// Reads chosen columns of a `scipy.sparse.save_npz` file.
#[napi(catch_unwind)]
pub fn scipy_read(path: String, columns: Uint32Array) -> Answer<NativeMatrix> {
    guard(|| Ok(scipy::read(Path::new(&path), &places(&columns))?.into()))
}

/// As `scipyRead`, with 64 bits, row-major.
#[napi(catch_unwind)]
pub fn scipy_exact(path: String, columns: Uint32Array) -> Answer<Float64Array> {
    guard(|| Ok(scipy::read_exact(Path::new(&path), &places(&columns))?.into()))
}

/// Shape of a Matrix Market file, as JSON.
#[napi(catch_unwind)]
pub fn mtx_about(path: String) -> Answer<String> {
    guard(|| Ok(json(&mtx::about(Path::new(&path))?)?.to_string()))
}

/// Reads chosen columns of a Matrix Market file, or with `transposed` chosen rows as columns.
#[napi(catch_unwind)]
pub fn mtx_read(path: String, transposed: bool, columns: Uint32Array) -> Answer<NativeMatrix> {
    guard(|| Ok(mtx::read(Path::new(&path), mtx::Orientation::of(transposed), &places(&columns))?.into()))
}

/// As `mtxRead`, with 64 bits, row-major.
#[napi(catch_unwind)]
pub fn mtx_exact(path: String, transposed: bool, columns: Uint32Array) -> Answer<Float64Array> {
    guard(|| Ok(mtx::read_exact(Path::new(&path), mtx::Orientation::of(transposed), &places(&columns))?.into()))
}

fn places(columns: &[u32]) -> Vec<usize> {
    columns.iter().map(|&column| column as usize).collect()
}

/// Lists the files of a zip, as JSON.
#[napi(catch_unwind)]
pub fn zip_members(path: String) -> Answer<String> {
    guard(|| Ok(json(&unpack::zip_members(Path::new(&path))?)?.to_string()))
}

/// Unpacks one file of a zip.
#[napi(catch_unwind)]
pub fn unzip(path: String, member: String, target: String) -> Answer<()> {
    guard(|| unpack::unzip(Path::new(&path), &member, Path::new(&target)))
}

/// Unpacks a Zstandard file.
#[napi(catch_unwind)]
pub fn unzstd(path: String, target: String) -> Answer<()> {
    guard(|| unpack::unzstd(Path::new(&path), Path::new(&target)))
}

/// Rows of a matrix as lines of a CSV table, each after its name where `names` are given.
#[napi(catch_unwind)]
pub fn csv_lines(values: NativeMatrix, names: Option<Vec<String>>) -> Answer<Uint8Array> {
    guard(|| Ok(csv_rows(&values.try_into()?, names.as_deref())?.into()))
}

/// An array to be written: `{ shape, data }`.
#[napi(object, object_to_js = false)]
pub struct ArrayIn {
    /// Dimensions.
    pub shape: Vec<u32>,
    /// Row-major values.
    pub data: Either3<Float32Array, Uint32Array, Uint8Array>,
}

/// Writes a `.npy` file to a place that nobody reads yet.
#[napi(catch_unwind)]
pub fn npy_write(path: String, array: ArrayIn) -> Answer<()> {
    guard(|| {
        let data = match &array.data {
            Either3::A(values) => NpyData::F32(values),
            Either3::B(values) => NpyData::U32(values),
            Either3::C(values) => NpyData::U8(values),
        };
        write_npy(Path::new(&path), &places(&array.shape), data)
    })
}

/// Reads a tree from Newick text or a parent-child-length table.
#[napi(catch_unwind)]
pub fn parse_tree(text: String, format: String) -> Answer<NativeTree> {
    guard(|| match format.as_str() {
        "newick" => Ok(tree::parse_newick(&text)?.into()),
        "table" => Ok(tree::parse_table(&text)?.into()),
        other => Err(Failure::new(Code::ConfigOutOfRange, format!("format: {other:?} is not one of newick, table"))),
    })
}

/// Computes the tree of the environments of a data set.
#[napi(catch_unwind)]
pub fn dendrogram(dataset: NativeDataset, options: String) -> Answer<NativeTree> {
    guard(|| {
        let dataset: Dataset = dataset.try_into()?;
        let labels = dataset.labels.get(&Role::Environment).ok_or_else(|| {
            Failure::new(Code::DataNeedsEnvironments, "a dendrogram needs environments")
                .hint("name the column of environments with `environment`")
        })?;
        Ok(dendrogram::dendrogram(&dataset.inputs, labels, &parse(&options)?)?.into())
    })
}

/// A data set in numbers, as JSON; with the names of the truth that a method is shown, where it is.
#[napi(catch_unwind)]
pub fn describe(dataset: NativeDataset, shown: Option<Vec<String>>) -> Answer<String> {
    guard(|| Ok(json(&describe::describe(&dataset.try_into()?, &shown.unwrap_or_default()))?.to_string()))
}

/// Latents of new rows under a model.
#[napi(object, object_from_js = false)]
pub struct Transformed {
    /// n x k.
    pub latents: NativeMatrix,
    /// Names of the latents.
    pub columns: Vec<String>,
}

/// What is scored: tables of the scored rows.
#[napi(object, object_to_js = false)]
pub struct NativeScoreTables {
    /// Estimated latents.
    pub latents: NativeTable,
    /// True tables by name.
    pub truth: HashMap<String, NativeTable>,
    /// Targets.
    pub targets: Option<NativeTable>,
    /// Environments.
    pub environment: Option<NativeLabels>,
    /// Tasks.
    pub task: Option<NativeLabels>,
}

/// Scores latents against the truth; `request` is JSON `{ split, seed?, summary?, views? }`, the result JSON.
#[napi(catch_unwind)]
pub fn score(request: String, tables: NativeScoreTables) -> Answer<String> {
    guard(|| {
        let tables = score::ScoreTables {
            latents: tables.latents.try_into()?,
            truth: tables.truth.into_iter().map(|(name, t)| Ok((name, t.try_into()?))).collect::<Result<_>>()?,
            targets: tables.targets.map(TryInto::try_into).transpose()?,
            environment: tables.environment.map(Into::into),
            task: tables.task.map(Into::into),
        };
        Ok(json(&score::score(METHODS, &parse(&request)?, tables)?)?.to_string())
    })
}

/// Searches the causal graph of the columns of a matrix; `config` is JSON of the options of the search, the result JSON. `silent`
/// has an entry for each of the matrix, 1 where nothing can be learnt of edges.
#[napi(catch_unwind)]
pub fn graph(values: NativeMatrix, config: String, silent: Option<Uint8Array>) -> Answer<String> {
    guard(|| {
        let config = options(&config)?;
        let values = Matrix::try_from(values)?.to_f64();
        let active = |silent: Uint8Array| {
            Matrix::new(values.rows(), values.cols(), silent.iter().map(|&entry| entry == 0).collect())
        };
        let test = match silent.map(active).transpose()? {
            Some(active) => disentangle_metrics::FisherZ::of_active(&values, &active)?,
            None => disentangle_metrics::FisherZ::of(&values)?,
        };
        Ok(json(&disentangle_metrics::pc(&test, config)?)?.to_string())
    })
}

/// What a model says about itself, as JSON.
#[napi(catch_unwind)]
pub fn model_info(model: Uint8Array) -> Answer<String> {
    guard(|| Ok(json(&model::header(&model)?)?.to_string()))
}

/// A tensor of a model: row-major values of its own type.
#[napi(object, object_from_js = false)]
pub struct NativeTensor {
    /// For example `trained/encoder.0.weight`.
    pub name: String,
    /// Dimensions.
    pub shape: Vec<u32>,
    /// Its values.
    pub data: Either<Float32Array, Float64Array>,
}

/// A model as plain data.
#[napi(object, object_from_js = false)]
pub struct NativePlainModel {
    /// JSON: the layers of encoder and decoder, which name their tensors.
    pub layers: String,
    /// All tensors.
    pub tensors: Vec<NativeTensor>,
}

/// What a model computes and with which numbers.
#[napi(catch_unwind)]
pub fn model_tensors(model: Uint8Array) -> Answer<NativePlainModel> {
    guard(|| {
        let plain = model::Model::open(METHODS, &model)?.plain()?;
        let tensors = plain.tensors.into_iter().map(|Named { name, shape, values }| NativeTensor {
            name,
            shape: shape.into_iter().map(|n| n as u32).collect(),
            data: match values {
                Values::F32(values) => Either::A(values.into()),
                Values::F64(values) => Either::B(values.into()),
            },
        });
        Ok(NativePlainModel { layers: plain.about.to_string(), tensors: tensors.collect() })
    })
}

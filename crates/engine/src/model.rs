//! A fitted model as bytes: packed once, used without a handle.

use crate::container::{Container, Frame, Named, Values};
use crate::decode::Decoder;
use crate::entry::Entry;
use crate::method::{Dimensions, State};
use crate::plan::{Plan, defining};
use crate::rows;
use crate::train;
use disentangle_data::nearest::nearest;
use disentangle_data::prepare::{Prepared, Standardiser, align_columns, standardise_new};
use disentangle_data::{Code, Failure, Labels, Matrix, Result, memory, views};
use disentangle_nn::Device;
use disentangle_nn::NamedValues;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::OnceLock;

mod generate;
mod plain;
mod variables;

pub use generate::{GivenRows, Intervened, Intervention};
pub use plain::PlainModel;
pub use variables::{Encoded, Variables};

/// What a model says about itself.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Header {
    /// Always `model`.
    pub kind: String,
    /// Version of disentangle that wrote it.
    pub version: String,
    /// What defines the numbers of the configuration, with everything settled.
    pub config: Value,
    /// Names of the input columns, in order; in the artifact those outside images.
    pub inputs: Vec<String>,
    /// Names of the latents.
    pub latents: Vec<String>,
    /// Names of the tree's nodes (or environments), in the order of the heads.
    pub environments: Vec<String>,
    /// Name of the target, where the method predicts one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub target: Option<String>,
    /// What the parameters depend on.
    pub dimensions: Dimensions,
    /// Applied to inputs before the encoder.
    pub input_scale: Standardiser,
    /// Takes the place of missing inputs, one value per column; without it they are refused.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub fill: Option<Vec<f32>>,
    /// Subtracted from inputs before they are rounded to 32 bits, one per column; `input_scale` knows it, `fill` does not.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub input_offsets: Vec<f64>,
    /// Subtracted from the target before it was rounded; `target_scale` knows it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub target_offset: Option<f64>,
    /// Undone after prediction.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub target_scale: Option<Standardiser>,
    /// Fingerprint of the data the model was fitted to.
    pub fingerprint: String,
}

impl Header {
    /// As it is written: pixels are not named, and each channel has one scale.
    fn squeezed(mut self) -> Self {
        let views = &self.dimensions.views;
        self.inputs = views::outside_images(views, &self.inputs);
        self.input_scale.mean = views::squeeze(views, &self.input_scale.mean);
        self.input_scale.sd = views::squeeze(views, &self.input_scale.sd);
        self.fill = self.fill.map(|fill| views::squeeze(views, &fill));
        self
    }

    /// The inverse of `squeezed`; without views everything is as it was written.
    fn spread(mut self) -> Result<Self> {
        let Dimensions { inputs, views, .. } = &mut self.dimensions;
        *views = views::or_whole(views, *inputs);
        views::check_ranges(views, *inputs)?;
        self.inputs = views::with_pixels(views, self.inputs, *inputs)?;
        self.input_scale.mean = views::spread(views, self.input_scale.mean);
        self.input_scale.sd = views::spread(views, self.input_scale.sd);
        self.fill = self.fill.map(|fill| views::spread(views, fill));
        Ok(self)
    }
}

/// Packs a fitted state with these latents.
///
/// # Errors
/// Those of candle.
pub fn pack(
    config: &Value,
    data: &Prepared,
    state: &State,
    latents: Vec<String>,
    fingerprint: &str,
) -> Result<Vec<u8>> {
    let header = Header {
        kind: "model".into(),
        version: env!("CARGO_PKG_VERSION").into(),
        config: defining(config),
        inputs: data.input_names.clone(),
        latents,
        environments: rows::environment_names(data),
        target: data.targets.as_ref().and_then(|t| t.names.first().cloned()),
        dimensions: Dimensions::of(data),
        input_scale: data.standardiser.clone(),
        fill: data.fill.clone(),
        input_offsets: data.offsets.inputs.clone(),
        target_offset: data.offsets.targets.first().copied().filter(|&offset| offset != 0.0),
        target_scale: data.targets.as_ref().map(|t| t.standardiser.clone()),
        fingerprint: fingerprint.into(),
    };
    let tensors = plain::tensors(state)?;
    let Value::Object(header) = serde_json::to_value(header.squeezed()).expect("a header serialises") else {
        unreachable!("a struct serialises to an object")
    };
    Ok(Container { header, tensors }.to_bytes())
}

/// The offsets of the columns `expected` among those `given`; zeros where there are none.
fn align_offsets(expected: &[String], given: &[String], offsets: &[f64]) -> Result<Vec<f64>> {
    if offsets.is_empty() {
        return Ok(vec![0.0; expected.len()]);
    }
    if offsets.len() != if given.is_empty() { expected.len() } else { given.len() } {
        return Err(Failure::new(Code::DataShape, format!("{} offsets for {} columns", offsets.len(), given.len())));
    }
    if given.is_empty() {
        return Ok(offsets.to_vec());
    }
    let of: BTreeMap<&String, f64> = given.iter().zip(offsets.iter().copied()).collect();
    Ok(expected.iter().map(|name| of.get(name).copied().unwrap_or_default()).collect())
}

const ENVIRONMENTS: &str = "the environments of the rows";

/// A model read back.
pub struct Model {
    /// What it says about itself.
    pub header: Header,
    plan: Plan,
    state: State,
    /// With the state the bytes that it was opened from.
    frame: Frame,
    /// Made when it is first asked for.
    decoder: OnceLock<Decoder>,
}

impl std::fmt::Debug for Model {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Model").field("header", &self.header).finish()
    }
}

/// Reads only the header, as it is written.
///
/// # Errors
/// `ARTIFACT_CORRUPT`, `ARTIFACT_VERSION`.
pub fn header(bytes: &[u8]) -> Result<Header> {
    header_of(&Container::from_bytes(bytes)?)
}

const AGAIN: &str = "fit again, or copy the file again: the copy may be incomplete";

fn header_of(container: &Container) -> Result<Header> {
    serde_json::from_value(Value::Object(container.header.clone()))
        .map_err(|e| Failure::new(Code::ArtifactCorrupt, format!("the model's header is damaged: {e}")).hint(AGAIN))
}

impl Model {
    /// Reads a model of one of the methods.
    ///
    /// # Errors
    /// `ARTIFACT_CORRUPT`, `ARTIFACT_VERSION`.
    pub fn open(methods: &'static [Entry], bytes: &[u8]) -> Result<Self> {
        // The tensors of the file, and what they are copied into.
        memory::claim(2 * bytes.len() as u64, "opening the model")?;
        let (container, frame) = Container::framed(bytes)?;
        let damaged =
            |e: String| Failure::new(Code::ArtifactCorrupt, format!("the model does not fit itself: {e}")).hint(AGAIN);
        let header = header_of(&container)?.spread().map_err(|failure| damaged(failure.message))?;
        let plan = Plan::check(methods, &header.config)?;
        let (mut trained, mut solved) = (Vec::new(), BTreeMap::new());
        for Named { name, shape, values } in container.tensors {
            match (name.split_once('/'), values) {
                (Some(("trained", name)), Values::F32(values)) => {
                    trained.push(NamedValues { name: name.into(), shape, values });
                }
                (Some(("solved", name)), Values::F64(values)) if shape.len() == 2 => {
                    solved.insert(name.into(), Matrix::new(shape[0], shape[1], values)?);
                }
                _ => return Err(damaged(format!("unexpected tensor {name:?}"))),
            }
        }
        let (method, seed) = (plan.method.as_ref(), plan.options.seed);
        let state = State::new(method, &header.dimensions, solved, &Device::Cpu, seed);
        let state = state.map_err(|e| damaged(e.to_string()))?;
        state.params.import(&trained).map_err(|e| damaged(e.to_string()))?;
        Ok(Self { header, plan, state, frame, decoder: OnceLock::new() })
    }

    /// The bytes that it was opened from.
    ///
    /// # Errors
    /// `MEMORY_LIMIT`, and those of candle.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        memory::claim(2 * self.frame.length() as u64, "the bytes of the model")?;
        self.frame.filled(&plain::tensors(&self.state)?)
    }

    /// Latents of new rows, n x k. Columns are matched by name; further columns are ignored.
    ///
    /// # Errors
    /// `DATA_COLUMN_MISMATCH`, `DATA_NOT_FINITE`, `NUMERIC_NOT_FINITE`.
    pub fn transform(&self, inputs: &Matrix, names: &[String]) -> Result<Matrix> {
        self.transform_from(inputs, names, &[])
    }

    /// As [`Model::transform`], of columns to which `offsets` are to be added; empty: nothing is.
    ///
    /// # Errors
    /// As [`Model::transform`]; `DATA_SHAPE` for another number of offsets.
    pub fn transform_from(&self, inputs: &Matrix, names: &[String], offsets: &[f64]) -> Result<Matrix> {
        train::encode(&self.state, &self.seen(inputs, names, offsets)?)
    }

    /// As [`Model::transform_from`], of rows whose environments may be known. Where latents do not depend on the environment of their row
    /// they are the same; rows of an environment that took no part in the fit are taken as of an unknown one.
    ///
    /// # Errors
    /// As [`Model::transform_from`]; `DATA_UNKNOWN_ENVIRONMENT`, `DATA_SHAPE`.
    pub fn transform_rows(&self, rows: GivenRows<'_>) -> Result<Matrix> {
        let GivenRows { inputs, names, offsets, environments } = rows;
        let Some(labels) = environments.filter(|_| self.state.network.by_environment()) else {
            return self.transform_from(inputs, names, offsets);
        };
        let unknown = "leave `environments` out: its rows are then taken as of an unknown environment";
        let nodes = self.nodes_of_labels(inputs.rows(), labels, None, unknown)?;
        train::encode_in(&self.state, &self.seen(inputs, names, offsets)?, &nodes)
    }

    /// Inputs as the network takes them.
    fn seen(&self, inputs: &Matrix, names: &[String], offsets: &[f64]) -> Result<Matrix> {
        let Header { inputs: expected, input_scale, fill, input_offsets, dimensions, latents, .. } = &self.header;
        // The inputs as they were given and as the model takes them, and the latents.
        let values = inputs.rows() as u64 * (inputs.cols() + expected.len() + 2 * latents.len()) as u64;
        memory::claim(4 * values, "transforming the rows")?;
        let mut aligned = align_columns(expected, &dimensions.views, names, inputs)?;
        let mut scale = Cow::Borrowed(input_scale);
        if !(offsets.is_empty() && input_offsets.is_empty()) {
            let given = align_offsets(expected, names, offsets)?;
            let own = |column: usize| input_offsets.get(column).copied().unwrap_or_default();
            let cols = aligned.cols();
            for (place, value) in aligned.data_mut().iter_mut().enumerate() {
                let column = place % cols;
                *value = (f64::from(*value) + (given[column] - own(column))) as f32;
            }
            let relative: Vec<f64> = (0..cols).map(|column| -own(column)).collect();
            scale = Cow::Owned(input_scale.clone().shifted(&relative));
        }
        standardise_new(aligned, expected, &scale, fill.as_deref())
    }

    /// The target of new rows, in its own units and with all digits: far from zero it needs more than 32 bits. `offsets` are
    /// added to the columns; empty: nothing is.
    ///
    /// `attach` hangs new environments onto nodes of the tree: they get those nodes' heads.
    ///
    /// # Errors
    /// As [`Model::transform_from`]; `DATA_NEEDS_ENVIRONMENTS`, `DATA_UNKNOWN_ENVIRONMENT`, `DATA_NEEDS_TARGET`.
    pub fn predict_from(
        &self,
        inputs: &Matrix,
        names: &[String],
        offsets: &[f64],
        environments: Option<&Labels>,
        attach: &BTreeMap<String, String>,
    ) -> Result<Vec<f64>> {
        let nodes = self.nodes_of(inputs.rows(), environments, attach)?;
        let latents = self.transform_from(inputs, names, offsets)?;
        let predicted = self.plan.method.predict(&self.state, &latents, &nodes).ok_or_else(|| {
            let name = self.plan.entry.info.name;
            Failure::new(Code::DataNeedsTarget, format!("{name} predicts no target")).hint("use transform")
        })?;
        let (mean, sd) = self.header.target_scale.as_ref().map_or((0.0, 1.0), |scale| (scale.mean[0], scale.sd[0]));
        Ok(predicted.into_iter().map(|y| f64::from(y) * sd + mean).collect())
    }

    fn nodes_of(
        &self,
        rows: usize,
        environments: Option<&Labels>,
        attach: &BTreeMap<String, String>,
    ) -> Result<Vec<u32>> {
        let needs = self.plan.entry.info.needs.contains(&"environment");
        let Some(labels) = environments else {
            return match needs {
                false => memory::filled(0, rows, ENVIRONMENTS),
                true => {
                    Err(Failure::new(Code::DataNeedsEnvironments, "a prediction needs the environment of each row")
                        .hint("name the column with `environment`"))
                }
            };
        };
        if !needs {
            return memory::filled(0, rows, ENVIRONMENTS);
        }
        self.nodes_of_labels(
            rows,
            labels,
            Some(attach),
            "attach it to a node of the tree: its head is then that node's",
        )
    }

    /// The model's environments of labels; new ones hang onto others where there is an `attach`. `otherwise` says what to do about one that
    /// is not known.
    fn nodes_of_labels(
        &self,
        rows: usize,
        labels: &Labels,
        attach: Option<&BTreeMap<String, String>>,
        otherwise: &str,
    ) -> Result<Vec<u32>> {
        let known = &self.header.environments;
        if labels.codes.len() != rows {
            let message = format!("environments: {} labels for {rows} rows", labels.codes.len());
            return Err(Failure::new(Code::DataShape, message)
                .at("environments")
                .hint("give one label per row, in the order of the rows")
                .with("got", labels.codes.len())
                .with("expected", rows));
        }
        let mut node_of_level = Vec::with_capacity(labels.levels.len());
        for level in &labels.levels {
            let name = attach.and_then(|attach| attach.get(level)).unwrap_or(level);
            let node = known.iter().position(|n| n == name).ok_or_else(|| {
                let message =
                    format!("column {:?}: the environment {name:?} is not in the model's tree", labels.column);
                let failure = Failure::new(Code::DataUnknownEnvironment, message).with("environment", name.clone());
                failure.hint(match (nearest(name, known), attach) {
                    (Some(near), Some(_)) => format!("did you mean {near:?}? or attach it to a node of the tree"),
                    (Some(near), None) => format!("did you mean {near:?}? or {otherwise}"),
                    (None, _) => otherwise.to_owned(),
                })
            })?;
            node_of_level.push(node as u32);
        }
        let nodes = labels.codes.iter().map(|&code| node_of_level[code as usize]);
        Ok(memory::gathered(nodes, rows, ENVIRONMENTS))
    }
}

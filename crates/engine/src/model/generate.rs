//! What a model gives beside latents: inputs of latents, and what becomes of rows when latents are set.

use super::{ENVIRONMENTS, Model};
use crate::decode::Decoder;
use crate::mechanisms::{Settings, counterfactual, sample};
use crate::train;
use disentangle_data::config::unknown_key;
use disentangle_data::nearest::nearest;
use disentangle_data::prepare::align_columns;
use disentangle_data::{Code, Failure, Labels, Matrix, Result, memory};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Latents that are set to values, for given rows or for rows that are drawn.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Intervention {
    /// Value of each latent that is set, by name, in units of the latent.
    #[serde(rename = "do")]
    pub set: BTreeMap<String, f64>,
    /// Rows to draw where none are given. Default: 1000.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 10_000_000), with = "usize")]
    pub count: Option<usize>,
    /// Seed of the noise of drawn rows. Default: 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 9_007_199_254_740_991u64), with = "u64")]
    pub seed: Option<u64>,
    /// Environment of all drawn rows. Default: every environment of the model in turn.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub environment: Option<String>,
}

/// Rows after an intervention.
#[derive(Debug, Clone, PartialEq)]
pub struct Intervened {
    /// n x k.
    pub latents: Matrix,
    /// n x d, in units of the inputs; `None` without a decoder.
    pub inputs: Option<Matrix>,
    /// Environment of each row, as an index into the environments of the model; empty where nothing depends on it.
    pub environments: Vec<u32>,
}

/// Rows that a model is asked of.
#[derive(Debug, Clone, Copy)]
pub struct GivenRows<'a> {
    /// n x columns.
    pub inputs: &'a Matrix,
    /// One per column, or none.
    pub names: &'a [String],
    /// Added to each column before anything else; empty: nothing is.
    pub offsets: &'a [f64],
    /// One per row.
    pub environments: Option<&'a Labels>,
}

const DRAWN: usize = 1000;
const UNKNOWN: &str = "leave its rows out: nothing is known of its mechanisms";

impl Model {
    /// Inputs of latents, n x d, in units of the inputs. Columns are matched by name; further columns are ignored.
    ///
    /// # Errors
    /// `MODEL_NO_DECODER`, `DATA_COLUMN_MISMATCH`, `DATA_NOT_FINITE`, `NUMERIC_NOT_FINITE`.
    pub fn decode(&self, latents: &Matrix, names: &[String]) -> Result<Matrix> {
        let expected = &self.header.latents;
        let latents = align_columns(expected, &[], names, latents).map_err(|failure| match failure.code {
            Code::DataColumnMismatch => mismatch(expected, names, latents.cols()),
            _ => failure,
        })?;
        if let Some(at) = latents.data().iter().position(|value| !value.is_finite()) {
            let (row, column) = (at / latents.cols(), &expected[at % latents.cols()]);
            let message = format!("row {row}, latent {column:?}: {} is not finite", latents.data()[at]);
            return Err(Failure::new(Code::DataNotFinite, message).hint("leave the row out").with("row", row));
        }
        self.decoded(&latents)?.ok_or_else(|| {
            let name = self.plan.entry.info.name;
            Failure::new(Code::ModelNoDecoder, format!("{name} has no decoder: it cannot turn latents into inputs"))
                .hint("fit a method that has one, such as ivae, vade, pdgmm or pca")
        })
    }

    /// What becomes of rows when latents are set: of given rows a counterfactual (their noise is inferred, all latents
    /// downstream follow), otherwise of rows that are drawn.
    ///
    /// # Errors
    /// `MODEL_NO_MECHANISMS`; `CONFIG_MISSING` when nothing is set; `CONFIG_UNKNOWN_KEY` for a latent that does not exist,
    /// `CONFIG_OUT_OF_RANGE` for a value that is not finite, `CONFIG_CONFLICT` for options of drawn rows with given ones;
    /// `DATA_NEEDS_ENVIRONMENTS`, `DATA_UNKNOWN_ENVIRONMENT`; as `transform`.
    pub fn intervene(&self, intervention: &Intervention, rows: Option<GivenRows<'_>>) -> Result<Intervened> {
        let set = self.settings(intervention)?;
        let Some(mechanisms) = self.plan.method.mechanisms(&self.state)? else {
            let name = self.plan.entry.info.name;
            let message = format!("{name} finds no mechanisms between latents, so nothing follows from setting one");
            return Err(Failure::new(Code::ModelNoMechanisms, message)
                .hint("fit a method that gives mechanisms: `disentangle methods` says which do"));
        };
        let depends = mechanisms.by_environment();
        let (latents, inputs, environments) = match rows {
            Some(GivenRows { inputs, names, offsets, environments }) => {
                refuse_drawing(intervention)?;
                let nodes = match (depends, environments) {
                    (true, Some(labels)) => self.nodes_of_labels(inputs.rows(), labels, None, UNKNOWN)?,
                    (true, None) => return Err(needs_environments()),
                    (false, _) => memory::filled(0, inputs.rows(), ENVIRONMENTS)?,
                };
                let seen = self.seen(inputs, names, offsets)?;
                let before = train::encode(&self.state, &seen)?;
                let after = counterfactual(mechanisms.as_ref(), &before.to_f64(), &nodes, &set)?.map(|z| z as f32);
                let decoded = self.decoder()?.decode_changed(&self.state, &seen, (&before, &after))?;
                (after, self.in_own_units(decoded)?, nodes)
            }
            None => {
                let nodes = self.drawn_environments(intervention, depends)?;
                let seed = intervention.seed.unwrap_or_default();
                let drawn =
                    sample(mechanisms.as_ref(), self.header.latents.len(), &nodes, &set, seed)?.map(|z| z as f32);
                let inputs = self.decoded(&drawn)?;
                (drawn, inputs, nodes)
            }
        };
        Ok(Intervened { latents, inputs, environments: if depends { environments } else { Vec::new() } })
    }

    /// Inputs in their own units; `None` without a decoder.
    fn decoded(&self, latents: &Matrix) -> Result<Option<Matrix>> {
        self.in_own_units(self.decoder()?.decode(&self.state, latents)?)
    }

    fn in_own_units(&self, decoded: Option<Matrix>) -> Result<Option<Matrix>> {
        decoded.map(|inputs| self.header.input_scale.undo(&inputs)).transpose()
    }

    fn decoder(&self) -> Result<&Decoder> {
        Ok(match self.decoder.get() {
            Some(decoder) => decoder,
            None => {
                let decoder = Decoder::of(&self.state)?;
                self.decoder.get_or_init(|| decoder)
            }
        })
    }

    /// Places of the latents that are set.
    fn settings(&self, intervention: &Intervention) -> Result<Settings> {
        let known = &self.header.latents;
        if intervention.set.is_empty() {
            return Err(Failure::new(Code::ConfigMissing, "do is empty: no latent is set").at("do").hint(format!(
                "set at least one of {}, for example {}=1.5",
                listed(known),
                known[0]
            )));
        }
        let mut set = Settings::new();
        for (name, &value) in &intervention.set {
            let path = format!("do.{name}");
            let Some(place) = known.iter().position(|latent| latent == name) else {
                return Err(unknown_key(&path, name, known).hint(match nearest(name, known) {
                    Some(near) => format!("did you mean {near:?}? the model's latents are {}", listed(known)),
                    None => format!("the model's latents are {}", listed(known)),
                }));
            };
            if !value.is_finite() || value.abs() > f64::from(f32::MAX) {
                return Err(Failure::new(Code::ConfigOutOfRange, format!("{path}: {value} is not a finite number"))
                    .at(path)
                    .hint("give a number in units of the latent; the summary has its mean and standard deviation"));
            }
            set.insert(place, value);
        }
        Ok(set)
    }

    fn drawn_environments(&self, intervention: &Intervention, depends: bool) -> Result<Vec<u32>> {
        let (known, count) = (&self.header.environments, intervention.count.unwrap_or(DRAWN));
        let Some(name) = &intervention.environment else {
            let environments = if depends { known.len().max(1) } else { 1 };
            let nodes = (0..count).map(|row| (row % environments) as u32);
            return Ok(memory::gathered(nodes, count, ENVIRONMENTS));
        };
        let node = known.iter().position(|environment| environment == name).ok_or_else(|| {
            let message = format!("environment: the model knows no environment {name:?}");
            let failure = Failure::new(Code::DataUnknownEnvironment, message).at("environment");
            match nearest(name, known) {
                Some(near) => failure.hint(format!("did you mean {near:?}?")),
                None => failure.hint("leave `environment` out to draw every environment in turn"),
            }
        })?;
        memory::filled(node as u32, count, ENVIRONMENTS)
    }
}

/// Columns that are not the latents of the model.
fn mismatch(expected: &[String], names: &[String], cols: usize) -> Failure {
    let missing: Vec<&str> = expected.iter().filter(|name| !names.contains(name)).map(String::as_str).collect();
    let message = match names {
        [] => format!("{cols} columns without names, but the model has {} latents", expected.len()),
        _ => format!("{} of {} latents are missing: {}", missing.len(), expected.len(), missing.join(", ")),
    };
    Failure::new(Code::DataColumnMismatch, message)
        .hint(format!("give one column for each latent: {}", listed(expected)))
        .with("expected", expected.len())
        .with("got", cols)
}

/// Given rows are not drawn.
fn refuse_drawing(intervention: &Intervention) -> Result<()> {
    let Intervention { count, seed, environment, .. } = intervention;
    let given = [("count", count.is_some()), ("seed", seed.is_some()), ("environment", environment.is_some())];
    match given.into_iter().find(|(_, given)| *given) {
        None => Ok(()),
        Some((option, _)) => {
            let message = format!("{option}: it is about drawn rows, but rows were given");
            Err(Failure::new(Code::ConfigConflict, message)
                .at(option)
                .hint(format!("leave `{option}` out, or leave the rows out to draw some")))
        }
    }
}

fn needs_environments() -> Failure {
    let message = "the mechanisms differ between environments: a counterfactual needs the environment of each row";
    Failure::new(Code::DataNeedsEnvironments, message).hint("name the column with `environment`")
}

fn listed(names: &[String]) -> String {
    names.join(", ")
}

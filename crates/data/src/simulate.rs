//! Worlds with known causes. The methods know nothing of them.

pub mod balls_world;
pub mod chamber_world;
pub mod chemistry_world;
#[cfg(test)]
mod golden;
pub mod intervention_world;
mod limits;
pub mod modality_world;
pub mod phenotype;
mod raster;
mod row;
pub mod shift_world;
pub mod silent_world;
pub mod source;
mod sparse_heads;
pub mod task_world;
pub mod tree_world;

pub(crate) use limits::{numbered, refuse_huge};

use crate::config;
use crate::dataset::Dataset;
use crate::failure::{Code, Failure, Result};
use crate::nearest::did_you_mean;
use serde_json::Value;
use source::Source;
use std::sync::Arc;

/// From a configuration to the world it describes.
type OpenSource = fn(Value) -> Result<Arc<dyn Source>>;

/// One simulator: what the catalogue shows and what runs.
#[derive(Debug, Clone, Copy)]
pub struct Simulator {
    /// The name users give, for example `tree-world`.
    pub name: &'static str,
    /// One sentence.
    pub summary: &'static str,
    /// JSON Schema of the configuration.
    pub schema: fn() -> Value,
    run: fn(Value) -> Result<Dataset>,
    /// The world as a source of more rows, where it is one.
    source: Option<OpenSource>,
}

/// All simulators.
pub const SIMULATORS: &[Simulator] = &[
    Simulator {
        name: "tree-world",
        summary: tree_world::SUMMARY,
        schema: config::schema_of::<tree_world::TreeWorldConfig>,
        run: |config| tree_world::tree_world(&read(config)?),
        source: None,
    },
    Simulator {
        name: "task-world",
        summary: task_world::SUMMARY,
        schema: config::schema_of::<task_world::TaskWorldConfig>,
        run: |config| task_world::task_world(&read(config)?),
        source: None,
    },
    Simulator {
        name: "shift-world",
        summary: shift_world::SUMMARY,
        schema: config::schema_of::<shift_world::ShiftWorldConfig>,
        run: |config| shift_world::shift_world(&read(config)?),
        source: None,
    },
    Simulator {
        name: "intervention-world",
        summary: intervention_world::SUMMARY,
        schema: config::schema_of::<intervention_world::InterventionWorldConfig>,
        run: |config| intervention_world::intervention_world(&read(config)?),
        source: None,
    },
    Simulator {
        name: "chamber-world",
        summary: chamber_world::SUMMARY,
        schema: config::schema_of::<chamber_world::ChamberWorldConfig>,
        run: |config| chamber_world::chamber_world(&read(config)?),
        source: None,
    },
    Simulator {
        name: "modality-world",
        summary: modality_world::SUMMARY,
        schema: config::schema_of::<modality_world::ModalityWorldConfig>,
        run: |config| modality_world::modality_world(&read(config)?),
        source: None,
    },
    Simulator {
        name: "silent-world",
        summary: silent_world::SUMMARY,
        schema: config::schema_of::<silent_world::SilentWorldConfig>,
        run: |config| silent_world::silent_world(&read(config)?),
        source: Some(|config| silent_world::source(&read(config)?)),
    },
    Simulator {
        name: "balls-world",
        summary: balls_world::SUMMARY,
        schema: config::schema_of::<balls_world::BallsWorldConfig>,
        run: |config| balls_world::balls_world(&read(config)?),
        source: Some(|config| balls_world::source(&read(config)?)),
    },
    Simulator {
        name: "chemistry-world",
        summary: chemistry_world::SUMMARY,
        schema: config::schema_of::<chemistry_world::ChemistryWorldConfig>,
        run: |config| chemistry_world::chemistry_world(&read(config)?),
        source: None,
    },
];

/// Rows of a data set that are compared with those of its world.
const COMPARED: usize = 16;
/// Share of a value by which the mathematical functions of two machines may differ, generously.
const ROUNDING: f32 = 1e-4;

/// Runs the simulator `name` with a JSON object of its configuration; what is absent has its default.
///
/// # Errors
/// `CONFIG_UNKNOWN_METHOD`, and `CONFIG_*` with the path of each mistake.
pub fn simulate(name: &str, config: Value) -> Result<Dataset> {
    match SIMULATORS.iter().find(|simulator| simulator.name == name) {
        Some(simulator) => (simulator.run)(config),
        None => Err(Failure::new(Code::ConfigUnknownMethod, format!("simulator: no simulator is called {name:?}"))
            .at("simulator")
            .hint(did_you_mean(name, SIMULATORS.iter().map(|simulator| simulator.name)))),
    }
}

/// The world that a data set was made by, known by its provenance.
///
/// # Errors
/// `DATA_NEEDS_SIMULATOR` when there is none that can draw more rows, or when the inputs are not its inputs any more.
pub fn source_of(dataset: &Dataset) -> Result<Arc<dyn Source>> {
    let refuse = |what: String| {
        let names: Vec<&str> = SIMULATORS.iter().filter(|s| s.source.is_some()).map(|s| s.name).collect();
        let hint =
            format!("use data of a simulator that can ({}) as they are, or the rows that are given", names.join(", "));
        Err(Failure::new(Code::DataNeedsSimulator, what).hint(hint))
    };
    let Some(name) = dataset.provenance.get("simulator").and_then(Value::as_str) else {
        return refuse("no simulator made the data: there are no other rows than those given".into());
    };
    let Some(open) = SIMULATORS.iter().find(|s| s.name == name).and_then(|s| s.source) else {
        return refuse(format!("the simulator {name:?}, which made the data, cannot draw more rows"));
    };
    let source = open(dataset.provenance.get("config").cloned().unwrap_or_default())?;
    let rows = COMPARED.min(dataset.rows());
    let known = source.first_inputs(rows);
    let close = |(a, b): (&f32, &f32)| (a - b).abs() <= ROUNDING * a.abs().max(b.abs()).max(1.0);
    let given = &dataset.inputs.data()[..rows * dataset.inputs.cols()];
    if known.cols() != dataset.inputs.cols() || !known.data().iter().zip(given).all(close) {
        return refuse(format!(
            "the inputs are not those of {name:?} any more: columns or rows were chosen, or values changed"
        ));
    }
    Ok(source)
}

fn read<T: serde::de::DeserializeOwned + schemars::JsonSchema>(config: Value) -> Result<T> {
    match config {
        Value::Object(map) => config::parse(map),
        other => Err(Failure::new(Code::ConfigWrongType, format!("the configuration: {other} is not of type object"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_simulator_runs_its_defaults_made_small_and_its_schema_has_bounds_for_every_number() {
        for simulator in SIMULATORS {
            let schema = (simulator.schema)();
            assert_eq!(schema["additionalProperties"], false, "{}", simulator.name);
            for (key, property) in schema["properties"].as_object().expect("an object schema") {
                assert!(property.get("description").is_some(), "{key} has a doc comment");
                if property["type"] == "integer" || property["type"] == "number" {
                    let bounded = ["minimum", "exclusiveMinimum"].iter().any(|bound| property.get(bound).is_some());
                    assert!(bounded, "{}.{key} has a bound", simulator.name);
                }
            }
        }
        for (name, small) in [
            ("tree-world", json!({"depth": 2, "pointsPerEnvironment": 5})),
            ("task-world", json!({"tasks": 3, "pointsPerTask": 5})),
            ("shift-world", json!({"environments": 3, "pointsPerEnvironment": 5})),
            ("silent-world", json!({"rows": 30})),
            ("intervention-world", json!({"referencePoints": 20, "pointsPerEnvironment": 5})),
            ("chamber-world", json!({"pointsPerEnvironment": 5})),
            ("modality-world", json!({"points": 30})),
            ("balls-world", json!({"rows": 30})),
            ("chemistry-world", json!({"environments": 3, "pointsPerEnvironment": 5})),
        ] {
            simulate(name, small).expect("runs").check_shapes().expect("fits together");
        }
    }

    #[test]
    fn an_unknown_simulator_is_refused_with_the_nearest_name() {
        let failure = simulate("treeworld", json!({})).expect_err("unknown");
        assert_eq!(failure.code, Code::ConfigUnknownMethod);
        assert_eq!(failure.hint.as_deref(), Some("did you mean \"tree-world\"?"));
        assert_eq!(simulate("tree-world", json!(3)).expect_err("not an object").code, Code::ConfigWrongType);
    }
}

//! The sensors of an optical device, simulated without noise: light of three colors through two polarizers.
//!
//! Five actuators (brightness of red, green and blue, two polarizer angles) follow a linear-Gaussian causal model, as in the
//! device's benchmark for representation learning; each of the environments after the first intervenes perfectly on one of them.
//! Six light sensors at three places, a current and two angle sensors measure them: all are linear in the actuators but the two
//! light sensors behind both polarizers, which Malus' law makes depend on cos^2 of the difference of the angles.
//!
//! Reference: *Causal chambers as a real-world physical testbed for AI methodology* (Gamella, Peters, Bühlmann, 2025),
//! <https://doi.org/10.1038/s42256-024-00964-x>: the formula of the sensors (model F3 of the light tunnel) and its constants (package
//! causalchamber 0.2.8), and the causal model of its data set lt_crl_benchmark_v1.

use crate::dataset::{Dataset, Labels, Role, Table};
use crate::failure::Result;
use crate::matrix::Matrix;
use crate::simulate::refuse_huge;
use crate::stream::Stream;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map as Object, Value};
use std::collections::BTreeMap;

/// For the catalogue.
pub const SUMMARY: &str =
    "Simulated sensors of an optical device: light through two polarizers, one actuator changed in each environment.";

const LATENTS: [&str; 5] = ["red", "green", "blue", "pol_1", "pol_2"];
const SENSORS: [&str; 9] = ["ir_1", "vis_1", "ir_2", "vis_2", "ir_3", "vis_3", "current", "angle_1", "angle_2"];

/// Weights of the edges, (cause, effect, weight), causes before effects.
const EDGES: [(usize, usize, f64); 5] =
    [(0, 1, 0.719_439_22), (4, 1, 0.677_262_98), (1, 2, 0.893_032_15), (4, 2, 0.985_349_01), (0, 3, 0.848_684_01)];
/// The latents, causes before effects.
const ORDER: [usize; 5] = [0, 4, 1, 2, 3];
/// Variances of the noises.
const VARIANCES: [f64; 5] = [1.385_549_3, 1.164_267_32, 1.005_021_77, 1.956_468_55, 1.274_823_47];
/// Mean and variance of each latent under an intervention, before it is brought to unit variance without one.
const CHANGED_MEANS: [f64; 5] = [1.169_205_56, 1.474_967_36, -1.605_962_09, -1.965_785_19, 1.011_707_1];
const CHANGED_VARIANCES: [f64; 5] = [1.948_781_38, 1.358_867_56, 1.573_433_13, 1.102_178_5, 1.305_110_67];
/// Actuators stop here, in standard deviations.
const STOP: f64 = 5.0;
/// Actuator = latent x gain + offset: brightness from 0 to 255, angles in degrees.
const GAINS: [f64; 5] = [25.5, 25.5, 25.5, 18.0, 18.0];
const OFFSETS: [f64; 5] = [127.5, 127.5, 127.5, 0.0, 0.0];
/// How infrared and visible sensors answer to red, green and blue.
const ANSWERS: [[f64; 3]; 2] = [[4.341_652_02, 2.859_443_8, 1.915_656_91], [0.894_105_69, 1.586_792_42, 2.684_771_63]];
/// Share of each color that passes one polarizer, two parallel and two crossed ones.
const PASS_ONE: [f64; 3] = [0.426_856_88, 0.412_317_82, 0.466_525_26];
const PASS_PARALLEL: [f64; 3] = [0.290_934_2, 0.296_243_14, 0.305_262_71];
const PASS_CROSSED: [f64; 3] = [0.004_310_32, 0.014_476_11, 0.020_410_75];
/// Current drawn by each color.
const DRAWN: [f64; 3] = [0.128_349_46, 0.128_703_38, 0.130_785_23];
const CURRENT_OFFSET: f64 = 58.133_073_185_038_93;
const ANGLE_GAIN: f64 = 1.422_612_11;
const ANGLE_OFFSETS: [f64; 2] = [506.804_974_717_129_4, 510.983_430_627_754_3];
/// Distances of the three places from the light, in meters.
const PLACES: [f64; 3] = [0.1, 0.17, 0.25];
/// Amplification of infrared and visible sensors.
const AMPLIFIED: [f64; 2] = [32.0, 16.0];

/// Configuration of the simulator `chamber-world`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ChamberWorldConfig {
    /// Seed of every random number.
    #[schemars(range(min = 0))]
    pub seed: u64,
    /// Rows of each of the six environments.
    #[schemars(range(min = 2, max = 10_000_000))]
    pub points_per_environment: usize,
}

impl Default for ChamberWorldConfig {
    fn default() -> Self {
        Self { seed: 0, points_per_environment: 10_000 }
    }
}

/// Simulates the sensors: the environment `reference`, then one for each actuator, `e1` to `e5`. Truth: `latents` (n x 5, in standard
/// deviations of `reference`), `graph` (5 x 5, weights of these), `interventions` (environments x 5).
///
/// # Errors
/// `CONFIG_OUT_OF_RANGE`.
pub fn chamber_world(config: &ChamberWorldConfig) -> Result<Dataset> {
    let points = config.points_per_environment;
    let environments = LATENTS.len() + 1;
    let n = environments * points;
    refuse_huge(n as u128 * (SENSORS.len() + LATENTS.len()) as u128, "pointsPerEnvironment", "simulate fewer rows")?;
    let sd = deviations();
    let (mut inputs, mut latents) = (Matrix::zeros(n, SENSORS.len()), Matrix::zeros(n, LATENTS.len()));
    for u in 0..environments {
        let mut noise = Stream::new(config.seed, "chamber-world/noise").at(u as u32);
        for row in u * points..(u + 1) * points {
            let z = latent_row(u.checked_sub(1), &sd, &mut noise);
            inputs.row_mut(row).iter_mut().zip(sensors(&z)).for_each(|(to, value)| *to = value as f32);
            latents.row_mut(row).iter_mut().zip(z).for_each(|(to, value)| *to = value as f32);
        }
    }
    let mut graph = Matrix::zeros(LATENTS.len(), LATENTS.len());
    EDGES.iter().for_each(|&(from, to, weight)| graph[(from, to)] = (weight * sd[from] / sd[to]) as f32);
    let names = LATENTS.map(String::from).to_vec();
    let levels: Vec<String> =
        std::iter::once("reference".to_owned()).chain(super::numbered("e", LATENTS.len())).collect();
    let about = |rows: &[String], values: Matrix| Table { columns: names.clone(), rows: rows.to_vec(), values };
    let changed = Matrix::from_fn(environments, LATENTS.len(), |u, i| f32::from(u8::from(u == i + 1)));
    let truth = BTreeMap::from([
        ("latents".to_owned(), about(&[], latents)),
        ("graph".to_owned(), about(&names, graph)),
        ("interventions".to_owned(), about(&levels, changed)),
    ]);
    let codes = (0..environments as u32).flat_map(|u| std::iter::repeat_n(u, points)).collect();
    Ok(Dataset {
        name: "chamber-world".into(),
        inputs,
        input_names: SENSORS.map(String::from).to_vec(),
        labels: BTreeMap::from([(Role::Environment, Labels { column: "environment".into(), levels, codes })]),
        truth,
        provenance: Object::from_iter([
            ("simulator".to_owned(), Value::from("chamber-world")),
            ("config".to_owned(), serde_json::to_value(config).expect("a configuration serialises")),
        ]),
        ..Dataset::default()
    })
}

/// Standard deviations of the latents without an intervention, in closed form.
fn deviations() -> [f64; 5] {
    // Each latent as a sum of noises.
    let mut of_noises = [[0.0; 5]; 5];
    for i in ORDER {
        of_noises[i][i] = 1.0;
        for &(from, _, weight) in EDGES.iter().filter(|edge| edge.1 == i) {
            for noise in 0..5 {
                of_noises[i][noise] += weight * of_noises[from][noise];
            }
        }
    }
    of_noises.map(|row| row.iter().zip(VARIANCES).map(|(a, v)| a * a * v).sum::<f64>().sqrt())
}

/// One row of latents; `changed` is the one that the environment intervenes on.
fn latent_row(changed: Option<usize>, sd: &[f64; 5], noise: &mut Stream) -> [f64; 5] {
    let noises: [f64; 5] = std::array::from_fn(|_| noise.normal());
    let mut raw = [0.0; 5];
    for i in ORDER {
        raw[i] = if changed == Some(i) {
            CHANGED_MEANS[i] + CHANGED_VARIANCES[i].sqrt() * noises[i]
        } else {
            let causes: f64 = EDGES.iter().filter(|edge| edge.1 == i).map(|&(from, _, w)| w * raw[from]).sum();
            causes + VARIANCES[i].sqrt() * noises[i]
        };
    }
    std::array::from_fn(|i| (raw[i] / sd[i]).clamp(-STOP, STOP))
}

fn sensors(z: &[f64; 5]) -> [f64; 9] {
    let actuator: [f64; 5] = std::array::from_fn(|i| z[i] * GAINS[i] + OFFSETS[i]);
    let light = [actuator[0], actuator[1], actuator[2]];
    let aligned = (actuator[3] - actuator[4]).to_radians().cos().powi(2);
    let at = |place: usize, sensor: usize| {
        let near = (PLACES[0] / PLACES[place]).powi(2);
        let passes = |color: usize| match place {
            0 => 1.0,
            1 => PASS_ONE[color],
            _ => (PASS_PARALLEL[color] - PASS_CROSSED[color]) * aligned + PASS_CROSSED[color],
        };
        let answer = |color: usize| ANSWERS[sensor][color] * passes(color) * light[color];
        AMPLIFIED[sensor] * near * (0..3).map(answer).sum::<f64>()
    };
    let current = CURRENT_OFFSET + (0..3).map(|color| DRAWN[color] * light[color]).sum::<f64>();
    let angle = |polarizer: usize| ANGLE_GAIN * actuator[3 + polarizer] + ANGLE_OFFSETS[polarizer];
    [at(0, 0), at(0, 1), at(1, 0), at(1, 1), at(2, 0), at(2, 1), current, angle(0), angle(1)]
}

#[cfg(test)]
mod tests;

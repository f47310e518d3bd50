//! Pictures of colored balls that move on their own and now and then stand still, at places of their own.
//!
//! 1. The mean place of each ball is uniform on [0.3, 0.7]^2, drawn again while it is within `meanDistance` of another ball's.
//! 2. In every row a ball is at N(mean, 0.1^2 I), drawn again until it is inside [0.05, 0.95]^2.
//! 3. With `frozenProbability` it is at its mean instead: as a whole, or x and y each on its own. These latents are silent.
//! 4. The balls are drawn one over the other on white, with y upwards; the value of a pixel is its mean color.
//!
//! Reference: *Identifiability of potentially degenerate Gaussian mixture models with piecewise affine mixing*, section 5 and
//! appendices D.10 (balls) and D.11 (coordinates), <https://arxiv.org/abs/2604.13218>; the pictures are those of
//! *Weakly supervised representation learning with sparse perturbations* (Ahuja et al., 2022), <https://arxiv.org/abs/2206.01101>.
//! Colors, and the cut of center and radius to whole pixels, are those of the paper's code.
//!
//! Differs from the paper: intensities are from 0 to 1, not rounded to one of 256, and edges are exact shares of the pixels in
//! place of PyGame's approximation.

mod world;

use crate::dataset::{Dataset, Table};
use crate::failure::{Code, Failure, Result};
use crate::matrix::Matrix;
use crate::simulate::raster::view_of;
use crate::simulate::source::Source;
use crate::simulate::{numbered, refuse_huge};
use crate::stream::Stream;
use crate::views::Image;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map as Object, Value};
use std::collections::BTreeMap;
use std::sync::Arc;
use world::World;

/// For the catalogue.
pub const SUMMARY: &str = "Pictures of colored balls that move on their own and are sometimes frozen in place.";

/// What is frozen at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Frozen {
    /// A ball as a whole: its two coordinates can only be recovered together.
    #[default]
    Balls,
    /// Each coordinate on its own.
    Coordinates,
}

/// Where a ball is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Centers {
    /// Center and radius are cut to whole pixels, as published: the picture shows a coordinate to one part in `size`.
    #[default]
    Whole,
    /// Exactly where it is.
    Exact,
}

/// Configuration of the simulator `balls-world`. The defaults are those of the paper.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct BallsWorldConfig {
    /// Seed of every random number.
    #[schemars(range(min = 0))]
    pub seed: u64,
    /// Number of rows: 10,000 pictures of the default size take 490 MB.
    #[schemars(range(min = 1, max = 1_000_000_000))]
    pub rows: usize,
    /// Number of balls, each of a color of its own; two latents each.
    #[schemars(range(min = 1, max = 12))]
    pub balls: usize,
    /// Height and width of the pictures in pixels.
    #[schemars(range(min = 8, max = 1_024))]
    pub size: usize,
    /// Radius of the balls, as a share of `size`.
    #[schemars(range(min = 0.01, max = 0.5))]
    pub radius: f64,
    /// What is frozen at once: balls, or each coordinate on its own.
    pub frozen: Frozen,
    /// Probability with which a ball, or a coordinate, is frozen in a row.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub frozen_probability: f64,
    /// Where balls are drawn: cut to whole pixels, or exactly.
    pub centers: Centers,
    /// Least distance between the mean places of two balls, as a share of the picture. The places lie in a square of side
    /// 0.4, which has room for six balls at the default.
    #[schemars(range(min = 0.0, max = 0.5))]
    pub mean_distance: f64,
}

impl Default for BallsWorldConfig {
    fn default() -> Self {
        Self {
            seed: 0,
            rows: 2_000,
            balls: 2,
            size: 64,
            radius: 0.1,
            frozen: Frozen::Balls,
            frozen_probability: 0.1,
            centers: Centers::Whole,
            mean_distance: 0.2,
        }
    }
}

impl BallsWorldConfig {
    fn image(&self) -> Image {
        Image { channels: 3, height: self.size, width: self.size }
    }

    /// In pixels.
    fn drawn_radius(&self) -> f64 {
        let radius = self.radius * self.size as f64;
        match self.centers {
            Centers::Whole => radius.floor(),
            Centers::Exact => radius,
        }
    }
}

/// Simulates a world of balls: inputs are one view, `image`, of 3 x size x size intensities from 0 to 1. Truth: `latents`
/// (n x 2 balls; `ball1.x`, `ball1.y`, ..., shares of width and height, y upwards); `silent` (n x 2 balls, 1 = frozen); `blocks`
/// (balls x 2 balls, 1 = belongs to it), where balls are frozen as a whole. Latents are independent of each other.
///
/// More rows leave the first ones as they were; how balls are drawn leaves the latents as they were.
///
/// # Errors
/// `CONFIG_CONFLICT`, `CONFIG_OUT_OF_RANGE`.
pub fn balls_world(config: &BallsWorldConfig) -> Result<Dataset> {
    let world = open(config)?;
    let rows = world.rows(0..config.rows, &own_streams(config.seed));
    let balls = numbered("ball", config.balls);
    let columns: Vec<String> = balls.iter().flat_map(|ball| ["x", "y"].map(|axis| format!("{ball}.{axis}"))).collect();
    let about = |rows: &[String], values: Matrix| Table { columns: columns.clone(), rows: rows.to_vec(), values };
    let mut truth = BTreeMap::from([
        ("latents".to_owned(), about(&[], rows.latents)),
        ("silent".to_owned(), about(&[], rows.silent)),
    ]);
    if config.frozen == Frozen::Balls {
        let of = Matrix::from_fn(config.balls, columns.len(), |ball, latent| f32::from(u8::from(latent / 2 == ball)));
        truth.insert("blocks".to_owned(), about(&balls, of));
    }
    let (view, input_names) = view_of(config.image());
    Ok(Dataset {
        name: "balls-world".into(),
        inputs: rows.inputs,
        input_names,
        views: vec![view],
        truth,
        provenance: Object::from_iter([
            ("simulator".to_owned(), Value::from("balls-world")),
            ("config".to_owned(), serde_json::to_value(config).expect("a configuration serialises")),
        ]),
        ..Dataset::default()
    })
}

/// The world of a configuration as a source of more rows.
///
/// # Errors
/// As [`balls_world`].
pub fn source(config: &BallsWorldConfig) -> Result<Arc<dyn Source>> {
    Ok(Arc::new(open(config)?))
}

/// Where the numbers of the data set come from; fresh rows have streams of their own.
fn own_streams(seed: u64) -> impl Fn(&str) -> Stream {
    move |name| Stream::new(seed, &format!("balls-world/{name}"))
}

fn open(config: &BallsWorldConfig) -> Result<World> {
    let refuse = |code, path: &str, message: String, hint: &str| {
        Err(Failure::new(code, format!("{path}: {message}")).at(path).hint(hint))
    };
    if config.drawn_radius() == 0.0 {
        let message = format!("{} of {} pixels is less than one", config.radius, config.size);
        let hint = "set a larger `radius` or `size`, or `centers: \"exact\"`";
        return refuse(Code::ConfigOutOfRange, "radius", message, hint);
    }
    let values = config.rows as u128 * (config.image().len() + 4 * config.balls) as u128;
    refuse_huge(values, "rows", "simulate fewer rows, or pictures of a smaller `size`")?;
    match World::draw(config) {
        Some(world) => Ok(world),
        None => {
            let message = format!("no places found for {} balls that are {} apart", config.balls, config.mean_distance);
            refuse(Code::ConfigConflict, "meanDistance", message, "set a smaller `meanDistance`, or fewer `balls`")
        }
    }
}

#[cfg(test)]
mod tests;

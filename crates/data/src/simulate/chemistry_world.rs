//! Pictures of three objects whose colors are causes of each other, by mechanisms that shift between environments.
//!
//! diamond -> triangle -> square: the latents are those of [`shift_world`] with three latents in a chain and no mixing, to the
//! last digit for the same seed. Objects stand in fixed cells of a 5 x 5 grid on black, and a latent z is the color of its object:
//!
//!   hue = 300 degrees (1/2 + arctan(z / 2) / pi) ,   saturation and value 1 ,
//!
//! from red (z to minus infinity) by yellow, green, cyan and blue to magenta. All hues differ, so the map from latents to
//! pictures is injective, and it bends: 60 degrees after each other, another of red, green and blue changes.
//!
//! Reference: *Identifiable latent neural causal models* (Liu, Zhang, Gong, Gong, Huang, van den Hengel, Zhang, Shi, 2024),
//! section 5 and appendix F, <https://arxiv.org/abs/2403.15711>, with pictures after *Systematic evaluation of causal discovery in
//! visual model based reinforcement learning* (Ke et al., 2021), <https://arxiv.org/abs/2107.00848>.
//!
//! Differs from the paper: it prints neither mechanisms nor colors, both are ours; the grid of 50 x 50 pixels is drawn at `size`,
//! with edges that are exact shares of the pixels.

use crate::dataset::Dataset;
use crate::failure::Result;
use crate::matrix::Matrix;
use crate::simulate::raster::{Canvas, Mask, polygon, view_of};
use crate::simulate::refuse_huge;
use crate::simulate::row::store;
use crate::simulate::shift_world::{Link, Mixing, Place, ShiftWorldConfig, Signs, UnshiftedTerm, shift_world};
use crate::views::Image;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map as Object, Value};
use std::f64::consts::PI;

/// For the catalogue.
pub const SUMMARY: &str =
    "Pictures of three objects whose colors cause each other, by mechanisms that shift between environments.";

const BLACK: f64 = 0.0;
/// Cells of the grid along each side.
const GRID: f64 = 5.0;

/// What a latent colors.
struct Shape {
    name: &'static str,
    /// Column and row of its cell.
    cell: [f64; 2],
    /// Corners in order, within the cell.
    corners: &'static [[f64; 2]],
}

/// Causes before effects.
const OBJECTS: [Shape; 3] = [
    Shape { name: "diamond", cell: [1.0, 1.0], corners: &[[0.5, 0.0], [1.0, 0.5], [0.5, 1.0], [0.0, 0.5]] },
    Shape { name: "triangle", cell: [3.0, 1.0], corners: &[[0.5, 0.0], [1.0, 1.0], [0.0, 1.0]] },
    Shape { name: "square", cell: [2.0, 3.0], corners: &[[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]] },
];

/// Configuration of the simulator `chemistry-world`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ChemistryWorldConfig {
    /// Seed of every random number.
    #[schemars(range(min = 0))]
    pub seed: u64,
    /// Number of environments.
    #[schemars(range(min = 1, max = 100_000))]
    pub environments: usize,
    /// Rows of each environment: 10,000 pictures of the default size take 490 MB.
    #[schemars(range(min = 2, max = 1_000_000))]
    pub points_per_environment: usize,
    /// Height and width of the pictures in pixels.
    #[schemars(range(min = 10, max = 1_024))]
    pub size: usize,
    /// The function of the mechanisms.
    pub link: Link,
    /// Where the coefficient of an environment enters: outside of the function, or inside.
    pub place: Place,
    /// Factor on every mechanism that shifts.
    #[schemars(range(min = 0.0, max = 100.0))]
    pub gain: f64,
    /// Least magnitude of a coefficient.
    #[schemars(range(min = 0.0, max = 100.0))]
    pub coefficient_least: f64,
    /// Largest magnitude of a coefficient.
    #[schemars(range(min = 0.0, max = 100.0))]
    pub coefficient_most: f64,
    /// Signs of the coefficients.
    pub signs: Signs,
    /// Noise means are uniform between minus and plus this.
    #[schemars(range(min = 0.0, max = 100.0))]
    pub noise_mean: f64,
    /// Least standard deviation of the noise.
    #[schemars(range(min = 1e-3, max = 100.0))]
    pub noise_scale_least: f64,
    /// Largest standard deviation of the noise.
    #[schemars(range(min = 1e-3, max = 100.0))]
    pub noise_scale_most: f64,
    /// Numbers of the objects, from 1, that receive a term that is the same in all environments. Default: none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(inner(range(min = 1, max = 3)))]
    pub unshifted: Vec<usize>,
    /// Whether that term stands alone or beside the one that shifts.
    pub unshifted_term: UnshiftedTerm,
    /// Function of that term.
    pub unshifted_link: Link,
    /// Factor on that term.
    #[schemars(range(min = 0.0, max = 100.0))]
    pub unshifted_gain: f64,
}

impl Default for ChemistryWorldConfig {
    fn default() -> Self {
        let causes = ShiftWorldConfig::default();
        Self {
            seed: causes.seed,
            environments: causes.environments,
            points_per_environment: 40,
            size: 64,
            link: causes.link,
            place: causes.place,
            gain: causes.gain,
            coefficient_least: causes.coefficient_least,
            coefficient_most: causes.coefficient_most,
            signs: causes.signs,
            noise_mean: causes.noise_mean,
            noise_scale_least: causes.noise_scale_least,
            noise_scale_most: causes.noise_scale_most,
            unshifted: causes.unshifted,
            unshifted_term: causes.unshifted_term,
            unshifted_link: causes.unshifted_link,
            unshifted_gain: causes.unshifted_gain,
        }
    }
}

impl ChemistryWorldConfig {
    fn image(&self) -> Image {
        Image { channels: 3, height: self.size, width: self.size }
    }

    /// The world of the colors alone.
    fn causes(&self) -> ShiftWorldConfig {
        ShiftWorldConfig {
            seed: self.seed,
            environments: self.environments,
            points_per_environment: self.points_per_environment,
            latents: OBJECTS.len(),
            link: self.link,
            place: self.place,
            gain: self.gain,
            coefficient_least: self.coefficient_least,
            coefficient_most: self.coefficient_most,
            signs: self.signs,
            noise_mean: self.noise_mean,
            noise_scale_least: self.noise_scale_least,
            noise_scale_most: self.noise_scale_most,
            unshifted: self.unshifted.clone(),
            unshifted_term: self.unshifted_term,
            unshifted_link: self.unshifted_link,
            unshifted_gain: self.unshifted_gain,
            mixing: Mixing::Identity,
            ..ShiftWorldConfig::default()
        }
    }
}

/// Simulates a chemistry world: inputs are one view, `image`, of 3 x size x size intensities from 0 to 1; environments `e1`,
/// `e2`, ... one after the other. Truth: as [`shift_world`], with the latents `diamond`, `triangle` and `square`.
///
/// More environments, or more rows, leave the first ones as they were; so does another size leave the latents.
///
/// # Errors
/// `CONFIG_CONFLICT`, `CONFIG_OUT_OF_RANGE`.
pub fn chemistry_world(config: &ChemistryWorldConfig) -> Result<Dataset> {
    let image = config.image();
    let rows = config.environments as u128 * config.points_per_environment as u128;
    let hint = "simulate fewer environments or rows, or pictures of a smaller `size`";
    refuse_huge(rows * (image.len() + 2 * OBJECTS.len()) as u128, "pointsPerEnvironment", hint)?;
    let mut dataset = shift_world(&config.causes())?;
    for table in dataset.truth.values_mut() {
        table.columns.iter_mut().chain(&mut table.rows).for_each(|name| *name = renamed(name));
    }
    dataset.inputs = pictures(&dataset.truth["latents"].values, config.size);
    dataset.name = "chemistry-world".into();
    let (view, input_names) = view_of(image);
    (dataset.views, dataset.input_names) = (vec![view], input_names);
    dataset.provenance = Object::from_iter([
        ("simulator".to_owned(), Value::from("chemistry-world")),
        ("config".to_owned(), serde_json::to_value(config).expect("a configuration serialises")),
    ]);
    Ok(dataset)
}

/// `z1`, `z2` and `z3` are the objects, in `z1 -> z2` as well.
fn renamed(name: &str) -> String {
    OBJECTS
        .iter()
        .enumerate()
        .fold(name.to_owned(), |name, (i, object)| name.replace(&format!("z{}", i + 1), object.name))
}

/// Latents (n x 3) as pictures (n x 3 size^2).
fn pictures(latents: &Matrix, size: usize) -> Matrix {
    let masks = OBJECTS.each_ref().map(|object| mask(object, size));
    let mut pictures = Matrix::zeros(latents.rows(), 3 * size * size);
    let mut canvas = Canvas::new(size, BLACK);
    for row in 0..latents.rows() {
        canvas.clear(BLACK);
        for (mask, &z) in masks.iter().zip(latents.row(row)) {
            canvas.paint(mask, color(f64::from(z)));
        }
        store(pictures.row_mut(row), canvas.values().iter().copied());
    }
    pictures
}

fn mask(object: &Shape, size: usize) -> Mask {
    let at = |corner: &[f64; 2]| [0, 1].map(|axis| (object.cell[axis] + corner[axis]) * size as f64 / GRID);
    polygon(size, &object.corners.iter().map(at).collect::<Vec<_>>())
}

/// Red, green and blue of a latent, each from 0 to 1.
fn color(z: f64) -> [f64; 3] {
    // In sixths of the circle: from red at 0 to magenta at 5.
    let hue = 5.0 * (0.5 + (0.5 * z).atan() / PI);
    // Each is full within one sixth of its own hue, on both sides, and gone from two sixths on.
    [0.0, 2.0, 4.0].map(|own: f64| {
        let apart = (hue - own).abs();
        (2.0 - apart.min(6.0 - apart)).clamp(0.0, 1.0)
    })
}

#[cfg(test)]
mod tests;

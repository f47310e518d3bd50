//! What the way back from latents to inputs says: how well inputs come back, and what each latent does to them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How well the inputs of one part of the split come back from their latents.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReconstructionRow {
    /// `train`, `validation` or `test`.
    pub split: String,
    /// Number of rows.
    pub rows: usize,
    /// Mean squared error of an input, in squared units of the standardized inputs.
    pub mse: f64,
    /// Share of the inputs' variance that comes back; `null` where they do not vary.
    pub explained: Option<f64>,
}

/// What a latent does: one row of the data, with the latent set to one value after another. All other latents follow as the
/// mechanisms say; without mechanisms they stay as they are.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Traversal {
    /// Name of the latent.
    pub latent: String,
    /// The row that is followed, by its place in the data set: the training row closest to the mean of the latents.
    pub row: usize,
    /// What the latent is set to: from two standard deviations below its mean to two above.
    pub values: Vec<f64>,
    /// The other latents that follow.
    pub latents: Vec<Response>,
    /// The inputs that move most, the first by most standard deviations; none without a decoder.
    pub inputs: Vec<Response>,
    /// The views that are images.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub pictures: Vec<Pictures>,
}

/// What rows of images would look like, had one latent another value. The noise of a row and its private variables stay as they are, and
/// all other latents follow as the mechanisms say.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Counterfactuals {
    /// Name of the latent.
    pub latent: String,
    /// The rows, by their places in the data set: of the test rows, evenly spaced; of validation or training rows where there are none.
    pub rows: Vec<usize>,
    /// What the latent is set to: from two standard deviations below its mean to two above.
    pub values: Vec<f64>,
    /// The views that are images. Row after row: the image itself, the image as its own latents decode to it, then one for each value.
    pub pictures: Vec<Pictures>,
}

/// What becomes of an image, one picture for each value of the latent that is set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Pictures {
    /// Name of the view.
    pub view: String,
    /// 1, gray, or 3: red, green and blue. Images with another number of channels are shown as their mean.
    pub channels: usize,
    /// Rows of a picture: of larger images, means of square blocks, so that the longer side has at most 32.
    pub height: usize,
    /// Columns of a picture.
    pub width: usize,
    /// The value that is shown as 0: the lowest of the training rows, in units of the data.
    pub lowest: f64,
    /// The value that is shown as 255: the highest of the training rows.
    pub highest: f64,
    /// Pixels of each picture, row by row, the channels of a pixel side by side: two hexadecimal digits each.
    pub pixels: Vec<String>,
}

/// What becomes of a latent or an input, one value for each value of the latent that is set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Response {
    /// Of the latent or the input.
    pub name: String,
    /// Its standard deviation over the training rows.
    pub sd: f64,
    /// In its own units.
    pub values: Vec<f64>,
}

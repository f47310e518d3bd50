//! Data that cross: numbers as typed arrays, copied once in each direction.

use disentangle_data::config::from_checked;
use disentangle_data::read::images::Images;
use disentangle_data::read::npy::NpyArray;
use disentangle_data::{
    Code, Dataset, Failure, Image, Labels, Matrix, Offsets, Result, Role, Table, Tree, View, folder, memory, views,
};
use disentangle_engine::model::GivenRows;
use napi::bindgen_prelude::{Float32Array, Uint32Array};
use napi_derive::napi;
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::HashMap;
use std::path::Path;

/// Text to a value.
pub fn parse<T: DeserializeOwned>(text: &str) -> Result<T> {
    let value = serde_json::from_str(text).map_err(|e| Failure::new(Code::ConfigParse, format!("not JSON: {e}")))?;
    from_checked(value)
}

/// Text to options that their schema allows.
pub fn options<T: DeserializeOwned + JsonSchema>(text: &str) -> Result<T> {
    disentangle_data::config::parse(parse(text)?)
}

/// A value to JSON.
pub fn json(value: &impl Serialize) -> Result<Value> {
    serde_json::to_value(value)
        .map_err(|e| Failure::new(Code::InternalPanic, format!("a value does not serialise: {e}")))
}

/// Row-major matrix.
#[napi(object)]
pub struct NativeMatrix {
    /// Values.
    pub data: Float32Array,
    /// Rows.
    pub rows: u32,
    /// Columns.
    pub cols: u32,
}

/// One column of labels.
#[napi(object)]
pub struct NativeLabels {
    /// Name of the column.
    pub column: String,
    /// Distinct labels.
    pub levels: Vec<String>,
    /// One code per row.
    pub codes: Uint32Array,
}

/// A matrix with names.
#[napi(object)]
pub struct NativeTable {
    /// Names of columns.
    pub columns: Vec<String>,
    /// Names of rows, where rows are not those of the data set.
    pub rows: Option<Vec<String>>,
    /// Numbers.
    pub values: NativeMatrix,
}

/// What is to be added to columns that lie far from zero.
#[napi(object)]
#[derive(Clone, Default)]
pub struct NativeOffsets {
    /// One per input column.
    pub inputs: Option<Vec<f64>>,
    /// One per target column.
    pub targets: Option<Vec<f64>>,
}

/// A rooted tree; parent -1 is the root.
#[napi(object)]
pub struct NativeTree {
    /// Names of nodes.
    pub names: Vec<String>,
    /// Parents.
    pub parents: Vec<i32>,
    /// Branch lengths.
    pub lengths: Vec<f64>,
}

/// A named range of the input columns.
#[napi(object)]
pub struct NativeView {
    /// Unique among the views.
    pub name: String,
    /// The first column.
    pub start: u32,
    /// The column after the last.
    pub end: u32,
    /// The shape, where each row of the view is an image.
    pub image: Option<NativeImage>,
}

/// The shape of an image.
#[napi(object)]
pub struct NativeImage {
    /// Such as 1 for grey and 3 for colour.
    pub channels: u32,
    /// Rows of pixels.
    pub height: u32,
    /// Columns of pixels.
    pub width: u32,
}

/// The images of a folder.
#[napi(object, object_from_js = false)]
pub struct ImageFolder {
    /// Below the folder, in the order of the rows.
    pub files: Vec<String>,
    /// Shape of each.
    pub image: NativeImage,
    /// Channel first.
    pub data: Float32Array,
}

/// A data set.
#[napi(object)]
pub struct NativeDataset {
    /// For people.
    pub name: String,
    /// n x d.
    pub inputs: NativeMatrix,
    /// The data set folder that the inputs are read from: here they have no numbers.
    pub folder: Option<String>,
    /// One per column outside images.
    pub input_names: Vec<String>,
    /// Absent: one view, `inputs`, of all columns.
    pub views: Option<Vec<NativeView>>,
    /// One per row, or none.
    pub row_ids: Vec<String>,
    /// By role.
    pub labels: HashMap<String, NativeLabels>,
    /// n x t.
    pub targets: Option<NativeTable>,
    /// Over the environments.
    pub tree: Option<NativeTree>,
    /// What only a simulator knows.
    pub truth: HashMap<String, NativeTable>,
    /// JSON object.
    pub provenance: String,
    /// Absent: nothing is to be added.
    pub offsets: Option<NativeOffsets>,
}

/// Columns of a delimited file.
#[napi(object, object_from_js = false)]
pub struct NativeSelection {
    /// Number of rows.
    pub rows: u32,
    /// Numeric columns; NaN = missing.
    pub numeric: NativeMatrix,
    /// `text[column][row]`.
    pub text: Vec<Vec<String>>,
    /// JSON: of each text column the words that were read as missing, with how often.
    pub words: String,
}

/// All of a delimited file.
#[napi(object, object_from_js = false)]
pub struct NativeSurvey {
    /// Number of rows.
    pub rows: u32,
    /// JSON: the kinds of all columns, in file order.
    pub kinds: String,
    /// Number columns, in file order; NaN where there is no number.
    pub numeric: NativeMatrix,
    /// Text columns, in file order.
    pub text: Vec<Vec<String>>,
    /// JSON, as in a selection.
    pub words: String,
    /// JSON: failures, of each column the first.
    pub problems: String,
}

/// An array of any number of dimensions.
#[napi(object, object_from_js = false)]
pub struct Array {
    /// Dimensions.
    pub shape: Vec<u32>,
    /// Row-major values.
    pub data: Float32Array,
}

impl From<NpyArray> for Array {
    fn from(array: NpyArray) -> Self {
        Self { shape: array.shape.iter().map(|&n| n as u32).collect(), data: array.data.into() }
    }
}

impl From<Images> for ImageFolder {
    fn from(Images { files, image, data }: Images) -> Self {
        Self { files, image: image.into(), data: data.into() }
    }
}

impl From<Image> for NativeImage {
    fn from(Image { channels, height, width }: Image) -> Self {
        Self { channels: channels as u32, height: height as u32, width: width as u32 }
    }
}

impl From<NativeImage> for Image {
    fn from(image: NativeImage) -> Self {
        Self { channels: image.channels as usize, height: image.height as usize, width: image.width as usize }
    }
}

impl From<View> for NativeView {
    fn from(View { name, start, end, image }: View) -> Self {
        Self { name, start: start as u32, end: end as u32, image: image.map(Into::into) }
    }
}

impl From<NativeView> for View {
    fn from(NativeView { name, start, end, image }: NativeView) -> Self {
        Self { name, start: start as usize, end: end as usize, image: image.map(Into::into) }
    }
}

impl From<Matrix> for NativeMatrix {
    fn from(m: Matrix) -> Self {
        Self { rows: m.rows() as u32, cols: m.cols() as u32, data: m.into_data().into() }
    }
}

impl TryFrom<NativeMatrix> for Matrix {
    type Error = Failure;
    fn try_from(m: NativeMatrix) -> Result<Self> {
        let mut data = Vec::new();
        memory::reserve(&mut data, m.data.len(), "copying the numbers")?;
        data.extend_from_slice(&m.data);
        Matrix::new(m.rows as usize, m.cols as usize, data)
    }
}

impl From<NativeLabels> for Labels {
    fn from(labels: NativeLabels) -> Self {
        Self { column: labels.column, levels: labels.levels, codes: labels.codes.to_vec() }
    }
}

impl From<Labels> for NativeLabels {
    fn from(labels: Labels) -> Self {
        Self { column: labels.column, levels: labels.levels, codes: labels.codes.into() }
    }
}

impl TryFrom<NativeTable> for Table {
    type Error = Failure;
    fn try_from(table: NativeTable) -> Result<Self> {
        Ok(Self { columns: table.columns, rows: table.rows.unwrap_or_default(), values: table.values.try_into()? })
    }
}

impl From<Table> for NativeTable {
    fn from(table: Table) -> Self {
        let rows = (!table.rows.is_empty()).then_some(table.rows);
        Self { columns: table.columns, rows, values: table.values.into() }
    }
}

impl From<NativeOffsets> for Offsets {
    fn from(offsets: NativeOffsets) -> Self {
        Self { inputs: offsets.inputs.unwrap_or_default(), targets: offsets.targets.unwrap_or_default() }
    }
}

impl From<Offsets> for NativeOffsets {
    fn from(offsets: Offsets) -> Self {
        let some = |values: Vec<f64>| (!values.is_empty()).then_some(values);
        Self { inputs: some(offsets.inputs), targets: some(offsets.targets) }
    }
}

impl TryFrom<NativeTree> for Tree {
    type Error = Failure;
    fn try_from(tree: NativeTree) -> Result<Self> {
        let parents = tree.parents.iter().map(|&p| usize::try_from(p).ok()).collect();
        Tree::new(tree.names, parents, tree.lengths)
    }
}

impl From<Tree> for NativeTree {
    fn from(tree: Tree) -> Self {
        let parents = tree.parents.iter().map(|p| p.map_or(-1, |p| p as i32)).collect();
        Self { names: tree.names, parents, lengths: tree.lengths }
    }
}

/// Rows that a model is asked of.
#[napi(object, object_to_js = false)]
pub struct NativeRows {
    /// n x columns.
    pub inputs: NativeMatrix,
    /// Names of the columns.
    pub input_names: Vec<String>,
    /// One label per row.
    pub environments: Option<NativeLabels>,
    /// Their views, where they have some.
    pub views: Option<Vec<NativeView>>,
    /// Added to each column; absent: nothing is.
    pub offsets: Option<Vec<f64>>,
    /// Whether private variables are wanted in place of latents.
    pub private: Option<bool>,
}

/// The same as the core has them: inputs, names, offsets, environments.
pub struct Given(Matrix, Vec<String>, Vec<f64>, Option<Labels>);

impl Given {
    pub fn of(rows: NativeRows) -> Result<Self> {
        let (inputs, names) = named_inputs(rows.inputs, rows.input_names, rows.views)?;
        Ok(Self(inputs, names, rows.offsets.unwrap_or_default(), rows.environments.map(Labels::from)))
    }

    pub fn as_rows(&self) -> GivenRows<'_> {
        let Self(inputs, names, offsets, environments) = self;
        GivenRows { inputs, names, offsets, environments: environments.as_ref() }
    }
}

/// New inputs with one name per column; without names where none are given.
pub fn named_inputs(
    inputs: NativeMatrix,
    names: Vec<String>,
    views: Option<Vec<NativeView>>,
) -> Result<(Matrix, Vec<String>)> {
    let inputs: Matrix = inputs.try_into()?;
    let views: Vec<View> = views.unwrap_or_default().into_iter().map(Into::into).collect();
    let names = views::with_pixels(&views, names, inputs.cols())?;
    Ok((inputs, names))
}

impl TryFrom<NativeDataset> for Dataset {
    type Error = Failure;
    fn try_from(d: NativeDataset) -> Result<Self> {
        let inputs = match d.folder {
            Some(dir) => folder::read_inputs(Path::new(&dir), d.inputs.rows as usize, d.inputs.cols as usize)?,
            None => d.inputs.try_into()?,
        };
        let views: Vec<View> = d.views.unwrap_or_default().into_iter().map(Into::into).collect();
        Ok(Self {
            name: d.name,
            input_names: views::with_pixels(&views, d.input_names, inputs.cols())?,
            inputs,
            views,
            row_ids: d.row_ids,
            labels: d.labels.into_iter().map(|(name, l)| Ok((Role::named(&name)?, l.into()))).collect::<Result<_>>()?,
            targets: d.targets.map(TryInto::try_into).transpose()?,
            tree: d.tree.map(TryInto::try_into).transpose().map_err(|failure: Failure| failure.at("tree"))?,
            truth: d.truth.into_iter().map(|(name, t)| Ok((name, t.try_into()?))).collect::<Result<_>>()?,
            provenance: parse(&d.provenance)?,
            offsets: d.offsets.unwrap_or_default().into(),
        })
    }
}

impl TryFrom<Dataset> for NativeDataset {
    type Error = Failure;
    fn try_from(d: Dataset) -> Result<Self> {
        Ok(Self {
            name: d.name,
            inputs: d.inputs.into(),
            folder: None,
            input_names: views::outside_images(&d.views, &d.input_names),
            views: (!d.views.is_empty()).then(|| d.views.into_iter().map(Into::into).collect()),
            row_ids: d.row_ids,
            labels: d.labels.into_iter().map(|(role, l)| (role.as_str().to_owned(), l.into())).collect(),
            targets: d.targets.map(Into::into),
            tree: d.tree.map(Into::into),
            truth: d.truth.into_iter().map(|(name, t)| (name, t.into())).collect(),
            provenance: Value::Object(d.provenance).to_string(),
            offsets: (!d.offsets.is_empty()).then(|| d.offsets.into()),
        })
    }
}

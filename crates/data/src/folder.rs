//! The data set folder: `dataset.json` with names and roles, and one `.npy` file per table, which `numpy.load` opens.
//!
//! ```text
//! dataset.json       format version, names, views, roles, tree, provenance, digests
//! inputs.npy         f4 [n, d]
//! targets.npy        f4 [n, t]
//! environment.npy    u4 [n], codes into the levels in dataset.json; likewise task.npy
//! truth/<name>.npy   f4
//! ```
//! Digests and fingerprint are optional, so that a folder can be made by hand; where they are, edited data are refused.

mod digest;
mod manifest;

use crate::atomic::{cannot_write, write_atomically};
use crate::dataset::{Dataset, Labels, Table};
use crate::failure::{Code, Failure, Result};
use crate::matrix::Matrix;
use crate::owner::Owner;
use crate::read::npy::{self, NpyArray};
use crate::read::{open, unreadable};
use crate::version;
use crate::views;
use crate::write::{NpyData, encode_npy};
use digest::Digesting;
use manifest::{ArrayFile, FORMAT, LabelsFile, MANIFEST, Manifest, TableFile, TreeEntry, WrittenRole, take_segment};
use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Write};
use std::path::Path;

/// Writes a data set into a folder of its own, whole or not at all. An earlier data set folder is replaced.
///
/// # Errors
/// Those of [`Dataset::check_shapes`]; `RUN_BUSY` while somebody else writes there; `FILE_WRITE`, also when the folder holds anything
/// that is not part of a data set.
pub fn write(dir: &Path, dataset: &Dataset) -> Result<()> {
    dataset.check_shapes()?;
    let failed = |error| cannot_write(dir, &error);
    let root = &version::behind_link(dir);
    // What a killed writer has half moved cannot be judged yet.
    if !version::is_moving(root) {
        check_replaceable(root)?;
    }
    let made = version::make(root).map_err(failed)?;
    let written = write_version(root, dataset).map_err(|failure| of_folder(dir, failure));
    if written.is_err() {
        version::unmake(&made);
    }
    written
}

fn write_version(root: &Path, dataset: &Dataset) -> Result<()> {
    let failed = |error| cannot_write(root, &error);
    let who = serde_json::json!({ "pid": std::process::id(), "what": "writes a data set" });
    let owner = Owner::take(root, &who.to_string())?;
    let partial = version::begin(root).map_err(failed)?;
    let written = check_replaceable(root).and_then(|()| write_parts(&partial, dataset)).and_then(|own| {
        let stale: Vec<String> =
            files_below(root).map_err(failed)?.into_iter().filter(|name| !own.contains(name)).collect();
        if !owner.holds() {
            return Err(cannot_write(root, &std::io::Error::other("somebody else took the folder meanwhile")));
        }
        version::commit(root, &stale).map_err(failed)
    });
    if written.is_err() && owner.holds() {
        // What cannot be removed is removed by the next one who writes there.
        let _ = version::abandon(root);
    }
    written
}

/// What is said of a file in the temporary folder, said of the folder that it stands for.
fn of_folder(dir: &Path, failure: Failure) -> Failure {
    if failure.code != Code::FileWrite {
        return failure;
    }
    let reason = failure.context.get("reason").and_then(|reason| reason.as_str()).unwrap_or(failure.message.as_str());
    let message = format!("cannot write {}: {reason}", dir.display());
    Failure { message, ..failure.at(dir.display().to_string()) }
}

/// Reads a data set folder and checks everything it says about itself.
///
/// # Errors
/// `DATA_NOT_FOUND`, `DATA_UNKNOWN_FORMAT` (no `dataset.json`), `ARTIFACT_VERSION`, `DATA_CORRUPT` (damaged or edited),
/// `DATA_SHAPE`, those of [`npy::read`], [`crate::Tree::new`] and [`Dataset::check_shapes`].
pub fn read(dir: &Path) -> Result<Dataset> {
    whole(dir, read_once)
}

/// Reads no more than the inputs, n x d, of a data set folder.
///
/// # Errors
/// As [`read`].
pub fn read_inputs(dir: &Path, rows: usize, columns: usize) -> Result<Matrix> {
    whole(dir, |dir| read_matrix(dir, &Manifest::read(dir)?.inputs, rows, columns))
}

/// What `once` reads of one version of the folder, while others write there.
fn whole<T>(dir: &Path, once: impl Fn(&Path) -> Result<T>) -> Result<T> {
    let mut tries = 0;
    loop {
        let before = fs::read(version::find(dir, MANIFEST)).ok();
        let was_moving = version::is_moving(dir);
        let failure = match once(dir) {
            Err(failure) if was_written(&failure) && dir.exists() => failure,
            read => return read,
        };
        tries += 1;
        // Where somebody wrote another data set meanwhile, its files do not fit together: they are read again. Of several that are
        // written in turns the first may be there again at the end, so that it looks as if nothing had happened.
        let most = if before != fs::read(version::find(dir, MANIFEST)).ok() {
            WHILE_WRITTEN
        } else if was_moving || version::is_moving(dir) {
            WHILE_MOVING
        } else {
            UNCHANGED
        };
        if tries >= most {
            return Err(failure);
        }
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
}

/// Times that a data set is read whose files do not fit together: while its description stays as it is,
const UNCHANGED: usize = 4;
/// while a version is on its way, which a killed writer leaves so,
const WHILE_MOVING: usize = 100;
/// and while others keep writing.
const WHILE_WRITTEN: usize = 5000;

/// Whether a failure may be of files that somebody was writing meanwhile.
fn was_written(failure: &Failure) -> bool {
    matches!(failure.code, Code::DataCorrupt | Code::DataShape | Code::DataNotFound | Code::DataUnknownFormat)
}

fn read_once(dir: &Path) -> Result<Dataset> {
    let manifest = Manifest::read(dir)?;
    let rows = manifest.rows;
    let table = |file: &TableFile| -> Result<Table> {
        let height = if file.rows.is_empty() { rows } else { file.rows.len() };
        let values = read_matrix(dir, &file.array, height, file.columns.len())?;
        Ok(Table { columns: file.columns.clone(), rows: file.rows.clone(), values })
    };
    let mut written = BTreeMap::new();
    for (&role, file) in &manifest.labels {
        let codes = read_array(dir, &file.array, |reader| npy::decode_codes(reader))?;
        check_shape(dir, &file.array, &codes.shape, &[rows])?;
        written.insert(role, Labels { column: file.column.clone(), levels: file.levels.clone(), codes: codes.data });
    }
    let own = |failure: Failure| failure.at(dir.join(MANIFEST).display().to_string());
    let columns = manifest.views.last().map_or(manifest.input_names.len(), |view| view.end);
    let inputs = read_matrix(dir, &manifest.inputs, rows, columns)?;
    let mut dataset = Dataset {
        input_names: views::with_pixels(&manifest.views, manifest.input_names, columns).map_err(own)?,
        inputs,
        labels: BTreeMap::new(),
        targets: manifest.targets.as_ref().map(table).transpose()?,
        tree: manifest.tree.map(TreeEntry::into_tree).transpose().map_err(own)?,
        truth: manifest.truth.iter().map(|(name, file)| Ok((name.clone(), table(file)?))).collect::<Result<_>>()?,
        name: manifest.name,
        views: manifest.views,
        row_ids: manifest.row_ids,
        provenance: manifest.provenance,
        offsets: manifest.offsets,
    };
    dataset.check_shapes().and_then(|()| written.values().try_for_each(|labels| labels.check(rows))).map_err(own)?;
    // Every file has passed its own digest: what differs now is a name, a level or the tree.
    let labelled = || dataset.fingerprint_labelled(written.iter().map(|(role, labels)| (format!("{role:?}"), labels)));
    if manifest.fingerprint.is_some_and(|fingerprint| fingerprint != labelled()) {
        return Err(edited(dir, MANIFEST, "fingerprint"));
    }
    let segment = written.remove(&WrittenRole::Segment);
    dataset.labels = written.into_iter().filter_map(|(role, labels)| Some((role.current()?, labels))).collect();
    if let Some(segment) = segment {
        take_segment(&mut dataset, segment);
    }
    Ok(dataset)
}

/// Writes all files; gives their names.
fn write_parts(dir: &Path, dataset: &Dataset) -> Result<Vec<String>> {
    let write_matrix = |name: String, values: &Matrix| {
        write_array(dir, name, &[values.rows(), values.cols()], NpyData::F32(values.data()))
    };
    let write_table = |name: String, table: &Table| -> Result<TableFile> {
        let array = write_matrix(name, &table.values)?;
        Ok(TableFile { columns: table.columns.clone(), rows: table.rows.clone(), array })
    };
    let mut labels = BTreeMap::new();
    for (&role, values) in &dataset.labels {
        let name = format!("{}.npy", role.as_str());
        let array = write_array(dir, name, &[values.codes.len()], NpyData::U32(&values.codes))?;
        labels.insert(role.into(), LabelsFile { column: values.column.clone(), levels: values.levels.clone(), array });
    }
    if !dataset.truth.is_empty() {
        let truth = dir.join("truth");
        fs::create_dir(&truth).map_err(|error| cannot_write(&truth, &error))?;
    }
    let mut truth = BTreeMap::new();
    for (number, (name, table)) in dataset.truth.iter().enumerate() {
        truth.insert(name.clone(), write_table(truth_file(name, number), table)?);
    }
    let manifest = Manifest {
        format: if dataset.views.is_empty() { 1 } else { FORMAT },
        name: dataset.name.clone(),
        rows: dataset.rows(),
        inputs: write_matrix("inputs.npy".to_owned(), &dataset.inputs)?,
        input_names: views::outside_images(&dataset.views, &dataset.input_names),
        views: dataset.views.clone(),
        targets: dataset.targets.as_ref().map(|table| write_table("targets.npy".to_owned(), table)).transpose()?,
        labels,
        tree: dataset.tree.as_ref().map(TreeEntry::of),
        truth,
        provenance: dataset.provenance.clone(),
        offsets: dataset.offsets.clone(),
        fingerprint: Some(dataset.fingerprint()),
        row_ids: dataset.row_ids.clone(),
    };
    let json = serde_json::to_string_pretty(&manifest).expect("names and numbers serialise");
    write_atomically(&dir.join(MANIFEST), |writer| writeln!(writer, "{json}"))?;
    Ok(manifest.files().into_iter().map(str::to_owned).collect())
}

/// A table's own name where every file system takes it, otherwise a number.
fn truth_file(name: &str, number: usize) -> String {
    let plain = name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.len() <= 64
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    if plain { format!("truth/{name}.npy") } else { format!("truth/_{number}.npy") }
}

fn write_array(dir: &Path, name: String, shape: &[usize], data: NpyData<'_>) -> Result<ArrayFile> {
    let mut digest = String::new();
    write_atomically(&dir.join(&name), |writer| {
        let mut hashing = Digesting::new(writer);
        encode_npy(&mut hashing, shape, data)?;
        digest = hashing.digest();
        Ok(())
    })?;
    Ok(ArrayFile { file: name, digest: Some(digest) })
}

fn read_matrix(dir: &Path, array: &ArrayFile, rows: usize, cols: usize) -> Result<Matrix> {
    let NpyArray { shape, data } = read_array(dir, array, |reader| npy::decode(reader))?;
    // A vector made by hand is one column.
    let expected = if shape.len() == 1 && cols == 1 { vec![rows] } else { vec![rows, cols] };
    check_shape(dir, array, &shape, &expected)?;
    Matrix::new(rows, cols, data)
}

fn read_array<T>(
    dir: &Path,
    array: &ArrayFile,
    decode: impl FnOnce(&mut dyn Read) -> Result<NpyArray<T>>,
) -> Result<NpyArray<T>> {
    let path = array.path(dir)?;
    let mut hashing = Digesting::new(open(&path)?);
    let decoded = decode(&mut hashing).map_err(|failure| npy::placed(&path, failure))?;
    match &array.digest {
        Some(digest) if *digest != hashing.digest() => Err(edited(dir, &array.file, "digest")),
        _ => Ok(decoded),
    }
}

fn check_shape(dir: &Path, array: &ArrayFile, got: &[usize], expected: &[usize]) -> Result<()> {
    if got == expected {
        return Ok(());
    }
    let message = format!("{} has shape {got:?}, but {MANIFEST} says {expected:?}", array.file);
    Err(Failure::new(Code::DataShape, message)
        .at(dir.join(&array.file).display().to_string())
        .hint("write the folder again; the copy may be incomplete")
        .with("got", got)
        .with("expected", expected))
}

fn edited(dir: &Path, file: &str, key: &str) -> Failure {
    Failure::new(Code::DataCorrupt, format!("{file} is not what was written: its {key} in {MANIFEST} differs"))
        .at(dir.join(file).display().to_string())
        .hint(format!("write the folder again; to keep an edit made on purpose, remove `{key}` from {MANIFEST}"))
}

/// Only a folder that is empty or a data set and nothing else may be replaced: a user's other files are never removed.
fn check_replaceable(dir: &Path) -> Result<()> {
    if !dir.exists() {
        return Ok(());
    }
    let refuse = |what: String| {
        Failure::new(Code::FileWrite, format!("{} {what}", dir.display()))
            .at(dir.display().to_string())
            .hint("choose a new folder, or empty this one")
    };
    if !dir.is_dir() {
        return Err(refuse("is a file, expected a folder".to_owned()));
    }
    let present = files_below(dir).map_err(|error| unreadable(dir, &error))?;
    if present.is_empty() {
        return Ok(());
    }
    let manifest = Manifest::read(dir).map_err(|_| refuse("is not empty and not a data set folder".to_owned()))?;
    let own = manifest.files();
    match present.iter().find(|file| !own.contains(&file.as_str())) {
        Some(foreign) => Err(refuse(format!("holds {foreign:?}, which is not part of the data set"))),
        None => Ok(()),
    }
}

/// Files of a folder and of its folder `truth`, with forward slashes; other folders by their name.
fn files_below(dir: &Path) -> std::io::Result<Vec<String>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if version::is_bookkeeping(&name) {
            continue;
        }
        if name == "truth" && entry.file_type()?.is_dir() {
            for inner in fs::read_dir(entry.path())? {
                files.push(format!("truth/{}", inner?.file_name().to_string_lossy()));
            }
        } else {
            files.push(name);
        }
    }
    Ok(files)
}

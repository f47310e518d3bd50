//! The repository as data: paths and texts. Checks and generators are functions of it, so their tests need no disk.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

/// Files by their path relative to the root, `/` between names. A file that is not text is there with an empty text.
#[derive(Debug, Clone, Default)]
pub struct Tree {
    files: BTreeMap<String, String>,
}

/// Folders that hold what was built or downloaded, wherever they stand, and data that nobody wrote by hand.
const SKIPPED: &[&str] = &[".git", "node_modules", "target", "dist", "runs", "site", "__pycache__", ".venv"];
const TEXT: &[&str] = &["rs", "ts", "mjs", "js", "cjs", "mts", "cts", "py", "md", "toml", "json", "css"];
/// A larger file is data, whatever its name says.
const TEXT_LIMIT: u64 = 1 << 20;

impl Tree {
    /// Reads the files under `root`.
    ///
    /// # Errors
    /// When a folder or file cannot be read.
    pub fn read(root: &Path) -> io::Result<Self> {
        let mut tree = Self::default();
        tree.read_folder(root, "")?;
        Ok(tree)
    }

    /// A tree of the given files.
    #[cfg(test)]
    pub fn of(files: &[(&str, &str)]) -> Self {
        Self { files: files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect() }
    }

    /// The text of a file.
    pub fn text(&self, path: &str) -> Option<&str> {
        self.files.get(path).map(String::as_str)
    }

    /// Whether a path is a file, or a folder with files.
    pub fn has(&self, path: &str) -> bool {
        let path = path.trim_end_matches('/');
        self.files.contains_key(path) || self.under(&format!("{path}/")).next().is_some()
    }

    /// Path and text of every file whose path starts with `prefix`, in order.
    pub fn under<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> + 'a {
        self.files
            .range(prefix.to_owned()..)
            .take_while(move |(path, _)| path.starts_with(prefix))
            .map(|(path, text)| (path.as_str(), text.as_str()))
    }

    /// The same, of the files whose name ends in one of `extensions`.
    pub fn with_extension<'a>(
        &'a self,
        prefix: &'a str,
        extensions: &'a [&'a str],
    ) -> impl Iterator<Item = (&'a str, &'a str)> + 'a {
        self.under(prefix).filter(move |(path, _)| extensions.contains(&extension(path)))
    }

    fn read_folder(&mut self, root: &Path, folder: &str) -> io::Result<()> {
        for entry in fs::read_dir(root.join(folder))? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = if folder.is_empty() { name.clone() } else { format!("{folder}/{name}") };
            let kind = entry.file_type()?;
            if kind.is_dir() && !SKIPPED.contains(&name.as_str()) {
                self.read_folder(root, &path)?;
            } else if kind.is_file() {
                let is_text = TEXT.contains(&extension(&path)) && entry.metadata()?.len() <= TEXT_LIMIT;
                let text = if is_text { fs::read_to_string(entry.path())? } else { String::new() };
                self.files.insert(path, text);
            }
        }
        Ok(())
    }
}

/// What follows the last dot of a path.
pub fn extension(path: &str) -> &str {
    path.rsplit_once('.').map_or("", |(_, extension)| extension)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_found_by_its_name_but_not_by_half_of_it() {
        let tree = Tree::of(&[("docs/a.md", "x"), ("src/b.ts", "y")]);
        assert!(tree.has("docs") && tree.has("docs/") && tree.has("docs/a.md"));
        assert!(!tree.has("do") && !tree.has("docs/b.md"));
        assert_eq!(tree.with_extension("", &["ts"]).map(|(path, _)| path).collect::<Vec<_>>(), ["src/b.ts"]);
    }

    #[test]
    fn built_folders_and_binary_files_are_not_read() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        fs::create_dir_all(folder.path().join("target/x")).expect("a folder");
        fs::write(folder.path().join("target/x/a.rs"), "x").expect("a file");
        fs::write(folder.path().join("a.rs"), "x").expect("a file");
        fs::write(folder.path().join("b.npy"), [0xff, 0xfe]).expect("a file");
        let tree = Tree::read(folder.path()).expect("readable");
        assert_eq!(tree.under("").collect::<Vec<_>>(), [("a.rs", "x"), ("b.npy", "")]);
    }
}

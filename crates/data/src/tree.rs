//! A rooted tree over environments.

use crate::failure::Result;
use serde::{Deserialize, Serialize};

/// Nodes in any order; inner nodes may be environments too.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Tree {
    /// Unique, non-empty names.
    pub names: Vec<String>,
    /// Index of the parent; `None` for the one root.
    pub parents: Vec<Option<usize>>,
    /// Length of the branch to the parent; 1 where the source gives none, 0 for the root.
    pub lengths: Vec<f64>,
}

impl Tree {
    /// Checked constructor.
    pub fn new(names: Vec<String>, parents: Vec<Option<usize>>, lengths: Vec<f64>) -> Result<Self> {
        Ok(Self { names, parents, lengths })
    }
}

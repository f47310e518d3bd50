//! Linear heads that change sparsely along the edges of a tree.

use crate::matrix::Matrix;
use crate::stream::Stream;
use crate::tree::Tree;

/// How heads are drawn: the root's is standard normal, every edge changes a few of its entries.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct SparseHeads {
    /// Entries of a head.
    pub latents: usize,
    /// Entries that change on each edge, at random places.
    pub changes: usize,
    /// Instead: the probability with which each entry changes.
    pub change_probability: Option<f64>,
    /// Standard deviation of a change.
    pub change_sd: f64,
}

impl SparseHeads {
    /// Heads of all nodes and the changes on the edges above them (zero at the root), both nodes x k: Eq. (2).
    ///
    /// Every node draws from its own step of the stream, so further nodes leave the others as they were.
    pub fn draw(&self, tree: &Tree, seed: u64, world: &str) -> (Matrix<f64>, Matrix<f64>) {
        let changes = self.changes_of(tree, &Stream::new(seed, &format!("{world}/changes")));
        let mut heads = changes.clone();
        let mut stream = Stream::new(seed, &format!("{world}/root"));
        heads.row_mut(tree.root()).iter_mut().for_each(|w| *w = stream.normal());
        for node in tree.order() {
            if let Some(parent) = tree.parents[node] {
                for j in 0..self.latents {
                    heads[(node, j)] = heads[(parent, j)] + changes[(node, j)];
                }
            }
        }
        (heads, changes)
    }

    fn changes_of(&self, tree: &Tree, stream: &Stream) -> Matrix<f64> {
        let k = self.latents;
        let mut changes = Matrix::zeros(tree.len(), k);
        for node in (0..tree.len()).filter(|&node| node != tree.root()) {
            let mut stream = stream.at(node as u32);
            let places: Vec<usize> = match self.change_probability {
                Some(probability) => (0..k).filter(|_| stream.uniform() < probability).collect(),
                None => stream.permutation(k).into_iter().take(self.changes).collect(),
            };
            for place in places {
                changes[(node, place)] = self.change_sd * stream.normal();
            }
        }
        changes
    }
}

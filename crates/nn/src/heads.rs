//! Linear heads per environment: the product of a row with its environment's head, and heads as sums along a tree.

use super::element::{Element, for_real, slice, with_values};
use crate::fused::fused;
use candle_core::{CpuStorage, CustomOp2, Error, Layout, Result, Shape, Tensor};
use disentangle_data::memory;
use disentangle_numerics::real::Real;
use std::sync::Arc;

/// `out[i] = sum_j h[i, j] heads[codes[i], j]`: `h [n, k]`, `heads [e, k]`, `codes [n]` give `[n]`.
///
/// The gradient of the heads is accumulated in row order.
///
/// # Errors
/// Shapes that do not fit, a code that is not below e, or those of candle.
pub fn head_product(h: &Tensor, heads: &Tensor, codes: &[u32]) -> Result<Tensor> {
    let ((n, k), (e, width)) = (h.dims2()?, heads.dims2()?);
    if k != width || codes.len() != n {
        let count = codes.len();
        return Err(Error::Msg(format!("head product: h [{n}, {k}], heads [{e}, {width}], {count} codes")).bt());
    }
    if let Some(code) = codes.iter().find(|&&code| code as usize >= e) {
        return Err(Error::Msg(format!("head product: code {code} with {e} heads")).bt());
    }
    if !fused(h.device()) {
        return head_product_expression(h, heads, codes);
    }
    h.contiguous()?.apply_op2(&heads.contiguous()?, HeadProduct { codes: codes.to_vec() })
}

/// The same as [`head_product`], as a candle expression.
///
/// # Errors
/// Those of candle.
pub fn head_product_expression(h: &Tensor, heads: &Tensor, codes: &[u32]) -> Result<Tensor> {
    let codes = Tensor::from_slice(codes, codes.len(), h.device())?;
    (h * heads.index_select(&codes, 0)?)?.sum(1)
}

struct HeadProduct {
    codes: Vec<u32>,
}

impl CustomOp2 for HeadProduct {
    fn name(&self) -> &'static str {
        "head-product"
    }

    fn cpu_fwd(&self, h: &CpuStorage, lh: &Layout, heads: &CpuStorage, lw: &Layout) -> Result<(CpuStorage, Shape)> {
        use candle_core::backend::BackendStorage;
        let (n, k) = lh.shape().dims2()?;
        for_real!(h.dtype(), T => {
            let (h, heads) = (slice::<T>(h, lh)?, slice::<T>(heads, lw)?);
            let row = |i: usize| {
                let head = &heads[self.codes[i] as usize * k..][..k];
                h[i * k..][..k].iter().zip(head).fold(T::ZERO, |sum, (&a, &b)| sum + a * b)
            };
            Ok((T::to_storage((0..n).map(row).collect()), Shape::from(n)))
        })
    }

    fn bwd(
        &self,
        h: &Tensor,
        heads: &Tensor,
        _: &Tensor,
        gradient: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let k = h.dim(1)?;
        let gradient = gradient.contiguous()?;
        for_real!(h.dtype(), T => {
            with_values(&gradient, |g: &[T]| {
                let rows = || self.codes.iter().map(|&code| code as usize * k).zip(g).enumerate();
                let dh = h.track_op().then(|| {
                    let values = with_values(heads, |heads: &[T]| {
                        let mut out = vec![T::ZERO; h.elem_count()];
                        for (i, (from, &g)) in rows() {
                            for (out, &w) in out[i * k..][..k].iter_mut().zip(&heads[from..][..k]) {
                                *out = g * w;
                            }
                        }
                        out
                    })?;
                    Tensor::from_vec(values, h.shape(), h.device())
                });
                let dw = heads.track_op().then(|| {
                    let values = with_values(h, |h: &[T]| {
                        let mut out = vec![T::ZERO; heads.elem_count()];
                        for (i, (from, &g)) in rows() {
                            for (out, &h) in out[from..][..k].iter_mut().zip(&h[i * k..][..k]) {
                                *out += g * h;
                            }
                        }
                        out
                    })?;
                    Tensor::from_vec(values, heads.shape(), heads.device())
                });
                Ok((dh.transpose()?, dw.transpose()?))
            })?
        })
    }
}

/// A rooted tree prepared for sums along its paths.
#[derive(Debug, Clone)]
pub struct Topology {
    parents: Arc<[Option<usize>]>,
    /// Every node after its parent.
    order: Arc<[usize]>,
}

impl Topology {
    /// Prepares a tree given by the parent of each node, in any order; `None` marks a root.
    ///
    /// # Errors
    /// A parent out of range, or a cycle.
    pub fn new(parents: &[Option<usize>]) -> Result<Self> {
        let mut children = vec![Vec::new(); parents.len()];
        let mut order = Vec::with_capacity(parents.len());
        for (node, parent) in parents.iter().enumerate() {
            match parent {
                None => order.push(node),
                Some(parent) if *parent < parents.len() => children[*parent].push(node),
                Some(parent) => {
                    return Err(Error::Msg(format!("node {node} has parent {parent} of {} nodes", parents.len())).bt());
                }
            }
        }
        let mut next = 0;
        while next < order.len() {
            order.extend_from_slice(&children[order[next]]);
            next += 1;
        }
        if order.len() < parents.len() {
            return Err(Error::Msg("the parents form a cycle".into()).bt());
        }
        Ok(Self { parents: parents.into(), order: order.into() })
    }

    /// The number of nodes.
    pub fn len(&self) -> usize {
        self.parents.len()
    }

    /// Whether there is no node.
    pub fn is_empty(&self) -> bool {
        self.parents.is_empty()
    }

    /// Row-major `[e, e]`: 1 where the row's path from the root passes the arc into the column's node.
    fn paths(&self) -> Vec<f64> {
        let e = self.len();
        let mut paths = memory::spread(0.0, e.saturating_mul(e), "the paths between all environments");
        for &node in self.order.iter() {
            if let Some(parent) = self.parents[node] {
                paths.copy_within(parent * e..(parent + 1) * e, node * e);
                paths[node * e + node] = 1.0;
            }
        }
        paths
    }
}

/// The head of every node: `w0` plus the changes on the arcs from the root: `w0 [k]`, `delta [e, k]` give `[e, k]`.
///
/// Row i of `delta` is the change on the arc into node i. A root has no such arc: its head is `w0`, its row of `delta`
/// is ignored and gets gradient 0.
///
/// # Errors
/// Shapes that do not fit, or those of candle.
pub fn tree_heads(w0: &Tensor, delta: &Tensor, tree: &Topology) -> Result<Tensor> {
    let (e, k) = delta.dims2()?;
    if w0.dims() != [k] || tree.len() != e {
        let (w0, nodes) = (w0.shape(), tree.len());
        return Err(Error::Msg(format!("tree heads: w0 {w0:?}, delta [{e}, {k}], {nodes} nodes")).bt());
    }
    if !fused(delta.device()) {
        return tree_heads_expression(w0, delta, tree);
    }
    w0.contiguous()?.apply_op2(&delta.contiguous()?, TreeHeads { tree: tree.clone() })
}

/// The same as [`tree_heads`], as a product with the matrix of paths.
///
/// # Errors
/// Those of candle.
pub fn tree_heads_expression(w0: &Tensor, delta: &Tensor, tree: &Topology) -> Result<Tensor> {
    let e = tree.len();
    let paths = Tensor::from_vec(tree.paths(), (e, e), delta.device())?.to_dtype(delta.dtype())?;
    paths.matmul(delta)?.broadcast_add(w0)
}

struct TreeHeads {
    tree: Topology,
}

impl CustomOp2 for TreeHeads {
    fn name(&self) -> &'static str {
        "tree-heads"
    }

    fn cpu_fwd(&self, w0: &CpuStorage, l0: &Layout, delta: &CpuStorage, ld: &Layout) -> Result<(CpuStorage, Shape)> {
        use candle_core::backend::BackendStorage;
        let k = ld.shape().dims2()?.1;
        for_real!(delta.dtype(), T => {
            let (w0, delta) = (slice::<T>(w0, l0)?, slice::<T>(delta, ld)?);
            let mut out = vec![T::ZERO; delta.len()];
            for &node in self.tree.order.iter() {
                match self.tree.parents[node] {
                    None => out[node * k..][..k].copy_from_slice(w0),
                    Some(parent) => {
                        for j in 0..k {
                            out[node * k + j] = out[parent * k + j] + delta[node * k + j];
                        }
                    }
                }
            }
            Ok((T::to_storage(out), ld.shape().clone()))
        })
    }

    fn bwd(
        &self,
        w0: &Tensor,
        delta: &Tensor,
        _: &Tensor,
        gradient: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let k = delta.dim(1)?;
        let gradient = gradient.contiguous()?;
        for_real!(delta.dtype(), T => {
            let mut sums: Vec<T> = with_values(&gradient, <[T]>::to_vec)?;
            let mut root = vec![T::ZERO; k];
            for &node in self.tree.order.iter().rev() {
                for j in 0..k {
                    match self.tree.parents[node] {
                        Some(parent) => {
                            let sum = sums[node * k + j];
                            sums[parent * k + j] += sum;
                        }
                        None => root[j] += std::mem::replace(&mut sums[node * k + j], T::ZERO),
                    }
                }
            }
            let dw = w0.track_op().then(|| Tensor::from_vec(root, k, w0.device())).transpose()?;
            let dd = delta.track_op().then(|| Tensor::from_vec(sums, delta.shape(), delta.device())).transpose()?;
            Ok((dw, dd))
        })
    }
}

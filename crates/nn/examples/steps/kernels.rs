//! Single kernels: a dense layer's product, and a draw of normals.

use super::Work;
use candle_core::{DType, Device, Result, Tensor};
use disentangle_nn::{Activation, dense, normals};

/// A dense layer without activation for `ROWSxINNERxCOLS`, a draw of N normals for `normals-N`.
pub fn kernel(name: &str) -> Option<Result<Work>> {
    if let Some(count) = name.strip_prefix("normals-") {
        return count.parse().ok().map(|count| Ok(draw(count)));
    }
    let sizes: Option<Vec<usize>> = name.split('x').map(|size| size.parse().ok()).collect();
    match sizes?[..] {
        [rows, inner, cols] => Some(product(rows, inner, cols)),
        _ => None,
    }
}

fn draw(count: usize) -> Work {
    let mut step = 0;
    Box::new(move || {
        step += 1;
        normals(&[count], 1, "draw", step, DType::F32, &Device::Cpu).map(drop)
    })
}

fn product(rows: usize, inner: usize, cols: usize) -> Result<Work> {
    let matrix = |shape: [usize; 2], name| normals(&shape, 1, name, 0, DType::F32, &Device::Cpu);
    let (x, w) = (matrix([rows, inner], "x")?, matrix([inner, cols], "w")?);
    let b = Tensor::zeros(cols, DType::F32, &Device::Cpu)?;
    Ok(Box::new(move || dense(&x, &w, &b, Activation::Identity).map(drop)))
}

//! Residual networks: *Deep Residual Learning for Image Recognition* (He, Zhang, Ren, Sun, 2016),
//! <https://arxiv.org/abs/1512.03385>, with dense layers.

use super::activation::Activation;
use super::mlp::Mlp;
use super::params::Params;
use candle_core::Result;
use candle_core::Tensor;

/// Blocks `x + net(x)` of one width, whose networks are `<name>.<block>`. Cloning shares the parameters.
#[derive(Debug, Clone)]
pub struct Residual {
    blocks: Vec<Mlp>,
}

impl Residual {
    /// `blocks` blocks of `width` columns with one hidden layer of `hidden` units each.
    ///
    /// # Errors
    /// A width of zero, or a name that exists already.
    pub fn new(
        params: &mut Params,
        name: &str,
        (blocks, width, hidden): (usize, usize, usize),
        activation: Activation,
        seed: u64,
    ) -> Result<Self> {
        let block = |i| {
            let sizes = [width, hidden, width];
            Mlp::new(params, &format!("{name}.{i}"), &sizes, activation, Activation::Identity, seed)
        };
        Ok(Self { blocks: (0..blocks).map(block).collect::<Result<_>>()? })
    }

    /// `x [n, width]` gives `[n, width]`, in candle's graph.
    ///
    /// # Errors
    /// Another number of columns, or those of candle.
    pub fn forward(&self, x: &Tensor) -> Result<Tensor> {
        self.blocks.iter().try_fold(x.clone(), |x, net| &x + net.forward(&x)?)
    }

    /// The same numbers without a graph: for validation and for encoding new data.
    ///
    /// # Errors
    /// As [`Residual::forward`].
    pub fn apply(&self, x: &Tensor) -> Result<Tensor> {
        self.blocks.iter().try_fold(x.detach(), |x, net| &x + net.apply(&x)?)
    }

    /// The same as [`Residual::forward`] as candle expressions.
    ///
    /// # Errors
    /// Those of candle.
    pub fn forward_expression(&self, x: &Tensor) -> Result<Tensor> {
        self.blocks.iter().try_fold(x.clone(), |x, net| &x + net.forward_expression(&x)?)
    }
}

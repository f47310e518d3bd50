//! Laws of the training loop, over all methods: whatever happens to a fit, it ends with the same bits or says why not.
#![allow(clippy::disallowed_methods, reason = "tests look at tensors where they lie")]

mod baselines;
mod decoding;
mod determinism;
mod expressions;
mod faults;
mod formulas;
mod fresh;
mod golden;
mod held;
mod images;
mod plan;
mod published;
mod resume;
mod score;
mod small;
mod stopping;
mod yardsticks;

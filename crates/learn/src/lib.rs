//! What learns.
#![deny(unsafe_code)]

pub mod nn;
pub mod optim;

//! Where to compute: asking for what is absent is an error that says what was tried; only `auto` falls back.

use candle_core::Device;
use disentangle_data::{Code, Failure, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where to compute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum DeviceChoice {
    /// The processor.
    #[default]
    Cpu,
    /// An NVIDIA GPU; an error when there is none.
    Cuda,
    /// A GPU when there is one, the processor otherwise.
    Auto,
}

/// Opens the device of a configuration.
///
/// # Errors
/// `DEVICE_NOT_FOUND` when CUDA was asked for and is not there.
pub fn open(choice: DeviceChoice) -> Result<Device> {
    match choice {
        DeviceChoice::Cpu => Ok(Device::Cpu),
        DeviceChoice::Auto => Ok(Device::new_cuda(0).unwrap_or(Device::Cpu)),
        DeviceChoice::Cuda => Device::new_cuda(0).map_err(|error| {
            let tried = if cfg!(feature = "cuda") { "CUDA device 0" } else { "this build, which has no CUDA in it" };
            Failure::new(Code::DeviceNotFound, format!("device: \"cuda\" was asked for; tried {tried}: {error}"))
                .at("device")
                .hint("set device to \"cpu\", or build the addon with `--features cuda`")
        }),
    }
}

/// What this build and this machine offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Features {
    /// The widest vector instructions found at run time.
    pub simd: &'static str,
    /// Whether CUDA is built in.
    pub cuda: bool,
}

/// What this build and this machine offer.
pub fn features() -> Features {
    Features { simd: simd(), cuda: cfg!(feature = "cuda") }
}

#[cfg(target_arch = "x86_64")]
fn simd() -> &'static str {
    match () {
        _ if pulp::x86::V4::try_new().is_some() => "avx512",
        _ if pulp::x86::V3::try_new().is_some() => "avx2",
        _ => "sse2",
    }
}

#[cfg(not(target_arch = "x86_64"))]
fn simd() -> &'static str {
    if cfg!(target_arch = "aarch64") { "neon" } else { "none" }
}

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
    /// A GPU when there is one; otherwise the processor, with a warning.
    Auto,
}

/// A device, and what was tried in vain before it.
#[derive(Debug, Clone)]
pub struct Opened {
    /// Where to compute.
    pub device: Device,
    /// Why `auto` fell back to the processor.
    pub instead: Option<String>,
}

/// Opens the device of a configuration.
///
/// # Errors
/// `DEVICE_NOT_FOUND` when CUDA was asked for and is not there.
pub fn open(choice: DeviceChoice) -> Result<Opened> {
    let cpu = |instead| Opened { device: Device::Cpu, instead };
    match choice {
        DeviceChoice::Cpu => Ok(cpu(None)),
        DeviceChoice::Auto => Ok(cuda().unwrap_or_else(|tried| cpu(Some(tried)))),
        DeviceChoice::Cuda => cuda().map_err(|tried| {
            Failure::new(Code::DeviceNotFound, format!("device: \"cuda\" was asked for; {tried}"))
                .at("device")
                .hint(format!("set device to \"cpu\", or {HINT}"))
        }),
    }
}

/// What is needed to compute on a GPU.
pub const HINT: &str =
    "install @disentangle/cuda-linux-x64-gnu on a machine with an NVIDIA GPU and its driver (docs/deployment.md)";

/// The first GPU; or what was tried.
fn cuda() -> std::result::Result<Opened, String> {
    if !cfg!(feature = "cuda") {
        return Err("tried this addon, which is built without CUDA".into());
    }
    // What follows in candle's text is where in its code that was found.
    let first = |error: candle_core::Error| error.to_string().lines().next().unwrap_or_default().to_owned();
    let tried = |error| format!("tried CUDA device 0: {}", first(error));
    Device::new_cuda(0).map(|device| Opened { device, instead: None }).map_err(tried)
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

//! Where to compute: asking for what is absent is an error that says what was tried; only `auto` falls back.

use crate::plan::DeviceChoice;
use candle_core::Device;
use disentangle_data::{Code, Failure, Result};

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
                .hint("install the package @disentangle/cuda for your platform, or set device to \"cpu\"")
        }),
    }
}

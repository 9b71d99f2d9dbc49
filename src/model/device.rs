//! Where networks are computed.

use burn::tensor::Device;

/// The CPU, always by name: a default device could pick an accelerator whose driver is missing.
#[cfg(not(feature = "cuda"))]
pub fn compute_device() -> Device {
    Device::flex()
}

/// The first CUDA device where the machine has the driver, the CPU elsewhere.
///
/// The driver library is looked for first, since opening a device without it ends the process.
#[cfg(feature = "cuda")]
pub fn compute_device() -> Device {
    const DRIVER: [&str; 4] = [
        "/usr/lib/x86_64-linux-gnu/libcuda.so.1",
        "/usr/lib/aarch64-linux-gnu/libcuda.so.1",
        "/usr/lib64/libcuda.so.1",
        "/usr/lib/wsl/lib/libcuda.so.1",
    ];
    if DRIVER.iter().any(|library| std::path::Path::new(library).exists()) {
        Device::cuda(burn::tensor::DeviceIndex::Default)
    } else {
        Device::flex()
    }
}

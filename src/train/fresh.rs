//! New networks whose weights follow from a seed.

use std::sync::{Mutex, PoisonError};

use burn::module::Module;
use burn::tensor::Device;

/// The network library draws weights from one generator for all threads.
static GENERATOR: Mutex<()> = Mutex::new(());

/// A new network whose weights follow from `seed` alone, whatever other threads make meanwhile.
pub fn seeded<M: Module, E>(
    device: &Device,
    seed: u64,
    make: impl FnOnce(&Device) -> Result<M, E>,
) -> Result<M, E> {
    let _alone = GENERATOR.lock().unwrap_or_else(PoisonError::into_inner);
    device.seed(seed);
    let net = make(device)?;
    // Weights are drawn when they are first read: read them now, while the seed holds.
    let _ = net.clone().into_record();
    Ok(net)
}

//! In how many seconds which channel had which fault.

use std::collections::BTreeMap;

use super::window::Window;

/// Seconds by a channel's label and its fault, both in words.
pub type FaultCounts = BTreeMap<(String, String), usize>;

/// Counts the faults of one window; `labels` are those of all channels of the recording.
pub fn count_faults(window: &Window, labels: &[String], counts: &mut FaultCounts) {
    let mut seen: Vec<_> = window.faults.iter().flatten().collect();
    // A channel's fault shows in each derivation that is made of it.
    seen.sort_by_key(|fault| fault.channel);
    seen.dedup();
    for fault in seen {
        let label = labels.get(fault.channel).cloned().unwrap_or_default();
        *counts.entry((label, fault.kind.to_string())).or_default() += 1;
    }
}

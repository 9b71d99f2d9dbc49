//! The edition of CHB-MIT as a BIDS tree, whose subjects have other names than in the original.

use std::io::Read;
use std::path::Path;

use serde_json::Value;

/// Bytes of a description that are looked at: real ones are far shorter.
const MOST_BYTES: u64 = 1 << 20;

/// Subjects of CHB-MIT; the tree numbers them as the original does.
const SUBJECTS: std::ops::RangeInclusive<u32> = 1..=24;

/// Whether a tree says in its `dataset_description.json` that it is CHB-MIT, or made from it.
pub fn is_chbmit(root: &Path) -> bool {
    let mut text = String::new();
    let file = std::fs::File::open(root.join("dataset_description.json"));
    if file.and_then(|file| file.take(MOST_BYTES).read_to_string(&mut text)).is_err() {
        return false;
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let Ok(description) = serde_json::from_str::<Value>(text) else { return false };
    ["Name", "SourceDatasets", "DatasetDOI"].iter().filter_map(|key| description.get(key)).any(|said| {
        let said = said.to_string().to_ascii_lowercase();
        said.contains("chb-mit") || said.contains("chbmit")
    })
}

/// The original's name of one of the tree's subjects, where it has another (`01`, `CHB01`): networks know people by it.
pub fn original(subject: &str) -> Option<String> {
    let lower = subject.to_ascii_lowercase();
    let digits = lower.strip_prefix("chb").unwrap_or(&lower);
    let number = digits.parse().ok().filter(|number| SUBJECTS.contains(number))?;
    let plain = (1..=3).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    Some(format!("chb{number:02}")).filter(|name| plain && name != subject)
}

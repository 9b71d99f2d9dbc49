//! What is said of people whose seizures nobody could judge.

use crate::dataset::Dataset;
use crate::evaluate::{Unjudged, unjudged};

/// Warns of seizures, and people, without a second that can be judged; the same for a report. They stay in every count.
pub fn told_of_unjudged(dataset: &Dataset) -> Vec<String> {
    let told: Vec<String> = unjudged(dataset).iter().map(Unjudged::told).collect();
    for words in &told {
        warn!("warning: {words} `vigil replay` names the channels that are flat or missing");
    }
    told
}

//! What is said of what lies below the data's roots and is not worked on.

use crate::dataset::Gathered;

/// Most tables of which it is told what in them was passed over.
const MOST_TABLES: usize = 5;

/// Says what is left out and why, and who was given another name.
pub fn tell(gathered: &Gathered) {
    for root in &gathered.renamed {
        warn!(
            "note: {} says in dataset_description.json that it is CHB-MIT: its subjects 01 to 24 are called chb01 to chb24, as \
             networks know them",
            root.display()
        );
    }
    for path in &gathered.unmarked {
        warn!(
            "warning: {} is left out: no table of expert events lies beside it, so that nothing is known of its seizures; one \
             without a seizure has a table with a row of type bckg",
            path.display()
        );
    }
    for path in &gathered.without_rows {
        warn!(
            "warning: {} is left out: the table of expert events beside it has no row, so that nothing is known of its \
             seizures; one without a seizure has a row of type bckg",
            path.display()
        );
    }
    if let Some(first) = gathered.compressed.first() {
        warn!(
            "warning: {} of the recordings are left out since they are compressed (gzip), the first {}; gunzip them",
            gathered.compressed.len(),
            first.display()
        );
    }
    for (table, file) in &gathered.misplaced {
        warn!(
            "warning: {} is left out: {} may be its recording, but is not where or called as one is; expected \
             sub-XX/eeg/sub-XX_…_eeg.edf or sub-XX/ses-XX/eeg/sub-XX_ses-XX_…_eeg.edf, or .bdf, with the table beside it",
            table.display(),
            file.display()
        );
    }
    for (table, what) in gathered.passed_over.iter().take(MOST_TABLES) {
        warn!("warning: {}, {what}", table.display());
    }
    if gathered.passed_over.len() > MOST_TABLES {
        warn!(
            "warning: {} more tables of events have values of confidence or dateTime that count as n/a",
            gathered.passed_over.len() - MOST_TABLES
        );
    }
    for path in &gathered.without_recording {
        warn!("warning: {} is left out: the recording that it belongs to is not there", path.display());
    }
}

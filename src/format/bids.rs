//! BIDS trees: `sub-XX/[ses-XX/]eeg/sub-XX_…_eeg.edf` with `…_events.tsv` beside it.

use std::cmp::Ordering;
use std::path::{Path, PathBuf};

use super::error::FormatError;
use super::strays::Strays;

/// One recording of a tree.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct BidsRecording {
    /// The subject without `sub-`.
    pub subject: String,
    /// The session without `ses-`, where the name has one.
    pub session: Option<String>,
    /// The task without `task-`.
    pub task: Option<String>,
    /// The run without `run-`.
    pub run: Option<String>,
    /// The recording.
    pub eeg_path: PathBuf,
    /// Its events table, where there is one.
    pub events_path: Option<PathBuf>,
}

/// Finds all EDF and BDF recordings of a tree, by subject, session and run.
///
/// # Errors
/// [`FormatError::Layout`] for a folder without such recordings, [`FormatError::Io`] for one that
/// cannot be read.
pub fn recordings(root: &Path) -> Result<Vec<BidsRecording>, FormatError> {
    let mut found = Vec::new();
    for subject in folders(root)?.into_iter().filter(|folder| name_of(folder).starts_with("sub-")) {
        let mut places = vec![subject.join("eeg")];
        places.extend(
            folders(&subject)?.into_iter().filter(|f| name_of(f).starts_with("ses-")).map(|f| f.join("eeg")),
        );
        for place in places.into_iter().filter(|place| place.is_dir()) {
            // Not `is_file`: a link that leads nowhere is a recording that is missing, not none.
            found.extend(list(&place)?.iter().filter(|path| !path.is_dir()).filter_map(|p| recording_at(p)));
        }
    }
    if found.is_empty() {
        return Err(FormatError::Layout {
            path: root.to_path_buf(),
            found: holds_none(root),
            expected: "a BIDS tree: sub-XX/ses-XX/eeg/sub-XX_ses-XX_task-szMonitoring_run-XX_eeg.edf".into(),
        });
    }
    found.sort_by(in_order);
    Ok(found)
}

/// That a folder holds no recording, and what there is in it that may be meant as one.
fn holds_none(root: &Path) -> String {
    let Strays { compressed, misplaced, .. } = Strays::of(root, &[]);
    match (compressed.first(), misplaced.first()) {
        (Some(path), _) => format!(
            "holds no recording, but {} that are compressed (gzip), the first {}: gunzip them",
            compressed.len(),
            path.display()
        ),
        (None, Some((_, path))) => {
            format!("holds no recording where and called as one is; {} lies there", path.display())
        }
        (None, None) => "holds no recording".into(),
    }
}

/// By subject, session, task and run, whose numbers count as numbers: run 2 comes before run 10.
fn in_order(a: &BidsRecording, b: &BidsRecording) -> Ordering {
    let option = |a: &Option<String>, b: &Option<String>| match (a, b) {
        (Some(a), Some(b)) => natural(a, b),
        _ => a.is_some().cmp(&b.is_some()),
    };
    natural(&a.subject, &b.subject)
        .then_with(|| option(&a.session, &b.session))
        .then_with(|| option(&a.task, &b.task))
        .then_with(|| option(&a.run, &b.run))
        .then_with(|| a.cmp(b))
}

/// Compares letters as letters and runs of digits as numbers of any length.
pub fn natural(a: &str, b: &str) -> Ordering {
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let (mut a, mut b) = (a, b);
    while let (Some(x), Some(y)) = (a.chars().next(), b.chars().next()) {
        let (m, n) = (digits(a), digits(b));
        if m > 0 && n > 0 {
            let (p, q) = (a[..m].trim_start_matches('0'), b[..n].trim_start_matches('0'));
            let order = p.len().cmp(&q.len()).then_with(|| p.cmp(q));
            if order != Ordering::Equal {
                return order;
            }
            (a, b) = (&a[m..], &b[n..]);
        } else if x == y {
            (a, b) = (&a[x.len_utf8()..], &b[y.len_utf8()..]);
        } else {
            return x.cmp(&y);
        }
    }
    a.len().cmp(&b.len())
}

/// The parts of a recording's name; `None` for a file that is no BIDS recording.
fn recording_at(path: &Path) -> Option<BidsRecording> {
    let name = name_of(path);
    // Some systems write endings in capitals.
    let (stem, ending) = name.rsplit_once('.')?;
    let ending = ending.to_ascii_lowercase();
    let stem = stem.strip_suffix("_eeg").filter(|_| ending == "edf" || ending == "bdf")?;
    // "._sub-a_…" beside "sub-a_…" is what macOS leaves on foreign disks.
    if !stem.starts_with("sub-") {
        return None;
    }
    let entity = |key: &str| stem.split('_').find_map(|part| part.strip_prefix(key)).map(str::to_string);
    Some(BidsRecording {
        subject: entity("sub-")?,
        session: entity("ses-"),
        task: entity("task-"),
        run: entity("run-"),
        eeg_path: path.to_path_buf(),
        events_path: events_path_of(path),
    })
}

/// The events table beside a recording: `x_eeg.edf` has `x_events.tsv`, `x.edf` has
/// `x_events.tsv` or `x.tsv`.
pub fn events_path_of(recording: &Path) -> Option<PathBuf> {
    let stem = recording.file_stem()?.to_string_lossy().into_owned();
    let short = stem.strip_suffix("_eeg").unwrap_or(&stem);
    [format!("{short}_events.tsv"), format!("{stem}.tsv")]
        .into_iter()
        .map(|name| recording.with_file_name(name))
        .find(|path| path.is_file())
}

/// The table of channels beside a recording: `x_eeg.edf` and `x_ieeg.edf` have `x_channels.tsv`, as has `x.edf`.
pub fn channels_path_of(recording: &Path) -> Option<PathBuf> {
    let stem = recording.file_stem()?.to_string_lossy().into_owned();
    let short = stem.strip_suffix("_eeg").or_else(|| stem.strip_suffix("_ieeg")).unwrap_or(&stem);
    Some(recording.with_file_name(format!("{short}_channels.tsv"))).filter(|path| path.is_file())
}

/// The events tables below a folder, relative to it, in order.
///
/// # Errors
/// [`FormatError::Io`] where a folder cannot be read.
pub fn tables_below(root: &Path) -> Result<Vec<PathBuf>, FormatError> {
    let (mut tables, mut waiting) = (Vec::new(), vec![root.to_path_buf()]);
    while let Some(folder) = waiting.pop() {
        for path in list(&folder)? {
            // "._x" beside "x" is what macOS leaves on foreign disks.
            let name = name_of(&path);
            if path.is_dir() {
                waiting.push(path);
            } else if name.ends_with("_events.tsv") && !name.starts_with('.') {
                tables.extend(path.strip_prefix(root).map(Path::to_path_buf));
            }
        }
    }
    tables.sort();
    Ok(tables)
}

/// Where the prediction for a recording lies below `out`: at the same place of a parallel tree for
/// a recording in a BIDS tree, directly in `out` for any other.
pub fn prediction_path(out: &Path, recording: &Path) -> PathBuf {
    let stem = recording.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let name = format!("{}_events.tsv", stem.strip_suffix("_eeg").unwrap_or(&stem));
    let parts: Vec<_> = recording.parent().map(|folder| folder.components().collect()).unwrap_or_default();
    let subject = parts.iter().rposition(|part| part.as_os_str().to_string_lossy().starts_with("sub-"));
    match subject {
        Some(at) if recording_at(recording).is_some() => {
            parts[at..].iter().fold(out.to_path_buf(), |path, part| path.join(part.as_os_str())).join(name)
        }
        _ => out.join(name),
    }
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn list(folder: &Path) -> Result<Vec<PathBuf>, FormatError> {
    let unreadable = |source| FormatError::Io { doing: "list", path: folder.to_path_buf(), source };
    let mut entries = std::fs::read_dir(folder)
        .map_err(unreadable)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<Vec<_>, _>>()
        .map_err(unreadable)?;
    entries.sort();
    Ok(entries)
}

fn folders(folder: &Path) -> Result<Vec<PathBuf>, FormatError> {
    Ok(list(folder)?.into_iter().filter(|path| path.is_dir()).collect())
}

//! Reading a record, also while it grows.

use std::path::{Path, PathBuf};

use hdf5::file::OpenMode;
use hdf5::{Dataset, File, H5Type};

use super::about::{
    About, GapReason, MARK_BYTES, RecordedGap, RecordedMark, RecordedTrend, RecordedVerdict, TREND_COLUMNS,
    VERSION,
};
use super::error::RecordError;

/// Rows of `signal` without a gap between them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stretch {
    /// The first row.
    pub row: usize,
    /// How many.
    pub rows: usize,
    /// Number of the first row's frame.
    pub first_frame: u64,
}

impl Stretch {
    /// Number of the frame after the last.
    pub fn end_frame(&self) -> u64 {
        self.first_frame + self.rows as u64
    }
}

/// One file of a record.
pub struct RecordFile {
    path: PathBuf,
    about: About,
    // Datasets before the file: it closes with the last of them.
    signal: Dataset,
    verdicts: Dataset,
    /// Files of earlier versions have none.
    trend: Option<Dataset>,
    gaps: Dataset,
    marks: Dataset,
    mark_texts: Dataset,
    stamps: Dataset,
    _file: File,
}

impl RecordFile {
    /// Opens a file, finished or not.
    ///
    /// # Errors
    /// [`RecordError::Hdf5`] where it cannot be opened, [`RecordError::Damaged`] where it is another
    /// kind of file.
    pub fn open(path: &Path) -> Result<RecordFile, RecordError> {
        let failed = RecordError::hdf5("read", path);
        let file = File::open_as(path, OpenMode::ReadSWMR).map_err(&failed)?;
        let damaged = |found: String| RecordError::Damaged {
            path: path.to_path_buf(),
            found,
            expected: "a record of vigil".into(),
        };
        let dataset = |name: &str| file.dataset(name).map_err(|_| damaged(format!("no dataset {name}")));
        let text = dataset("about")?.read_raw::<u8>().map_err(&failed)?;
        let about: About =
            serde_json::from_slice(&text).map_err(|error| damaged(format!("about: {error}")))?;
        if about.version != VERSION {
            return Err(damaged(format!("version {} of the layout", about.version)));
        }
        let signal = dataset("signal")?;
        if signal.shape().get(1) != Some(&about.labels.len())
            || about.labels.is_empty()
            || about.rate_hz.is_nan()
            || about.rate_hz <= 0.0
        {
            return Err(damaged(format!(
                "signal of shape {:?} for {} labels",
                signal.shape(),
                about.labels.len()
            )));
        }
        Ok(RecordFile {
            path: path.to_path_buf(),
            signal,
            verdicts: dataset("verdicts")?,
            trend: file.dataset("trend").ok(),
            gaps: dataset("gaps")?,
            marks: dataset("marks")?,
            mark_texts: dataset("mark_texts")?,
            stamps: dataset("stamps")?,
            about,
            _file: file,
        })
    }

    /// Looks again how far the file has grown.
    ///
    /// # Errors
    /// [`RecordError::Hdf5`].
    pub fn refresh(&self) -> Result<(), RecordError> {
        for dataset in [&self.signal, &self.verdicts, &self.gaps, &self.marks, &self.mark_texts, &self.stamps]
            .into_iter()
            .chain(&self.trend)
        {
            dataset.refresh().map_err(RecordError::hdf5("read", &self.path))?;
        }
        Ok(())
    }

    /// What the file is about.
    pub fn about(&self) -> &About {
        &self.about
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Rows of signal.
    pub fn rows(&self) -> usize {
        self.signal.shape().first().copied().unwrap_or_default()
    }

    /// The stretches between gaps, in order.
    ///
    /// # Errors
    /// [`RecordError::Hdf5`].
    pub fn stretches(&self) -> Result<Vec<Stretch>, RecordError> {
        let mut stretches = Vec::new();
        let mut at = Stretch { row: 0, rows: 0, first_frame: self.about.first_frame };
        let rows = self.rows();
        let gaps = self.numbers(&self.gaps, 5)?;
        for gap in gaps.chunks_exact(5) {
            let row = (gap[0].max(0.0) as usize).clamp(at.row, rows);
            at.rows = row - at.row;
            if at.rows > 0 {
                stretches.push(at);
            }
            let next = (gap[1] + gap[2]).max(0.0) as u64;
            at = Stretch { row, rows: 0, first_frame: next.max(at.end_frame()) };
        }
        at.rows = rows - at.row;
        if at.rows > 0 {
            stretches.push(at);
        }
        Ok(stretches)
    }

    /// Frames of signal, frame after frame, from a row on.
    ///
    /// # Errors
    /// [`RecordError::Hdf5`], also for rows that are not there.
    pub fn read(&self, row: usize, rows: usize) -> Result<Vec<f32>, RecordError> {
        if rows == 0 {
            return Ok(Vec::new());
        }
        let slice = self
            .signal
            .read_slice_2d::<f32, _>((row..row + rows, ..))
            .map_err(RecordError::hdf5("read", &self.path))?;
        Ok(slice.into_raw_vec_and_offset().0)
    }

    /// Every verdict, in order.
    ///
    /// # Errors
    /// [`RecordError::Hdf5`].
    pub fn verdicts(&self) -> Result<Vec<RecordedVerdict>, RecordError> {
        let rows = self.numbers(&self.verdicts, 14)?;
        Ok(rows.chunks_exact(14).filter_map(RecordedVerdict::of_row).collect())
    }

    /// Every second of the trend, in order; none in files of earlier versions.
    ///
    /// # Errors
    /// [`RecordError::Hdf5`].
    pub fn trend(&self) -> Result<Vec<RecordedTrend>, RecordError> {
        let Some(trend) = &self.trend else { return Ok(Vec::new()) };
        let rows = self.numbers(trend, TREND_COLUMNS)?;
        Ok(rows.chunks_exact(TREND_COLUMNS).filter_map(RecordedTrend::of_row).collect())
    }

    /// Every gap, in order.
    ///
    /// # Errors
    /// [`RecordError::Hdf5`].
    pub fn gaps(&self) -> Result<Vec<RecordedGap>, RecordError> {
        let gap = |row: &[f64]| RecordedGap {
            first_frame: row[1] as u64,
            frames: row[2] as u64,
            time_s: row[3],
            reason: GapReason::of_code(row[4]),
        };
        let rows = self.numbers(&self.gaps, 5)?;
        Ok(rows.chunks_exact(5).map(gap).collect())
    }

    /// Every mark, in order.
    ///
    /// # Errors
    /// [`RecordError::Hdf5`].
    pub fn marks(&self) -> Result<Vec<RecordedMark>, RecordError> {
        let texts: Vec<u8> = self.table(&self.mark_texts, MARK_BYTES)?;
        let rows = self.numbers(&self.marks, 2)?;
        Ok(rows
            .chunks_exact(2)
            .zip(texts.chunks_exact(MARK_BYTES))
            .map(|(row, text)| RecordedMark {
                frame: row[0] as u64,
                time_s: row[1],
                text: String::from_utf8_lossy(text).trim_end_matches('\0').to_string(),
            })
            .collect())
    }

    /// Wall clock of a frame, in seconds since 1970, by the stamp before it.
    ///
    /// # Errors
    /// [`RecordError::Hdf5`].
    pub fn time_of(&self, frame: u64) -> Result<f64, RecordError> {
        let stamps = self.numbers(&self.stamps, 3)?;
        let before = stamps.chunks_exact(3).rev().find(|stamp| stamp[1] <= frame as f64);
        let (from, time_s) =
            before.map_or((self.about.first_frame as f64, self.about.start_s), |stamp| (stamp[1], stamp[2]));
        Ok(time_s + (frame as f64 - from) / self.about.rate_hz)
    }

    /// A table of numbers, up to the first row that is not written yet.
    fn numbers(&self, dataset: &Dataset, columns: usize) -> Result<Vec<f64>, RecordError> {
        let mut values: Vec<f64> = self.table(dataset, columns)?;
        let unwritten = values.chunks_exact(columns).position(|row| row[0].is_nan());
        values.truncate(unwritten.map_or(values.len(), |row| row * columns));
        Ok(values)
    }

    /// Reads a table in one piece. The library asks how large it is and then reads what is there: rows that another thread
    /// appended in between would be written beyond the memory that they were given.
    fn table<T: H5Type>(&self, dataset: &Dataset, columns: usize) -> Result<Vec<T>, RecordError> {
        hdf5::sync::sync(|| {
            if dataset.shape().get(1) != Some(&columns) {
                return Err(RecordError::Damaged {
                    path: self.path.clone(),
                    found: format!("a table of shape {:?}", dataset.shape()),
                    expected: format!("{columns} columns"),
                });
            }
            dataset.read_raw().map_err(RecordError::hdf5("read", &self.path))
        })
    }
}

/// A file spans an hour at most; twice that allows for a clock that was moved.
const LONGEST_S: f64 = 7200.0;

/// When a file was begun, in seconds since 1970, as its name says.
pub fn start_of(path: &Path) -> Option<f64> {
    let stem = path.file_stem()?.to_str()?;
    let (_, moment) = stem.rsplit_once('_')?;
    let civil = jiff::civil::DateTime::strptime("%Y%m%dT%H%M%S%.fZ", moment).ok()?;
    let at = civil.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp();
    Some(at.as_millisecond() as f64 / 1e3)
}

/// Those of a bed's files that can hold something between two moments (seconds since 1970), in time order: by their
/// names, so that weeks of record need not be opened.
///
/// # Errors
/// See [`files_of`].
pub fn files_between(folder: &Path, bed: &str, from_s: f64, to_s: f64) -> Result<Vec<PathBuf>, RecordError> {
    let mut files = files_of(folder, bed)?;
    files.retain(|path| start_of(path).is_none_or(|start_s| start_s < to_s && start_s > from_s - LONGEST_S));
    Ok(files)
}

/// A bed's files, in time order; none where there is no record.
///
/// # Errors
/// [`RecordError::Io`] where a folder cannot be read.
pub fn files_of(folder: &Path, bed: &str) -> Result<Vec<PathBuf>, RecordError> {
    let folder = folder.join(bed);
    let mut files = Vec::new();
    let days = match std::fs::read_dir(&folder) {
        Ok(days) => days,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(files),
        Err(source) => return Err(RecordError::Io { doing: "read", path: folder, source }),
    };
    for day in days.flatten().map(|day| day.path()).filter(|day| day.is_dir()) {
        for file in std::fs::read_dir(&day).map_err(RecordError::io("read", &day))?.flatten() {
            let path = file.path();
            if path.extension().is_some_and(|ending| ending == "h5") {
                files.push(path);
            }
        }
    }
    // Names hold the moment; days are in them, too.
    files.sort();
    Ok(files)
}

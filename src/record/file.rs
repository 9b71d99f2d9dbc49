//! One HDF5 file while it is written.

use std::path::{Path, PathBuf};

use hdf5::{Dataset, Extent, File, H5Type, SimpleExtents};
use ndarray::{ArrayView1, ArrayView2};

use super::about::{
    About, GAP_COLUMNS, MARK_BYTES, RecordedGap, RecordedMark, RecordedTrend, RecordedVerdict, TREND_COLUMNS,
    VERDICT_COLUMNS, mark_bytes,
};
use super::error::RecordError;
use super::reserve::Reserve;

/// Bytes of decompressed chunks that the library may keep for a dataset: one or two seconds of signal.
const CHUNK_CACHE: usize = 64 << 10;

/// Rows of a chunk of the small tables.
const TABLE_ROWS: usize = 64;

/// A file that grows.
pub(super) struct GrowingFile {
    path: PathBuf,
    file: File,
    signal: Table,
    verdicts: Table,
    trend: Table,
    gaps: Table,
    marks: Table,
    mark_texts: Table,
    stamps: Table,
    channels: usize,
    /// Frames of a chunk.
    second: usize,
    /// Signal that does not fill a chunk yet.
    pending: Vec<f32>,
    /// Last, so that it is given back after the library has closed the file.
    reserve: Reserve,
}

struct Table {
    dataset: Dataset,
    rows: usize,
    columns: usize,
}

impl Table {
    /// Appends rows in one piece: the page reads in this same process, and would find rows that are there and empty.
    fn append<T: H5Type>(&mut self, values: &[T]) -> hdf5::Result<()> {
        let rows = values.len() / self.columns.max(1);
        let view = ArrayView2::from_shape((rows, self.columns), &values[..rows * self.columns])
            .map_err(|error| hdf5::Error::from(error.to_string()))?;
        hdf5::sync::sync(|| {
            self.dataset.resize((self.rows + rows, self.columns))?;
            self.dataset.write_slice(view, (self.rows..self.rows + rows, ..))
        })?;
        self.rows += rows;
        Ok(())
    }
}

impl GrowingFile {
    /// Creates the file under a temporary name, with everything that cannot be added once readers may
    /// come, and gives it its name when they may.
    pub(super) fn create(path: &Path, about: &About, compression: u8) -> Result<GrowingFile, RecordError> {
        let failed = RecordError::hdf5("write", path);
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(RecordError::io("write", folder))?;
        }
        let being_made = path.with_extension("h5.new");
        // The library opens its file over one that has room.
        std::fs::File::create(&being_made).map_err(RecordError::io("write", path))?;
        let reserve = Reserve::of(&being_made).map_err(RecordError::io("write", path));
        let made = reserve.and_then(|reserve| {
            GrowingFile::make(&being_made, path, about, compression, reserve).map_err(failed)
        });
        let named = made.and_then(|made| {
            std::fs::rename(&being_made, path).map_err(RecordError::io("write", path))?;
            Ok(made)
        });
        if named.is_err() {
            let _ = std::fs::remove_file(&being_made);
        }
        named
    }

    fn make(
        being_made: &Path,
        path: &Path,
        about: &About,
        compression: u8,
        mut reserve: Reserve,
    ) -> hdf5::Result<GrowingFile> {
        let file = File::with_options()
            .with_fapl(|access| access.libver_v110().chunk_cache(101, CHUNK_CACHE, 1.0))
            .create(being_made)?;
        // Cutting the file to nothing gave its room back.
        reserve.anew().map_err(|error| hdf5::Error::from(error.to_string()))?;
        let text = serde_json::to_vec(about).map_err(|error| hdf5::Error::from(error.to_string()))?;
        file.new_dataset::<u8>().shape(text.len()).create("about")?.write(&ArrayView1::from(&text))?;
        file.new_attr::<f64>().create("rate_hz")?.write_scalar(&about.rate_hz)?;
        file.new_attr::<f64>().create("start_s")?.write_scalar(&about.start_s)?;
        file.new_attr::<u64>().create("first_frame")?.write_scalar(&about.first_frame)?;
        let channels = about.labels.len();
        let second = (about.rate_hz.round() as usize).max(1);
        // What a reader in another process finds before it was written is no number, and so no row.
        let growing = |columns: usize| SimpleExtents::new([Extent::resizable(0), Extent::fixed(columns)]);
        let mut signal =
            file.new_dataset::<f32>().chunk((second, channels)).shape(growing(channels)).fill_value(f32::NAN);
        if compression > 0 {
            signal = signal.shuffle().deflate(compression);
        }
        let table = |name: &str, columns: usize| -> hdf5::Result<Table> {
            let dataset = file
                .new_dataset::<f64>()
                .chunk((TABLE_ROWS, columns))
                .shape(growing(columns))
                .fill_value(f64::NAN)
                .create(name)?;
            Ok(Table { dataset, rows: 0, columns })
        };
        let mut trend = file
            .new_dataset::<f64>()
            .chunk((TABLE_ROWS, TREND_COLUMNS))
            .shape(growing(TREND_COLUMNS))
            .fill_value(f64::NAN);
        if compression > 0 {
            // The values are of single precision: half of each is zeros.
            trend = trend.shuffle().deflate(compression);
        }
        let texts = file
            .new_dataset::<u8>()
            .chunk((TABLE_ROWS, MARK_BYTES))
            .shape(growing(MARK_BYTES))
            .create("mark_texts")?;
        let made = GrowingFile {
            path: path.to_path_buf(),
            signal: Table { dataset: signal.create("signal")?, rows: 0, columns: channels },
            verdicts: table("verdicts", VERDICT_COLUMNS.len())?,
            trend: Table { dataset: trend.create("trend")?, rows: 0, columns: TREND_COLUMNS },
            gaps: table("gaps", GAP_COLUMNS.len())?,
            marks: table("marks", 2)?,
            stamps: table("stamps", 3)?,
            mark_texts: Table { dataset: texts, rows: 0, columns: MARK_BYTES },
            pending: Vec::new(),
            channels,
            second,
            file,
            reserve,
        };
        made.file.start_swmr()?;
        Ok(made)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Frames taken, those that wait for their chunk included.
    pub(super) fn rows(&self) -> usize {
        self.signal.rows + self.pending.len() / self.channels.max(1)
    }

    /// Takes frames; whole seconds are written.
    pub(super) fn signal(
        &mut self,
        values: &[f32],
        first_frame: u64,
        time_s: f64,
    ) -> Result<(), RecordError> {
        let path = self.path.clone();
        let failed = RecordError::hdf5("write", &path);
        if values.is_empty() {
            return Ok(());
        }
        if !values.len().is_multiple_of(self.channels.max(1)) {
            return Err(RecordError::Damaged {
                path: self.path.clone(),
                found: format!("{} values for {} channels", values.len(), self.channels),
                expected: "whole frames".into(),
            });
        }
        // Noise is not compressed; what waits for its chunk is written with it.
        self.room_for(4 * (values.len() + self.pending.len()))?;
        let row = self.rows();
        // A stamp a second, at the message that begins it, says when any frame was taken.
        let seconds_before = self.stamps.rows;
        if row / self.second >= seconds_before {
            self.stamps.append(&[row as f64, first_frame as f64, time_s]).map_err(&failed)?;
        }
        self.pending.extend_from_slice(values);
        // Up to the end of the chunk at hand, so that each is compressed once.
        let to_chunk = self.second - self.signal.rows % self.second;
        let rows = self.pending.len() / self.channels;
        if rows >= to_chunk {
            let whole = to_chunk + (rows - to_chunk) / self.second * self.second;
            self.write_pending(whole).map_err(&failed)?;
        }
        Ok(())
    }

    fn write_pending(&mut self, rows: usize) -> hdf5::Result<()> {
        let values = rows * self.channels;
        self.signal.append(&self.pending[..values])?;
        self.pending.drain(..values);
        Ok(())
    }

    /// The room for something is there before the library writes it.
    fn room_for(&mut self, bytes: usize) -> Result<(), RecordError> {
        self.reserve.ensure(bytes as u64).map_err(RecordError::io("write", &self.path))
    }

    pub(super) fn verdict(&mut self, verdict: &RecordedVerdict) -> Result<(), RecordError> {
        self.room_for(TABLE_ROWS * 8 * VERDICT_COLUMNS.len())?;
        self.verdicts.append(&verdict.row()).map_err(RecordError::hdf5("write", &self.path))
    }

    pub(super) fn trend(&mut self, trend: &RecordedTrend) -> Result<(), RecordError> {
        self.room_for(TABLE_ROWS * 8 * TREND_COLUMNS)?;
        self.trend.append(&trend.row()).map_err(RecordError::hdf5("write", &self.path))
    }

    pub(super) fn gap(&mut self, gap: &RecordedGap) -> Result<(), RecordError> {
        self.room_for(TABLE_ROWS * 8 * GAP_COLUMNS.len())?;
        let row = self.rows() as f64;
        let values = [row, gap.first_frame as f64, gap.frames as f64, gap.time_s, gap.reason.code()];
        self.gaps.append(&values).map_err(RecordError::hdf5("write", &self.path))
    }

    pub(super) fn mark(&mut self, mark: &RecordedMark) -> Result<(), RecordError> {
        self.room_for(TABLE_ROWS * (MARK_BYTES + 16))?;
        let path = self.path.clone();
        let failed = RecordError::hdf5("write", &path);
        self.mark_texts.append(&mark_bytes(&mark.text)).map_err(&failed)?;
        self.marks.append(&[mark.frame as f64, mark.time_s]).map_err(&failed)
    }

    /// Makes what was written visible to readers and safe from a crash of the program.
    pub(super) fn flush(&mut self) -> Result<(), RecordError> {
        self.room_for(0)?;
        self.file.flush().map_err(RecordError::hdf5("write", &self.path))
    }

    /// Writes what is left, closes the file and brings it to the disk.
    pub(super) fn finish(mut self) -> Result<(), RecordError> {
        let path = self.path.clone();
        let failed = RecordError::hdf5("write", &path);
        self.room_for(4 * self.pending.len())?;
        let rows = self.pending.len() / self.channels.max(1);
        if rows > 0 {
            self.write_pending(rows).map_err(&failed)?;
        }
        let GrowingFile { file, signal, verdicts, trend, gaps, marks, mark_texts, stamps, reserve, .. } =
            self;
        // The file is closed, and its marks of being written taken away, with its last dataset.
        drop((signal, verdicts, trend, gaps, marks, mark_texts, stamps));
        file.flush().map_err(&failed)?;
        file.close().map_err(&failed)?;
        drop(reserve);
        std::fs::File::open(&path).and_then(|file| file.sync_all()).map_err(RecordError::io("write", &path))
    }
}

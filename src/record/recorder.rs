//! The one thread that writes every bed's file: the HDF5 library lets in one thread at a time.

use std::collections::{BTreeMap, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};

use super::about::{About, GapReason, RecordedGap, RecordedMark, RecordedTrend, RecordedVerdict};
use super::config::RecordConfig;
use super::error::RecordError;
use super::file::GrowingFile;
use super::retention::free_bytes;

/// Messages that may wait: half a minute of 64 beds.
const WAITING: usize = 8192;

/// How often files are flushed.
const FLUSH_EVERY: Duration = Duration::from_millis(500);

/// A disk that refused is tried again after this long.
const AGAIN: Duration = Duration::from_secs(2);

/// Room that is left alone, for whatever else needs the disk.
const RESERVE: u64 = 8 << 20;

/// Items that may wait for a file to be opened.
const HELD: usize = 256;

/// Seconds that a file may span.
const FILE_S: f64 = 3600.0;

/// The last millisecond since 1970 that begins a file's name: the end of the year 9998, with room to count on.
const LAST_NAMED_MS: i64 = 253_370_764_799_999;

/// Names that are tried for a file.
const NAMES_TRIED: i64 = 10_000;

/// Something to be recorded.
#[derive(Debug, Clone)]
pub enum Item {
    /// A stream begins, or begins anew: its file is opened with its first frames.
    Begin(Box<About>),
    /// Frames.
    Signal {
        /// Number of the first.
        first_frame: u64,
        /// Its wall clock, in seconds since 1970.
        time_s: f64,
        /// Frame after frame, in the units of [`About::units`].
        values: Vec<f32>,
    },
    /// A verdict.
    Verdict(RecordedVerdict),
    /// A second of the trend.
    Trend(Box<RecordedTrend>),
    /// Frames are missing.
    Gap(RecordedGap),
    /// A remark.
    Mark(RecordedMark),
    /// Other networks judge from here on; later files name them.
    Models(super::about::Models),
    /// The stream ends.
    End,
}

enum Work {
    Of(Arc<str>, Item),
    /// To be done once everything before it can be read by others.
    AfterFlush(Arc<str>, Box<dyn FnOnce() + Send>),
    Stop,
}

/// How recording goes for one bed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RecorderState {
    /// Why nothing can be written now; `None` while all is well.
    pub trouble: Option<String>,
    /// Messages that were given up.
    pub dropped: u64,
    /// The file at hand.
    pub path: Option<PathBuf>,
}

type States = Arc<Mutex<BTreeMap<Arc<str>, RecorderState>>>;

/// The way to the thread.
#[derive(Clone)]
pub struct Recorder {
    work: Sender<Work>,
    states: States,
}

impl Recorder {
    /// Starts the thread.
    ///
    /// # Errors
    /// What the operating system says.
    pub fn start(config: RecordConfig) -> std::io::Result<(Recorder, JoinHandle<()>)> {
        let (work, waiting) = bounded(WAITING);
        let states = States::default();
        let writer = Writer { config, states: states.clone(), beds: BTreeMap::new() };
        let thread =
            std::thread::Builder::new().name("recorder".into()).spawn(move || writer.write_all(&waiting))?;
        Ok((Recorder { work, states }, thread))
    }

    /// Hands something over without waiting; what finds no room is given up and counted, and `false`
    /// comes back.
    pub fn record(&self, bed: &Arc<str>, item: Item) -> bool {
        let taken = self.work.try_send(Work::Of(bed.clone(), item)).is_ok();
        if !taken {
            let mut states = self.states.lock().unwrap_or_else(PoisonError::into_inner);
            let state = states.entry(bed.clone()).or_default();
            state.dropped += 1;
            state.trouble.get_or_insert_with(|| "the disk is too slow: the recorder's queue is full".into());
        }
        taken
    }

    /// Does something once all that was handed over for a bed before can be read by others, or cannot be
    /// written; `false`, and it is never done, where the queue is full.
    pub fn after_flush(&self, bed: &Arc<str>, then: impl FnOnce() + Send + 'static) -> bool {
        self.work.try_send(Work::AfterFlush(bed.clone(), Box::new(then))).is_ok()
    }

    /// How recording goes for a bed.
    pub fn state(&self, bed: &str) -> RecorderState {
        self.states.lock().unwrap_or_else(PoisonError::into_inner).get(bed).cloned().unwrap_or_default()
    }

    /// The files that are being written.
    pub fn open_files(&self) -> Vec<PathBuf> {
        let states = self.states.lock().unwrap_or_else(PoisonError::into_inner);
        states.values().filter_map(|state| state.path.clone()).collect()
    }

    /// Messages given up, of all beds.
    pub fn dropped(&self) -> u64 {
        let states = self.states.lock().unwrap_or_else(PoisonError::into_inner);
        states.values().map(|state| state.dropped).sum()
    }

    /// Ends the thread once it has written what waits; join its handle then.
    pub fn stop(&self) {
        let _ = self.work.send(Work::Stop);
    }
}

struct Writer {
    config: RecordConfig,
    states: States,
    beds: BTreeMap<Arc<str>, BedFile>,
}

/// One bed's stream.
struct BedFile {
    about: About,
    file: Option<GrowingFile>,
    /// The hour of the file, since 1970.
    hour: i64,
    /// Something was written since the last flush.
    dirty: bool,
    /// No file is tried before this.
    not_before: Option<Instant>,
    /// The first frame that was given up, and when it was taken.
    lost: Option<(u64, f64)>,
    /// What came before the frames that open a file: a verdict of the second before, a gap.
    held: VecDeque<Item>,
}

impl Writer {
    fn write_all(mut self, waiting: &Receiver<Work>) {
        let mut flushed = Instant::now();
        loop {
            match waiting.recv_timeout(FLUSH_EVERY) {
                Ok(Work::Of(bed, item)) => self.take(&bed, item),
                Ok(Work::AfterFlush(bed, then)) => {
                    self.flush(&bed);
                    then();
                }
                Ok(Work::Stop) | Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => {}
            }
            if flushed.elapsed() >= FLUSH_EVERY {
                flushed = Instant::now();
                let beds: Vec<Arc<str>> = self.beds.keys().cloned().collect();
                beds.iter().for_each(|bed| self.flush(bed));
            }
        }
        let beds: Vec<Arc<str>> = self.beds.keys().cloned().collect();
        for bed in beds {
            self.take(&bed, Item::End);
        }
    }

    fn take(&mut self, bed: &Arc<str>, item: Item) {
        match item {
            Item::Begin(about) => {
                self.close(bed);
                let entry = BedFile {
                    about: *about,
                    file: None,
                    hour: 0,
                    dirty: false,
                    not_before: None,
                    lost: None,
                    held: VecDeque::new(),
                };
                self.beds.insert(bed.clone(), entry);
            }
            Item::End => {
                self.close(bed);
                self.beds.remove(bed);
                self.states.lock().unwrap_or_else(PoisonError::into_inner).remove(bed);
            }
            Item::Models(models) => {
                if let Some(entry) = self.beds.get_mut(bed)
                    && !entry.about.models.contains(&models)
                {
                    entry.about.models.push(models);
                    // What cannot be added to a file that is being read begins the next one.
                    self.close(bed);
                }
            }
            other => {
                let Some(entry) = self.beds.get_mut(bed) else { return };
                if entry.file.is_none() && entry.not_before.is_some_and(|at| Instant::now() < at) {
                    // The disk refused a moment ago; it is asked again soon.
                    entry.give_up(&other);
                    let mut states = self.states.lock().unwrap_or_else(PoisonError::into_inner);
                    states.entry(bed.clone()).or_default().dropped += 1;
                    return;
                }
                match entry.write(&self.config, &other) {
                    Ok(()) => entry.dirty = true,
                    Err(error) => self.refused(bed, &other, &error),
                }
                self.tell(bed);
            }
        }
    }

    /// The disk refused: what was to be written is given up, and the file is begun anew later.
    fn refused(&mut self, bed: &Arc<str>, item: &Item, error: &RecordError) {
        let Some(entry) = self.beds.get_mut(bed) else { return };
        let first = entry.file.take().is_some() || entry.not_before.is_none();
        entry.give_up(item);
        if entry.not_before.is_none_or(|at| at <= Instant::now()) {
            entry.not_before = Some(Instant::now() + AGAIN);
        }
        if first {
            tracing::error!(bed = bed.as_ref(), %error, "the record cannot be written");
        }
        let mut states = self.states.lock().unwrap_or_else(PoisonError::into_inner);
        let state = states.entry(bed.clone()).or_default();
        state.dropped += 1;
        state.trouble = Some(error.to_string());
        state.path = None;
    }

    fn tell(&self, bed: &Arc<str>) {
        let Some(entry) = self.beds.get(bed) else { return };
        let mut states = self.states.lock().unwrap_or_else(PoisonError::into_inner);
        let state = states.entry(bed.clone()).or_default();
        if let Some(file) = &entry.file {
            state.trouble = None;
            if state.path.as_deref() != Some(file.path()) {
                state.path = Some(file.path().to_path_buf());
            }
        }
    }

    fn flush(&mut self, bed: &Arc<str>) {
        let Some(entry) = self.beds.get_mut(bed).filter(|entry| entry.dirty) else { return };
        entry.dirty = false;
        let flushed =
            room(&self.config.folder).and_then(|()| entry.file.as_mut().map_or(Ok(()), GrowingFile::flush));
        if let Err(error) = flushed {
            self.refused(bed, &Item::End, &error);
        }
    }

    fn close(&mut self, bed: &Arc<str>) {
        let Some(entry) = self.beds.get_mut(bed) else { return };
        if let Some(file) = entry.file.take()
            && let Err(error) = file.finish()
        {
            tracing::error!(bed = bed.as_ref(), %error, "the record's file could not be finished");
        }
    }
}

impl BedFile {
    fn write(&mut self, config: &RecordConfig, item: &Item) -> Result<(), RecordError> {
        if let Item::Signal { first_frame, time_s, .. } = item {
            self.turn_the_hour(config, *first_frame, *time_s)?;
        }
        let Some(file) = &mut self.file else {
            // Frames open a file, and what waits for one then stands at its beginning.
            if self.held.len() == HELD {
                self.held.pop_front();
            }
            self.held.push_back(item.clone());
            return Ok(());
        };
        for held in self.held.drain(..) {
            write_to(file, &held)?;
        }
        if let Item::Signal { first_frame, .. } = item
            && let Some((lost_from, lost_s)) = self.lost.take()
        {
            let frames = first_frame.saturating_sub(lost_from);
            let reason = GapReason::Dropped;
            file.gap(&RecordedGap { first_frame: lost_from, frames, time_s: lost_s, reason })?;
        }
        write_to(file, item)
    }

    /// Opens a file where there is none, and the next one at the full hour.
    fn turn_the_hour(&mut self, config: &RecordConfig, frame: u64, time_s: f64) -> Result<(), RecordError> {
        let hour = (time_s / FILE_S).floor() as i64;
        if let Some(file) = &self.file {
            let full = file.rows() as f64 >= FILE_S * self.about.rate_hz;
            if hour == self.hour && !full {
                return Ok(());
            }
            if let Some(file) = self.file.take() {
                file.finish()?;
            }
        }
        room(&config.folder)?;
        self.hour = hour;
        self.about.first_frame = frame;
        self.about.start_s = time_s;
        let path = path_of(&config.folder, &self.about.bed, time_s)?;
        self.file = Some(GrowingFile::create(&path, &self.about, config.compression)?);
        self.not_before = None;
        Ok(())
    }

    fn give_up(&mut self, item: &Item) {
        if let Item::Signal { first_frame, time_s, .. } = item {
            self.lost.get_or_insert((*first_frame, *time_s));
        }
    }
}

fn write_to(file: &mut GrowingFile, item: &Item) -> Result<(), RecordError> {
    match item {
        Item::Signal { first_frame, time_s, values } => file.signal(values, *first_frame, *time_s),
        Item::Verdict(verdict) => file.verdict(verdict),
        Item::Trend(trend) => file.trend(trend),
        Item::Gap(gap) => file.gap(gap),
        Item::Mark(mark) => file.mark(mark),
        Item::Begin(_) | Item::Models(_) | Item::End => Ok(()),
    }
}

/// Whether the disk has room to spare.
fn room(folder: &Path) -> Result<(), RecordError> {
    // A folder that is not there yet says nothing; making it will.
    let there = folder.ancestors().find(|folder| folder.exists()).unwrap_or(folder);
    let free = free_bytes(there)?;
    if free < RESERVE {
        return Err(RecordError::NoRoom {
            path: folder.to_path_buf(),
            free_mb: free >> 20,
            needed_mb: RESERVE >> 20,
        });
    }
    Ok(())
}

/// `<folder>/<bed>/<day>/<bed>_<moment>.h5`; the moment sorts as text. A second file of the same
/// millisecond gets the next one that is free.
fn path_of(folder: &Path, bed: &str, time_s: f64) -> Result<PathBuf, RecordError> {
    // A stream's stamps may be anything: what no calendar knows is named by the nearest day that has a name.
    let millisecond = ((time_s * 1e3).floor() as i64).clamp(0, LAST_NAMED_MS);
    for millisecond in millisecond..millisecond + NAMES_TRIED {
        let Ok(at) = jiff::Timestamp::from_millisecond(millisecond) else { break };
        let day = at.strftime("%Y-%m-%d").to_string();
        let name = format!("{bed}_{}.h5", at.strftime("%Y%m%dT%H%M%S.%3fZ"));
        let path = folder.join(bed).join(day).join(name);
        if !path.exists() {
            return Ok(path);
        }
    }
    let taken = std::io::Error::new(
        std::io::ErrorKind::AlreadyExists,
        format!("each of the {NAMES_TRIED} names from {time_s} s since 1970 on is taken"),
    );
    Err(RecordError::io("write", &folder.join(bed))(taken))
}

//! EDF and BDF files put together byte by byte, independent of the project's writer.

#![allow(dead_code)]

use std::io::Cursor;
use std::path::Path;

use vigil::format::FormatError;
use vigil::format::edf::EdfReader;

/// The name by which files in memory are opened.
pub const NAME: &str = "made.edf";

/// One signal of the header; the fields are text, so that tests can write what they like.
#[derive(Clone)]
pub struct Channel {
    pub label: String,
    pub unit: String,
    pub physical: (String, String),
    pub digital: (String, String),
    pub samples: String,
}

/// Gives one field of a signal.
type TextOf = fn(&Channel) -> &str;

/// What a signal has in one record.
pub enum Part<'a> {
    Samples(&'a [i32]),
    /// Annotation lists, filled up with NULs.
    Lists(&'a str),
}

/// A file in the making.
#[derive(Clone)]
pub struct Edf {
    pub version: Vec<u8>,
    pub recording: String,
    pub date: String,
    pub time: String,
    /// Length of the header; `None` for the true one.
    pub header_bytes: Option<String>,
    /// `EDF+C` and so on, or nothing.
    pub kind: String,
    /// Number of records; `None` for the true one.
    pub records: Option<String>,
    pub record_s: String,
    pub channels: Vec<Channel>,
    /// What fields are filled up with.
    pub padding: u8,
    pub data: Vec<u8>,
    written: usize,
}

impl Edf {
    /// A file of one-second records. `kind` is `EDF`, `BDF`, or one with `+C` or `+D`.
    pub fn new(kind: &str) -> Edf {
        let bdf = kind.starts_with("BDF");
        Edf {
            version: if bdf { b"\xffBIOSEMI".to_vec() } else { b"0       ".to_vec() },
            recording: "Startdate 06-MAY-2024 X X X".into(),
            date: "06.05.24".into(),
            time: "07.08.09".into(),
            header_bytes: None,
            kind: if kind.contains('+') { kind.into() } else { String::new() },
            records: None,
            record_s: "1".into(),
            channels: Vec::new(),
            padding: b' ',
            data: Vec::new(),
            written: 0,
        }
    }

    fn bdf(&self) -> bool {
        self.version[0] == 0xff
    }

    /// Bytes of a sample.
    pub fn width(&self) -> usize {
        if self.bdf() { 3 } else { 2 }
    }

    /// Adds a signal in microvolts, of which one digital step is a tenth.
    pub fn channel(mut self, label: &str, samples: usize) -> Edf {
        let texts = |low: &str, high: &str| (low.to_string(), high.to_string());
        let (physical, digital) = if self.bdf() {
            (texts("-838860", "838860"), texts("-8388600", "8388600"))
        } else {
            (texts("-3276.8", "3276.7"), texts("-32768", "32767"))
        };
        let (label, unit) = (label.into(), "uV".into());
        self.channels.push(Channel { label, unit, physical, digital, samples: samples.to_string() });
        self
    }

    /// Adds an annotation signal of so many samples, which hold two or three bytes each.
    pub fn annotations(self, samples: usize) -> Edf {
        let label = if self.bdf() { "BDF Annotations" } else { "EDF Annotations" };
        self.channel(label, samples)
    }

    /// Adds a record: a part for each signal.
    pub fn record(mut self, parts: &[Part<'_>]) -> Edf {
        assert_eq!(parts.len(), self.channels.len());
        let width = self.width();
        for (part, channel) in parts.iter().zip(&self.channels) {
            let length = width * channel.samples.parse::<usize>().expect("a number of samples");
            let end = self.data.len() + length;
            match part {
                Part::Samples(samples) => {
                    self.data.extend(samples.iter().flat_map(|s| s.to_le_bytes()[..width].to_vec()));
                    assert_eq!(self.data.len(), end, "{} samples for {}", samples.len(), channel.label);
                }
                Part::Lists(lists) => {
                    self.data.extend(lists.bytes());
                    assert!(self.data.len() <= end, "the lists do not fit");
                    self.data.resize(end, 0);
                }
            }
        }
        self.written += 1;
        self
    }

    /// A record of one signal and one annotation signal.
    pub fn marked(self, samples: &[i32], lists: &str) -> Edf {
        self.record(&[Part::Samples(samples), Part::Lists(lists)])
    }

    /// The whole file.
    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut field = |content: &[u8], width: usize| {
            assert!(content.len() <= width, "{content:?} in {width} bytes");
            bytes.extend(content);
            bytes.resize(bytes.len() + width - content.len(), self.padding);
        };
        let length = (256 * (1 + self.channels.len())).to_string();
        field(&self.version, 8);
        field(b"X X X X", 80);
        field(self.recording.as_bytes(), 80);
        field(self.date.as_bytes(), 8);
        field(self.time.as_bytes(), 8);
        field(self.header_bytes.as_ref().unwrap_or(&length).as_bytes(), 8);
        field(self.kind.as_bytes(), 44);
        field(self.records.as_ref().unwrap_or(&self.written.to_string()).as_bytes(), 8);
        field(self.record_s.as_bytes(), 8);
        field(self.channels.len().to_string().as_bytes(), 4);
        let columns: [(usize, TextOf); 10] = [
            (16, |c| &c.label),
            (80, |_| ""),
            (8, |c| &c.unit),
            (8, |c| &c.physical.0),
            (8, |c| &c.physical.1),
            (8, |c| &c.digital.0),
            (8, |c| &c.digital.1),
            (80, |_| ""),
            (8, |c| &c.samples),
            (32, |_| ""),
        ];
        for (width, text_of) in columns {
            self.channels.iter().for_each(|channel| field(text_of(channel).as_bytes(), width));
        }
        bytes.extend(&self.data);
        bytes
    }

    /// Opens it.
    pub fn open(&self) -> Result<EdfReader, FormatError> {
        open(self.bytes())
    }

    /// Opens a file that must be readable.
    pub fn reader(&self) -> EdfReader {
        self.open().expect("a readable file")
    }

    /// Opens a file that must be refused, and gives the message.
    pub fn refusal(&self) -> String {
        refusal(self.bytes())
    }
}

/// Opens bytes as a file.
pub fn open(bytes: Vec<u8>) -> Result<EdfReader, FormatError> {
    EdfReader::from_stored(Path::new(NAME), Box::new(Cursor::new(bytes)))
}

/// The message with which bytes are refused.
pub fn refusal(bytes: Vec<u8>) -> String {
    open(bytes).err().expect("a refusal").to_string()
}

/// All digital samples of a signal.
pub fn digital(reader: &mut EdfReader, signal: usize) -> Vec<i32> {
    let count = reader.header().signals[signal].samples as usize;
    let mut samples = Vec::new();
    reader.read_digital(signal, 0, count, &mut samples).expect("samples");
    samples
}

/// Onset, duration and text of each annotation.
pub fn marks(reader: &mut EdfReader) -> Vec<(f64, Option<f64>, String)> {
    let annotations = reader.annotations().expect("annotations");
    annotations.into_iter().map(|a| (a.onset_s, a.duration_s, a.text)).collect()
}

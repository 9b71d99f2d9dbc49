//! The header as bytes: 256 for the file and 256 for each signal, in fixed columns of ASCII.

use jiff::civil::{Date, DateTime, Time};

use crate::eeg::RecordingFormat;
use crate::format::error::{Malformation, Place};

/// Bytes of the fixed part, and of each signal's part.
pub const BLOCK: usize = 256;

/// The label of annotation signals.
const ANNOTATION_LABELS: [&str; 2] = ["EDF Annotations", "BDF Annotations"];

/// The date that a header without a readable one is given: the first that two digits can say.
const UNKNOWN_START: DateTime = DateTime::constant(1985, 1, 1, 0, 0, 0, 0);

/// A header, decoded and checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Header {
    /// The container.
    pub format: RecordingFormat,
    /// Start in whole seconds, as the header says it.
    pub start: DateTime,
    /// Length of the header, and offset of the first record.
    pub bytes: u64,
    /// Number of records that the header tells of; `None` while the file is being written.
    pub records: Option<u64>,
    /// Length of a record in seconds.
    pub record_s: f64,
    /// Bytes of a record.
    pub record_bytes: u64,
    /// All signals, annotation signals among them.
    pub signals: Vec<Signal>,
    /// What is odd and was put right.
    pub warnings: Vec<String>,
}

/// One signal of a header.
#[derive(Debug, Clone, PartialEq)]
pub struct Signal {
    /// The label, without padding.
    pub label: String,
    /// The physical unit.
    pub unit: String,
    /// Offset of the unit in the file.
    pub unit_byte: u64,
    /// Physical values of `digital_range`.
    pub physical_range: (f64, f64),
    /// Lowest and highest digital value.
    pub digital_range: (i32, i32),
    /// Samples in a record.
    pub samples_per_record: usize,
    /// Offset of the signal's samples in a record.
    pub offset: u64,
    /// Whether it holds annotations in place of samples.
    pub is_annotations: bool,
    /// What is wrong with its ranges. Nobody knows what its samples mean then, and its ranges are stand-ins: the other
    /// signals are none the worse for it.
    pub malformed: Option<Malformation>,
}

impl Header {
    /// Bytes of a sample.
    pub fn sample_bytes(&self) -> usize {
        match self.format {
            RecordingFormat::Edf | RecordingFormat::EdfPlusC | RecordingFormat::EdfPlusD => 2,
            RecordingFormat::Bdf | RecordingFormat::BdfPlusC | RecordingFormat::BdfPlusD => 3,
        }
    }

    /// Length of the whole header that starts with these 256 bytes.
    ///
    /// # Errors
    /// Where the bytes are too few, or are no EDF or BDF header.
    pub fn length(fixed: &[u8]) -> Result<usize, Malformation> {
        let fields = Fields { bytes: fixed };
        is_bdf(&fields)?;
        Ok(BLOCK * (1 + signal_count(&fields)?))
    }

    /// Decodes a whole header.
    ///
    /// # Errors
    /// The first field that cannot be believed: which, where, what was expected and found. Ranges of a signal that
    /// cannot be believed are that signal's own trouble ([`Signal::malformed`]).
    pub fn decode(bytes: &[u8]) -> Result<Header, Malformation> {
        let fields = Fields { bytes };
        let mut warnings = Vec::new();
        let bdf = is_bdf(&fields)?;
        let count = signal_count(&fields)?;
        let length = BLOCK * (1 + count);
        if bytes.len() < length {
            return Err(malformed(
                bytes.len(),
                "the header",
                format!("cut short after {} bytes", bytes.len()),
                format!("{length} bytes for {count} signals"),
            ));
        }
        let stated = fields.integer(184, 8, "the header's length")?;
        if stated != length as i64 {
            warnings.push(format!("byte 184: the header says it has {stated} bytes; {count} signals need {length}, which is believed"));
        }
        let format = format_of(&fields, bdf);
        let records = match fields.integer(236, 8, "the number of records")? {
            -1 => None,
            n => Some(u64::try_from(n).map_err(|_| {
                malformed(
                    236,
                    "the number of records",
                    n.to_string(),
                    "0 or more, or -1 while the file is written".into(),
                )
            })?),
        };
        let record_s = fields.real(244, 8, "the length of a record", &mut warnings)?;
        // Much shorter records would make rates that no number holds.
        if record_s != 0.0 && !(1e-6..=86_400.0).contains(&record_s) {
            return Err(malformed(
                244,
                "the length of a record",
                format!("{record_s} s"),
                "0 or 0.000001 to 86400 s".into(),
            ));
        }
        let start = start_of(&fields, &mut warnings);
        let signals = decode_signals(&fields, count, if bdf { 3 } else { 2 }, &mut warnings)?;
        let record_bytes = signals
            .last()
            .map_or(0, |signal| signal.offset + (signal.samples_per_record * if bdf { 3 } else { 2 }) as u64);
        if record_s == 0.0 && signals.iter().any(|signal| !signal.is_annotations) {
            return Err(malformed(
                244,
                "the length of a record",
                "0 s".into(),
                "more than 0 s in a file with signals".into(),
            ));
        }
        Ok(Header { format, start, bytes: length as u64, records, record_s, record_bytes, signals, warnings })
    }
}

fn malformed(byte: usize, what: &str, found: String, expected: String) -> Malformation {
    Malformation { place: Place::Byte(byte as u64), what: what.to_string(), found, expected }
}

/// The columns of a header; every access is checked.
struct Fields<'a> {
    bytes: &'a [u8],
}

impl Fields<'_> {
    fn raw(&self, at: usize, length: usize, what: &str) -> Result<&[u8], Malformation> {
        self.bytes.get(at..at + length).ok_or_else(|| {
            malformed(
                at,
                what,
                format!("missing: the file ends after {} bytes", self.bytes.len()),
                format!("{length} bytes"),
            )
        })
    }

    /// Text without the padding: spaces, and the NULs that some writers leave.
    fn text(&self, at: usize, length: usize, what: &str) -> Result<String, Malformation> {
        let raw = self.raw(at, length, what)?;
        // ASCII by the specification; for the micro sign, amplifiers write UTF-8 or Latin-1.
        let text: String = match std::str::from_utf8(raw) {
            Ok(text) => text.to_string(),
            Err(_) => raw.iter().map(|&byte| char::from(byte)).collect(),
        };
        Ok(text.trim_matches(|c: char| c == '\0' || c.is_whitespace()).to_string())
    }

    fn integer(&self, at: usize, length: usize, what: &str) -> Result<i64, Malformation> {
        let text = self.text(at, length, what)?;
        text.parse().map_err(|_| malformed(at, what, format!("{text:?}"), "a whole number".into()))
    }

    fn real(
        &self,
        at: usize,
        length: usize,
        what: &str,
        warnings: &mut Vec<String>,
    ) -> Result<f64, Malformation> {
        let text = self.text(at, length, what)?;
        let number: Option<f64> = text.parse().ok().or_else(|| {
            let pointed = text.replace(',', ".").parse().ok();
            if pointed.is_some() {
                warnings.push(format!("byte {at}: {what} is {text:?}; its comma is read as a point"));
            }
            pointed
        });
        match number {
            Some(number) if number.is_finite() => Ok(number),
            _ => Err(malformed(at, what, format!("{text:?}"), "a finite number".into())),
        }
    }
}

fn is_bdf(fields: &Fields<'_>) -> Result<bool, Malformation> {
    let version = fields.raw(0, 8, "the version")?;
    if version == b"\xffBIOSEMI" {
        return Ok(true);
    }
    if version.starts_with(b"\x1f\x8b") {
        let expected = "EDF or BDF; gunzip it".to_string();
        return Err(malformed(0, "the file", "compressed (gzip)".into(), expected));
    }
    let text = fields.text(0, 8, "the version")?;
    if text == "0" {
        return Ok(false);
    }
    Err(malformed(
        0,
        "the version",
        format!("{text:?}"),
        "\"0\" (EDF) or the byte 255 and \"BIOSEMI\" (BDF)".into(),
    ))
}

fn signal_count(fields: &Fields<'_>) -> Result<usize, Malformation> {
    let count = fields.integer(252, 4, "the number of signals")?;
    match usize::try_from(count) {
        Ok(count) if count > 0 => Ok(count),
        _ => Err(malformed(252, "the number of signals", count.to_string(), "1 to 9999".into())),
    }
}

fn format_of(fields: &Fields<'_>, bdf: bool) -> RecordingFormat {
    let reserved = fields.text(192, 44, "the reserved field").unwrap_or_default();
    let plus = |kind: &str| reserved.starts_with(&format!("{}+{kind}", if bdf { "BDF" } else { "EDF" }));
    match (bdf, plus("C"), plus("D")) {
        (false, true, _) => RecordingFormat::EdfPlusC,
        (false, _, true) => RecordingFormat::EdfPlusD,
        (false, ..) => RecordingFormat::Edf,
        (true, true, _) => RecordingFormat::BdfPlusC,
        (true, _, true) => RecordingFormat::BdfPlusD,
        (true, ..) => RecordingFormat::Bdf,
    }
}

/// The start: the EDF+ date with four digits where there is one, else two digits of which 85 to 99
/// mean the last century.
fn start_of(fields: &Fields<'_>, warnings: &mut Vec<String>) -> DateTime {
    let recording = fields.text(88, 80, "the recording field").unwrap_or_default();
    let date_text = fields.text(168, 8, "the start date").unwrap_or_default();
    let time_text = fields.text(176, 8, "the start time").unwrap_or_default();
    let date = edf_plus_date(&recording).or_else(|| {
        let [day, month, year] = three_numbers(&date_text)?;
        Date::new(year + if year >= 85 { 1900 } else { 2000 }, month as i8, day as i8).ok()
    });
    let date = date.unwrap_or_else(|| {
        warnings.push(format!(
            "byte 168: the start date is {date_text:?}; expected dd.mm.yy; 1985-01-01 stands in for it"
        ));
        UNKNOWN_START.date()
    });
    let time = three_numbers(&time_text)
        .and_then(|[hour, minute, second]| Time::new(hour as i8, minute as i8, second as i8, 0).ok())
        .unwrap_or_else(|| {
            warnings.push(format!(
                "byte 176: the start time is {time_text:?}; expected hh.mm.ss; midnight stands in for it"
            ));
            Time::midnight()
        });
    date.to_datetime(time)
}

fn three_numbers(text: &str) -> Option<[i16; 3]> {
    let mut parts = text
        .split(['.', ':', '-', '/'])
        .map(|part| part.trim().parse::<i16>().ok().filter(|n| (0..100).contains(n)));
    let three = [parts.next()??, parts.next()??, parts.next()??];
    parts.next().is_none().then_some(three)
}

/// `Startdate 02-SEP-2075 …` of the recording field.
fn edf_plus_date(recording: &str) -> Option<Date> {
    const MONTHS: [&str; 12] =
        ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
    let mut words = recording.split_whitespace();
    if words.next() != Some("Startdate") {
        return None;
    }
    let mut parts = words.next()?.split('-');
    let day: i8 = parts.next()?.parse().ok()?;
    let month = parts.next()?.to_ascii_uppercase();
    let month = MONTHS.iter().position(|name| *name == month)? as i8 + 1;
    Date::new(parts.next()?.parse().ok()?, month, day).ok()
}

fn decode_signals(
    fields: &Fields<'_>,
    count: usize,
    sample_bytes: usize,
    warnings: &mut Vec<String>,
) -> Result<Vec<Signal>, Malformation> {
    let mut offset = 0u64;
    let mut signals = Vec::with_capacity(count);
    for i in 0..count {
        // Where column `start` (per-signal bytes before it) of signal i stands.
        let at = |start: usize, width: usize| BLOCK + start * count + width * i;
        let label = fields.text(at(0, 16), 16, "a signal's label")?;
        let of = |what: &str| format!("{what} of signal {} ({label:?})", i + 1);
        let is_annotations = ANNOTATION_LABELS.contains(&label.as_str());
        let samples = fields.integer(at(216, 8), 8, &of("the samples per record"))?;
        let samples_per_record = usize::try_from(samples).ok().filter(|&n| n > 0).ok_or_else(|| {
            malformed(at(216, 8), &of("the samples per record"), samples.to_string(), "1 or more".into())
        })?;
        let ranges = if is_annotations {
            Ok(((-1.0, 1.0), (-32768, 32767)))
        } else {
            ranges_of(fields, &at, &of, warnings)
        };
        let ((physical_range, digital_range), malformed) = match ranges {
            Ok(ranges) => (ranges, None),
            Err(malformation) => {
                let most = 1_i32 << (8 * sample_bytes - 1);
                let (low, high) = (-most, most - 1);
                (((f64::from(low), f64::from(high)), (low, high)), Some(malformation))
            }
        };
        let unit = fields.text(at(96, 8), 8, "a signal's unit")?;
        signals.push(Signal {
            label,
            unit,
            unit_byte: at(96, 8) as u64,
            physical_range,
            digital_range,
            samples_per_record,
            offset,
            is_annotations,
            malformed,
        });
        offset += (samples_per_record * sample_bytes) as u64;
    }
    warnings.extend(told_of_malformed(&signals));
    Ok(signals)
}

/// Physical values and the digital ones that they stand for.
type Ranges = ((f64, f64), (i32, i32));

/// The ranges of a signal, where they say what a sample means. `at` gives a column's place, `of` names a field.
fn ranges_of(
    fields: &Fields<'_>,
    at: &dyn Fn(usize, usize) -> usize,
    of: &dyn Fn(&str) -> String,
    warnings: &mut Vec<String>,
) -> Result<Ranges, Malformation> {
    let physical = (
        fields.real(at(104, 8), 8, &of("the physical minimum"), warnings)?,
        fields.real(at(112, 8), 8, &of("the physical maximum"), warnings)?,
    );
    let digital_at = |start, what| -> Result<i32, Malformation> {
        let value = fields.integer(at(start, 8), 8, &of(what))?;
        i32::try_from(value).map_err(|_| {
            malformed(at(start, 8), &of(what), value.to_string(), "a number of at most 24 bits".into())
        })
    };
    let digital = (digital_at(120, "the digital minimum")?, digital_at(128, "the digital maximum")?);
    if digital.0 >= digital.1 {
        let found = format!("{} with a minimum of {}", digital.1, digital.0);
        let expected = "more than the digital minimum".into();
        return Err(malformed(at(128, 8), &of("the digital maximum"), found, expected));
    }
    if !((physical.1 - physical.0) as f32).is_finite() {
        let found = format!("{} with a minimum of {}", physical.1, physical.0);
        let expected = "at most 3.4e38 above or below the minimum".into();
        return Err(malformed(at(112, 8), &of("the physical maximum"), found, expected));
    }
    if physical.0 == physical.1 {
        let found = format!("{} and the minimum too", physical.1);
        let expected = "another value than the physical minimum".into();
        return Err(malformed(at(112, 8), &of("the physical maximum"), found, expected));
    }
    Ok((physical, digital))
}

/// One remark on all signals that cannot be used: a file may have dozens of inputs that nothing was plugged into.
fn told_of_malformed(signals: &[Signal]) -> Option<String> {
    let mut wrong = signals.iter().filter_map(|signal| Some((signal, signal.malformed.as_ref()?)));
    let (_, first) = wrong.next()?;
    let others: Vec<String> = wrong.map(|(signal, _)| format!("{:?}", signal.label)).collect();
    let more = if others.is_empty() {
        String::new()
    } else {
        format!(", as do others like it: {}", others.join(", "))
    };
    Some(format!("{first}; the signal counts as absent{more}"))
}

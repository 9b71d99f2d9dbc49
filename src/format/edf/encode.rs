//! The bytes of an EDF+ header and of its annotations.

use super::header::BLOCK;
use super::writer::{WriterSignal, WriterSpec};
use crate::eeg::{Annotation, RecordingFormat};

/// Seconds with as many decimals as a microsecond needs, with their sign.
fn stamp(seconds: f64) -> String {
    let text = format!("{seconds:+.6}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "+0".to_string() } else { text.to_string() }
}

/// The time stamp that begins a record.
pub fn encode_stamp(onset_s: f64) -> Vec<u8> {
    let mut bytes = stamp(onset_s).into_bytes();
    bytes.extend([0x14, 0x14, 0]);
    bytes
}

/// One annotation as a list of its own.
pub fn encode_annotation(annotation: &Annotation, fraction_s: f64) -> Vec<u8> {
    let mut bytes = stamp(annotation.onset_s + fraction_s).into_bytes();
    if let Some(duration_s) =
        annotation.duration_s.filter(|duration| duration.is_finite() && *duration >= 0.0)
    {
        bytes.push(0x15);
        bytes.extend(stamp(duration_s).trim_start_matches('+').bytes());
    }
    bytes.push(0x14);
    // Control characters are the format's own punctuation.
    bytes.extend(
        annotation.text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect::<String>().bytes(),
    );
    bytes.extend([0x14, 0]);
    bytes
}

/// What EDF+ cannot hold: what, found, expected.
pub type Refusal = (&'static str, String, String);

/// The whole header, with -1 for the number of records.
pub fn encode_header(spec: &WriterSpec) -> Result<Vec<u8>, Refusal> {
    let kind = match spec.format {
        RecordingFormat::EdfPlusC => "EDF+C",
        RecordingFormat::EdfPlusD => "EDF+D",
        other => return Err(("the format", other.name().into(), "EDF+C or EDF+D".into())),
    };
    if spec.annotation_bytes < 64
        || !spec.annotation_bytes.is_multiple_of(2)
        || spec.annotation_bytes > 1 << 20
    {
        return Err((
            "the annotation bytes",
            spec.annotation_bytes.to_string(),
            "an even number from 64 to 1048576".into(),
        ));
    }
    let count = spec.signals.len() + 1;
    if count > 9999 {
        return Err(("the number of signals", spec.signals.len().to_string(), "at most 9998".into()));
    }
    if !(spec.record_s > 0.0 && spec.record_s <= 86_400.0) {
        return Err((
            "the length of a record",
            format!("{} s", spec.record_s),
            "above 0 and at most 86400 s".into(),
        ));
    }
    const MONTHS: [&str; 12] =
        ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
    let start = spec.start;
    let month = MONTHS[usize::from(start.month().unsigned_abs()).clamp(1, 12) - 1];
    let recording = format!("Startdate {:02}-{month}-{:04} {}", start.day(), start.year(), spec.recording);
    let mut header = Vec::with_capacity(BLOCK * (1 + count));
    text(&mut header, "0", 8, "the version")?;
    text(&mut header, &spec.patient, 80, "the patient field")?;
    text(&mut header, recording.trim_end(), 80, "the recording field")?;
    // Two digits name a year of 1985 to 2084; for any other the four-digit date above counts and
    // the format asks for `yy` here.
    let short_year = if (1985..=2084).contains(&start.year()) {
        format!("{:02}", start.year() % 100)
    } else {
        "yy".into()
    };
    text(&mut header, &format!("{:02}.{:02}.{short_year}", start.day(), start.month()), 8, "the start date")?;
    text(
        &mut header,
        &format!("{:02}.{:02}.{:02}", start.hour(), start.minute(), start.second()),
        8,
        "the start time",
    )?;
    text(&mut header, &(BLOCK * (1 + count)).to_string(), 8, "the header's length")?;
    text(&mut header, kind, 44, "the format")?;
    text(&mut header, "-1", 8, "the number of records")?;
    text(&mut header, &number(spec.record_s, "the length of a record")?, 8, "the length of a record")?;
    text(&mut header, &count.to_string(), 4, "the number of signals")?;
    encode_signals(&mut header, spec)?;
    Ok(header)
}

fn encode_signals(header: &mut Vec<u8>, spec: &WriterSpec) -> Result<(), Refusal> {
    let annotations = WriterSignal {
        label: "EDF Annotations".into(),
        unit: String::new(),
        samples_per_record: spec.annotation_bytes / 2,
        physical_range: (-1.0, 1.0),
        digital_range: (-32768, 32767),
        prefilter: String::new(),
    };
    let signals: Vec<&WriterSignal> = spec.signals.iter().chain([&annotations]).collect();
    for signal in &spec.signals {
        let (low, high) = signal.digital_range;
        if !(low < high && low >= -32768 && high <= 32767) {
            return Err((
                "the digital range",
                format!("{low} to {high}"),
                "a rising range within -32768 to 32767".into(),
            ));
        }
        let (least, most) = signal.physical_range;
        let written = |value, what| Ok(number(value, what)?.parse().unwrap_or(f64::NAN));
        let width: f64 = written(most, "a physical maximum")? - written(least, "a physical minimum")?;
        // Two numbers of 8 characters each may be good and their difference not.
        let close = (width / (most - least) - 1.0).abs() < 1e-3;
        if !close {
            return Err((
                "the physical range",
                format!("{:?}", signal.physical_range),
                "two different values whose difference 8 characters each can hold".into(),
            ));
        }
        if ["EDF Annotations", "BDF Annotations"].contains(&signal.label.trim()) {
            return Err((
                "a label",
                format!("{:?}", signal.label),
                "one that does not mark a signal of annotations".into(),
            ));
        }
        if signal.samples_per_record == 0 {
            return Err(("the samples per record", "0".into(), "1 or more".into()));
        }
    }
    signals.iter().try_for_each(|s| text(header, &s.label, 16, "a label"))?;
    signals.iter().try_for_each(|_| text(header, "", 80, "a transducer"))?;
    signals.iter().try_for_each(|s| text(header, &s.unit.replace(['µ', 'μ'], "u"), 8, "a unit"))?;
    signals.iter().try_for_each(|s| {
        text(header, &number(s.physical_range.0, "a physical minimum")?, 8, "a physical minimum")
    })?;
    signals.iter().try_for_each(|s| {
        text(header, &number(s.physical_range.1, "a physical maximum")?, 8, "a physical maximum")
    })?;
    signals.iter().try_for_each(|s| text(header, &s.digital_range.0.to_string(), 8, "a digital minimum"))?;
    signals.iter().try_for_each(|s| text(header, &s.digital_range.1.to_string(), 8, "a digital maximum"))?;
    signals.iter().try_for_each(|s| text(header, &s.prefilter, 80, "a prefilter"))?;
    signals
        .iter()
        .try_for_each(|s| text(header, &s.samples_per_record.to_string(), 8, "the samples per record"))?;
    signals.iter().try_for_each(|_| text(header, "", 32, "the reserved field"))
}

/// A field of fixed width, padded with spaces.
fn text(header: &mut Vec<u8>, value: &str, width: usize, what: &'static str) -> Result<(), Refusal> {
    if value.len() > width || !value.bytes().all(|byte| (32..127).contains(&byte)) {
        return Err((what, format!("{value:?}"), format!("at most {width} printable ASCII characters")));
    }
    header.extend(value.bytes());
    header.extend(std::iter::repeat_n(b' ', width - value.len()));
    Ok(())
}

/// A number in 8 characters, with as many digits as fit.
fn number(value: f64, what: &'static str) -> Result<String, Refusal> {
    if value.is_finite() {
        for decimals in (0..=7).rev() {
            let text = format!("{value:.decimals$}");
            let text = if decimals > 0 { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
            // Four digits are the least that keeps a gain to a tenth of a per mille.
            let close = value == 0.0 || (text.parse::<f64>().unwrap_or(f64::NAN) / value - 1.0).abs() < 1e-4;
            if text.len() <= 8 && close {
                return Ok(text.to_string());
            }
        }
    }
    Err((what, value.to_string(), "a number that 8 characters can hold".into()))
}

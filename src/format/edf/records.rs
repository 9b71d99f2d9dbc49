//! When each record starts: contiguous files by counting, interrupted ones by their time stamps.

use super::header::Header;
use super::input::Input;
use super::reader::Segment;
use super::tal::parse_tals;
use crate::format::error::FormatError;

/// Two time stamps agree within this; writers round them.
const TOLERANCE_S: f64 = 2e-3;

/// The time stamp of a record: the onset of the first list of its first annotation signal.
pub fn onset_of(input: &mut Input, header: &Header, record: u64) -> Result<Option<f64>, FormatError> {
    let Some(signal) = header.signals.iter().find(|signal| signal.is_annotations) else { return Ok(None) };
    let mut bytes = vec![0; signal.samples_per_record * header.sample_bytes()];
    input.read_at(header.bytes + record * header.record_bytes + signal.offset, &mut bytes)?;
    // The stamp stands first; the rest of the record is not needed.
    let end = bytes.iter().position(|&byte| byte == 0).unwrap_or(bytes.len());
    let (tals, _) = parse_tals(&bytes[..end]);
    Ok(tals.first().map(|tal| tal.onset_s))
}

/// The contiguous stretches of an interrupted file, `first` being the stamp of record 0.
///
/// Gaps are looked for by bisection: where the stamps of two records are as far apart as their
/// numbers say, nothing is missing between them. A file with g gaps among n records needs about
/// g log2(n) reads, so that a day without a gap opens with two.
pub fn segments_of(
    input: &mut Input,
    header: &Header,
    records: u64,
    first: f64,
    warnings: &mut Vec<String>,
) -> Result<Vec<Segment>, FormatError> {
    if records == 0 {
        return Ok(Vec::new());
    }
    let mut search = Search { input, header, first, starts: vec![(0, 0.0)], unstamped: 0 };
    let last = search.onset(records - 1, 0.0)?;
    search.find((0, 0.0), (records - 1, last))?;
    let Search { mut starts, unstamped, .. } = search;
    if unstamped > 0 {
        warnings.push(format!(
            "{unstamped} records that were looked at have no time stamp; they are taken to follow the record before"
        ));
    }
    let mut segments: Vec<Segment> = Vec::with_capacity(starts.len());
    starts.push((records, f64::INFINITY));
    for pair in starts.windows(2) {
        let ((from, mut onset_s), (to, _)) = (pair[0], pair[1]);
        if let Some(before) = segments.last() {
            let end_s = before.onset_s + before.records as f64 * header.record_s;
            if onset_s < end_s - TOLERANCE_S {
                warnings.push(format!(
                    "record {from} is stamped {onset_s} s, before the end of the record before at {end_s} s; \
                     it is taken to follow without a gap"
                ));
                onset_s = end_s;
            }
        }
        segments.push(Segment { first_record: from, records: to - from, onset_s });
    }
    Ok(segments)
}

struct Search<'a> {
    input: &'a mut Input,
    header: &'a Header,
    first: f64,
    /// Record and onset at which each segment starts.
    starts: Vec<(u64, f64)>,
    unstamped: usize,
}

impl Search<'_> {
    fn onset(&mut self, record: u64, otherwise: f64) -> Result<f64, FormatError> {
        match onset_of(self.input, self.header, record)? {
            Some(onset) => Ok(onset - self.first),
            None => {
                self.unstamped += 1;
                Ok(otherwise)
            }
        }
    }

    /// Notes every segment that starts after record `from` and at or before record `to`.
    ///
    /// The ranges still to be searched are a list of their own, so that no file can exhaust the
    /// stack.
    fn find(&mut self, from: (u64, f64), to: (u64, f64)) -> Result<(), FormatError> {
        let mut ranges = vec![(from, to)];
        while let Some(((low, low_s), (high, high_s))) = ranges.pop() {
            let expected = low_s + (high - low) as f64 * self.header.record_s;
            if high == low || (high_s - expected).abs() <= TOLERANCE_S {
                continue;
            }
            if high - low == 1 {
                self.starts.push((high, high_s));
                continue;
            }
            let middle = low + (high - low) / 2;
            let otherwise = low_s + (middle - low) as f64 * self.header.record_s;
            let middle_s = self.onset(middle, otherwise)?;
            // The earlier half is searched first: starts come in order.
            ranges.push(((middle, middle_s), (high, high_s)));
            ranges.push(((low, low_s), (middle, middle_s)));
        }
        Ok(())
    }
}

//! When each record starts: contiguous files by counting, interrupted ones by their time stamps.

use std::collections::BTreeSet;

use super::header::Header;
use super::input::Input;
use super::reader::Segment;
use super::tal::parse_tals;
use crate::format::error::FormatError;

/// Two time stamps agree within this at the least; writers round them.
const TOLERANCE_S: f64 = 2e-3;

/// How many of the first stamps tell how many decimals a writer gives.
const LOOKED_AT: u64 = 20;

/// Writers that stamp the records of a contiguous file by the clock may be off by this much.
const CLOCK_DRIFT_S: f64 = 0.5;

/// The time stamp of a record: the onset of the first list of its first annotation signal.
pub fn onset_of(input: &mut Input, header: &Header, record: u64) -> Result<Option<f64>, FormatError> {
    let bytes = first_list_of(input, header, record)?;
    let (tals, _) = parse_tals(&bytes);
    Ok(tals.first().map(|tal| tal.onset_s))
}

/// The first list of a record's first annotation signal, in which the stamp stands.
fn first_list_of(input: &mut Input, header: &Header, record: u64) -> Result<Vec<u8>, FormatError> {
    let Some(signal) = header.signals.iter().find(|signal| signal.is_annotations) else {
        return Ok(Vec::new());
    };
    let mut bytes = vec![0; signal.samples_per_record * header.sample_bytes()];
    input.read_at(header.bytes + record * header.record_bytes + signal.offset, &mut bytes)?;
    // The stamp stands first; the rest of the record is not needed.
    let end = bytes.iter().position(|&byte| byte == 0).unwrap_or(bytes.len());
    bytes.truncate(end);
    Ok(bytes)
}

/// Within what the stamps of an interrupted file agree.
///
/// Two stamps of so many decimals, of records whose length needs more, are off by half a unit each: records of 0.996094
/// s that are stamped in hundredths lie up to 10 ms beside where they are counted to be, and there is no gap between
/// them. A tenth of a second is the most: whoever stamps in whole seconds tells too little.
fn tolerance_s(input: &mut Input, header: &Header, records: u64) -> Result<f64, FormatError> {
    // Records of whole tenths need no more decimals than any writer gives.
    if is_whole(header.record_s * 10.0) {
        return Ok(TOLERANCE_S);
    }
    let mut most = 1;
    for record in 0..records.min(LOOKED_AT) {
        // A zero at the end may be left out, so the stamp with the most decimals counts.
        most = most.max(decimals_of(&first_list_of(input, header, record)?));
    }
    let unit_s = 10f64.powi(-most);
    let exact = is_whole(header.record_s / unit_s);
    let rounding_s = if exact { 0.0 } else { unit_s };
    Ok(TOLERANCE_S.max(rounding_s * (1.0 + 1e-6)))
}

fn is_whole(units: f64) -> bool {
    (units - units.round()).abs() < 1e-6
}

/// Decimals of a stamp.
fn decimals_of(list: &[u8]) -> i32 {
    let stamp = list.iter().take_while(|byte| byte.is_ascii_digit() || b"+-.".contains(byte));
    let decimals = stamp.skip_while(|byte| **byte != b'.').skip(1).count();
    // More than these are finer than any sample.
    decimals.min(9) as i32
}

/// Says where a file that calls itself contiguous is not; it is read as if it were.
pub fn broken_promise(
    input: &mut Input,
    header: &Header,
    records: u64,
    first: f64,
) -> Result<Option<String>, FormatError> {
    let Some(last) = records.checked_sub(1) else { return Ok(None) };
    let expected = last as f64 * header.record_s;
    let found = onset_of(input, header, last)?.map(|onset| onset - first);
    Ok(found.filter(|found| (found - expected).abs() > CLOCK_DRIFT_S).map(|found| {
        format!(
            "the file says that it has no gaps, but its last record is stamped {found:.3} s where \
             {expected:.3} s is expected; it is read without gaps"
        )
    }))
}

/// The contiguous stretches of an interrupted file, `first` being the stamp of record 0.
///
/// Gaps are looked for by bisection: where the stamps of two records are as far apart as their
/// numbers say, nothing is missing between them. A file with g gaps among n records needs about
/// g log2(n) reads, so that a day without a gap opens with two (and a few more where records are no
/// whole tenths of a second). A record without a time stamp is taken to follow the record before.
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
    let tolerance_s = tolerance_s(input, header, records)?;
    let (starts, unstamped) = (vec![(0, 0.0)], BTreeSet::new());
    let mut search = Search { input, header, first, tolerance_s, starts, unstamped };
    search.find(records)?;
    let Search { mut starts, unstamped, .. } = search;
    if !unstamped.is_empty() {
        warnings.push(format!(
            "{} records that were looked at have no time stamp; they are taken to follow the record before",
            unstamped.len()
        ));
    }
    let mut segments: Vec<Segment> = Vec::with_capacity(starts.len());
    // One warning however many there are: a warning for each would outgrow the file.
    let mut back: Option<(u64, String)> = None;
    starts.push((records, f64::INFINITY));
    for pair in starts.windows(2) {
        let ((from, mut onset_s), (to, _)) = (pair[0], pair[1]);
        if let Some(before) = segments.last() {
            let end_s = before.onset_s + before.records as f64 * header.record_s;
            if onset_s < end_s - tolerance_s {
                let (count, _) = back.get_or_insert_with(|| {
                    (
                        0,
                        format!(
                            "record {} is stamped {onset_s} s, the record before ends at {end_s} s",
                            from + 1
                        ),
                    )
                });
                *count += 1;
            }
            // No two samples of one time, not by the rounding of a stamp either.
            onset_s = onset_s.max(end_s);
        }
        segments.push(Segment { first_record: from, records: to - from, onset_s });
    }
    if let Some((count, first)) = back {
        warnings.push(format!(
            "time goes back {count} times ({first}); there, records are taken to follow without a gap"
        ));
    }
    Ok(segments)
}

struct Search<'a> {
    input: &'a mut Input,
    header: &'a Header,
    first: f64,
    tolerance_s: f64,
    /// Record and onset at which each segment starts.
    starts: Vec<(u64, f64)>,
    /// Records that were found to have no time stamp.
    unstamped: BTreeSet<u64>,
}

impl Search<'_> {
    fn onset(&mut self, record: u64) -> Result<Option<f64>, FormatError> {
        if self.unstamped.contains(&record) {
            return Ok(None);
        }
        let onset = onset_of(self.input, self.header, record)?;
        if onset.is_none() {
            self.unstamped.insert(record);
        }
        Ok(onset.map(|onset| onset - self.first))
    }

    /// Notes every segment that starts after record 0.
    ///
    /// The ranges still to be searched are a list of their own, so that no file can exhaust the
    /// stack.
    fn find(&mut self, records: u64) -> Result<(), FormatError> {
        let mut ranges = Vec::new();
        for record in (1..records).rev() {
            if let Some(onset) = self.onset(record)? {
                ranges.push(((0, 0.0), (record, onset)));
                break;
            }
        }
        while let Some((low, high)) = ranges.pop() {
            let expected = low.1 + (high.0 - low.0) as f64 * self.header.record_s;
            if (high.1 - expected).abs() <= self.tolerance_s {
                continue;
            }
            match self.stamped_between(low.0, high.0)? {
                // The earlier half is searched first: starts come in order.
                Some(middle) => ranges.extend([(middle, high), (low, middle)]),
                None => self.starts.push(high),
            }
        }
        Ok(())
    }

    /// The record between two others that has a time stamp and is the nearest to their middle.
    fn stamped_between(&mut self, low: u64, high: u64) -> Result<Option<(u64, f64)>, FormatError> {
        let middle = low + (high - low) / 2;
        for distance in 0..=high - middle {
            for record in [middle.saturating_sub(distance), middle + distance] {
                if low < record
                    && record < high
                    && let Some(onset) = self.onset(record)?
                {
                    return Ok(Some((record, onset)));
                }
            }
        }
        Ok(None)
    }
}

//! A page of EEG: a montage's traces over some seconds, filtered as the reviewer wants.

use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use utoipa::ToSchema;

use super::display::Cuts;
use super::error::ReviewError;
use super::leads::{PageMontage, PageTrace, traces_of};
use super::span::{Span, TimedStretch, checked, nothing, unlike};
use crate::eeg::DERIVATIONS;
use crate::signal::filter::{Cascade, Frame};

/// Longest page in seconds.
pub const LONGEST_S: f64 = 120.0;

/// Seconds before the page over which the filters settle.
const RUN_IN_S: f64 = 10.0;

/// Microvolts of one step, where the trace fits so.
const FINEST_UV: f32 = 0.1;

/// What stands where there is no sample.
const NO_SAMPLE: i16 = i16::MIN;

/// A page that is asked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EegRequest {
    /// Its beginning, in seconds since 1970.
    pub from_s: f64,
    /// Its length.
    pub seconds: f64,
    /// The montage.
    pub montage: PageMontage,
    /// The filters.
    pub cuts: Cuts,
}

/// One trace of a page.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Trace {
    /// Its name.
    pub label: String,
    /// The row of electrodes that it belongs to.
    pub chain: Option<String>,
    /// The unit of its values.
    pub unit: String,
    /// What one step is, in that unit.
    pub per_step: f32,
    /// Base64 of signed 16-bit steps, little-endian; -32768 where there is no sample.
    pub data: String,
}

/// Time without samples.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct PageGap {
    /// Its beginning, in seconds since 1970.
    pub from_s: f64,
    /// Its end.
    pub to_s: f64,
    /// Why.
    pub reason: String,
}

/// A page.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct EegPage {
    /// Its beginning, in seconds since 1970.
    pub from_s: f64,
    /// Its length.
    pub seconds: f64,
    /// Samples a second.
    pub rate_hz: f64,
    /// Whose EEG it is.
    pub patient: String,
    /// The montage.
    pub montage: PageMontage,
    /// Its traces, from top to bottom.
    pub traces: Vec<Trace>,
    /// Traces of the montage that the recorded channels cannot make.
    pub missing: Vec<String>,
    /// Where there are no samples, and why.
    pub gaps: Vec<PageGap>,
}

/// Frames that follow each other, with their place on the page; those before 0 are the run-in.
struct Run {
    place: i64,
    frames: Vec<f32>,
}

/// Makes a page out of the record of a bed. It shows the patient at its middle, or next to that.
///
/// # Errors
/// [`ReviewError::NotRecorded`] where there is nothing, [`ReviewError::Mistake`] for a page or a filter that is none,
/// [`ReviewError::Record`] where a file cannot be read.
pub fn eeg_page(folder: &Path, bed: &str, request: &EegRequest) -> Result<EegPage, ReviewError> {
    let (from_s, to_s) = checked(request.from_s, request.seconds, LONGEST_S)?;
    let span = Span::open(folder, bed, from_s - RUN_IN_S, to_s)?;
    let about = match span.nearest((from_s + to_s) / 2.0) {
        Some(about) if span.stretches.iter().any(|s| s.end_s(span.about(s).rate_hz) > from_s) => about,
        _ => return Err(nothing(folder, bed, from_s, to_s)),
    };
    let rate_hz = about.rate_hz;
    let sections = request.cuts.sections(rate_hz)?;
    let samples = (request.seconds * rate_hz).round() as usize;
    let (traces, missing) = traces_of(&about.labels, &about.units, request.montage);
    let shown: Vec<&TimedStretch> =
        span.stretches.iter().filter(|timed| unlike(span.about(timed), about).is_none()).collect();
    let runs = runs(&span, &shown, from_s, samples, rate_hz)?;
    let channels = about.labels.len();
    let mut page = EegPage {
        from_s,
        seconds: request.seconds,
        rate_hz,
        patient: about.patient.clone(),
        montage: request.montage,
        traces: Vec::with_capacity(traces.len()),
        missing,
        gaps: gaps(&span, &runs, channels, samples, from_s, to_s, &about.patient, rate_hz),
    };
    // The cascade filters as many traces at a time as the detector has derivations.
    for group in traces.chunks(DERIVATIONS) {
        let mut made: Vec<Vec<f32>> = vec![vec![f32::NAN; samples]; group.len()];
        for run in &runs {
            place(run, group, channels, &sections, &mut made);
        }
        for (trace, values) in group.iter().zip(&made) {
            let unit = trace.parts.first().and_then(|(channel, _)| about.units.get(*channel));
            page.traces.push(coded(trace, unit.map_or("uV", String::as_str), values));
        }
    }
    Ok(page)
}

/// The frames of the page and its run-in; what follows without a gap, also over the end of a file, in one run.
fn runs(
    span: &Span,
    shown: &[&TimedStretch],
    from_s: f64,
    samples: usize,
    rate_hz: f64,
) -> Result<Vec<Run>, ReviewError> {
    let run_in = (RUN_IN_S * rate_hz).round() as i64;
    let mut runs: Vec<(Run, u64, u64)> = Vec::new();
    for timed in shown {
        let file = &span.files[timed.file];
        let timeline = file.about().timeline;
        let place = ((timed.begin_s - from_s) * rate_hz).round() as i64;
        let begin = (-run_in - place).clamp(0, timed.stretch.rows as i64) as usize;
        let end = (samples as i64 - place).clamp(0, timed.stretch.rows as i64) as usize;
        if begin >= end {
            continue;
        }
        let first_frame = timed.stretch.first_frame + begin as u64;
        let values = file.read(timed.stretch.row + begin, end - begin)?;
        let next_frame = timed.stretch.first_frame + end as u64;
        match runs.last_mut() {
            Some((run, of, next)) if *of == timeline && *next == first_frame => {
                run.frames.extend(values);
                *next = next_frame;
            }
            _ => runs.push((Run { place: place + begin as i64, frames: values }, timeline, next_frame)),
        }
    }
    Ok(runs.into_iter().map(|(run, ..)| run).collect())
}

/// Derives, filters and places a run.
fn place(
    run: &Run,
    traces: &[PageTrace],
    channels: usize,
    sections: &[crate::signal::filter::Section],
    made: &mut [Vec<f32>],
) {
    let mut frames: Vec<Frame> = run
        .frames
        .chunks_exact(channels)
        .map(|frame| {
            let mut derived = [0.0; DERIVATIONS];
            for (value, trace) in derived.iter_mut().zip(traces) {
                *value =
                    trace.parts.iter().map(|(channel, weight)| f64::from(frame[*channel]) * weight).sum();
            }
            derived
        })
        .collect();
    let silent: Vec<Vec<usize>> = (0..traces.len())
        .map(|t| {
            frames.iter().enumerate().filter(|(_, frame)| !frame[t].is_finite()).map(|(at, _)| at).collect()
        })
        .collect();
    if !sections.is_empty() {
        // A filter never recovers from what is no number: the value before stands in, and is not shown.
        for t in 0..traces.len() {
            let mut last = frames.iter().map(|frame| frame[t]).find(|value| value.is_finite()).unwrap_or(0.0);
            for frame in &mut frames {
                if frame[t].is_finite() { last = frame[t] } else { frame[t] = last }
            }
        }
        let mut cascade = Cascade::new(sections.to_vec());
        if let Some(first) = frames.first() {
            first.iter().enumerate().for_each(|(t, value)| cascade.restart(t, *value));
        }
        cascade.filter(&mut frames);
    }
    for (t, values) in made.iter_mut().enumerate() {
        for (at, frame) in frames.iter().enumerate() {
            if let Ok(place) = usize::try_from(run.place + at as i64)
                && let Some(value) = values.get_mut(place)
            {
                *value = frame[t] as f32;
            }
        }
        for &at in &silent[t] {
            if let Ok(place) = usize::try_from(run.place + at as i64)
                && let Some(value) = values.get_mut(place)
            {
                *value = f32::NAN;
            }
        }
    }
}

/// A trace as whole steps, as fine as 16 bits allow.
fn coded(trace: &PageTrace, unit: &str, values: &[f32]) -> Trace {
    let largest =
        values.iter().filter(|value| value.is_finite()).fold(0.0f32, |most, value| most.max(value.abs()));
    let per_step = FINEST_UV.max(largest / f32::from(i16::MAX));
    let step = |value: &f32| if value.is_finite() { (value / per_step).round() as i16 } else { NO_SAMPLE };
    let bytes: Vec<u8> = values.iter().flat_map(|value| step(value).to_le_bytes()).collect();
    Trace {
        label: trace.label.clone(),
        chain: trace.chain.map(str::to_string),
        unit: unit.to_string(),
        per_step,
        data: STANDARD.encode(bytes),
    }
}

/// What the runs leave empty, and why.
#[allow(clippy::too_many_arguments)]
fn gaps(
    span: &Span,
    runs: &[Run],
    channels: usize,
    samples: usize,
    from_s: f64,
    to_s: f64,
    patient: &str,
    rate_hz: f64,
) -> Vec<PageGap> {
    let mut covered: Vec<(i64, i64)> = runs
        .iter()
        .map(|run| (run.place.max(0), (run.place + (run.frames.len() / channels) as i64).min(samples as i64)))
        .filter(|(begin, end)| begin < end)
        .collect();
    covered.sort_unstable();
    let mut gaps = Vec::new();
    let mut at = 0;
    for (begin, end) in covered.into_iter().chain([(samples as i64, samples as i64)]) {
        // Less than two samples is rounding, not a gap.
        if begin - at >= 2 {
            let [gap_from, gap_to] = [at, begin].map(|place| (from_s + place as f64 / rate_hz).min(to_s));
            let reason = why(span, gap_from, gap_to, patient);
            gaps.push(PageGap { from_s: gap_from, to_s: gap_to, reason });
        }
        at = at.max(end);
    }
    gaps
}

fn why(span: &Span, from_s: f64, to_s: f64, patient: &str) -> String {
    let within = |time_s: f64| (from_s - 1.5..to_s + 0.5).contains(&time_s);
    let overlaps = |timed: &&TimedStretch| {
        timed.begin_s < to_s - 0.1 && timed.end_s(span.about(timed).rate_hz) > from_s + 0.1
    };
    if let Some(other) = span.stretches.iter().find(overlaps) {
        return if span.about(other).patient == patient {
            "another layout of the stream".into()
        } else {
            "another patient".into()
        };
    }
    let told = span.files.iter().filter_map(|file| file.gaps().ok()).flatten().find(|gap| within(gap.time_s));
    told.map_or("not recorded", |gap| gap.reason.words()).to_string()
}

//! The figures of a report: what each shows, how to read it, and what it says in words.

use super::words::{self, amount, count, listed, percent};
use super::{CurvePoint, MethodReport, ProtocolReport};
use crate::evaluate::Interval;
use crate::plot::chart::{Axis, BarChart, Chart, Emphasis, Guide, Point, Series, draw_bar_chart, draw_chart};
use crate::plot::{Picture, PlotError};

use super::people::people;

/// One figure of a report.
pub(super) struct Figure {
    /// The file beside the page.
    pub file: &'static str,
    /// Its heading.
    pub title: &'static str,
    /// How it is to be read.
    pub reading: String,
    /// What it says, in words that stand for it where it cannot be seen.
    pub message: String,
    /// What is drawn; nothing where it would rest on nothing, for `message` then says why.
    pub drawing: Option<Drawing>,
}

/// What a figure is drawn from.
pub(super) enum Drawing {
    Chart(Chart),
    Bars(BarChart),
}

impl Drawing {
    pub fn draw(&self) -> Result<Picture, PlotError> {
        match self {
            Drawing::Chart(chart) => draw_chart(chart),
            Drawing::Bars(bars) => draw_bar_chart(bars),
        }
    }
}

/// The names of all files that a report's figures may have.
pub(super) const FILES: [&str; 6] =
    ["people.png", "false_alarms.png", "latency.png", "roc.png", "precision_recall.png", "calibration.png"];

/// All figures, in the order in which they are told.
pub(super) fn figures(report: &ProtocolReport) -> Vec<Figure> {
    vec![
        false_alarms(report),
        latency(report),
        people(report),
        roc(report),
        precision_recall(report),
        calibration(report),
    ]
}

/// A series of each method for which there is something to draw, the main one last and so on top, those on trial below
/// all others.
fn series(
    report: &ProtocolReport,
    of: impl Fn(&MethodReport) -> Option<(Vec<(f64, f64)>, Vec<Point>, Vec<String>)>,
) -> Vec<Series> {
    let mut all: Vec<Series> = report
        .styles()
        .filter_map(|(style, method)| {
            let (line, points, notes) = of(method)?;
            let name = method.name.clone();
            let emphasis = match (style, method.on_trial) {
                (0, _) => Emphasis::Strong,
                (_, true) => Emphasis::Faint,
                (_, false) => Emphasis::Plain,
            };
            Some(Series { name, notes, style, emphasis, line, points })
        })
        .collect();
    all.reverse();
    all
}

/// A figure of each method that has it, the main one first: `68 % for a and 46 % for b`.
fn told(report: &ProtocolReport, of: impl Fn(&MethodReport) -> Option<f64>) -> String {
    let all: Vec<String> = report
        .styles()
        .filter_map(|(_, method)| Some(format!("{} % for {}", percent(of(method)?), method.name)))
        .collect();
    listed(&all)
}

/// What each method that has something to say says, the main one first.
fn said(report: &ProtocolReport, of: impl Fn(&MethodReport) -> Option<String>) -> String {
    let all: Vec<String> =
        report.styles().filter_map(|(_, method)| Some(format!("{}: {}", method.name, of(method)?))).collect();
    all.join("; ")
}

fn curve(points: &[[f64; 2]]) -> Vec<(f64, f64)> {
    points.iter().map(|point| (point[0], point[1])).collect()
}

fn figure(
    file: &'static str,
    title: &'static str,
    (reading, message): (&str, String),
    chart: Chart,
    why_not: &str,
) -> Figure {
    let nothing = chart.series.is_empty();
    Figure {
        file,
        title,
        reading: reading.into(),
        message: if nothing { why_not.into() } else { message },
        drawing: (!nothing).then_some(Drawing::Chart(chart)),
    }
}

fn roc(report: &ProtocolReport) -> Figure {
    // Where the curves are compared in words.
    const AT: f64 = 0.1;
    let title = "Single seconds: seizure seconds found against other seconds mistaken";
    let chart = Chart {
        title: title.into(),
        subtitle: "ROC curve of all people's seconds together; up and to the left is better".into(),
        x: Axis::shares("share of the other seconds that are taken for seizure"),
        y: Axis::shares("share of the seizure seconds that are found"),
        guides: vec![Guide { name: "guessing".into(), from: (0.0, 0.0), to: (1.0, 1.0) }],
        series: series(report, |method| {
            (!method.roc.is_empty()).then(|| (curve(&method.roc), vec![], vec![]))
        }),
    };
    let found = said(report, |method| Some(format!("{} %", percent(height_at(&method.roc, AT)?))));
    let message = format!(
        "Where 10 % of the other seconds are taken for seizure, of the seizure seconds are found: {found}."
    );
    let reading = "Each point of a curve is one threshold. A lower threshold finds more seizure seconds and takes more \
        other seconds for seizure. Guessing gives the dotted diagonal. All people's seconds lie in one pot here, so the \
        area under these curves is not the table's AUROC, which is computed person by person.";
    figure(
        "roc.png",
        title,
        (reading, message),
        chart,
        "Not drawn: there are not both seizure seconds and others.",
    )
}

/// Height of a curve of rising `x` at `x`.
fn height_at(curve: &[[f64; 2]], at: f64) -> Option<f64> {
    let (before, after) =
        curve.windows(2).map(|pair| (pair[0], pair[1])).find(|(_, after)| after[0] >= at)?;
    let width = after[0] - before[0];
    let part = if width > 0.0 { (at - before[0]) / width } else { 1.0 };
    Some(before[1] + part.clamp(0.0, 1.0) * (after[1] - before[1]))
}

fn precision_recall(report: &ProtocolReport) -> Figure {
    const AT: f64 = 0.5;
    let title = "Single seconds: how much to trust a second that is called seizure";
    let seconds = |of: fn(&super::PersonReport) -> usize| -> f64 {
        report.main_method().map_or(0, |method| method.people.iter().map(of).sum::<usize>()) as f64
    };
    let (seizure_s, other_s) = (seconds(|person| person.seizure_s), seconds(|person| person.other_s));
    let chance = (seizure_s > 0.0).then(|| seizure_s / (seizure_s + other_s));
    let guides = chance.map(|chance| Guide {
        name: format!("guessing ({} %)", percent(chance)),
        from: (0.0, chance),
        to: (1.0, chance),
    });
    let chart = Chart {
        title: title.into(),
        subtitle: "precision against recall, all people's seconds together; up and to the right is better"
            .into(),
        x: Axis::shares("recall: share of the seizure seconds that are found"),
        y: Axis::shares("precision: share of the called seconds that are seizure"),
        guides: guides.into_iter().collect(),
        series: series(report, |method| {
            (!method.precision_recall.is_empty()).then(|| (curve(&method.precision_recall), vec![], vec![]))
        }),
    };
    let trusted = told(report, |method| {
        let point = method.precision_recall.iter().find(|point| point[0] >= AT)?;
        Some(point[1])
    });
    let guessing = chance.map_or(String::new(), |chance| {
        format!(" Guessing would be right in {} %, the share of seizure among all seconds.", percent(chance))
    });
    let message = format!(
        "Where half of the seizure seconds are found, the share of the called seconds that are seizure is \
         {trusted}.{guessing}"
    );
    let reading = "Precision depends on how much of the data is seizure. Where less is, as in most days on a ward, \
        the same method has a lower one: the curves compare methods on these data and promise nothing for others.";
    figure(
        "precision_recall.png",
        title,
        (reading, message),
        chart,
        "Not drawn: there are not both seizure seconds and others.",
    )
}

fn false_alarms(report: &ProtocolReport) -> Figure {
    let title = "Seizures found against false alarms in an hour";
    let ends = |interval: Option<Interval>| interval.map(|Interval { lower, upper }| [lower, upper]);
    let drawn = series(report, |method| {
        let ward = &method.strict;
        let points: Vec<Point> = ward
            .false_alarms_per_hour
            .zip(ward.sensitivity)
            .map(|(x, y)| Point {
                x,
                y,
                x_95: ends(ward.false_alarms_per_hour_95),
                y_95: ends(ward.sensitivity_95),
            })
            .into_iter()
            .collect();
        let place = |point: &CurvePoint| (point.false_alarms_per_hour, point.sensitivity);
        let line: Vec<_> = method.curve.iter().map(place).collect();
        let notes = vec![
            format!("{} found", words::part(ward.detected, ward.seizures)),
            format!(
                "{} false in {} h: {} an hour",
                ward.false_alarms,
                amount(ward.hours),
                words::figure(ward.false_alarms_per_hour, amount)
            ),
            format!("95 %: {} an hour", words::interval(ward.false_alarms_per_hour_95, amount)),
        ];
        (!points.is_empty() || !line.is_empty()).then_some((line, points, notes))
    });
    let rates = drawn.iter().flat_map(|series| {
        let ends = series.points.iter().filter_map(|point| point.x_95).flatten().filter(|end| *end > 0.0);
        series.line.iter().map(|(x, _)| *x).chain(series.points.iter().map(|point| point.x)).chain(ends)
    });
    let target = report.target_sensitivity;
    let chart = Chart {
        title: title.into(),
        subtitle:
            "counted strictly; marks: settings chosen without the person; bars: 95 % intervals; up and to the left is better"
                .into(),
        x: Axis::logarithmic("false alarms in an hour", rates),
        y: Axis::shares("share of the seizures that are found"),
        guides: Vec::new(),
        series: drawn.clone(),
    };
    let x = chart.x.ends();
    let guide = Guide {
        name: format!("wanted: {} % found", percent(target)),
        from: (x.0, target),
        to: (x.1, target),
    };
    let chart = Chart { guides: if target.is_finite() { vec![guide] } else { vec![] }, ..chart };
    let message = said(report, |method| {
        let ward = &method.strict;
        Some(format!(
            "{} seizures found, {} false alarms an hour (95 % interval {}), which rests on {} in {} hours",
            words::part(ward.detected, ward.seizures),
            words::figure(ward.false_alarms_per_hour, amount),
            words::interval(ward.false_alarms_per_hour_95, amount),
            count(ward.false_alarms, "false alarm", "false alarms"),
            amount(ward.hours)
        ))
    });
    let reading = "Each curve runs through all thresholds of one method, the same for all people, with the usual \
        accumulator. Its mark is what happens with the settings that were chosen without the person; it need not lie \
        on the curve. The minute after a seizure counts as time without seizure. What had no false \
        alarm at all stands at 0, at the left edge; the bar from there ends at the highest rate that the hours \
        observed do not rule out.";
    figure(
        "false_alarms.png",
        title,
        (reading, message + "."),
        chart,
        "Not drawn: there are no seizures, or no hours in which an alarm would have been false.",
    )
}

fn latency(report: &ProtocolReport) -> Figure {
    let title = "How soon seizures are found";
    let drawn = series(report, |method| {
        let all = method.ward.seizures;
        (all > 0).then(|| {
            let found = format!("{} found", words::part(method.ward.detected, all));
            let median = method
                .ward
                .median_latency_s
                .map_or(String::new(), |median| format!("half of these within {} s", amount(median)));
            (staircase(&method.latencies_s, all), Vec::new(), vec![found, median])
        })
    });
    let longest = drawn.iter().flat_map(|series| &series.line).map(|(x, _)| *x).fold(10.0, f64::max);
    let earliest = drawn.iter().flat_map(|series| &series.line).map(|(x, _)| *x).fold(0.0, f64::min);
    let end = longest + (longest - earliest) * 0.05;
    let drawn = drawn
        .into_iter()
        .map(|mut series| {
            // What was not found by then is not found later.
            series.line.extend(series.line.last().map(|(_, reached)| (end, *reached)));
            series
        })
        .collect();
    let chart = Chart {
        title: title.into(),
        subtitle: "of all seizures, the missed ones too; higher and further to the left is better".into(),
        x: Axis::linear("seconds from the annotated onset to the alarm", earliest, end),
        y: Axis::shares("share of all seizures that are found by then"),
        guides: Vec::new(),
        series: drawn,
    };
    let message = said(report, |method| {
        let ward = &method.ward;
        let soon = |limit: f64| method.latencies_s.iter().filter(|latency| **latency <= limit).count() as u64;
        (ward.seizures > 0).then(|| {
            format!(
                "{} of {} seizures within 10 s, {} within 30 s, {} in the end",
                soon(10.0),
                ward.seizures,
                soon(30.0),
                ward.detected
            )
        })
    });
    let reading = "A curve rises by one step for each seizure that is found. It ends at the share that is found at all; \
        what is missing to 100 % are the missed seizures.";
    figure("latency.png", title, (reading, message + "."), chart, "Not drawn: there are no seizures.")
}

/// The steps of a cumulative share of `all`.
fn staircase(rising: &[f64], all: u64) -> Vec<(f64, f64)> {
    let mut steps = vec![(0.0_f64.min(rising.first().copied().unwrap_or(0.0)), 0.0)];
    for (index, &value) in rising.iter().enumerate().filter(|(_, value)| value.is_finite()) {
        let height = |found: usize| found as f64 / all as f64;
        steps.extend([(value, height(index)), (value, height(index + 1))]);
    }
    steps
}

fn calibration(report: &ProtocolReport) -> Figure {
    let title = "Whether a probability means what it says";
    let chart = Chart {
        title: title.into(),
        subtitle: "bars: 95 % intervals as if seconds were independent, which they are not".into(),
        x: Axis::shares("probability of seizure that the method tells"),
        y: Axis::shares("share of these seconds that are seizure"),
        guides: vec![Guide { name: "exact".into(), from: (0.0, 0.0), to: (1.0, 1.0) }],
        series: series(report, |method| {
            let points: Vec<Point> = method
                .calibration
                .iter()
                .map(|bin| Point {
                    x: bin.predicted,
                    y: bin.observed,
                    x_95: None,
                    y_95: bin.observed_95.map(|Interval { lower, upper }| [lower, upper]),
                })
                .collect();
            let line = points.iter().map(|point| (point.x, point.y)).collect();
            (!points.is_empty()).then_some((line, points, vec![]))
        }),
    };
    let furthest = said(report, |method| {
        let gap = |bin: &&super::CalibrationBin| (bin.observed - bin.predicted).abs();
        let bin = method.calibration.iter().max_by(|a, b| gap(a).total_cmp(&gap(b)))?;
        Some(format!(
            "{} % told, {} % of {} are seizure",
            percent(bin.predicted),
            percent(bin.observed),
            count(bin.seconds as u64, "second", "seconds")
        ))
    });
    let without: Vec<String> = report
        .methods
        .iter()
        .filter(|method| method.calibration.is_empty())
        .map(|method| method.name.clone())
        .collect();
    let without = match without.as_slice() {
        [] => String::new(),
        names => format!(" Left out, since the score is no probability: {}.", listed(names)),
    };
    let reading = "Each mark is a tenth of the scale. Where a method says 80 %, eight of ten such seconds should be \
        seizure: the mark would lie on the dotted diagonal. Below it, the method claims too much; above it, too little. How much of the data is seizure \
        moves all points, so the curve holds for data like these.";
    figure(
        "calibration.png",
        title,
        (reading, format!("Furthest from the diagonal: {furthest}.{without}")),
        chart,
        "Not drawn: no method's score is a probability.",
    )
}

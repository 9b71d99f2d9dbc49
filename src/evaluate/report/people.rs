//! The figure of single people: the worst tenth by name.

use super::figures::{Drawing, Figure};
use super::words::{count, interval, listed, share};
use super::{MethodReport, PersonReport, ProtocolReport};
use crate::plot::chart::{Axis, Bar, BarChart};

/// AUROC of a method that ranks no better than a coin.
const GUESSING: f64 = 0.5;

/// Everybody's AUROC under the main method, the worst first.
pub(super) fn people(report: &ProtocolReport) -> Figure {
    let title = "How well seconds are ranked, person by person";
    let drawing = report.main_method().and_then(|main| Some((main, bars(report, main, title)?)));
    let message = match &drawing {
        Some((main, _)) => message(main),
        None => "Not drawn: nobody has both seizure seconds and others.".into(),
    };
    Figure {
        file: "people.png",
        title,
        reading: "A bar is one person's AUROC: the chance that the method ranks a seizure second of theirs above another \
            one. Bars begin at 0.5, which is guessing; one that points to the left is worse than guessing. The marks \
            are the other methods on the same person. The worst tenth is dark and in bold: a median alone would hide \
            these people."
            .into(),
        message,
        drawing: drawing.map(|(_, bars)| Drawing::Bars(bars)),
    }
}

/// People with an AUROC, the lowest first, then those without one.
pub(super) fn sorted(method: &MethodReport) -> Vec<&PersonReport> {
    let mut people: Vec<&PersonReport> = method.people.iter().collect();
    people.sort_by(|a, b| {
        let key = |person: &PersonReport| person.auroc.unwrap_or(f64::INFINITY);
        key(a).total_cmp(&key(b)).then_with(|| a.person.cmp(&b.person))
    });
    people
}

/// Whether the person is one of the worst tenth.
pub(super) fn is_worst(method: &MethodReport, person: &str) -> bool {
    method.auroc.as_ref().is_some_and(|spread| spread.worst_tenth.iter().any(|worst| worst == person))
}

fn bars(report: &ProtocolReport, main: &MethodReport, title: &str) -> Option<BarChart> {
    let others: Vec<(usize, &MethodReport)> =
        report.styles().filter(|(style, method)| *style > 0 && !method.on_trial).collect();
    let bars: Vec<Bar> = sorted(main)
        .into_iter()
        .filter_map(|person| {
            let value = person.auroc?;
            let marked = is_worst(main, &person.person);
            let of_person = |method: &MethodReport| {
                method.people.iter().find(|other| other.person == person.person).and_then(|other| other.auroc)
            };
            Some(Bar {
                name: person.person.clone(),
                value,
                label: format!("{}{}", share(value), if marked { "  worst tenth" } else { "" }),
                interval: None,
                marked,
                others: others
                    .iter()
                    .filter_map(|(style, method)| Some((*style, of_person(method)?)))
                    .collect(),
            })
        })
        .collect();
    if bars.is_empty() {
        return None;
    }
    let values = bars
        .iter()
        .flat_map(|bar| std::iter::once(bar.value).chain(bar.others.iter().map(|(_, value)| *value)));
    let lowest = values.filter(|value| value.is_finite()).fold(GUESSING, f64::min);
    let low = if lowest < GUESSING { ((lowest - 0.02) * 10.0).floor() / 10.0 } else { GUESSING };
    let summary = main.auroc.as_ref().map(|spread| Bar {
        name: "median".into(),
        value: spread.median,
        label: match spread.median_95 {
            Some(_) => format!("{} ({})", share(spread.median), interval(spread.median_95, share)),
            None => share(spread.median),
        },
        interval: spread.median_95.map(|interval| [interval.lower, interval.upper]),
        marked: false,
        others: Vec::new(),
    });
    Some(BarChart {
        title: title.into(),
        subtitle: "AUROC of single seconds; the median's bar has its 95 % interval".into(),
        axis: Axis::linear(
            "AUROC: chance that a seizure second is ranked above another one",
            low.max(0.0),
            1.0,
        ),
        base: (GUESSING, "guessing: 0.5".into()),
        summary,
        bars,
        name: main.name.clone(),
        marked: format!("{}, worst tenth", main.name),
        others: others.iter().map(|(style, method)| (*style, method.name.clone())).collect(),
    })
}

fn message(main: &MethodReport) -> String {
    let sorted: Vec<(&str, f64)> =
        sorted(main).into_iter().filter_map(|person| Some((person.person.as_str(), person.auroc?))).collect();
    let (Some(lowest), Some(highest)) = (sorted.first(), sorted.last()) else { return String::new() };
    let below = sorted.iter().filter(|(_, auroc)| *auroc <= GUESSING).count() as u64;
    let worst = main.auroc.as_ref().map_or_else(String::new, |spread| {
        format!(
            " The worst tenth: {} (mean {}).",
            listed(&spread.worst_tenth),
            share(spread.worst_tenth_mean)
        )
    });
    let lost = match below {
        0 => String::new(),
        _ => format!(" {} no better than guessing.", count(below, "person is", "people are")),
    };
    format!(
        "{}, {}: from {} ({}) to {} ({}).{worst}{lost}",
        main.name,
        count(sorted.len() as u64, "person", "people"),
        share(lowest.1),
        lowest.0,
        share(highest.1),
        highest.0
    )
}

//! The tables of a report's page.

use super::page::{Cell, Column, Row, Table, figure_of};
use super::people::{is_worst, sorted};
use super::words::{NONE, amount, figure, interval, part, percent, share};
use super::{EquipmentReport, LookAlikeReport, MethodReport, ProtocolReport, Spread, WardFigures};
use crate::detect::AccumulatorConfig;

pub(super) fn columns<const N: usize>(columns: [(&'static str, &'static str); N]) -> Vec<Column> {
    columns.into_iter().map(|(group, name)| Column { group, name }).collect()
}

/// One row for each method.
pub(super) fn main_table(report: &ProtocolReport) -> Table {
    let seconds = "AUROC, single seconds";
    let alarms = "as a ward counts";
    let strictly = "counted strictly";
    let szcore = "SzCORE, by event";
    Table {
        caption: "Methods on the same data under one alarm rule".into(),
        columns: columns([
            ("", "method"),
            (seconds, "people"),
            (seconds, "median"),
            (seconds, "mean"),
            (seconds, "worst tenth"),
            ("AUROC in context", "median"),
            ("AUROC in context", "mean"),
            (alarms, "seizures found"),
            (alarms, "false alarms in an hour"),
            (alarms, "false alarms"),
            (alarms, "hours"),
            (alarms, "median latency, s"),
            (strictly, "seizures found"),
            (strictly, "false alarms in an hour"),
            (strictly, "false alarms"),
            (strictly, "hours"),
            (strictly, "at the wanted sensitivity"),
            (szcore, "sensitivity"),
            (szcore, "precision"),
            (szcore, "F1"),
            (szcore, "false positives in 24 h"),
        ]),
        rows: report
            .methods
            .iter()
            .map(|method| Row {
                marked: report.main_method().is_some_and(|main| main.name == method.name),
                cells: method_cells(method),
            })
            .collect(),
    }
}

pub(super) fn bracketed(text: String) -> String {
    format!("({text})")
}

/// The median over people with its interval.
fn median(spread: &Option<Spread>) -> Cell {
    let spread = spread.as_ref();
    let beside = interval(spread.and_then(|spread| spread.median_95), share);
    figure_of(spread.map(|spread| spread.median), share, bracketed(beside))
}

/// The seizures found with the interval of their share.
fn found(counted: &WardFigures) -> Cell {
    let beside = match counted.sensitivity_95 {
        Some(_) => bracketed(format!("{} %", interval(counted.sensitivity_95, percent))),
        None => String::new(),
    };
    Cell::with(part(counted.detected, counted.seizures), beside)
}

/// The false alarms in an hour with their interval.
fn rate(counted: &WardFigures) -> Cell {
    let beside = bracketed(interval(counted.false_alarms_per_hour_95, amount));
    figure_of(counted.false_alarms_per_hour, amount, beside)
}

fn method_cells(method: &MethodReport) -> Vec<Cell> {
    let auroc = method.auroc.as_ref();
    let (ward, strict, event) = (&method.ward, &method.strict, &method.event);
    let matched = method.matched.as_ref();
    vec![
        Cell::of(&method.name),
        Cell::of(auroc.map_or_else(|| NONE.into(), |spread| spread.people.to_string())),
        median(&method.auroc),
        Cell::of(figure(auroc.map(|spread| spread.mean), share)),
        Cell::of(figure(auroc.map(|spread| spread.worst_tenth_mean), share)),
        median(&method.auroc_context),
        Cell::of(figure(method.auroc_context.as_ref().map(|spread| spread.mean), share)),
        found(ward),
        rate(ward),
        Cell::of(ward.false_alarms.to_string()),
        Cell::of(amount(ward.hours)),
        Cell::of(figure(ward.median_latency_s, amount)),
        found(strict),
        rate(strict),
        Cell::of(strict.false_alarms.to_string()),
        Cell::of(amount(strict.hours)),
        figure_of(
            matched.map(|point| point.false_alarms_per_hour),
            amount,
            bracketed(interval(matched.map(|point| point.false_alarms_per_hour_95), amount)),
        ),
        Cell::of(figure(event.sensitivity, share)),
        Cell::of(figure(event.precision, share)),
        Cell::of(figure(event.f1, share)),
        Cell::of(figure(event.fp_per_24h, amount)),
    ]
}

/// What was scored.
pub(super) fn data_table(report: &ProtocolReport) -> Table {
    Table {
        caption: "What was scored".into(),
        columns: columns([
            ("", "data"),
            ("", "people"),
            ("", "with seizures and other seconds"),
            ("", "recordings"),
            ("", "hours"),
            ("", "hours within seizures"),
            ("", "seizures"),
        ]),
        rows: report
            .data
            .iter()
            .map(|data| Row {
                marked: false,
                cells: vec![
                    Cell::of(&data.path),
                    Cell::of(data.people.to_string()),
                    Cell::of(data.people_with_seizures.to_string()),
                    Cell::of(data.recordings.to_string()),
                    Cell::of(amount(data.hours)),
                    Cell::of(amount(data.seizure_hours)),
                    Cell::of(data.seizures.to_string()),
                ],
            })
            .collect(),
    }
}

/// One row for each person, the worst first.
pub(super) fn people_table(method: &MethodReport) -> Table {
    let auroc = "AUROC";
    let alarms = "as a ward counts";
    Table {
        caption: format!("{}, person by person, the lowest AUROC first", method.name),
        columns: columns([
            ("", "person"),
            ("", "judged by"),
            ("", "seizure seconds"),
            ("", "other seconds"),
            (auroc, "single seconds"),
            (auroc, "in context"),
            (alarms, "threshold"),
            (alarms, "seizures found"),
            (alarms, "false alarms"),
            (alarms, "hours"),
            (alarms, "median latency, s"),
            ("counted strictly", "false alarms"),
            ("counted strictly", "hours"),
        ]),
        rows: sorted(method)
            .into_iter()
            .map(|person| {
                let marked = is_worst(method, &person.person);
                Row {
                    marked,
                    cells: vec![
                        Cell::with(&person.person, if marked { "(worst tenth)" } else { "" }),
                        Cell::of(&person.model),
                        Cell::of(person.seizure_s.to_string()),
                        Cell::of(person.other_s.to_string()),
                        Cell::of(figure(person.auroc, share)),
                        Cell::of(figure(person.auroc_context, share)),
                        Cell::of(share(person.threshold)),
                        Cell::of(part(person.detected, person.seizures)),
                        Cell::of(person.false_alarms.to_string()),
                        Cell::of(amount(person.hours)),
                        Cell::of(figure(person.median_latency_s, amount)),
                        Cell::of(person.strictly_false.to_string()),
                        Cell::of(amount(person.strict_hours)),
                    ],
                }
            })
            .collect(),
    }
}

/// How true the probabilities are; none where no method has any.
pub(super) fn trueness_table(report: &ProtocolReport) -> Option<Table> {
    let rows: Vec<Row> = report
        .methods
        .iter()
        .filter_map(|method| {
            let trueness = method.trueness?;
            Some(Row {
                marked: report.main_method().is_some_and(|main| main.name == method.name),
                cells: vec![
                    Cell::of(&method.name),
                    Cell::of(share(trueness.brier)),
                    Cell::of(share(trueness.brier_of_share)),
                    Cell::of(share(trueness.calibration_error)),
                    Cell::of(trueness.seconds.to_string()),
                ],
            })
        })
        .collect();
    (!rows.is_empty()).then(|| Table {
        caption: "How true the probabilities are".into(),
        columns: columns([
            ("", "method"),
            ("", "Brier score"),
            ("", "of one probability for all"),
            ("", "calibration error"),
            ("", "seconds"),
        ]),
        rows,
    })
}

/// What a time without an alarm was worth; none where that was not asked.
pub(super) fn alarm_free_table(report: &ProtocolReport) -> Option<Table> {
    let rows: Vec<Row> = report
        .methods
        .iter()
        .filter_map(|method| {
            let free = method.alarm_free?;
            let beside = format!("({})", interval(free.value_95, share));
            Some(Row {
                marked: report.main_method().is_some_and(|main| main.name == method.name),
                cells: vec![
                    Cell::of(&method.name),
                    Cell::of(free.block_s.to_string()),
                    Cell::of(free.blocks.to_string()),
                    Cell::of(free.with_seizure.to_string()),
                    Cell::of(free.alarm_free.to_string()),
                    Cell::of(free.rightly.to_string()),
                    figure_of(free.value, share, beside),
                ],
            })
        })
        .collect();
    (!rows.is_empty()).then(|| Table {
        caption: "What a time without an alarm is worth".into(),
        columns: columns([
            ("", "method"),
            ("blocks", "seconds of each"),
            ("blocks", "all"),
            ("blocks", "with a seizure"),
            ("without alarm", "all"),
            ("without alarm", "without seizure"),
            ("without alarm", "negative predictive value"),
        ]),
        rows,
    })
}

/// Methods with other rests after an alarm, one row for each.
pub(super) fn rests_table(report: &ProtocolReport) -> Option<Table> {
    let usual = AccumulatorConfig::default().refractory_s;
    let rows: Vec<Row> = report
        .methods
        .iter()
        .flat_map(|method| method.rests.iter().map(move |rest| (method, rest)))
        .map(|(method, rest)| {
            let default = if rest.rest_s == usual { "(default)" } else { "" };
            Row {
                marked: rest.rest_s == usual,
                cells: vec![
                    Cell::of(&method.name),
                    Cell::with(rest.rest_s.to_string(), default),
                    found(&rest.strict),
                    rate(&rest.strict),
                    Cell::of(rest.strict.false_alarms.to_string()),
                    Cell::of(amount(rest.strict.hours)),
                    Cell::of(amount(rest.ready_hours)),
                    Cell::of(figure(rest.strict.median_latency_s, amount)),
                ],
            }
        })
        .collect();
    let strictly = "counted strictly";
    (!rows.is_empty()).then(|| Table {
        caption: "Methods with other rests after an alarm".into(),
        columns: columns([
            ("", "method"),
            ("", "rest, seconds"),
            (strictly, "seizures found"),
            (strictly, "false alarms in an hour"),
            (strictly, "false alarms"),
            (strictly, "hours"),
            (strictly, "hours in which one could rise"),
            (strictly, "median latency, seconds"),
        ]),
        rows,
    })
}

/// Methods with other equipment, one row for each; none where that was not asked.
pub(super) fn equipment_table(report: &ProtocolReport) -> Option<Table> {
    let rows: Vec<Row> = report
        .methods
        .iter()
        .flat_map(|method| method.equipment.iter().map(move |equipment| (method, equipment)))
        .map(|(method, equipment)| Row {
            marked: equipment.recorded == EquipmentReport::AS_IT_WAS,
            cells: vec![
                Cell::of(&method.name),
                Cell::of(&equipment.recorded),
                median(&equipment.auroc),
                Cell::of(figure(equipment.auroc.as_ref().map(|spread| spread.mean), share)),
                found(&equipment.strict),
                rate(&equipment.strict),
                Cell::of(equipment.strict.false_alarms.to_string()),
                found(&equipment.followed),
                rate(&equipment.followed),
                Cell::of(equipment.followed.false_alarms.to_string()),
                found(&equipment.own),
                rate(&equipment.own),
                Cell::of(equipment.own.false_alarms.to_string()),
                Cell::of(amount(equipment.strict.hours)),
                Cell::of(figure(equipment.lowest_level, |level| format!("{level:.2}"))),
            ],
        })
        .collect();
    let seconds = "AUROC, single seconds";
    let (others, followed) =
        ("settings chosen on other people", "the same, the threshold following the level");
    let own = "settings from their own other EEG";
    (!rows.is_empty()).then(|| Table {
        caption: "Methods with EEG from other equipment, counted strictly".into(),
        columns: columns([
            ("", "method"),
            ("", "recorded"),
            (seconds, "median"),
            (seconds, "mean"),
            (others, "seizures found"),
            (others, "false alarms in an hour"),
            (others, "false alarms"),
            (followed, "seizures found"),
            (followed, "false alarms in an hour"),
            (followed, "false alarms"),
            (own, "seizures found"),
            (own, "false alarms in an hour"),
            (own, "false alarms"),
            ("", "hours"),
            ("", "lowest level"),
        ]),
        rows,
    })
}

/// Methods where look-alikes were added, one row for each; none where that was not asked.
pub(super) fn look_alikes_table(report: &ProtocolReport) -> Option<Table> {
    let rows: Vec<Row> = report
        .methods
        .iter()
        .flat_map(|method| method.look_alikes.iter().map(move |added| (method, added)))
        .map(|(method, added)| {
            let beside = bracketed(format!("{} %", interval(added.share_95, percent)));
            Row {
                marked: added.look_alike == LookAlikeReport::NOTHING_ADDED,
                cells: vec![
                    Cell::of(&method.name),
                    Cell::of(&added.look_alike),
                    Cell::with(part(added.with_alarm, added.stretches), beside),
                    Cell::of(amount(added.hours)),
                ],
            }
        })
        .collect();
    (!rows.is_empty()).then(|| Table {
        caption: "Methods with look-alikes of seizures added to seizure-free EEG".into(),
        columns: columns([("", "method"), ("", "added"), ("", "stretches with an alarm"), ("", "hours")]),
        rows,
    })
}

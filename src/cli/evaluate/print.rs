//! A protocol's figures on a terminal.

use crate::detect::AccumulatorConfig;
use crate::evaluate::report::words::{interval, signed};
use crate::evaluate::report::{EquipmentReport, MethodReport, ProtocolReport, Spread, WardFigures};

/// Letters of the first column where no name is longer.
const NAMES: usize = 38;

/// One line for each method.
pub fn print(report: &ProtocolReport) {
    let width = width_of_names(report);
    say!("{}: {}", report.protocol, report.title);
    say!("{:<width$}{:^26}{:^35}{:^34}", "", "AUROC, median (mean)", "as a ward counts", "counted strictly");
    say!(
        "{:<width$}{:>13}{:>13}{:>10}{:>17}{:>8}{:>10}{:>17}{:>13}",
        "method",
        "single",
        "in context",
        "found",
        "false / hours",
        "latency",
        "found",
        "false / hours",
        "matched: /h"
    );
    for method in &report.methods {
        line(method, width);
    }
    let usual = AccumulatorConfig::default().refractory_s;
    let rested = |method: &MethodReport| method.rests.iter().find(|rest| rest.rest_s == usual).cloned();
    if report.methods.iter().any(|method| rested(method).is_some()) {
        say!("");
        say!("the same settings with the usual rest of {usual} s after an alarm, counted strictly:");
    }
    for method in &report.methods {
        let Some(rest) = rested(method) else { continue };
        say!(
            "{:<width$}found {}, false / hours {}, of which an alarm could rise in {:.2}",
            method.name,
            found(&rest.strict),
            wrong(&rest.strict),
            rest.ready_hours
        );
    }
    print_better(report);
    if report.methods.iter().any(|method| !method.equipment.is_empty()) {
        say!("");
        say!(
            "the same people's EEG from other equipment, simulated, counted strictly: with the settings from above,"
        );
        say!("and with settings from the seizure-free seconds of their own other recordings:");
    }
    for method in &report.methods {
        method.equipment.iter().for_each(|equipment| line_of_equipment(&method.name, equipment, width));
    }
    if report.methods.iter().any(|method| !method.look_alikes.is_empty()) {
        say!("");
        say!("seizure-free stretches with simulated look-alikes added, with the settings from above:");
    }
    for method in &report.methods {
        for added in &method.look_alikes {
            let interval = added.share_95.map_or(String::new(), |interval| {
                format!(" ({:.0} to {:.0} %)", 100.0 * interval.lower, 100.0 * interval.upper)
            });
            say!(
                "{:<width$}{:<48} alarm in {}/{}{interval}",
                method.name,
                added.look_alike,
                added.with_alarm,
                added.stretches
            );
        }
    }
    if report.methods.iter().any(|method| method.alarm_free.is_some()) {
        say!("");
    }
    for method in &report.methods {
        let Some(free) = &method.alarm_free else { continue };
        say!(
            "{:<width$}blocks of {} s: {}, with seizure {}, without alarm {}, rightly {}: {}{}",
            method.name,
            free.block_s,
            free.blocks,
            free.with_seizure,
            free.alarm_free,
            free.rightly,
            free.value.map_or("-".into(), |value| format!("{value:.3}")),
            free.value_95.map_or(String::new(), |interval| format!(
                " ({:.3} to {:.3})",
                interval.lower, interval.upper
            ))
        );
    }
}

/// By how much the main method ranks single seconds better than each other one, people drawn.
fn print_better(report: &ProtocolReport) {
    let Some(main) = report.main_method() else { return };
    let mut others = report
        .over_people
        .iter()
        .filter_map(|over| Some((over, over.auroc?, over.auroc.and_then(|better| better.mean_95)?)))
        .peekable();
    if others.peek().is_none() {
        return;
    }
    say!("");
    say!("{} against the others, single seconds, mean over people (people drawn):", main.name);
    for (over, better, ends) in others {
        say!(
            "{:<width$}{} ({}), better for {}, worse for {}",
            over.method,
            signed(better.mean),
            interval(Some(ends), signed),
            better.better,
            better.worse,
            width = width_of_names(report)
        );
    }
}

/// The first column's width: that of the longest name, and a space.
fn width_of_names(report: &ProtocolReport) -> usize {
    report.methods.iter().map(|method| method.name.chars().count() + 1).max().unwrap_or(0).max(NAMES)
}

fn spread(spread: &Option<Spread>) -> String {
    spread.as_ref().map_or("-".into(), |Spread { median, mean, .. }| format!("{median:.3} ({mean:.3})"))
}

fn found(counted: &WardFigures) -> String {
    format!("{}/{}", counted.detected, counted.seizures)
}

fn wrong(counted: &WardFigures) -> String {
    format!("{} / {:.2}", counted.false_alarms, counted.hours)
}

fn line_of_equipment(method: &str, equipment: &EquipmentReport, width: usize) {
    say!(
        "{:<width$}{:<28} AUROC {}, found {}, false / hours {}; threshold following: found {}, false / hours {}; own: found {}, \
         false / hours {}",
        method,
        equipment.recorded,
        spread(&equipment.auroc),
        found(&equipment.strict),
        wrong(&equipment.strict),
        found(&equipment.followed),
        wrong(&equipment.followed),
        found(&equipment.own),
        wrong(&equipment.own)
    );
}

fn line(method: &MethodReport, width: usize) {
    say!(
        "{:<width$}{:>13}{:>14}{:>10}{:>16}{:>8}{:>10}{:>17}{:>13}",
        method.name,
        spread(&method.auroc),
        spread(&method.auroc_context),
        found(&method.ward),
        wrong(&method.ward),
        method.ward.median_latency_s.map_or("-".into(), |latency| format!("{latency:.0} s")),
        found(&method.strict),
        wrong(&method.strict),
        method.matched.as_ref().map_or("-".into(), |point| format!("{:.2}", point.false_alarms_per_hour))
    );
}

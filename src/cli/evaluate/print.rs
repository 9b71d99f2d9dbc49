//! A protocol's figures on a terminal.

use crate::evaluate::report::{MethodReport, ProtocolReport, WardFigures};

/// One line for each method.
pub fn print(report: &ProtocolReport) {
    say!("{}: {}", report.protocol, report.title);
    say!("{:<38}{:^26}{:^35}{:^34}", "", "AUROC, median (mean)", "as a ward counts", "counted strictly");
    say!(
        "{:<38}{:>13}{:>13}{:>10}{:>17}{:>8}{:>10}{:>17}{:>13}",
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
        line(method);
    }
    if report.methods.iter().any(|method| method.alarm_free.is_some()) {
        say!("");
    }
    for method in &report.methods {
        let Some(free) = &method.alarm_free else { continue };
        say!(
            "{:<38}blocks of {} s: {}, with seizure {}, without alarm {}, rightly {}: {}{}",
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

fn line(method: &MethodReport) {
    let spread = |spread: Option<(f64, f64)>| {
        spread.map_or("-".to_string(), |(median, mean)| format!("{median:.3} ({mean:.3})"))
    };
    let found = |counted: &WardFigures| format!("{}/{}", counted.detected, counted.seizures);
    let wrong = |counted: &WardFigures| format!("{} / {:.2}", counted.false_alarms, counted.hours);
    say!(
        "{:<38}{:>13}{:>14}{:>10}{:>16}{:>8}{:>10}{:>17}{:>13}",
        method.name,
        spread(method.auroc.as_ref().map(|spread| (spread.median, spread.mean))),
        spread(method.auroc_context.as_ref().map(|spread| (spread.median, spread.mean))),
        found(&method.ward),
        wrong(&method.ward),
        method.ward.median_latency_s.map_or("-".into(), |latency| format!("{latency:.0} s")),
        found(&method.strict),
        wrong(&method.strict),
        method.matched.as_ref().map_or("-".into(), |point| format!("{:.2}", point.false_alarms_per_hour))
    );
}

//! What the choice of the people does to a method's figures, and methods against each other on the same people.
//!
//! Seizures of one person are alike, and so are their seconds: an interval that takes them as independent is too
//! narrow. These intervals draw people, with all that is theirs (percentile bootstrap, Efron 1979).

use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::page::{Cell, Row, Table};
use super::tables::{bracketed, columns};
use super::words::{NONE, interval, part, percent, signed};
use super::{Interval, MethodReport, PersonReport, ProtocolReport};

/// How often the people are drawn anew.
const DRAWS: usize = 10_000;

/// Fewer people say nothing of others; an exact interval of a median wants as many.
const FEWEST_PEOPLE: usize = 6;

/// What comes of a method where people are drawn anew from those who were scored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OverPeople {
    /// The method.
    pub method: String,
    /// Of the share of seizures that a ward would count as found, with people drawn in place of seizures; `None` with fewer
    /// than 6 people who have seizures.
    pub sensitivity_95: Option<Interval>,
    /// False alarms, counted strictly.
    pub false_alarms: u64,
    /// People who have one.
    pub people_with_false_alarms: u64,
    /// By how much the main method ranks single seconds better; `None` for the main method itself.
    pub auroc: Option<Difference>,
    /// The same in context.
    pub auroc_context: Option<Difference>,
}

/// A difference of two methods on the same people.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Difference {
    /// People who have a figure of both.
    pub people: usize,
    /// Mean over people.
    pub mean: f64,
    /// Its 95 % interval, people drawn; `None` with fewer than 6.
    pub mean_95: Option<Interval>,
    /// People with the higher figure.
    pub better: usize,
    /// People with the lower one.
    pub worse: usize,
}

/// A row for each method, in their order; `main` is the index of the one that the others are told against.
pub fn over_people(methods: &[MethodReport], main: usize) -> Vec<OverPeople> {
    let row = |(index, method): (usize, &MethodReport)| {
        let against =
            |of| methods.get(main).filter(|_| index != main).and_then(|main| difference(main, method, of));
        let seizures = method.people.iter().filter(|person| person.seizures > 0);
        OverPeople {
            method: method.name.clone(),
            sensitivity_95: drawn(
                &seizures.map(|person| [person.detected as f64, person.seizures as f64]).collect::<Vec<_>>(),
            ),
            false_alarms: method.strict.false_alarms,
            people_with_false_alarms: method.people.iter().filter(|person| person.strictly_false > 0).count()
                as u64,
            auroc: against(|person| person.auroc),
            auroc_context: against(|person| person.auroc_context),
        }
    };
    methods.iter().enumerate().map(row).collect()
}

/// By how much a figure is higher under one method than under another.
fn difference(
    of: &MethodReport,
    than: &MethodReport,
    figure: fn(&PersonReport) -> Option<f64>,
) -> Option<Difference> {
    let differences: Vec<f64> = of
        .people
        .iter()
        .filter_map(|person| {
            let same = than.people.iter().find(|other| other.person == person.person)?;
            Some(figure(person)? - figure(same)?)
        })
        .collect();
    let people = differences.len();
    (people > 0).then(|| Difference {
        people,
        mean: differences.iter().sum::<f64>() / people as f64,
        mean_95: drawn(&differences.iter().map(|&difference| [difference, 1.0]).collect::<Vec<_>>()),
        better: differences.iter().filter(|&&difference| difference > 0.0).count(),
        worse: differences.iter().filter(|&&difference| difference < 0.0).count(),
    })
}

/// The 95 % interval of the sum of the first numbers over that of the second, one pair for each person, with people
/// drawn. The draws are the same ones whenever it is asked; `None` with fewer than 6 people or where a figure is no number.
pub fn drawn(people: &[[f64; 2]]) -> Option<Interval> {
    if people.len() < FEWEST_PEOPLE || people.iter().flatten().any(|figure| !figure.is_finite()) {
        return None;
    }
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let mut ratios: Vec<f64> = (0..DRAWS).map(|_| ratio(people, &mut rng)).collect();
    ratios.sort_by(f64::total_cmp);
    let outside = DRAWS / 40;
    Some(Interval { lower: ratios[outside], upper: ratios[DRAWS - 1 - outside] })
}

fn ratio(people: &[[f64; 2]], rng: &mut impl Rng) -> f64 {
    let (mut above, mut below) = (0.0, 0.0);
    for _ in people {
        let [first, second] = people[rng.random_range(0..people.len())];
        above += first;
        below += second;
    }
    above / below
}

/// The same as a table; none where too few people were scored for anything to be told.
pub(super) fn over_people_table(report: &ProtocolReport) -> Option<Table> {
    let rows = &report.over_people;
    if !rows.iter().any(|row| row.sensitivity_95.is_some()) {
        return None;
    }
    let better = |difference: Option<Difference>| {
        difference.map_or_else(
            || [Cell::of(NONE), Cell::of(NONE)],
            |found| {
                let mean = Cell::with(signed(found.mean), bracketed(interval(found.mean_95, signed)));
                [mean, Cell::of(format!("{}, {}", found.better, found.worse))]
            },
        )
    };
    let main = report.main_method()?.name.as_str();
    let rows = rows.iter().zip(&report.methods).map(|(row, method)| {
        let found = Cell::with(
            part(method.ward.detected, method.ward.seizures),
            row.sensitivity_95
                .map_or_else(String::new, |ends| bracketed(format!("{} %", interval(Some(ends), percent)))),
        );
        let wrong = Cell::of(match row.false_alarms {
            0 => "0".into(),
            alarms => format!("{alarms} of {}", row.people_with_false_alarms),
        });
        let cells = [Cell::of(&row.method), found, wrong].into_iter();
        let cells = cells.chain(better(row.auroc)).chain(better(row.auroc_context)).collect();
        Row { marked: row.method == main, cells }
    });
    let (one, context) = ("one second: the main method better by", "in context: the main method better by");
    Some(Table {
        caption: "If other people had been scored".into(),
        columns: columns([
            ("", "method"),
            ("", "seizures found"),
            ("counted strictly", "false alarms, of how many people"),
            (one, "AUROC, mean"),
            (one, "for people, worse for"),
            (context, "AUROC, mean"),
            (context, "for people, worse for"),
        ]),
        rows: rows.collect(),
    })
}

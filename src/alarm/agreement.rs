//! How far two readers agree, beyond what chance would make of it: Cohen's kappa.
//!
//! Counted is what two people said independently: the first judgement as it stood when the alarm was first read a second
//! time, and that reading. What either changes later, having seen the other, is shown with the alarm and not counted here.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use super::entry::Judgement;
use super::log::{Held, ReviewRecord};
use super::moment::wall_text;
use crate::evaluate::Interval;

/// The judgements, in the order of rows and columns.
pub const JUDGEMENTS: [Judgement; 3] = [Judgement::Seizure, Judgement::FalseAlarm, Judgement::Uncertain];

/// 97.5 % of a normal distribution lie below so many standard deviations.
const Z: f64 = 1.959_963_984_540_054;

/// How its interval comes about.
pub const METHOD: &str = "asymptotic (Fleiss, Cohen and Everitt 1969), cut to -1 to 1; none where the asymptotic error is 0, as where all agree, \
     since it says nothing then; with few pairs too narrow";

/// Cohen's kappa of a table.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
pub struct Kappa {
    /// Kappa: 1 where all agree, 0 where as many agree as by chance.
    pub kappa: f64,
    /// Its asymptotic standard error.
    pub standard_error: f64,
    /// Its 95 % interval; `None` where the error is 0.
    pub interval: Option<Interval>,
}

/// How far two readers agree.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Agreement {
    /// Alarms that two people have judged.
    pub pairs: u64,
    /// Of them, judged the same.
    pub agree: u64,
    /// Alarms that were judged once and wait for a second reader.
    pub waiting: u64,
    /// The judgements, in the order of the table's rows and columns.
    pub judgements: [Judgement; 3],
    /// Pairs by first (rows) and second judgement (columns).
    pub table: [[u64; 3]; 3],
    /// Share of pairs that agree.
    pub observed: Option<f64>,
    /// The share that would agree by chance.
    pub expected: Option<f64>,
    /// Cohen's kappa; null without pairs, and where chance alone would make all agree: one judgement throughout.
    pub kappa: Option<f64>,
    /// Its 95 % interval, where there is one.
    pub kappa_ci: Option<[f64; 2]>,
    /// How the interval comes about.
    pub kappa_ci_method: &'static str,
    /// The same for each two readers.
    pub readers: Vec<ReaderPair>,
    /// Alarms on which the two differ.
    pub disagreements: Vec<Disagreement>,
}

/// How far two readers agree, one of them the first.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ReaderPair {
    /// Who judged first.
    pub first: String,
    /// Who read a second time.
    pub second: String,
    /// Alarms that both have judged.
    pub pairs: u64,
    /// Of them, judged the same.
    pub agree: u64,
    /// Cohen's kappa, where it is defined.
    pub kappa: Option<f64>,
}

/// An alarm on which two readers differ.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Disagreement {
    /// The alarm.
    pub alarm: String,
    /// Its bed.
    pub bed: String,
    /// Its patient's id.
    pub patient: String,
    /// Wall clock of its onset.
    pub onset: Option<String>,
    /// The first judgement.
    pub first: ReviewRecord,
    /// The second.
    pub second: ReviewRecord,
}

/// How far the readers of some alarms agree.
pub fn agreement(alarms: &[Held]) -> Agreement {
    let mut table = [[0; 3]; 3];
    let mut readers: BTreeMap<(&str, &str), [[u64; 3]; 3]> = BTreeMap::new();
    let mut disagreements = Vec::new();
    for held in alarms {
        let Some((first, second)) = &held.independent else { continue };
        let (row, column) = (place(first.review.judgement), place(second.review.judgement));
        table[row][column] += 1;
        readers.entry((&first.by, &second.by)).or_default()[row][column] += 1;
        if row != column {
            disagreements.push(Disagreement {
                alarm: held.alarm.clone(),
                bed: held.bed.clone(),
                patient: held.patient.clone(),
                onset: held.onset_us.map(wall_text),
                first: first.clone(),
                second: second.clone(),
            });
        }
    }
    let (observed, expected) = shares(&table).unzip();
    let found = kappa(&table);
    let once = |held: &&Held| held.review.is_some() && held.second_reading.is_none();
    Agreement {
        pairs: count(&table),
        agree: agreeing(&table),
        waiting: alarms.iter().filter(once).count() as u64,
        judgements: JUDGEMENTS,
        table,
        observed,
        expected,
        kappa: found.map(|found| found.kappa),
        kappa_ci: found.and_then(|found| found.interval).map(|ends| [ends.lower, ends.upper]),
        kappa_ci_method: METHOD,
        readers: readers
            .into_iter()
            .map(|((first, second), table)| ReaderPair {
                first: first.to_string(),
                second: second.to_string(),
                pairs: count(&table),
                agree: agreeing(&table),
                kappa: kappa(&table).map(|found| found.kappa),
            })
            .collect(),
        disagreements,
    }
}

/// Cohen's kappa (1960) with its asymptotic standard error; `None` without pairs, and where both always say the same one
/// thing.
pub fn kappa(table: &[[u64; 3]; 3]) -> Option<Kappa> {
    let n = count(table) as f64;
    let (observed, expected) = shares(table)?;
    if 1.0 - expected < 1e-12 {
        return None;
    }
    let kappa = (observed - expected) / (1.0 - expected);
    let (rows, columns) = margins(table);
    let mut spread = -(kappa - expected * (1.0 - kappa)).powi(2);
    for i in 0..3 {
        for j in 0..3 {
            let share = table[i][j] as f64 / n;
            spread += share
                * if i == j {
                    (1.0 - (rows[i] + columns[i]) * (1.0 - kappa)).powi(2)
                } else {
                    ((1.0 - kappa) * (columns[i] + rows[j])).powi(2)
                };
        }
    }
    // Where all agree, or one reader says one thing throughout, the spread is 0: what rounding leaves of it is no error.
    let spread = if spread > 1e-13 { spread } else { 0.0 };
    let standard_error = (spread / n).sqrt() / (1.0 - expected);
    let interval = (standard_error > 0.0).then(|| Interval {
        lower: (kappa - Z * standard_error).max(-1.0),
        upper: (kappa + Z * standard_error).min(1.0),
    });
    Some(Kappa { kappa, standard_error, interval })
}

fn place(judgement: Judgement) -> usize {
    match judgement {
        Judgement::Seizure => 0,
        Judgement::FalseAlarm => 1,
        Judgement::Uncertain => 2,
    }
}

fn count(table: &[[u64; 3]; 3]) -> u64 {
    table.iter().flatten().sum()
}

fn agreeing(table: &[[u64; 3]; 3]) -> u64 {
    (0..3).map(|at| table[at][at]).sum()
}

/// The shares of each judgement among the first and among the second ones.
fn margins(table: &[[u64; 3]; 3]) -> ([f64; 3], [f64; 3]) {
    let n = count(table) as f64;
    let row = |i: usize| table[i].iter().sum::<u64>() as f64 / n;
    let column = |j: usize| table.iter().map(|row| row[j]).sum::<u64>() as f64 / n;
    (std::array::from_fn(row), std::array::from_fn(column))
}

/// The share that agrees, and the share that would by chance.
fn shares(table: &[[u64; 3]; 3]) -> Option<(f64, f64)> {
    let n = count(table);
    if n == 0 {
        return None;
    }
    let (rows, columns) = margins(table);
    let expected = rows.iter().zip(&columns).map(|(row, column)| row * column).sum();
    Some((agreeing(table) as f64 / n as f64, expected))
}

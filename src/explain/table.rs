//! An explanation as a table for people.

use std::fmt::Write;

use super::recording::Explanation;
use super::words::{in_words, quantity};
use crate::eeg::{CHAINS, DOUBLE_BANANA};
use crate::model::SLICES;

/// A part that was left out, and the probabilities without it; none for an absent one.
struct Row {
    part: String,
    /// Its drop in company, for a derivation.
    in_company: Option<f32>,
    without: Option<[f32; 3]>,
}

/// Sentences, then derivations, chains and slices, each with the largest drop first.
pub fn table(explanation: &Explanation) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = write_table(&mut text, explanation);
    text
}

fn write_table(text: &mut String, explanation: &Explanation) -> std::fmt::Result {
    let (seen, occlusion) = (&explanation.seen, &explanation.occlusion);
    let time = explanation.time.strftime("%Y-%m-%d %H:%M:%S");
    writeln!(text, "{}, second {}, {time}", explanation.recording, seen.second)?;
    let [seizure, abnormal, non_seizure] = occlusion.whole;
    writeln!(text, "seizure {seizure:.4}, abnormal {abnormal:.4}, non-seizure {non_seizure:.4}\n")?;
    for sentence in in_words(explanation) {
        writeln!(text, "{sentence}")?;
    }
    let in_company = occlusion.company_drops(explanation.class());
    let derivations = DOUBLE_BANANA.iter().zip(occlusion.derivations.iter().zip(in_company));
    let derivations = derivations
        .map(|(derivation, (without, in_company))| Row {
            part: derivation.to_string(),
            in_company,
            without: without.map(|without| without.everywhere),
        })
        .collect();
    write_rows(text, explanation, "derivation", derivations)?;
    let chains = CHAINS.iter().zip(&occlusion.chains);
    let chains = chains
        .map(|(chain, without)| Row { part: chain.name.to_string(), in_company: None, without: *without })
        .collect();
    write_rows(text, explanation, "chain", chains)?;
    let edge = |slice: usize| seen.onset_s + slice as f64 / SLICES as f64;
    let slices = occlusion.slices.iter().enumerate();
    let slices = slices
        .map(|(slice, without)| Row {
            part: format!("{:.3} to {:.3} s", edge(slice), edge(slice + 1)),
            in_company: None,
            without: Some(*without),
        })
        .collect();
    write_rows(text, explanation, "eighth of the second", slices)
}

fn write_rows(
    text: &mut String,
    explanation: &Explanation,
    kind: &str,
    mut rows: Vec<Row>,
) -> std::fmt::Result {
    let class = explanation.class();
    let whole = explanation.occlusion.whole[class];
    let quantity = format!("{} without", quantity(explanation));
    // The smallest rest is the largest drop; what is absent comes last.
    let rest = |row: &Row| row.without.map_or(f32::INFINITY, |without| without[class]);
    rows.sort_by(|a, b| rest(a).total_cmp(&rest(b)));
    let wide = rows.iter().map(|row| row.part.len()).chain([kind.len()]).max().unwrap_or_default();
    let company = rows.iter().any(|row| row.in_company.is_some());
    let heading = if company { "in company  " } else { "" };
    writeln!(text, "\nrank  {kind:<wide$}     drop  {heading}{quantity}  label without")?;
    for (rank, Row { part, in_company, without }) in rows.iter().enumerate() {
        match without {
            None => writeln!(text, "   -  {part:<wide$}   absent")?,
            Some(without) => writeln!(
                text,
                "{:>4}  {part:<wide$}  {:>7.4}  {}{:<width$}  {}",
                rank + 1,
                whole - without[class],
                in_company.map_or(String::new(), |drop| format!("{drop:>10.4}  ")),
                format!("{:.4}", without[class]),
                explanation.label_with(*without).name(),
                width = quantity.len()
            )?,
        }
    }
    Ok(())
}

//! The card of a trained CNN: who, what, how much, with which settings, how well.

use std::collections::BTreeMap;

use super::checkpoint::EpochLog;
use super::config::TrainConfig;
use super::labels::PersonLabels;
use crate::model::{Card, CnnConfig, CnnNet};
use burn::module::Module;

/// What a card tells.
pub struct TrainingFacts<'a> {
    /// The model's name.
    pub name: &'a str,
    /// The command line that made it.
    pub command: &'a str,
    /// Day of the training, `YYYY-MM-DD`.
    pub date: &'a str,
    /// What the data are, with licence and citation where a README beside them tells.
    pub data: &'a str,
    /// Labelled seconds of each person trained on.
    pub trained: &'a BTreeMap<String, PersonLabels>,
    /// The same of held-out people.
    pub held_out: &'a BTreeMap<String, PersonLabels>,
    /// People left out by name.
    pub excluded: &'a [String],
    /// Recordings left out and why.
    pub left_out: &'a [String],
    /// What else is to be known of how it was trained, in sentences.
    pub remarks: &'a [String],
    /// The network's configuration.
    pub model: &'a CnnConfig,
    /// The training's settings.
    pub training: &'a TrainConfig,
    /// One entry per epoch.
    pub log: &'a [EpochLog],
    /// The epoch that was kept.
    pub epoch: usize,
    /// Seconds that the training took, over all runs.
    pub elapsed_s: f64,
    /// SHA-256 of the weight file.
    pub digest: &'a str,
}

/// Writes the card's text.
pub fn training_card(facts: &TrainingFacts<'_>, net: &CnnNet) -> Card {
    let mut card = Card::new(&format!("CNN {}", facts.name));
    card.paragraph(
        "A window-image CNN of vigil. Research only: it is no medical device and decides nothing about a patient.",
    );
    card.section("Made by").block("sh", facts.command);
    card.table(
        &["", ""],
        &[
            vec!["date".into(), facts.date.into()],
            vec!["weights, SHA-256".into(), format!("`{}`", facts.digest)],
            vec!["parameters".into(), net.num_params().to_string()],
            vec!["time".into(), format!("{:.1} min", facts.elapsed_s / 60.0)],
        ],
    );
    card.section("Data").paragraph(facts.data);
    let with_seizures = facts.trained.values().filter(|labels| labels.seizure > 0).count();
    card.paragraph(&format!(
        "Trained on {} people, {with_seizures} of them with seizures{}.",
        facts.trained.len(),
        if facts.excluded.is_empty() {
            String::new()
        } else {
            format!("; left out by name, with all their recordings: {}", facts.excluded.join(", "))
        }
    ));
    people_table(&mut card, facts.trained);
    if !facts.held_out.is_empty() {
        card.paragraph("Held out for early stopping; nothing was fitted on them:");
        people_table(&mut card, facts.held_out);
    }
    if !facts.left_out.is_empty() {
        card.paragraph("Recordings that did not suit:").block("", &facts.left_out.join("\n"));
    }
    card.section("Training");
    for remark in facts.remarks {
        card.paragraph(remark);
    }
    let rows: Vec<Vec<String>> = facts
        .log
        .iter()
        .map(|entry| {
            vec![
                entry.epoch.to_string(),
                format!("{:.4}", entry.loss),
                entry.held_out_auroc.map_or("-".into(), |auroc| format!("{auroc:.4}")),
            ]
        })
        .collect();
    card.table(&["epoch", "mean loss", "AUROC of held-out people (mean)"], &rows);
    card.paragraph(&format!(
        "Kept: epoch {}. The loss is that of varied, class-balanced images with smoothed labels; it says nothing of \
         people whom the network has not seen.",
        facts.epoch
    ));
    let json = |value: Result<String, serde_json::Error>| value.unwrap_or_else(|e| e.to_string());
    card.section("Configuration").block("json", &json(serde_json::to_string_pretty(facts.model)));
    card.section("Settings").block("json", &json(serde_json::to_string_pretty(facts.training)));
    card
}

fn people_table(card: &mut Card, people: &BTreeMap<String, PersonLabels>) {
    let row = |name: &str, labels: &PersonLabels| {
        vec![
            name.to_string(),
            labels.seizure.to_string(),
            labels.non_seizure.to_string(),
            labels.abnormal.to_string(),
        ]
    };
    let mut rows: Vec<Vec<String>> = people.iter().map(|(name, labels)| row(name, labels)).collect();
    let mut total = PersonLabels { seizure: 0, non_seizure: 0, abnormal: 0 };
    for labels in people.values() {
        total.seizure += labels.seizure;
        total.non_seizure += labels.non_seizure;
        total.abnormal += labels.abnormal;
    }
    rows.push(row("all", &total));
    card.table(&["person", "seizure s", "non-seizure s", "abnormal s"], &rows);
}

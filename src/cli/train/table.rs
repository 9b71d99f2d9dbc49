//! `vigil train --labels`: what a reviewed table changes, for whom, and who gets in by it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path};

use sha2::{Digest, Sha256};

use super::super::error::CliError;
use super::divided::Divided;
use super::{Proposed, TrainArgs};
use crate::dataset::{Dataset, may_be_one};
use crate::format::label_review::{Decision, LabelProposal, read_proposals};
use crate::model::Classifier;
use crate::train::{Cleaned, KnownRecordings, Unreviewed, clean};
use crate::ward::cnn_path;

/// A table that is one of these recordings.
pub(super) struct Table<'a> {
    args: &'a TrainArgs,
    path: &'a Path,
    digest: String,
    rows: Vec<(usize, LabelProposal)>,
    unreviewed: Unreviewed,
}

impl<'a> Table<'a> {
    /// Reads the table that was named, if one was.
    ///
    /// # Errors
    /// A table that cannot be understood, or one of other recordings.
    pub fn of(args: &'a TrainArgs, known: &KnownRecordings) -> Result<Option<Table<'a>>, CliError> {
        let Some(path) = args.labels.as_deref() else { return Ok(None) };
        let rows = read_proposals(path)?;
        known.must_hold(&rows).map_err(|malformation| malformation.in_file(path))?;
        let text = super::super::read_text(path)?;
        let digest = Sha256::digest(&text).iter().map(|byte| format!("{byte:02x}")).collect();
        let unreviewed = match args.proposed {
            Proposed::LeaveOut => Unreviewed::LeaveOut,
            Proposed::Relabel => Unreviewed::Relabel,
            Proposed::Ignore => Unreviewed::Ignore,
        };
        Ok(Some(Table { args, path, digest, rows, unreviewed }))
    }

    /// Changes the labels of those who are trained on; in words, what it changed.
    ///
    /// Early stopping watches by the experts' own marks, as everything is scored. A refit on everyone takes the table for
    /// everyone.
    pub fn apply(&self, dataset: &Dataset, divided: &mut Divided) -> String {
        let changed = |labels| clean(dataset, &self.args.data, labels, &self.rows, self.unreviewed);
        let (trained, changes) = changed(std::mem::take(&mut divided.trained));
        divided.trained = trained;
        let (refitted, of_held_out) = changed(std::mem::take(&mut divided.refitted));
        divided.refitted = refitted;
        let told = if changes.is_empty() { "nothing was changed".into() } else { listed(&changes) };
        let mut told = format!("Labels as in {} (SHA-256 `{}`): {told}.", self.path.display(), self.digest);
        if !of_held_out.is_empty() {
            let rest = match self.args.refit {
                true => format!("the refit on everyone has also {}", listed(&of_held_out)),
                false => format!("{} s of the table were passed over", seconds(&of_held_out)),
            };
            let people: Vec<&str> = of_held_out.keys().map(String::as_str).collect();
            told.push_str(&format!(
                " Early stopping watched {} by the experts' marks alone; {rest}.",
                people.join(", ")
            ));
        }
        told
    }

    /// In sentences, by which rows people who are not trained on reach the training all the same: nobody has reviewed them, and
    /// the network that proposed them was trained on these people. `there` is everybody of the data, `divided` the labels as
    /// the experts have them.
    pub fn let_in(&self, dataset: &Dataset, divided: &Divided, there: &BTreeSet<&str>) -> Vec<String> {
        if self.unreviewed == Unreviewed::Ignore {
            return Vec::new();
        }
        let trained: BTreeSet<&str> =
            divided.trained.iter().map(|(second, _)| dataset.recording_of(*second).person.as_str()).collect();
        let left_out: BTreeSet<&str> = there.difference(&trained).copied().collect();
        if left_out.is_empty() {
            return Vec::new();
        }
        let is_open =
            |row: &LabelProposal| row.decision == Decision::Proposed && trained.contains(row.person.as_str());
        let open: Vec<&(usize, LabelProposal)> = self.rows.iter().filter(|(_, row)| is_open(row)).collect();
        let models: BTreeSet<&str> = open.iter().map(|(_, row)| row.model.as_str()).collect();
        let mut seen: BTreeSet<String> = BTreeSet::new();
        let (mut leaking, mut unknown): (BTreeSet<&str>, BTreeSet<&str>) = Default::default();
        for model in models {
            let Some(people) = self.people_of(model) else {
                unknown.insert(model);
                continue;
            };
            let people: Vec<String> = people
                .into_iter()
                .filter(|seen| left_out.iter().any(|person| may_be_one(seen, person)))
                .collect();
            if !people.is_empty() {
                leaking.insert(model);
                seen.extend(people);
            }
        }
        // So many seconds as these rows alone would change.
        let changed_by = |models: &BTreeSet<&str>| {
            let rows: Vec<(usize, LabelProposal)> = open
                .iter()
                .filter(|(_, row)| models.contains(row.model.as_str()))
                .map(|&row| row.clone())
                .collect();
            seconds(&clean(dataset, &self.args.data, divided.trained.clone(), &rows, self.unreviewed).1)
        };
        let mut told = Vec::new();
        let (of_leaking, of_unknown) = (changed_by(&leaking), changed_by(&unknown));
        if of_leaking > 0 {
            let people: Vec<String> = seen.into_iter().collect();
            told.push(format!(
                "{of_leaking} s proposed by networks that were trained on {}, who are left out here: what they learnt of these \
                 people reaches this training through the table.",
                people.join(", ")
            ));
        }
        if of_unknown > 0 {
            let models: Vec<&str> = unknown.into_iter().collect();
            told.push(format!(
                "{of_unknown} s proposed by networks that could not be read below {} ({}): nothing is known of whom they were \
                 trained on, people who are left out here among them or not.",
                self.args.models.display(),
                models.join(", ")
            ));
        }
        told
    }

    /// Whom a network was trained on; `None` where it cannot be told. What is no name of one below the folder of models is not
    /// looked for.
    fn people_of(&self, model: &str) -> Option<Vec<String>> {
        let is_below = Path::new(model).components().all(|part| matches!(part, Component::Normal(_)));
        let net = is_below.then(|| Classifier::load(&cnn_path(&self.args.models, model)))?.ok()?;
        Some(net.people().to_vec())
    }
}

fn listed(changes: &BTreeMap<String, Cleaned>) -> String {
    let people: Vec<String> = changes
        .iter()
        .map(|(person, change)| {
            format!("{person} {} s relabelled and {} s left out", change.relabelled, change.left_out)
        })
        .collect();
    people.join(", ")
}

fn seconds(changes: &BTreeMap<String, Cleaned>) -> usize {
    changes.values().map(|change| change.relabelled + change.left_out).sum()
}

//! What changed on disk is taken over: vigil.toml, the settings and networks of patients.

use std::collections::BTreeSet;

use super::super::bed::Command;
use super::super::inference::BedJudge;
use super::super::models::Watched;
use super::super::request::{Answer, Refused};
use super::{Keeper, Running};
use crate::config::{PatientId, WardConfig};

impl Running {
    /// Whether it is watched, and of this patient.
    fn is_of(&self, patient: &PatientId) -> bool {
        self.with.is_some() && self.config.patient == patient.as_str()
    }
}

impl Keeper {
    /// Reads vigil.toml and the patients' settings again. A file with a mistake changes nothing.
    pub(super) async fn reload(&mut self) -> Answer {
        let path = self.path.clone();
        let read = tokio::task::spawn_blocking(move || WardConfig::load(&path)).await;
        let mut config = match read {
            Ok(Ok(config)) => config,
            Ok(Err(error)) => return Err(Refused::Mistake(error.to_string())),
            Err(error) => return Err(Refused::Failed(error.to_string())),
        };
        let mut done = keep_fixed_parts(&self.config.borrow(), &mut config);
        // A bed that runs goes on under its patient's settings until they make sense again.
        let mut ready = Vec::new();
        for patient in self.who_stays(&config) {
            let watched = self.watched(&patient).map_err(Refused::Mistake)?;
            ready.push((patient, watched));
        }
        self.config.send_replace(config);
        done.extend(self.settle().await);
        for (patient, watched) in ready {
            done.extend(self.take_over(&patient, watched).await);
        }
        if done.is_empty() {
            done.push("nothing has changed".to_string());
        }
        Ok(done)
    }

    /// Of whom a bed runs that a configuration has, too. What is wrong with the others is no matter: a bed that does
    /// not run yet tells of it itself, and whoever has left may be gone from the disk.
    fn who_stays(&self, config: &WardConfig) -> BTreeSet<PatientId> {
        let running: BTreeSet<&str> = self
            .beds
            .values()
            .filter(|bed| bed.with.is_some())
            .map(|bed| bed.config.patient.as_str())
            .collect();
        let wanted = self.overrides.wanted(&config.bed);
        let stay = wanted.iter().filter(|bed| running.contains(bed.patient.as_str()));
        stay.filter_map(|bed| PatientId::new(&bed.patient).ok()).collect()
    }

    /// A patient's settings and networks as they are on disk.
    fn watched(&mut self, patient: &PatientId) -> Result<Watched, String> {
        let (patients, models) = {
            let ward = self.config.borrow();
            (ward.ward.patients.clone(), ward.ward.models.clone())
        };
        self.models.watched(&patients, &models, patient).map_err(|error| error.to_string())
    }

    /// Gives the beds of a patient the settings and networks that are on disk now; what was done, in words.
    pub(super) async fn switch(&mut self, patient: &PatientId) -> Result<Vec<String>, String> {
        if !self.beds.values().any(|bed| bed.is_of(patient)) {
            return Ok(Vec::new());
        }
        let watched = self.watched(patient)?;
        Ok(self.take_over(patient, watched).await)
    }

    /// The same with what was read already. Where other filters are wanted, a bed starts anew: those cannot be changed
    /// under a running stream.
    async fn take_over(&mut self, patient: &PatientId, watched: Watched) -> Vec<String> {
        let (signal, detector) = (watched.signal.clone(), watched.detector.clone());
        for remark in watched.remarks() {
            tracing::warn!(patient = patient.as_str(), "{remark}");
        }
        let judge = BedJudge::new(watched);
        let mut done = Vec::new();
        let mut other_filters = Vec::new();
        for (name, bed) in self.beds.iter_mut().filter(|(_, bed)| bed.is_of(patient)) {
            let (Some(with), Some(commands)) = (&mut bed.with, &bed.commands) else { continue };
            if with.signal != signal {
                other_filters.push((name.clone(), bed.config.clone()));
            } else if with.detector != judge.detector {
                let switch = Command::Switch { judge: judge.clone(), detector: detector.clone() };
                if commands.send(switch).await.is_err() {
                    tracing::error!(bed = name.as_str(), "the bed's task has ended");
                    continue;
                }
                with.detector = judge.detector.clone();
                done.push(format!("bed {name}: settings or networks of patient {patient} taken over"));
            }
        }
        self.stop_beds(other_filters.iter().map(|(name, _)| name.as_str())).await;
        for (name, config) in other_filters {
            done.push(match self.start_bed(config) {
                Ok(()) => format!("bed {name}: started anew with other filters for patient {patient}"),
                Err(reason) => format!("bed {name}: cannot be watched: {reason}"),
            });
        }
        done
    }
}

/// What takes a restart stays as it was at the start, for everybody who asks: half of a change, with files deleted by
/// the new section and written by the old, would be worse than none. What was changed is told.
fn keep_fixed_parts(before: &WardConfig, after: &mut WardConfig) -> Vec<String> {
    let mut told = Vec::new();
    let mut keep = |part: &str, changed: bool| {
        if changed {
            told.push(format!("{part} has changed; that takes a restart"));
        }
    };
    keep("ward.name", before.ward.name != after.ward.name);
    keep("ward.state", before.ward.state != after.ward.state);
    keep("ward.patients", before.ward.patients != after.ward.patients);
    keep("ward.models", before.ward.models != after.ward.models);
    keep("http", before.http != after.http);
    keep("record", before.record != after.record);
    keep("baseline", before.baseline != after.baseline);
    keep("channel", before.channel != after.channel);
    after.ward.clone_from(&before.ward);
    after.http.clone_from(&before.http);
    after.record.clone_from(&before.record);
    after.baseline.clone_from(&before.baseline);
    after.channel.clone_from(&before.channel);
    told
}

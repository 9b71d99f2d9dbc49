//! What came of a ward's reviews, in words: for a card, and to tell one set from another.

use sha2::{Digest, Sha256};

use super::reviews::{PersonReviews, ReviewedSeconds};

impl ReviewedSeconds {
    /// Tells one set of reviewed seconds from another.
    pub fn digest(&self) -> String {
        let mut hash = Sha256::new();
        for (second, label) in &self.labels {
            let stretch = &self.dataset.stretches[second.stretch];
            let recording = self.dataset.recording_of(*second);
            let at = stretch.first_second + second.index;
            hash.update(format!("{} {} {at} {label:?}\n", recording.person, recording.path.display()));
        }
        hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// What came of the reviews, in sentences for a card.
    pub fn words(&self) -> String {
        let sum = |of: fn(&PersonReviews) -> usize| self.people.values().map(of).sum::<usize>();
        let people: Vec<String> = self
            .people
            .iter()
            .map(|(person, given)| format!("{person} {} and {} s", given.seizure_s, given.abnormal_s))
            .collect();
        let mut words = format!(
            "Reviews of a ward: {} alarms judged a seizure and {} seizures marked as missed gave {} seizure seconds, {} \
             alarms judged false gave {} abnormal seconds, of {} people ({}); SHA-256 of these seconds `{}`.",
            sum(|given| given.confirmed),
            sum(|given| given.marked),
            sum(|given| given.seizure_s),
            sum(|given| given.rejected),
            sum(|given| given.abnormal_s),
            self.people.len(),
            people.join(", "),
            self.digest()
        );
        let left = &self.left_out;
        let mut why = Vec::new();
        for (count, what) in [
            (left.unreviewed, "alarms that nobody has judged"),
            (left.uncertain, "alarms judged uncertain"),
            (left.differing, "alarms on which two readers differ"),
            (left.of_others, "alarms and marks of people who are left out"),
            (left.gone.len(), "alarms and marks whose recording is gone or could not be judged"),
            (left.contradictory_s, "seconds of which reviewers say two things"),
        ] {
            if count > 0 {
                why.push(format!("{count} {what}"));
            }
        }
        why.extend(left.unsuitable.iter().cloned());
        if !why.is_empty() {
            words.push_str(&format!(" Left out: {}.", why.join("; ")));
        }
        if !left.gone.is_empty() {
            let named: Vec<&str> = left.gone.iter().take(20).map(String::as_str).collect();
            let more = left.gone.len() - named.len();
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            words.push_str(&format!(" Without a recording: {}{more}.", named.join(", ")));
        }
        words
    }
}

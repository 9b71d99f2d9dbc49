//! Recordings that are not there: never made, or made and gone. Which of the two, the log of alarms knows.

use axum::http::StatusCode;
use serde_json::json;

use super::api::Api;
use super::problem::Problem;
use crate::alarm::moment::wall_text;
use crate::record::{files_of, start_of};
use crate::review::ReviewError;

impl Api {
    /// What a bed's record said of a time (seconds since 1970), or why it says nothing. Where the bed was watched then and
    /// its recording is gone, the answer is 410 and says what is left and what to do; where it was never recorded, 404.
    ///
    /// # Errors
    /// A [`Problem`].
    pub async fn of_record<T>(
        &self,
        bed: &str,
        (from_s, to_s): (f64, f64),
        found: Result<T, ReviewError>,
    ) -> Result<T, Problem> {
        match found {
            Ok(found) => Ok(found),
            Err(error) if error.is_absence() => Err(self.absent(bed, from_s, to_s, error).await),
            Err(error) => Err(error.into()),
        }
    }

    async fn absent(&self, bed: &str, from_s: f64, to_s: f64, error: ReviewError) -> Problem {
        let ends = [from_s, to_s].map(|s| (s * 1e6) as i64);
        let of = bed.to_string();
        let watched = self.read_log(move |log| {
            // A stretch is some minutes long and logged by its beginning.
            let stretches = log.stretches(ends[0].saturating_sub(3_600_000_000), ends[1])?;
            let mut watched: Option<[i64; 2]> = None;
            for stretch in stretches.iter().filter(|stretch| stretch.bed == of) {
                let exposure = &stretch.exposure;
                let from = (exposure.from_wall_s * 1e6) as i64;
                let until = from + (exposure.to_second - exposure.from_second) as i64 * 1_000_000;
                let lost = exposure.gap_s == exposure.to_second - exposure.from_second;
                if from < ends[1] && until > ends[0] && !lost {
                    watched = Some(watched.map_or([from, until], |[a, b]| [a.min(from), b.max(until)]));
                }
            }
            Ok(watched)
        });
        let Ok(axum::Json(Some([first, last]))) = watched.await else { return error.into() };
        let (folder, of) = (self.shared.record_folder.clone(), bed.to_string());
        let files = super::api::blocking(move || files_of(&folder, &of).unwrap_or_default()).await;
        let files = files.unwrap_or_default();
        let at = |path: Option<&std::path::PathBuf>| {
            path.and_then(|path| start_of(path)).map(|s| wall_text((s * 1e6) as i64))
        };
        let left = match (at(files.first()), at(files.last())) {
            (Some(first), Some(last)) => {
                format!("what is left of the bed's record begins at {first}, its last file at {last}")
            }
            _ => "nothing is left of the bed's record".into(),
        };
        let keep_days = self.config.borrow().record.keep_days;
        let words = format!(
            "bed {bed} was watched from {} to {}, but its recording of that time is gone: files are kept for {keep_days} days \
             (record.keep_days), fewer where the disk runs full, or somebody has moved them; {left}. Put the file back \
             from a backup to see it; alarms can be judged and reviews stand without it",
            wall_text(first),
            wall_text(last)
        );
        Problem::new(StatusCode::GONE, words)
            .with("watched", json!({ "from": wall_text(first), "until": wall_text(last) }))
            .with("recorded", json!({ "first": at(files.first()), "last": at(files.last()) }))
    }
}

//! What reviewers do: judge alarms, mark missed seizures, read a second time.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::alarms::Period;
use super::api::{Api, Done};
use super::caller::Caller;
use super::input::{Asked, Named, Told};
use super::problem::Problem;
use crate::alarm::entry::{Entry, Judgement};
use crate::alarm::log::{Held, Mark};
use crate::alarm::request::{Lying, MissedRequest, ReviewRequest, WithdrawRequest};
use crate::alarm::{AlarmLog, LogError};
use crate::ward::alarms::ActError;

/// What everyone may read.
pub fn reading() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(marks))
}

/// What reviewers may do.
pub fn judging() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(review)).routes(routes!(missed)).routes(routes!(withdraw))
}

/// A judgement of an alarm.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Judging {
    /// Who, where nobody is signed in.
    pub by: Option<String>,
    /// What it was.
    pub judgement: Judgement,
    /// What the reviewer says.
    #[serde(default)]
    pub note: String,
    /// Corrected beginning, RFC 3339.
    pub onset: Option<String>,
    /// Corrected end, RFC 3339.
    pub offset: Option<String>,
    /// The seizure's type in the words of the ILAE.
    pub seizure_type: Option<String>,
    /// Number of the review that the reviewer has seen; absent where there was none.
    pub after: Option<i64>,
}

impl Judging {
    /// The judgement as somebody's.
    pub(super) fn by(self, who: String) -> ReviewRequest {
        let Judging { by: _, judgement, note, onset, offset, seizure_type, after } = self;
        ReviewRequest { by: who, judgement, note, onset, offset, seizure_type, after }
    }
}

/// Judges an alarm. Where another has judged it meanwhile, nothing is changed, and the answer (409) holds their review
/// as `current`.
#[utoipa::path(post, path = "/alarms/{alarm}/review", tag = "reviews", params(("alarm" = String, Path)),
    request_body = Judging, responses((status = 200, body = Done)))]
async fn review(
    State(api): State<Api>,
    caller: Caller,
    Named(alarm): Named<String>,
    Told(judging): Told<Judging>,
) -> Result<Json<Done>, Problem> {
    let who = caller.named(judging.by.as_deref())?;
    let request = judging.by(who);
    let entry = request.entry(&alarm, &api.shared.desk.now())?;
    api.judge(alarm, entry, request.after, |held| held.review).await
}

impl Api {
    /// Enters a judgement of an alarm. Where another was entered since the one it comes after, the refusal holds what
    /// stands now as `current`.
    pub(super) async fn judge<T: Serialize + Send + 'static>(
        &self,
        alarm: String,
        entry: Entry,
        after: Option<i64>,
        standing: fn(Held) -> Option<T>,
    ) -> Result<Json<Done>, Problem> {
        match self.try_act(entry, after).await {
            Err(ActError::Refused(
                error @ (LogError::ReviewedMeanwhile { .. } | LogError::ReadMeanwhile { .. }),
            )) => {
                let read = move |log: &AlarmLog| Ok(Held::fold(&log.history(&alarm)?).and_then(standing));
                let Json(current) = self.read_log(read).await?;
                Err(Problem::from(error).with("current", serde_json::to_value(&current).unwrap_or_default()))
            }
            done => Ok(done?),
        }
    }
}

/// Missed seizures that reviewers have marked.
#[utoipa::path(get, path = "/missed", tag = "reviews", params(Period), responses((status = 200, body = [Mark])))]
async fn marks(State(api): State<Api>, Asked(period): Asked<Period>) -> Result<Json<Vec<Mark>>, Problem> {
    api.read_log(move |log| {
        let (from, until) = period.ends()?;
        log.marks(from, until)
    })
    .await
}

/// A seizure that no alarm told of.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Missing {
    /// Who, where nobody is signed in.
    by: Option<String>,
    /// The bed.
    bed: String,
    /// Its beginning, RFC 3339.
    onset: String,
    /// Its end, RFC 3339.
    offset: String,
    /// What the reviewer says.
    #[serde(default)]
    note: String,
}

/// Marks a missed seizure.
#[utoipa::path(post, path = "/missed", tag = "reviews", request_body = Missing, responses((status = 200, body = Done)))]
async fn missed(
    State(api): State<Api>,
    caller: Caller,
    Told(missing): Told<Missing>,
) -> Result<Json<Done>, Problem> {
    let by = caller.named(missing.by.as_deref())?;
    let Missing { by: _, bed, onset, offset, note } = missing;
    let live = api.shared.board.get(&bed).map(|status| Lying {
        patient: status.patient,
        cnn: status.cnn,
        autoencoder: status.autoencoder,
    });
    let request = MissedRequest { by, bed, onset, offset, note };
    let now = api.shared.desk.now();
    let entry = api.read_log(move |log| request.entry(log, &now, live.as_ref())).await?.0;
    api.act(entry, None).await
}

/// A mark that was a mistake.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Withdrawing {
    /// Who, where nobody is signed in.
    by: Option<String>,
    /// The mark.
    mark: String,
    /// Why.
    #[serde(default)]
    note: String,
}

/// Withdraws a mark of a missed seizure.
#[utoipa::path(post, path = "/missed/withdraw", tag = "reviews", request_body = Withdrawing,
    responses((status = 200, body = Done)))]
async fn withdraw(
    State(api): State<Api>,
    caller: Caller,
    Told(withdrawing): Told<Withdrawing>,
) -> Result<Json<Done>, Problem> {
    let by = caller.named(withdrawing.by.as_deref())?;
    let request = WithdrawRequest { by, mark: withdrawing.mark, note: withdrawing.note };
    let now = api.shared.desk.now();
    let entry = api.read_log(move |log| request.entry(log, &now)).await?.0;
    api.act(entry, None).await
}

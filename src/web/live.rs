//! What pages are told while it happens: beds each second, alarms as soon as the log has them, and a beat by which a
//! page knows that it is told anything at all.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Extension;
use axum::extract::State;
use axum::response::sse::{Event, Sse};
use futures_util::Stream;
use futures_util::stream::unfold;
use serde::Serialize;
use serde_json::json;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::broadcast::{Receiver, Sender, channel};
use tokio::sync::watch;
use tokio::time::MissedTickBehavior;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::api::Api;
use super::caller::nobody;
use super::problem::Problem;
use crate::access::Seen;
use crate::alarm::log::{AlarmRecord, Held, log_path};
use crate::alarm::state::Phase;
use crate::alarm::{AlarmLog, LogError};
use crate::ward::alarms::Desk;
use crate::ward::shared::Shared;
use crate::ward::status::BedStatus;
use crate::ward::strip::Strip;

/// Messages that may wait for a page; one that is further behind reads everything anew.
const WAITING: usize = 2048;

/// How often beds are told of.
const EVERY: Duration = Duration::from_secs(1);

/// How often the log is looked at though nobody has said that it changed: another process may write to it.
const LOOKED_EVERY: Duration = Duration::from_millis(500);

/// How long the log is waited for before the first page may listen.
const FIRST_LOOK: Duration = Duration::from_secs(5);

/// One message, written once for all pages.
struct Message {
    event: &'static str,
    data: String,
}

/// The way to the pages.
#[derive(Clone)]
pub struct Live {
    pages: Sender<Arc<Message>>,
}

/// A bed as a page is told of it.
#[derive(Serialize)]
struct BedTold<'a> {
    status: &'a BedStatus,
    /// Seconds since its last sample came.
    age_s: Option<f64>,
    strip: Option<&'a Strip>,
}

impl Live {
    /// Starts to tell; it ends with the runtime. What the log gets from the moment in which this returns is told to
    /// every page that listens by then.
    pub async fn start(shared: Arc<Shared>) -> Live {
        let live = Live { pages: channel(WAITING).0 };
        let written = shared.desk.written();
        // A disk that hangs keeps no page from seeing its beds.
        let first = tokio::time::timeout(FIRST_LOOK, look(&shared, None, BTreeSet::new())).await;
        let (told, hushed) =
            first.ok().flatten().map_or((None, BTreeSet::new()), |news| (Some(news.told), news.hushed));
        tokio::spawn(tell_of_beds(live.clone(), shared.clone()));
        tokio::spawn(tell_of_alarms(live.clone(), shared, written, told, hushed));
        live
    }

    fn tell<T: Serialize>(&self, event: &'static str, content: &T) {
        if let Ok(data) = serde_json::to_string(content) {
            // Nobody listens: nothing is lost, a page reads everything when it comes.
            let _ = self.pages.send(Arc::new(Message { event, data }));
        }
    }
}

async fn tell_of_beds(live: Live, shared: Arc<Shared>) {
    let mut ticks = tokio::time::interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut told: BTreeMap<String, Option<u64>> = BTreeMap::new();
    loop {
        ticks.tick().await;
        if live.pages.receiver_count() == 0 {
            continue;
        }
        let beds = shared.board.all();
        for bed in told.keys().filter(|bed| !beds.iter().any(|there| there.bed == **bed)) {
            live.tell("gone", &json!({ "bed": bed }));
        }
        told.retain(|bed, _| beds.iter().any(|there| there.bed == *bed));
        for mut bed in beds {
            bed.maintenance = shared.desk.maintained_by(&bed.bed);
            let age_s = bed.fed.map(|at| at.elapsed().as_secs_f64());
            let last = told.entry(bed.bed.clone()).or_default();
            // Each second once: two may have come since the last beat, or none.
            let new: Vec<Arc<Strip>> = bed
                .strips
                .iter()
                .filter(|strip| *last != Some(strip.second) && newer(strip, *last))
                .cloned()
                .collect();
            *last = bed.strips.back().map(|strip| strip.second).or(*last);
            let message = |strip| BedTold { status: &bed, age_s, strip };
            match new.as_slice() {
                [] => live.tell("bed", &message(None)),
                strips => strips.iter().for_each(|strip| live.tell("bed", &message(Some(strip)))),
            }
        }
        live.tell("beat", &json!({ "time_s": shared.unix_now() }));
    }
}

/// A time line that began anew counts from 0 again: a strip far behind the last one is new as well.
fn newer(strip: &Strip, last: Option<u64>) -> bool {
    last.is_none_or(|last| strip.second > last || strip.second + 60 < last)
}

/// Up to where pages were told: the number of an entry, and the file that it is one of.
#[derive(Clone, Copy, PartialEq)]
struct Told {
    seq: i64,
    file: u64,
}

/// What the log has new.
struct News {
    told: Told,
    /// Another log lies there now: what was told before is no beginning for what is new.
    other_log: bool,
    alarms: Vec<AlarmRecord>,
    changed: Vec<&'static str>,
    /// Alarms whose sound is off for a while.
    hushed: BTreeSet<String>,
}

impl News {
    /// What is new after an entry. That a pause runs out is written nowhere: alarms that were `hushed` are looked at again.
    fn of(path: &Path, after: Option<Told>, hushed: BTreeSet<String>, desk: &Desk) -> Result<News, LogError> {
        // Looked at before it is opened: one that is exchanged in between is noticed the next time.
        let file = std::fs::metadata(path).map_or(0, |metadata| metadata.ino());
        let log = AlarmLog::open_existing(path)?;
        let last = log.last_seq()?;
        // A log that was restored counts from lower numbers on: after the old one, nothing would ever be new.
        let Some(after) = after.filter(|after| after.file == file && after.seq <= last) else {
            let (open, now) = (log.open_alarms()?, desk.now());
            let hushed = open.iter().map(|held| held.record(&now)).filter(is_hushed).map(|alarm| alarm.alarm);
            return Ok(News {
                told: Told { seq: last, file },
                other_log: after.is_some(),
                alarms: Vec::new(),
                changed: Vec::new(),
                hushed: hushed.collect(),
            });
        };
        let touched = log.touched_since(after.seq)?;
        let mut waiting = Vec::new();
        for alarm in hushed.into_iter().filter(|id| !touched.alarms.iter().any(|held| held.alarm == *id)) {
            waiting.extend(Held::fold(&log.history(&alarm)?));
        }
        // Taken after what was read: a pause that has just begun would lie ahead of a time taken before.
        let now = desk.now();
        let mut alarms: Vec<_> = touched.alarms.iter().map(|held| held.record(&now)).collect();
        let (still, again): (Vec<_>, Vec<_>) =
            waiting.iter().map(|held| held.record(&now)).partition(is_hushed);
        alarms.extend(again);
        let hushed = alarms.iter().filter(|alarm| is_hushed(alarm)).chain(&still);
        let hushed = hushed.map(|alarm| alarm.alarm.clone()).collect();
        let told = Told { seq: touched.seq, file };
        Ok(News { told, other_log: false, alarms, changed: touched.changed(), hushed })
    }
}

/// Whether an alarm is silent now and will be heard again though nobody does anything.
fn is_hushed(alarm: &AlarmRecord) -> bool {
    matches!(alarm.phase, Phase::AudioPaused | Phase::Latched) && !alarm.sounds
}

/// Looks at the log, on a thread that may wait for it; `None` where it cannot be read.
async fn look(shared: &Shared, told: Option<Told>, hushed: BTreeSet<String>) -> Option<News> {
    let (path, desk) = (log_path(&shared.state), shared.desk.clone());
    match tokio::task::spawn_blocking(move || News::of(&path, told, hushed, &desk)).await {
        Ok(Ok(news)) => Some(news),
        // That the log is down is a technical alarm of its own; beds are told of in any case.
        Ok(Err(error)) => {
            tracing::debug!(%error, "the log cannot be read for the pages");
            None
        }
        Err(error) => {
            tracing::error!(%error, "telling the pages of alarms failed");
            None
        }
    }
}

async fn tell_of_alarms(
    live: Live,
    shared: Arc<Shared>,
    mut written: watch::Receiver<u64>,
    mut told: Option<Told>,
    mut hushed: BTreeSet<String>,
) {
    loop {
        // As soon as the desk has written; and from time to time in any case.
        let _ = tokio::time::timeout(LOOKED_EVERY, written.changed()).await;
        written.mark_unchanged();
        let began = Instant::now();
        if let Some(news) = look(&shared, told, hushed.clone()).await {
            (told, hushed) = (Some(news.told), news.hushed);
            if news.other_log {
                live.tell("resync", &json!({}));
            }
            news.alarms.iter().for_each(|alarm| live.tell("alarm", alarm));
            news.changed.iter().for_each(|what| live.tell("changed", &json!({ "what": what })));
        }
        // Many entries in a moment are told of together.
        tokio::time::sleep(Duration::from_millis(20).max(began.elapsed())).await;
    }
}

/// For whoever may watch.
pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(events))
}

/// Server-sent events: `hello`, `beat` each second, `bed` each second for each bed, `gone`, `alarm` as it changes,
/// `changed` where lists and rates must be asked for anew, `resync` where everything must: messages were lost, or another
/// log of alarms was put in place.
#[utoipa::path(get, path = "/events", tag = "live",
    responses((status = 200, description = "server-sent events", content_type = "text/event-stream", body = String)))]
async fn events(
    State(api): State<Api>,
    seen: Option<Extension<Seen>>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    let hello = json!({ "version": env!("CARGO_PKG_VERSION"), "time_s": api.shared.unix_now() });
    let hello = Event::default().event("hello").data(hello.to_string());
    let session = match (&api.gate.door, seen) {
        // It may have ended since it was found.
        (Some(door), Some(Extension(seen))) => Some(door.watch(&seen.key).ok_or_else(nobody)?),
        _ => None,
    };
    let listening = Listening { hello: Some(hello), pages: api.live.pages.subscribe(), session };
    Ok(Sse::new(unfold(listening, |mut listening| async move {
        let event = listening.next().await?;
        Some((Ok(event), listening))
    })))
}

/// A page that listens.
struct Listening {
    hello: Option<Event>,
    pages: Receiver<Arc<Message>>,
    /// Ends with the session; `None` where there is none that could end.
    session: Option<watch::Receiver<()>>,
}

impl Listening {
    /// The next event; `None` where nobody may listen any more.
    async fn next(&mut self) -> Option<Event> {
        if let Some(hello) = self.hello.take() {
            return Some(hello);
        }
        let Some(session) = &mut self.session else { return next(&mut self.pages).await };
        tokio::select! {
            biased;
            // Nothing is ever sent: it changes when its sender is gone.
            _ = session.changed() => None,
            event = next(&mut self.pages) => event,
        }
    }
}

async fn next(pages: &mut Receiver<Arc<Message>>) -> Option<Event> {
    match pages.recv().await {
        Ok(message) => Some(Event::default().event(message.event).data(&message.data)),
        Err(RecvError::Lagged(_)) => Some(Event::default().event("resync").data("{}")),
        Err(RecvError::Closed) => None,
    }
}

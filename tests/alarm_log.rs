//! The log of alarms is never changed, survives copies, older versions, damage and other processes, and says what is
//! wrong in words.

use std::path::Path;
use std::sync::Barrier;
use std::time::{Duration, Instant};

use rusqlite::Connection;
use vigil::alarm::entry::{DAEMON, Entry, Judgement, Review, What, seizure_id, technical_id};
use vigil::alarm::log::{Appended, log_path, restore, schema};
use vigil::alarm::message::{Route, Routing};
use vigil::alarm::moment::Moment;
use vigil::alarm::spare::Spare;
use vigil::alarm::state::AlarmKind;
use vigil::alarm::{AlarmLog, LogError, Priority, TechnicalKind};

fn at(second: i64) -> Moment {
    Moment {
        wall_us: 1_700_000_000_000_000 + second * 1_000_000,
        mono_us: second * 1_000_000,
        boot: "one".into(),
    }
}

fn seizure(second: u64) -> Entry {
    let what = What::Seizure {
        timeline: 7,
        onset_second: second,
        raised_second: second,
        onset_us: at(second as i64).wall_us,
        excluded: None,
    };
    Entry::of_alarm(&seizure_id("emu-01", 7, second), &at(second as i64), DAEMON, what).on("emu-01", "chb03")
}

fn reviewed(second: u64, by: &str, judgement: Judgement, when: i64) -> Entry {
    let review =
        Review { judgement, note: String::new(), onset_us: None, offset_us: None, seizure_type: None };
    Entry::of_alarm(&seizure_id("emu-01", 7, second), &at(when), by, What::Reviewed(review))
}

fn routing() -> Routing {
    let route = |channel: &str, after_s| Route {
        channel: channel.into(),
        kinds: vec![AlarmKind::Seizure],
        least: Priority::High,
        beds: Vec::new(),
        after_s,
    };
    Routing { routes: vec![route("desk", None), route("pager", Some(60))] }
}

#[test]
fn what_is_written_can_be_neither_changed_nor_deleted() {
    let folder = tempfile::tempdir().unwrap();
    let path = log_path(folder.path());
    AlarmLog::open(&path).unwrap().append(&seizure(3)).unwrap();
    let raw = Connection::open(&path).unwrap();
    for (statement, words) in
        [("UPDATE entry SET who = 'nobody'", "never changed"), ("DELETE FROM entry", "never shortened")]
    {
        let error = raw.execute(statement, []).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    }
    let sync: i64 = raw.query_row("PRAGMA synchronous", [], |row| row.get(0)).unwrap();
    let mode: String = raw.query_row("PRAGMA journal_mode", [], |row| row.get(0)).unwrap();
    assert_eq!((sync, mode.as_str()), (2, "wal"));
}

#[test]
fn what_another_program_has_taken_out_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let path = log_path(folder.path());
    let mut log = AlarmLog::open(&path).unwrap();
    for second in [3, 4, 5] {
        log.append(&seizure(second)).unwrap();
    }
    log.check().unwrap();
    let raw = Connection::open(&path).unwrap();
    let guard: String = raw
        .query_row("SELECT sql FROM sqlite_schema WHERE name = 'entry_is_kept'", [], |row| row.get(0))
        .unwrap();
    raw.execute_batch("DROP TRIGGER entry_is_kept").unwrap();
    let found = log.check().unwrap_err().to_string();
    assert!(found.contains("entry_is_kept is gone: entries can have been deleted"), "{found}");
    // Also with the guard put back, and of the last entry as well.
    for (seq, words) in [(3, "1 of 3 entries are missing, the first after number 2"), (1, "after number 0")] {
        raw.execute_batch("DROP TRIGGER IF EXISTS entry_is_kept").unwrap();
        raw.execute("DELETE FROM entry WHERE seq = ?1", [seq]).unwrap();
        raw.execute_batch(&guard).unwrap();
        let found = log.check().unwrap_err().to_string();
        assert!(found.contains(words), "{found}");
    }
}

#[test]
fn a_copy_that_is_taken_back_leaves_no_number_out() {
    let folder = tempfile::tempdir().unwrap();
    let path = log_path(folder.path());
    let mut log = AlarmLog::open(&path).unwrap();
    log.append(&seizure(3)).unwrap();
    log.append(&seizure(4)).unwrap();
    let copy = folder.path().join("copy.sqlite");
    log.back_up(&copy).unwrap();
    restore(&path, &copy).unwrap();
    log.append(&seizure(5)).unwrap();
    log.check().unwrap();
    assert_eq!(log.last_seq().unwrap(), 3);
}

#[test]
fn an_alarm_and_its_messages_are_written_together_and_once() {
    let folder = tempfile::tempdir().unwrap();
    let mut log = AlarmLog::open(&log_path(folder.path())).unwrap().with_routing(routing());
    let Appended::New(outgoing) = log.append(&seizure(3)).unwrap() else { panic!("known") };
    assert_eq!(outgoing.len(), 2);
    assert_eq!(log.append(&seizure(3)).unwrap(), Appended::Known);
    assert_eq!(log.waiting().unwrap(), outgoing);
    // Taken by one, withdrawn for the other, since somebody took note.
    log.delivered(&outgoing[0], 1, &at(4)).unwrap();
    let id = seizure_id("emu-01", 7, 3);
    log.append(&Entry::of_alarm(&id, &at(5), "Ada", What::Acknowledged)).unwrap();
    assert!(!log.escalate(&outgoing[1], &at(63)).unwrap());
    let waiting = log.waiting().unwrap();
    // The acknowledgement itself is told to the first.
    assert_eq!(waiting.iter().map(|one| one.channel.as_str()).collect::<Vec<_>>(), ["desk"]);
    assert!(waiting[0].entry.contains("/acknowledged/"));
    let history = log.history(&id).unwrap();
    let names: Vec<&str> = history.iter().map(|logged| logged.entry.what.name()).collect();
    assert_eq!(names, ["seizure", "delivered", "acknowledged"]);
}

#[test]
fn what_becomes_of_an_alarm_is_told_to_those_who_were_told_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let route = |channel: &str, least| Route {
        channel: channel.into(),
        kinds: vec![AlarmKind::Technical],
        least,
        beds: Vec::new(),
        after_s: None,
    };
    let routing = Routing { routes: vec![route("high", Priority::High), route("all", Priority::Low)] };
    let mut log = AlarmLog::open(&log_path(folder.path())).unwrap().with_routing(routing);
    let kind = TechnicalKind::ElectrodeFlat;
    let alarm = technical_id("emu-01", kind, &at(1));
    let raised = What::Technical { kind, priority: kind.priority(), detail: "flat: T7".into() };
    let ended = What::Ended { end_second: None, detail: String::new() };
    for entry in [
        Entry::of_alarm(&alarm, &at(1), DAEMON, raised).on("emu-01", "chb03"),
        Entry::of_alarm(&alarm, &at(2), "Ada", What::Acknowledged),
        Entry::of_alarm(&alarm, &at(9), DAEMON, ended),
    ] {
        let Appended::New(outgoing) = log.append(&entry).unwrap() else { panic!("known") };
        let channels: Vec<&str> = outgoing.iter().map(|one| one.channel.as_str()).collect();
        assert_eq!(channels, ["all"], "{}", entry.key);
    }
}

#[test]
fn nobodys_review_is_overwritten_unseen() {
    let folder = tempfile::tempdir().unwrap();
    let mut log = AlarmLog::open(&log_path(folder.path())).unwrap();
    log.append(&seizure(3)).unwrap();
    log.review(&reviewed(3, "Ada", Judgement::Seizure, 10), None).unwrap();
    let error = log.review(&reviewed(3, "Grace", Judgement::FalseAlarm, 11), None).unwrap_err();
    assert!(matches!(&error, LogError::ReviewedMeanwhile { by, .. } if by == "Ada"), "{error}");
    let seen = log.alarms(i64::MIN, i64::MAX).unwrap()[0].review.clone().unwrap();
    log.review(&reviewed(3, "Grace", Judgement::FalseAlarm, 12), Some(seen.seq)).unwrap();
    let now = log.alarms(i64::MIN, i64::MAX).unwrap()[0].review.clone().unwrap();
    assert_eq!((now.by.as_str(), now.review.judgement), ("Grace", Judgement::FalseAlarm));
    // Both stand in the log.
    assert_eq!(log.entries().unwrap().len(), 3);
}

#[test]
fn a_log_of_the_first_version_is_brought_up_to_date_with_everything_in_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = log_path(folder.path());
    let mut raw = Connection::open(&path).unwrap();
    schema::migrate(&mut raw, 1).unwrap();
    assert_eq!(schema::version(&raw).unwrap(), 1);
    let body = serde_json::to_string(&seizure(3).what).unwrap();
    raw.execute(
        "INSERT INTO entry (key, wall_us, mono_us, boot, what, alarm, bed, patient, detector, who, body)
         VALUES ('s-emu-01-7-3/raised', 5, 5, 'one', 'seizure', 's-emu-01-7-3', 'emu-01', 'chb03', '', 'vigil', ?1)",
        [body],
    )
    .unwrap();
    drop(raw);
    let mut log = AlarmLog::open(&path).unwrap().with_routing(routing());
    assert_eq!(log.alarms(i64::MIN, i64::MAX).unwrap().len(), 1);
    assert!(matches!(log.append(&seizure(4)).unwrap(), Appended::New(outgoing) if outgoing.len() == 2));
    assert_eq!(schema::version(&Connection::open(&path).unwrap()).unwrap(), schema::VERSION);
}

#[test]
fn a_newer_log_another_database_and_a_damaged_one_are_refused_in_words_and_left_as_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let refused = |path: &Path, words: &str| {
        let before = std::fs::read(path).unwrap();
        let error = AlarmLog::open(path).err().unwrap_or_else(|| panic!("opened {}", path.display()));
        assert!(error.to_string().contains(words), "{error}");
        assert_eq!(std::fs::read(path).unwrap(), before);
    };
    let newer = folder.path().join("newer.sqlite");
    drop(AlarmLog::open(&newer).unwrap());
    Connection::open(&newer).unwrap().pragma_update(None, "user_version", 99).unwrap();
    refused(&newer, "has version 99, this program knows");
    let other = folder.path().join("other.sqlite");
    Connection::open(&other).unwrap().execute_batch("CREATE TABLE shopping (item TEXT)").unwrap();
    refused(&other, "a database of something else");
    let text = folder.path().join("text.sqlite");
    std::fs::write(&text, "this is a letter, not a log, and it is long enough to be one".repeat(20)).unwrap();
    refused(&text, "restore a backup with `vigil alarms restore`");
}

#[test]
fn a_copy_is_made_and_taken_back_while_the_log_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let (path, copy) = (log_path(folder.path()), folder.path().join("copy.sqlite"));
    let mut log = AlarmLog::open(&path).unwrap();
    let writer = std::thread::spawn({
        let path = path.clone();
        move || {
            let mut log = AlarmLog::open(&path).unwrap();
            for second in 0..300 {
                while let Err(error) = log.append(&seizure(second)) {
                    assert!(matches!(error, LogError::Locked { .. }), "{error}");
                }
            }
        }
    });
    while log.entries().unwrap().len() < 50 {
        std::thread::yield_now();
    }
    log.back_up(&copy).unwrap();
    // The other writer may hold the log for longer than an append waits.
    while let Err(error) = log.append(&seizure(1_000)) {
        assert!(matches!(error, LogError::Locked { .. }), "{error}");
    }
    let copied = AlarmLog::open_existing(&copy).unwrap().entries().unwrap().len();
    assert!((50..=301).contains(&copied), "{copied}");
    // Back into the living log: nothing is added, nothing is lost.
    writer.join().unwrap();
    let merged = restore(&path, &copy).unwrap();
    assert_eq!((merged.added, merged.known as usize, merged.set_aside), (0, copied, None));
    assert_eq!(log.entries().unwrap().len(), 301);
}

#[test]
fn a_damaged_log_is_set_aside_and_the_copy_takes_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let (path, copy) = (log_path(folder.path()), folder.path().join("copy.sqlite"));
    let mut log = AlarmLog::open(&path).unwrap();
    (0..40).for_each(|second| drop(log.append(&seizure(second)).unwrap()));
    log.back_up(&copy).unwrap();
    drop(log);
    let damaged = vec![0x5a; 4096];
    std::fs::write(&path, &damaged).unwrap();
    let merged = restore(&path, &copy).unwrap();
    assert_eq!(merged.added, 40);
    assert_eq!(std::fs::read(merged.set_aside.unwrap()).unwrap(), damaged);
    assert_eq!(AlarmLog::open(&path).unwrap().alarms(i64::MIN, i64::MAX).unwrap().len(), 40);
    // A copy that is damaged itself changes nothing.
    std::fs::write(&copy, "nothing").unwrap();
    assert!(matches!(restore(&path, &copy), Err(LogError::Damaged { .. })));
    assert_eq!(AlarmLog::open(&path).unwrap().entries().unwrap().len(), 40);
}

#[test]
fn a_log_that_another_process_holds_is_told_as_locked_and_soon() {
    let folder = tempfile::tempdir().unwrap();
    let path = log_path(folder.path());
    let mut log = AlarmLog::open(&path).unwrap();
    let holder = Connection::open(&path).unwrap();
    holder.execute_batch("BEGIN IMMEDIATE").unwrap();
    assert!(matches!(log.append(&seizure(1)), Err(LogError::Locked { .. })));
    // It can be read all the while.
    assert!(AlarmLog::open_existing(&path).unwrap().entries().unwrap().is_empty());
    holder.execute_batch("ROLLBACK").unwrap();
    assert!(matches!(log.append(&seizure(1)).unwrap(), Appended::New(_)));
}

#[test]
fn of_two_that_begin_a_log_at_one_moment_neither_is_refused_before_it_has_waited() {
    let folder = tempfile::tempdir().unwrap();
    for round in 0..100 {
        let path = log_path(&folder.path().join(round.to_string()));
        let together = Barrier::new(2);
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    together.wait();
                    let began = Instant::now();
                    match AlarmLog::open(&path) {
                        Ok(log) => assert!(log.entries().unwrap().is_empty()),
                        // A disk that takes that long is no fault of the log's.
                        Err(LogError::Locked { .. }) => {
                            assert!(began.elapsed() >= Duration::from_millis(250), "refused at once");
                        }
                        Err(error) => panic!("{error}"),
                    }
                });
            }
        });
    }
}

#[test]
fn what_waits_beside_the_log_survives_a_line_that_was_cut_short() {
    let folder = tempfile::tempdir().unwrap();
    let spare = Spare::of(&log_path(folder.path()));
    spare.append(&seizure(1)).unwrap();
    spare.append(&seizure(2)).unwrap();
    let bytes = std::fs::read(spare.path()).unwrap();
    std::fs::write(spare.path(), &bytes[..bytes.len() - 20]).unwrap();
    spare.append(&seizure(3)).unwrap();
    let (entries, damaged) = spare.entries().unwrap();
    assert_eq!((entries, damaged), (vec![seizure(1), seizure(3)], 1));
    spare.done(damaged).unwrap();
    assert!(!spare.path().exists());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "the damaged line is kept");
}

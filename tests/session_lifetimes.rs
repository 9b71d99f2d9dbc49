//! A session ends when it was not used for long, and in any case in the end; guessing at passwords becomes slow, and locks
//! nobody out for long.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use vigil::access::{Account, Attempts, Lifetimes, Role, Sessions};

const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(86_400);

fn sessions() -> Sessions {
    Sessions::new(Lifetimes { idle: 12 * HOUR, longest: DAY, display: 30 * DAY })
}

fn account(role: Role) -> Account {
    let (name, password) = ("nora".to_string(), "$argon2id$".to_string());
    Account { name, role, password, disabled: false, created: String::new() }
}

/// For how long a session lives that is used so often; at most for 100 days.
fn lasts(role: Role, used_every: Duration, listening: bool) -> Duration {
    let sessions = sessions();
    let began = Instant::now();
    let (secret, seen) = sessions.begin(&account(role), began).unwrap();
    let listens = listening.then(|| sessions.watch(&seen.key).unwrap());
    let mut passed = Duration::ZERO;
    while passed < 100 * DAY {
        let next = passed + used_every;
        // In between, the sessions are looked after.
        while passed + HOUR / 4 < next {
            passed += HOUR / 4;
            sessions.sweep(began + passed);
        }
        passed = next;
        let found = if listening {
            sessions.watch(&seen.key).is_some()
        } else {
            sessions.find(&secret, began + passed).is_some()
        };
        if !found {
            if let Some(listens) = listens {
                assert!(listens.has_changed().is_err(), "who listens learns of the end");
            }
            return passed;
        }
    }
    passed
}

#[test]
fn one_that_is_not_used_ends_and_an_administrators_first() {
    assert_eq!(lasts(Role::Nurse, 13 * HOUR, false), 13 * HOUR);
    assert_eq!(lasts(Role::Administrator, 2 * HOUR, false), 2 * HOUR);
    assert!(lasts(Role::Nurse, 11 * HOUR, false) > 22 * HOUR);
    assert!(lasts(Role::Administrator, HOUR / 2, false) > 23 * HOUR);
}

#[test]
fn one_that_is_used_all_the_time_ends_all_the_same() {
    for role in [Role::Nurse, Role::Reviewer, Role::Administrator] {
        let lasted = lasts(role, HOUR / 2, false);
        assert!(lasted > 23 * HOUR && lasted < 25 * HOUR, "{role:?}: {lasted:?}");
    }
}

#[test]
fn a_display_on_the_wall_that_only_listens_stays_for_thirty_days_and_a_nurses_page_for_one() {
    let lasted = lasts(Role::Viewer, HOUR, true);
    assert!(lasted > 29 * DAY && lasted < 31 * DAY, "{lasted:?}");
    let lasted = lasts(Role::Nurse, HOUR, true);
    assert!(lasted > 23 * HOUR && lasted <= 25 * HOUR, "{lasted:?}");
    // Who judges or administers and only listens has left the desk.
    assert_eq!(lasts(Role::Reviewer, HOUR, true), 13 * HOUR);
    assert_eq!(lasts(Role::Administrator, HOUR, true), 2 * HOUR);
    assert_eq!(lasts(Role::Viewer, 13 * HOUR, false), 13 * HOUR, "one that is gone is not used");
}

#[test]
fn one_account_has_so_many_sessions_and_no_more() {
    let sessions = sessions();
    let began = Instant::now();
    let mut secrets = Vec::new();
    for number in 0..40 {
        let now = began + Duration::from_secs(number);
        secrets.push(sessions.begin(&account(Role::Nurse), now).unwrap().0);
    }
    assert_eq!(sessions.count("nora"), 32);
    let now = began + Duration::from_secs(60);
    assert!(sessions.find(&secrets[0], now).is_none() && sessions.find(&secrets[39], now).is_some());
}

fn address(last: u32) -> IpAddr {
    IpAddr::from((0x0a00_0000 + last).to_be_bytes())
}

#[test]
fn waits_grow_to_five_minutes_and_no_further_and_are_forgotten() {
    let mut attempts = Attempts::default();
    let mut now = Instant::now();
    let mut longest = Duration::ZERO;
    for _ in 0..30 {
        if let Err(wait) = attempts.begin("nora", address(1), now) {
            assert!(wait >= longest, "{wait:?}");
            longest = wait;
            now += wait;
            attempts.begin("nora", address(1), now).expect("after the wait it may be tried again");
        }
    }
    assert_eq!(longest, Duration::from_secs(300));
    // Ever other addresses are no way around it.
    assert!(attempts.begin("nora", address(2), now).is_err());
    now += Duration::from_secs(901);
    for _ in 0..5 {
        attempts.begin("nora", address(3), now).unwrap();
    }
}

#[test]
fn a_place_from_which_somebody_signed_in_before_is_not_held_up_by_what_others_try() {
    let mut attempts = Attempts::default();
    let now = Instant::now();
    attempts.begin("nora", address(1), now).unwrap();
    attempts.succeeded("nora", address(1));
    while attempts.begin("nora", address(2), now).is_ok() {}
    attempts.begin("nora", address(1), now).expect("her own desk");
}

#[test]
fn an_address_that_tries_many_names_waits_too_and_costs_no_memory() {
    let mut attempts = Attempts::default();
    let now = Instant::now();
    let tried = (0..100).filter(|n| attempts.begin(&format!("n{n}"), address(1), now).is_ok()).count();
    assert_eq!(tried, 20);
    for n in 0..50_000 {
        let _ = attempts.begin(&format!("n{n}"), address(n), now);
    }
    assert!(attempts.remembered() <= 20_004, "{}", attempts.remembered());
    // Who hammers is remembered all the same.
    assert!(attempts.begin("another", address(1), now).is_err());
}

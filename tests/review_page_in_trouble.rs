//! What goes wrong before the review page is told, and nothing that a reviewer did is lost.

mod browser;
mod daemon;
mod small_disk;

use std::sync::{Mutex, PoisonError};

use daemon::Ward;
use small_disk::SmallDisk;

/// One browser at a time: six of them side by side would wait for each other.
static SEAT: Mutex<()> = Mutex::new(());

fn meets(ward: &Ward, what: &str, folder: Option<&str>) {
    let Some(python) = browser::python() else { return };
    let _alone = SEAT.lock().unwrap_or_else(PoisonError::into_inner);
    let daemon = ward.start();
    let pid = daemon.child.id().to_string();
    let mut arguments = vec![daemon.address.as_str(), pid.as_str(), what];
    arguments.extend(folder);
    browser::run(&python, "trouble.py", &arguments);
}

fn with_an_alarm() -> Ward {
    Ward::new(&browser::bed("emu-01", "40.0", 20.0))
}

#[test]
fn a_lost_connection_shows_itself_within_three_seconds_and_is_heard() {
    meets(&Ward::new(&browser::bed("emu-01", "", 1.0)), "a_lost_connection_shows_itself", None);
}

#[test]
fn a_browser_that_slept_for_an_hour_knows_it() {
    meets(&Ward::new(&browser::bed("emu-01", "", 1.0)), "a_browser_that_slept_for_an_hour_knows_it", None);
}

#[test]
fn of_two_reviewers_at_once_the_last_write_never_wins_silently() {
    meets(&with_an_alarm(), "two_reviewers_at_once_both_see_it", None);
}

#[test]
fn a_judgement_survives_a_disk_that_fills_during_a_review() {
    let ward = with_an_alarm();
    let Some(disk) = SmallDisk::mount_over(&ward.path("state"), 16) else { return };
    let folder = disk.path().to_string_lossy().into_owned();
    meets(&ward, "a_judgement_survives_a_full_disk", Some(&folder));
}

#[test]
fn a_recording_whose_file_is_gone_is_said_to_be_gone_and_its_alarm_can_be_judged() {
    let ward = with_an_alarm();
    let folder = ward.path("record").to_string_lossy().into_owned();
    meets(&ward, "a_recording_whose_file_is_gone_is_said_to_be_gone", Some(&folder));
}

#[test]
fn sound_that_the_browser_refuses_is_told_of_before_the_first_alarm_and_comes_with_a_touch() {
    meets(&Ward::new(&browser::bed("emu-01", "", 1.0)), "sound_that_the_browser_refuses_is_told_of", None);
}

/// Beds whose recordings end after their alarm: from then on nothing changes by itself.
fn ended(beds: u32) -> String {
    let bed = |bed: u32| {
        format!(
            "[[bed]]\nname = \"emu-0{bed}\"\npatient = \"chb03\"\nsource.synthetic = {{ speed = 20.0, \
             eeg = {{ seed = {bed}, duration_s = 160, seizure_onsets_s = [{}.0] }} }}\n",
            30 + bed * 5
        )
    };
    (1..=beds).map(bed).collect()
}

fn is_seen(beds: &str, what: &str) {
    let Some(python) = browser::python() else { return };
    let _alone = SEAT.lock().unwrap_or_else(PoisonError::into_inner);
    let ward = Ward::new(beds);
    let daemon = ward.start();
    browser::run(&python, "alarms_seen.py", &[&daemon.address, what]);
}

#[test]
fn the_latest_alarm_is_shown_though_older_ones_wait_and_the_beds_beyond_are_named() {
    is_seen(&ended(4), "the_latest_alarm_is_shown_though_older_ones_wait");
}

#[test]
fn a_key_and_a_click_never_fall_on_another_patients_alarm() {
    is_seen(&ended(2), "a_key_never_falls_on_an_alarm_that_came_first_just_now");
    is_seen(&ended(2), "rows_do_not_move_under_a_pointer");
}

#[test]
fn half_a_note_is_not_taken_for_keys_when_another_takes_note_of_the_alarm() {
    is_seen(&ended(2), "half_a_note_is_not_taken_for_keys");
}

#[test]
fn keys_fall_on_no_alarm_while_another_one_is_being_opened() {
    is_seen(&ended(2), "nothing_is_judged_before_it_is_open");
}

#[test]
fn a_technical_alarm_is_seen_above_every_view_and_taken_note_of() {
    let silent =
        "[[bed]]\nname = \"emu-09\"\npatient = \"new\"\nsource.lsl = { name = \"nobody-sends-this\" }\n";
    is_seen(silent, "a_technical_alarm_is_seen_and_taken_note_of");
}

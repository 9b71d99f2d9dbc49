//! What the table of channels beside a recording says against a channel counts, and is told.

mod recordings;

use std::path::Path;

use recordings::{REFERENTIAL, background, refusal, vigil, ward, write_recording};
use tempfile::TempDir;
use vigil::format::channels::{ChannelRow, parse_channels, rows_of};
use vigil::source::live::LiveSource;
use vigil::source::pace::Pace;
use vigil::source::replayed::{ReplayedConfig, ReplayedSource};
use vigil::source::{RecordingSource, Source};

fn write(folder: &Path, table: &str) {
    let labels: Vec<&str> = REFERENTIAL.iter().copied().chain(["ECG"]).collect();
    write_recording(&folder.join("sub-a_eeg.edf"), &labels, 256, 3, "2024-05-06T07:08:09", background);
    std::fs::write(folder.join("sub-a_channels.tsv"), table).expect("a table");
}

fn row(name: &str, kind: Option<&str>, bad: bool) -> ChannelRow {
    ChannelRow { name: name.into(), kind: kind.map(str::to_string), bad }
}

#[test]
fn a_table_is_read_by_the_names_of_its_columns() {
    let text = "\u{feff}status\tname\tunits\ttype\r\ngood\tFp1\tuV\tEEG\r\nbad\tF7\tuV\tEEG\r\n\r\nn/a\tE1\tuV\tEOG\r\n";
    let rows = parse_channels(text).expect("a table");
    let expected =
        [row("Fp1", Some("EEG"), false), row("F7", Some("EEG"), true), row("E1", Some("EOG"), false)];
    assert_eq!(rows, expected);
    let against: Vec<Option<String>> = rows.iter().map(ChannelRow::against_use).collect();
    assert_eq!(against, [None, Some("its status is bad".into()), Some("its type is EOG".into())]);
    assert_eq!(parse_channels("name\nFp1\n").expect("a table"), [row("Fp1", None, false)]);
    assert_eq!(row("Fp1", None, false).against_use(), None);
}

#[test]
fn a_channel_finds_its_row_by_its_label_or_another_spelling_of_it_and_twins_by_their_order() {
    let rows = [row("T8-P8", None, false), row("FP1-F7", None, true), row("T4-T6", None, true)];
    let found = rows_of(&["EEG Fp1-F7", "T8-P8", "ECG", "T8-P8-1"], &rows);
    assert_eq!(found, [Some(&rows[1]), Some(&rows[0]), None, Some(&rows[2])]);
}

#[test]
fn a_channel_that_the_table_calls_bad_or_no_scalp_eeg_counts_as_absent_and_is_told() {
    let folder = TempDir::new().expect("a folder");
    ward(folder.path());
    write(
        folder.path(),
        "name\ttype\tunits\tstatus\nEEG T3-REF\tEEG\tuV\tbad\nEEG Fz-REF\tSEEG\tuV\tgood\nECG\tECG\tuV\tbad\n",
    );
    let output = vigil(folder.path(), &["replay", "sub-a_eeg.edf", "--patient", "chb03"]);
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{message}");
    for told in [
        "channel 7 \"EEG T3-REF\" counts as absent: its status is bad in sub-a_channels.tsv",
        "channel 9 \"EEG Fz-REF\" counts as absent: its type is SEEG in sub-a_channels.tsv",
        "without F7-T7, T7-P7, Fz-Cz",
    ] {
        assert!(message.contains(told), "{message}\nshould tell\n{told}");
    }
    assert!(!message.contains("ECG"), "{message}");
}

#[test]
fn a_table_that_says_nothing_against_a_channel_changes_nothing() {
    let folder = TempDir::new().expect("a folder");
    write(
        folder.path(),
        "name\ttype\tstatus\nEEG T3-REF\teeg\tgood\nEEG F7-REF\tn/a\tn/a\nnobody\tEMG\tbad\n",
    );
    let source = RecordingSource::open(&folder.path().join("sub-a_eeg.edf")).expect("a recording");
    assert_eq!(source.layout().set_aside, vec![None; 20]);
}

#[test]
fn capitals_line_ends_and_what_an_electrode_is_against_hide_nothing() {
    let rows = parse_channels("Name\tStatus\rF7\tbad\rFp1-F7\tgood\r").expect("a table");
    assert_eq!(rows, [row("F7", None, true), row("Fp1-F7", None, false)]);
    assert_eq!(rows_of(&["EEG F3-REF", "EEG F7-REF"], &rows), [None, Some(&rows[0])]);
    assert_eq!(parse_channels("\n").expect("a table of nothing"), []);
}

#[test]
fn a_status_that_begins_with_the_word_bad_is_bad() {
    let statuses = ["bad", "Bad, flat", "BAD (60 Hz)", "good", "badly marked", "not bad", "n/a"];
    let table: String = statuses.map(|status| format!("Fp1\t{status}\n")).concat();
    let rows = parse_channels(&format!("name\tstatus\n{table}")).expect("a table");
    let bad: Vec<bool> = rows.iter().map(|row| row.bad).collect();
    assert_eq!(bad, [true, true, true, false, false, false, false]);
}

#[test]
fn a_channel_that_was_re_referenced_has_its_electrodes_only_row() {
    let rows = [row("EEG FP1-REF", None, true), row("F7-Ref", None, false), row("F7-LE", None, true)];
    let channels = ["EEG Fp1-Avg", "EEG F7-Avg", "Cz-Avg"];
    assert_eq!(rows_of(&channels, &rows), [Some(&rows[0]), None, None], "two rows name F7");
    // A row that is a channel's by its name is no other one's.
    assert_eq!(rows_of(&["Fp1-Ref", "Fp1-Avg"], &rows), [Some(&rows[0]), None]);
    // What an electrode is recorded against makes no derivation of another.
    assert_eq!(rows_of(&["Fp1-F7"], &rows), [None]);
}

#[test]
fn what_a_table_calls_bad_and_is_no_channel_is_told() {
    let folder = TempDir::new().expect("a folder");
    ward(folder.path());
    write(
        folder.path(),
        "name\tstatus\ncontact 1\tbad\nEEG F7-REF\tgood\nnobody\tbad, flat\nsomebody\tgood\n",
    );
    let told =
        "calls bad what matches no channel: \"contact 1\", \"nobody\"; no channel counts as absent for that";
    let output = vigil(folder.path(), &["replay", "sub-a_eeg.edf", "--patient", "chb03"]);
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success() && message.contains(told), "{message}");
    let output = vigil(folder.path(), &["info", "sub-a_eeg.edf"]);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success() && text.contains(told), "{text}");
}

#[test]
fn a_table_without_names_is_refused_with_its_line() {
    let folder = TempDir::new().expect("a folder");
    ward(folder.path());
    write(folder.path(), "channel,type\nFp1,EEG\n");
    let message = refusal(folder.path(), &["replay", "sub-a_eeg.edf", "--patient", "chb03"], 4);
    assert!(
        message.contains("sub-a_channels.tsv, line 1") && message.contains("\"name\" among them"),
        "{message}"
    );
    // What the recording holds is told all the same.
    let shown = vigil(folder.path(), &["info", "sub-a_eeg.edf"]);
    let text = String::from_utf8_lossy(&shown.stdout).into_owned();
    assert!(shown.status.success() && text.contains("cannot be judged") && text.contains("line 1"), "{text}");
}

#[test]
fn a_recording_played_as_a_stream_does_not_give_what_counts_as_absent() {
    let folder = TempDir::new().expect("a folder");
    write(folder.path(), "name\tstatus\nEEG T3-REF\tbad\n");
    let config = ReplayedConfig {
        recordings: vec![folder.path().join("sub-a_eeg.edf")],
        speed: Pace::Times(60.0),
        looped: false,
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
    let layout = runtime.block_on(ReplayedSource::new(config).connect()).expect("a connection");
    let labels: Vec<&str> = layout.channels.iter().filter_map(|channel| channel.label.as_deref()).collect();
    assert_eq!(labels.len(), 19);
    assert!(!labels.contains(&"EEG T3-REF") && labels.contains(&"ECG"));
}

//! Recordings on one axis: what nobody observed is cut out and said, and what was observed is all there.

use vigil::plot::overview::{OverviewRecording, OverviewSecond};
use vigil::plot::tape::{Before, MOST_ROWS, lay_out, stretches};

fn recording(start: &str, length_s: u64, missing: std::ops::Range<u64>) -> OverviewRecording {
    OverviewRecording {
        name: "run".into(),
        start: start.parse().ok(),
        duration_s: length_s as f64,
        seconds: (0..length_s)
            .filter(|second| !missing.contains(second))
            .map(|second| OverviewSecond { second, ..OverviewSecond::default() })
            .collect(),
        alarms: Vec::new(),
        expert: Vec::new(),
    }
}

#[test]
fn time_between_recordings_and_long_gaps_within_are_cut_out() {
    let mut recordings = vec![
        recording("2076-11-06T14:00:00", 600, 0..0),
        recording("2076-11-06T14:10:00", 600, 100..400),
        recording("2076-11-07T14:10:00", 60, 0..0),
    ];
    let found = stretches(&recordings);
    let cuts: Vec<_> = found.iter().map(|stretch| (stretch.from_s, stretch.to_s, stretch.before)).collect();
    let day = 86_400.0 - 600.0;
    assert_eq!(
        cuts,
        [
            (0.0, 600.0, Before::Start),
            (0.0, 100.0, Before::Seamless),
            (400.0, 600.0, Before::Gap(300.0)),
            (0.0, 60.0, Before::Gap(day)),
        ]
    );
    // A seizure that nobody watched must still be seen.
    recordings[1].expert.push((200.0, 210.0));
    assert_eq!(stretches(&recordings).len(), 3);
}

#[test]
fn pieces_share_a_scale_never_overlap_and_lose_no_time() {
    let hours = [10, 3600, 7200, 40, 50_000, 86_400, 30, 30, 30];
    let recordings: Vec<_> =
        hours.iter().map(|&length| recording("2076-11-06T14:00:00", length, 0..0)).collect();
    let stretches = stretches(&recordings);
    let (pieces, left_out) = lay_out(&stretches, 1000.0);
    assert_eq!(left_out, 0);
    let drawn: f64 = pieces.iter().map(|piece| piece.to_s - piece.from_s).sum();
    assert!((drawn - hours.iter().sum::<u64>() as f64).abs() < 1e-3);
    for pair in pieces.windows(2) {
        let [earlier, later] = pair else { unreachable!() };
        assert!(later.row > earlier.row || later.left >= earlier.right);
    }
    for piece in &pieces {
        assert!(piece.left >= 0.0 && piece.right <= 1000.0 + 1e-6 && piece.row < MOST_ROWS);
    }
}

#[test]
fn too_many_recordings_are_counted() {
    let recordings: Vec<_> = (0..10_000).map(|_| recording("2076-11-06T14:00:00", 3, 0..0)).collect();
    let stretches = stretches(&recordings);
    let (pieces, left_out) = lay_out(&stretches, 1000.0);
    assert!(left_out > 0 && !pieces.is_empty());
    assert!(pieces.iter().all(|piece| piece.row < MOST_ROWS));
}

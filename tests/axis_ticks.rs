//! Axes are marked at round values, and times read as people say them.

use vigil::plot::ticks::{duration, linear, logarithmic, number, round_down, round_up, time_step_s};

#[test]
fn steps_are_round() {
    for (value, expected) in [(1.0, 1.0), (4.99, 2.0), (5.0, 5.0), (70.0, 50.0), (0.3, 0.2), (100.0, 100.0)] {
        assert!((round_down(value) - expected).abs() < 1e-9 * expected, "{value}");
    }
    for (value, expected) in
        [(1.0, 1.0), (1.1, 2.0), (2.1, 5.0), (5.0, 5.0), (5.1, 10.0), (0.17, 0.2), (30.0, 50.0)]
    {
        assert!((round_up(value) - expected).abs() < 1e-9 * expected, "{value}");
    }
    assert_eq!(linear(0.0, 60.0), [0.0, 10.0, 20.0, 30.0, 40.0, 50.0, 60.0]);
    assert_eq!(linear(0.0, 95.0), [0.0, 20.0, 40.0, 60.0, 80.0]);
    assert_eq!(time_step_s(100.0, 60.0), 1.0);
    assert_eq!(time_step_s(0.1, 80.0), 900.0);
    assert_eq!(time_step_s(1e-6, 80.0), 133.0 * 604_800.0);
}

#[test]
fn lengths_of_time_read_as_people_say_them() {
    for (seconds, expected) in [
        (45.2, "45 s"),
        (1980.0, "33 min"),
        (75.0, "1 min 15 s"),
        (7500.0, "2 h 5 min"),
        (7200.0, "2 h"),
        (90_000.0, "1 d 1 h"),
        (-3.0, "0 s"),
    ] {
        assert_eq!(duration(seconds), expected);
    }
    assert_eq!(number(0.25), "0.25");
    assert_eq!(number(100.0), "100");
    assert_eq!(number(0.0), "0");
    assert_eq!(number(-0.012_34), "-0.0123");
    assert_eq!(number(123_456.0), "123456");
    assert_eq!(number(0.000_1), "1e-4");
}

#[test]
fn logarithmic_ticks_lie_on_the_axis() {
    assert_eq!(logarithmic(0.24, 0.45), [(0.24_f64 * 0.45).sqrt()]);
    assert_eq!(logarithmic(0.15, 0.6), [0.2, 0.5]);
    assert_eq!(logarithmic(0.02, 30.0), [0.1, 1.0, 10.0]);
    assert_eq!(logarithmic(1e-30, 1e30).len(), 4);
}

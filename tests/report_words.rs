//! Figures in words: nothing is rounded to certainty.

use vigil::evaluate::report::words::{amount, listed, part, percent, share};

#[test]
fn nothing_is_rounded_to_certainty() {
    for (value, expected) in
        [(0.914, "0.91"), (1.0, "1.00"), (0.9962, "0.996"), (0.0, "0.00"), (0.0042, "0.004")]
    {
        assert_eq!(share(value), expected);
    }
    for (value, expected) in [(0.875, "88"), (1.0, "100"), (0.998, "99.8"), (0.002, "0.2"), (0.0, "0")] {
        assert_eq!(percent(value), expected);
    }
    assert_eq!(share(f64::NAN), "-");
}

#[test]
fn amounts_have_two_digits_or_are_whole() {
    for (value, expected) in [
        (0.42, "0.42"),
        (3.689, "3.7"),
        (9.96, "10"),
        (0.0996, "0.1"),
        (8.0, "8"),
        (128.4, "128"),
        (0.0, "0"),
        (f64::INFINITY, "-"),
    ] {
        assert_eq!(amount(value), expected);
    }
}

#[test]
fn names_are_listed_as_they_are_spoken() {
    let names = ["a".to_string(), "b".into(), "c".into()];
    assert_eq!(listed(&names), "a, b and c");
    assert_eq!(listed(&names[..1]), "a");
    assert_eq!(part(0, 0), "-");
}

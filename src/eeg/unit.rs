//! Units of voltage, in the spellings of files and of streams.

/// Microvolts in one of a unit of voltage, as files and streams write it; `None` for whatever is no voltage that is
/// known for sure: a wrong guess would shrink or blow up the EEG a thousandfold, and nothing else would tell.
///
/// Any case will do where it cannot change the meaning. `MV` and `PV` are refused: nobody measures megavolts on a head,
/// so the writer meant another unit, and whether milli or micro cannot be seen. An EDF header has eight bytes for a
/// unit, so the two longest words come without their end.
pub fn microvolts_per_unit(unit: &str) -> Option<f64> {
    let written = unit.trim().trim_end_matches('.');
    let lower = match written.to_lowercase().as_str() {
        cut @ ("microvol" | "millivol") => format!("{cut}t"),
        whole => whole.to_string(),
    };
    let prefix = ["volts", "volt", "v"].into_iter().find_map(|word| lower.strip_suffix(word))?;
    match prefix {
        "" => Some(1e6),
        "m" | "p" if written.starts_with(['M', 'P']) => None,
        "m" | "milli" => Some(1e3),
        // The micro sign, the Greek letter, what the byte of the micro sign in the code page of DOS is in Latin-1,
        // what is left of it where a sender's bytes were no UTF-8, and sign and letter whose UTF-8 was read as Latin-1.
        "u" | "\u{b5}" | "\u{3bc}" | "\u{e6}" | "\u{fffd}" | "micro" => Some(1.0),
        "\u{e2}\u{b5}" | "\u{ee}\u{bc}" => Some(1.0),
        "n" | "nano" => Some(1e-3),
        "p" | "pico" => Some(1e-6),
        _ => None,
    }
}

/// The same of a stream: those of MNE name a power of ten in place of a unit. In a file, a number is no unit.
pub fn microvolts_per_stream_unit(unit: &str) -> Option<f64> {
    match unit.trim().to_ascii_lowercase().as_str() {
        "0" | "1e0" => Some(1e6),
        "-3" | "1e-3" | "1e-03" => Some(1e3),
        "-6" | "1e-6" | "1e-06" => Some(1.0),
        "-9" | "1e-9" | "1e-09" => Some(1e-3),
        _ => microvolts_per_unit(unit),
    }
}

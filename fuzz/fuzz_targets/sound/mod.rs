//! A small sound EDF+C file, from which fuzzing starts.

/// Fields of the header before the signals': their text and width.
const FIXED: [(&str, usize); 10] = [
    ("0", 8),
    ("X X X X", 80),
    ("Startdate 06-MAY-2024 X X X", 80),
    ("06.05.24", 8),
    ("07.08.09", 8),
    ("768", 8),
    ("EDF+C", 44),
    ("4", 8),
    ("1", 8),
    ("2", 4),
];

/// Fields of an ordinary signal, those of an annotation signal, and their width.
const SIGNALS: [([&str; 2], usize); 10] = [
    (["EEG Fp1-REF", "EDF Annotations"], 16),
    (["", ""], 80),
    (["uV", ""], 8),
    (["-3276.8", "-1"], 8),
    (["3276.7", "1"], 8),
    (["-32768", "-32768"], 8),
    (["32767", "32767"], 8),
    (["", ""], 80),
    (["4", "16"], 8),
    (["", ""], 32),
];

/// The sound file with `difference` laid over it: where that is 0, a byte stays. So the empty input
/// is the sound file, and every file is some input; a fuzzer need not find a header first.
pub fn changed_by(difference: &[u8]) -> Vec<u8> {
    let mut file = file();
    file.resize(file.len().max(difference.len()), 0);
    file.iter_mut().zip(difference).for_each(|(byte, change)| *byte ^= change);
    file
}

fn file() -> Vec<u8> {
    let mut file = String::new();
    for (text, width) in FIXED {
        file += &format!("{text:<width$}");
    }
    for (texts, width) in SIGNALS {
        texts.iter().for_each(|text| file += &format!("{text:<width$}"));
    }
    for record in 0..4 {
        file += "\x01\0\x02\0\x03\0\x04\0";
        file += &format!("{:\0<32}", format!("+{record}\x14\x14\0+{record}.5\x151.25\x14seizure\x14\0"));
    }
    file.into_bytes()
}

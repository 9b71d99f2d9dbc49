//! The 19 electrodes of the international 10-20 system that a scalp montage is made of.

use std::fmt;

/// One scalp electrode, in the order of the SzCORE standard signal.
///
/// The names are those of the 10-10 system (T7, T8, P7, P8); [`Electrode::from_name`] also
/// understands the older T3, T4, T5 and T6, which name the same places on the head.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)]
pub enum Electrode {
    Fp1,
    F3,
    C3,
    P3,
    O1,
    F7,
    T7,
    P7,
    Fz,
    Cz,
    Pz,
    Fp2,
    F4,
    C4,
    P4,
    O2,
    F8,
    T8,
    P8,
}

use Electrode::*;

impl Electrode {
    /// All 19, in SzCORE order.
    pub const ALL: [Electrode; 19] =
        [Fp1, F3, C3, P3, O1, F7, T7, P7, Fz, Cz, Pz, Fp2, F4, C4, P4, O2, F8, T8, P8];

    /// The 10-10 name, as printed on figures.
    pub const fn name(self) -> &'static str {
        match self {
            Fp1 => "Fp1",
            F3 => "F3",
            C3 => "C3",
            P3 => "P3",
            O1 => "O1",
            F7 => "F7",
            T7 => "T7",
            P7 => "P7",
            Fz => "Fz",
            Cz => "Cz",
            Pz => "Pz",
            Fp2 => "Fp2",
            F4 => "F4",
            C4 => "C4",
            P4 => "P4",
            O2 => "O2",
            F8 => "F8",
            T8 => "T8",
            P8 => "P8",
        }
    }

    /// Reads one electrode name, whatever its case.
    ///
    /// `01` and `02` are read as O1 and O2: CHB-MIT's chb12 has the digit where the letter belongs.
    pub fn from_name(name: &str) -> Option<Electrode> {
        let upper = name.trim().to_ascii_uppercase();
        let modern = match upper.as_str() {
            "T3" => "T7",
            "T4" => "T8",
            "T5" => "P7",
            "T6" => "P8",
            "01" => "O1",
            "02" => "O2",
            other => other,
        };
        Electrode::ALL.into_iter().find(|electrode| electrode.name().eq_ignore_ascii_case(modern))
    }

    /// The electrode at the same place on the other side; midline electrodes are their own mirror.
    pub const fn mirrored(self) -> Electrode {
        match self {
            Fp1 => Fp2,
            F3 => F4,
            C3 => C4,
            P3 => P4,
            O1 => O2,
            F7 => F8,
            T7 => T8,
            P7 => P8,
            Fp2 => Fp1,
            F4 => F3,
            C4 => C3,
            P4 => P3,
            O2 => O1,
            F8 => F7,
            T8 => T7,
            P8 => P7,
            Fz => Fz,
            Cz => Cz,
            Pz => Pz,
        }
    }
}

impl fmt::Display for Electrode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

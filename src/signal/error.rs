//! What can go wrong between a recording's samples and its windows.

use thiserror::Error;

/// Why a recording cannot be conditioned.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum SignalError {
    /// No label names a scalp electrode.
    #[error(
        "no EEG channel: none of the {count} labels names a 10-20 electrode; expected labels such as \
         \"Fp1-F7\", \"EEG Fp1-REF\" or \"T3\", found {found}"
    )]
    NoEegChannel {
        /// How many labels the recording has.
        count: usize,
        /// The labels, quoted.
        found: String,
    },
    /// More derivations are missing than the network was trained to do without.
    #[error(
        "too few channels: {missing_count} of the 18 derivations of the double banana are missing and at most \
         {allowed} may be; missing {missing}; found {found}; record those electrodes, or name their channels \
         by electrode"
    )]
    TooFewChannels {
        /// How many are missing.
        missing_count: usize,
        /// How many may be missing.
        allowed: usize,
        /// The missing derivations by name.
        missing: String,
        /// The recording's labels, quoted.
        found: String,
    },
    /// A channel of the montage is in no voltage that is known, so that nobody can say how large its EEG is.
    #[error(
        "channel {label:?} is in {found}; expected a voltage: V, mV, uV, nV or pV; find out which of them its samples \
         are in and write that there, for each EEG channel, filled up with spaces"
    )]
    NoVoltage {
        /// The channel's label.
        label: String,
        /// Its unit, and where it stands.
        found: String,
    },
    /// One scalp electrode under both of its names, each a channel of its own.
    #[error(
        "channels {first:?} and {second:?} are two names of one scalp electrode, which no scalp recording has side by \
         side; these look like contacts within the skull, and scalp EEG was expected; if it is scalp EEG, remove or \
         rename one of the two"
    )]
    TwoNames {
        /// The label with one of the names.
        first: String,
        /// The label with the other.
        second: String,
    },
    /// The channels of the montage were recorded at different rates.
    #[error(
        "the EEG channels have different sampling rates: {first} has {first_hz} Hz and {other} has {other_hz} Hz; \
         expected one rate; export the recording with one rate for all EEG channels"
    )]
    UnequalRates {
        /// Label of the first channel.
        first: String,
        /// Its rate in Hz.
        first_hz: f64,
        /// Label of the first channel that differs.
        other: String,
        /// Its rate in Hz.
        other_hz: f64,
    },
    /// A sampling rate outside what the resampler was designed and tested for.
    #[error("a sampling rate of {rate_hz} Hz is not supported: expected {lowest} to {highest} Hz")]
    RateOutOfRange {
        /// The rate found.
        rate_hz: f64,
        /// The lowest rate allowed.
        lowest: f64,
        /// The highest rate allowed.
        highest: f64,
    },
    /// A signal configuration that cannot be built.
    #[error("signal setting {setting} is {found}; expected {expected}")]
    Setting {
        /// The setting's name in the file.
        setting: &'static str,
        /// Its value.
        found: String,
        /// What is allowed.
        expected: String,
    },
    /// The samples given do not fit the montage.
    #[error("the conditioner was given {found}; expected {expected}")]
    Input {
        /// What was given.
        found: String,
        /// What was expected.
        expected: String,
    },
    /// A saved state that belongs to another conditioner, or is damaged.
    #[error("the saved signal state does not fit: {found}; expected {expected}; start the bed afresh")]
    State {
        /// What the state holds.
        found: String,
        /// What this conditioner needs.
        expected: String,
    },
}

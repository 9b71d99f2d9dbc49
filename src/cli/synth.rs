//! `vigil synth`: EEG that nobody has, as a recording.

use std::path::PathBuf;

use clap::Args;
use jiff::civil::DateTime;

use super::error::CliError;
use crate::source::synthetic::{
    Broadcast, BroadcastError, SyntheticConfig, SyntheticError, SyntheticFile, write_edf,
};

/// Make a synthetic recording with seizures at known times
///
/// For soak tests and demonstrations, never for figures of accuracy: a detector that finds these
/// seizures has found what was drawn for it. The recording says of itself that it is synthetic.
#[derive(Debug, Args)]
pub struct SynthArgs {
    /// Where the EDF+ file goes
    #[arg(long, value_name = "F", required_unless_present = "lsl")]
    out: Option<PathBuf>,
    /// Send it over the network instead, in real time, as a Lab Streaming Layer stream of this name
    #[arg(long, value_name = "NAME", conflicts_with_all = ["out", "events", "hours", "start"])]
    lsl: Option<String>,
    /// How many streams to send, NAME-01 and so on; each is another person
    #[arg(long, default_value_t = 1, value_name = "N", requires = "lsl", conflicts_with = "out", value_parser = clap::value_parser!(u16).range(1..=512))]
    streams: u16,
    /// The address to send from
    #[arg(long, default_value = "127.0.0.1", value_name = "IP", requires = "lsl", conflicts_with = "out")]
    address: std::net::IpAddr,
    /// Its length in hours
    #[arg(long, default_value_t = 1.0, value_name = "H")]
    hours: f64,
    /// The person, if it were one: the same number gives the same recording
    #[arg(long, default_value_t = 1, value_name = "N")]
    seed: u64,
    /// Samples per second, 128 to 1024
    #[arg(long, default_value_t = 256, value_name = "HZ")]
    rate: u32,
    /// Seizures in an hour
    #[arg(long, default_value_t = 0.5, value_name = "N", conflicts_with = "onsets")]
    seizures_per_hour: f64,
    /// Seconds at which seizures begin, instead of a number of them in an hour
    #[arg(long, value_name = "SECOND", value_delimiter = ',')]
    onsets: Vec<f64>,
    /// Bursts of muscle, movements, chewing, glances and electrode pops in an hour
    #[arg(long, default_value_t = 30.0, value_name = "N")]
    artifacts_per_hour: f64,
    /// Frequency of the mains: 50 or 60
    #[arg(long, default_value_t = 50, value_name = "HZ")]
    mains: u32,
    /// Add an ECG channel
    #[arg(long)]
    ecg: bool,
    /// When the recording claims to begin
    #[arg(long, default_value = "2000-01-01T00:00:00", value_name = "TIME")]
    start: DateTime,
    /// Write the seizures beside it as a SzCORE table, NAME_events.tsv
    #[arg(long)]
    events: bool,
}

/// Runs the subcommand.
///
/// # Errors
/// [`CliError`].
pub fn run(args: &SynthArgs) -> Result<(), CliError> {
    let seconds = (args.hours * 3600.0).round();
    if !(1.0..1e8).contains(&seconds) {
        return Err(CliError::Usage(format!("--hours is {}; expected a second or more", args.hours)));
    }
    let config = SyntheticConfig {
        seed: args.seed,
        rate_hz: args.rate,
        ecg: args.ecg,
        mains_hz: args.mains,
        artifacts_per_hour: args.artifacts_per_hour,
        seizures_per_hour: args.seizures_per_hour,
        seizure_onsets_s: args.onsets.clone(),
        ..SyntheticConfig::default()
    };
    let Some(path) = args.out.clone() else {
        return broadcast(args, config);
    };
    let file = SyntheticFile { path, seconds: seconds as u64, start: args.start, events: args.events };
    let bar = super::terminal::progress_bar("making", "s");
    bar.set_length(file.seconds);
    let made = write_edf(&config, &file, &mut |done| bar.set_position(done));
    bar.finish_and_clear();
    let events = made.map_err(|error| match error {
        SyntheticError::Format(error) => CliError::Format(error),
        setting => CliError::Usage(setting.to_string()),
    })?;
    say!("{}: {} s of synthetic EEG, {} seizures", file.path.display(), file.seconds, events.len());
    events
        .iter()
        .for_each(|event| say!("  seizure at {:.1} s, {:.0} s long", event.onset_s, event.duration_s));
    if file.events {
        say!("{}: the seizures", file.events_path().display());
    }
    Ok(())
}

/// Sends until somebody ends it.
fn broadcast(args: &SynthArgs, eeg: SyntheticConfig) -> Result<(), CliError> {
    let broadcast = Broadcast {
        address: args.address,
        name: args.lsl.clone().unwrap_or_default(),
        streams: usize::from(args.streams),
        eeg,
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| CliError::Usage(format!("cannot send: {error}")))?;
    let names = broadcast.names();
    say!("sending synthetic EEG over LSL from {}: {}; Ctrl-C ends it", args.address, names.join(", "));
    runtime.block_on(broadcast.run()).map_err(|error| match error {
        BroadcastError::Outlet(error) => CliError::Outlet(error),
        BroadcastError::Synthetic(error) => CliError::Usage(error.to_string()),
    })
}

//! `vigil demo`: the whole detector on the recordings of one real patient.

use std::path::PathBuf;

use clap::Args;

use super::error::CliError;
use super::inputs::Marks;
use super::replay::{Play, watched};
use crate::config::PatientId;
use crate::config::versions::used_recordings;
use crate::replay::{Speed, in_time_order};

/// The patient whose recordings lie in the repository.
const PATIENT: &str = "chb03";

/// Play a real patient's recordings through the detector and compare its alarms with the expert
#[derive(Debug, Args)]
pub struct DemoArgs {
    /// Where the tables and pictures go
    #[arg(long, default_value = "out/demo", value_name = "DIR")]
    out: PathBuf,
    /// `max`, or how many seconds of recording to play in one second
    #[arg(long, default_value = "40", value_name = "N")]
    speed: Speed,
    /// Where patients lie
    #[arg(long, default_value = "patients", value_name = "DIR")]
    patients: PathBuf,
    /// Where models lie
    #[arg(long, default_value = "models", value_name = "DIR")]
    models: PathBuf,
}

/// Runs the subcommand.
///
/// # Errors
/// [`CliError`].
pub fn run(args: &DemoArgs) -> Result<(), CliError> {
    let id = PatientId::new(PATIENT)?;
    let watched = watched(&args.patients, &args.models, &id)?;
    let plans = in_time_order(&[id.folder(&args.patients).join("recordings")])?;
    let [low, high] = watched.signal.band_hz;
    say!("vigil plays the recordings of one child with epilepsy (CHB-MIT, case {PATIENT}) in time order.");
    say!(
        "Each second: 18 derivations, {low}-{high} Hz, drawn as an image; the patient's own autoencoder and a CNN\n\
         trained on {} other people judge it; seizure labels pile up until an alarm rises.\n",
        watched.judge.classifier().people().len()
    );
    let used = used_recordings(&args.patients, &id, &watched.config)?;
    let play = Play { used: &used, marks: Marks::Wanted, speed: args.speed, out: &args.out, copies: true };
    let summary = play.run(&id, &watched, plans)?;
    put!("{}", summary.table());
    say!(
        "\nThese recordings begin at a seizure's onset or just after its end: they show how the detector works,\n\
         not how often it would call for nothing in a day on a ward.\n\nLook at {}/overview.png; the tables, events and annotated recordings lie beside it.",
        args.out.display()
    );
    say!(
        "\nTo see it as a ward does, in a browser, while it happens: make demo-page, then http://127.0.0.1:8765/"
    );
    say!("Research and secondary notification only: vigil is not a medical device.");
    Ok(())
}

//! The command `vigil`.

#![forbid(unsafe_code)]

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use vigil::cli::{self, CliError, EXIT_CODES};

/// Seizure detection on EEG, second by second. Research only: not a medical device.
#[derive(Parser)]
#[command(version, after_help = EXIT_CODES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Demo(cli::demo::DemoArgs),
    Info(cli::info::InfoArgs),
    Replay(cli::replay::ReplayArgs),
    Explain(cli::explain::ExplainArgs),
    Patient(cli::patient::PatientArgs),
    Train(cli::train::TrainArgs),
    Evaluate(Box<cli::evaluate::EvaluateArgs>),
    Labels(cli::labels::LabelsArgs),
    Score(cli::score::ScoreArgs),
    Alarms(cli::alarms::AlarmsArgs),
    Account(cli::account::AccountArgs),
    Serve(cli::serve::ServeArgs),
    Check(cli::check::CheckArgs),
    Synth(cli::synth::SynthArgs),
    Export(cli::export::ExportArgs),
}

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Demo(args) => cli::demo::run(&args),
        Command::Info(args) => cli::info::run(&args),
        Command::Replay(args) => cli::replay::run(&args),
        Command::Explain(args) => cli::explain::run(&args),
        Command::Patient(args) => cli::patient::run(&args),
        Command::Train(args) => cli::train::run(&args),
        Command::Evaluate(args) => cli::evaluate::run(&args),
        Command::Labels(args) => cli::labels::run(&args),
        Command::Score(args) => cli::score::run(&args),
        Command::Alarms(args) => cli::alarms::run(&args),
        Command::Account(args) => cli::account::run(&args),
        Command::Serve(args) => cli::serve::run(&args),
        Command::Check(args) => cli::check::run(&args),
        Command::Synth(args) => cli::synth::run(&args),
        Command::Export(args) => cli::export::run(&args),
    };
    let said =
        cli::all_said().map_err(|source| CliError::Unwritable { path: "standard output".into(), source });
    match result.and(said) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error),
    }
}

fn fail(error: &CliError) -> ExitCode {
    cli::to_stderr(format_args!("vigil: {error}\n"));
    ExitCode::from(error.exit_code())
}

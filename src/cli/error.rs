//! What a command can fail with, and the exit code of each kind.

use std::path::PathBuf;

use thiserror::Error;

use crate::access::{AccountsError, PasswordError, Refused};
use crate::alarm::LogError;
use crate::config::ConfigError;
use crate::daemon::DaemonError;
use crate::dataset::DatasetError;
use crate::detect::{JudgeError, SettingError};
use crate::evaluate::report::ReportError;
use crate::evaluate::{EvaluateError, KeptError, ScoreError};
use crate::explain::ExplainError;
use crate::format::FormatError;
use crate::model::ModelError;
use crate::plot::PlotError;
use crate::record::{ExportError, RecordError};
use crate::replay::ReplayError;
use crate::signal::{SignalError, StreamError};
use crate::source::SourceError;
use crate::source::live::LiveError;
use crate::source::lsl::OutletError;
use crate::train::TrainError;
use crate::ward::PatientError;
use crate::ward::adapt::AdaptError;
use crate::web::port::PortError;

/// The exit codes, as `--help` lists them.
pub const EXIT_CODES: &str = "Exit codes:
  0  done
  1  unexpected failure
  2  wrong use of the command line
  3  a file or folder cannot be read, or holds no recording
  4  a file is damaged or of an unknown format
  5  the signal does not suit: sampling rate, unit, no EEG, too few channels, nothing could be judged
  6  a model is missing or damaged
  7  a model of another configuration or of another patient
  8  a patient is missing, or the settings have a mistake
  9  an output cannot be written
 10  a live source cannot be used
 11  the web port is taken
 12  the log of alarms does not take it: no such alarm, judged meanwhile, cleared already";

/// A command that failed.
#[derive(Debug, Error)]
#[allow(missing_docs)]
#[non_exhaustive]
pub enum CliError {
    #[error(transparent)]
    Format(#[from] FormatError),
    #[error(transparent)]
    Source(#[from] SourceError),
    #[error(transparent)]
    Dataset(#[from] DatasetError),
    #[error("{path}: {source}")]
    Stream { path: PathBuf, source: StreamError },
    #[error("{path}: {source}")]
    Explain { path: PathBuf, source: ExplainError },
    #[error(transparent)]
    Model(#[from] ModelError),
    #[error(transparent)]
    Train(#[from] TrainError),
    #[error(transparent)]
    Evaluate(#[from] EvaluateError),
    #[error(transparent)]
    Report(#[from] ReportError),
    #[error(transparent)]
    Score(#[from] ScoreError),
    #[error(transparent)]
    Replay(#[from] ReplayError),
    #[error(transparent)]
    Judge(#[from] JudgeError),
    #[error(transparent)]
    Plot(#[from] PlotError),
    #[error(transparent)]
    Log(#[from] LogError),
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Setting(#[from] SettingError),
    #[error(transparent)]
    Record(#[from] RecordError),
    #[error(transparent)]
    Export(#[from] ExportError),
    #[error(transparent)]
    Outlet(#[from] OutletError),
    #[error(transparent)]
    Live(#[from] LiveError),
    #[error(transparent)]
    Patient(#[from] PatientError),
    #[error(transparent)]
    Daemon(#[from] DaemonError),
    #[error(transparent)]
    Port(#[from] PortError),
    #[error(transparent)]
    Accounts(#[from] AccountsError),
    #[error(transparent)]
    Password(#[from] PasswordError),
    #[error(transparent)]
    Adapt(#[from] AdaptError),
    #[error("cannot read {path}: {source}")]
    Unreadable { path: PathBuf, source: std::io::Error },
    #[error("{path}: {reason}")]
    Damaged { path: PathBuf, reason: String },
    #[error("cannot write {path}: {source}")]
    Unwritable { path: PathBuf, source: std::io::Error },
    #[error("{0}")]
    Usage(String),
    #[error("{path}: {reason}")]
    Unsuitable { path: PathBuf, reason: String },
}

impl CliError {
    /// The exit code of this kind of failure.
    pub fn exit_code(&self) -> u8 {
        match self {
            CliError::Usage(_) => 2,
            CliError::Unreadable { .. } => 3,
            CliError::Damaged { .. } => 4,
            CliError::Unsuitable { .. } => 5,
            CliError::Unwritable { .. } => 9,
            CliError::Format(error) => of_format(error),
            CliError::Source(error) => of_source(error),
            CliError::Dataset(error) => of_dataset(error),
            CliError::Stream { source, .. } => of_stream(source),
            CliError::Explain { source, .. } => of_explain(source),
            CliError::Model(error) => of_model(error),
            CliError::Evaluate(EvaluateError::Model(error)) => of_model(error),
            CliError::Evaluate(EvaluateError::Kept(_)) | CliError::Report(_) => 9,
            CliError::Score(ScoreError::Format(error)) => of_format(error),
            CliError::Score(ScoreError::NoReference { .. }) => 3,
            CliError::Score(_) => 4,
            CliError::Evaluate(
                EvaluateError::NobodyUnseen { .. } | EvaluateError::DifferentWindows { .. },
            ) => 2,
            CliError::Judge(JudgeError::Model(error)) => of_model(error),
            CliError::Replay(error) => of_replay(error),
            CliError::Train(error) => of_train(error),
            CliError::Config(ConfigError::Io { doing: "write", .. }) => 9,
            CliError::Config(_) | CliError::Setting(_) => 8,
            CliError::Record(error) | CliError::Export(ExportError::Record(error)) => of_record(error),
            CliError::Export(ExportError::Format(error)) => of_format(error),
            CliError::Export(_) => 9,
            CliError::Live(LiveError::Recording(error)) => of_source(error),
            CliError::Live(_) | CliError::Outlet(_) => 10,
            CliError::Patient(error) => of_patient(error),
            CliError::Adapt(AdaptError::Patient(error)) => of_patient(error),
            CliError::Adapt(AdaptError::Record(error)) => of_record(error),
            CliError::Adapt(AdaptError::Stream { source, .. }) => of_stream(source),
            CliError::Adapt(AdaptError::Train(error)) => of_train(error),
            CliError::Adapt(AdaptError::Model(error)) => of_model(error),
            CliError::Adapt(_) => 9,
            CliError::Log(error) => of_log(error),
            CliError::Daemon(DaemonError::Port(error)) | CliError::Port(error) => of_port(error),
            CliError::Accounts(error) => of_accounts(error),
            CliError::Password(PasswordError::Failed(_)) => 1,
            CliError::Password(_) => 2,
            CliError::Daemon(DaemonError::Io { doing: "write", .. } | DaemonError::Held { .. }) => 9,
            CliError::Daemon(DaemonError::Io { .. }) => 3,
            CliError::Daemon(DaemonError::Start { .. }) => 1,
            CliError::Plot(PlotError::Write { .. }) => 9,
            CliError::Plot(_) | CliError::Judge(_) | CliError::Evaluate(_) => 1,
        }
    }
}

fn of_port(error: &PortError) -> u8 {
    match error {
        PortError::Taken { .. } => 11,
        PortError::Exposed(_) | PortError::Tls(_) => 8,
        PortError::Accounts(Refused::Accounts(error)) => of_accounts(error),
        PortError::Token { .. } => 3,
        _ => 1,
    }
}

fn of_accounts(error: &AccountsError) -> u8 {
    match error {
        AccountsError::Io { doing: "write", .. } | AccountsError::Busy { .. } => 9,
        AccountsError::Io { .. } | AccountsError::Missing { .. } => 3,
        AccountsError::BadName { .. }
        | AccountsError::NoAccount { .. }
        | AccountsError::Exists { .. }
        | AccountsError::LastAdministrator { .. } => 2,
        _ => 8,
    }
}

fn of_format(error: &FormatError) -> u8 {
    match error {
        FormatError::Io { doing: "write", .. } => 9,
        FormatError::Io { .. } | FormatError::Layout { .. } => 3,
        FormatError::Several(errors) => errors.first().map_or(4, of_format),
        _ => 4,
    }
}

fn of_source(error: &SourceError) -> u8 {
    match error {
        SourceError::Format(error) => of_format(error),
        _ => 5,
    }
}

fn of_stream(error: &StreamError) -> u8 {
    match error {
        StreamError::Source(error) => of_source(error),
        StreamError::Signal(SignalError::Setting { .. }) => 8,
        StreamError::Signal(_) => 5,
    }
}

fn of_explain(error: &ExplainError) -> u8 {
    match error {
        ExplainError::Outside { .. } => 2,
        ExplainError::Stream(error) => of_stream(error),
        ExplainError::Judge(JudgeError::Model(error)) => of_model(error),
        ExplainError::Judge(_) => 1,
        _ => 5,
    }
}

fn of_dataset(error: &DatasetError) -> u8 {
    match error {
        DatasetError::Format(error) | DatasetError::Beside(error) => of_format(error),
        DatasetError::Source(error) => of_source(error),
        DatasetError::Recording { source, .. } => of_stream(source),
        DatasetError::UnknownPerson { .. } | DatasetError::Twice { .. } | DatasetError::Namesakes { .. } => 2,
        DatasetError::EventOutside { .. } | DatasetError::NoDuration { .. } => 4,
        DatasetError::Unusable { found, .. } => found.first().map_or(4, |first| of_dataset(&first.error)),
    }
}

fn of_model(error: &ModelError) -> u8 {
    match error {
        ModelError::Io { doing: "write", .. } => 9,
        ModelError::Missing { .. } | ModelError::Io { .. } | ModelError::Damaged { .. } => 6,
        ModelError::OtherConfiguration { .. } => 7,
        ModelError::Unbuildable { .. } => 8,
        _ => 1,
    }
}

fn of_replay(error: &ReplayError) -> u8 {
    match error {
        ReplayError::Unreadable { .. } | ReplayError::NoRecording { .. } => 3,
        ReplayError::Overlap { .. } | ReplayError::SameName { .. } => 2,
        ReplayError::Format(error) => of_format(error),
        ReplayError::Stream { source, .. } => of_stream(source),
        ReplayError::NothingJudged { .. } => 5,
        ReplayError::Judge(JudgeError::Model(error)) => of_model(error),
        ReplayError::Unwritable { .. } | ReplayError::Plot(PlotError::Write { .. }) => 9,
        _ => 1,
    }
}

fn of_log(error: &LogError) -> u8 {
    match error {
        LogError::Missing { .. } | LogError::Disk { doing: "open" | "read", .. } => 3,
        LogError::Damaged { .. } | LogError::Touched { .. } | LogError::Newer { .. } => 4,
        LogError::Locked { .. } | LogError::Disk { .. } => 9,
        LogError::Mistake(_) => 2,
        _ => 12,
    }
}

fn of_patient(error: &PatientError) -> u8 {
    match error {
        PatientError::Model(error) | PatientError::Judge(JudgeError::Model(error)) => of_model(error),
        PatientError::Judge(_) => 1,
        PatientError::Config(_) | PatientError::Setting(_) => 8,
    }
}

fn of_record(error: &RecordError) -> u8 {
    match error {
        RecordError::Io { doing: "read", .. } | RecordError::Nothing { .. } => 3,
        RecordError::Damaged { .. } | RecordError::Hdf5 { doing: "read", .. } => 4,
        _ => 9,
    }
}

fn of_train(error: &TrainError) -> u8 {
    match error {
        TrainError::Dataset(error) => of_dataset(error),
        TrainError::Model(error) => of_model(error),
        TrainError::Setting { .. } | TrainError::OtherCheckpoint { .. } => 8,
        TrainError::TooLittle { .. } => 5,
        TrainError::Checkpoint { .. } => 6,
        TrainError::CheckpointUnwritable { .. } => 9,
        _ => 1,
    }
}

impl From<KeptError> for CliError {
    fn from(error: KeptError) -> CliError {
        CliError::Evaluate(error.into())
    }
}

//! `vigil replay --serve`: the daemon over recordings, with its alarms, channels and API, as if they happened now.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::error::CliError;
use super::replay::ReplayArgs;
use super::{read_text, serve};
use crate::channel::ChannelConfig;
use crate::config::{
    BaselineConfig, BedConfig, HttpConfig, MontageName, Outputs, PatientConfig, PatientId, WardConfig,
    WardSection,
};
use crate::durable::replace_file;
use crate::record::RecordConfig;
use crate::replay::Speed;
use crate::source::pace::Pace;
use crate::source::replayed::ReplayedConfig;
use crate::source::station::StationConfig;

/// The bed in which the recordings are played.
const BED: &str = "replay";

/// A file of channels alone.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Channels {
    #[serde(default)]
    channel: Vec<ChannelConfig>,
}

/// Writes the configuration of a ward with one bed below `--out`, and runs the daemon with it until it is told to stop.
///
/// # Errors
/// [`CliError`].
pub fn run(args: &ReplayArgs) -> Result<(), CliError> {
    let out = whole(&args.out)?;
    let token = out.join("api-token");
    if !token.is_file() {
        write_token(&token)?;
    }
    let speed = match args.speed {
        Speed::Max => Some(Pace::Max),
        Speed::Times(times) => Pace::times(times),
    };
    let speed = speed.ok_or_else(|| {
        CliError::Usage("--speed: expected max, or 0.01 to 1000 seconds in one second with --serve".into())
    })?;
    let config = WardConfig {
        ward: WardSection {
            name: "Replay".into(),
            state: out.join("state"),
            patients: patients_of_the_replay(args, &out)?,
            models: whole(&args.models)?,
        },
        http: HttpConfig {
            listen: args.listen.clone(),
            token_file: Some(token.clone()),
            ..HttpConfig::default()
        },
        record: RecordConfig {
            // A replay is no patient's record: it takes what room there is.
            keep_free_gb: 0.0,
            warn_free_gb: 0.0,
            ..RecordConfig::new(out.join("record"))
        },
        baseline: BaselineConfig::default(),
        bed: vec![BedConfig {
            name: BED.into(),
            patient: args.patient.clone(),
            source: StationConfig::Replay(ReplayedConfig {
                recordings: args.recordings.iter().map(|path| whole(path)).collect::<Result<_, _>>()?,
                speed,
                looped: false,
            }),
            montage: MontageName::default(),
            labels: None,
            unit: None,
            range_uv: None,
            outputs: Outputs::default(),
        }],
        channel: channels(args.channels.as_deref())?,
    };
    let path = out.join("vigil.toml");
    let text = toml::to_string(&config)
        .map_err(|error| CliError::Usage(format!("the configuration cannot be written: {error}")))?;
    replace_file(&path, |file| file.write_all(text.as_bytes()))
        .map_err(|source: std::io::Error| CliError::Unwritable { path: path.clone(), source })?;
    say!("the ward of this replay is described in {}", path.display());
    say!("its alarms: vigil alarms list --config {}", path.display());
    say!("the review page: http://{}/ (end with Ctrl-C)", args.listen);
    say!("whoever changes something over http://{} sends the word in {}", args.listen, token.display());
    serve::run(&serve::ServeArgs::of(path))
}

/// The patient's settings and network, copied below `--out`: what is done to this ward is not done to the patient.
fn patients_of_the_replay(args: &ReplayArgs, out: &Path) -> Result<PathBuf, CliError> {
    let id = PatientId::new(&args.patient)?;
    let patients = out.join("patients");
    let (from, to) = (id.folder(&args.patients), id.folder(&patients));
    // A patient who is not there is told of as everywhere else.
    PatientConfig::load(&args.patients, &id)?;
    if PatientConfig::load(&patients, &id).is_ok() {
        return Ok(patients);
    }
    std::fs::create_dir_all(&to).map_err(|source| CliError::Unwritable { path: to.clone(), source })?;
    let entries =
        std::fs::read_dir(&from).map_err(|source| CliError::Unreadable { path: from.clone(), source })?;
    for entry in entries.flatten().filter(|entry| entry.path().is_file()) {
        let path = to.join(entry.file_name());
        std::fs::copy(entry.path(), &path).map_err(|source| CliError::Unwritable { path, source })?;
    }
    Ok(patients)
}

fn channels(path: Option<&Path>) -> Result<Vec<ChannelConfig>, CliError> {
    let Some(path) = path else { return Ok(Vec::new()) };
    let text = read_text(path)?;
    let mut channels: Channels = toml::from_str(&text).map_err(|error| CliError::Damaged {
        path: path.to_path_buf(),
        reason: format!("{error}; expected [[channel]] sections as in vigil.toml"),
    })?;
    let folder = whole(path.parent().unwrap_or(Path::new("")))?;
    channels.channel.iter_mut().for_each(|channel| channel.paths_from(&folder));
    Ok(channels.channel)
}

fn whole(path: &Path) -> Result<PathBuf, CliError> {
    let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
    std::path::absolute(path).map_err(|source| CliError::Unreadable { path: path.to_path_buf(), source })
}

fn write_token(path: &Path) -> Result<(), CliError> {
    let failed = |source| CliError::Unwritable { path: path.to_path_buf(), source };
    let mut bytes = [0; 24];
    std::fs::File::open("/dev/urandom").and_then(|mut file| file.read_exact(&mut bytes)).map_err(failed)?;
    let word: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(failed)?;
    }
    use std::os::unix::fs::OpenOptionsExt;
    std::fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)
        .and_then(|mut file| file.write_all(word.as_bytes()))
        .map_err(failed)
}

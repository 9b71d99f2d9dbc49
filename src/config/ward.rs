//! `vigil.toml`: the ward and its beds.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::http::HttpConfig;
use super::mistake::{ConfigError, line_in, mistake};
use super::patient::PatientId;
use crate::channel::ChannelConfig;
use crate::record::RecordConfig;
use crate::source::station::StationConfig;

/// The whole file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WardConfig {
    /// The ward itself.
    pub ward: WardSection,
    /// The web port.
    #[serde(default)]
    pub http: HttpConfig,
    /// What is recorded, and for how long.
    pub record: RecordConfig,
    /// When patients get autoencoders of their own.
    #[serde(default)]
    pub baseline: BaselineConfig,
    /// The beds.
    #[serde(default)]
    pub bed: Vec<BedConfig>,
    /// The ways by which alarms leave the house.
    #[serde(default)]
    pub channel: Vec<ChannelConfig>,
}

/// `[ward]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WardSection {
    /// The ward's name, for people.
    pub name: String,
    /// Folder of the daemon's own memory: beds' states, the log of alarms.
    pub state: PathBuf,
    /// Folder of patients.
    pub patients: PathBuf,
    /// Folder of models.
    pub models: PathBuf,
}

/// How a patient's autoencoder takes over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Switching {
    /// As soon as it is fitted.
    Automatic,
    /// When a person says so.
    ByPerson,
}

/// `[baseline]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BaselineConfig {
    /// Seconds of usual EEG to gather before a fit. Two hours hold the patient's waking and resting
    /// EEG; a fit costs two minutes of one core.
    pub seconds: u64,
    /// Who decides that the fitted autoencoder takes over.
    pub switch: Switching,
    /// Seconds at the end of the gathered time on which the old and the new are compared.
    pub compared_s: u64,
}

impl Default for BaselineConfig {
    fn default() -> Self {
        BaselineConfig { seconds: 7200, switch: Switching::ByPerson, compared_s: 3600 }
    }
}

/// `[[bed]]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BedConfig {
    /// The bed's name: a name for folders and metrics.
    pub name: String,
    /// The patient's id.
    pub patient: String,
    /// Where the signal comes from.
    pub source: StationConfig,
    /// The montage: `double-banana` is the one that the networks know.
    #[serde(default)]
    pub montage: MontageName,
    /// Labels of the channels in order, for a stream that carries none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub labels: Option<Vec<String>>,
    /// Unit of the channels, for a stream that names none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// The amplifier's range in microvolts; without it a saturated channel is not recognised, unless
    /// the stream tells its range.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub range_uv: Option<(f64, f64)>,
    /// Where what was found goes.
    #[serde(default)]
    pub outputs: Outputs,
}

/// The montage of a bed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MontageName {
    /// 18 longitudinal bipolar derivations of the 10-20 system.
    #[default]
    DoubleBanana,
}

/// Where what was found on a bed goes. The log of alarms is always written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Outputs {
    /// Signal and verdicts, to HDF5.
    pub record: bool,
}

impl Default for Outputs {
    fn default() -> Self {
        Outputs { record: true }
    }
}

impl BedConfig {
    /// Checks what a type cannot.
    ///
    /// # Errors
    /// The setting and what is wrong with it.
    pub fn check(&self) -> Result<(), (&'static str, String)> {
        PatientId::new(&self.name).map_err(|_| {
            let found = &self.name;
            ("name", format!("{found:?} cannot be a bed's name: expected 1 to 64 letters, digits, - or _"))
        })?;
        PatientId::new(&self.patient).map_err(|error| ("patient", error.to_string()))?;
        if let Some((low, high)) = self.range_uv
            && !(low < high && low.is_finite() && high.is_finite())
        {
            return Err(("range_uv", format!("range_uv is [{low}, {high}]; expected two rising voltages")));
        }
        if let Some(labels) = &self.labels
            && (labels.is_empty() || labels.iter().any(|label| label.trim().is_empty()))
        {
            return Err(("labels", "labels has an empty name; expected one for each channel".into()));
        }
        self.source.check().map_err(|what| ("source", what))
    }
}

impl WardConfig {
    /// Reads and checks the file. Paths in it are taken from its own folder.
    ///
    /// # Errors
    /// [`ConfigError::Mistake`] with the line, [`ConfigError::Io`].
    pub fn load(path: &Path) -> Result<WardConfig, ConfigError> {
        let text = std::fs::read_to_string(path).map_err(|source| ConfigError::Io {
            doing: "read",
            path: path.to_path_buf(),
            source,
        })?;
        WardConfig::parse(path, &text)
    }

    /// Reads the file's text; `path` stands in messages and for its folder.
    ///
    /// # Errors
    /// [`ConfigError::Mistake`].
    pub fn parse(path: &Path, text: &str) -> Result<WardConfig, ConfigError> {
        let mut config: WardConfig =
            toml::from_str(text).map_err(|error| mistake(path, text, &error, example_of))?;
        let refuse = |line: Option<usize>, what: String, setting: &str| {
            Err(ConfigError::Mistake {
                path: path.to_path_buf(),
                line: line.unwrap_or(1),
                what,
                example: example_of(setting).to_string(),
            })
        };
        let mut lines: BTreeMap<&str, usize> = BTreeMap::new();
        for (index, bed) in config.bed.iter().enumerate() {
            if let Err((setting, what)) = bed.check() {
                return refuse(line_in(text, "bed", Some(index), setting), what, setting);
            }
            let line = line_in(text, "bed", Some(index), "name");
            if let Some(first) = lines.insert(&bed.name, line.unwrap_or(1)) {
                let what = format!("two beds are named {:?}, the other in line {first}", bed.name);
                return refuse(line, what, "name");
            }
        }
        let names: Vec<String> = config.bed.iter().map(|bed| bed.name.clone()).collect();
        for (index, channel) in config.channel.iter().enumerate() {
            let line = |setting| line_in(text, "channel", Some(index), setting);
            if let Err((setting, what)) = channel.check(&names) {
                return refuse(line(setting), what, setting);
            }
            if config.channel[..index].iter().any(|other| other.name == channel.name) {
                let what = format!("two channels are named {:?}", channel.name);
                return refuse(line("name"), what, "name");
            }
        }
        if let Err((setting, what)) = config.record.check() {
            return refuse(line_in(text, "record", None, setting), what, setting);
        }
        if let Err((setting, what)) = config.http.check() {
            return refuse(line_in(text, "http", None, setting), what, setting);
        }
        let baseline = &config.baseline;
        if baseline.seconds < 60 {
            let what = format!("baseline.seconds is {}; expected at least 60, better 7200", baseline.seconds);
            return refuse(line_in(text, "baseline", None, "seconds"), what, "seconds");
        }
        let folder = path.parent().unwrap_or(Path::new("")).to_path_buf();
        for place in [
            &mut config.ward.state,
            &mut config.ward.patients,
            &mut config.ward.models,
            &mut config.record.folder,
        ] {
            *place = folder.join(&place);
        }
        config.http.paths_from(&folder);
        for bed in &mut config.bed {
            bed.source.paths_from(&folder);
        }
        for channel in &mut config.channel {
            channel.paths_from(&folder);
        }
        Ok(config)
    }
}

/// A line as it should be.
fn example_of(setting: &str) -> &'static str {
    match setting {
        "ward" | "bed" | "http" | "record" | "baseline" | "channel" => {
            "[ward] once, then [http], [record] and [baseline] as needed, [[bed]] for each bed, [[channel]] for each way out"
        }
        "webhook" => "webhook = { url = \"https://alarms.example/hook\", secret_file = \"webhook-secret\" }",
        "mqtt" => "mqtt = { host = \"broker\", topic = \"vigil\" }",
        "hl7" => "hl7 = { to = \"10.0.0.9:2575\" }",
        "syslog" => "syslog = { to = \"udp://10.0.0.9:514\" }",
        "kinds" => "kinds = [\"seizure\", \"technical\"]",
        "priority" => "priority = \"high\"",
        "beds" => "beds = [\"emu-01\"]",
        "escalation_after_s" => "escalation_after_s = 60",
        "timeout_s" => "timeout_s = 5",
        "give_up_h" => "give_up_h = 24",
        "name" => "name = \"emu-01\"",
        "state" => "state = \"/var/lib/vigil\"",
        "patients" => "patients = \"/var/lib/vigil/patients\"",
        "models" => "models = \"/usr/local/share/vigil/models\"",
        "listen" => "listen = \"127.0.0.1:8765\"",
        "token_file" => "token_file = \"/etc/vigil/api-token\"",
        "accounts" => "accounts = \"/var/lib/vigil/accounts.toml\"",
        "tls" | "certificate" | "key" => {
            "tls = { certificate = \"/etc/vigil/tls/vigil.crt\", key = \"/etc/vigil/tls/vigil.key\" }"
        }
        "names" => "names = [\"vigil.example.org\"]",
        "session_idle_h" => "session_idle_h = 12",
        "session_longest_h" => "session_longest_h = 24",
        "display_longest_d" => "display_longest_d = 30",
        "connections" => "connections = 4096",
        "folder" => "folder = \"/var/lib/vigil/record\"",
        "keep_days" => "keep_days = 14",
        "keep_free_gb" => "keep_free_gb = 5",
        "warn_free_gb" => "warn_free_gb = 20",
        "seconds" => "seconds = 7200",
        "switch" => "switch = \"by-person\"",
        "compared_s" => "compared_s = 3600",
        "patient" => "patient = \"chb03\"",
        "source" | "lsl" => "source.lsl = { name = \"EEG-01\" }",
        "rda" => "source.rda = { host = \"10.0.0.7\", port = 51244 }",
        "fieldtrip" => "source.fieldtrip = { host = \"10.0.0.7\" }",
        "replay" => "source.replay = { recordings = [\"night.edf\"], speed = 1.0 }",
        "synthetic" => "source.synthetic = { speed = 1.0, eeg = { seed = 1 } }",
        "montage" => "montage = \"double-banana\"",
        "labels" => "labels = [\"Fp1\", \"F7\", \"T7\"]",
        "unit" => "unit = \"uV\"",
        "range_uv" => "range_uv = [-3276.8, 3276.7]",
        "outputs" => "outputs = { record = true }",
        _ => "see the example that is installed as vigil.toml",
    }
}

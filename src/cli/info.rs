//! `vigil info`: what a recording is, and one window of it as the network and as people see it.

use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;

use super::error::CliError;
use crate::explain::{ExplainError, find_second};
use crate::format::edf::EdfReader;
use crate::format::info::RecordingInfo;
use crate::model::{Classifier, CnnConfig};
use crate::plot::figure::{WindowFigure, window_figure};
use crate::plot::{Rasteriser, write_image};
use crate::signal::{Reading, StreamError, WindowStream};
use crate::source::RecordingSource;
use crate::ward::cnn_path;

/// Seconds of EEG before the window that the figure for people shows.
const BEFORE: usize = 9;

/// Describe a recording, or draw one window of it
#[derive(Debug, Args)]
pub struct InfoArgs {
    /// An EDF, EDF+, BDF or BDF+ file
    file: PathBuf,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// Draw the window that starts at this second of the recording
    #[arg(long, value_name = "SECOND", requires = "png")]
    window: Option<u64>,
    /// Where to write what the network sees; F.people.png beside it shows the EEG around it
    #[arg(long, value_name = "F", requires = "window")]
    png: Option<PathBuf>,
    /// Draw and read as this model does; the default configuration without it
    #[arg(long, value_name = "NAME")]
    model: Option<String>,
    /// Where models lie
    #[arg(long, default_value = "models", value_name = "DIR")]
    models: PathBuf,
}

/// Runs the subcommand.
///
/// # Errors
/// [`CliError`].
pub fn run(args: &InfoArgs) -> Result<(), CliError> {
    let config = match &args.model {
        Some(name) => Classifier::load(&cnn_path(&args.models, name))?.config().clone(),
        None => CnnConfig::default(),
    };
    if let (Some(second), Some(png)) = (args.window, &args.png) {
        return draw(&args.file, second, png, &config);
    }
    let recording = RecordingInfo::of(&mut EdfReader::open(&args.file)?)?;
    let reading =
        Reading::of(&args.file, &config.signal).unwrap_or_else(|error| Reading::refused(error.to_string()));
    let info = Info { recording, reading };
    if args.json {
        let text = serde_json::to_string_pretty(&info)
            .map_err(|e| CliError::Damaged { path: args.file.clone(), reason: e.to_string() })?;
        say!("{text}");
    } else {
        print(&info);
    }
    Ok(())
}

/// What the file holds, and what the detector makes of it.
#[derive(Debug, Serialize)]
struct Info {
    #[serde(flatten)]
    recording: RecordingInfo,
    reading: Reading,
}

fn print(Info { recording: info, reading }: &Info) {
    say!("{}, starts {}, lasts {} s", info.format, info.start, info.duration_s);
    if info.segments.len() > 1 {
        say!("{} stretches with gaps between them:", info.segments.len());
        info.segments.iter().for_each(|s| say!("  from {} s, {} s", s.onset_s, s.duration_s));
    }
    say!("{} signals:", info.signals.len());
    for signal in &info.signals {
        say!(
            "  {:<16} {:>8} Hz  {:<8} {:>12} samples",
            signal.label,
            signal.rate_hz,
            signal.unit,
            signal.samples
        );
    }
    say!("{} annotations:", info.annotations.len());
    for annotation in &info.annotations {
        let duration = annotation.duration_s.map_or(String::new(), |duration| format!(", {duration} s"));
        say!("  {:>10.3} s{duration}  {}", annotation.onset_s, annotation.text);
    }
    info.warnings.iter().for_each(|warning| say!("warning: {warning}"));
    reading.remarks.iter().for_each(|remark| say!("note: {remark}"));
    say!("as vigil reads it: {}", reading.line());
}

fn draw(file: &Path, second: u64, png: &Path, config: &CnnConfig) -> Result<(), CliError> {
    let failed = |source: StreamError| CliError::Stream { path: file.to_path_buf(), source };
    let source = RecordingSource::open(file)?;
    let header = source.header().clone();
    let mut stream = WindowStream::new(source, &config.signal).map_err(failed)?;
    let seen = match find_second(&mut stream, second, BEFORE, header.duration_s) {
        Ok(seen) => seen,
        Err(ExplainError::Stream(source)) => return Err(failed(source)),
        Err(_) => {
            return Err(CliError::Unsuitable {
                path: file.to_path_buf(),
                reason: format!(
                    "no window starts at second {second}; the recording lasts {} s, and a window needs a whole second without a gap",
                    header.duration_s
                ),
            });
        }
    };
    let rate = config.signal.rate_hz as usize;
    let mut image = vec![0; config.plot.pixels()];
    Rasteriser::new(&config.plot, rate)?.draw(&seen.window.samples, &seen.window.present, &mut image);
    write_image(png, &image, &config.plot, 1)?;
    let people = png.with_extension("people.png");
    let (start_s, samples) = seen.eeg(rate);
    let [low, high] = config.signal.band_hz;
    let montage = stream.montage();
    let missing: Vec<String> = montage.missing().iter().map(ToString::to_string).collect();
    let lacking =
        if missing.is_empty() { String::new() } else { format!("; missing {}", missing.join(", ")) };
    window_figure(
        &people,
        &WindowFigure {
            title: &file.file_name().unwrap_or_default().to_string_lossy(),
            subtitle: &format!("{low}-{high} Hz, {} Hz recorded{lacking}", stream.rate_hz()),
            samples: &samples,
            present: seen.window.present,
            rate_hz: rate as f64,
            start_s,
            recording_start: Some(header.start),
            window_start_s: seen.onset_s,
            window_s: 1.0,
            config: &config.plot,
            image: &image,
        },
    )?;
    say!("{}: what the network sees, {}x{} pixels", png.display(), config.plot.width, config.plot.rows());
    say!("{}: the same window for people", people.display());
    Ok(())
}

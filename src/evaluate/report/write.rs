//! A report as files in a folder.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::ProtocolReport;
use super::figures::{FILES, figures};
use super::html::html;
use super::markdown::markdown;
use super::page::page;
use crate::durable::{beside, place, replace_file};
use crate::plot::PlotError;

/// Why a report could not be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReportError {
    /// The folder or a file in it cannot be written.
    #[error("{}: the report could not be written: {source}", path.display())]
    Write {
        /// The folder or file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// A figure could not be drawn or written.
    #[error(transparent)]
    Figure(#[from] PlotError),
    /// The figures could not be written as JSON.
    #[error("the report could not be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
}

/// Writes `report.json` (every figure, as [`ProtocolReport`] in serde's form), `report.md`, `report.html` and the
/// figures as PNG files that these two refer to. The folder is made if it is missing.
///
/// All is written beside the folder's files first and takes its place at the end, file by file, so that an error
/// leaves an older report as it was. Figures of an older report that this one does not have are removed; other files
/// are left alone. A number that is none (NaN or infinite) is `null` in the JSON.
///
/// # Errors
/// [`ReportError`]: the folder cannot be written, or a figure cannot be drawn.
pub fn write_report(folder: &Path, report: &ProtocolReport) -> Result<(), ReportError> {
    let failed = |path: &Path| {
        let path = path.to_path_buf();
        move |source| ReportError::Write { path, source }
    };
    fs::create_dir_all(folder).map_err(failed(folder))?;
    let staging = beside(&folder.join("report"));
    // What a killed process of the same number left may be in the way.
    let _ = fs::remove_dir_all(&staging);
    fs::create_dir(&staging).map_err(failed(folder))?;
    let placed = stage(&staging, report).and_then(|files| {
        for file in &files {
            let path = folder.join(file);
            place(&staging.join(file), &path).map_err(failed(&path))?;
        }
        for old in FILES.iter().filter(|old| !files.contains(old)).map(|old| folder.join(old)) {
            match fs::remove_file(&old) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(&old)(error)),
                _ => {}
            }
        }
        Ok(())
    });
    // Nothing half-written stays behind; an error before is the one that counts.
    let cleared = fs::remove_dir_all(&staging).map_err(failed(&staging));
    placed.and(cleared)
}

/// Writes all files into a folder of their own; their names, the pages after the figures that they refer to.
fn stage(staging: &Path, report: &ProtocolReport) -> Result<Vec<&'static str>, ReportError> {
    let figures = figures(report);
    let mut files = Vec::with_capacity(figures.len() + 3);
    for figure in &figures {
        if let Some(drawing) = &figure.drawing {
            drawing.draw()?.write_small_png(&staging.join(figure.file))?;
            files.push(figure.file);
        }
    }
    let page = page(report, &figures);
    let json = serde_json::to_vec_pretty(report)?;
    for (file, bytes) in [
        ("report.json", json),
        ("report.md", markdown(&page).into_bytes()),
        ("report.html", html(&page).into_bytes()),
    ] {
        let path = staging.join(file);
        replace_file(&path, |out| out.write_all(&bytes))
            .map_err(|source| ReportError::Write { path, source })?;
        files.push(file);
    }
    Ok(files)
}

//! What was judged, kept on disk, so that an interrupted run goes on where it stopped.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::dataset::Dataset;
use crate::durable::{Held, hold, replace_file};

/// Something judged that cannot be kept.
#[derive(Debug, Error)]
#[error("{}: what was judged could not be kept: {source}", path.display())]
pub struct KeptError {
    /// The file or folder.
    pub path: PathBuf,
    /// What the operating system said.
    pub source: std::io::Error,
}

/// A folder of results, each under the digest of all that it follows from. Without a folder nothing is kept.
#[derive(Debug, Clone, Default)]
pub struct Kept {
    folder: Option<PathBuf>,
    /// What tells these results from others that follow from the same, if anything does.
    apart: Option<String>,
    /// Held from the first result on, so that two runs do not remove each other's.
    held: Arc<Mutex<Option<Held>>>,
}

/// A result beside what it follows from: two different things of one digest are told apart.
#[derive(Serialize, serde::Deserialize)]
struct Entry<K, T> {
    of: K,
    result: T,
}

impl Kept {
    /// Keeps results in a folder, which is made with the first of them.
    pub fn in_folder(folder: &Path) -> Kept {
        Kept { folder: Some(folder.to_path_buf()), ..Kept::default() }
    }

    /// The same folder for results of something else that follow from the same: they are told apart by a name, beside the one
    /// that they may have.
    pub fn apart(&self, name: &str) -> Kept {
        let apart = self.apart.as_ref().map_or(name.to_string(), |before| format!("{before}, {name}"));
        Kept { apart: Some(apart), ..self.clone() }
    }

    /// The result that follows from `of`: the one that was kept, else a new one, which is kept. A file that is
    /// damaged or of something else is made anew.
    ///
    /// # Errors
    /// Whatever `make` fails with; [`KeptError`] where the result cannot be written.
    pub fn get_or<T, E>(&self, of: &Value, make: impl FnOnce() -> Result<T, E>) -> Result<T, E>
    where
        T: Serialize + DeserializeOwned,
        E: From<KeptError>,
    {
        let Some(folder) = &self.folder else { return make() };
        let apart = self.apart.as_ref().map(|name| serde_json::json!({ "apart": name, "of": of }));
        let of = apart.as_ref().unwrap_or(of);
        let digest = Sha256::digest(of.to_string());
        let name: String = digest.iter().take(12).map(|byte| format!("{byte:02x}")).collect();
        let path = folder.join(format!("{name}.json"));
        let kept =
            fs::read(&path).ok().and_then(|bytes| serde_json::from_slice::<Entry<Value, T>>(&bytes).ok());
        if let Some(entry) = kept.filter(|entry| entry.of == *of) {
            return Ok(entry.result);
        }
        let result = make()?;
        let write = |file: &mut std::io::BufWriter<fs::File>| {
            serde_json::to_writer(&mut *file, &Entry { of, result: &result })?;
            file.flush()
        };
        self.hold(folder).map_err(|source| KeptError { path: folder.clone(), source })?;
        replace_file(&path, write).map_err(|source: std::io::Error| KeptError { path, source })?;
        Ok(result)
    }

    fn hold(&self, folder: &Path) -> std::io::Result<()> {
        fs::create_dir_all(folder)?;
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if held.is_none() {
            *held = Some(hold(folder)?);
        }
        Ok(())
    }

    /// Removes the folder with all that is kept.
    pub fn remove(self) {
        if let Some(folder) = self.folder {
            // What is left over is found again by the next run, and is still right.
            let _ = fs::remove_dir_all(folder);
        }
    }
}

/// What tells one person's recordings from others': the files with their sizes and times of change, the expert's
/// events, and how the signal was cut.
pub fn recordings_of(dataset: &Dataset, person: &str) -> Value {
    let of_person = |index: usize| dataset.recordings[index].person == person;
    let files: Vec<Value> = dataset
        .recordings
        .iter()
        .filter(|recording| recording.person == person)
        .map(|recording| {
            let about = fs::metadata(&recording.path).ok();
            let changed = about.as_ref().and_then(|about| about.modified().ok());
            let changed = changed.and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok());
            let seizures = recording.events.iter().filter(|event| event.is_seizure());
            serde_json::json!({
                "path": recording.path,
                "bytes": about.map(|about| about.len()),
                "changed_ns": changed.map(|since| since.as_nanos().to_string()),
                "seizures": seizures.map(|event| [event.onset_s, event.duration_s]).collect::<Vec<_>>(),
            })
        })
        .collect();
    let stretches: Vec<[usize; 2]> = dataset
        .stretches
        .iter()
        .filter(|stretch| of_person(stretch.recording))
        .map(|stretch| [stretch.first_second, stretch.seconds()])
        .collect();
    serde_json::json!({ "person": person, "files": files, "stretches": stretches })
}

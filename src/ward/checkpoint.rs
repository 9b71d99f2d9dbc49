//! A bed's memory on disk: written every few seconds, whole or absent, believed only if unharmed.

use std::io::Write;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use thiserror::Error;

use super::watch::{BedState, Origin, StreamState};
use crate::alarm::exposure::Exposure;
use crate::detect::AccumulatorConfig;
use crate::durable;

/// The first bytes of a checkpoint. The last is the version of what follows.
const MAGIC: &[u8; 8] = b"vigilbd\x03";

/// Those of the version before, whose accumulator does not count the seconds without a label.
const MAGIC_2: &[u8; 8] = b"vigilbd\x02";

/// Those of the version before that, which does not tell either how long the bed was watched.
const MAGIC_1: &[u8; 8] = b"vigilbd\x01";

/// No bed's memory is larger: 1,024 channels, a begun second of 2,048 Hz, a baseline of many pieces.
const LARGEST: u64 = 64 << 20;

/// A checkpoint that cannot be written or believed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CheckpointError {
    /// The disk refuses.
    #[error("cannot {doing} the state {path}: {source}")]
    Io {
        /// "read" or "write".
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// The system's own words.
        source: std::io::Error,
    },
    /// The file is not what was written.
    #[error("{path}: {found}; expected {expected}; the bed starts afresh, and the file is kept as {kept}")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is there.
        found: String,
        /// What should be.
        expected: &'static str,
        /// Where it was moved.
        kept: PathBuf,
    },
}

/// Where a bed's state lies.
pub fn state_path(state: &Path, bed: &str) -> PathBuf {
    state.join("beds").join(format!("{bed}.state"))
}

/// The bytes of a state: magic, SHA-256 of what follows, postcard.
///
/// # Errors
/// Where the state cannot be encoded; it can.
pub fn encode(state: &BedState) -> Result<Vec<u8>, String> {
    let body = postcard::to_stdvec(state).map_err(|error| error.to_string())?;
    let mut bytes = Vec::with_capacity(body.len() + 40);
    bytes.extend_from_slice(MAGIC);
    bytes.extend_from_slice(&Sha256::digest(&body));
    bytes.extend_from_slice(&body);
    Ok(bytes)
}

/// The state of bytes.
///
/// # Errors
/// What is wrong with them, and what was expected.
pub fn decode(bytes: &[u8]) -> Result<BedState, (String, &'static str)> {
    let Some((magic, rest)) = bytes.split_first_chunk::<8>() else {
        return Err((format!("{} bytes", bytes.len()), "a bed's state"));
    };
    if ![MAGIC, MAGIC_2, MAGIC_1].contains(&magic) {
        return Err(("a file of another kind or version".into(), "a bed's state, version 1 to 3"));
    }
    let Some((digest, body)) = rest.split_first_chunk::<32>() else {
        return Err((format!("{} bytes", bytes.len()), "a bed's state"));
    };
    if Sha256::digest(body).as_slice() != digest {
        return Err(("content that differs from its digest".into(), "an unharmed file"));
    }
    let mut body = body.to_vec();
    if magic != MAGIC {
        let (_, rest) = postcard::take_from_bytes::<UpToAccumulator>(&body)
            .map_err(|error| (error.to_string(), "a bed's state"))?;
        // None were counted: a nought, in one byte.
        body.insert(body.len() - rest.len(), 0);
    }
    if magic == MAGIC_1 {
        let unknown = postcard::to_stdvec(&Exposure::default());
        body.extend(unknown.map_err(|error| (error.to_string(), "a bed's state"))?);
    }
    postcard::from_bytes(&body).map_err(|error| (error.to_string(), "a bed's state"))
}

/// What a state of version 1 or 2 holds, up to the end of its accumulator.
type UpToAccumulator = (
    String,
    String,
    u64,
    Option<StreamState>,
    Origin,
    u64,
    u64,
    (AccumulatorConfig, f32, u64, Option<u64>, bool, u64),
);

/// Writes encoded bytes.
///
/// # Errors
/// [`CheckpointError::Io`]; the state before is then still there.
pub fn save(path: &Path, bytes: &[u8]) -> Result<(), CheckpointError> {
    durable::replace_file(path, |file| file.write_all(bytes))
        .map_err(|source: std::io::Error| CheckpointError::Io { doing: "write", path: path.into(), source })
}

/// Reads a bed's state; `None` where there is none. One that cannot be believed is moved aside.
///
/// # Errors
/// [`CheckpointError`].
pub fn load(path: &Path) -> Result<Option<BedState>, CheckpointError> {
    let io = |source| CheckpointError::Io { doing: "read", path: path.into(), source };
    let length = match std::fs::metadata(path) {
        Ok(metadata) => metadata.len(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(io(error)),
    };
    let decoded = if length > LARGEST {
        Err((format!("{length} bytes"), "a bed's state of at most 64 MB"))
    } else {
        decode(&std::fs::read(path).map_err(io)?)
    };
    decoded.map(Some).map_err(|(found, expected)| {
        let kept = path.with_extension("state.damaged");
        match std::fs::rename(path, &kept) {
            Ok(()) => CheckpointError::Damaged { path: path.into(), found, expected, kept },
            Err(error) => io(error),
        }
    })
}

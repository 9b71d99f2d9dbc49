//! What can be wrong with bytes that a peer sent, before anybody knows from where they came.

use thiserror::Error;

use crate::source::live::LiveError;

/// Bytes that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum WireError {
    /// Not what the protocol says.
    #[error("{what}; expected {expected}")]
    Malformed {
        /// What came.
        what: String,
        /// What was expected.
        expected: String,
    },
    /// Sound, and of a kind that is not read here.
    #[error("{reason}")]
    Unsuitable {
        /// Why, and what to do.
        reason: String,
    },
    /// The peer does not serve the stream any more.
    #[error("{reason}")]
    Gone {
        /// In the peer's words.
        reason: String,
    },
}

impl WireError {
    pub(super) fn malformed(what: impl Into<String>, expected: impl Into<String>) -> WireError {
        WireError::Malformed { what: what.into(), expected: expected.into() }
    }

    /// The error of a stream `stream` that is served at `address`.
    pub(super) fn of(self, stream: &str, address: &str) -> LiveError {
        let address = format!("LSL stream {stream} at {address}");
        match self {
            WireError::Malformed { what, expected } => LiveError::Malformed { address, what, expected },
            WireError::Unsuitable { reason } => {
                LiveError::Unsuitable { stream: format!("LSL stream {stream}"), reason }
            }
            WireError::Gone { reason } => LiveError::Lost { address, reason },
        }
    }
}

/// What a peer wrote, short enough and plain enough to be shown.
pub(super) fn shown(bytes: &[u8]) -> String {
    const MOST: usize = 60;
    let text: String = String::from_utf8_lossy(&bytes[..bytes.len().min(MOST * 4)])
        .chars()
        .take(MOST)
        .flat_map(char::escape_debug)
        .collect();
    format!("\"{text}\"")
}

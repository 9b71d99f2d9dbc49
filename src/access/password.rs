//! Passwords: which are good enough, and what is kept of them (Argon2id, RFC 9106).

use argon2::password_hash::SaltString;
use argon2::{Algorithm, Argon2, Params, PasswordHash, PasswordHasher, PasswordVerifier, Version};
use thiserror::Error;

use super::secret::random;

/// Fewest letters.
const FEWEST: usize = 12;

/// Most bytes: nobody makes us hash a book.
const MOST: usize = 1024;

/// Memory of one hash in KiB, and passes over it: the least that OWASP's Password Storage Cheat Sheet (2024) recommends.
/// A ward's machine has EEG to judge; a guess costs who guesses 19 MiB all the same.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;

/// A password that is not taken.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PasswordError {
    /// Too short.
    #[error(
        "the password has {found} letters; expected {FEWEST} or more, like a sentence that only you think of"
    )]
    Short {
        /// How many it has.
        found: usize,
    },
    /// Too long.
    #[error("the password has more than {MOST} bytes; expected fewer")]
    Long,
    /// The account's name.
    #[error("the password is the account's name, or holds little else; expected another")]
    Name,
    /// One letter again and again.
    #[error("the password has fewer than five different letters; expected more")]
    Monotonous,
    /// It could not be hashed.
    #[error("the password cannot be hashed: {0}")]
    Failed(String),
}

/// Whether an account may have a password.
///
/// # Errors
/// [`PasswordError`].
pub fn check_password(name: &str, password: &str) -> Result<(), PasswordError> {
    let letters = password.chars().count();
    if letters < FEWEST {
        return Err(PasswordError::Short { found: letters });
    }
    if password.len() > MOST {
        return Err(PasswordError::Long);
    }
    let rest = password.to_lowercase().replace(&name.to_lowercase(), "");
    if rest.chars().count() < FEWEST / 3 {
        return Err(PasswordError::Name);
    }
    let different: std::collections::BTreeSet<char> = password.chars().collect();
    if different.len() < 5 {
        return Err(PasswordError::Monotonous);
    }
    Ok(())
}

/// What is kept of a password. Takes some tens of milliseconds and 19 MiB.
///
/// # Errors
/// [`PasswordError::Failed`].
pub fn hash(password: &str) -> Result<String, PasswordError> {
    let failed = |error: &dyn std::fmt::Display| PasswordError::Failed(error.to_string());
    let salt = SaltString::encode_b64(&random::<16>().map_err(|e| failed(&e))?).map_err(|e| failed(&e))?;
    let hashed = argon2()?.hash_password(password.as_bytes(), &salt).map_err(|e| failed(&e))?;
    Ok(hashed.to_string())
}

/// Whether a password is the one that this was kept of. Takes as long as [`hash`].
pub fn verify(password: &str, kept: &str) -> bool {
    // More is no password of ours, and would only cost time.
    let Ok(kept) = PasswordHash::new(kept) else { return false };
    let Ok(argon2) = argon2() else { return false };
    password.len() <= MOST && argon2.verify_password(password.as_bytes(), &kept).is_ok()
}

/// Whether something is what is kept of a password.
pub fn is_hash(text: &str) -> bool {
    PasswordHash::new(text).is_ok_and(|hash| hash.algorithm == argon2::ARGON2ID_IDENT && hash.hash.is_some())
}

fn argon2() -> Result<Argon2<'static>, PasswordError> {
    let params =
        Params::new(MEMORY_KIB, PASSES, 1, None).map_err(|error| PasswordError::Failed(error.to_string()))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

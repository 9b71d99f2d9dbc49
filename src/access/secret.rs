//! Words that nobody can guess, and what is kept of them.

use std::io::{self, Read};

use sha2::{Digest, Sha256};

/// So many bytes that nobody can guess.
///
/// # Errors
/// What the operating system says.
pub fn random<const N: usize>() -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    std::fs::File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(bytes)
}

/// A word of 256 bits that nobody can guess.
///
/// # Errors
/// What the operating system says.
pub fn word() -> io::Result<String> {
    Ok(random::<32>()?.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// What is kept of a word: enough to know it again, too little to say it.
pub fn digest(word: &str) -> [u8; 32] {
    Sha256::digest(word).into()
}

/// Compares without telling by its time how much was right.
pub fn same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |differs, (a, b)| differs | (a ^ b)) == 0
}

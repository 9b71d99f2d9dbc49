//! Files that a crash left behind: their superblock still says that somebody writes.
//!
//! Readers that follow (SWMR) do not mind; every other program refuses such a file. The mark is one byte
//! of the superblock (HDF5 File Format Specification 3.0, II.A, versions 2 and 3), and a checksum follows
//! at its end (Jenkins, lookup3, over all that stands before).

use std::fs::OpenOptions;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;

use super::error::RecordError;
use super::reserve::give_back;

const SIGNATURE: &[u8; 8] = b"\x89HDF\r\n\x1a\n";

/// Where the flags stand.
const FLAGS_AT: usize = 11;

/// Length of a superblock of version 3 with 8-byte offsets, its checksum included.
const LENGTH: usize = 48;

/// What became of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mended {
    /// It was closed in order.
    Sound,
    /// The mark was taken away.
    Cleared,
}

/// The superblock without its mark of being written; `None` where it has none.
///
/// # Errors
/// Why this is no superblock of a record, in words.
pub fn mended_superblock(bytes: &[u8]) -> Result<Option<[u8; LENGTH]>, String> {
    let Some(block) = bytes.first_chunk::<LENGTH>() else {
        return Err(format!("{} bytes", bytes.len()));
    };
    if !block.starts_with(SIGNATURE) {
        return Err("bytes that are no HDF5 signature".into());
    }
    if block[8] != 3 || block[9] != 8 || block[10] != 8 {
        return Err(format!("a superblock of version {} with offsets of {} bytes", block[8], block[9]));
    }
    let mut block = *block;
    let stored = u32::from_le_bytes([block[44], block[45], block[46], block[47]]);
    if lookup3(&block[..44]) != stored {
        return Err("a superblock that differs from its checksum".into());
    }
    if block[FLAGS_AT] == 0 {
        return Ok(None);
    }
    block[FLAGS_AT] = 0;
    let checksum = lookup3(&block[..44]).to_le_bytes();
    block[44..].copy_from_slice(&checksum);
    Ok(Some(block))
}

/// Takes the mark of being written from a file that nobody writes any more.
///
/// # Errors
/// [`RecordError::Damaged`] where it is no record, [`RecordError::Io`]; the file is then as it was.
pub fn mend(path: &Path) -> Result<Mended, RecordError> {
    let read = RecordError::io("read", path);
    let mut file = OpenOptions::new().read(true).write(true).open(path).map_err(&read)?;
    let mut bytes = Vec::with_capacity(LENGTH);
    Read::by_ref(&mut file).take(LENGTH as u64).read_to_end(&mut bytes).map_err(&read)?;
    // Room that the recorder kept for what it did not live to write; kept still, it does no harm.
    let _ = give_back(&file);
    let mended = mended_superblock(&bytes).map_err(|found| RecordError::Damaged {
        path: path.to_path_buf(),
        found,
        expected: "an HDF5 file as the recorder writes it".into(),
    })?;
    let Some(block) = mended else { return Ok(Mended::Sound) };
    file.seek(SeekFrom::Start(0))
        .and_then(|_| file.write_all(&block))
        .and_then(|()| file.sync_data())
        .map_err(RecordError::io("write", path))?;
    Ok(Mended::Cleared)
}

/// Bob Jenkins' lookup3, "hashlittle" with an initial value of 0, as HDF5 sums its metadata up.
fn lookup3(bytes: &[u8]) -> u32 {
    let start = 0xdead_beef_u32.wrapping_add(bytes.len() as u32);
    let (mut a, mut b, mut c) = (start, start, start);
    let word = |bytes: &[u8]| {
        bytes.iter().enumerate().fold(0u32, |word, (place, byte)| word | u32::from(*byte) << (8 * place))
    };
    let mut rest = bytes;
    while rest.len() > 12 {
        let (block, after) = rest.split_at(12);
        a = a.wrapping_add(word(&block[..4]));
        b = b.wrapping_add(word(&block[4..8]));
        c = c.wrapping_add(word(&block[8..]));
        let step = |x: &mut u32, y: &mut u32, z: &mut u32, turn: u32| {
            *x = x.wrapping_sub(*z) ^ z.rotate_left(turn);
            *z = z.wrapping_add(*y);
        };
        step(&mut a, &mut b, &mut c, 4);
        step(&mut b, &mut c, &mut a, 6);
        step(&mut c, &mut a, &mut b, 8);
        step(&mut a, &mut b, &mut c, 16);
        step(&mut b, &mut c, &mut a, 19);
        step(&mut c, &mut a, &mut b, 4);
        rest = after;
    }
    if rest.is_empty() {
        return c;
    }
    let part =
        |from: usize, to: usize| word(rest.get(from.min(rest.len())..to.min(rest.len())).unwrap_or_default());
    a = a.wrapping_add(part(0, 4));
    b = b.wrapping_add(part(4, 8));
    c = c.wrapping_add(part(8, 12));
    c = (c ^ b).wrapping_sub(b.rotate_left(14));
    a = (a ^ c).wrapping_sub(c.rotate_left(11));
    b = (b ^ a).wrapping_sub(a.rotate_left(25));
    c = (c ^ b).wrapping_sub(b.rotate_left(16));
    a = (a ^ c).wrapping_sub(c.rotate_left(4));
    b = (b ^ a).wrapping_sub(a.rotate_left(14));
    (c ^ b).wrapping_sub(b.rotate_left(24))
}

#![no_main]

//! The first bytes of a record that a crash left behind.

use libfuzzer_sys::fuzz_target;
use vigil::record::mended_superblock;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(Some(block)) = mended_superblock(bytes) {
        // What was mended needs no mending.
        assert!(matches!(mended_superblock(&block), Ok(None)));
    }
});

//! EDF, EDF+C, EDF+D, BDF, BDF+C and BDF+D (Kemp 1992, Kemp and Olivan 2003, BioSemi).

mod encode;
mod header;
mod input;
mod reader;
mod records;
mod tal;
mod writer;

pub use header::{Header, Signal};
pub use input::Stored;
pub use reader::{EdfReader, Segment};
pub use tal::{Tal, parse_tals};
pub use writer::{EdfWriter, WriterSignal, WriterSpec};

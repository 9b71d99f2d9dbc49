//! A file is whole or absent: whatever ends the writing, a reader finds the old content or the new.

use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::TempDir;
use vigil::durable::{beside, replace_file};

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).expect("a folder");
    entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect()
}

#[test]
fn a_new_file_appears_with_the_folders_that_it_needs() {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("some/where/new.txt");
    replace_file(&path, |file| file.write_all(b"new")).expect("a file");
    assert_eq!(std::fs::read(&path).expect("the file"), b"new");
    assert_eq!(names(path.parent().expect("a folder")), ["new.txt"], "nothing else is left");
}

#[test]
fn a_writer_that_fails_half_way_leaves_the_old_content_and_nothing_else() {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("table.tsv");
    std::fs::write(&path, "old").expect("a file");
    let failed = replace_file(&path, |file| {
        file.write_all(&vec![b'x'; 1 << 20])?;
        Err(io::Error::other("the disk is full"))
    });
    assert_eq!(failed.expect_err("it failed").to_string(), "the disk is full");
    assert_eq!(std::fs::read(&path).expect("the file"), b"old");
    assert_eq!(names(folder.path()), ["table.tsv"]);
}

#[test]
fn a_folder_in_the_place_of_the_file_is_an_error_and_stays() {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("table.tsv");
    std::fs::create_dir_all(path.join("inside")).expect("a folder");
    replace_file(&path, |file| file.write_all(b"new")).expect_err("a folder cannot be replaced");
    assert_eq!(names(folder.path()), ["table.tsv"]);
    assert_eq!(names(&path), ["inside"]);
}

#[test]
fn the_name_beside_is_in_the_same_folder_and_differs() {
    let path = Path::new("out/verdicts.tsv");
    let name = beside(path);
    assert_eq!(name.parent(), path.parent());
    assert!(name != path && name.to_string_lossy().ends_with(".part"), "{}", name.display());
}

/// Names the file that the child of the next test replaces again and again.
const CHILD: &str = "VIGIL_TEST_REPLACES_UNTIL_KILLED";
const LENGTH: usize = 1 << 18;

#[test]
fn a_program_that_is_killed_while_it_writes_leaves_one_whole_content() {
    if let Ok(path) = std::env::var(CHILD) {
        replace_for_ever(Path::new(&path));
    }
    let folder = TempDir::new().expect("a folder");
    for round in 0..8u32 {
        let path = folder.path().join(format!("whole-{round}.bin"));
        let mut child = Command::new(std::env::current_exe().expect("this program"))
            .args([
                "--exact",
                "a_program_that_is_killed_while_it_writes_leaves_one_whole_content",
                "--nocapture",
            ])
            .env(CHILD, &path)
            .stdout(Stdio::piped())
            .spawn()
            .expect("a child");
        let mut told = BufReader::new(child.stdout.take().expect("its output")).lines();
        let replaced = |line: &io::Result<String>| line.as_ref().is_ok_and(|line| line.contains("replaced"));
        // Killed after ever more replacements, in the midst of the next.
        told.by_ref().filter(replaced).nth(round as usize).expect("a replacement").expect("a line");
        child.kill().expect("SIGKILL");
        child.wait().expect("its end");
        let content = std::fs::read(&path).expect("the file is there after the first replacement");
        assert_eq!(content.len(), LENGTH, "round {round}");
        assert!(content.iter().all(|byte| *byte == content[0]), "round {round}: two contents in one file");
    }
}

fn replace_for_ever(path: &Path) -> ! {
    for byte in (0..=u8::MAX).cycle() {
        // In small pieces, so that a kill falls between them.
        let written = replace_file(path, |file| {
            (0..LENGTH / 64).try_for_each(|_| file.write_all(&[byte; 64]).and_then(|()| file.flush()))
        });
        written.expect("a replaced file");
        println!("replaced {byte}");
    }
    unreachable!("the parent ends this")
}

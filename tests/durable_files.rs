//! A file is whole or absent: whatever ends the writing, a reader finds the old content or the new.

use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::TempDir;
use vigil::durable::{beside, place, replace_file};

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).expect("a folder");
    entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect()
}

fn sorted(mut names: Vec<String>) -> Vec<String> {
    names.sort();
    names
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
fn what_is_no_file_is_refused_by_its_kind_and_stays_what_it_is() {
    use std::os::unix::fs::FileTypeExt;
    let folder = TempDir::new().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    let pipe = Command::new("mkfifo").arg(path("pipe")).status().expect("mkfifo");
    assert!(pipe.success());
    let _socket = std::os::unix::net::UnixListener::bind(path("socket")).expect("a socket");
    std::fs::create_dir(path("folder")).expect("a folder");
    symlink("/dev/null", path("device")).expect("a link");
    symlink("pipe", path("link")).expect("a link");
    let before = sorted(names(folder.path()));
    for (name, what) in [
        ("pipe", "a pipe"),
        ("socket", "a socket"),
        ("folder", "a folder"),
        ("device", "a device"),
        ("link", "a pipe"),
    ] {
        let message = replace_file(&path(name), |_| -> io::Result<()> { panic!("{name} is written") })
            .expect_err("a refusal")
            .to_string();
        assert!(message.contains(what) && message.contains("expected a file"), "{name}: {message}");
        // What was written by others takes no such place either.
        std::fs::write(path("written"), "new").expect("a file");
        let message = place(&path("written"), &path(name)).expect_err("a refusal").to_string();
        assert!(message.contains(what), "{name}: {message}");
        std::fs::remove_file(path("written")).expect("it stays where it was");
    }
    assert_eq!(sorted(names(folder.path())), before, "nothing is left beside them");
    let kind = |name: &str| path(name).symlink_metadata().expect("it is there").file_type();
    assert!(kind("pipe").is_fifo() && kind("socket").is_socket() && kind("folder").is_dir());
    assert!(kind("device").is_symlink() && kind("link").is_symlink());
}

#[test]
fn the_file_behind_a_link_is_replaced_and_the_link_stays() {
    let folder = TempDir::new().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    std::fs::create_dir(path("there")).expect("a folder");
    std::fs::write(path("there/table.tsv"), "old").expect("a file");
    symlink("there/table.tsv", path("link")).expect("a link");
    symlink(path("link"), path("link to it")).expect("a link");
    for (name, content) in [("link", "new"), ("link to it", "newer")] {
        replace_file(&path(name), |file| file.write_all(content.as_bytes())).expect("a replaced file");
        assert_eq!(std::fs::read_to_string(path("there/table.tsv")).expect("the file"), content);
        assert!(path(name).is_symlink() && path("link").is_symlink());
    }
    assert_eq!(names(&path("there")), ["table.tsv"]);
    assert_eq!(names(folder.path()).len(), 3);
}

#[test]
fn a_link_to_nothing_yet_gets_its_file_and_links_in_a_circle_are_refused() {
    let folder = TempDir::new().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    symlink("not/yet.tsv", path("dangling")).expect("a link");
    replace_file(&path("dangling"), |file| file.write_all(b"new")).expect("a new file");
    assert_eq!(std::fs::read(path("not/yet.tsv")).expect("the file"), b"new");
    assert!(path("dangling").is_symlink());
    symlink("two", path("one")).expect("a link");
    symlink("one", path("two")).expect("a link");
    let message =
        replace_file(&path("one"), |file| file.write_all(b"new")).expect_err("a circle").to_string();
    assert!(message.contains("links"), "{message}");
    assert!(path("one").is_symlink() && path("two").is_symlink());
}

#[test]
fn a_command_refuses_a_pipe_as_its_output_and_writes_through_a_link() {
    let folder = TempDir::new().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    assert!(Command::new("mkfifo").arg(path("pipe")).status().expect("mkfifo").success());
    symlink("kept.edf", path("link.edf")).expect("a link");
    let synth = |out: &str| {
        Command::new(env!("CARGO_BIN_EXE_vigil"))
            .args(["synth", "--hours", "0.002", "--out", out])
            .current_dir(folder.path())
            .output()
            .expect("the program runs")
    };
    let refused = synth("pipe");
    let message = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!(refused.status.code(), Some(9), "{message}");
    assert!(message.contains("cannot write pipe: it is a pipe"), "{message}");
    let written = synth("link.edf");
    assert!(written.status.success(), "{}", String::from_utf8_lossy(&written.stderr));
    assert!(path("link.edf").is_symlink() && path("kept.edf").is_file());
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

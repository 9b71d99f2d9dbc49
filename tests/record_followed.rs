//! A record can be read while it grows, by this program and by another.

mod daemon;

use daemon::Ward;
use vigil::record::RecordFile;

#[test]
fn a_reader_follows_a_file_that_is_being_written() {
    let ward = Ward::new("[[bed]]\nname = \"emu-01\"\npatient = \"chb03\"\nsource.synthetic = {}\n");
    let mut daemon = ward.start();
    let path = daemon.wait_for("a file", |_| ward.files("emu-01").pop());
    let file = RecordFile::open(&path).unwrap();
    let rows = daemon.wait_for("signal", |_| {
        file.refresh().unwrap();
        (file.rows() > 0 && !file.verdicts().unwrap().is_empty()).then(|| file.rows())
    });
    daemon.wait_for("more signal", |_| {
        file.refresh().unwrap();
        (file.rows() > rows + 256).then_some(())
    });
    assert_eq!(file.read(0, rows).unwrap().len(), rows * 19);
    let python = std::env::var("VIGIL_PYTHON")
        .unwrap_or_else(|_| concat!(env!("CARGO_MANIFEST_DIR"), "/.venv/bin/python").into());
    let script = "import sys, h5py; f = h5py.File(sys.argv[1], 'r', swmr=True); print(f['signal'].shape[0])";
    let there = std::process::Command::new(&python).args(["-c", "import h5py"]).output();
    if !there.is_ok_and(|output| output.status.success()) {
        println!("skipped in part: {python} has no h5py; VIGIL_PYTHON names an interpreter that has it");
        return;
    }
    let output = std::process::Command::new(&python).args(["-c", script]).arg(&path).output().unwrap();
    let read = String::from_utf8_lossy(&output.stdout).trim().parse::<usize>().unwrap();
    assert!(read > rows, "{}", String::from_utf8_lossy(&output.stderr));
}

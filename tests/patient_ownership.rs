//! What the administrator makes for the daemon belongs to the daemon's account.

use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Output};

/// Debian's account that owns nothing.
const NOBODY: u32 = 65534;

/// A ward's folders below one that everybody may enter, of the account of the daemon.
fn folders() -> Option<tempfile::TempDir> {
    if !rustix::process::geteuid().is_root() {
        println!("skipped: only root can give files away");
        return None;
    }
    let folder = tempfile::tempdir().unwrap();
    std::fs::set_permissions(folder.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let patients = folder.path().join("patients");
    std::fs::create_dir(&patients).unwrap();
    chown(&patients, Some(NOBODY), Some(NOBODY)).unwrap();
    // Models that another account can read, wherever the project lies.
    let models = folder.path().join("models");
    for name in ["cnn", "shared"] {
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("models").join(name);
        std::fs::create_dir_all(models.join(name)).unwrap();
        for entry in std::fs::read_dir(from).unwrap() {
            let entry = entry.unwrap();
            std::fs::copy(entry.path(), models.join(name).join(entry.file_name())).unwrap();
        }
    }
    // By another process: what this one has open for writing, a process that another test is just starting still
    // holds open, and then it cannot be executed.
    let mut copy = Command::new("cp");
    assert!(
        copy.arg(env!("CARGO_BIN_EXE_vigil")).arg(folder.path().join("vigil")).status().unwrap().success()
    );
    std::fs::write(
        folder.path().join("vigil.toml"),
        "[ward]\nname = \"EMU\"\nstate = \"state\"\npatients = \"patients\"\nmodels = \"models\"\n\
         [record]\nfolder = \"record\"\n\
         [[bed]]\nname = \"emu-01\"\npatient = \"p001\"\nsource.synthetic = { eeg = { seed = 1 } }\n",
    )
    .unwrap();
    Some(folder)
}

fn vigil(folder: &Path, account: u32, arguments: &[&str]) -> Output {
    let mut command = Command::new(folder.join("vigil"));
    command.current_dir(folder).args(arguments).uid(account).gid(account);
    command.output().unwrap()
}

fn owner(path: &Path) -> u32 {
    path.metadata().unwrap_or_else(|error| panic!("{}: {error}", path.display())).uid()
}

#[test]
fn a_patient_made_by_root_belongs_to_whom_the_folder_of_patients_belongs() {
    let Some(folder) = folders() else { return };
    let made = vigil(folder.path(), 0, &["patient", "new", "p001"]);
    assert!(made.status.success(), "{made:?}");
    let patient = folder.path().join("patients/p001");
    assert_eq!((owner(&patient), owner(&patient.join("patient.toml"))), (NOBODY, NOBODY));
    let switched = vigil(folder.path(), 0, &["patient", "switch", "p001", "0"]);
    assert!(switched.status.success(), "{switched:?}");
    assert_eq!(owner(&patient.join("switches.jsonl")), NOBODY, "the daemon could log no switch");
}

#[test]
fn a_check_by_the_daemons_account_says_where_it_could_not_keep_an_autoencoder() {
    let Some(folder) = folders() else { return };
    assert!(vigil(folder.path(), 0, &["patient", "new", "p001"]).status.success());
    let checked = vigil(folder.path(), NOBODY, &["check"]);
    assert!(checked.status.success() && checked.stderr.is_empty(), "{checked:?}");
    let patient = folder.path().join("patients/p001");
    chown(&patient, Some(0), Some(0)).unwrap();
    let checked = vigil(folder.path(), NOBODY, &["check"]);
    let said = String::from_utf8_lossy(&checked.stderr);
    assert!(checked.status.success(), "the bed can be watched all the same: {checked:?}");
    assert!(said.contains("patients/p001") && said.contains("own autoencoder"), "{said}");
}

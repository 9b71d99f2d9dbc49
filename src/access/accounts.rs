//! The file of accounts: who may sign in, as what.
//!
//! Invariant: the file is whole or as it was, readable by its owner alone, and has two writers never; it never loses its
//! last administrator.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::FlockOperation;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::password::is_hash;
use super::role::Role;
use crate::config::{ConfigError, mistake};
use crate::durable;

/// How long a writer waits for another.
const PATIENCE: Duration = Duration::from_secs(5);

/// One account.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Account {
    /// Who; their acts stand under this name in the log.
    pub name: String,
    /// As what.
    pub role: Role,
    /// What is kept of the password.
    pub password: String,
    /// Whether they may not sign in.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub disabled: bool,
    /// Since when, RFC 3339.
    pub created: String,
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account").field("name", &self.name).field("role", &self.role).finish_non_exhaustive()
    }
}

/// All of them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Accounts {
    #[serde(default)]
    account: Vec<Account>,
}

/// Accounts that cannot be read or changed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum AccountsError {
    /// There is no such file.
    #[error(
        "there is no file of accounts {path}; make one with `vigil account add NAME --role administrator`"
    )]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// Nobody could sign in.
    #[error("no account in {path} may sign in; add one with `vigil account add NAME --role administrator`")]
    Nobody {
        /// The file.
        path: PathBuf,
    },
    /// Others can read it.
    #[error(
        "{path} can be read or written by others (mode {mode:03o}); take that away with `chmod 600 {path}`"
    )]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// A mistake in it.
    #[error(transparent)]
    Mistake(#[from] ConfigError),
    /// The operating system refused.
    #[error("cannot {doing} {path}: {source}")]
    Io {
        /// "read" or "write".
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// The system's own words.
        source: io::Error,
    },
    /// Another writes.
    #[error("{path} is being changed by another vigil; try again")]
    Busy {
        /// The file.
        path: PathBuf,
    },
    /// A name that cannot be an account's.
    #[error(
        "{found:?} cannot be an account's name: expected 1 to 64 letters, digits, . - or _, a letter or digit first"
    )]
    BadName {
        /// The name.
        found: String,
    },
    /// There is no such account.
    #[error("there is no account {name}")]
    NoAccount {
        /// The name.
        name: String,
    },
    /// The account is there already.
    #[error("there is an account {name} already; choose another name, or change that one")]
    Exists {
        /// The name.
        name: String,
    },
    /// Nobody would be left who may change accounts.
    #[error("{name} is the last administrator who may sign in; make another one first")]
    LastAdministrator {
        /// The name.
        name: String,
    },
}

/// What is to be changed of an account.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Change {
    /// Another role.
    pub role: Option<Role>,
    /// What is kept of another password.
    pub password: Option<String>,
    /// Whether they may sign in no longer.
    pub disabled: Option<bool>,
}

/// Whether something can be an account's name.
pub fn is_account_name(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'))
        && name.as_bytes().first().is_some_and(u8::is_ascii_alphanumeric)
}

impl Accounts {
    /// All, by name.
    pub fn all(&self) -> &[Account] {
        &self.account
    }

    /// One.
    pub fn get(&self, name: &str) -> Option<&Account> {
        self.account.iter().find(|account| account.name == name)
    }

    /// One that may sign in.
    pub fn admitted(&self, name: &str) -> Option<&Account> {
        self.get(name).filter(|account| !account.disabled)
    }

    /// Adds one.
    ///
    /// # Errors
    /// [`AccountsError::BadName`], [`AccountsError::Exists`].
    pub fn add(&mut self, account: Account) -> Result<(), AccountsError> {
        if !is_account_name(&account.name) {
            return Err(AccountsError::BadName { found: account.name });
        }
        // Two people whose names differ in a capital would be taken for one.
        if self.account.iter().any(|other| other.name.eq_ignore_ascii_case(&account.name)) {
            return Err(AccountsError::Exists { name: account.name });
        }
        self.account.push(account);
        self.account.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(())
    }

    /// Changes one.
    ///
    /// # Errors
    /// [`AccountsError::NoAccount`], [`AccountsError::LastAdministrator`].
    pub fn alter(&mut self, name: &str, change: Change) -> Result<(), AccountsError> {
        let demoted = change.role.is_some_and(|role| role != Role::Administrator);
        if demoted || change.disabled == Some(true) {
            self.keeps_an_administrator_without(name)?;
        }
        let account = self
            .account
            .iter_mut()
            .find(|account| account.name == name)
            .ok_or_else(|| AccountsError::NoAccount { name: name.to_string() })?;
        account.role = change.role.unwrap_or(account.role);
        account.disabled = change.disabled.unwrap_or(account.disabled);
        if let Some(password) = change.password {
            account.password = password;
        }
        Ok(())
    }

    /// Removes one.
    ///
    /// # Errors
    /// [`AccountsError::NoAccount`], [`AccountsError::LastAdministrator`].
    pub fn remove(&mut self, name: &str) -> Result<(), AccountsError> {
        self.keeps_an_administrator_without(name)?;
        self.account.retain(|account| account.name != name);
        Ok(())
    }

    fn keeps_an_administrator_without(&self, name: &str) -> Result<(), AccountsError> {
        let account = self.get(name).ok_or_else(|| AccountsError::NoAccount { name: name.to_string() })?;
        let counts = |account: &Account| account.role == Role::Administrator && !account.disabled;
        let another = self.account.iter().any(|other| other.name != name && counts(other));
        if counts(account) && !another {
            return Err(AccountsError::LastAdministrator { name: name.to_string() });
        }
        Ok(())
    }

    /// Reads and checks the file.
    ///
    /// # Errors
    /// [`AccountsError`].
    pub fn load(path: &Path) -> Result<Accounts, AccountsError> {
        let io = |source| AccountsError::Io { doing: "read", path: path.to_path_buf(), source };
        let mode = match path.metadata() {
            Ok(metadata) => metadata.permissions().mode() & 0o777,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(AccountsError::Missing { path: path.to_path_buf() });
            }
            Err(error) => return Err(io(error)),
        };
        if mode & 0o077 != 0 {
            return Err(AccountsError::Exposed { path: path.to_path_buf(), mode });
        }
        let text = std::fs::read_to_string(path).map_err(io)?;
        let read: Accounts =
            toml::from_str(&text).map_err(|error| mistake(path, &text, &error, example_of))?;
        let mut accounts = Accounts::default();
        for (index, account) in read.account.into_iter().enumerate() {
            let refused = |what: String, setting: &str| {
                let path = path.to_path_buf();
                let example = example_of(setting).to_string();
                let line = crate::config::line_in(&text, "account", Some(index), setting).unwrap_or(1);
                ConfigError::Mistake { path, line, what, example }
            };
            if !is_hash(&account.password) {
                let what = format!("what is kept of the password of {} is no Argon2id", account.name);
                return Err(refused(what, "password").into());
            }
            accounts.add(account).map_err(|error| refused(error.to_string(), "name"))?;
        }
        Ok(accounts)
    }

    /// The same; an error where nobody could sign in.
    ///
    /// # Errors
    /// [`AccountsError`].
    pub fn load_usable(path: &Path) -> Result<Accounts, AccountsError> {
        let accounts = Accounts::load(path)?;
        if accounts.account.iter().all(|account| account.disabled) {
            return Err(AccountsError::Nobody { path: path.to_path_buf() });
        }
        Ok(accounts)
    }
}

fn example_of(setting: &str) -> &'static str {
    match setting {
        "name" => "name = \"ada\"",
        "role" => "role = \"nurse\"",
        "password" => "`vigil account password NAME` writes one",
        "disabled" => "disabled = true",
        "created" => "created = \"2026-11-24T03:00:00Z\"",
        _ => "`vigil account add NAME --role nurse` writes an account",
    }
}

/// Changes the file: reads it, lets `with` change it, writes it; one writer at a time. A file that is not there is begun.
///
/// # Errors
/// [`AccountsError`]; the file is then as it was.
pub fn change(
    path: &Path,
    with: impl FnOnce(&mut Accounts) -> Result<(), AccountsError>,
) -> Result<Accounts, AccountsError> {
    let failed = |source| AccountsError::Io { doing: "write", path: path.to_path_buf(), source };
    let _lock = lock(path)?;
    let mut accounts = match Accounts::load(path) {
        Err(AccountsError::Missing { .. }) => Accounts::default(),
        read => read?,
    };
    with(&mut accounts)?;
    let text = toml::to_string(&accounts).map_err(|error| failed(io::Error::other(error)))?;
    write(path, &text).map_err(failed)?;
    Ok(accounts)
}

fn lock(path: &Path) -> Result<File, AccountsError> {
    let failed = |source| AccountsError::Io { doing: "write", path: path.to_path_buf(), source };
    // Beside it, since the file itself is another one after each change.
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(".lock");
    let beside = path.with_file_name(name);
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(&beside)
        .map_err(failed)?;
    hand_over(path, &file).map_err(failed)?;
    let began = std::time::Instant::now();
    loop {
        match rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => return Ok(file),
            Err(rustix::io::Errno::WOULDBLOCK) if began.elapsed() < PATIENCE => {
                std::thread::sleep(Duration::from_millis(20));
            }
            Err(rustix::io::Errno::WOULDBLOCK) => {
                return Err(AccountsError::Busy { path: path.to_path_buf() });
            }
            Err(error) => return Err(failed(error.into())),
        }
    }
}

fn write(path: &Path, text: &str) -> io::Result<()> {
    durable::replace_with(path, std::convert::identity, |beside| {
        // One that a crash left has the name of a process that is gone.
        let _ = std::fs::remove_file(beside);
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(beside)?;
        file.write_all(
            b"# Accounts of vigil. `vigil account` changes this file, and so do administrators on the page.\n\n",
        )?;
        file.write_all(text.as_bytes())?;
        hand_over(path, &file)?;
        file.sync_all()
    })
}

/// What root writes belongs to whom the file belonged, or the folder: the daemon, which reads and changes it, runs
/// without privileges.
fn hand_over(path: &Path, file: &File) -> io::Result<()> {
    if !rustix::process::geteuid().is_root() {
        return Ok(());
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let whose = path.metadata().or_else(|_| folder.metadata())?;
    std::os::unix::fs::fchown(file, Some(whose.uid()), Some(whose.gid()))
}

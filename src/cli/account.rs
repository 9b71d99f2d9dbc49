//! `vigil account`: who may sign in on the page, and as what.
//!
//! The daemon may run: it takes changes over within a second, and ends the sessions of accounts that became others.

use std::io::{IsTerminal, Read};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueEnum};

use super::error::CliError;
use crate::access::{
    Account, Accounts, AccountsError, Change, Role, change, check_password, hash, is_account_name,
};
use crate::alarm::AlarmLog;
use crate::alarm::entry::{AccessAct, Entry, What};
use crate::alarm::log::log_path;
use crate::alarm::moment::Clocks;
use crate::config::WardConfig;

/// Longest password that is read.
const LONGEST: u64 = 4096;

/// Add, change and list the accounts with which people sign in
#[derive(Debug, Args)]
pub struct AccountArgs {
    #[command(subcommand)]
    action: Action,
    /// The ward's configuration, whose [http] says where the accounts lie
    #[arg(long, global = true, default_value = "vigil.toml", value_name = "FILE")]
    config: PathBuf,
    /// Who you are, for the log
    #[arg(long, global = true, default_value = "command line", value_name = "NAME")]
    by: String,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Add an account; its password is asked for
    Add {
        #[command(flatten)]
        whose: Whose,
        /// What they are there for
        #[arg(long, value_enum)]
        role: RoleName,
        #[command(flatten)]
        password: PasswordArgs,
    },
    /// List the accounts
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Give an account another role; its sessions end
    Role {
        #[command(flatten)]
        whose: Whose,
        /// What they are there for
        #[arg(value_enum)]
        role: RoleName,
    },
    /// Give an account another password; its sessions end
    Password {
        #[command(flatten)]
        whose: Whose,
        #[command(flatten)]
        password: PasswordArgs,
    },
    /// Keep an account from signing in; its sessions end
    Disable(Whose),
    /// Let a disabled account sign in again
    Enable(Whose),
    /// Remove an account; what it did stays in the log under its name
    Remove(Whose),
}

#[derive(Debug, Args)]
struct Whose {
    /// The account
    #[arg(value_name = "NAME")]
    name: String,
}

#[derive(Debug, Args)]
struct PasswordArgs {
    /// Read the password from the first line of a file, or of standard input (-), instead of asking
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum RoleName {
    /// Looks
    Viewer,
    /// Takes note of alarms, sees patients' names
    Nurse,
    /// Judges alarms, exports
    Reviewer,
    /// Changes beds, networks and accounts
    Administrator,
}

impl From<RoleName> for Role {
    fn from(name: RoleName) -> Role {
        match name {
            RoleName::Viewer => Role::Viewer,
            RoleName::Nurse => Role::Nurse,
            RoleName::Reviewer => Role::Reviewer,
            RoleName::Administrator => Role::Administrator,
        }
    }
}

/// Runs the subcommand.
///
/// # Errors
/// [`CliError`].
pub fn run(args: &AccountArgs) -> Result<(), CliError> {
    let config = WardConfig::load(&args.config)?;
    let Some(path) = config.http.accounts.clone() else {
        let words = format!(
            "{} names no file of accounts; set one in [http], for example: accounts = \"/var/lib/vigil/accounts.toml\"",
            args.config.display()
        );
        return Err(CliError::Usage(words));
    };
    let ledger = Ledger { path, state: config.ward.state, by: args.by.clone() };
    match &args.action {
        Action::Add { whose, role, password } => add(&ledger, &whose.name, (*role).into(), password),
        Action::List { json } => list(&ledger.path, *json),
        Action::Role { whose, role } => {
            let role = Role::from(*role);
            let change = Change { role: Some(role), ..Change::default() };
            ledger.alter(&whose.name, change, &format!("role {}", role.name()))
        }
        Action::Password { whose, password } => {
            if Accounts::load(&ledger.path)?.get(&whose.name).is_none() {
                return Err(AccountsError::NoAccount { name: whose.name.clone() }.into());
            }
            let hashed = new_password(&whose.name, password)?;
            ledger.alter(&whose.name, Change { password: Some(hashed), ..Change::default() }, "password")
        }
        Action::Disable(whose) => {
            ledger.alter(&whose.name, Change { disabled: Some(true), ..Change::default() }, "disabled")
        }
        Action::Enable(whose) => {
            ledger.alter(&whose.name, Change { disabled: Some(false), ..Change::default() }, "enabled")
        }
        Action::Remove(whose) => {
            change(&ledger.path, |accounts| accounts.remove(&whose.name))?;
            say!("account {}: removed", whose.name);
            ledger.log(AccessAct::AccountRemoved, &whose.name, "");
            Ok(())
        }
    }
}

/// The file of accounts, and the log in which its changes stand.
struct Ledger {
    path: PathBuf,
    state: PathBuf,
    by: String,
}

impl Ledger {
    fn alter(&self, name: &str, wanted: Change, detail: &str) -> Result<(), CliError> {
        change(&self.path, |accounts| accounts.alter(name, wanted))?;
        say!("account {name}: {detail}");
        self.log(AccessAct::AccountChanged, name, detail);
        Ok(())
    }

    /// What was done is done; where the log does not take it, that is said.
    fn log(&self, act: AccessAct, account: &str, detail: &str) {
        let path = log_path(&self.state);
        if !path.is_file() {
            // A ward that was never watched has no log yet.
            return;
        }
        let (account, detail) = (account.to_string(), detail.to_string());
        let what = What::Access { act, account, from: String::new(), detail };
        let entry = Entry::of_bed("", &Clocks::here().now(), &self.by, what);
        if let Err(error) = AlarmLog::open_existing(&path).and_then(|mut log| log.append(&entry).map(drop)) {
            warn!("vigil: this stands in no log: {error}");
        }
    }
}

fn add(ledger: &Ledger, name: &str, role: Role, password: &PasswordArgs) -> Result<(), CliError> {
    // Before anybody thinks of a password for it.
    if !is_account_name(name) {
        return Err(AccountsError::BadName { found: name.to_string() }.into());
    }
    match Accounts::load(&ledger.path) {
        Ok(accounts) if accounts.get(name).is_some() => {
            return Err(AccountsError::Exists { name: name.to_string() }.into());
        }
        Ok(_) | Err(AccountsError::Missing { .. }) => {}
        Err(error) => return Err(error.into()),
    }
    let password = new_password(name, password)?;
    let created = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let account = Account { name: name.to_string(), role, password, disabled: false, created };
    let accounts = change(&ledger.path, |accounts| accounts.add(account))?;
    say!("account {name}: added as {} in {}", role.name(), ledger.path.display());
    if accounts.all().iter().all(|account| account.role != Role::Administrator) {
        warn!("no account is an administrator yet; add one to change accounts and beds on the page");
    }
    ledger.log(AccessAct::AccountAdded, name, &format!("as {}", role.name()));
    Ok(())
}

fn list(path: &Path, json: bool) -> Result<(), CliError> {
    let accounts = Accounts::load(path)?;
    if json {
        let shown: Vec<serde_json::Value> = accounts
            .all()
            .iter()
            .map(|account| {
                serde_json::json!({
                    "name": account.name,
                    "role": account.role,
                    "disabled": account.disabled,
                    "created": account.created,
                })
            })
            .collect();
        say!("{:#}", serde_json::Value::from(shown));
        return Ok(());
    }
    for account in accounts.all() {
        let disabled = if account.disabled { "  disabled" } else { "" };
        say!("{:<24} {:<14} since {}{disabled}", account.name, account.role.name(), account.created);
    }
    Ok(())
}

/// A new password, checked and hashed. It never comes as an argument: those stand in the shell's history, and everybody
/// on the machine can read them.
fn new_password(name: &str, args: &PasswordArgs) -> Result<String, CliError> {
    let password = match &args.password_file {
        Some(path) if path != Path::new("-") => {
            let file = std::fs::File::open(path)
                .map_err(|source| CliError::Unreadable { path: path.clone(), source })?;
            first_line(file, path)?
        }
        None if std::io::stdin().is_terminal() => asked(name)?,
        _ => first_line(std::io::stdin().lock(), Path::new("standard input"))?,
    };
    check_password(name, &password)?;
    Ok(hash(&password)?)
}

fn asked(name: &str) -> Result<String, CliError> {
    let unreadable = |source| CliError::Unreadable { path: "the terminal".into(), source };
    let terminal = console::Term::stderr();
    let ask = |words: String| {
        terminal.write_str(&words).and_then(|()| terminal.read_secure_line()).map_err(unreadable)
    };
    let password = ask(format!("password of {name}: "))?;
    check_password(name, &password)?;
    if ask("the same again: ".into())? != password {
        return Err(CliError::Usage("the two passwords differ; nothing is changed".into()));
    }
    Ok(password)
}

fn first_line(from: impl Read, path: &Path) -> Result<String, CliError> {
    let mut text = String::new();
    from.take(LONGEST)
        .read_to_string(&mut text)
        .map_err(|source| CliError::Unreadable { path: path.to_path_buf(), source })?;
    Ok(text.lines().next().unwrap_or_default().to_string())
}

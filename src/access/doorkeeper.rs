//! Lets people in: by name and password, then by their session.

use std::io;
use std::net::IpAddr;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};
use std::time::{Duration, Instant};

use thiserror::Error;
use tokio::sync::{Semaphore, watch};

use super::accounts::{Account, Accounts, AccountsError, Change, change, is_account_name};
use super::attempts::Attempts;
use super::kept::Keeper;
use super::password::{PasswordError, check_password, hash, verify};
use super::secret::word;
use super::sessions::{Key, Lifetimes, Seen, Sessions};

/// Passwords that are hashed at one time: each takes 19 MiB and a core.
const HASHING: usize = 2;

/// How long a password waits for its turn.
const PATIENCE: Duration = Duration::from_secs(10);

/// Refusals that are logged at once, and how long it takes until one more may be: who hammers at the door does not fill
/// the log.
const LOGGED_AT_ONCE: f64 = 30.0;
const ONE_MORE_S: f64 = 60.0;

/// Who is not let in, or may not do what they asked for.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Refused {
    /// Wrong name or wrong password: which, nobody is told. `logged` is how many before this one were not logged, where
    /// this one is to be.
    #[error("no account has this name and this password")]
    Wrong {
        /// `Some` where it is to be logged, with how many were not before it.
        logged: Option<u64>,
        /// Whether there is an account of that name.
        known: bool,
    },
    /// Too many attempts.
    #[error("too many attempts; try again in {} s", .wait.as_secs() + 1)]
    TooMany {
        /// How long to wait.
        wait: Duration,
    },
    /// Too many at one time.
    #[error("too many sign in at this moment; try again in a few seconds")]
    Busy,
    /// The password is not good enough.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// The accounts cannot be read or changed so.
    #[error(transparent)]
    Accounts(#[from] AccountsError),
    /// Something of ours has failed.
    #[error("{0}")]
    Failed(String),
}

/// Who was let in.
pub struct Admitted {
    /// The session's secret, for the cookie alone.
    pub secret: String,
    /// The session.
    pub seen: Seen,
    /// How long it lasts at the longest.
    pub longest: Duration,
}

/// What was left unlogged.
#[derive(Debug)]
struct Ration {
    left: f64,
    at: Option<Instant>,
    unlogged: u64,
}

/// Lets people in.
pub struct Doorkeeper {
    path: PathBuf,
    accounts: RwLock<Arc<Accounts>>,
    /// Which file was read last.
    read: Mutex<Option<Version>>,
    sessions: Sessions,
    /// Where sessions of displays outlive this daemon.
    keeper: OnceLock<Keeper>,
    attempts: Mutex<Attempts>,
    ration: Mutex<Ration>,
    hashing: Arc<Semaphore>,
    /// What is checked where there is no such account, so that it takes as long.
    nobody: String,
}

type Version = (u64, i64, i64, u64);

impl Doorkeeper {
    /// Reads the accounts.
    ///
    /// # Errors
    /// [`Refused`] where nobody could sign in.
    pub fn open(path: &Path, lifetimes: Lifetimes) -> Result<Doorkeeper, Refused> {
        let read = version(path);
        let accounts = Accounts::load_usable(path)?;
        let nobody = word().map_err(|error| Refused::Failed(error.to_string()))?;
        Ok(Doorkeeper {
            path: path.to_path_buf(),
            accounts: RwLock::new(Arc::new(accounts)),
            read: Mutex::new(read),
            sessions: Sessions::new(lifetimes),
            keeper: OnceLock::new(),
            attempts: Mutex::default(),
            ration: Mutex::new(Ration { left: LOGGED_AT_ONCE, at: None, unlogged: 0 }),
            hashing: Arc::new(Semaphore::new(HASHING)),
            nobody: hash(&nobody)?,
        })
    }

    /// Takes up the displays' sessions that an earlier daemon kept in a file, and keeps them there from now on.
    ///
    /// # Errors
    /// Why the file cannot be used: its displays sign in anew, and it is replaced.
    pub fn remember(&self, path: &Path) -> io::Result<()> {
        let keeper = self.keeper.get_or_init(|| Keeper::at(path));
        self.sessions.take_up(keeper.read()?, &self.accounts(), Instant::now())
    }

    /// Writes what is to outlive this daemon, where it has changed.
    fn keep(&self) {
        if let Some(Err(error)) = self.keeper.get().map(|keeper| keeper.write(|| self.sessions.to_keep())) {
            tracing::warn!(%error, "displays will have to sign in anew after a restart");
        }
    }

    /// The accounts as they were read last.
    pub fn accounts(&self) -> Arc<Accounts> {
        self.accounts.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Signs somebody in.
    ///
    /// # Errors
    /// [`Refused`].
    pub async fn sign_in(&self, name: &str, password: &str, from: IpAddr) -> Result<Admitted, Refused> {
        // What cannot be a name is not remembered: it could be a password that was typed in the wrong place.
        let name = if is_account_name(name) { name } else { "" };
        self.attempt(name, from)?;
        let accounts = self.accounts();
        let account = accounts.admitted(name).cloned();
        let kept = account.as_ref().map_or_else(|| self.nobody.clone(), |account| account.password.clone());
        let matches = self.matches(password, kept).await?;
        let Some(account) = account.filter(|_| matches) else {
            let known = accounts.get(name).is_some();
            return Err(Refused::Wrong { logged: self.may_be_logged(Instant::now()), known });
        };
        // Whoever disabled the account while the password was checked meant it.
        if self.accounts().admitted(name) != Some(&account) {
            return Err(Refused::Wrong { logged: self.may_be_logged(Instant::now()), known: true });
        }
        self.attempts.lock().unwrap_or_else(PoisonError::into_inner).succeeded(name, from);
        let (secret, seen) = self
            .sessions
            .begin(&account, Instant::now())
            .map_err(|error| Refused::Failed(error.to_string()))?;
        Ok(Admitted { secret, seen, longest: self.sessions.lifetimes().longest(account.role) })
    }

    /// The session of a secret; used by this.
    pub fn find(&self, secret: &str) -> Option<Seen> {
        self.sessions.find(secret, Instant::now())
    }

    /// Becomes an error when the session ends; `None` where it has.
    pub fn watch(&self, key: &Key) -> Option<watch::Receiver<()>> {
        self.sessions.watch(key)
    }

    /// Ends a session.
    pub fn sign_out(self: &Arc<Self>, key: &Key) {
        self.sessions.end(key);
        // Not waited for, but not left to the next look either: it must not come back.
        let here = self.clone();
        tokio::task::spawn_blocking(move || here.keep());
    }

    /// How many sessions an account has.
    pub fn sessions_of(&self, name: &str) -> usize {
        self.sessions.count(name)
    }

    /// A person changes their own password; their other sessions end.
    ///
    /// # Errors
    /// [`Refused`].
    pub async fn change_own_password(
        self: &Arc<Self>,
        who: &Seen,
        current: &str,
        new: &str,
        from: IpAddr,
    ) -> Result<(), Refused> {
        check_password(&who.name, new)?;
        self.attempt(&who.name, from)?;
        let kept = self.accounts().admitted(&who.name).map(|account| account.password.clone());
        if !self.matches(current, kept.unwrap_or_else(|| self.nobody.clone())).await? {
            return Err(Refused::Wrong { logged: self.may_be_logged(Instant::now()), known: true });
        }
        self.attempts.lock().unwrap_or_else(PoisonError::into_inner).succeeded(&who.name, from);
        let kept = self.hashed(new).await?;
        let (name, key) = (who.name.clone(), who.key);
        self.changed(Some((key, kept.clone())), move |accounts| {
            accounts.alter(&name, Change { password: Some(kept), ..Change::default() })
        })
        .await
    }

    /// Adds an account, as an administrator.
    ///
    /// # Errors
    /// [`Refused`].
    pub async fn add(self: &Arc<Self>, mut account: Account, password: &str) -> Result<(), Refused> {
        check_password(&account.name, password)?;
        account.password = self.hashed(password).await?;
        self.changed(None, move |accounts| accounts.add(account)).await
    }

    /// Changes an account, as an administrator; its sessions end where it is another one now.
    ///
    /// # Errors
    /// [`Refused`].
    pub async fn alter(
        self: &Arc<Self>,
        name: String,
        mut wanted: Change,
        password: Option<&str>,
    ) -> Result<(), Refused> {
        if let Some(password) = password {
            check_password(&name, password)?;
            wanted.password = Some(self.hashed(password).await?);
        }
        self.changed(None, move |accounts| accounts.alter(&name, wanted)).await
    }

    /// Removes an account and ends its sessions.
    ///
    /// # Errors
    /// [`Refused`].
    pub async fn remove(self: &Arc<Self>, name: String) -> Result<(), Refused> {
        self.changed(None, move |accounts| accounts.remove(&name)).await
    }

    /// Looks after the file, which the command line changes too, and after sessions that have lasted long enough. What
    /// cannot be read changes nothing.
    ///
    /// # Errors
    /// Why the file cannot be used; told once for each change of it.
    pub fn look_after(&self) -> Result<(), AccountsError> {
        self.sessions.sweep(Instant::now());
        self.keep();
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        let found = version(&self.path);
        if *read == found {
            return Ok(());
        }
        *read = found;
        self.take_over(Accounts::load_usable(&self.path)?);
        Ok(())
    }

    fn take_over(&self, accounts: Accounts) {
        self.sessions.settle(&accounts);
        *self.accounts.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(accounts);
        self.keep();
    }

    async fn changed(
        self: &Arc<Self>,
        stays: Option<(Key, String)>,
        with: impl FnOnce(&mut Accounts) -> Result<(), AccountsError> + Send + 'static,
    ) -> Result<(), Refused> {
        let here = self.clone();
        let changing = move || {
            // Whoever looks after the file meanwhile would end the session that stays.
            let mut read = here.read.lock().unwrap_or_else(PoisonError::into_inner);
            let accounts = change(&here.path, with)?;
            *read = version(&here.path);
            if let Some((key, kept)) = stays {
                here.sessions.keep_with(&key, &kept);
            }
            here.take_over(accounts);
            Ok(())
        };
        tokio::task::spawn_blocking(changing).await.map_err(|error| Refused::Failed(error.to_string()))?
    }

    fn attempt(&self, name: &str, from: IpAddr) -> Result<(), Refused> {
        let mut attempts = self.attempts.lock().unwrap_or_else(PoisonError::into_inner);
        attempts.begin(name, from, Instant::now()).map_err(|wait| Refused::TooMany { wait })
    }

    async fn hashed(&self, password: &str) -> Result<String, Refused> {
        let password = password.to_string();
        Ok(self.in_turn(move || hash(&password)).await??)
    }

    async fn matches(&self, password: &str, kept: String) -> Result<bool, Refused> {
        let password = password.to_string();
        self.in_turn(move || verify(&password, &kept)).await
    }

    async fn in_turn<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Refused> {
        let turn = tokio::time::timeout(PATIENCE, self.hashing.clone().acquire_owned()).await;
        let Ok(Ok(turn)) = turn else { return Err(Refused::Busy) };
        // The turn goes with the work: who hangs up meanwhile makes no room for another.
        let done = tokio::task::spawn_blocking(move || {
            let done = work();
            drop(turn);
            done
        });
        done.await.map_err(|error| Refused::Failed(error.to_string()))
    }

    fn may_be_logged(&self, now: Instant) -> Option<u64> {
        let mut ration = self.ration.lock().unwrap_or_else(PoisonError::into_inner);
        let passed = ration.at.map_or(0.0, |at| now.saturating_duration_since(at).as_secs_f64());
        ration.left = (ration.left + passed / ONE_MORE_S).min(LOGGED_AT_ONCE);
        ration.at = Some(now);
        if ration.left < 1.0 {
            ration.unlogged += 1;
            return None;
        }
        ration.left -= 1.0;
        Some(std::mem::take(&mut ration.unlogged))
    }
}

fn version(path: &Path) -> Option<Version> {
    let metadata = path.metadata().ok()?;
    Some((metadata.ino(), metadata.mtime(), metadata.mtime_nsec(), metadata.size()))
}

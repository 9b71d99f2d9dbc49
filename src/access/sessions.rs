//! Sessions: who is signed in, since when, and until when.
//!
//! They live in memory; those of displays outlive a restart of the daemon (`kept`), everybody else signs in anew. Of a
//! session's secret only a digest is kept.

use std::collections::HashMap;
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use tokio::sync::watch;

use super::accounts::{Account, Accounts};
use super::kept::Kept;
use super::role::Role;
use super::secret::{digest, word};

/// Sessions of one account, and of all: who signs in again and again ends their own oldest.
const OF_ONE: usize = 32;
const OF_ALL: usize = 8192;

/// An administrator who leaves the desk is signed out after this.
const ADMINISTRATOR_IDLE: Duration = Duration::from_secs(3600);

/// How long sessions last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lifetimes {
    /// Without use.
    pub idle: Duration,
    /// In any case.
    pub longest: Duration,
    /// In any case, for a viewer: a display on the wall.
    pub display: Duration,
}

impl Lifetimes {
    fn idle(&self, role: Role) -> Duration {
        if role == Role::Administrator { self.idle.min(ADMINISTRATOR_IDLE) } else { self.idle }
    }

    /// The longest that a session of a role lasts.
    pub fn longest(&self, role: Role) -> Duration {
        if role == Role::Viewer { self.display } else { self.longest }
    }
}

/// A session's key in the map: the digest of its secret.
pub type Key = [u8; 32];

struct Session {
    name: String,
    role: Role,
    csrf: String,
    /// Digest of what was kept of the password at the time: with another password the session is another's.
    password: [u8; 32],
    used: Instant,
    /// When it ends in any case: by the clock that only goes forward, and, for what outlives this daemon, by the wall's.
    until: Instant,
    until_s: u64,
    /// Dropped with the session: whoever listens learns of its end.
    ends: watch::Sender<()>,
}

/// A session as it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Which.
    pub key: Key,
    /// Whose.
    pub name: String,
    /// As what.
    pub role: Role,
    /// What its page proves itself with.
    pub csrf: String,
}

/// All of them.
pub struct Sessions {
    lifetimes: Lifetimes,
    all: Mutex<HashMap<Key, Session>>,
}

impl Sessions {
    /// None yet.
    pub fn new(lifetimes: Lifetimes) -> Sessions {
        Sessions { lifetimes, all: Mutex::default() }
    }

    /// How long they last.
    pub fn lifetimes(&self) -> &Lifetimes {
        &self.lifetimes
    }

    fn all(&self) -> MutexGuard<'_, HashMap<Key, Session>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins a session; its secret, which is not kept.
    ///
    /// # Errors
    /// Where the system has no random bytes.
    pub fn begin(&self, account: &Account, now: Instant) -> io::Result<(String, Seen)> {
        let (secret, csrf) = (word()?, word()?);
        let key = digest(&secret);
        let longest = self.lifetimes.longest(account.role);
        let session = Session {
            name: account.name.clone(),
            role: account.role,
            csrf,
            password: digest(&account.password),
            used: now,
            until: now + longest,
            until_s: wall_s().saturating_add(longest.as_secs()),
            ends: watch::Sender::new(()),
        };
        let seen = session.seen(key);
        let mut all = self.all();
        make_room(&mut all, |session| session.name == account.name, OF_ONE);
        make_room(&mut all, |_| true, OF_ALL);
        all.insert(key, session);
        Ok((secret, seen))
    }

    /// The session of a secret, which is used by this.
    pub fn find(&self, secret: &str, now: Instant) -> Option<Seen> {
        let key = digest(secret);
        let mut all = self.all();
        if all.get_mut(&key)?.is_over(&self.lifetimes, now) {
            all.remove(&key);
            return None;
        }
        let session = all.get_mut(&key)?;
        session.used = now;
        Some(session.seen(key))
    }

    /// Becomes an error when the session ends.
    pub fn watch(&self, key: &Key) -> Option<watch::Receiver<()>> {
        self.all().get(key).map(|session| session.ends.subscribe())
    }

    /// Ends one.
    pub fn end(&self, key: &Key) {
        self.all().remove(key);
    }

    /// Ends what has lasted long enough.
    pub fn sweep(&self, now: Instant) {
        self.all().retain(|_, session| !session.is_over(&self.lifetimes, now));
    }

    /// Ends the sessions whose account is gone, disabled, or another one by role or password.
    pub fn settle(&self, accounts: &Accounts) {
        self.all().retain(|_, session| {
            accounts.admitted(&session.name).is_some_and(|account| {
                account.role == session.role && digest(&account.password) == session.password
            })
        });
    }

    /// The one session that stays when its own person changes the password.
    pub fn keep_with(&self, key: &Key, password: &str) {
        if let Some(session) = self.all().get_mut(key) {
            session.password = digest(password);
        }
    }

    /// What outlives this daemon: the sessions of displays.
    pub(super) fn to_keep(&self) -> Vec<Kept> {
        let all = self.all();
        let displays = all.iter().filter(|(_, session)| session.role == Role::Viewer);
        let kept = displays.map(|(key, session)| Kept {
            key: *key,
            name: session.name.clone(),
            password: session.password,
            until_s: session.until_s,
        });
        kept.collect()
    }

    /// Takes up what an earlier daemon kept: as far as the account is a viewer's still, with the same password, and the
    /// time is not over. A clock that was put back makes none longer.
    ///
    /// # Errors
    /// Where the system has no random bytes.
    pub(super) fn take_up(&self, kept: Vec<Kept>, accounts: &Accounts, now: Instant) -> io::Result<()> {
        for kept in kept.into_iter().take(OF_ALL) {
            let left = Duration::from_secs(kept.until_s.saturating_sub(wall_s()));
            let is_same = accounts.admitted(&kept.name).is_some_and(|account| {
                account.role == Role::Viewer && digest(&account.password) == kept.password
            });
            if left.is_zero() || !is_same {
                continue;
            }
            let session = Session {
                name: kept.name,
                role: Role::Viewer,
                csrf: word()?,
                password: kept.password,
                used: now,
                until: now + left.min(self.lifetimes.display),
                until_s: kept.until_s,
                ends: watch::Sender::new(()),
            };
            self.all().insert(kept.key, session);
        }
        Ok(())
    }

    /// How many an account has.
    pub fn count(&self, name: &str) -> usize {
        self.all().values().filter(|session| session.name == name).count()
    }
}

impl Session {
    fn seen(&self, key: Key) -> Seen {
        Seen { key, name: self.name.clone(), role: self.role, csrf: self.csrf.clone() }
    }

    fn is_over(&mut self, lifetimes: &Lifetimes, now: Instant) -> bool {
        // A display on the wall and a nurse's page ask for nothing while nothing happens; that they listen is use enough:
        // whoever relies on hearing alarms must not be signed out for a quiet night.
        if matches!(self.role, Role::Viewer | Role::Nurse) && self.ends.receiver_count() > 0 {
            self.used = now;
        }
        now.saturating_duration_since(self.used) > lifetimes.idle(self.role) || now > self.until
    }
}

/// Ends the one that was used least lately, where there are so many.
fn make_room(all: &mut HashMap<Key, Session>, counts: impl Fn(&Session) -> bool, most: usize) {
    let mut counted = all.iter().filter(|(_, session)| counts(session));
    if counted.by_ref().count() < most {
        return;
    }
    let oldest = all.iter().filter(|(_, session)| counts(session)).min_by_key(|(_, session)| session.used);
    if let Some(key) = oldest.map(|(key, _)| *key) {
        all.remove(&key);
    }
}

/// Seconds since 1970.
fn wall_s() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

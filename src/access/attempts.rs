//! How often somebody may try to sign in: each account and each address waits longer after each failure.
//!
//! Nobody waits longer than five minutes, and who has signed in from an address before is not kept out there by what
//! others try elsewhere: a nurse must not be locked out of the ward.

use std::collections::{HashMap, HashSet};
use std::net::{IpAddr, Ipv6Addr};
use std::time::{Duration, Instant};

/// Failures that cost nothing: of an account, and of an address, behind which there may be many people.
const FREE_FOR_ACCOUNT: u32 = 5;
const FREE_FOR_ADDRESS: u32 = 20;

/// The longest wait.
const LONGEST: Duration = Duration::from_secs(300);

/// Failures are forgotten when none was added for so long.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(900);

/// What is remembered at most, of failures and of known addresses: one who tries under ever new names costs no memory.
const REMEMBERED: usize = 10_000;

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Of {
    Account(String),
    Address(IpAddr),
}

#[derive(Debug, Clone, Copy)]
struct Failures {
    count: u32,
    last: Instant,
}

/// What was tried.
#[derive(Debug, Default)]
pub struct Attempts {
    failures: HashMap<Of, Failures>,
    /// Who has signed in from where.
    known: HashSet<(String, IpAddr)>,
}

impl Attempts {
    /// Begins an attempt, which counts as failed until [`Attempts::succeeded`] says otherwise: many at one time are no
    /// way around the waiting.
    ///
    /// # Errors
    /// How long to wait.
    pub fn begin(&mut self, name: &str, from: IpAddr, now: Instant) -> Result<(), Duration> {
        let from = network(from);
        let is_known = self.known.contains(&(name.to_string(), from));
        let keys = [(Of::Address(from), FREE_FOR_ADDRESS), (Of::Account(name.to_string()), FREE_FOR_ACCOUNT)];
        let waits = keys.iter().filter(|(of, _)| !(is_known && matches!(of, Of::Account(_))));
        let longest = waits.filter_map(|(of, free)| self.wait(of, *free, now)).max();
        if let Some(wait) = longest {
            return Err(wait);
        }
        self.make_room(now);
        for (of, _) in keys {
            let failures = self.failures.entry(of).or_insert(Failures { count: 0, last: now });
            let before = if failures.are_old(now) { 0 } else { failures.count };
            *failures = Failures { count: before.saturating_add(1), last: now };
        }
        Ok(())
    }

    /// The attempt that was begun has succeeded.
    pub fn succeeded(&mut self, name: &str, from: IpAddr) {
        let from = network(from);
        self.failures.remove(&Of::Account(name.to_string()));
        // Not forgotten altogether: who has one account is not free to guess at others.
        if let Some(failures) = self.failures.get_mut(&Of::Address(from)) {
            failures.count = failures.count.saturating_sub(1);
        }
        if self.known.len() >= REMEMBERED {
            self.known.clear();
        }
        self.known.insert((name.to_string(), from));
    }

    /// Of how many accounts and addresses failures are remembered.
    pub fn remembered(&self) -> usize {
        self.failures.len()
    }

    fn wait(&self, of: &Of, free: u32, now: Instant) -> Option<Duration> {
        let failures = self.failures.get(of)?;
        let passed = now.saturating_duration_since(failures.last);
        let above = failures.count.checked_sub(free)?;
        let wait = Duration::from_secs(1 << above.min(16)).min(LONGEST);
        wait.checked_sub(passed).filter(|left| !left.is_zero())
    }

    fn make_room(&mut self, now: Instant) {
        if self.failures.len() < REMEMBERED {
            return;
        }
        self.failures.retain(|_, failures| !failures.are_old(now));
        // Those with the fewest failures go: they are the many names that were tried once.
        if self.failures.len() >= REMEMBERED {
            let mut counts: Vec<u32> = self.failures.values().map(|failures| failures.count).collect();
            counts.sort_unstable();
            let middle = counts.get(counts.len() / 2).copied().unwrap_or_default();
            self.failures.retain(|_, failures| failures.count > middle);
        }
    }
}

impl Failures {
    fn are_old(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.last) > FORGOTTEN_AFTER
    }
}

/// An address, or the network of 64 bits that one machine has of IPv6.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        address => address,
    }
}

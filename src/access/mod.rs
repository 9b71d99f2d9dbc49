//! Who may do what: roles, accounts, passwords, sessions, and how often somebody may try.
//!
//! Knows nothing of HTTP: `web` asks the [`Doorkeeper`] who comes with a session, and the command line changes the file
//! of accounts that it reads.
//!
//! Invariant: no password and no session's secret is kept or shown anywhere; what is kept of them opens nothing.

mod accounts;
mod attempts;
mod doorkeeper;
mod kept;
mod password;
mod role;
mod secret;
mod sessions;

pub use accounts::{Account, Accounts, AccountsError, Change, change, is_account_name};
pub use attempts::Attempts;
pub use doorkeeper::{Admitted, Doorkeeper, Refused};
pub use password::{PasswordError, check_password, hash};
pub use role::{Right, Role};
pub use secret::{same, word};
pub use sessions::{Lifetimes, Seen, Sessions};

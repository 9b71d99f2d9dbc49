//! The port: health and metrics, the API, the review page and what it is told while it happens.
//!
//! ```text
//!  connection ──> listen ──> gate ──> allowed ──> handler ──> ward, alarm log, record
//!                 TLS,       host,    right of     reads on     (through their own ways:
//!                 timeouts   token,   the group    a thread      the desk writes, nobody else)
//!                            session
//! ```
//!
//! Invariant: a handler holds no lock and waits for no disk on the runtime's threads; what it answers when something
//! goes wrong is a [`problem::Problem`], and what it may do was decided before it ran.

pub mod accounts;
pub mod alarms;
pub mod api;
pub mod audit;
pub mod beds;
pub mod caller;
pub mod dress;
pub mod exports;
pub mod gate;
pub mod gone;
pub mod health;
pub mod input;
pub mod listen;
pub mod live;
pub mod openapi;
pub mod page;
pub mod patients;
pub mod peer;
pub mod port;
pub mod problem;
pub mod recalibration;
pub mod reviews;
pub mod second;
pub mod session;
pub mod signal;
pub mod stall;
pub mod tls;

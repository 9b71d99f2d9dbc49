//! Roles and rights.

use serde::{Deserialize, Serialize};

/// What a person is there for.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Looks.
    Viewer,
    /// Takes note of alarms.
    Nurse,
    /// Judges alarms.
    Reviewer,
    /// Changes beds and accounts.
    Administrator,
}

/// What can be allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Right {
    /// See ward, alarms, signal and rates.
    Watch,
    /// Acknowledge, pause, begin and end maintenance.
    Acknowledge,
    /// Judge alarms, mark missed seizures, export, re-calibrate, read the audit.
    Review,
    /// Change beds, networks and accounts.
    Administer,
    /// See patients' names.
    SeeNames,
}

impl Right {
    /// The name in the API's description.
    pub const fn name(self) -> &'static str {
        match self {
            Right::Watch => "watch",
            Right::Acknowledge => "acknowledge",
            Right::Review => "review",
            Right::Administer => "administer",
            Right::SeeNames => "see-names",
        }
    }
}

impl Role {
    /// Every role.
    pub const ALL: [Role; 4] = [Role::Viewer, Role::Nurse, Role::Reviewer, Role::Administrator];

    /// Whether a role has a right.
    pub fn may(self, right: Right) -> bool {
        self >= match right {
            Right::Watch => Role::Viewer,
            Right::Acknowledge | Right::SeeNames => Role::Nurse,
            Right::Review => Role::Reviewer,
            Right::Administer => Role::Administrator,
        }
    }

    /// The name in lists.
    pub const fn name(self) -> &'static str {
        match self {
            Role::Viewer => "viewer",
            Role::Nurse => "nurse",
            Role::Reviewer => "reviewer",
            Role::Administrator => "administrator",
        }
    }
}

//! People of one name below several roots, and what they are called where they are told apart.

use std::path::{Component, Path, PathBuf};

/// What subjects of one name below several roots are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Namesakes {
    /// Nobody has said: hospitals count their patients from 1, and parts of one data set share theirs. Refused.
    #[default]
    Refused,
    /// One person.
    OnePerson,
    /// Different people: everybody is called by their root as well.
    Apart,
}

/// Between a root's name and a subject's.
const BETWEEN: char = ':';

/// What a subject below a root is called where people are told apart by root.
pub fn called(root: &str, subject: &str) -> String {
    format!("{root}{BETWEEN}{subject}")
}

/// Whether two names may be one person's. A name without a root's may be that of a subject below any: who was trained on under
/// the one is not unseen under the other. So may names with as many folders as one of them has: how many they have depends on
/// the roots beside which they were given. Capitals tell nobody apart.
pub fn may_be_one(a: &str, b: &str) -> bool {
    let parts = |name: &str| match name.rsplit_once(BETWEEN) {
        Some((root, subject)) => (root.to_string(), subject.to_ascii_lowercase()),
        None => (String::new(), name.to_ascii_lowercase()),
    };
    let ((root_a, subject_a), (root_b, subject_b)) = (parts(a), parts(b));
    let ends = |long: &str, short: &str| {
        short.is_empty()
            || long.strip_suffix(short).is_some_and(|before| before.is_empty() || before.ends_with('/'))
    };
    subject_a == subject_b && (ends(&root_a, &root_b) || ends(&root_b, &root_a))
}

/// A name for each root: that of its folder, with as many of those above as tell all of them apart.
pub fn root_names(roots: &[PathBuf]) -> Vec<String> {
    let parts: Vec<Vec<String>> = roots.iter().map(|root| parts_of(root)).collect();
    let deepest = parts.iter().map(Vec::len).max().unwrap_or(0);
    let of_depth = |depth: usize| -> Vec<String> {
        parts.iter().map(|parts| parts[parts.len().saturating_sub(depth)..].join("/")).collect()
    };
    let apart = |names: &[String]| {
        (0..names.len())
            .all(|one| (0..one).all(|other| names[one] != names[other] || parts[one] == parts[other]))
    };
    (1..=deepest).map(of_depth).find(|names| apart(names)).unwrap_or_else(|| of_depth(deepest))
}

fn parts_of(root: &Path) -> Vec<String> {
    // One folder has one name, whatever links and dots lead to it.
    let whole = root.canonicalize().unwrap_or_else(|_| root.to_path_buf());
    whole
        .components()
        .filter(|part| matches!(part, Component::Normal(_)))
        .map(|part| part.as_os_str().to_string_lossy().into_owned())
        .collect()
}

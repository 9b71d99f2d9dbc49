//! A table of proposals that is made again: what people have done to it stays.

use std::collections::BTreeSet;
use std::path::Path;

use super::cleaning::Disagreement;
use crate::format::FormatError;
use crate::format::label_review::{Decision, LabelProposal, ReviewRow, ReviewTable};

/// A table with new proposals, and what came of the old ones.
#[derive(Debug, Clone, PartialEq)]
pub struct RenewedTable {
    /// The table.
    pub table: ReviewTable,
    /// Rows that a person had decided.
    pub decided: usize,
    /// Rows without a decision, of recordings that were not judged this time.
    pub not_judged: usize,
    /// Rows without a decision that are not proposed any more: they are gone.
    pub gone: usize,
}

/// Puts new proposals into the table at `path`, or makes one. The table is read here and not before: judging takes minutes,
/// in which people go on deciding.
///
/// `judged` are the recordings that the proposals are about, whether there is one of them or not.
///
/// # Errors
/// [`FormatError`] where there is a table that cannot be understood, which is then left as it is, or the disk refuses.
pub fn renew(
    path: &Path,
    new: &[Disagreement],
    judged: &BTreeSet<String>,
) -> Result<RenewedTable, FormatError> {
    let old = ReviewTable::read_if_there(path)?.unwrap_or_default();
    let renewed = with_decisions(old, new, judged);
    renewed.table.write(path)?;
    Ok(renewed)
}

/// New proposals in an older table. What a person decided stays, whether it is proposed again or not, and of a new proposal what
/// remains beside it; so do rows of recordings that are not among those `judged`.
pub fn with_decisions(mut old: ReviewTable, new: &[Disagreement], judged: &BTreeSet<String>) -> RenewedTable {
    let is_open = |row: &ReviewRow| row.proposal().decision == Decision::Proposed;
    let (mut open, kept): (Vec<ReviewRow>, Vec<ReviewRow>) = std::mem::take(&mut old.rows)
        .into_iter()
        .partition(|row| is_open(row) && judged.contains(&row.proposal().recording));
    let not_judged = kept.iter().filter(|row| is_open(row)).count();
    let decided = kept.len() - not_judged;
    let mut rows = Vec::new();
    for proposal in new.iter().flat_map(|disagreement| beside(disagreement, &kept)) {
        let before = open.iter().position(|row| row.proposes_as(&proposal));
        rows.push(match before {
            Some(at) => open.remove(at).proposed_again(proposal),
            None => ReviewRow::new(proposal),
        });
    }
    let gone = open.len();
    // A remark may be about more than the row below it.
    let mut end: Vec<String> = open.into_iter().flat_map(ReviewRow::into_remarks).collect();
    end.append(&mut old.end);
    rows.extend(kept);
    rows.sort_by(|a, b| {
        let place = |row: &ReviewRow| (row.proposal().recording.clone(), row.proposal().onset_s);
        place(a).cmp(&place(b))
    });
    (old.rows, old.end) = (rows, end);
    RenewedTable { table: old, decided, not_judged, gone }
}

/// What of a proposal no row that is kept speaks of.
fn beside(disagreement: &Disagreement, kept: &[ReviewRow]) -> Vec<LabelProposal> {
    let row = &disagreement.row;
    let taken: Vec<&LabelProposal> =
        kept.iter().map(ReviewRow::proposal).filter(|kept| kept.overlaps(row)).collect();
    let is_free = |second: &u64| !taken.iter().any(|kept| (kept.onset_s..kept.end_s()).contains(second));
    let mut parts: Vec<[u64; 2]> = Vec::new();
    for second in (row.onset_s..row.end_s()).filter(is_free) {
        match parts.last_mut() {
            Some(part) if part[1] == second => part[1] += 1,
            _ => parts.push([second, second + 1]),
        }
    }
    parts.into_iter().map(|[from_s, to_s]| disagreement.part(from_s, to_s)).collect()
}

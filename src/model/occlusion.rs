//! What a CNN would say of a window that lacks a part: which parts its answer rests on.
//!
//! A part is left out of the image, the network is asked again, and the difference is the part's
//! *drop*: by how much the probability falls without it. Four kinds of parts are left out, each
//! alone:
//!
//! - a **derivation**: it is drawn as one that the recording lacks, its band empty. The training
//!   leaves derivations out too, so the network knows such images.
//! - a **chain** of up to four derivations, all at once, in the same way: a seizure seldom shows in one
//!   derivation alone;
//! - a **slice**, one eighth of the window: its columns are emptied of every trace. No training image
//!   looks like that, so part of the drop may be surprise at the emptiness.
//! - a derivation **in a slice**: its trace is left out in these columns only. What other traces draw
//!   there stays, also where they run through its band.
//!
//! Leaving a derivation out alone says little where others show the same. So each is also left out *in
//! company*: 120 times or so, a few derivations are left out together, as many as the training knows to be
//! missing. The mean over the answers in which a derivation is drawn, less the mean over those in which it
//! is not, is its drop in company. The sets are always the same ones, each derivation is in as many, and
//! each set's mirror image is one too.
//!
//! A part is left out of both images that a [`Viewer`] looks at, as it is and with left and right
//! exchanged, and the answers are averaged as always. So a number here is what the viewer itself
//! would have said, and the explanation of a mirrored window is, but for the last digits, the mirrored
//! explanation.
//!
//! What the numbers do not say:
//!
//! - They tell what the network's answer rests on, not what causes the seizure or where it begins.
//! - They do not add up. Where two derivations show the same, each can stand in for the other and both
//!   drops are small; where the network needs both, either drop is the whole. Neighbours of a chain
//!   share an electrode, so what one electrode picks up stands in two derivations.
//! - A drop below 0 is a part that spoke against: without it the probability rises.
//! - A small drop everywhere means that no part is needed alone, not that none matters.

use std::ops::Range;

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use super::error::ModelError;
use super::viewer::Viewer;
use crate::eeg::{CHAINS, DERIVATIONS, mirror_indices};
use crate::signal::MAX_MISSING;

/// Into how many slices of equal length a window is cut.
pub const SLICES: usize = 8;

/// How many sets of derivations are left out together, or a few more; their mirror images come on top.
const SETS: usize = 60;

/// Probabilities of seizure, abnormal and non-seizure, in this order: of a window, and of the same
/// window without each of its parts.
#[derive(Debug, Clone, PartialEq)]
pub struct Occlusion {
    /// Of the whole window: what [`Viewer::probabilities`] says.
    pub whole: [f32; 3],
    /// Without each derivation, in the order of [`crate::eeg::DOUBLE_BANANA`]; `None` for one that the
    /// window does not have.
    pub derivations: [Option<WithoutDerivation>; DERIVATIONS],
    /// By how much each probability falls without each derivation in company, on average.
    pub in_company: [Option<[f32; 3]>; DERIVATIONS],
    /// Without each chain, in the order of [`CHAINS`]; `None` for one of which the window has nothing.
    pub chains: [Option<[f32; 3]>; CHAINS.len()],
    /// Without each slice, from the window's start to its end.
    pub slices: [[f32; 3]; SLICES],
}

/// Probabilities of a window without one of its derivations.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WithoutDerivation {
    /// Left out in the whole window.
    pub everywhere: [f32; 3],
    /// Left out in each slice alone.
    pub in_slice: [[f32; 3]; SLICES],
}

impl Occlusion {
    /// Leaves each part of a window out in turn. `samples` holds the 18 derivations one after the other.
    ///
    /// The network is asked about 300 times. A window at the limit of absent derivations is still
    /// asked about with fewer, which the detector would not judge.
    ///
    /// # Errors
    /// [`ModelError`] where the network fails.
    ///
    /// # Panics
    /// If `samples` has another length than the viewer's windows.
    pub fn of(
        viewer: &mut Viewer,
        samples: &[f32],
        present: &[bool; DERIVATIONS],
    ) -> Result<Occlusion, ModelError> {
        let width = viewer.classifier().config().plot.width as usize;
        let images = viewer.draw(samples, present).to_vec();
        let whole = viewer.mean(&images)?;
        let mut occluded = images.clone();

        let empty = viewer.draw(samples, &[false; DERIVATIONS]).to_vec();
        let mut without_slice = |viewer: &Viewer, lacking: &[u8]| -> Result<[[f32; 3]; SLICES], ModelError> {
            let mut answers = [whole; SLICES];
            for (slice, answer) in answers.iter_mut().enumerate() {
                occluded.copy_from_slice(&images);
                exchange(&mut occluded, lacking, columns(slice, width), width);
                // Other traces can hide all that is left out, or an image can be too narrow for eight slices.
                if occluded != images {
                    *answer = viewer.mean(&occluded)?;
                }
            }
            Ok(answers)
        };

        let slices = without_slice(viewer, &empty)?;
        let mut derivations = [None; DERIVATIONS];
        for (d, without) in derivations.iter_mut().enumerate().filter(|(d, _)| present[*d]) {
            let mut others = *present;
            others[d] = false;
            let lacking = viewer.draw(samples, &others).to_vec();
            *without = Some(WithoutDerivation {
                everywhere: viewer.mean(&lacking)?,
                in_slice: without_slice(viewer, &lacking)?,
            });
        }
        let mut chains = [None; CHAINS.len()];
        for (chain, without) in CHAINS.iter().zip(&mut chains) {
            let others: [bool; DERIVATIONS] = std::array::from_fn(|d| present[d] && !chain.holds(d));
            if others != *present {
                let lacking = viewer.draw(samples, &others).to_vec();
                *without = Some(viewer.mean(&lacking)?);
            }
        }
        let in_company = in_company(viewer, samples, present)?;
        Ok(Occlusion { whole, derivations, in_company, chains, slices })
    }

    /// By how much the probability of a class (its place in the probabilities) falls without each
    /// derivation.
    pub fn derivation_drops(&self, class: usize) -> [Option<f32>; DERIVATIONS] {
        self.derivations.map(|without| without.map(|without| self.drop(class, without.everywhere)))
    }

    /// The same in company.
    pub fn company_drops(&self, class: usize) -> [Option<f32>; DERIVATIONS] {
        self.in_company.map(|drops| drops.map(|drops| drops[class]))
    }

    /// The same without each chain.
    pub fn chain_drops(&self, class: usize) -> [Option<f32>; CHAINS.len()] {
        self.chains.map(|without| without.map(|without| self.drop(class, without)))
    }

    /// The same without each slice.
    pub fn slice_drops(&self, class: usize) -> [f32; SLICES] {
        self.slices.map(|without| self.drop(class, without))
    }

    /// The same without each derivation in each slice.
    pub fn part_drops(&self, class: usize) -> [Option<[f32; SLICES]>; DERIVATIONS] {
        self.derivations
            .map(|without| without.map(|without| without.in_slice.map(|without| self.drop(class, without))))
    }

    fn drop(&self, class: usize, without: [f32; 3]) -> f32 {
        self.whole[class] - without[class]
    }
}

/// The drops of the derivations when several are left out together.
fn in_company(
    viewer: &mut Viewer,
    samples: &[f32],
    present: &[bool; DERIVATIONS],
) -> Result<[Option<[f32; 3]>; DERIVATIONS], ModelError> {
    // With and without each derivation: the sum of the probabilities, and of how many answers.
    let mut sums = [[([0.0_f64; 3], 0_u32); 2]; DERIVATIONS];
    let absent = present.iter().filter(|present| !**present).count();
    for set in sets(absent) {
        let others: [bool; DERIVATIONS] = std::array::from_fn(|d| present[d] && !set[d]);
        viewer.draw(samples, &others);
        let answer = viewer.mean_drawn()?;
        for (sums, left_out) in sums.iter_mut().zip(set) {
            let (sum, count) = &mut sums[usize::from(left_out)];
            sum.iter_mut().zip(answer).for_each(|(sum, answer)| *sum += f64::from(answer));
            *count += 1;
        }
    }
    Ok(std::array::from_fn(|d| {
        let [(with, drawn), (without, left_out)] = sums[d];
        let mean = |sum: f64, count: u32| sum / f64::from(count.max(1));
        present[d].then(|| {
            std::array::from_fn(|class| (mean(with[class], drawn) - mean(without[class], left_out)) as f32)
        })
    }))
}

/// Sets of derivations to leave out together, for a window in which some are absent already.
fn sets(absent: usize) -> Vec<[bool; DERIVATIONS]> {
    let together = MAX_MISSING.saturating_sub(absent).max(2);
    let mut draw = ChaCha8Rng::seed_from_u64(0);
    let mut order: [usize; DERIVATIONS] = std::array::from_fn(|d| d);
    let mirror = mirror_indices();
    let mut sets = Vec::new();
    while sets.len() < 2 * SETS {
        // Every derivation is in one set of each round.
        order.shuffle(&mut draw);
        for members in order.chunks(together) {
            sets.push(std::array::from_fn(|d| members.contains(&d)));
            sets.push(std::array::from_fn(|d| members.contains(&mirror[d])));
        }
    }
    sets
}

/// The columns of a slice in an image of `width` columns.
fn columns(slice: usize, width: usize) -> Range<usize> {
    slice * width / SLICES..(slice + 1) * width / SLICES
}

/// Takes these columns from other images of the same size.
fn exchange(images: &mut [u8], others: &[u8], columns: Range<usize>, width: usize) {
    for (row, other) in images.chunks_exact_mut(width).zip(others.chunks_exact(width)) {
        row[columns.clone()].copy_from_slice(&other[columns.clone()]);
    }
}

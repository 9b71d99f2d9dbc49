//! Boosting of decision trees (Friedman 2001, with second-order leaves): each tree is fitted to what those before it
//! leave unexplained.
//!
//! Numbers are sorted into bins first, so a split looks at sums over bins. Each tree sees a random half of the samples and
//! of the numbers.

use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::model::{Tree, Trees};

/// Bins of each number.
const BINS: usize = 64;

/// How trees are fitted.
#[derive(Debug, Clone, PartialEq)]
pub struct BoostConfig {
    /// Seed of the choices of samples and numbers.
    pub seed: u64,
    /// Number of trees.
    pub trees: usize,
    /// Splits from the root to a leaf.
    pub depth: usize,
    /// What share of the best step each tree takes.
    pub rate: f32,
    /// The penalty on a leaf's squared value, in curvatures of the loss.
    pub penalty: f32,
    /// The least curvature of a leaf: about four times as many samples of weight 1.
    pub least: f32,
    /// The share of the samples, and of the numbers, that a tree sees.
    pub share: f64,
}

impl Default for BoostConfig {
    /// Small trees, many of them, as much held back as is usual; nothing here was tuned.
    fn default() -> Self {
        BoostConfig { seed: 1, trees: 150, depth: 3, rate: 0.08, penalty: 5.0, least: 10.0, share: 0.5 }
    }
}

/// A sample: its numbers, whether it is of the wanted kind, and what it weighs.
#[derive(Debug, Clone, Copy)]
pub struct BoostSample<'a> {
    /// As many for each sample.
    pub numbers: &'a [f32],
    /// Of the wanted kind.
    pub wanted: bool,
    /// Its weight.
    pub weight: f32,
}

/// Fits trees to samples; `None` where there is only one kind of them.
pub fn boost(samples: &[BoostSample<'_>], config: &BoostConfig) -> Option<Trees> {
    let weight = |wanted: bool| -> f64 {
        samples.iter().filter(|s| s.wanted == wanted).map(|sample| f64::from(sample.weight)).sum()
    };
    let (wanted, others) = (weight(true), weight(false));
    if wanted <= 0.0 || others <= 0.0 {
        return None;
    }
    let numbers = samples.iter().map(|sample| sample.numbers.len()).min()?;
    let binned: Vec<Binned> = (0..numbers).map(|number| Binned::of(samples, number)).collect();
    let base = (wanted / others).ln() as f32;
    let mut log_odds = vec![base; samples.len()];
    let mut rng = ChaCha8Rng::seed_from_u64(config.seed);
    let mut slopes = vec![Slope::default(); samples.len()];
    let trees = (0..config.trees)
        .map(|_| {
            for ((slope, sample), log_odds) in slopes.iter_mut().zip(samples).zip(&log_odds) {
                let p = 1.0 / (1.0 + (-log_odds).exp());
                let first = sample.weight * (p - f32::from(u8::from(sample.wanted)));
                *slope = Slope { first, second: sample.weight * p * (1.0 - p) };
            }
            let seen = chosen(samples.len(), config.share, &mut rng);
            let looked_at = chosen(numbers, config.share, &mut rng);
            let tree = grow(&binned, &slopes, &seen, &looked_at, config);
            for (log_odds, sample) in log_odds.iter_mut().zip(samples) {
                *log_odds += tree.value(sample.numbers);
            }
            tree
        })
        .collect();
    Some(Trees { base, trees })
}

/// Each of some things with a certain chance.
fn chosen(of: usize, share: f64, rng: &mut impl Rng) -> Vec<usize> {
    (0..of).filter(|_| rng.random::<f64>() < share).collect()
}

/// One number of all samples, sorted into bins.
struct Binned {
    number: usize,
    /// Upper ends of all bins but the last, rising; each belongs to the bin below it.
    ends: Vec<f32>,
    bins: Vec<u8>,
}

impl Binned {
    fn of(samples: &[BoostSample<'_>], number: usize) -> Binned {
        let mut sorted: Vec<f32> = samples.iter().map(|sample| sample.numbers[number]).collect();
        sorted.sort_by(f32::total_cmp);
        let last = (sorted.len() - 1) as f64;
        let mut ends: Vec<f32> = (1..BINS)
            .map(|bin| {
                let place = bin as f64 / BINS as f64 * last;
                let (below, above) = (sorted[place.floor() as usize], sorted[place.ceil() as usize]);
                below + (above - below) * place.fract() as f32
            })
            .collect();
        ends.dedup();
        let bin = |value: f32| ends.partition_point(|end| *end < value) as u8;
        let bins = samples.iter().map(|sample| bin(sample.numbers[number])).collect();
        Binned { number, ends, bins }
    }
}

/// First and second derivative of the loss, of a sample or of many.
#[derive(Debug, Clone, Copy, Default)]
struct Slope {
    first: f32,
    second: f32,
}

impl Slope {
    fn add(&mut self, other: Slope) {
        self.first += other.first;
        self.second += other.second;
    }

    fn less(self, other: Slope) -> Slope {
        Slope { first: self.first - other.first, second: self.second - other.second }
    }

    /// By how much the best step lowers the loss, twice.
    fn gain(self, penalty: f32) -> f32 {
        self.first * self.first / (self.second + penalty)
    }
}

/// A split that was found: by how much it helps, the number's place among the binned ones and the bin below it.
#[derive(Debug, Clone, Copy)]
struct Split {
    gain: f32,
    place: usize,
    bin: usize,
}

fn grow(
    binned: &[Binned],
    slopes: &[Slope],
    seen: &[usize],
    looked_at: &[usize],
    config: &BoostConfig,
) -> Tree {
    // The node of each seen sample within its row of the tree, from the left.
    let mut nodes = vec![0usize; seen.len()];
    let mut splits = Vec::new();
    for depth in 0..config.depth {
        let found = best_splits(binned, slopes, seen, &nodes, looked_at, 1 << depth, config);
        for (node, sample) in nodes.iter_mut().zip(seen) {
            let right = found[*node].is_some_and(|s| usize::from(binned[s.place].bins[*sample]) > s.bin);
            *node = 2 * *node + usize::from(right);
        }
        splits.extend(found.into_iter().map(|split| {
            let split = split?;
            Some((binned[split.place].number, binned[split.place].ends[split.bin]))
        }));
    }
    let leaves = totals(slopes, seen, &nodes, 1 << config.depth)
        .into_iter()
        .map(|total| -config.rate * total.first / (total.second + config.penalty));
    Tree { splits, leaves: leaves.collect() }
}

fn totals(slopes: &[Slope], seen: &[usize], nodes: &[usize], count: usize) -> Vec<Slope> {
    let mut totals = vec![Slope::default(); count];
    for (node, sample) in nodes.iter().zip(seen) {
        totals[*node].add(slopes[*sample]);
    }
    totals
}

/// The best split of each node; `None` where none helps and leaves enough on both sides.
fn best_splits(
    binned: &[Binned],
    slopes: &[Slope],
    seen: &[usize],
    nodes: &[usize],
    looked_at: &[usize],
    count: usize,
    config: &BoostConfig,
) -> Vec<Option<Split>> {
    let totals = totals(slopes, seen, nodes, count);
    let mut best: Vec<Option<Split>> = vec![None; count];
    let mut sums = vec![[Slope::default(); BINS]; count];
    for &place in looked_at {
        let number = &binned[place];
        sums.iter_mut().for_each(|sums| sums.fill(Slope::default()));
        for (node, &sample) in nodes.iter().zip(seen) {
            sums[*node][usize::from(number.bins[sample])].add(slopes[sample]);
        }
        for ((best, sums), total) in best.iter_mut().zip(&sums).zip(&totals) {
            let mut left = Slope::default();
            for (bin, sum) in sums.iter().enumerate().take(number.ends.len()) {
                left.add(*sum);
                let right = total.less(left);
                if left.second < config.least || right.second < config.least {
                    continue;
                }
                let gain =
                    left.gain(config.penalty) + right.gain(config.penalty) - total.gain(config.penalty);
                if gain > best.map_or(1e-6, |best| best.gain) {
                    *best = Some(Split { gain, place, bin });
                }
            }
        }
    }
    best
}

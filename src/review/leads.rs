//! How the traces of a montage are made of whatever channels were recorded.
//!
//! Each channel is a difference of two potentials: of two electrodes, or of an electrode and a reference. Any other
//! difference is the sum of channels along a path from one to the other. So a bipolar recording has an average montage
//! as well, wherever its derivations hang together.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::eeg::Electrode::{self, *};
use crate::eeg::{CHAINS, ChannelLabel, DOUBLE_BANANA, microvolts_per_unit, whole_references};

/// A montage of the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PageMontage {
    /// Every channel as it was recorded.
    Recorded,
    /// Each electrode against the mean of all.
    Average,
    /// The longitudinal bipolar montage.
    Longitudinal,
    /// The transverse bipolar montage.
    Transverse,
}

/// One trace: a weighted sum of channels.
#[derive(Debug, Clone, PartialEq)]
pub struct PageTrace {
    /// Its name.
    pub label: String,
    /// The row of electrodes that it belongs to.
    pub chain: Option<&'static str>,
    /// Channels, by index, with their weights.
    pub parts: Vec<(usize, f64)>,
}

/// Rows of the transverse montage, from front to back.
const TRANSVERSE: [(&str, &[Electrode]); 5] = [
    ("frontopolar", &[Fp1, Fp2]),
    ("frontal", &[F7, F3, Fz, F4, F8]),
    ("central", &[T7, C3, Cz, C4, T8]),
    ("parietal", &[P7, P3, Pz, P4, P8]),
    ("occipital", &[O1, O2]),
];

/// The electrodes of the average montage, in the order in which they are shown.
const AVERAGE: [(&str, &[Electrode]); 3] = [
    ("left", &[Fp1, F7, T7, P7, F3, C3, P3, O1]),
    ("midline", &[Fz, Cz, Pz]),
    ("right", &[Fp2, F8, T8, P8, F4, C4, P4, O2]),
];

/// One end of a channel.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Node {
    Electrode(Electrode),
    Reference(String),
}

/// The channels as a net of potentials.
struct Net {
    /// From each end: the other end, the channel, and its sign on the way there.
    ways: BTreeMap<Node, Vec<(Node, usize, f64)>>,
}

impl Net {
    fn of(labels: &[String], units: &[String]) -> Net {
        let mut net = Net { ways: BTreeMap::new() };
        for (channel, plus, minus) in ends_of(labels, units) {
            if plus != minus {
                // On the way from plus to minus the channel counts as it is: plus - minus.
                net.ways.entry(plus.clone()).or_default().push((minus.clone(), channel, 1.0));
                net.ways.entry(minus).or_default().push((plus, channel, -1.0));
            }
        }
        net
    }

    /// The difference of two potentials: the shortest way, for each channel brings its own noise.
    fn difference(&self, from: &Node, to: &Node) -> Option<Vec<(usize, f64)>> {
        let mut came: BTreeMap<&Node, (&Node, usize, f64)> = BTreeMap::new();
        let mut next = VecDeque::from([from]);
        while let Some(at) = next.pop_front() {
            if at == to {
                let mut parts = Vec::new();
                let mut at = at;
                while at != from {
                    let &(before, channel, sign) = came.get(at)?;
                    parts.push((channel, sign));
                    at = before;
                }
                parts.reverse();
                return Some(parts);
            }
            for (other, channel, sign) in self.ways.get(at).into_iter().flatten() {
                if other != from && !came.contains_key(other) {
                    came.insert(other, (at, *channel, *sign));
                    next.push_back(other);
                }
            }
        }
        None
    }
}

/// The channels with their two ends. Of two that would be the same, the one that the detector takes comes first: what is
/// in no voltage and O1 and O2 with a digit come last, and references that a label had no room for are completed.
fn ends_of(labels: &[String], units: &[String]) -> Vec<(usize, Node, Node)> {
    let mut ends: Vec<(usize, Node, Node)> = labels
        .iter()
        .enumerate()
        .filter_map(|(channel, label)| match ChannelLabel::parse(label) {
            ChannelLabel::Bipolar(anode, cathode) => {
                Some((channel, Node::Electrode(anode), Node::Electrode(cathode)))
            }
            ChannelLabel::Referential { electrode, reference } => {
                Some((channel, Node::Electrode(electrode), Node::Reference(reference)))
            }
            ChannelLabel::Other => None,
        })
        .collect();
    let named: Vec<(&str, &str)> = ends
        .iter()
        .filter_map(|(channel, _, minus)| match minus {
            Node::Reference(reference) => Some((labels[*channel].as_str(), reference.as_str())),
            Node::Electrode(_) => None,
        })
        .collect();
    let mut whole = whole_references(&named).into_iter();
    for (_, _, minus) in &mut ends {
        if let Node::Reference(reference) = minus
            && let Some(Some(whole)) = whole.next()
        {
            *reference = whole;
        }
    }
    ends.sort_by_key(|(channel, _, _)| {
        let strange = units.get(*channel).is_some_and(|unit| microvolts_per_unit(unit).is_none());
        (strange, ChannelLabel::has_digit_for_letter(&labels[*channel]))
    });
    ends
}

/// The traces of a montage, and the names of those that the channels cannot make.
pub fn traces_of(labels: &[String], units: &[String], montage: PageMontage) -> (Vec<PageTrace>, Vec<String>) {
    let net = Net::of(labels, units);
    let mut traces = Vec::new();
    let mut missing = Vec::new();
    let mut bipolar = |anode: Electrode, cathode: Electrode, chain: &'static str| {
        let label = format!("{anode}-{cathode}");
        match net.difference(&Node::Electrode(anode), &Node::Electrode(cathode)) {
            Some(parts) => traces.push(PageTrace { label, chain: Some(chain), parts }),
            None => missing.push(label),
        }
    };
    match montage {
        PageMontage::Recorded => {
            let recorded = |(channel, label): (usize, &String)| PageTrace {
                label: label.trim().to_string(),
                chain: None,
                parts: vec![(channel, 1.0)],
            };
            traces.extend(labels.iter().enumerate().map(recorded));
        }
        PageMontage::Longitudinal => {
            for (d, derivation) in DOUBLE_BANANA.iter().enumerate() {
                let chain = CHAINS.iter().find(|chain| chain.holds(d)).map_or("", |chain| chain.name);
                bipolar(derivation.anode, derivation.cathode, chain);
            }
        }
        PageMontage::Transverse => {
            for (row, electrodes) in TRANSVERSE {
                electrodes.windows(2).for_each(|pair| bipolar(pair[0], pair[1], row));
            }
        }
        PageMontage::Average => return average(&net),
    }
    (traces, missing)
}

/// Each electrode against the mean of all that hang together with most others.
fn average(net: &Net) -> (Vec<PageTrace>, Vec<String>) {
    let all: Vec<(Electrode, &'static str)> =
        AVERAGE.iter().flat_map(|(side, electrodes)| electrodes.iter().map(move |e| (*e, *side))).collect();
    let from = |root: Electrode| -> Vec<Option<Vec<(usize, f64)>>> {
        all.iter().map(|(e, _)| net.difference(&Node::Electrode(*e), &Node::Electrode(root))).collect()
    };
    let joined = |ways: &[Option<Vec<(usize, f64)>>]| ways.iter().flatten().count();
    let best = all
        .iter()
        .map(|(root, _)| from(*root))
        // An electrode reaches itself without any channel: alone it is no recording.
        .filter(|ways| joined(ways) > 1)
        .reduce(|best, ways| if joined(&ways) > joined(&best) { ways } else { best });
    let Some(ways) = best else {
        return (Vec::new(), all.iter().map(|(e, _)| format!("{e}-Av")).collect());
    };
    let count = joined(&ways) as f64;
    let mut mean: BTreeMap<usize, f64> = BTreeMap::new();
    for (channel, sign) in ways.iter().flatten().flatten() {
        *mean.entry(*channel).or_default() += sign / count;
    }
    let mut traces = Vec::new();
    let mut missing = Vec::new();
    for ((electrode, side), way) in all.iter().zip(&ways) {
        let label = format!("{electrode}-Av");
        let Some(way) = way else {
            missing.push(label);
            continue;
        };
        let mut parts: BTreeMap<usize, f64> =
            mean.iter().map(|(channel, weight)| (*channel, -weight)).collect();
        for (channel, sign) in way {
            *parts.entry(*channel).or_default() += sign;
        }
        let parts = parts.into_iter().filter(|(_, weight)| weight.abs() > 1e-12).collect();
        traces.push(PageTrace { label, chain: Some(side), parts });
    }
    (traces, missing)
}

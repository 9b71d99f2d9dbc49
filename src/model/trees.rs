//! Boosted decision trees: a sum of small trees over a few numbers, as log-odds.

/// A binary tree of a fixed depth, all its inner nodes in rows from the root.
#[derive(Debug, Clone, PartialEq)]
pub struct Tree {
    /// For each inner node the number that it looks at and the value above which it goes right; `None` always goes left.
    pub splits: Vec<Option<(usize, f32)>>,
    /// What each leaf adds, from the left.
    pub leaves: Vec<f32>,
}

impl Tree {
    /// What the tree adds for these numbers.
    pub fn value(&self, numbers: &[f32]) -> f32 {
        let mut node = 0;
        while let Some(split) = self.splits.get(node) {
            let right =
                split.is_some_and(|(number, above)| numbers.get(number).is_some_and(|value| *value > above));
            node = 2 * node + 1 + usize::from(right);
        }
        self.leaves.get(node - self.splits.len()).copied().unwrap_or_default()
    }
}

/// Trees whose values add up.
#[derive(Debug, Clone, PartialEq)]
pub struct Trees {
    /// What there is before any tree.
    pub base: f32,
    /// The trees, in the order in which they were fitted.
    pub trees: Vec<Tree>,
}

impl Trees {
    /// The logarithm of the odds that these numbers are of the wanted kind.
    pub fn log_odds(&self, numbers: &[f32]) -> f32 {
        self.base + self.trees.iter().map(|tree| tree.value(numbers)).sum::<f32>()
    }
}

//! Logistic regression: a probability from a few numbers.

/// Weight of the penalty on the squared coefficients of standardised features, for each sample's worth of evidence.
const PENALTY: f64 = 1.0;

/// Newton steps; the loss is convex and few features converge in less.
const STEPS: usize = 25;

/// A fitted regression.
#[derive(Debug, Clone, PartialEq)]
pub struct Logistic<const N: usize> {
    mean: [f64; N],
    deviation: [f64; N],
    /// One for each standardised feature, and the constant.
    coefficients: Vec<f64>,
}

impl<const N: usize> Logistic<N> {
    /// Fits on weighted samples by Newton's method, with a ridge penalty on all but the constant; `None` where there is only one
    /// kind of sample or the equations cannot be solved.
    pub fn fit(samples: &[([f64; N], bool, f64)]) -> Option<Logistic<N>> {
        if samples.iter().all(|(_, truth, _)| *truth) || samples.iter().all(|(_, truth, _)| !*truth) {
            return None;
        }
        let total: f64 = samples.iter().map(|(.., weight)| weight).sum();
        let mean: [f64; N] = std::array::from_fn(|i| {
            samples.iter().map(|(features, _, weight)| weight * features[i]).sum::<f64>() / total
        });
        let deviation = std::array::from_fn(|i| {
            let square = |x: f64| x * x;
            let sum: f64 =
                samples.iter().map(|(features, _, weight)| weight * square(features[i] - mean[i])).sum();
            (sum / total).sqrt().max(1e-9)
        });
        let mut fitted = Logistic { mean, deviation, coefficients: vec![0.0; N + 1] };
        for _ in 0..STEPS {
            let mut matrix = vec![vec![0.0; N + 2]; N + 1];
            for (features, truth, weight) in samples {
                let row = fitted.row(features);
                let p = sigmoid(dot(&fitted.coefficients, &row));
                let (error, curvature) = (f64::from(u8::from(*truth)) - p, (p * (1.0 - p)).max(1e-9));
                for i in 0..=N {
                    matrix[i][N + 1] += weight * error * row[i];
                    for j in 0..=N {
                        matrix[i][j] += weight * curvature * row[i] * row[j];
                    }
                }
            }
            for (i, row) in matrix.iter_mut().enumerate().take(N) {
                row[i] += PENALTY;
                row[N + 1] -= PENALTY * fitted.coefficients[i];
            }
            let step = solve(matrix)?;
            fitted
                .coefficients
                .iter_mut()
                .zip(&step)
                .for_each(|(value, step)| *value += step.clamp(-5.0, 5.0));
            if step.iter().all(|step| step.abs() < 1e-8) {
                break;
            }
        }
        Some(fitted)
    }

    /// The probability for these features.
    pub fn probability(&self, features: &[f64; N]) -> f64 {
        sigmoid(dot(&self.coefficients, &self.row(features)))
    }

    fn row(&self, features: &[f64; N]) -> Vec<f64> {
        let standardised = (0..N).map(|i| (features[i] - self.mean[i]) / self.deviation[i]);
        standardised.chain([1.0]).collect()
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

/// Gaussian elimination with pivoting; each row ends with its right-hand side.
fn solve(mut rows: Vec<Vec<f64>>) -> Option<Vec<f64>> {
    let n = rows.len();
    for column in 0..n {
        let pivot = (column..n).max_by(|&a, &b| rows[a][column].abs().total_cmp(&rows[b][column].abs()))?;
        rows.swap(column, pivot);
        let head = rows[column].clone();
        if head[column].abs() < 1e-12 {
            return None;
        }
        for row in rows.iter_mut().skip(column + 1) {
            let share = row[column] / head[column];
            row.iter_mut().zip(&head).for_each(|(value, head)| *value -= share * head);
        }
    }
    let mut solution = vec![0.0; n];
    for i in (0..n).rev() {
        let known: f64 = (i + 1..n).map(|j| rows[i][j] * solution[j]).sum();
        solution[i] = (rows[i][n] - known) / rows[i][i];
    }
    solution.iter().all(|value| value.is_finite()).then_some(solution)
}

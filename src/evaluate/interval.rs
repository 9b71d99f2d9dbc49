//! Exact 95 % intervals of a rate, of a share and of a median.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Lower and upper end of a 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Interval {
    /// Lower end.
    pub lower: f64,
    /// Upper end.
    pub upper: f64,
}

/// What lies outside the interval on each side.
const TAIL: f64 = 0.025;

/// The exact interval of a Poisson rate with `count` events in `exposure` (Garwood 1936): half the
/// chi-square quantiles at 2.5 % with 2n and at 97.5 % with 2n + 2 degrees of freedom, over the
/// exposure. `None` without exposure.
pub fn garwood(count: u64, exposure: f64) -> Option<Interval> {
    if !(exposure > 0.0 && exposure.is_finite()) {
        return None;
    }
    let n = count as f64;
    let lower = if count == 0 { 0.0 } else { invert(|x| gamma_p(n, x), TAIL, n) };
    let upper = invert(|x| gamma_p(n + 1.0, x), 1.0 - TAIL, n + 1.0);
    Some(Interval { lower: lower / exposure, upper: upper / exposure })
}

/// The exact interval of a share of `hits` among `trials` (Clopper and Pearson 1934). `None` without
/// trials.
pub fn clopper_pearson(hits: u64, trials: u64) -> Option<Interval> {
    if trials == 0 || hits > trials {
        return None;
    }
    let (k, n) = (hits as f64, trials as f64);
    let lower = if hits == 0 { 0.0 } else { bisect(|x| beta_i(k, n - k + 1.0, x), TAIL, 0.0, 1.0) };
    let upper =
        if hits == trials { 1.0 } else { bisect(|x| beta_i(k + 1.0, n - k, x), 1.0 - TAIL, 0.0, 1.0) };
    Some(Interval { lower, upper })
}

/// The interval of a median that holds whatever the distribution is: the k-th value from below and
/// the k-th from above, with the largest k for which a fair coin shows fewer than k heads in as many
/// throws with a probability of at most 2.5 % (Thompson 1936). `None` with fewer than 6 values, which
/// no such interval covers.
pub fn median_interval(values: &[f64]) -> Option<Interval> {
    let mut values: Vec<f64> = values.iter().copied().filter(|value| !value.is_nan()).collect();
    values.sort_by(f64::total_cmp);
    let n = values.len();
    // Probability of exactly `heads` heads, kept up from term to term.
    let mut term = 0.5f64.powi(i32::try_from(n).ok()?);
    let mut fewer = 0.0;
    let mut k = 0;
    for heads in 0..n {
        fewer += term;
        if fewer > TAIL {
            break;
        }
        k = heads + 1;
        term *= (n - heads) as f64 / (heads + 1) as f64;
    }
    let lower = *values.get(k.checked_sub(1)?)?;
    Some(Interval { lower, upper: *values.get(n - k)? })
}

/// Where the rising function `f` on [0, infinity) reaches `level`.
fn invert(f: impl Fn(f64) -> f64, level: f64, near: f64) -> f64 {
    let mut high = 2.0 * near + 20.0;
    while f(high) < level {
        high *= 2.0;
    }
    bisect(f, level, 0.0, high)
}

fn bisect(f: impl Fn(f64) -> f64, level: f64, mut low: f64, mut high: f64) -> f64 {
    // 200 halvings are more than a double has digits; it ends when the ends touch.
    for _ in 0..200 {
        let middle = low + (high - low) / 2.0;
        if middle <= low || middle >= high {
            break;
        }
        if f(middle) < level {
            low = middle;
        } else {
            high = middle;
        }
    }
    low + (high - low) / 2.0
}

/// Natural logarithm of the gamma function for x > 0 (Lanczos 1964, g = 7, nine terms).
fn ln_gamma(x: f64) -> f64 {
    const G: f64 = 7.0;
    const TERMS: [f64; 9] = [
        0.999_999_999_999_809_9,
        676.520_368_121_885_1,
        -1_259.139_216_722_402_8,
        771.323_428_777_653_1,
        -176.615_029_162_140_6,
        12.507_343_278_686_905,
        -0.138_571_095_265_720_12,
        9.984_369_578_019_572e-6,
        1.505_632_735_149_311_6e-7,
    ];
    let x = x - 1.0;
    let sum = TERMS[0] + (1..9).map(|i| TERMS[i] / (x + i as f64)).sum::<f64>();
    let t = x + G + 0.5;
    0.5 * std::f64::consts::TAU.ln() + (x + 0.5) * t.ln() - t + sum.ln()
}

/// Regularised lower incomplete gamma function P(a, x): its series below a + 1, its continued
/// fraction above (Abramowitz and Stegun 6.5.29 and 6.5.31, by Lentz's method).
fn gamma_p(a: f64, x: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    let front = (a * x.ln() - x - ln_gamma(a)).exp();
    if x < a + 1.0 {
        let (mut term, mut sum, mut n) = (1.0 / a, 1.0 / a, a);
        while term > sum * 1e-17 {
            n += 1.0;
            term *= x / n;
            sum += term;
        }
        return front * sum;
    }
    let fraction = lentz(x + 1.0 - a, |i| (-i * (i - a), x + 2.0 * i + 1.0 - a));
    1.0 - front / fraction
}

/// Regularised incomplete beta function (Abramowitz and Stegun 26.5.8, by Lentz's method).
fn beta_i(a: f64, b: f64, x: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    if x >= 1.0 {
        return 1.0;
    }
    // The fraction converges fast on this side of the mean only.
    if x > (a + 1.0) / (a + b + 2.0) {
        return 1.0 - beta_i(b, a, 1.0 - x);
    }
    let front = (ln_gamma(a + b) - ln_gamma(a) - ln_gamma(b) + a * x.ln() + b * (1.0 - x).ln()).exp() / a;
    let fraction = lentz(1.0, |i| {
        let m = (i / 2.0).floor();
        let numerator = if i % 2.0 == 0.0 {
            m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m))
        } else {
            -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0))
        };
        (numerator, 1.0)
    });
    front / fraction
}

/// The continued fraction `b0 + a1 / (b1 + a2 / (b2 + …))` (Lentz 1976).
fn lentz(b0: f64, terms: impl Fn(f64) -> (f64, f64)) -> f64 {
    const TINY: f64 = 1e-300;
    let mut value = if b0 == 0.0 { TINY } else { b0 };
    let (mut c, mut d) = (value, 0.0);
    for i in 1..100_000 {
        let (a, b) = terms(f64::from(i));
        d = b + a * d;
        d = 1.0 / if d == 0.0 { TINY } else { d };
        c = b + a / c;
        c = if c == 0.0 { TINY } else { c };
        value *= c * d;
        if (c * d - 1.0).abs() < 1e-16 {
            break;
        }
    }
    value
}

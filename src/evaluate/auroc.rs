//! Area under the receiver operating characteristic.

/// The chance that a random positive scores above a random negative, ties counted half (the
/// Mann-Whitney statistic). `None` without both kinds, or where a score is no number.
pub fn auroc(scores: &[f64], truths: &[bool]) -> Option<f64> {
    if scores.iter().any(|score| score.is_nan()) {
        return None;
    }
    let mut ranked: Vec<(f64, bool)> = scores.iter().copied().zip(truths.iter().copied()).collect();
    ranked.sort_by(|a, b| a.0.total_cmp(&b.0));
    let positives = ranked.iter().filter(|(_, truth)| *truth).count();
    let negatives = ranked.len() - positives;
    if positives == 0 || negatives == 0 {
        return None;
    }
    let mut rank_sum = 0.0;
    let mut before = 0usize;
    for tied in ranked.chunk_by(|a, b| a.0 == b.0) {
        // Tied scores share the mean of their ranks, counted from 1.
        let rank = before as f64 + (tied.len() as f64 + 1.0) / 2.0;
        rank_sum += rank * tied.iter().filter(|(_, truth)| *truth).count() as f64;
        before += tied.len();
    }
    let (p, n) = (positives as f64, negatives as f64);
    Some((rank_sum - p * (p + 1.0) / 2.0) / (p * n))
}

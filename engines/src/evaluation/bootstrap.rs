//! Intervals by resampling races: the same data always gives the same interval.

use crate::draws::{as_f64, split_mix};

/// Share of resamples inside an interval.
const LEVEL: f64 = 0.95;
/// Where the generator starts; any number would do.
const SEED: u64 = 0x5EED;

/// What a statistic gives over resamples.
pub struct Resampled {
    pub mean: f64,
    /// Ends of the central 95 %.
    pub low: f64,
    pub high: f64,
}

/// What `statistic` gives for `resamples` samples of `count` items, drawn from
/// 0 to `count` (excluded) with replacement. Neither is 0.
pub fn resampled(
    count: usize,
    resamples: usize,
    mut statistic: impl FnMut(&[usize]) -> f64,
) -> Resampled {
    let mut state = SEED;
    let mut sample = vec![0; count];
    let mut values: Vec<f64> = (0..resamples)
        .map(|_| {
            for item in &mut sample {
                #[expect(clippy::cast_possible_truncation, reason = "below `count`")]
                let drawn = (split_mix(&mut state) % count as u64) as usize;
                *item = drawn;
            }
            statistic(&sample)
        })
        .collect();
    values.sort_by(f64::total_cmp);
    let at = |share: f64| {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "an index into the values"
        )]
        let index = (share * as_f64(values.len() - 1)).round() as usize;
        values[index]
    };
    Resampled {
        mean: values.iter().sum::<f64>() / as_f64(resamples),
        low: at((1.0 - LEVEL) / 2.0),
        high: at(f64::midpoint(1.0, LEVEL)),
    }
}

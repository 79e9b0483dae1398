//! Estimates against what it took.

use crate::report::recap::{Accuracy, TaskRecap};

/// Over the tasks that have both; nothing if none has.
pub(super) fn accuracy<'a>(tasks: impl IntoIterator<Item = &'a TaskRecap>) -> Option<Accuracy> {
    let (mut ratios, mut estimate_ms, mut took_ms) = (Vec::new(), 0_u64, 0_u64);
    for task in tasks {
        if let (Some(ratio), Some(estimate), Some(took)) = (task.ratio, task.estimate_ms, task.took_ms) {
            ratios.push(ratio);
            estimate_ms = estimate_ms.saturating_add(estimate);
            took_ms = took_ms.saturating_add(took);
        }
    }
    let median_ratio = median(&mut ratios)?;
    Some(Accuracy {
        tasks: ratios.len(),
        estimate_ms,
        took_ms,
        median_ratio,
        accuracy: closeness(&ratios, 1.0),
        accuracy_scaled: closeness(&ratios, median_ratio),
    })
}

fn median(ratios: &mut [f64]) -> Option<f64> {
    ratios.sort_by(f64::total_cmp);
    let (low, high) = (ratios.get(ratios.len().checked_sub(1)? / 2)?, ratios.get(ratios.len() / 2)?);
    // The mean of ratios is the geometric one: twice as long and half as long are equally far off.
    Some((low * high).sqrt())
}

/// The mean of how near each ratio is to `to`: 1 for the same, ½ for half as well as for double.
#[expect(clippy::cast_precision_loss, reason = "nobody has so many tasks")]
fn closeness(ratios: &[f64], to: f64) -> f64 {
    let near = ratios.iter().map(|ratio| (ratio / to).min(to / ratio));
    near.sum::<f64>() / ratios.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_of_half_and_double_is_as_estimated() {
        assert_eq!(median(&mut [2.0, 0.5]), Some(1.0));
        assert_eq!(median(&mut [9.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&mut []), None);
    }

    #[test]
    fn half_and_double_are_equally_far_off_and_all_the_same_factor_is_right_once_scaled() {
        assert_eq!(closeness(&[0.5, 2.0], 1.0).to_bits(), 0.5_f64.to_bits());
        assert_eq!(closeness(&[0.1, 0.1], 0.1).to_bits(), 1.0_f64.to_bits());
    }
}

use std::time::Duration;

/// So often an agent is looked at, at most: its output may fill a disk.
const LOOK: Duration = Duration::from_secs(1);
/// So often its processor time is asked for, at most.
const WINDOW: Duration = Duration::from_secs(30);
/// A program that waits wakes up now and then. To use less than this part of one processor is no sign of life.
const IDLE: u32 = 100;
/// Looks in the time after which an agent counts as silent.
const LOOKS: u32 = 8;

/// Whether an agent gives signs of life: output, or work of the processor.
pub(super) struct Vitals {
    /// After so long without a sign it is taken for hung.
    patience: Duration,
    /// When the last sign came, as long after the agent's start.
    sign: Duration,
    printed: u64,
    /// Its processor time, and when that was asked for.
    used: Duration,
    asked: Duration,
}

impl Vitals {
    pub(super) fn new(patience: Duration) -> Self {
        Self { patience, sign: Duration::ZERO, printed: 0, used: Duration::ZERO, asked: Duration::ZERO }
    }

    /// How long to wait between two looks.
    pub(super) fn interval(&self) -> Duration {
        (self.patience / LOOKS).clamp(Duration::from_millis(10), LOOK)
    }

    /// Takes a look at `now` (since the agent's start), when it has printed so many bytes; whether it has been silent for too long.
    pub(super) fn look(&mut self, now: Duration, printed: u64, used: impl FnOnce() -> Duration) -> bool {
        if self.printed != printed {
            self.printed = printed;
            self.sign = now;
        }
        let window = now.saturating_sub(self.asked);
        if window >= (self.patience / LOOKS).min(WINDOW) {
            let used = used();
            // It becomes less where somebody's is lost at its end: that is a sign, too.
            let worked = used.abs_diff(self.used);
            if !worked.is_zero() && worked.saturating_mul(IDLE) >= window {
                self.sign = now;
            }
            (self.used, self.asked) = (used, now);
        }
        now.saturating_sub(self.sign) >= self.patience
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_mins(1);

    /// Looks once a minute for that long; when it was taken for hung, in minutes.
    fn silent_after(printed: impl Fn(u32) -> u64, used: impl Fn(u32) -> Duration) -> Option<u32> {
        let mut vitals = Vitals::new(15 * MINUTE);
        (1..=100).find(|minute| vitals.look(*minute * MINUTE, printed(*minute), || used(*minute)))
    }

    #[test]
    fn neither_output_nor_work_for_the_whole_time_is_silence() {
        assert_eq!(silent_after(|_| 0, |_| Duration::ZERO), Some(15));
        assert_eq!(silent_after(|minute| minute.min(20).into(), |_| Duration::ZERO), Some(35));
        assert_eq!(silent_after(|_| 0, |minute| MINUTE / 2 * minute.min(20)), Some(35));
    }

    #[test]
    fn output_alone_and_work_alone_are_signs_of_life() {
        assert_eq!(silent_after(u64::from, |_| Duration::ZERO), None);
        assert_eq!(silent_after(|_| 0, |minute| minute * MINUTE / 50), None);
    }

    #[test]
    fn waking_up_now_and_then_is_no_work() {
        assert_eq!(silent_after(|_| 0, |minute| minute * Duration::from_millis(100)), Some(15));
    }

    #[test]
    fn looks_are_a_second_apart_unless_patience_is_shorter() {
        assert_eq!(Vitals::new(15 * MINUTE).interval(), Duration::from_secs(1));
        assert_eq!(Vitals::new(Duration::from_millis(400)).interval(), Duration::from_millis(50));
        assert!(!Vitals::new(Duration::ZERO).interval().is_zero());
    }
}

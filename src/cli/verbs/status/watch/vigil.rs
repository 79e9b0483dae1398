//! When there is nothing more to be seen of a plan that others work at. Pure.

/// A job that ends before the next one begins leaves a plan to nobody for a while: so often nobody may be found at work.
const PATIENCE: u32 = 12;

/// How long nobody has been at work.
#[derive(Debug, Default)]
pub(super) struct Vigil {
    idle: u32,
}

impl Vigil {
    /// Whether that is all, as it was found now: whether somebody works at the plan, and whether there is anything that somebody might go on
    /// with.
    pub(super) fn is_over(&mut self, is_at_work: bool, can_go_on: bool) -> bool {
        self.idle = if is_at_work { 0 } else { self.idle + 1 };
        !is_at_work && (!can_go_on || self.idle >= PATIENCE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_not_go_on_is_over_at_once_and_what_can_only_when_nobody_comes_for_long() {
        assert!(Vigil::default().is_over(false, false));
        let mut vigil = Vigil::default();
        for _ in 0..3 {
            assert!(!vigil.is_over(true, true) && !vigil.is_over(true, false));
            assert!((1..PATIENCE).all(|_| !vigil.is_over(false, true)));
        }
        assert!(vigil.is_over(false, true));
    }
}

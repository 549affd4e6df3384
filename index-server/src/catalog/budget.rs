//! How much work one search may do: steps that are counted wherever work is done.
//!
//! Steps and not time, so that a search over one view always ends at the same place, whatever else
//! the machine does. Knows nothing of what the steps are spent on.

use std::cell::Cell;

/// Steps of one search, those of its correction among them; about 10 ns each on a server core of
/// 2020, so 10 ms in all.
pub const SEARCH_MAX_STEPS: u64 = 1_000_000;

/// What is left of the steps of one search.
#[derive(Debug)]
pub struct Budget {
    steps: u64,
    left: Cell<u64>,
    /// Of what is left, so much is for later.
    kept: Cell<u64>,
}

impl Budget {
    /// That many steps.
    pub const fn new(steps: u64) -> Self {
        Self {
            steps,
            left: Cell::new(steps),
            kept: Cell::new(0),
        }
    }

    /// What is left, with what is kept for later.
    pub const fn left(&self) -> u64 {
        self.left.get()
    }

    /// What was taken.
    pub const fn spent(&self) -> u64 {
        self.steps - self.left.get()
    }

    /// What is for later.
    pub const fn kept(&self) -> u64 {
        self.kept.get()
    }

    /// From now on the last `steps` are for later.
    pub fn keep(&self, steps: u64) {
        self.kept.set(steps);
    }

    /// Takes steps for work that is done in any case.
    pub fn spend(&self, steps: u64) {
        self.left.set(self.left().saturating_sub(steps));
    }

    /// Whether nothing more should be done now.
    pub const fn is_spent(&self) -> bool {
        self.left.get() <= self.kept.get()
    }

    /// Takes steps for work that may be left undone; false, and nothing taken, where they are not
    /// there.
    #[must_use]
    pub fn afford(&self, steps: u64) -> bool {
        let is_there = self.left().saturating_sub(self.kept.get()) >= steps;
        if is_there {
            self.spend(steps);
        }
        is_there
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_for_later_is_not_there_now() {
        let budget = Budget::new(10);
        budget.keep(6);
        assert!(!budget.afford(5), "only four are for now");
        assert!(budget.afford(3));
        assert!(!budget.is_spent());
        budget.spend(3);
        assert!(budget.is_spent() && !budget.afford(1));
        budget.keep(0);
        assert!(budget.afford(4) && budget.is_spent());
        budget.spend(1);
        assert_eq!(budget.left(), 0);
    }
}

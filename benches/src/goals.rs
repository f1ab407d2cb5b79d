//! The speed goals of the library, compared with the measured figures.

use crate::table;

/// A goal: a figure that must stay at or below a limit, or at or above it.
#[derive(Clone)]
pub struct Goal {
    what: String,
    limit: f64,
    measured: f64,
    at_least: bool,
    digits: usize,
}

impl Goal {
    pub fn at_most(what: impl Into<String>, limit: f64, measured: f64) -> Self {
        Self {
            what: what.into(),
            limit,
            measured,
            at_least: false,
            digits: 0,
        }
    }

    pub fn at_least(what: impl Into<String>, limit: f64, measured: f64) -> Self {
        Self {
            at_least: true,
            ..Self::at_most(what, limit, measured)
        }
    }

    /// Ratios are printed with two digits, counts and times with none.
    #[must_use]
    pub fn ratio(self) -> Self {
        Self { digits: 2, ..self }
    }

    fn holds(&self) -> bool {
        if self.at_least {
            self.measured >= self.limit
        } else {
            self.measured <= self.limit
        }
    }

    fn margin(&self) -> f64 {
        let over = self.measured - self.limit;
        if self.at_least { over } else { -over }
    }

    fn row(&self) -> Vec<String> {
        let digits = self.digits;
        vec![
            self.what.clone(),
            format!(
                "{} {:.digits$}",
                if self.at_least { ">=" } else { "<=" },
                self.limit
            ),
            format!("{:.digits$}", self.measured),
            if self.holds() { "holds" } else { "missed" }.into(),
        ]
    }
}

/// Returns the goal of several that is missed most, or is closest to being missed.
pub fn worst(goals: Vec<Goal>) -> Option<Goal> {
    goals
        .into_iter()
        .min_by(|one, other| one.margin().total_cmp(&other.margin()))
}

pub fn print(title: &str, goals: &[Goal]) {
    let rows: Vec<_> = goals.iter().map(Goal::row).collect();
    table::print(title, &["goal", "limit", "measured", ""], &rows);
}

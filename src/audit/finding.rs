use std::{fmt, sync::Arc};

pub use super::rules::Code;

/// A mistake or advice for a target, with the number of its occurrences.
#[derive(Debug, Clone)]
pub struct Finding {
    code: Code,
    target: Arc<str>,
    detail: String,
    count: u64,
}

impl Finding {
    pub(super) fn new(code: Code, target: Arc<str>, detail: String) -> Self {
        Self {
            code,
            target,
            detail,
            count: 1,
        }
    }

    /// Returns the code.
    #[must_use]
    pub fn code(&self) -> Code {
        self.code
    }

    /// Returns method, path and query of the request, such as `GET /notes?page=2`.
    #[must_use]
    pub fn target(&self) -> &str {
        &self.target
    }

    /// Returns the details of the first occurrence.
    #[must_use]
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// Returns the number of occurrences.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Emits an event, with the feature `tracing`. It names the target only if `names_target` is
    /// `true`.
    #[cfg_attr(not(feature = "tracing"), expect(clippy::unused_self))]
    pub(super) fn emit_event(&self, names_target: bool) {
        #[cfg(not(feature = "tracing"))]
        let _ = names_target;
        #[cfg(feature = "tracing")]
        {
            let code = self.code;
            let (name, section, remedy) = (code.as_str(), code.section(), code.remedy());
            let target = names_target.then_some(&*self.target);
            let detail = names_target.then_some(&*self.detail);
            if code.is_mistake() {
                tracing::warn!(code = name, target, detail, section, remedy, "a mistake");
            } else {
                tracing::info!(code = name, target, detail, section, remedy, "worth a look");
            }
        }
    }

    pub(super) fn increment(&mut self) {
        self.count = self.count.saturating_add(1);
    }
}

impl fmt::Display for Finding {
    /// Writes two lines: code, target and details, then the section and the remedy.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = if self.code.is_mistake() {
            "mistake"
        } else {
            "advice"
        };
        write!(
            f,
            "{kind} {} at {}: {}",
            self.code, self.target, self.detail
        )?;
        if self.count > 1 {
            write!(f, " ({} times)", self.count)?;
        }
        write!(f, "\n  {}: {}", self.code.section(), self.code.remedy())
    }
}

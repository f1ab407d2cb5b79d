//! The correct responses: a second reading of RFC 9110, section 13, on versions.

use http::Method;

use crate::{
    plan::{Plan, Requires, Step},
    store::State,
};

/// A tag as a client sends it, and the version that it stands for.
#[derive(Debug, Clone)]
pub(crate) struct SeenTag {
    pub(crate) tag: String,
    pub(crate) version: i64,
}

#[derive(Debug, Clone)]
pub(crate) enum Field {
    Any,
    Tags(Vec<SeenTag>),
    Malformed(&'static str),
}

impl Field {
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Any => "*".to_owned(),
            Self::Malformed(text) => (*text).to_owned(),
            Self::Tags(seen) => {
                let tags: Vec<_> = seen.iter().map(|seen| seen.tag.as_str()).collect();
                tags.join(", ")
            }
        }
    }

    fn matches(&self, state: State, weakly: bool) -> bool {
        match self {
            Self::Any => state.is_some(),
            Self::Malformed(_) => false,
            Self::Tags(seen) => seen
                .iter()
                .any(|seen| state == Some(seen.version) && (weakly || !seen.tag.starts_with("W/"))),
        }
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Write {
    pub(crate) number: u64,
    pub(crate) method: Method,
    pub(crate) if_match: Option<Field>,
    pub(crate) if_none_match: Option<Field>,
}

impl Write {
    pub(crate) fn is_conditional(&self) -> bool {
        self.if_match.is_some() || self.if_none_match.is_some()
    }

    /// Returns `true` if the write has the required condition. A malformed condition is false, and
    /// not missing.
    fn satisfies(&self, requires: Requires) -> bool {
        let tags = matches!(self.if_match, Some(Field::Tags(_)));
        let names = tags || matches!(self.if_none_match, Some(Field::Any));
        match requires {
            Requires::Nothing => true,
            Requires::Condition => self.is_conditional(),
            Requires::Tag => names || self.is_malformed(),
        }
    }

    fn is_malformed(&self) -> bool {
        let mut fields = [&self.if_match, &self.if_none_match].into_iter().flatten();
        fields.any(|field| matches!(field, Field::Malformed(_)))
    }

    /// Returns `true` if the conditions are true in this state.
    fn holds(&self, plan: &Plan, state: State) -> bool {
        let matches = self.if_match.as_ref().is_none_or(|field| {
            let is_comparable = matches!(field, Field::Any) || !plan.weak || plan.weak_if_match;
            is_comparable && field.matches(state, plan.weak_if_match)
        });
        let none = self.if_none_match.as_ref().is_none_or(|field| {
            !matches!(field, Field::Malformed(_)) && !field.matches(state, true)
        });
        matches && none
    }

    /// Returns `true` if a compare-and-set has no version from `If-Match`, and compares with the
    /// one that the layer saw. It fails if another client wrote, and always if the layer saw none.
    pub(crate) fn compares_with_the_seen_version(&self, plan: &Plan) -> bool {
        plan.step == Step::Versions
            && !matches!(self.if_match, Some(Field::Tags(_)))
            && matches!(self.if_none_match, Some(Field::Tags(_)))
    }

    /// Checks a response. Takes the state that the write replaced, if it was performed, and all
    /// states between the request and its response.
    pub(crate) fn judge(
        &self,
        plan: &Plan,
        status: u16,
        replaced: Option<State>,
        states: &[State],
    ) -> Result<(), &'static str> {
        let creates = plan.creates(&self.method);
        let is_there = |state: &State| creates || state.is_some();
        if !(200..300).contains(&status) && replaced.is_some() {
            return Err("a refused write was performed");
        }
        let is_right = match status {
            200..300 => match replaced {
                None => return Err("a write was answered and lost"),
                Some(state) if !self.holds(plan, state) => return Err("an update was lost"),
                Some(state) => is_there(&state) && self.satisfies(plan.requires),
            },
            412 => {
                let fails = |state: &State| is_there(state) && !self.holds(plan, *state);
                let unseen = self.is_malformed() && !plan.looks();
                let raced = self.compares_with_the_seen_version(plan) && states.len() > 1;
                self.is_conditional()
                    && self.satisfies(plan.requires)
                    && (unseen || raced || states.iter().any(fails))
            }
            428 => !self.satisfies(plan.requires) && (!plan.looks() || states.iter().any(is_there)),
            404 => !creates && states.contains(&None),
            _ => false,
        };
        if is_right {
            Ok(())
        } else {
            Err("a write was refused wrongly")
        }
    }
}

//! The directives of one field, written beforehand.

use http::{HeaderMap, HeaderName, HeaderValue};

use crate::semantics::caching::cache_control::{
    CacheControl, Known, Lines, SURROGATE_CONTROL, Syntax, lines_of,
};

/// What a field says to everybody, and what to one user.
#[derive(Debug, Clone)]
pub(super) struct Face {
    syntax: Syntax,
    everybody: Said,
    one_user: Said,
}

#[derive(Debug, Clone)]
struct Said {
    directives: CacheControl,
    /// The same as text, `None` if there is nothing to say.
    value: Option<HeaderValue>,
}

impl Said {
    fn new(directives: CacheControl, syntax: Syntax) -> Self {
        Self {
            value: directives.to_value(syntax),
            directives,
        }
    }
}

impl Face {
    pub(super) fn cache_control(directives: CacheControl) -> Self {
        let personal = directives.stricter(&PRIVATE);
        Self::new(directives, personal, Syntax::CacheControl)
    }

    /// `None` if it cannot be a Dictionary with a member at least.
    pub(super) fn targeted(field: &HeaderName, directives: &CacheControl) -> Option<Self> {
        if !directives.is_dictionary() {
            return None;
        }
        // As it will be read: keys are in lower case.
        let value = directives.to_value(Syntax::Targeted)?;
        let directives = as_told(field, CacheControl::of_lines([&value]));
        let personal = directives.stricter(&as_told(field, PRIVATE));
        Some(Self::new(directives, personal, Syntax::Targeted))
    }

    fn new(directives: CacheControl, personal: CacheControl, syntax: Syntax) -> Self {
        Self {
            syntax,
            everybody: Said::new(directives, syntax),
            one_user: Said::new(personal, syntax),
        }
    }

    pub(super) fn directives(&self) -> &CacheControl {
        &self.everybody.directives
    }

    fn said(&self, personal: bool) -> &Said {
        if personal {
            &self.one_user
        } else {
            &self.everybody
        }
    }

    /// Puts the field into the head, where nobody else says anything.
    pub(super) fn write(&self, headers: &mut HeaderMap, field: &HeaderName, personal: bool) {
        if let Some(value) = &self.said(personal).value {
            headers.insert(field, value.clone());
        }
    }

    /// Puts the field into the head, so that it is no laxer than `said`, which is
    /// the handler's word for the caches that read the field. `there` is what its
    /// lines say by themselves, if there are any; without them `elsewhere` is
    /// whether the same caches read the handler's word in another field.
    ///
    /// What caches read in different ways is written anew, whoever wins.
    pub(super) fn join(
        &self,
        headers: &mut HeaderMap,
        field: &HeaderName,
        said: Known,
        there: Option<Lines>,
        elsewhere: bool,
        personal: bool,
    ) -> Joined {
        let ours = self.said(personal);
        let word = ours.directives.known();
        if said == Known::NOTHING && there.is_none() {
            self.write(headers, field, personal);
            return Joined {
                ours: word,
                known: word,
                written: true,
            };
        }
        let known = said.stricter(word);
        let enough = |word: Known| {
            // Words for shared caches say nothing beside `private`, and look bad.
            let shares = personal && (word.public || word.s_maxage.is_some());
            (word == known || word.stricter(word) == known.stricter(known)) && !shares
        };
        let said_it_all = match there {
            Some(lines) => enough(lines.known) && lines.clear,
            None => elsewhere && enough(said),
        };
        let plain = ours.directives.is_plain();
        if said_it_all && plain {
            return Joined {
                ours: word,
                known,
                written: false,
            };
        }
        let all = CacheControl::of_field(headers, field).with_known(said);
        let joined = all.stricter(&ours.directives);
        let written = !said_it_all || joined != all.stricter(&all);
        if written {
            write(headers, field, joined, self.syntax);
        }
        Joined {
            ours: word,
            known,
            written,
        }
    }
}

/// What a field says in the end.
#[derive(Debug, Clone, Copy)]
pub(super) struct Joined {
    /// What the policy said, the handler aside.
    pub(super) ours: Known,
    pub(super) known: Known,
    /// Whether it was put there, or changed.
    pub(super) written: bool,
}

impl Joined {
    /// The seconds for which a private cache may use the response on its own.
    pub(super) fn lifetime(&self) -> Option<u32> {
        let fresh = self.known.is_fresh();
        self.known.max_age.filter(|_| fresh)
    }
}

fn write(headers: &mut HeaderMap, field: &HeaderName, all: CacheControl, syntax: Syntax) {
    match as_told(field, all).to_value(syntax) {
        Some(value) => headers.insert(field, value),
        // An empty field would say nothing (RFC 9213, section 2.1).
        None => headers.remove(field),
    };
}

/// Copies what may not be shared, kept or used without asking into a targeted
/// field that knows nothing of it (RFC 9213, section 2.2). One that caches read in
/// different ways is written anew.
pub(super) fn restrict(headers: &mut HeaderMap, field: &HeaderName, by: Known) {
    let Some(lines) = lines_of(headers, field) else {
        return;
    };
    if lines.clear && by == Known::NOTHING {
        return;
    }
    let said = CacheControl::of_field(headers, field);
    let restriction = CacheControl::new().with_known(by);
    let all = as_told(field, said.stricter(&restriction));
    let known = said.known();
    if !lines.clear || all.known() != known.stricter(known) {
        write(headers, field, all, Syntax::Targeted);
    }
}

const PRIVATE: CacheControl = CacheControl::new().with_private();
const NO_STORE: CacheControl = CacheControl::new().with_no_store();

/// The caches of `Surrogate-Control` know no `private`.
fn as_told(field: &HeaderName, all: CacheControl) -> CacheControl {
    if all.is_private() && *field == SURROGATE_CONTROL {
        NO_STORE
    } else {
        all
    }
}

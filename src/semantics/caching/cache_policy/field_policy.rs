//! The directives of one header, formatted in advance.

use http::{HeaderMap, HeaderName, HeaderValue};

use crate::semantics::caching::cache_control::{
    CacheControl, Directives, InvalidCachePolicy, ParsedField, SURROGATE_CONTROL, Syntax,
    parse_field,
};

/// The directives of one header, for responses to everybody and for responses to one user.
#[derive(Debug, Clone)]
pub(super) struct FieldPolicy {
    syntax: Syntax,
    for_everybody: Rendered,
    for_one_user: Rendered,
}

/// Directives with their header value.
#[derive(Debug, Clone)]
struct Rendered {
    directives: CacheControl,
    /// The formatted directives, or `None` if there are none.
    value: Option<HeaderValue>,
}

impl Rendered {
    fn new(directives: CacheControl, syntax: Syntax) -> Self {
        Self {
            value: directives.to_value(syntax),
            directives,
        }
    }
}

impl FieldPolicy {
    pub(super) fn cache_control(directives: CacheControl) -> Self {
        let private = directives.stricter(&PRIVATE);
        Self::new(directives, private, Syntax::CacheControl)
    }

    pub(super) fn targeted(
        field: &HeaderName,
        directives: &CacheControl,
    ) -> Result<Self, InvalidCachePolicy> {
        directives.check_dictionary()?;
        let value = directives.to_value(Syntax::Targeted);
        let value = value.ok_or(InvalidCachePolicy::Empty)?;
        // Keys of a Dictionary are in lower case, so the directives are parsed again as caches
        // will parse them.
        let directives = adapt_to_field(field, CacheControl::of_lines([&value]));
        let private = directives.stricter(&adapt_to_field(field, PRIVATE));
        Ok(Self::new(directives, private, Syntax::Targeted))
    }

    fn new(for_everybody: CacheControl, for_one_user: CacheControl, syntax: Syntax) -> Self {
        Self {
            syntax,
            for_everybody: Rendered::new(for_everybody, syntax),
            for_one_user: Rendered::new(for_one_user, syntax),
        }
    }

    pub(super) fn directives(&self) -> &CacheControl {
        &self.for_everybody.directives
    }

    fn rendered(&self, for_one_user: bool) -> &Rendered {
        if for_one_user {
            &self.for_one_user
        } else {
            &self.for_everybody
        }
    }

    /// Sets the header of a response whose handler set no directives.
    pub(super) fn write(&self, headers: &mut HeaderMap, field: &HeaderName, for_one_user: bool) {
        if let Some(value) = &self.rendered(for_one_user).value {
            headers.insert(field, value.clone());
        }
    }

    /// Merges the policy into the header. The result is no laxer than the handler's directives.
    ///
    /// `handler` are the handler's directives for the caches that read this header. `existing`
    /// is the parsed header, if it is present. If it is missing, `set_elsewhere` is `true` if
    /// these caches read the handler's directives in another header.
    ///
    /// An ambiguous header is always rewritten.
    pub(super) fn merge(
        &self,
        headers: &mut HeaderMap,
        field: &HeaderName,
        handler: Directives,
        existing: Option<ParsedField>,
        set_elsewhere: bool,
        for_one_user: bool,
    ) -> MergedField {
        let policy = &self.rendered(for_one_user).directives;
        let from_policy = policy.directives();
        if handler == Directives::NONE && existing.is_none() {
            self.write(headers, field, for_one_user);
            return MergedField {
                policy: from_policy,
                merged: from_policy,
                is_written: true,
            };
        }
        let merged = handler.stricter(from_policy);
        let is_enough = |own: Directives| {
            // Shared caches must not store a private response, so `public` and `s-maxage` have
            // no effect. They are removed, since they look like a mistake.
            let has_shared = for_one_user && (own.public || own.s_maxage.is_some());
            // Directives without effect, such as a lifetime beside `no-cache`, make no difference.
            (own == merged || own.stricter(own) == merged.stricter(merged)) && !has_shared
        };
        let may_stay = match existing {
            Some(existing) => is_enough(existing.directives) && existing.unambiguous,
            None => set_elsewhere && is_enough(handler),
        };
        if may_stay && policy.fits_in_directives() {
            return MergedField {
                policy: from_policy,
                merged,
                is_written: false,
            };
        }
        // Extensions and names of headers are not in `Directives`, so the header is parsed
        // again.
        let own = CacheControl::of_field(headers, field).with_directives(handler);
        let all = own.stricter(policy);
        let is_written = !may_stay || all != own.stricter(&own);
        if is_written {
            write(headers, field, all, self.syntax);
        }
        MergedField {
            policy: from_policy,
            merged,
            is_written,
        }
    }
}

/// The result of merging a policy into a header.
#[derive(Debug, Clone, Copy)]
pub(super) struct MergedField {
    /// The directives of the policy alone.
    pub(super) policy: Directives,
    /// The directives of policy and handler.
    merged: Directives,
    /// `true` if the header was added or changed.
    pub(super) is_written: bool,
}

impl MergedField {
    /// Returns the seconds for which a private cache may use the response without revalidation.
    pub(super) fn lifetime(&self) -> Option<u32> {
        let is_fresh = self.merged.is_fresh();
        self.merged.max_age.filter(|_| is_fresh)
    }
}

fn write(headers: &mut HeaderMap, field: &HeaderName, all: CacheControl, syntax: Syntax) {
    match adapt_to_field(field, all).to_value(syntax) {
        Some(value) => headers.insert(field, value),
        // Caches ignore an empty targeted header (RFC 9213, section 2.1).
        None => headers.remove(field),
    };
}

/// Adds restrictions to a targeted header, which hides those in `Cache-Control` (RFC 9213,
/// section 2.2). An ambiguous header is rewritten.
pub(super) fn restrict_targeted(
    headers: &mut HeaderMap,
    field: &HeaderName,
    restrictions: Directives,
) {
    let Some(existing) = parse_field(headers, field) else {
        return;
    };
    if existing.unambiguous && restrictions == Directives::NONE {
        return;
    }
    let own = CacheControl::of_field(headers, field);
    let restrictions = CacheControl::new().with_directives(restrictions);
    let all = adapt_to_field(field, own.stricter(&restrictions));
    let directives = own.directives();
    if !existing.unambiguous || all.directives() != directives.stricter(directives) {
        write(headers, field, all, Syntax::Targeted);
    }
}

const PRIVATE: CacheControl = CacheControl::new().with_private();
const NO_STORE: CacheControl = CacheControl::new().with_no_store();

/// Replaces `private` with `no-store` in `Surrogate-Control`, which does not define `private`.
fn adapt_to_field(field: &HeaderName, all: CacheControl) -> CacheControl {
    if all.is_private() && *field == SURROGATE_CONTROL {
        NO_STORE
    } else {
        all
    }
}

//! The codes of the audit, with their severities, sections and remedies.

use std::fmt;

/// The severity of a code.
#[derive(PartialEq, Eq)]
enum Severity {
    Advice,
    Mistake,
}

macro_rules! codes {
    ($($(#[$doc:meta])* $code:ident $name:literal $severity:ident $section:literal $remedy:literal)+) => {
        /// A kind of mistake or advice. The module docs of [`audit`](crate::audit#codes) have the
        /// table.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Code {
            $($(#[$doc])* $code,)+
        }

        impl Code {
            /// All codes.
            pub const ALL: &'static [Self] = &[$(Self::$code),+];

            /// Returns the name, which never changes.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$code => $name,)+ }
            }

            /// Returns `true` if the code is a mistake: it violates the standard, or a client or
            /// cache will do something unintended. All others are advice, which is allowed
            /// and may be intended.
            #[must_use]
            pub const fn is_mistake(self) -> bool {
                let severity = match self { $(Self::$code => Severity::$severity,)+ };
                matches!(severity, Severity::Mistake)
            }

            /// Returns the section of the standard that the code is about.
            #[must_use]
            pub const fn section(self) -> &'static str {
                match self { $(Self::$code => $section,)+ }
            }

            /// Returns a way to fix it.
            #[must_use]
            pub const fn remedy(self) -> &'static str {
                match self { $(Self::$code => $remedy,)+ }
            }
        }
    };
}

codes! {
    /// One strong tag on two content codings of one target.
    SameTagTwoCodings "same-tag-two-codings" Mistake "RFC 9110, section 8.8.3.3"
        "put CodingTagLayer around compression, or make weak tags"
    /// One strong tag on different bytes.
    SameTagOtherBytes "same-tag-other-bytes" Mistake "RFC 9110, section 8.8.1"
        "make the tag from the content, or from a version that every change moves"
    /// Another tag on the same bytes, though nothing was written.
    UnstableTag "unstable-tag" Mistake "RFC 9110, section 8.8.1"
        "leave the time of the answer, random numbers and counters out of the tag"
    /// Two instances of an application give the same bytes different tags.
    PerProcessTag "per-process-tag" Mistake "RFC 9110, section 8.8.1"
        "make the tag from what all instances share; give them one key"
    /// An `ETag` that is no entity tag.
    InvalidTag "invalid-tag" Mistake "RFC 9110, section 8.8.3"
        "write visible characters between double quotes, with W/ before them if weak"
    /// More than one `ETag`.
    SeveralTags "several-tags" Mistake "RFC 9110, section 8.8.3"
        "set the field with insert, in one place"
    /// A strong tag that is a time in whole seconds and nothing else.
    TimestampTag "timestamp-tag" Mistake "RFC 9110, section 8.8.1"
        "make the tag from the content or a version, or make it weak"
    /// A tag that holds who the user is, in clear.
    PersonalTag "personal-tag" Mistake "RFC 9110, section 17.14"
        "take the user out of the tag, or make it with a keyed hash"
    /// A tag that scripts of the other origins that are allowed cannot read.
    TagNotExposed "tag-not-exposed" Advice "Fetch Standard, CORS protocol, HTTP responses"
        "name ETag in Access-Control-Expose-Headers, so that scripts can send it in If-Match"
    /// A preflight that does not let scripts of other origins send a condition.
    ConditionNotAllowed "condition-not-allowed" Advice "Fetch Standard, CORS protocol, HTTP responses"
        "name If-Match and If-None-Match in Access-Control-Allow-Headers"
    /// A weak tag where parts are served: `If-Range` cannot use it.
    WeakTagWithRanges "weak-tag-with-ranges" Advice "RFC 9110, section 13.1.5"
        "make a strong tag, or stop offering ranges"
    /// `Last-Modified` alone: two changes in a second look like one.
    DateOnlyValidator "date-only-validator" Advice "RFC 9110, section 8.8.2.2"
        "add an ETag, as EtagLayer does"
    /// Other bytes with the same `Last-Modified`, and no tag.
    SameDateOtherBytes "same-date-other-bytes" Mistake "RFC 9110, section 8.8.2.2"
        "add an ETag, as EtagLayer does"
    /// A validator on content that nobody may keep.
    ValidatorBesideNoStore "validator-beside-no-store" Advice "RFC 9111, section 5.2.2.5"
        "say no-cache if the content may be kept; keep the tag if writers need it"
    /// A 200 for a client that named its very tag.
    Missed304 "missed-304" Mistake "RFC 9110, section 13.1.2"
        "put ConditionalLayer around whatever sets the tag"
    /// A 200 without content for a client that named the current tag.
    EmptyInsteadOf304 "empty-instead-of-304" Mistake "RFC 9110, section 15.4.5"
        "answer with the status 304: an empty 200 replaces what the client has"
    /// A 304 without the tag of the 200.
    TagMissingOn304 "tag-missing-on-304" Mistake "RFC 9110, section 15.4.5"
        "repeat ETag on the 304, as ConditionalLayer does"
    /// A 304 with a tag that the request did not name.
    OtherTagOn304 "other-tag-on-304" Mistake "RFC 9110, section 13.1.2"
        "compare If-None-Match with the tag that the 200 would have"
    /// A 304 without the `Vary` of the 200.
    VaryMissingOn304 "vary-missing-on-304" Mistake "RFC 9110, section 15.4.5"
        "set Vary outside of whatever makes the 304"
    /// A 304 without the `Cache-Control` of the 200.
    PolicyMissingOn304 "policy-missing-on-304" Mistake "RFC 9110, section 15.4.5"
        "set Cache-Control outside of whatever makes the 304"
    /// A 304 that grants caches more than the 200 did.
    LaxerOn304 "laxer-on-304" Mistake "RFC 9110, section 15.4.5"
        "set Cache-Control outside of whatever makes the 304"
    /// A 304 without `Expires` or `Content-Location` of the 200.
    MissingOn304 "missing-on-304" Mistake "RFC 9110, section 15.4.5"
        "repeat Expires and Content-Location on the 304"
    /// A 304 that says something else than the 200s before and after it.
    DiffersOn304 "differs-on-304" Mistake "RFC 9110, section 15.4.5"
        "give the 304 the fields that the 200 would have"
    /// A 304 with another `Content-Length` than that of the 200, or with zero.
    LengthOn304 "length-on-304" Mistake "RFC 9110, section 8.6"
        "leave Content-Length out of the 304, or repeat that of the 200"
    /// A 304 with a nonce that the stored page does not have: scripts are blocked.
    NonceOn304 "nonce-on-304" Mistake "RFC 9111, section 3.2"
        "use hashes in Content-Security-Policy, or leave the field out of the 304"
    /// An answer to `HEAD` that says something else than those to `GET`.
    HeadDiffers "head-differs" Mistake "RFC 9110, section 9.3.2"
        "answer HEAD as GET; leave out what only the content tells"
    /// A `Vary` in answer to `HEAD` that names less than that to `GET`.
    VaryMissingOnHead "vary-missing-on-head" Advice "RFC 9110, section 9.3.2"
        "set the same Vary in answer to HEAD, or none"
    /// A 206 that says something else than the 200s.
    PartDiffers "part-differs" Mistake "RFC 9110, section 15.3.7"
        "give parts the validators and the policy of the whole"
    /// A 206 without a field that the 200 had.
    MissingOn206 "missing-on-206" Mistake "RFC 9110, section 15.3.7"
        "repeat ETag, Cache-Control, Expires, Content-Location and Vary on the 206"
    /// A part of another representation than `If-Range` names.
    PartOfOther "part-of-other" Mistake "RFC 9110, section 13.1.5"
        "compare If-Range strongly with the current tag, and answer 200 if it differs"
    /// Content that is coded for this client, without `Vary: Accept-Encoding`.
    CodingWithoutVary "coding-without-vary" Mistake "RFC 9110, section 12.5.5"
        "add Accept-Encoding to Vary, as CodingTagLayer does"
    /// Content in a language, perhaps this client's, without `Vary: Accept-Language`.
    LanguageWithoutVary "language-without-vary" Advice "RFC 9110, section 12.5.5"
        "add Accept-Language to Vary if the field chose the language"
    /// A media type or language that followed the request, without `Vary`.
    VariantWithoutVary "variant-without-vary" Mistake "RFC 9110, section 12.5.5"
        "name the request fields that choose the representation in Vary"
    /// Other bytes for requests that differ in `Accept` fields, or in who asks, without `Vary`.
    ContentWithoutVary "content-without-vary" Advice "RFC 9110, section 12.5.5"
        "name the request fields that choose the representation in Vary"
    /// Two variants of one target name different fields in `Vary`.
    VaryDiffers "vary-differs" Mistake "RFC 9111, section 4.1"
        "set the same Vary on every variant, the default one too"
    /// `Vary: *`: no cache can ever use the response.
    VaryAny "vary-any" Advice "RFC 9110, section 12.5.5"
        "name the fields that matter, or say no-store"
    /// `Vary: Authorization`: that field restricts caches already.
    VaryAuthorization "vary-authorization" Advice "RFC 9110, section 12.5.5"
        "say private instead"
    /// A cookie for one user in what shared caches give to all.
    SharedCookie "shared-cookie" Mistake "RFC 9111, section 7.3"
        "say private or no-store where a cookie is set, in targeted fields too"
    /// An answer for one user that shared caches give to all.
    SharedAuthorization "shared-authorization" Mistake "RFC 9111, section 3.5"
        "say private or no-store where the request has Authorization, in targeted fields too"
    /// Content that follows `Cookie`, an API key or a tenant, and that shared caches give to all.
    SharedContent "shared-content" Mistake "RFC 9111, section 4.1"
        "say private, or name the field in Vary, in targeted fields too"
    /// A targeted field lets a CDN keep what `Cache-Control` does not.
    LaxerTargetedField "laxer-targeted-field" Advice "RFC 9213, section 2.2"
        "repeat private or no-store in the targeted field, unless the CDN is meant to keep it"
    /// A targeted field that caches ignore: it is empty, or not well-formed.
    MalformedTargetedField "malformed-targeted-field" Mistake "RFC 9213, section 2.1"
        "write it as a dictionary of lower-case directives, as CachePolicyLayer does"
    /// A directive of no valid form, or one that stands twice.
    MalformedPolicy "malformed-policy" Mistake "RFC 9111, section 5.2"
        "write the field with CacheControl"
    /// Directives that say the opposite of each other.
    Contradiction "contradiction" Mistake "RFC 9111, section 4.2.1"
        "keep the stricter directive; CacheControl::check says which do not go together"
    /// Directives that forbid what others grant.
    Weakness "weakness" Advice "RFC 9111, section 5.2.2"
        "drop the directive that has no effect; CacheControl::weaknesses says why"
    /// `Expires` grants more than `Cache-Control`.
    ExpiresDisagrees "expires-disagrees" Mistake "RFC 9111, section 5.3"
        "drop Expires, which max-age overrides"
    /// Nothing says how long caches may use it, so they guess.
    NoPolicy "no-policy" Advice "RFC 9111, section 4.2.2"
        "set Cache-Control, at least to no-cache"
    /// A lifetime over the limit, without `immutable`.
    LongLifetime "long-lifetime" Advice "RFC 9111, section 4.2.1"
        "shorten it, or add immutable where a change of content changes the URI"
    /// An error that caches may repeat.
    CacheableError "cacheable-error" Mistake "RFC 9110, section 15.1"
        "say no-store on errors: lifetimes are for the statuses that they were made for"
    /// A lifetime on the answer to a method that caches do not keep.
    LifetimeOnMethod "lifetime-on-method" Mistake "RFC 9110, section 9.2.3"
        "set lifetimes on the answers to GET and HEAD alone"
    /// `Age`, which says that a cache has answered.
    AgeFromOrigin "age-from-origin" Mistake "RFC 9111, section 5.1"
        "leave Age to caches"
    /// `Pragma` or `Warning`, which mean nothing in a response.
    ObsoleteField "obsolete-field" Advice "RFC 9111, sections 5.4 and 5.5"
        "drop it; Cache-Control says it all"
    /// A `Cache-Status` that is no list of caches, or one that says `hit` and `fwd`.
    MalformedCacheStatus "malformed-cache-status" Mistake "RFC 9211, section 2"
        "write each cache as its name and parameters, with either hit or fwd"
    /// A conditional write succeeded, and nobody compared.
    UncheckedWrite "unchecked-write" Mistake "RFC 9110, section 13.1.1"
        "compare and set with Expected, or hold a lock around check and write"
    /// A 412 for the tag that the last 200 had, though nobody wrote since.
    CurrentTagRefused "current-tag-refused" Mistake "RFC 9110, section 13.1.1"
        "take the tags of reads and those that writes are checked against from one source"
    /// A 428 for a write that has the condition which is required.
    ConditionOverlooked "condition-overlooked" Mistake "RFC 6585, section 3"
        "evaluate If-Match for every request that has to have it"
    /// A 412 for the weak tag of the last 200, which `If-Match` never matches.
    WeakTagRefused "weak-tag-refused" Advice "RFC 9110, section 13.1.1"
        "make a strong tag where writes are conditional"
    /// A write that was done though its condition was false.
    IgnoredCondition "ignored-condition" Mistake "RFC 9110, section 13.1.1"
        "put PreconditionLayer around whatever writes"
    /// A `PUT` that was stored changed, and answered with the tag of what was made of it.
    TagOfOtherContent "tag-of-other-content" Mistake "RFC 9110, section 9.3.4"
        "leave ETag out of the answer, or send the representation with Content-Location"
}

impl Code {
    pub(crate) fn because(self, detail: impl Into<String>) -> RuleFinding {
        RuleFinding {
            code: self,
            detail: detail.into(),
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A code with the details of one exchange.
#[derive(Debug, Clone)]
pub(crate) struct RuleFinding {
    pub(crate) code: Code,
    pub(crate) detail: String,
}

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

            /// Returns advice on how to fix the response.
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
        "make the tag from the content, or from a version that every change increments"
    /// Another tag on the same bytes without a write in between.
    UnstableTag "unstable-tag" Mistake "RFC 9110, section 8.8.1"
        "leave the time of the response, random numbers and counters out of the tag"
    /// Two strong tags on one JSON value that was written in two ways, such as in another order.
    /// It is found with the feature `json`.
    OrderOnlyChange "order-only-change" Advice "RFC 8785, section 3"
        "make weak tags with EtagLayer::canonical_json, or respond with CanonicalJson"
    /// A JSON Pointer of `EtagLayer::ignoring` that matched nothing. It is found with the feature
    /// `json`.
    UnmatchedPointer "unmatched-pointer" Advice "RFC 6901, section 4"
        "correct the pointer of EtagLayer::ignoring, or leave it out"
    /// Two instances of an application give the same bytes different tags.
    PerProcessTag "per-process-tag" Mistake "RFC 9110, section 8.8.1"
        "make the tag from what all instances share; give them one key"
    /// An `ETag` with a malformed value.
    InvalidTag "invalid-tag" Mistake "RFC 9110, section 8.8.3"
        "write visible characters between double quotes, with W/ before them if weak"
    /// More than one `ETag`.
    SeveralTags "several-tags" Mistake "RFC 9110, section 8.8.3"
        "set the header with insert, in one place"
    /// A strong tag that is only a time in whole seconds.
    TimestampTag "timestamp-tag" Mistake "RFC 9110, section 8.8.1"
        "make the tag from the content or a version, or make it weak"
    /// A tag that contains a value which identifies the user.
    PersonalTag "personal-tag" Mistake "RFC 9110, section 17.14"
        "take the user out of the tag, or make it with a keyed hash"
    /// A tag, or another header of [`exposed_headers`](crate::cors::exposed_headers), that scripts
    /// of allowed origins cannot read.
    HeaderNotExposed "header-not-exposed" Advice "Fetch Standard, CORS protocol, HTTP responses"
        "set Access-Control-Expose-Headers to cors::exposed_headers, so that scripts can read tags"
    /// A preflight that forbids scripts of allowed origins to send a condition, or another header
    /// of [`allowed_headers`](crate::cors::allowed_headers).
    HeaderNotAllowed "header-not-allowed" Advice "Fetch Standard, CORS protocol, HTTP responses"
        "set Access-Control-Allow-Headers to cors::allowed_headers, so that scripts can send conditions"
    /// A 412 or 428 that a script cannot read, though it may read the 200. Also a 304 that allows
    /// another origin.
    OriginNotAllowed "origin-not-allowed" Mistake "Fetch Standard, CORS protocol, HTTP responses"
        "put the CORS layer outside of the layers that make 304, 412 and 428"
    /// A 304 that allows no origin, unlike the 200. A script that sends `If-None-Match` by itself
    /// cannot read it. The browser's own revalidation uses the header of the stored 200.
    OriginMissingOn304 "origin-missing-on-304" Advice "Fetch Standard, CORS protocol, HTTP responses"
        "put the CORS layer outside of the layer that makes the 304"
    /// A weak tag beside ranges: `If-Range` cannot use it.
    WeakTagWithRanges "weak-tag-with-ranges" Advice "RFC 9110, section 13.1.5"
        "make a strong tag, or stop offering ranges"
    /// `Last-Modified` without a tag: two changes in one second look like one.
    DateOnlyValidator "date-only-validator" Advice "RFC 9110, section 8.8.2.2"
        "add an ETag, as EtagLayer does"
    /// Other bytes with the same `Last-Modified`, and no tag.
    SameDateOtherBytes "same-date-other-bytes" Mistake "RFC 9110, section 8.8.2.2"
        "add an ETag, as EtagLayer does"
    /// A validator on content that no cache may store.
    ValidatorBesideNoStore "validator-beside-no-store" Advice "RFC 9111, section 5.2.2.5"
        "set no-cache if the content may be stored; keep the tag if writers need it"
    /// A 200 to a client that named its tag.
    Missed304 "missed-304" Mistake "RFC 9110, section 13.1.2"
        "put ConditionalLayer outside of the layer or handler that sets the tag"
    /// An empty 200 to a client that named the current tag.
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
        "set Vary outside of the layer that makes the 304"
    /// A 304 without the `Cache-Control` of the 200.
    PolicyMissingOn304 "policy-missing-on-304" Mistake "RFC 9110, section 15.4.5"
        "set Cache-Control outside of the layer that makes the 304"
    /// A 304 that lets some cache do more than the 200 did: store it, or use it for longer. A 200
    /// without a lifetime sets no limit to compare with, since each cache chooses one (RFC 9111,
    /// section 4.2.2).
    LaxerOn304 "laxer-on-304" Mistake "RFC 9110, section 15.4.5"
        "set Cache-Control outside of the layer that makes the 304"
    /// A 304 without `Expires` or `Content-Location` of the 200.
    MissingOn304 "missing-on-304" Mistake "RFC 9110, section 15.4.5"
        "repeat Expires and Content-Location on the 304"
    /// A 304 with other headers than the 200s before and after it.
    DiffersOn304 "differs-on-304" Mistake "RFC 9110, section 15.4.5"
        "give the 304 the headers that the 200 would have"
    /// A 304 with another `Content-Length` than that of the 200, or with zero.
    LengthOn304 "length-on-304" Mistake "RFC 9110, section 8.6"
        "leave Content-Length out of the 304, or repeat that of the 200"
    /// A 304 with a nonce that the stored page does not have, so that scripts are blocked.
    NonceOn304 "nonce-on-304" Mistake "RFC 9111, section 3.2"
        "use hashes in Content-Security-Policy, or leave the header out of the 304"
    /// A response to `HEAD` with other headers than those to `GET`.
    HeadDiffers "head-differs" Mistake "RFC 9110, section 9.3.2"
        "answer HEAD like GET; leave out headers that depend on the content"
    /// A `Vary` in response to `HEAD` that names less than that to `GET`.
    VaryMissingOnHead "vary-missing-on-head" Advice "RFC 9110, section 9.3.2"
        "set the same Vary in response to HEAD, or none"
    /// A 206 with other headers than the 200s.
    PartDiffers "part-differs" Mistake "RFC 9110, section 15.3.7"
        "give parts the validators and the policy of the 200"
    /// A 206 without a header that the 200 had.
    MissingOn206 "missing-on-206" Mistake "RFC 9110, section 15.3.7"
        "repeat ETag, Cache-Control, Expires, Content-Location and Vary on the 206"
    /// A part of another representation than `If-Range` names.
    PartOfOther "part-of-other" Mistake "RFC 9110, section 13.1.5"
        "compare If-Range strongly with the current tag, and answer 200 if it differs"
    /// A `Repr-Digest` or `Content-Digest` that is not the digest of the bytes of the response.
    DigestDiffers "digest-differs" Mistake "RFC 9530, sections 2 and 3"
        "make the digest from the bytes that are sent, and drop it if a layer further out changes them"
    /// One `Repr-Digest` on different bytes of one target.
    SameDigestOtherBytes "same-digest-other-bytes" Mistake "RFC 9530, section 3"
        "make the digest from the content of the same response, and never keep one for later"
    /// A 206 whose `Repr-Digest` is that of its part, or whose `Content-Digest` is that of the whole.
    PartDigest "part-digest" Mistake "RFC 9530, sections 2 and 3"
        "give a part the Repr-Digest of the whole, and a Content-Digest of its own bytes or none"
    /// Content with a coding for this client, without `Vary: Accept-Encoding`.
    CodingWithoutVary "coding-without-vary" Mistake "RFC 9110, section 12.5.5"
        "add Accept-Encoding to Vary, as CodingTagLayer does"
    /// Content in a language that may depend on the client, without `Vary: Accept-Language`.
    LanguageWithoutVary "language-without-vary" Advice "RFC 9110, section 12.5.5"
        "add Accept-Language to Vary if the header selects the language"
    /// A media type or language that depends on the request, without `Vary`. The same for content
    /// that shared caches give to all.
    VariantWithoutVary "variant-without-vary" Mistake "RFC 9110, section 12.5.5"
        "name the request headers that select the representation in Vary"
    /// Other bytes for requests with other `Accept` headers or another user, without `Vary`.
    ContentWithoutVary "content-without-vary" Advice "RFC 9110, section 12.5.5"
        "name the request headers that select the representation in Vary"
    /// Two variants of one target with different `Vary` headers.
    VaryDiffers "vary-differs" Mistake "RFC 9111, section 4.1"
        "set the same Vary on every variant, the default one too"
    /// `Vary: *`, with which no cache can use the response.
    VaryAny "vary-any" Advice "RFC 9110, section 12.5.5"
        "name the headers that matter, or set no-store"
    /// `Vary: Authorization`, which restricts caches by itself already.
    VaryAuthorization "vary-authorization" Advice "RFC 9110, section 12.5.5"
        "set private instead"
    /// A cookie in a response that shared caches give to all users.
    SharedCookie "shared-cookie" Mistake "RFC 9111, section 7.3"
        "set private or no-store on responses with Set-Cookie, in targeted headers too"
    /// A response to `Authorization` that shared caches give to all users.
    SharedAuthorization "shared-authorization" Mistake "RFC 9111, section 3.5"
        "set private or no-store for requests with Authorization, in targeted headers too"
    /// Content for one user, by cookie, API key or tenant, that shared caches give to all.
    SharedContent "shared-content" Mistake "RFC 9111, section 4.1"
        "set private, in targeted headers too, or name the request header in Vary"
    /// A targeted header that lets a CDN store a response, unlike `Cache-Control`.
    LaxerTargetedField "laxer-targeted-field" Advice "RFC 9213, section 2.2"
        "repeat private or no-store in the targeted header, unless the CDN is meant to store it"
    /// A targeted header that caches ignore, since it is empty or malformed.
    MalformedTargetedField "malformed-targeted-field" Mistake "RFC 9213, section 2.1"
        "write it as a dictionary of lower-case directives, as CachePolicyLayer does"
    /// A malformed or repeated directive.
    MalformedPolicy "malformed-policy" Mistake "RFC 9111, section 5.2"
        "write the header with CacheControl"
    /// Directives that contradict each other.
    Contradiction "contradiction" Mistake "RFC 9111, section 4.2.1"
        "keep the stricter directive; CacheControl::check reports those that contradict each other"
    /// Directives that have no effect together with others.
    Weakness "weakness" Advice "RFC 9111, section 5.2.2"
        "drop the directive that has no effect; CacheControl::weaknesses explains why"
    /// An `Expires` that grants more than `Cache-Control`.
    ExpiresDisagrees "expires-disagrees" Mistake "RFC 9111, section 5.3"
        "drop Expires, which max-age overrides"
    /// A response without a lifetime, for which caches choose one.
    NoPolicy "no-policy" Advice "RFC 9111, section 4.2.2"
        "set Cache-Control, at least to no-cache"
    /// A lifetime over the limit, without `immutable`.
    LongLifetime "long-lifetime" Advice "RFC 9111, section 4.2.1"
        "shorten it, or add immutable if a change of content changes the URI"
    /// An error that caches may reuse.
    CacheableError "cacheable-error" Mistake "RFC 9110, section 15.1"
        "set no-store on errors; a lifetime for successes does not suit them"
    /// A lifetime on the response to a method that caches do not store.
    LifetimeOnMethod "lifetime-on-method" Mistake "RFC 9110, section 9.2.3"
        "set lifetimes only on responses to GET and HEAD"
    /// An `Age` header, which only caches may send.
    AgeFromOrigin "age-from-origin" Mistake "RFC 9111, section 5.1"
        "leave Age to caches"
    /// A `Pragma` or `Warning` header, which has no meaning in a response.
    ObsoleteField "obsolete-field" Advice "RFC 9111, sections 5.4 and 5.5"
        "drop it; Cache-Control replaces it"
    /// A `Cache-Status` that is no list of caches, or has both `hit` and `fwd`.
    MalformedCacheStatus "malformed-cache-status" Mistake "RFC 9211, section 2"
        "write each cache as its name and parameters, with either hit or fwd"
    /// A conditional write that succeeded without a comparison.
    UncheckedWrite "unchecked-write" Mistake "RFC 9110, section 13.1.1"
        "compare and set with Expected, or hold a lock around check and write"
    /// A 412 for the tag of the last 200, without a write in between.
    CurrentTagRefused "current-tag-refused" Mistake "RFC 9110, section 13.1.1"
        "use one source for the tags of reads and of the checks of writes"
    /// A 428 to a write that has the required condition.
    ConditionOverlooked "condition-overlooked" Mistake "RFC 6585, section 3"
        "evaluate If-Match for every request that requires it"
    /// A 412 for the weak tag of the last 200, which `If-Match` never matches.
    WeakTagRefused "weak-tag-refused" Advice "RFC 9110, section 13.1.1"
        "make a strong tag if writes are conditional"
    /// A write that was performed although its condition was false.
    IgnoredCondition "ignored-condition" Mistake "RFC 9110, section 13.1.1"
        "put PreconditionLayer outside of the handlers that write"
    /// A `PUT` whose content was changed, with the tag of the changed content in the response.
    TagOfOtherContent "tag-of-other-content" Mistake "RFC 9110, section 9.3.4"
        "leave ETag out of the response, or send the representation with Content-Location"
}

impl Code {
    pub(crate) fn finding(self, detail: impl Into<String>) -> RuleFinding {
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

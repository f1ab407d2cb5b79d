//! Middleware that reports mistakes in validators and cache policies, for development and tests.
//!
//! # Example
//!
//! ```
//! # async fn run() -> Result<(), tower::BoxError> {
//! use std::convert::Infallible;
//!
//! use bytes::Bytes;
//! use http::{Request, Response, header};
//! use http_body_util::{BodyExt, Full};
//! use tower::{ServiceBuilder, ServiceExt, service_fn};
//! use tower_conditional::{Audit, AuditLayer, audit::Code};
//!
//! // The content changes each time, and the tag stays.
//! async fn handle(request: Request<String>) -> Result<Response<Full<Bytes>>, Infallible> {
//!     let mut response = Response::new(Full::from(request.into_body()));
//!     response.headers_mut().insert(header::ETAG, "\"v1\"".parse().unwrap());
//!     Ok(response)
//! }
//!
//! let audit = Audit::new();
//! let service = ServiceBuilder::new()
//!     .layer(AuditLayer::new(audit.clone()))
//!     .service_fn(handle);
//! for content in ["hello", "goodbye"] {
//!     let request = Request::get("/").body(content.to_owned())?;
//!     service.clone().oneshot(request).await?.into_body().collect().await?;
//! }
//!
//! let findings = audit.findings();
//! let finding = findings.iter().find(|f| f.code() == Code::SameTagOtherBytes).unwrap();
//! assert_eq!(finding.target(), "GET /");
//! assert_eq!(finding.detail(), "\"v1\" on other bytes");
//! assert_eq!(finding.code().section(), "RFC 9110, section 8.8.1");
//! // audit.assert_clean() would panic with the finding and its remedy.
//! # Ok(())
//! # }
//! # tokio::runtime::Runtime::new().unwrap().block_on(run()).unwrap();
//! ```
//!
//! Two instances of an application must give the same bytes the same tag. One audit can compare
//! them:
//!
//! ```
//! use tower_conditional::{Audit, AuditLayer};
//!
//! let audit = Audit::new();
//! let around_one = AuditLayer::new(audit.clone()).instance("one");
//! let around_the_other = AuditLayer::new(audit.clone()).instance("other");
//! # let _ = (around_one, around_the_other);
//! // Send requests for the same targets to both, then:
//! audit.assert_clean();
//! ```
//!
//! # How it works
//!
//! The layer checks each exchange of request and response, and adds its findings to an [`Audit`].
//! Each [`Code`] is listed once per target, and further findings are counted. With the feature
//! `tracing` each finding is an event, and a mistake is a warning. The event has the code and the remedy,
//! and target and details only with [`Audit::log_targets`]. Requests and responses are not
//! changed.
//!
//! Some mistakes show in one response. Others show only in comparison with earlier responses of
//! the same target. The layer compares `GET`s with other `GET`s, `HEAD`s, 304s, parts and
//! conditional writes. For that the audit keeps up to 8 of each kind for the
//! [last targets](Audit::max_targets):
//!
//! - their validators, and a few other headers;
//! - a hash of the content, made as the body passes;
//! - the first KiB of content with a strong tag, for comparison with parts;
//! - hashes of request headers. Findings show no value of a request except a tag.
//!
//! A body that fails or is dropped is ignored.
//!
//! A digest (RFC 9530) is compared with the bytes of its response, for all methods but `HEAD`. If a
//! body is not read to its end, its digest is not checked. SHA-256 and SHA-512 are checked, and other
//! algorithms are ignored.
//!
//! A 304, a part or a write is compared with a 200 of the same instance. Both requests must
//! agree in the headers that `Vary` names and in those that identify the user. The latter are
//! `Authorization`, `Cookie`, and headers such as `X-Api-Key` and `X-Tenant`. There is one
//! exception: a strong tag or a digest on two contents is always a mistake, for any users and writes.
//!
//! ## Codes
//!
//! A [mistake](Code::is_mistake) violates the standard, or makes a client or cache do something
//! unintended. [`Audit::assert_clean`] fails on it. Advice is allowed and may be intended.
//! [`Audit::allow`] suppresses codes.
//!
//! | Code | Severity | Section | Remedy |
//! |---|---|---|---|
//! | `same-tag-two-codings` | mistake | RFC 9110, section 8.8.3.3 | put CodingTagLayer around compression, or make weak tags |
//! | `same-tag-other-bytes` | mistake | RFC 9110, section 8.8.1 | make the tag from the content, or from a version that every change increments |
//! | `unstable-tag` | mistake | RFC 9110, section 8.8.1 | leave the time of the response, random numbers and counters out of the tag |
//! | `order-only-change` | advice | RFC 8785, section 3 | make weak tags with EtagLayer::canonical_json, or respond with CanonicalJson |
//! | `unmatched-pointer` | advice | RFC 6901, section 4 | correct the pointer of EtagLayer::ignoring, or leave it out |
//! | `per-process-tag` | mistake | RFC 9110, section 8.8.1 | make the tag from what all instances share; give them one key |
//! | `invalid-tag` | mistake | RFC 9110, section 8.8.3 | write visible characters between double quotes, with W/ before them if weak |
//! | `several-tags` | mistake | RFC 9110, section 8.8.3 | set the header with insert, in one place |
//! | `timestamp-tag` | mistake | RFC 9110, section 8.8.1 | make the tag from the content or a version, or make it weak |
//! | `personal-tag` | mistake | RFC 9110, section 17.14 | take the user out of the tag, or make it with a keyed hash |
//! | `header-not-exposed` | advice | Fetch Standard, CORS protocol, HTTP responses | set Access-Control-Expose-Headers to cors::exposed_headers, so that scripts can read tags |
//! | `header-not-allowed` | advice | Fetch Standard, CORS protocol, HTTP responses | set Access-Control-Allow-Headers to cors::allowed_headers, so that scripts can send conditions |
//! | `origin-not-allowed` | mistake | Fetch Standard, CORS protocol, HTTP responses | put the CORS layer outside of the layers that make 304, 412 and 428 |
//! | `origin-missing-on-304` | advice | Fetch Standard, CORS protocol, HTTP responses | put the CORS layer outside of the layer that makes the 304 |
//! | `weak-tag-with-ranges` | advice | RFC 9110, section 13.1.5 | make a strong tag, or stop offering ranges |
//! | `date-only-validator` | advice | RFC 9110, section 8.8.2.2 | add an ETag, as EtagLayer does |
//! | `same-date-other-bytes` | mistake | RFC 9110, section 8.8.2.2 | add an ETag, as EtagLayer does |
//! | `validator-beside-no-store` | advice | RFC 9111, section 5.2.2.5 | set no-cache if the content may be stored; keep the tag if writers need it |
//! | `missed-304` | mistake | RFC 9110, section 13.1.2 | put ConditionalLayer outside of the layer or handler that sets the tag |
//! | `empty-instead-of-304` | mistake | RFC 9110, section 15.4.5 | answer with the status 304: an empty 200 replaces what the client has |
//! | `tag-missing-on-304` | mistake | RFC 9110, section 15.4.5 | repeat ETag on the 304, as ConditionalLayer does |
//! | `other-tag-on-304` | mistake | RFC 9110, section 13.1.2 | compare If-None-Match with the tag that the 200 would have |
//! | `vary-missing-on-304` | mistake | RFC 9110, section 15.4.5 | set Vary outside of the layer that makes the 304 |
//! | `policy-missing-on-304` | mistake | RFC 9110, section 15.4.5 | set Cache-Control outside of the layer that makes the 304 |
//! | `laxer-on-304` | mistake | RFC 9110, section 15.4.5 | set Cache-Control outside of the layer that makes the 304 |
//! | `missing-on-304` | mistake | RFC 9110, section 15.4.5 | repeat Expires and Content-Location on the 304 |
//! | `differs-on-304` | mistake | RFC 9110, section 15.4.5 | give the 304 the headers that the 200 would have |
//! | `length-on-304` | mistake | RFC 9110, section 8.6 | leave Content-Length out of the 304, or repeat that of the 200 |
//! | `nonce-on-304` | mistake | RFC 9111, section 3.2 | use hashes in Content-Security-Policy, or leave the header out of the 304 |
//! | `head-differs` | mistake | RFC 9110, section 9.3.2 | answer HEAD like GET; leave out headers that depend on the content |
//! | `vary-missing-on-head` | advice | RFC 9110, section 9.3.2 | set the same Vary in response to HEAD, or none |
//! | `part-differs` | mistake | RFC 9110, section 15.3.7 | give parts the validators and the policy of the 200 |
//! | `missing-on-206` | mistake | RFC 9110, section 15.3.7 | repeat ETag, Cache-Control, Expires, Content-Location and Vary on the 206 |
//! | `part-of-other` | mistake | RFC 9110, section 13.1.5 | compare If-Range strongly with the current tag, and answer 200 if it differs |
//! | `digest-differs` | mistake | RFC 9530, sections 2 and 3 | make the digest from the bytes that are sent, and drop it if a layer further out changes them |
//! | `same-digest-other-bytes` | mistake | RFC 9530, section 3 | make the digest from the content of the same response, and never keep one for later |
//! | `part-digest` | mistake | RFC 9530, sections 2 and 3 | give a part the Repr-Digest of the whole, and a Content-Digest of its own bytes or none |
//! | `coding-without-vary` | mistake | RFC 9110, section 12.5.5 | add Accept-Encoding to Vary, as CodingTagLayer does |
//! | `language-without-vary` | advice | RFC 9110, section 12.5.5 | add Accept-Language to Vary if the header selects the language |
//! | `variant-without-vary` | mistake | RFC 9110, section 12.5.5 | name the request headers that select the representation in Vary |
//! | `content-without-vary` | advice | RFC 9110, section 12.5.5 | name the request headers that select the representation in Vary |
//! | `vary-differs` | mistake | RFC 9111, section 4.1 | set the same Vary on every variant, the default one too |
//! | `vary-any` | advice | RFC 9110, section 12.5.5 | name the headers that matter, or set no-store |
//! | `vary-authorization` | advice | RFC 9110, section 12.5.5 | set private instead |
//! | `shared-cookie` | mistake | RFC 9111, section 7.3 | set private or no-store on responses with Set-Cookie, in targeted headers too |
//! | `shared-authorization` | mistake | RFC 9111, section 3.5 | set private or no-store for requests with Authorization, in targeted headers too |
//! | `shared-content` | mistake | RFC 9111, section 4.1 | set private, in targeted headers too, or name the request header in Vary |
//! | `laxer-targeted-field` | advice | RFC 9213, section 2.2 | repeat private or no-store in the targeted header, unless the CDN is meant to store it |
//! | `malformed-targeted-field` | mistake | RFC 9213, section 2.1 | write it as a dictionary of lower-case directives, as CachePolicyLayer does |
//! | `malformed-policy` | mistake | RFC 9111, section 5.2 | write the header with CacheControl |
//! | `contradiction` | mistake | RFC 9111, section 4.2.1 | keep the stricter directive; CacheControl::check reports those that contradict each other |
//! | `weakness` | advice | RFC 9111, section 5.2.2 | drop the directive that has no effect; CacheControl::weaknesses explains why |
//! | `expires-disagrees` | mistake | RFC 9111, section 5.3 | drop Expires, which max-age overrides |
//! | `no-policy` | advice | RFC 9111, section 4.2.2 | set Cache-Control, at least to no-cache |
//! | `long-lifetime` | advice | RFC 9111, section 4.2.1 | shorten it, or add immutable if a change of content changes the URI |
//! | `cacheable-error` | mistake | RFC 9110, section 15.1 | set no-store on errors; a lifetime for successes does not suit them |
//! | `lifetime-on-method` | mistake | RFC 9110, section 9.2.3 | set lifetimes only on responses to GET and HEAD |
//! | `age-from-origin` | mistake | RFC 9111, section 5.1 | leave Age to caches |
//! | `obsolete-field` | advice | RFC 9111, sections 5.4 and 5.5 | drop it; Cache-Control replaces it |
//! | `malformed-cache-status` | mistake | RFC 9211, section 2 | write each cache as its name and parameters, with either hit or fwd |
//! | `unchecked-write` | mistake | RFC 9110, section 13.1.1 | compare and set with Expected, or hold a lock around check and write |
//! | `current-tag-refused` | mistake | RFC 9110, section 13.1.1 | use one source for the tags of reads and of the checks of writes |
//! | `condition-overlooked` | mistake | RFC 6585, section 3 | evaluate If-Match for every request that requires it |
//! | `weak-tag-refused` | advice | RFC 9110, section 13.1.1 | make a strong tag if writes are conditional |
//! | `ignored-condition` | mistake | RFC 9110, section 13.1.1 | put PreconditionLayer outside of the handlers that write |
//! | `tag-of-other-content` | mistake | RFC 9110, section 9.3.4 | leave ETag out of the response, or send the representation with Content-Location |
//!
//! # Layer order
//!
//! Put the layer outside of all others, so that it sees the response that a client gets. Below a
//! layer that compresses or sets headers it checks a response that nobody receives. Servers add
//! `Date` further outside, so the layer uses its own clock instead.
//!
//! # Limits
//!
//! [`Audit::max_targets`] limits the targets that are compared, and [`Audit::max_findings`] the
//! findings that are kept. Beyond the first, the least recently used target is forgotten. Beyond
//! the second, findings are counted by [`Audit::dropped`].
//!
//! # Errors
//!
//! The layer adds no errors. Those of the service and of its bodies pass unchanged.
//!
//! # What it does not do
//!
//! The layer is not made for production. It hashes all content, copies the head of each request,
//! and takes one lock a few times per request.
//!
//! A body is checked when it ends, so a test has to read it to the end.
//!
//! The audit knows only the requests that pass through it. A tag that changes without the bytes
//! is reported unless a write ran in between. So a tag that a timer or another process
//! changes is reported too. The same holds for a 412 to a write with the tag of the last 200.
//! Put one [`Audit`] around all instances, so that it sees every writer. A write that gets 412
//! or 428 does not count as a write. A 404 or 410 to a `GET` or `HEAD` shows that the content of
//! the last 200 was removed. So that 200 is not compared with later states.
//!
//! Some findings wait for the next 200:
//!
//! - A `HEAD`, a 304 or a part with another tag, date or policy is reported once the next 200
//!   equals the last one.
//! - The same holds for a 304 that makes a weak tag strong, has another coding, or names more in
//!   `Vary`.
//! - A write that succeeded although its condition was false is reported once the next 200 has
//!   another tag. Until then the state may have been what the client wanted.
//! - A `PUT` with a strong tag in its response is reported once a 200 with that tag has content
//!   of another length. Changes that keep the length are not detected.
//!
//! Some common mistakes show in no exchange, or look intended:
//!
//! - A 304 to a client that may not read the resource, made before the authorization. Test that
//!   such a client gets 401 or 403 if it sends a condition.
//! - Versions without a scope: two resources have equal tags, and a write with the tag of the
//!   other succeeds.
//! - A handler that compares the tag and writes in two steps. Only concurrent writes lose an
//!   update.
//! - Content that differs each time, such as a counter on the page. Its tag is right, and no 304
//!   ever comes.
//! - A write to which no test sends a false condition. Read the target, write with an old
//!   `If-Match`, and read it again, for each method. A layer that only the reads have is then
//!   found as `ignored-condition`.
//! - A weak `If-Match` for the current tag, and one with the suffix of a coding. Both count as
//!   the current tag.
//! - Content that depends on a request header other than `Accept`, `Accept-Language` and those
//!   that identify the user.

mod body;
mod body_recorder;
mod finding;
mod finding_log;
mod future;
mod handle;
mod history;
#[cfg(feature = "json")]
mod json_form;
mod layer;
mod record;
pub(crate) mod rules;
mod service;
mod target_history;
mod target_key;
#[cfg(test)]
mod tests;

pub use {
    body::AuditBody,
    finding::{Code, Finding},
    future::ResponseFuture,
    handle::Audit,
    layer::AuditLayer,
    service::AuditService,
};

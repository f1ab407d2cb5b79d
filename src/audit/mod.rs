//! Reports mistakes of validators and cache policies, for development and
//! tests.
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
//! // Another content each time, and always the same tag.
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
//! // audit.assert_clean() would panic, and list it with its remedy.
//! # Ok(())
//! # }
//! # tokio::runtime::Runtime::new().unwrap().block_on(run()).unwrap();
//! ```
//!
//! Two instances of one application should give the same bytes the same tag:
//!
//! ```
//! use tower_conditional::{Audit, AuditLayer};
//!
//! let audit = Audit::new();
//! let around_one = AuditLayer::new(audit.clone()).instance("one");
//! let around_the_other = AuditLayer::new(audit.clone()).instance("other");
//! # let _ = (around_one, around_the_other);
//! // Requests for the same targets to both, then:
//! audit.assert_clean();
//! ```
//!
//! # What it does
//!
//! It looks at each exchange and tells an [`Audit`] what is wrong with it: each
//! [`Code`] once per target, further ones counted. With the feature `tracing`
//! there is an event for each finding, a warning for a mistake. Nothing that
//! passes is changed.
//!
//! Some mistakes show in one head. Others show when answers to `GET` for one
//! target are compared, and those to `HEAD`, 304s, parts and conditional writes
//! with them. For that up to 8 of each of the [last targets](Audit::targets) are
//! remembered: validators, a few fields, a hash of the content, which is taken as
//! it passes, and the first KiB of what has a strong tag, for the parts that cover
//! it. A body that broke or was given up counts for nothing. Of request fields
//! hashes are kept, and no detail tells a value of them but a tag.
//!
//! A 304, a part and a write are held against a 200 of the same instance, for a
//! request with the same values in the fields of `Vary` and in those that tell who
//! asks: `Authorization`, `Cookie`, and fields such as `X-Api-Key` and `X-Tenant`.
//! Only a strong tag with two contents is a mistake whoever asks, and whatever
//! was written in between.
//!
//! # Codes
//!
//! A [mistake](Code::is_mistake) is against the standard, or makes a client or a cache
//! do what nobody meant; [`Audit::assert_clean`] fails on it. An
//! advice is allowed and may be meant. [`Audit::allow`] leaves
//! out what is meant.
//!
//! | Code | Severity | Section | Remedy |
//! |---|---|---|---|
//! | `same-tag-two-codings` | mistake | RFC 9110, section 8.8.3.3 | put CodingTagLayer around compression, or make weak tags |
//! | `same-tag-other-bytes` | mistake | RFC 9110, section 8.8.1 | make the tag from the content, or from a version that every change moves |
//! | `unstable-tag` | mistake | RFC 9110, section 8.8.1 | leave the time of the answer, random numbers and counters out of the tag |
//! | `per-process-tag` | mistake | RFC 9110, section 8.8.1 | make the tag from what all instances share; give them one key |
//! | `invalid-tag` | mistake | RFC 9110, section 8.8.3 | write visible characters between double quotes, with W/ before them if weak |
//! | `several-tags` | mistake | RFC 9110, section 8.8.3 | set the field with insert, in one place |
//! | `timestamp-tag` | mistake | RFC 9110, section 8.8.1 | make the tag from the content or a version, or make it weak |
//! | `personal-tag` | mistake | RFC 9110, section 17.14 | take the user out of the tag, or make it with a keyed hash |
//! | `tag-not-exposed` | advice | Fetch Standard, CORS protocol, HTTP responses | name ETag in Access-Control-Expose-Headers, so that scripts can send it in If-Match |
//! | `condition-not-allowed` | advice | Fetch Standard, CORS protocol, HTTP responses | name If-Match and If-None-Match in Access-Control-Allow-Headers |
//! | `weak-tag-with-ranges` | advice | RFC 9110, section 13.1.5 | make a strong tag, or stop offering ranges |
//! | `date-only-validator` | advice | RFC 9110, section 8.8.2.2 | add an ETag, as EtagLayer does |
//! | `same-date-other-bytes` | mistake | RFC 9110, section 8.8.2.2 | add an ETag, as EtagLayer does |
//! | `validator-beside-no-store` | advice | RFC 9111, section 5.2.2.5 | say no-cache if the content may be kept; keep the tag if writers need it |
//! | `missed-304` | mistake | RFC 9110, section 13.1.2 | put ConditionalLayer around whatever sets the tag |
//! | `empty-instead-of-304` | mistake | RFC 9110, section 15.4.5 | answer with the status 304: an empty 200 replaces what the client has |
//! | `tag-missing-on-304` | mistake | RFC 9110, section 15.4.5 | repeat ETag on the 304, as ConditionalLayer does |
//! | `other-tag-on-304` | mistake | RFC 9110, section 13.1.2 | compare If-None-Match with the tag that the 200 would have |
//! | `vary-missing-on-304` | mistake | RFC 9110, section 15.4.5 | set Vary outside of whatever makes the 304 |
//! | `policy-missing-on-304` | mistake | RFC 9110, section 15.4.5 | set Cache-Control outside of whatever makes the 304 |
//! | `laxer-on-304` | mistake | RFC 9110, section 15.4.5 | set Cache-Control outside of whatever makes the 304 |
//! | `missing-on-304` | mistake | RFC 9110, section 15.4.5 | repeat Expires and Content-Location on the 304 |
//! | `differs-on-304` | mistake | RFC 9110, section 15.4.5 | give the 304 the fields that the 200 would have |
//! | `length-on-304` | mistake | RFC 9110, section 8.6 | leave Content-Length out of the 304, or repeat that of the 200 |
//! | `nonce-on-304` | mistake | RFC 9111, section 3.2 | use hashes in Content-Security-Policy, or leave the field out of the 304 |
//! | `head-differs` | mistake | RFC 9110, section 9.3.2 | answer HEAD as GET; leave out what only the content tells |
//! | `vary-missing-on-head` | advice | RFC 9110, section 9.3.2 | set the same Vary in answer to HEAD, or none |
//! | `part-differs` | mistake | RFC 9110, section 15.3.7 | give parts the validators and the policy of the whole |
//! | `missing-on-206` | mistake | RFC 9110, section 15.3.7 | repeat ETag, Cache-Control, Expires, Content-Location and Vary on the 206 |
//! | `part-of-other` | mistake | RFC 9110, section 13.1.5 | compare If-Range strongly with the current tag, and answer 200 if it differs |
//! | `coding-without-vary` | mistake | RFC 9110, section 12.5.5 | add Accept-Encoding to Vary, as CodingTagLayer does |
//! | `language-without-vary` | advice | RFC 9110, section 12.5.5 | add Accept-Language to Vary if the field chose the language |
//! | `variant-without-vary` | mistake | RFC 9110, section 12.5.5 | name the request fields that choose the representation in Vary |
//! | `content-without-vary` | advice | RFC 9110, section 12.5.5 | name the request fields that choose the representation in Vary |
//! | `vary-differs` | mistake | RFC 9111, section 4.1 | set the same Vary on every variant, the default one too |
//! | `vary-any` | advice | RFC 9110, section 12.5.5 | name the fields that matter, or say no-store |
//! | `vary-authorization` | advice | RFC 9110, section 12.5.5 | say private instead |
//! | `shared-cookie` | mistake | RFC 9111, section 7.3 | say private or no-store where a cookie is set, in targeted fields too |
//! | `shared-authorization` | mistake | RFC 9111, section 3.5 | say private or no-store where the request has Authorization, in targeted fields too |
//! | `shared-content` | mistake | RFC 9111, section 4.1 | say private, or name the field in Vary, in targeted fields too |
//! | `laxer-targeted-field` | advice | RFC 9213, section 2.2 | repeat private or no-store in the targeted field, unless the CDN is meant to keep it |
//! | `malformed-targeted-field` | mistake | RFC 9213, section 2.1 | write it as a dictionary of lower-case directives, as CachePolicyLayer does |
//! | `malformed-policy` | mistake | RFC 9111, section 5.2 | write the field with CacheControl |
//! | `contradiction` | mistake | RFC 9111, section 4.2.1 | keep the stricter directive; CacheControl::check says which do not go together |
//! | `weakness` | advice | RFC 9111, section 5.2.2 | drop the directive that has no effect; CacheControl::weaknesses says why |
//! | `expires-disagrees` | mistake | RFC 9111, section 5.3 | drop Expires, which max-age overrides |
//! | `no-policy` | advice | RFC 9111, section 4.2.2 | set Cache-Control, at least to no-cache |
//! | `long-lifetime` | advice | RFC 9111, section 4.2.1 | shorten it, or add immutable where a change of content changes the URI |
//! | `cacheable-error` | mistake | RFC 9110, section 15.1 | say no-store on errors: lifetimes are for the statuses that they were made for |
//! | `lifetime-on-method` | mistake | RFC 9110, section 9.2.3 | set lifetimes on the answers to GET and HEAD alone |
//! | `age-from-origin` | mistake | RFC 9111, section 5.1 | leave Age to caches |
//! | `obsolete-field` | advice | RFC 9111, sections 5.4 and 5.5 | drop it; Cache-Control says it all |
//! | `malformed-cache-status` | mistake | RFC 9211, section 2 | write each cache as its name and parameters, with either hit or fwd |
//! | `unchecked-write` | mistake | RFC 9110, section 13.1.1 | compare and set with Expected, or hold a lock around check and write |
//! | `current-tag-refused` | mistake | RFC 9110, section 13.1.1 | take the tags of reads and those that writes are checked against from one source |
//! | `condition-overlooked` | mistake | RFC 6585, section 3 | evaluate If-Match for every request that has to have it |
//! | `weak-tag-refused` | advice | RFC 9110, section 13.1.1 | make a strong tag where writes are conditional |
//! | `ignored-condition` | mistake | RFC 9110, section 13.1.1 | put PreconditionLayer around whatever writes |
//! | `tag-of-other-content` | mistake | RFC 9110, section 9.3.4 | leave ETag out of the answer, or send the representation with Content-Location |
//!
//! # What it needs from its neighbours
//!
//! The outermost place, so that it sees what a client sees; below a layer that
//! compresses or sets fields it judges an answer that nobody gets. `Date` is
//! written further out by servers, so the layer's own clock stands in for it.
//!
//! Bodies are judged where they end, so a test has to read them.
//!
//! # What it does not promise
//!
//! It is not for production: it hashes every content, keeps the heads of all
//! requests while they run, and takes one lock a few times per request.
//!
//! It knows what passes through it. A tag that changes, though the bytes do not,
//! is reported unless a request that is not safe ran in between; one that a timer or
//! another process moves is reported too. The same holds for a write that gets
//! 412 with the tag of the last 200: one [`Audit`] around all instances sees every
//! writer. A write that is answered with 412 or 428 counts as none.
//!
//! An answer to `HEAD`, a 304 or a part with another tag, date or policy is
//! reported once the next 200 is again what the last one was. A write that
//! succeeded though its condition was false is reported once the next 200 has
//! another tag: until then it may have found what it asked for. A `PUT` that was
//! answered with a strong tag is reported once a 200 with that tag has content of
//! another length than the `Content-Length` of the `PUT`; content that was changed
//! and kept its length is not seen. What is
//! [not compared](Audit::targets)
//! is not found.

mod body;
mod finding;
mod future;
mod handle;
mod layer;
mod ledger;
mod memory;
mod record;
pub(crate) mod rules;
mod service;
mod target;
#[cfg(test)]
mod tests;

pub use {
    body::AuditedBody,
    finding::{Code, Finding},
    future::ResponseFuture,
    handle::Audit,
    layer::AuditLayer,
    service::Audited,
};

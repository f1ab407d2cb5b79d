//! Middleware that runs a request with an `Idempotency-Key` once, and repeats its response.
//!
//! A client that gets no answer does not know if its payment was made. With a key it may try
//! again: the first request runs, and every repeat gets the first response
//! (draft-ietf-httpapi-idempotency-key-header).
//!
//! # Example
//!
//! ```
//! # async fn run() -> Result<(), tower::BoxError> {
//! use std::convert::Infallible;
//! use bytes::Bytes;
//! use http::{Request, Response};
//! use http_body_util::Full;
//! use tower::{Layer, ServiceExt, service_fn};
//! use tower_conditional::{
//!     body::RequestBody, IdempotencyLayer, store::MemoryIdempotencyStore,
//! };
//!
//! /// Left in the request by the authentication outside.
//! #[derive(Clone)]
//! struct User(String);
//!
//! let layer = IdempotencyLayer::new(MemoryIdempotencyStore::new(), |request| {
//!     request.extensions.get::<User>().map(|user| user.0.clone())
//! })
//! .require_key();
//!
//! let orders = service_fn(|_: Request<RequestBody<Full<Bytes>>>| async {
//!     // Runs once for each key.
//!     Ok::<_, Infallible>(Response::new(Full::from("order 1")))
//! });
//! let service = layer.layer(orders);
//!
//! let request = || {
//!     Request::post("/orders")
//!         .header("idempotency-key", "\"8e03978e-40d5-43dd-bc93-6894a57f9324\"")
//!         .extension(User("alice".to_owned()))
//!         .body(Full::from("{\"item\":\"x\"}"))
//! };
//! let first = service.clone().oneshot(request()?).await?;
//! assert!(!first.headers().contains_key("idempotent-replayed"));
//! let retry = service.oneshot(request()?).await?;
//! assert_eq!(retry.headers()["idempotent-replayed"], "true");
//! # Ok(())
//! # }
//! # tokio::runtime::Runtime::new().unwrap().block_on(run()).unwrap();
//! ```
//!
//! # How it works
//!
//! 1. The content is read, and hashed with the method, the target and the content's type.
//! 2. The store claims the key in one atomic step. Nothing runs before it has answered.
//! 3. The handler runs. If the client disconnects, it runs on. The layer renews its lease on
//!    the key three times in the lease's length.
//! 4. The response is recorded before its first byte leaves.
//!
//! A retry, or another request with the key, gets:
//!
//! | State of the key | Answer | Problem type |
//! |---|---|---|
//! | the same request was performed | its response, with `Idempotent-Replayed: true` | |
//! | the same request is running | 409 with `Retry-After` | [in-flight](#in-flight) |
//! | another request has the key | 422 | [reused](#reused) |
//! | performed, and its response was not recorded | 409 | [sealed](#sealed) |
//! | its process crashed, its handler panicked, or its lease ran out | 409 | [outcome-unknown](#outcome-unknown) |
//! | the retention is over | it runs, or 409 with a tombstone | [expired](#expired) |
//!
//! ## The end of a request
//!
//! | End | The key |
//! |---|---|
//! | 2xx, 3xx, 4xx | records the response |
//! | 304; 206 and 416 to a read | is released: a retry runs, since it may lack the condition or range |
//! | 401, 407; a 4xx with `WWW-Authenticate` | is released: a retry may have other credentials |
//! | 408, 423, 425, 429 | is released: the client should try again later |
//! | 411, 417, 421, 426, 428, 431 | is released: the client should try again with other headers, or over another connection |
//! | 5xx returned by the handler | is released; see [`on_server_error`](IdempotencyLayer::on_server_error) |
//! | content without an exact length, over the limit, with trailers; an upgrade | is sealed. The first caller gets the response whole |
//! | a panic, an error of the service, [`timeout`](IdempotencyLayer::timeout) | has an unknown outcome |
//!
//! A handler that passes on a 4xx of another service may have done a part of its work. If its status
//! is one of those that release the key, a retry does that part again. Add [`Commit::Record`] or
//! [`Commit::Unknown`] to such a response.
//!
//! A 412 is recorded: a client that writes to another state decides anew, and needs a new key.
//!
//! A [`Commit`] among the extensions of a response overrides the table. A handler may not
//! know its own outcome, for instance after a call to a payment provider that had no answer. It
//! then adds [`Commit::Unknown`] to its 5xx.
//!
//! ## Lost attempts
//!
//! An unknown outcome stays until the retention is over. An operator who found out what
//! happened settles it with [`resolve`](crate::store::IdempotencyStore::resolve). A route can
//! opt in to another attempt:
//!
//! | [`on_lost_attempt`](IdempotencyLayer::on_lost_attempt) | A retry | Use it for |
//! |---|---|---|
//! | [`Refuse`](OnLostAttempt::Refuse) (the default) | gets 409 | handlers that must not run twice |
//! | [`Reexecute`](OnLostAttempt::Reexecute) | runs the handler again | handlers that may run twice, and transactional ones |
//! | [`Resume`](OnLostAttempt::Resume) | runs the handler, which continues | handlers with recovery points of their own |
//!
//! A request that was refused with [store-unavailable](#store-unavailable) has not run. The layer
//! gives its key back once the store answers, also after the lease. It follows up to 1,024 such keys
//! for as long as the process lives, and others for two leases. After that the outcome is unknown.
//!
//! ## Transactional routes
//!
//! A store in the handler's database can record the response in the transaction of the effect:
//! both commit, or neither. [`transactional`](IdempotencyLayer::transactional) declares such a
//! route. The layer then reports a success or a redirection that the transaction has not recorded.
//!
//! The transaction records the response that it is given, whatever its status and length: the
//! table above is for other responses. Headers that a layer inside adds after the commit are not
//! recorded.
//!
//! A handler has to return the response that it committed, since retries get that.
//!
//! ## The handler's side
//!
//! A handler finds its [`Attempt`] among the extensions of its request. A process that was only
//! paused may go on after its lease, and the lease cannot stop it. The handler can refuse such late
//! writes: it stores [`Attempt::fence`] with its rows, and sends [`Attempt::derive_key`] to other
//! services.
//!
//! ## Replays
//!
//! A replay has the status, the content and the headers of the first response. Left out are
//! hop-by-hop headers, `Date`, `Age`, `Set-Cookie`, `WWW-Authenticate`, and those of CORS, rate
//! limits, tracing and timing. So are those of proxies and caches inside, such as `Via` and
//! `Cache-Status`: they have handled the first response alone. The server and the layers outside add
//! their own.
//!
//! No cache may store a replay, since it is older than its new `Date`. It may also lack the
//! `Set-Cookie` or the cache tags of the first response. So the replay of a safe method is `no-store`.
//! So is that of a write whose response had `Cache-Control`, `Expires` or a targeted header, such as
//! `CDN-Cache-Control`.
//! A [`CachePolicyLayer`](crate::CachePolicyLayer) outside makes all others `no-store` too.
//!
//! # Layer order
//!
//! Authentication and authorisation belong outside: a caller who has lost access gets 401 or
//! 403, and not the recorded response. Preconditions belong inside: a retried `PUT` with
//! `If-Match` then gets its first answer, and no 412 on its own success.
//! [`Stack::idempotency`](crate::Stack::idempotency) is the place for it.
//!
//! | Other layer | Place | On the other side |
//! |---|---|---|
//! | CORS, tracing | outside | inside, replays lack the headers of CORS |
//! | compression | outside | inside, the length is unknown and the key is sealed |
//! | a timeout | outside: the handler runs on, and a retry gets its response | inside, a 408 or 503 frees the key of a handler that was cancelled half way |
//! | `CatchPanicLayer`, `HandleErrorLayer` | outside | inside, they turn an unknown outcome into a 5xx, which frees the key |
//! | [`CacheTagsLayer`](crate::CacheTagsLayer) | outside: a replay purges all but the tags of the handler | inside, a replay purges nothing |
//! | a limit that fails, such as `LoadShed` | outside | inside, its error is an unknown outcome |
//! | a limit that waits, such as `ConcurrencyLimit` | either | |
//!
//! Nested services have keys of their own with the feature `axum`, which tells the layer the path
//! that `Router::nest` took away. A layer that rewrites paths inside of `nest` changes nothing. If one
//! outside of `nest` rewrites them, services share their keys. They also share them below a prefix with
//! escaped braces (`{{`), which axum does not take away.
//!
//! Services that share a store need a [`namespace`](IdempotencyLayer::namespace).
//!
//! A replay has no extensions of the handler, apart from the cache policy `no-store`. So a layer that
//! reads other extensions of a response belongs inside, apart from `CacheTagsLayer`.
//!
//! To limit the handler itself, use [`timeout`](IdempotencyLayer::timeout).
//!
//! # Limits
//!
//! | Limit | Default | Beyond it |
//! |---|---|---|
//! | [`max_request_bytes`](IdempotencyLayer::max_request_bytes) | 1 MiB | 413; nothing runs |
//! | [`max_response_bytes`](IdempotencyLayer::max_response_bytes) | 256 KiB | the key is sealed |
//! | [`lease`](IdempotencyLayer::lease) | 30 s, renewed | the outcome is unknown |
//! | [`timeout`](IdempotencyLayer::timeout) | 5 min | 503; the outcome is unknown |
//! | [`wait_timeout`](IdempotencyLayer::wait_timeout) | 0 s | 409 |
//! | [`retention`](IdempotencyLayer::retention) | 24 h from the completion | the key is new |
//! | length of a key | 255 characters | 400 |
//!
//! Stores in a database need a task that calls [`purge`](crate::store::IdempotencyStore::purge).
//! Records expire without it.
//!
//! # Errors
//!
//! Errors of the service pass unchanged. Refusals are responses with a problem of RFC 9457:
//!
//! | Type | Status | Reason | A client should |
//! |---|---|---|---|
//! | <a id="missing"></a>missing | 400 | The route requires a key. | send one |
//! | <a id="malformed"></a>malformed | 400 | The key is no string in quotes, or too long. | send another form |
//! | <a id="unsupported"></a>unsupported | 400 | The response would be a stream, gRPC or an upgrade. | send no key |
//! | <a id="content-incomplete"></a>content-incomplete | 400 | The content broke off. Nothing ran. | retry with the same key |
//! | <a id="principal-missing"></a>principal-missing | 403 | The caller is not known. | authenticate |
//! | <a id="content-too-large"></a>content-too-large | 413 | The content is over the limit. Nothing ran. | send less |
//! | <a id="in-flight"></a>in-flight | 409 | The first request is running. | retry after `Retry-After` |
//! | <a id="sealed"></a>sealed | 409 | The response was not recorded. | read the state |
//! | <a id="outcome-unknown"></a>outcome-unknown | 409 | The first request was interrupted. | read the state, or ask |
//! | <a id="expired"></a>expired | 409 | The key is older than the retention. | read the state |
//! | <a id="reused"></a>reused | 422 | The key belongs to another request. | fix the key; a new request gets a new one |
//! | <a id="too-early"></a>too-early | 425 | The request came in TLS early data. Nothing ran. | retry with the same key |
//! | <a id="not-transactional"></a>not-transactional | 500 | A success came outside of its transaction, in a [test](OnUnrecorded::Fail). | read the state |
//! | <a id="not-resumed"></a>not-resumed | 500 | The handler ran again and ignored the lost attempt. | read the state |
//! | <a id="store-unavailable"></a>store-unavailable | 503 | The store failed. Nothing ran this time. | retry with the same key |
//! | <a id="unreadable"></a>unreadable | 503 | The record cannot be decoded or decrypted. | read the state |
//! | <a id="unrecorded"></a>unrecorded | 503 | The handler ran, and the store failed. | retry with the same key |
//! | <a id="timed-out"></a>timed-out | 503 | The handler did not end in time. | retry with the same key |
//!
//! # What it does not do
//!
//! - It does not undo the effects of a handler that crashed half way. Only a transaction does.
//! - It does not know if a [transactional](IdempotencyLayer::transactional) handler has effects
//!   outside of its transaction.
//! - It does not tell early data from other requests by itself. A proxy that ends TLS has to send
//!   `Early-Data`; see [`refuse_early_data`](IdempotencyLayer::refuse_early_data).
//! - It does not record responses of event streams, gRPC or upgrades.
//! - It does not compare JSON by its meaning unless `canonical_json` is set (feature `json`): two
//!   spellings of one document are two requests. So are two multipart forms with different
//!   boundaries.
//! - It does not keep an unknown outcome for ever. After the retention, a retry is a new request,
//!   unless there is a [tombstone](Retention::with_tombstone).
//! - [`MemoryIdempotencyStore`](crate::store::MemoryIdempotencyStore) knows one process.
//! - On `wasm32-unknown-unknown`, which has no randomness, it refuses keys with 503.

mod attempt;
mod claimant;
mod config;
mod future;
mod held_key;
mod identity;
mod keyed;
mod layer;
mod performed;
mod protect;
mod recorded;
mod refuse;
mod service;
#[cfg(test)]
mod tests;

pub use attempt::Attempt;
pub use config::{OnLostAttempt, OnUnrecorded};
pub use future::ResponseFuture;
pub use layer::IdempotencyLayer;
pub use protect::Protect;
pub use service::Idempotency;

pub use crate::semantics::retry::{
    Admission, Claim, Commit, CorruptRecord, Fingerprint, IdempotencyKey, InvalidIdempotencyKey,
    InvalidRecordId, KeyRecord, KeyScope, KeyState, Owner, RecordId, RecordedResponse, Resolution,
    Retention, SealReason, Update,
};

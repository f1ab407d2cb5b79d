//! Middleware that reports what the layers decided.

mod body;
mod config;
pub(crate) mod exchange;
mod future;
mod layer;
mod probe;
mod routes;
mod service;

pub use body::ObservedBody;
pub use exchange::{
    Event, Exchange, ExchangeEnd, ExchangeResult, KeyEvent, Observer, PurgeEvent, PurgeResult,
    SavedBytes, SourceCalls, ValidatorEvent,
};
pub use future::ResponseFuture;
pub use layer::ObserveLayer;
pub use probe::{CountedFuture, CountedHandler};
pub use service::Observe;

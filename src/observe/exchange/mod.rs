//! Exchanges, and the observers that they are reported to.

mod end;
mod event;
mod nested;
mod observer;
mod record;
mod result;
mod route;
mod scope;
#[cfg(feature = "tokio")]
mod scoped;
mod sources;

pub use end::ExchangeEnd;
pub use event::{Event, KeyEvent, PurgeEvent, PurgeResult, ValidatorEvent};
pub(crate) use nested::nested;
pub use observer::Observer;
pub(crate) use record::ExchangeRecord;
pub use record::{Exchange, SavedBytes};
pub use result::ExchangeResult;
pub(crate) use scope::{
    ExchangeScope, RouteReporter, end_within, enter, handler_ended, handler_started, has_exchange,
    is_nested, record_decision, record_source,
};
#[cfg(feature = "tokio")]
pub(crate) use scope::{current_scope, emit, emit_to};
#[cfg(feature = "tokio")]
pub(crate) use scoped::scoped;
pub use sources::SourceCalls;

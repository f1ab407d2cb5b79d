//! Exchanges, and the observers that they are reported to.

mod end;
mod event;
mod method;
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
#[cfg(feature = "tracing")]
pub(crate) use method::method_label;
#[cfg(feature = "metrics")]
pub(crate) use method::{METHODS, method_index};
pub(crate) use nested::nested;
pub use observer::Observer;
pub(crate) use record::ExchangeRecord;
pub use record::{Exchange, SavedBytes};
pub use result::ExchangeResult;
pub(crate) use scope::{
    ExchangeScope, RouteReporter, emit, end_within, enter, enter_handler, handler_ended,
    handler_started, has_exchange, is_nested, record_decision, record_inner, record_source,
};
#[cfg(feature = "tokio")]
pub(crate) use scope::{current_scope, emit_to};
#[cfg(feature = "tokio")]
pub(crate) use scoped::scoped;
pub use sources::SourceCalls;

//! Exchanges, and the observers that they are reported to.

mod end;
mod event;
mod observer;
mod record;
mod result;
mod route;
mod scope;
mod sources;

pub use end::ExchangeEnd;
pub use event::{Event, KeyEvent, PurgeEvent, PurgeResult, ValidatorEvent};
pub use observer::Observer;
pub(crate) use record::ExchangeRecord;
pub use record::{Exchange, SavedBytes};
pub use result::ExchangeResult;
pub(crate) use scope::{
    ExchangeScope, RouteReporter, current_scope, emit, emit_to, end_within, enter, handler_ended,
    handler_started, has_exchange, is_nested, nested, record_decision, record_source, scoped,
};
pub use sources::SourceCalls;

use http::StatusCode;
use tracing::{Level, Span};

use super::{Event, Exchange, Observer, SavedBytes};
use crate::log_limit::LogLimit;

/// Observer that emits an event for each exchange, and records its result on the current span.
///
/// See the [module docs](crate::observe#logs) for an example and the fields.
#[derive(Debug, Default)]
#[must_use]
pub struct Tracing {
    precondition_failed: LogLimit,
    precondition_required: LogLimit,
    unavailable: LogLimit,
}

/// The target of the events, which filters name. It stays if this file moves.
const TARGET: &str = "tower_conditional::observe";

/// Emits the event of an exchange at a level, which has to be a constant.
macro_rules! exchange_event {
    ($level:ident, $exchange:expr, $suppressed:expr) => {{
        let exchange: &Exchange<'_> = $exchange;
        let saved = exchange.bytes_saved();
        let sources = exchange.sources();
        tracing::event!(
            target: TARGET,
            Level::$level,
            suppressed = $suppressed,
            method = exchange.method_label(),
            route = exchange.route(),
            status = exchange.status().map(|status| status.as_u16()),
            outcome = exchange.result().as_str(),
            handler_runs = exchange.handler_runs(),
            bytes_sent = exchange.bytes_sent(),
            bytes_saved = match saved {
                Some(SavedBytes::Known(bytes)) => Some(bytes),
                _ => None,
            },
            bytes_saved_last = match saved {
                Some(SavedBytes::Last(bytes)) => Some(bytes),
                _ => None,
            },
            source_calls = sources.total(),
            source_seconds = (sources.total() > 0).then(|| sources.time.as_secs_f64()),
            unchecked = exchange.outcome().is_unchecked().then_some(true),
            "an exchange has ended"
        );
    }};
}

impl Tracing {
    /// Creates an observer whose limits have counted nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the limit of the statuses that an operator watches after a deployment.
    fn limit(&self, status: Option<StatusCode>) -> Option<&LogLimit> {
        match status? {
            StatusCode::PRECONDITION_FAILED => Some(&self.precondition_failed),
            StatusCode::PRECONDITION_REQUIRED => Some(&self.precondition_required),
            StatusCode::SERVICE_UNAVAILABLE => Some(&self.unavailable),
            _ => None,
        }
    }
}

impl Observer for Tracing {
    fn exchange(&self, exchange: &Exchange<'_>) {
        if let Some(limit) = self.limit(exchange.status())
            && tracing::enabled!(target: TARGET, Level::INFO)
            && let Some(admitted) = limit.admit()
        {
            exchange_event!(INFO, exchange, admitted.suppressed);
        } else {
            exchange_event!(DEBUG, exchange, None::<u32>);
        }
    }

    fn head(&self, exchange: &Exchange<'_>) {
        let span = Span::current();
        // Recording looks the fields up by their names, also on a span that has none of them.
        if !span.is_disabled() {
            span.record("conditional.outcome", exchange.result().as_str());
            span.record("conditional.handler_ran", exchange.handler_ran());
        }
    }

    fn event(&self, event: &Event<'_>) {
        // The layers emit all other events, with or without this observer.
        if matches!(event, Event::LateHandlerRun) {
            tracing::debug!(target: TARGET, "a handler ran after its exchange had ended");
        }
    }

    fn times_handler(&self) -> bool {
        false
    }
}

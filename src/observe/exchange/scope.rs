//! The exchange that a thread works for.
//!
//! A layer that observes keeps the record of an exchange beside its future. While the future is
//! polled, the record is in a variable of the thread, where the layers inside find it. So a record
//! is one allocation, and no request needs an extension.

use std::{cell::Cell, sync::Arc, thread};

use super::{
    end::ExchangeEnd,
    event::Event,
    observer::{Observer, shielded},
    record::{Exchange, ExchangeRecord},
    route::ObservedRoute,
    sources::SourceCalls,
};
use crate::{clock::Stopwatch, outcome::Outcome, semantics::condition::Current};

thread_local! {
    static CURRENT: Cell<Option<ExchangeScope>> = const { Cell::new(None) };
    /// A cheaper variable to look at than `CURRENT`, which has a destructor.
    static STATE: Cell<ScopeMode> = const { Cell::new(ScopeMode::Outside) };
}

/// The use that the layers make of the current scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ScopeMode {
    /// There is none.
    Outside,
    /// Layers record their decisions.
    Recording,
    /// Layers record, and are inside of the service whose runs are counted, such as a router with
    /// layers on its routes.
    InHandler,
    /// A layer sends a request of its own, whose decisions are not those of the exchange.
    Nested,
    /// The exchange is over, and its work may go on in a task.
    Ending,
}

/// A route, and the observer of its exchanges. An exchange holds one counted pointer for both.
pub(crate) struct RouteReporter {
    route: ObservedRoute,
    observer: Arc<dyn Observer>,
}

impl RouteReporter {
    pub(crate) fn new(name: &str, observer: &Arc<dyn Observer>) -> Arc<Self> {
        Arc::new(Self {
            route: ObservedRoute::new(name),
            observer: Arc::clone(observer),
        })
    }
}

/// An observer, and the exchange that is reported to it. Dropping it reports the exchange.
///
/// It is one pointer, since it moves with each poll.
pub(crate) struct ExchangeScope(Box<ObservedWork>);

struct ObservedWork {
    reporter: Arc<RouteReporter>,
    /// `None` for work that only has events.
    exchange: Option<ExchangeRecord>,
}

impl ExchangeScope {
    pub(crate) fn new(reporter: Arc<RouteReporter>, exchange: ExchangeRecord) -> Self {
        Self(Box::new(ObservedWork {
            reporter,
            exchange: Some(exchange),
        }))
    }

    /// Returns a scope for the events of the same observer, without an exchange.
    #[cfg(feature = "tokio")]
    fn of_events(&self) -> Self {
        Self(Box::new(ObservedWork {
            reporter: Arc::clone(&self.0.reporter),
            exchange: None,
        }))
    }

    fn observer(&self) -> &dyn Observer {
        &*self.0.reporter.observer
    }

    #[inline]
    pub(crate) fn exchange(&mut self) -> Option<&mut ExchangeRecord> {
        self.0.exchange.as_mut()
    }

    /// Tells the observer of the head of the response.
    pub(crate) fn report_head(&self) {
        let ObservedWork { reporter, exchange } = &*self.0;
        if let Some(exchange) = exchange {
            let exchange = Exchange::new(exchange, &reporter.route);
            shielded(|| reporter.observer.head(&exchange));
        }
    }
}

impl Drop for ObservedWork {
    fn drop(&mut self) {
        let Self { reporter, exchange } = self;
        let Some(exchange) = exchange else { return };
        exchange.set_end(ExchangeEnd::Cancelled);
        let exchange = Exchange::new(exchange, &reporter.route);
        shielded(|| reporter.observer.exchange(&exchange));
        if let Some(length) = exchange.length_of_representation() {
            reporter.route.set_last_length(length);
        }
    }
}

/// Runs `run` while `scope` is the current one. Without a scope, the current one stays.
pub(crate) fn enter<T>(scope: &mut Option<ExchangeScope>, run: impl FnOnce() -> T) -> T {
    enter_as(ScopeMode::Recording, scope, run)
}

/// Drops work of an exchange that is over, in `drop_work`. Work that goes on in a task takes the
/// exchange with it.
pub(crate) fn end_within(scope: &mut Option<ExchangeScope>, drop_work: impl FnOnce()) {
    enter_as(ScopeMode::Ending, scope, drop_work);
}

fn enter_as<T>(state: ScopeMode, scope: &mut Option<ExchangeScope>, run: impl FnOnce() -> T) -> T {
    if scope.is_none() {
        return run();
    }
    let _entered = EnteredScope {
        outer: replace_current(scope.take()),
        outer_state: STATE.replace(state),
        scope,
    };
    run()
}

/// While a thread ends, there is no current scope, and a new one is dropped.
fn replace_current(scope: Option<ExchangeScope>) -> Option<ExchangeScope> {
    CURRENT
        .try_with(|current| current.replace(scope))
        .ok()
        .flatten()
}

/// The scope before the current one, which is restored also after a panic.
struct EnteredScope<'a> {
    outer: Option<ExchangeScope>,
    outer_state: ScopeMode,
    scope: &'a mut Option<ExchangeScope>,
}

impl Drop for EnteredScope<'_> {
    fn drop(&mut self) {
        STATE.set(self.outer_state);
        *self.scope = replace_current(self.outer.take());
        if thread::panicking()
            && let Some(exchange) = self.scope.as_mut().and_then(ExchangeScope::exchange)
        {
            exchange.set_end(ExchangeEnd::Panicked);
        }
    }
}

/// Returns `true` if the decisions of layers are recorded.
#[inline]
pub(crate) fn has_exchange() -> bool {
    matches!(STATE.get(), ScopeMode::Recording | ScopeMode::InHandler)
}

/// Returns `true` inside of a request that a layer sends, which is no exchange of its own.
pub(crate) fn is_nested() -> bool {
    STATE.get() == ScopeMode::Nested
}

/// Records a decision in the current exchange, if there is one.
#[inline]
pub(crate) fn record_decision(change: impl FnOnce(&mut Outcome)) {
    if has_exchange() {
        with_exchange(|exchange| {
            let was_early = !exchange.outcome.handler_ran();
            change(&mut exchange.outcome);
            let is_early = !exchange.outcome.handler_ran();
            // The run was counted outside of the layer that answers in place of the handler.
            if STATE.get() == ScopeMode::InHandler
                && let Some(runs) = &mut exchange.handler_runs
            {
                match (was_early, is_early) {
                    (false, true) => *runs = runs.saturating_sub(1),
                    (true, false) => *runs += 1,
                    _ => {}
                }
            }
        });
    }
}

/// Records what a layer that observes inside of another one has recorded.
pub(crate) fn record_inner(inner: &ExchangeRecord) {
    if has_exchange() {
        with_exchange(|exchange| exchange.add_inner(inner));
    }
}

/// Records the answer of a source, and its time.
pub(crate) fn record_source<E>(watch: Stopwatch, answer: &Result<Current, E>) {
    if !has_exchange() {
        return;
    }
    with_exchange(|exchange| {
        let SourceCalls {
            present,
            absent,
            unknown,
            failed,
            time,
        } = &mut exchange.sources;
        *match answer {
            Ok(Current::Present(_)) => present,
            Ok(Current::Absent) => absent,
            Ok(Current::Unknown) => unknown,
            Err(_) => failed,
        } += 1;
        *time += watch.elapsed();
    });
}

/// Reports an event to the observer of the current scope, if there is one.
pub(crate) fn emit(event: &Event<'_>) {
    if STATE.get() == ScopeMode::Outside {
        return;
    }
    with_scope(|scope| emit_to(scope.observer(), event));
}

/// Reports an event to an observer.
pub(crate) fn emit_to(observer: &dyn Observer, event: &Event<'_>) {
    shielded(|| observer.event(event));
}

/// Counts a run of the handler. Returns the watch that measures it, or `None` if no layer
/// observes.
pub(crate) fn handler_started() -> Option<Stopwatch> {
    if STATE.get() == ScopeMode::Outside {
        return None;
    }
    with_scope(|scope| {
        let Some(exchange) = scope.exchange() else {
            emit_to(scope.observer(), &Event::LateHandlerRun);
            return Stopwatch::stopped();
        };
        if let Some(runs) = &mut exchange.handler_runs {
            *runs += 1;
        }
        if exchange.times_handler {
            Stopwatch::start()
        } else {
            Stopwatch::stopped()
        }
    })
}

/// Adds the time of a run of the handler.
pub(crate) fn handler_ended(watch: Stopwatch) {
    if !watch.is_running() || STATE.get() == ScopeMode::Outside {
        return;
    }
    with_exchange(|exchange| {
        *exchange.handler_time.get_or_insert_default() += watch.elapsed();
    });
}

/// Returns the scope for work that goes on in a task of its own. The write of an exchange that is
/// over takes the exchange, and all other work has the events.
#[cfg(feature = "tokio")]
pub(crate) fn current_scope(is_write: bool) -> Option<ExchangeScope> {
    let state = STATE.get();
    if state == ScopeMode::Outside {
        return None;
    }
    with_scope(|scope| {
        let of_events = scope.of_events();
        if is_write && state == ScopeMode::Ending {
            std::mem::replace(scope, of_events)
        } else {
            of_events
        }
    })
}

/// Calls `run` with the current scope. Meanwhile there is none, so that an observer which calls a
/// service is not observed.
fn with_scope<T>(run: impl FnOnce(&mut ExchangeScope) -> T) -> Option<T> {
    let mut scope = replace_current(None)?;
    let result = run(&mut scope);
    replace_current(Some(scope));
    Some(result)
}

fn with_exchange(run: impl FnOnce(&mut ExchangeRecord)) {
    with_scope(|scope| {
        if let Some(exchange) = scope.exchange() {
            run(exchange);
        }
    });
}

/// Starts a nested request, unless there is nothing to record. It ends when the guard is dropped.
pub(super) fn nest() -> Option<ModeGuard> {
    has_exchange().then(|| ModeGuard(STATE.replace(ScopeMode::Nested)))
}

/// Starts the part of an exchange inside of the service whose runs are counted.
pub(crate) fn enter_handler() -> Option<ModeGuard> {
    let is_outside_of_it = STATE.get() == ScopeMode::Recording;
    is_outside_of_it.then(|| ModeGuard(STATE.replace(ScopeMode::InHandler)))
}

/// The mode before a part of an exchange, which is restored also after a panic.
pub(crate) struct ModeGuard(ScopeMode);

impl Drop for ModeGuard {
    fn drop(&mut self) {
        STATE.set(self.0);
    }
}

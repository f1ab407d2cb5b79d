//! The handlers of the example, whose runs are counted.

#[path = "../../../examples/notes/handlers.rs"]
mod uncounted;

use axum::routing::MethodRouter;

use crate::{stats::counted, store::Store};

pub(crate) fn index() -> MethodRouter<Store> {
    counted(uncounted::index())
}

pub(crate) fn notes() -> MethodRouter<Store> {
    counted(uncounted::notes())
}

pub(crate) fn note() -> MethodRouter<Store> {
    counted(uncounted::note())
}

pub(crate) fn state() -> MethodRouter<Store> {
    counted(uncounted::state())
}

pub(crate) fn page() -> MethodRouter<Store> {
    counted(uncounted::page())
}

pub(crate) fn page_writes() -> MethodRouter<Store> {
    counted(uncounted::page_writes())
}

pub(crate) fn private() -> MethodRouter<Store> {
    counted(uncounted::private())
}

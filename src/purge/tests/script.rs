//! A purger that does as it is told, and a clock that only sleeps move.

use std::{
    collections::VecDeque,
    future::pending,
    sync::{Arc, Mutex},
};

use tokio::{sync::Semaphore, time::Instant};

use crate::purge::{BoxError, Purge, Purger};

#[derive(Debug, Clone, Copy)]
pub(super) enum Act {
    Forget,
    Fail,
    Panic,
    Hang,
    /// Forgets once the test lets it.
    Wait,
}

/// What happened: milliseconds since the start, and what was to be forgotten.
pub(super) type Call = (u128, String);

#[derive(Debug)]
pub(super) struct Script {
    began: Instant,
    acts: Mutex<VecDeque<Act>>,
    calls: Mutex<Vec<Call>>,
    pub(super) go: Semaphore,
    /// How many tries were dropped before their end.
    pub(super) cut: Mutex<u32>,
}

/// Forgets once the acts are used up.
pub(super) fn script(acts: impl IntoIterator<Item = Act>) -> Arc<Script> {
    Arc::new(Script {
        began: Instant::now(),
        acts: Mutex::new(acts.into_iter().collect()),
        calls: Mutex::default(),
        go: Semaphore::new(0),
        cut: Mutex::default(),
    })
}

impl Script {
    pub(super) fn calls(&self) -> Vec<Call> {
        self.calls.lock().unwrap().clone()
    }

    pub(super) fn times(&self) -> Vec<u128> {
        self.calls().into_iter().map(|(at, _)| at).collect()
    }

    pub(super) fn names(&self) -> Vec<String> {
        self.calls().into_iter().map(|(_, names)| names).collect()
    }
}

pub(super) struct Scripted(pub(super) Arc<Script>);

struct Cut<'s>(&'s Script);

impl Drop for Cut<'_> {
    fn drop(&mut self) {
        *self.0.cut.lock().unwrap() += 1;
    }
}

impl Purger for Scripted {
    type Error = BoxError;

    async fn purge(&self, purge: &Purge) -> Result<(), BoxError> {
        let script = &self.0;
        let tags: Vec<_> = purge.tags().map(AsRef::as_ref).collect();
        let at = script.began.elapsed().as_millis();
        script.calls.lock().unwrap().push((at, tags.join(" ")));
        let act = script.acts.lock().unwrap().pop_front();
        match act.unwrap_or(Act::Forget) {
            Act::Forget => {}
            Act::Fail => return Err("on purpose".into()),
            Act::Panic => panic!("on purpose"),
            Act::Hang => {
                let _cut = Cut(script);
                pending::<()>().await;
            }
            Act::Wait => script.go.acquire().await?.forget(),
        }
        Ok(())
    }
}

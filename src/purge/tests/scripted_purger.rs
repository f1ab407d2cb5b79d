//! A purger with scripted results, and a clock that moves only in sleeps.

use std::{
    collections::VecDeque,
    future::pending,
    sync::{Arc, Mutex},
};

use tokio::{sync::Semaphore, time::Instant};

use crate::BoxError;
use crate::purge::{Purge, Purger};

#[derive(Debug, Clone, Copy)]
pub(super) enum Act {
    Forget,
    Fail,
    Panic,
    Hang,
    /// Succeeds when the test allows it.
    Wait,
}

/// The milliseconds since the start, and the names of the purge.
pub(super) type Call = (u128, String);

#[derive(Debug)]
pub(super) struct Script {
    began: Instant,
    acts: Mutex<VecDeque<Act>>,
    calls: Mutex<Vec<Call>>,
    pub(super) allowed: Semaphore,
    /// The number of calls that were dropped before their end.
    pub(super) dropped_calls: Mutex<u32>,
}

/// Creates a script. Calls beyond its acts succeed.
pub(super) fn script(acts: impl IntoIterator<Item = Act>) -> Arc<Script> {
    Arc::new(Script {
        began: Instant::now(),
        acts: Mutex::new(acts.into_iter().collect()),
        calls: Mutex::default(),
        allowed: Semaphore::new(0),
        dropped_calls: Mutex::default(),
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

pub(super) struct ScriptedPurger(pub(super) Arc<Script>);

struct DropCounter<'s>(&'s Script);

impl Drop for DropCounter<'_> {
    fn drop(&mut self) {
        *self.0.dropped_calls.lock().unwrap() += 1;
    }
}

impl Purger for ScriptedPurger {
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
                let _cut = DropCounter(script);
                pending::<()>().await;
            }
            Act::Wait => script.allowed.acquire().await?.forget(),
        }
        Ok(())
    }
}

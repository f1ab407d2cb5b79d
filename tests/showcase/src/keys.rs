//! Idempotency keys on either database.

use std::{num::NonZeroUsize, time::Duration};

use axum::body::Bytes;
use tower_conditional::{
    idempotency::{Admission, Claim, RecordId, Resolution, SealReason, Update},
    store::{IdempotencyStore, Inspection, Step, StoreError},
};

use crate::store::Backend::{self, OnPostgres, OnSqlite};

macro_rules! on_either {
    ($($method:ident($($argument:ident: $kind:ty),*) -> $output:ty;)*) => {$(
        async fn $method(&self, $($argument: $kind),*) -> Result<$output, StoreError> {
            match self {
                OnSqlite(store) => store.$method($($argument),*).await,
                OnPostgres(store) => store.$method($($argument),*).await,
            }
        }
    )*};
}

impl<S: IdempotencyStore, P: IdempotencyStore> IdempotencyStore for Backend<S, P> {
    on_either! {
        begin(id: RecordId, claim: Claim) -> Admission<Bytes>;
        renew(step: Step, lease: Duration) -> Update;
        complete(step: Step, response: Bytes) -> Update;
        release(step: Step) -> Update;
        seal(step: Step, reason: SealReason) -> Update;
        inspect(id: RecordId) -> Option<Inspection>;
        resolve(id: RecordId, fence: u64, resolution: Resolution<Bytes>) -> Update;
        purge(batch: NonZeroUsize) -> usize;
    }
}

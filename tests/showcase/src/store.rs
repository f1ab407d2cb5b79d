//! One type for the store of the example and for PostgreSQL.

use std::error::Error;

use axum::{
    body::Bytes,
    http::{HeaderValue, request::Parts},
    response::Response,
};
use tower_conditional::{
    EntityTag, Validators, detached::Detached, handler::Expected, idempotency::Attempt,
    state_ref::StateSource, store::IdempotencyStore,
};
use tower_conditional_sqlite::Scope;

use crate::{events::NoteChanges, options::Options, postgres::Postgres, problem::Problem, sqlite};

pub(crate) use crate::sqlite::{Draft, Note, Order};

type BoxError = Box<dyn Error + Send + Sync>;

#[derive(Clone, Debug)]
pub(crate) struct Store {
    database: Backend<sqlite::Store, Postgres>,
    pub(crate) changes: NoteChanges,
    /// Completes writes of pages whose clients disconnect. A connection must not return to the pool
    /// with a running statement, since the next request would wait for that.
    writes: Detached,
    /// The keys of orders are in another store, so a transaction cannot record their responses.
    has_keys_elsewhere: bool,
}

#[derive(Clone, Debug)]
pub(crate) enum Backend<S, P> {
    OnSqlite(S),
    OnPostgres(P),
}

use Backend::{OnPostgres, OnSqlite};

impl Store {
    pub(crate) async fn open(options: &Options, writes: &Detached) -> Result<Self, BoxError> {
        let notes = options.notes;
        let changes = NoteChanges::new(writes.clone());
        let database = match &options.postgres {
            Some(config) => OnPostgres(Postgres::connect(config.clone(), notes).await?),
            None => {
                let store = sqlite::Store::open(&options.database, notes, changes.clone());
                OnSqlite(store.await?)
            }
        };
        Ok(Self {
            database,
            changes,
            writes: writes.clone(),
            has_keys_elsewhere: options.redis.has_keys(),
        })
    }

    pub(crate) fn events(&self) -> impl StateSource + use<> {
        match &self.database {
            OnSqlite(store) => OnSqlite(store.events()),
            OnPostgres(store) => OnPostgres(store.events()),
        }
    }

    pub(crate) async fn tag(&self, scope: Scope) -> anyhow::Result<Option<EntityTag>> {
        match &self.database {
            OnSqlite(store) => store.tag(scope).await,
            OnPostgres(store) => store.tag(scope).await,
        }
    }

    pub(crate) async fn notes(&self) -> Result<(Vec<Note>, Validators), Problem> {
        match &self.database {
            OnSqlite(store) => store.notes().await,
            OnPostgres(store) => store.notes().await,
        }
    }

    pub(crate) async fn note(&self, id: i64) -> Result<(Option<Note>, Validators), Problem> {
        match &self.database {
            OnSqlite(store) => store.note(id).await,
            OnPostgres(store) => store.note(id).await,
        }
    }

    pub(crate) async fn page(&self, name: String) -> Result<(Option<String>, Validators), Problem> {
        match &self.database {
            OnSqlite(store) => store.page(name).await,
            OnPostgres(store) => store.page(name).await,
        }
    }

    pub(crate) async fn change(
        &self,
        id: Option<i64>,
        expected: Expected,
        change: impl FnOnce(Option<&Note>) -> Result<Option<Draft>, Problem> + Send + 'static,
    ) -> Result<Option<(Note, Validators)>, Problem> {
        match &self.database {
            OnSqlite(store) => store.change(id, expected, change).await,
            OnPostgres(store) => {
                let store = store.clone();
                let write = async move { store.change(id, expected, change).await };
                self.changes.announce(id, write).await
            }
        }
    }

    pub(crate) async fn put_page(
        &self,
        name: String,
        expected: Expected,
        content: String,
    ) -> Result<(bool, Validators), Problem> {
        let database = self.database.clone();
        let write = async move {
            match database {
                OnSqlite(store) => store.put_page(name, expected, content).await,
                OnPostgres(store) => store.put_page(name, expected, content).await,
            }
        };
        self.writes.finish(write).await
    }

    pub(crate) fn keys(&self) -> impl IdempotencyStore + use<> {
        match &self.database {
            OnSqlite(store) => OnSqlite(store.keys()),
            OnPostgres(store) => OnPostgres(store.keys()),
        }
    }

    pub(crate) async fn orders(&self) -> Result<Vec<Order>, Problem> {
        match &self.database {
            OnSqlite(store) => store.orders().await,
            OnPostgres(store) => store.orders().await,
        }
    }

    /// The layer around the handler finishes it even if its client disconnects.
    pub(crate) async fn place(
        &self,
        attempt: &Attempt,
        new: Order,
        respond: impl FnOnce(&Order) -> Response<Bytes> + Send + 'static,
    ) -> Result<Response<Bytes>, Problem> {
        match &self.database {
            OnSqlite(store) if self.has_keys_elsewhere => {
                let placed = store.database.run(move |sql| {
                    sql.query_row(sqlite::PLACE, (new.item, new.quantity), sqlite::order)
                });
                Ok(respond(&placed.await?))
            }
            OnPostgres(store) if self.has_keys_elsewhere => {
                Ok(respond(&store.place_without_record(new).await?))
            }
            OnSqlite(store) => store.place(attempt, new, respond).await,
            OnPostgres(store) => store.place(attempt, new, respond).await,
        }
    }

    /// Waits for the jobs of the database.
    pub(crate) async fn close(self) {
        if let OnSqlite(store) = self.database {
            store.close().await;
        }
    }
}

impl<S: StateSource, P: StateSource> StateSource for Backend<S, P> {
    type Error = BoxError;

    async fn latest(&self, request: &Parts) -> Result<Option<HeaderValue>, BoxError> {
        match self {
            OnSqlite(source) => source.latest(request).await.map_err(Into::into),
            OnPostgres(source) => source.latest(request).await.map_err(Into::into),
        }
    }
}

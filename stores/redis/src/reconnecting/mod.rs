//! A connection that asks for the current server again when its own no longer serves.

#[cfg(test)]
mod tests;

use std::{
    fmt,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use redis::{Cmd, ErrorKind, Pipeline, RedisError, RedisFuture, Value, aio::ConnectionLike};
use tokio::{
    sync::watch,
    time::{Instant, sleep_until, timeout},
};
use tower_conditional::BoxError;

use crate::Error;

/// The shortest time from one connect to the next.
const PAUSE: Duration = Duration::from_millis(100);
/// The longest time of one connect.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// A connection that is made again after a fail-over, by a closure that finds the server.
///
/// Use it behind Sentinel, a virtual IP address or a name in the DNS. Clones share one
/// connection.
///
/// ```no_run
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// use tower_conditional_redis::{Reconnecting, RedisIdempotencyStore};
///
/// // The name is looked up again for each connection.
/// let client = redis::Client::open("redis://primary.shop.internal/")?;
/// let connection = Reconnecting::new(move || {
///     let client = client.clone();
///     async move { client.get_multiplexed_async_connection().await }
/// })
/// .await?;
/// let store = RedisIdempotencyStore::builder().prefix("shop").open(connection).await?;
/// # let _ = store;
/// # Ok(())
/// # }
/// ```
#[cfg_attr(
    feature = "sentinel",
    doc = "\nWith Sentinel, which names the current primary:\n"
)]
#[cfg_attr(feature = "sentinel", doc = "```no_run")]
#[cfg_attr(
    feature = "sentinel",
    doc = "# async fn run() -> Result<(), Box<dyn std::error::Error>> {
use std::sync::Arc;

use redis::sentinel::{SentinelClient, SentinelServerType};
use tokio::sync::Mutex;
use tower_conditional_redis::Reconnecting;

let sentinels = vec![\"redis://10.0.0.1:26379\", \"redis://10.0.0.2:26379\"];
let kind = SentinelServerType::Master;
let client = SentinelClient::build(sentinels, \"shop\".to_owned(), None, kind)?;
let client = Arc::new(Mutex::new(client));
let connection = Reconnecting::new(move || {
    let client = Arc::clone(&client);
    async move { client.lock().await.get_async_connection().await }
})
.await?;
# let _ = connection;
# Ok(())
# }"
)]
#[cfg_attr(feature = "sentinel", doc = "```\n")]
/// # How it works
///
/// - The closure is called when the value is made, and once for each lost connection. The next
///   command waits for its result, as do all others meanwhile.
/// - A connection is lost after an error of input or output, or a timeout of the client. The
///   answers `READONLY`, `MASTERDOWN`, `LOADING` and `CLUSTERDOWN` also count as its loss.
/// - It never repeats a command. The command that meets the loss fails.
/// - One connect runs at a time, in a task. The next one begins 100 ms later at the earliest. A
///   connect is given up after 5 seconds.
///
/// The closure should return a connection that neither reconnects nor repeats commands, such as
/// a `MultiplexedConnection`. Its response timeout, 500 ms by default, has to be shorter than
/// the timeout of the store. Otherwise a server that vanishes without a word is not noticed.
///
/// It needs a tokio runtime with a timer. A cluster needs none of this: use `ClusterConnection`.
pub struct Reconnecting<C> {
    shared: Arc<SharedConnection<C>>,
    database: i64,
}

type ConnectFuture<C> = Pin<Box<dyn Future<Output = Result<C, BoxError>> + Send>>;
/// The result of a connect, once there is one.
type ConnectResult<C> = Option<Result<C, RedisError>>;

struct SharedConnection<C> {
    connect: Box<dyn Fn() -> ConnectFuture<C> + Send + Sync>,
    state: Mutex<ConnectState<C>>,
}

struct ConnectState<C> {
    /// The last connect.
    result: watch::Receiver<ConnectResult<C>>,
    /// Counts the connects.
    number: u64,
    /// The connection no longer serves.
    is_lost: bool,
    next_connect: Instant,
}

impl<C> Reconnecting<C>
where
    C: ConnectionLike + Clone + Send + Sync + 'static,
{
    /// Connects, and returns the connection. `connect` is called again after each loss.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Connection`](crate::ErrorKind::Connection) with the error of `connect`, or if
    /// it takes longer than 5 seconds. It is not tried again.
    pub async fn new<F, Fut, E>(connect: F) -> Result<Self, Error>
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<C, E>> + Send + 'static,
        E: Into<BoxError>,
    {
        let connect = Box::new(move || {
            let connection = connect();
            let connection = async move { connection.await.map_err(Into::into) };
            Box::pin(connection) as ConnectFuture<C>
        });
        let next_connect = Instant::now() + PAUSE;
        let connection = match timeout(CONNECT_TIMEOUT, connect()).await {
            Ok(connected) => connected.map_err(Error::connection)?,
            Err(elapsed) => return Err(Error::connection(elapsed)),
        };
        let database = connection.get_db();
        let (_, result) = watch::channel(Some(Ok(connection)));
        let state = Mutex::new(ConnectState {
            result,
            number: 0,
            is_lost: false,
            next_connect,
        });
        let shared = Arc::new(SharedConnection { connect, state });
        Ok(Self { shared, database })
    }
}

impl<C> SharedConnection<C>
where
    C: Clone + Send + Sync + 'static,
{
    /// Returns the connection and its number, as soon as there is one.
    async fn current(self: &Arc<Self>) -> Result<(C, u64), RedisError> {
        let (mut result, number) = self.last_connect();
        match result.wait_for(Option::is_some).await.as_deref() {
            Ok(Some(Ok(connection))) => Ok((connection.clone(), number)),
            Ok(Some(Err(error))) => Err(error.clone()),
            // The closure panicked, or its runtime has ended.
            Ok(None) | Err(_) => Err((ErrorKind::Io, "the task that connects has ended").into()),
        }
    }

    /// Returns the last connect, or starts the next one if that has no connection.
    fn last_connect(self: &Arc<Self>) -> (watch::Receiver<ConnectResult<C>>, u64) {
        let mut state = self.state();
        let has_failed = match &*state.result.borrow() {
            None => state.result.has_changed().is_err(),
            Some(connected) => connected.is_err(),
        };
        if has_failed || state.is_lost {
            let begins = state.next_connect.max(Instant::now());
            state.next_connect = begins + PAUSE;
            state.number += 1;
            state.is_lost = false;
            let (sender, result) = watch::channel(None);
            state.result = result;
            let shared = Arc::clone(self);
            tokio::spawn(async move {
                sleep_until(begins).await;
                let connected = match timeout(CONNECT_TIMEOUT, (shared.connect)()).await {
                    Ok(connected) => connected.map_err(into_client_error),
                    Err(_) => Err((ErrorKind::Io, "the connect took too long").into()),
                };
                // An error means that nobody waits.
                let _ = sender.send(Some(connected));
            });
        }
        (state.result.clone(), state.number)
    }

    /// Notes the loss of a connection, unless there is another one already.
    fn set_lost(&self, number: u64) {
        let mut state = self.state();
        if state.number == number {
            state.is_lost = true;
        }
    }

    fn state(&self) -> MutexGuard<'_, ConnectState<C>> {
        // No code that may panic holds the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<C> ConnectionLike for Reconnecting<C>
where
    C: ConnectionLike + Clone + Send + Sync + 'static,
{
    fn req_packed_command<'a>(&'a mut self, command: &'a Cmd) -> RedisFuture<'a, Value> {
        Box::pin(async move {
            let (mut connection, number) = self.shared.current().await?;
            let answer = connection.req_packed_command(command).await;
            let is_lost = match &answer {
                Ok(value) => tells_loss(value),
                Err(error) => is_loss(error),
            };
            if is_lost {
                self.shared.set_lost(number);
            }
            answer
        })
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        pipeline: &'a Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        Box::pin(async move {
            let (mut connection, number) = self.shared.current().await?;
            let answers = connection
                .req_packed_commands(pipeline, offset, count)
                .await;
            let is_lost = match &answers {
                Ok(values) => values.iter().any(tells_loss),
                Err(error) => is_loss(error),
            };
            if is_lost {
                self.shared.set_lost(number);
            }
            answers
        })
    }

    /// Returns the number of the database of the first connection.
    fn get_db(&self) -> i64 {
        self.database
    }
}

/// Returns `true` for an error reply after which another server may answer. The client hands on
/// such a reply as a value.
fn tells_loss(answer: &Value) -> bool {
    let Value::ServerError(error) = answer else {
        return false;
    };
    is_loss(&RedisError::from(error.clone()))
}

/// Returns `true` if the connection no longer serves.
fn is_loss(error: &RedisError) -> bool {
    match error.code() {
        Some("READONLY" | "MASTERDOWN" | "LOADING" | "CLUSTERDOWN") => true,
        // Redis 6 hides the error of a command in that of the script.
        Some("ERR") => error
            .detail()
            .is_some_and(|detail| detail.contains(": -READONLY ")),
        Some(_) => false,
        // Its connection is closed, slow or out of step.
        None => error.is_io_error() || error.is_unrecoverable_error(),
    }
}

fn into_client_error(error: BoxError) -> RedisError {
    match error.downcast::<RedisError>() {
        Ok(error) => *error,
        Err(other) => {
            let text = other.to_string();
            (ErrorKind::Io, "no connection to the server", text).into()
        }
    }
}

impl<C> Clone for Reconnecting<C> {
    fn clone(&self) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
            database: self.database,
        }
    }
}

impl<C> fmt::Debug for Reconnecting<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reconnecting")
            .field("database", &self.database)
            .finish_non_exhaustive()
    }
}

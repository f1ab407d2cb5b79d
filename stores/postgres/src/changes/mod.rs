//! Changes that the writers of a database announce with `NOTIFY`.

mod payload;
mod subscription;

use std::{fmt, sync::Arc, time::Duration};

use tokio::time::{Instant, sleep_until, timeout};
use tokio_postgres::{
    Config, NoTls, Socket,
    tls::{MakeTlsConnect, TlsConnect},
};
use tower_conditional::validator_cache::{ChangeEvent, ChangeFeed};

use self::subscription::Subscription;
use crate::{Error, ErrorKind, InvalidSchema, lease::DEFAULT_TIMEOUT};

/// The pauses between two connections. Each is twice the one before.
const PAUSES: [Duration; 2] = [Duration::from_millis(100), Duration::from_secs(5)];

/// The longest name of a channel in bytes. `LISTEN` cuts longer ones off.
const MAX_CHANNEL: usize = 63;

type ErrorReport = Arc<dyn Fn(&Error) + Send + Sync>;

/// A feed of changes for a `ValidatorCache`, from `LISTEN` and `NOTIFY`.
///
/// Use it if writers such as `psql` or another service change content that has no version row.
/// The cache then forgets a tag when the notification arrives, right after the commit.
///
/// ```no_run
/// use tower_conditional::{store::MemoryValidatorStore, validator_cache::ValidatorCache};
/// use tower_conditional_postgres::PostgresChangeFeed;
///
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// let cache = ValidatorCache::new(MemoryValidatorStore::new());
/// let feed = PostgresChangeFeed::new("postgres://app@localhost/app".parse()?, "changes")?
///     .on_error(|error| eprintln!("no changes from PostgreSQL: {error}"));
/// let follower = cache.clone();
/// tokio::spawn(async move { follower.follow(feed).await });
/// # Ok(())
/// # }
/// ```
///
/// # How it works
///
/// The feed has a connection of its own, which is not from a pool. It reports
/// [`ChangeEvent::Connected`] once the server has acknowledged the `LISTEN`, after each
/// connection. When the connection breaks, it reports [`ChangeEvent::Disconnected`] and connects
/// again at once. After a failure it pauses, for 100 ms at first and for 5 seconds at most. It never
/// ends.
///
/// A connection may be dead without a notice. So the feed asks the server regularly which
/// channels the connection listens to; see [`heartbeat`](Self::heartbeat). Before the answer, the
/// server sends the notifications of all commits before.
///
/// # The payload
///
/// Each line of a payload is a cache tag, or a path if it begins with `/`. A payload that cannot
/// be read means that everything may have changed, and so does an empty one. Empty lines cannot be
/// read, nor lines with control characters or with spaces around them, nor invalid paths.
///
/// A path counts with its spellings: see [`validator_cache`](tower_conditional::validator_cache).
///
/// A trigger notifies in the transaction that writes:
///
/// ```sql
/// CREATE FUNCTION notify_page() RETURNS trigger LANGUAGE plpgsql AS $$
/// BEGIN
///     IF TG_OP = 'TRUNCATE' THEN
///         PERFORM pg_notify('changes', '');
///     ELSE
///         -- The page before and after the change.
///         PERFORM pg_notify('changes', concat_ws(E'\n', 'page-' || old.name, 'page-' || new.name));
///     END IF;
///     RETURN NULL;
/// END $$;
/// CREATE TRIGGER notify_page AFTER INSERT OR UPDATE OR DELETE ON pages
///     FOR EACH ROW EXECUTE FUNCTION notify_page();
/// CREATE TRIGGER notify_pages AFTER TRUNCATE ON pages
///     FOR EACH STATEMENT EXECUTE FUNCTION notify_page();
/// ```
///
/// # Limits
///
/// - Between a commit and its notification, a 304 may be stale. On a dead connection that may
///   take twice the time of a heartbeat. A [`VersionSource`](crate::VersionSource) is never stale.
/// - `LISTEN` belongs to a session. Through a pooler that shares sessions, such as PgBouncer in
///   the mode `transaction`, it does not work. Connect to the server itself, and to the primary:
///   a replica refuses `LISTEN`.
/// - A commit with a `NOTIFY` takes a lock of the whole server, so such commits wait for each
///   other. For many writes, put the changes into an outbox, and let its worker notify for a
///   batch of them, or call `ValidatorCache::soft_invalidate` itself.
/// - A payload has at most 7,999 bytes. `pg_notify` refuses a longer one, and its transaction.
/// - The feed works only while it is polled. The server keeps what a session has not read, and
///   refuses a `NOTIFY` once its queue is full. So drop a feed that nobody follows.
/// - A tag with a line break is two tags. Send an empty payload for such names.
#[must_use = "pass it to `ValidatorCache::follow`"]
pub struct PostgresChangeFeed<T: MakeTlsConnect<Socket> = NoTls> {
    config: Config,
    tls: T,
    /// The channel, as a name in SQL.
    channel: String,
    heartbeat: Duration,
    on_error: Option<ErrorReport>,
    subscription: Option<Subscription<T::Stream>>,
    pause: Duration,
    connect_at: Instant,
}

impl PostgresChangeFeed {
    /// Creates a feed of the notifications on a channel, without TLS.
    ///
    /// The name is the one that `pg_notify` gets. `NOTIFY Changes` without quotes notifies
    /// `changes`.
    ///
    /// # Errors
    ///
    /// Returns [`InvalidSchema::Name`] for a name that is empty, has a NUL or has more than 63
    /// bytes.
    pub fn new(config: Config, channel: impl Into<String>) -> Result<Self, InvalidSchema> {
        Self::with_tls(config, channel, NoTls)
    }
}

impl<T: MakeTlsConnect<Socket>> PostgresChangeFeed<T> {
    /// Creates a feed whose connection uses TLS; see [`new`](PostgresChangeFeed::new).
    ///
    /// # Errors
    ///
    /// Returns [`InvalidSchema::Name`] for an invalid name of a channel.
    pub fn with_tls(
        config: Config,
        channel: impl Into<String>,
        tls: T,
    ) -> Result<Self, InvalidSchema> {
        let channel = channel.into();
        if channel.is_empty() || channel.contains('\0') || channel.len() > MAX_CHANNEL {
            return Err(InvalidSchema::Name(channel));
        }
        Ok(Self {
            config,
            tls,
            channel,
            heartbeat: DEFAULT_TIMEOUT,
            on_error: None,
            subscription: None,
            pause: PAUSES[0],
            connect_at: Instant::now(),
        })
    }

    /// Sets how often the connection is checked, and how long the answer may take. Defaults to 5
    /// seconds. With [`Duration::MAX`] it is never checked.
    ///
    /// # Panics
    ///
    /// Panics if it is zero.
    #[track_caller]
    pub fn heartbeat(self, heartbeat: Duration) -> Self {
        assert!(
            !heartbeat.is_zero(),
            "invalid heartbeat {heartbeat:?}: no check is answered in time; use some seconds"
        );
        Self { heartbeat, ..self }
    }

    /// Sets the function that is called with each error of the connection. Defaults to none.
    pub fn on_error(self, report: impl Fn(&Error) + Send + Sync + 'static) -> Self {
        let on_error = Some(Arc::new(report) as ErrorReport);
        Self { on_error, ..self }
    }

    fn report(&self, error: &Error) {
        if let Some(report) = &self.on_error {
            report(error);
        }
    }
}

impl<T> PostgresChangeFeed<T>
where
    T: MakeTlsConnect<Socket> + Clone + Send,
    T::Stream: Send,
    T::TlsConnect: Send,
    <T::TlsConnect as TlsConnect<Socket>>::Future: Send,
{
    /// Connects, and tries again until it succeeds.
    async fn connect(&mut self) -> Subscription<T::Stream> {
        loop {
            // Nothing tells when a server is back.
            sleep_until(self.connect_at).await;
            // Also if the connection breaks at once.
            self.connect_at = Instant::now() + self.pause;
            self.pause = (self.pause * 2).min(PAUSES[1]);
            let tls = self.tls.clone();
            let opened = Subscription::open(&self.config, tls, &self.channel, self.heartbeat);
            let error = match timeout(DEFAULT_TIMEOUT, opened).await {
                Ok(Ok(subscription)) => return subscription,
                Ok(Err(error)) => error,
                Err(_) => {
                    let reason = format!("no connection within {DEFAULT_TIMEOUT:?}");
                    Error::with_reason(ErrorKind::TimedOut, reason)
                }
            };
            self.report(&error);
        }
    }
}

/// No event is lost if the future of `next` is dropped.
impl<T> ChangeFeed for PostgresChangeFeed<T>
where
    T: MakeTlsConnect<Socket> + Clone + Send,
    T::Stream: Send,
    T::TlsConnect: Send,
    <T::TlsConnect as TlsConnect<Socket>>::Future: Send,
{
    async fn next(&mut self) -> Option<ChangeEvent> {
        let Some(subscription) = &mut self.subscription else {
            self.subscription = Some(self.connect().await);
            return Some(ChangeEvent::Connected);
        };
        let heard = subscription.next().await;
        if subscription.was_checked() {
            self.pause = PAUSES[0];
        }
        Some(match heard {
            Ok(payload) => {
                let purge = payload::parse(&payload);
                // After this event, everything is asked again.
                purge.map_or(ChangeEvent::Connected, ChangeEvent::Changed)
            }
            Err(error) => {
                self.subscription = None;
                self.report(&error);
                ChangeEvent::Disconnected
            }
        })
    }
}

impl<T: MakeTlsConnect<Socket>> fmt::Debug for PostgresChangeFeed<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresChangeFeed")
            .field("channel", &self.channel)
            .field("heartbeat", &self.heartbeat)
            .field("is_connected", &self.subscription.is_some())
            .finish_non_exhaustive()
    }
}

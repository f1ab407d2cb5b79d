use std::{
    collections::VecDeque,
    future::{Future, poll_fn},
    pin::pin,
    task::Poll,
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite},
    time::{Instant, timeout_at},
};
use tokio_postgres::{
    AsyncMessage, Client, Config, Connection, SimpleQueryMessage, Socket, tls::MakeTlsConnect,
};

use crate::{Error, ErrorKind};

/// The wait in place of one that the clock cannot add: a century.
const NEVER: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

/// A connection that listens to a channel.
pub(super) struct Subscription<S> {
    client: Client,
    connection: Connection<Socket, S>,
    /// Payloads that arrived before an answer.
    waiting: VecDeque<String>,
    channel: String,
    heartbeat: Duration,
    /// The time of the next check.
    check_at: Instant,
    was_checked: bool,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Subscription<S> {
    /// Connects, and returns once the server has acknowledged the `LISTEN`.
    pub(super) async fn open<T: MakeTlsConnect<Socket, Stream = S>>(
        config: &Config,
        tls: T,
        channel: &str,
        heartbeat: Duration,
    ) -> Result<Self, Error> {
        let (client, mut connection) = config.connect(tls).await?;
        let mut waiting = VecDeque::new();
        let listen = format!("LISTEN \"{}\"", channel.replace('"', "\"\""));
        let listening = client.batch_execute(&listen);
        drive(&mut connection, &mut waiting, listening).await?;
        Ok(Self {
            client,
            connection,
            waiting,
            channel: channel.to_owned(),
            heartbeat,
            check_at: after(Instant::now(), heartbeat),
            was_checked: false,
        })
    }

    /// Waits for the next payload. After an error the connection is of no use.
    pub(super) async fn next(&mut self) -> Result<String, Error> {
        loop {
            if let Some(payload) = self.waiting.pop_front() {
                return Ok(payload);
            }
            let message = poll_fn(|cx| self.connection.poll_message(cx));
            match timeout_at(self.check_at, message).await {
                Ok(Some(Ok(AsyncMessage::Notification(notification)))) => {
                    return Ok(notification.payload().to_owned());
                }
                Ok(Some(Ok(_notice))) => {}
                Ok(Some(Err(error))) => return Err(error.into()),
                Ok(None) => return Err(closed()),
                Err(_) => self.check().await?,
            }
        }
    }

    /// Returns `true` if the server has answered a check.
    pub(super) fn was_checked(&self) -> bool {
        self.was_checked
    }

    /// Checks that the server answers, and that this connection still listens. A pooler may have
    /// given it to another session.
    async fn check(&mut self) -> Result<(), Error> {
        let channels = self.client.simple_query("SELECT pg_listening_channels()");
        let answer = drive(&mut self.connection, &mut self.waiting, channels);
        // A time that does not move if this future is dropped and the check begins again.
        let Ok(answer) = timeout_at(after(self.check_at, self.heartbeat), answer).await else {
            let reason = format!("no answer within {:?}", self.heartbeat);
            return Err(Error::with_reason(ErrorKind::TimedOut, reason));
        };
        let listens = answer?.iter().any(|message| match message {
            SimpleQueryMessage::Row(row) => row.get(0) == Some(&*self.channel),
            _ => false,
        });
        if !listens {
            let reason = "the session no longer listens (connect to the server, not to a pooler)";
            return Err(Error::with_reason(ErrorKind::Database, reason));
        }
        self.check_at = after(Instant::now(), self.heartbeat);
        self.was_checked = true;
        Ok(())
    }
}

/// Awaits the answer to a request. A connection only works while it is polled.
async fn drive<S, A>(
    connection: &mut Connection<Socket, S>,
    waiting: &mut VecDeque<String>,
    request: impl Future<Output = Result<A, tokio_postgres::Error>>,
) -> Result<A, Error>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut request = pin!(request);
    poll_fn(|cx| {
        loop {
            match connection.poll_message(cx) {
                Poll::Ready(Some(Ok(AsyncMessage::Notification(notification)))) => {
                    waiting.push_back(notification.payload().to_owned());
                }
                Poll::Ready(Some(Ok(_notice))) => {}
                Poll::Ready(Some(Err(error))) => return Poll::Ready(Err(error.into())),
                Poll::Ready(None) => return Poll::Ready(Err(closed())),
                Poll::Pending => break,
            }
        }
        request.as_mut().poll(cx).map_err(Error::from)
    })
    .await
}

/// Returns a time that never comes if the sum is beyond all times of the clock.
fn after(start: Instant, wait: Duration) -> Instant {
    start.checked_add(wait).unwrap_or(start + NEVER)
}

fn closed() -> Error {
    Error::with_reason(ErrorKind::Database, "the server closed the connection")
}

use std::{
    io,
    sync::atomic::{AtomicU64, Ordering},
};

use redis::parse_redis_value;

use super::*;

/// The answers of a server that a test chooses, and counts of what it was asked.
#[derive(Default)]
struct FakeServer {
    /// An error reply, `io` for a connection that breaks, or `parse` for one that is out of step.
    fault: Mutex<Option<&'static str>>,
    connects: AtomicU64,
    commands: AtomicU64,
    is_away: Mutex<Option<io::ErrorKind>>,
}

#[derive(Clone)]
struct FakeConnection(Arc<FakeServer>);

impl FakeServer {
    fn answer(&self) -> Result<Value, RedisError> {
        self.commands.fetch_add(1, Ordering::Relaxed);
        match *self.fault.lock().expect("no panic") {
            None => Ok(Value::Okay),
            Some("io") => Err(io::Error::from(io::ErrorKind::BrokenPipe).into()),
            Some("parse") => parse_redis_value(b"no reply\r\n"),
            Some(reply) => parse_redis_value(format!("-{reply}\r\n").as_bytes()),
        }
    }

    fn connect(self: &Arc<Self>) -> Result<FakeConnection, io::Error> {
        self.connects.fetch_add(1, Ordering::Relaxed);
        match *self.is_away.lock().expect("no panic") {
            Some(kind) => Err(kind.into()),
            None => Ok(FakeConnection(Arc::clone(self))),
        }
    }

    async fn connection(self: &Arc<Self>) -> Reconnecting<FakeConnection> {
        let server = Arc::clone(self);
        let connection = Reconnecting::new(move || {
            let server = Arc::clone(&server);
            async move { server.connect() }
        });
        connection.await.expect("a connection")
    }

    fn set_fault(&self, fault: Option<&'static str>) {
        *self.fault.lock().expect("no panic") = fault;
    }

    fn set_away(&self, kind: Option<io::ErrorKind>) {
        *self.is_away.lock().expect("no panic") = kind;
    }

    fn connects(&self) -> u64 {
        self.connects.load(Ordering::Relaxed)
    }

    fn commands(&self) -> u64 {
        self.commands.load(Ordering::Relaxed)
    }
}

impl ConnectionLike for FakeConnection {
    fn req_packed_command<'a>(&'a mut self, _: &'a Cmd) -> RedisFuture<'a, Value> {
        Box::pin(async { self.0.answer() })
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        _: &'a Pipeline,
        _: usize,
        _: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        Box::pin(async { Ok(vec![Value::Okay, self.0.answer()?]) })
    }

    fn get_db(&self) -> i64 {
        7
    }
}

async fn ping(connection: &Reconnecting<FakeConnection>) -> Result<Value, RedisError> {
    let mut connection = connection.clone();
    let answer = connection.req_packed_command(&redis::cmd("PING")).await;
    answer.and_then(Value::extract_error)
}

#[tokio::test]
async fn a_wrong_address_is_an_error_when_the_connection_is_made() {
    let refused = Reconnecting::<FakeConnection>::new(|| async { Err("nobody listens") }).await;
    let refused = refused.expect_err("no server");
    assert_eq!(refused.kind(), crate::ErrorKind::Connection);
    let cause = std::error::Error::source(&refused).expect("a cause");
    assert_eq!(cause.to_string(), "nobody listens");
}

#[tokio::test(start_paused = true)]
async fn a_connect_that_hangs_is_given_up() {
    let hanging = Reconnecting::<FakeConnection>::new(std::future::pending::<Result<_, BoxError>>);
    let error = hanging.await.expect_err("a timeout");
    assert_eq!(error.kind(), crate::ErrorKind::Connection);
}

#[tokio::test]
async fn clones_share_one_connection() {
    let server = Arc::new(FakeServer::default());
    let connection = server.connection().await;
    for _ in 0..3 {
        ping(&connection.clone()).await.expect("an answer");
    }
    assert_eq!((server.connects(), server.commands()), (1, 3));
    assert_eq!(connection.get_db(), 7);
}

#[tokio::test(start_paused = true)]
async fn a_lost_connection_is_made_again_and_no_command_is_repeated() {
    let faults = [
        ("io", true),
        ("parse", true),
        (
            "READONLY You can't write against a read only replica.",
            true,
        ),
        (
            "ERR Error running script (call to f_1): @user_script:1: -READONLY You can't",
            true,
        ),
        ("MASTERDOWN Link with MASTER is down", true),
        ("LOADING Redis is loading the dataset in memory", true),
        ("CLUSTERDOWN The cluster is down", true),
        ("ERR unknown command", false),
        ("OOM command not allowed", false),
        ("NOPERM this user has no permissions", false),
        ("NOSCRIPT No matching script", false),
        ("BUSY Redis is busy running a script", false),
    ];
    for (fault, is_lost) in faults {
        let server = Arc::new(FakeServer::default());
        let mut connection = server.connection().await;
        server.set_fault(Some(fault));
        ping(&connection).await.expect_err(fault);
        assert_eq!((server.connects(), server.commands()), (1, 1), "{fault}");
        server.set_fault(None);
        ping(&connection).await.expect("an answer");
        let expected = 1 + u64::from(is_lost);
        assert_eq!(server.connects(), expected, "{fault}");
        assert_eq!(server.commands(), 2, "{fault}");

        // The same holds for a pipeline.
        server.set_fault(Some(fault));
        let pipeline = Pipeline::new();
        let _ = connection.req_packed_commands(&pipeline, 0, 2).await;
        server.set_fault(None);
        ping(&connection).await.expect("an answer");
        assert_eq!(server.connects(), expected + u64::from(is_lost), "{fault}");
        assert_eq!(server.commands(), 4, "{fault}");
    }
}

#[tokio::test(start_paused = true)]
async fn one_connect_serves_all_that_wait() {
    let server = Arc::new(FakeServer::default());
    let connection = server.connection().await;
    server.set_fault(Some("io"));
    ping(&connection).await.expect_err("a broken pipe");
    server.set_fault(None);
    let (first, second, third) =
        tokio::join!(ping(&connection), ping(&connection), ping(&connection));
    first.and(second).and(third).expect("an answer");
    assert_eq!((server.connects(), server.commands()), (2, 4));
}

#[tokio::test(start_paused = true)]
async fn connects_to_a_server_that_is_away_have_pauses() {
    let server = Arc::new(FakeServer::default());
    let connection = server.connection().await;
    server.set_fault(Some("io"));
    server.set_away(Some(io::ErrorKind::ConnectionRefused));
    ping(&connection).await.expect_err("a broken pipe");
    let began = Instant::now();
    for _ in 0..10 {
        let error = ping(&connection).await.expect_err("no server");
        assert!(error.to_string().contains("refused"), "{error}");
    }
    // The first of them may be at once.
    assert!(began.elapsed() >= 9 * PAUSE, "{:?}", began.elapsed());
    assert_eq!((server.connects(), server.commands()), (11, 1));

    server.set_away(None);
    server.set_fault(None);
    ping(&connection).await.expect("an answer");
    assert_eq!(server.connects(), 12);
}

/// The pauses of a calm hour are not made up for, and the first connect counts too.
#[tokio::test(start_paused = true)]
async fn calm_times_shorten_no_pause() {
    for (calm, pauses) in [(Duration::ZERO, 10), (Duration::from_secs(3_600), 9)] {
        let server = Arc::new(FakeServer::default());
        let connection = server.connection().await;
        tokio::time::advance(calm).await;
        server.set_fault(Some("io"));
        server.set_away(Some(io::ErrorKind::ConnectionRefused));
        ping(&connection).await.expect_err("a broken pipe");
        let began = Instant::now();
        for _ in 0..10 {
            ping(&connection).await.expect_err("no server");
        }
        assert_eq!(began.elapsed(), pauses * PAUSE, "{calm:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_stays_a_replica_is_not_asked_without_a_pause() {
    let server = Arc::new(FakeServer::default());
    let connection = server.connection().await;
    server.set_fault(Some("READONLY"));
    let began = Instant::now();
    for _ in 0..10 {
        ping(&connection).await.expect_err("a replica");
    }
    assert!(began.elapsed() >= 8 * PAUSE, "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_late_failure_of_an_old_connection_does_no_harm() {
    let server = Arc::new(FakeServer::default());
    let connection = server.connection().await;
    let (_, old) = connection.shared.current().await.expect("a connection");
    connection.shared.set_lost(old);
    ping(&connection).await.expect("an answer");
    connection.shared.set_lost(old);
    ping(&connection).await.expect("an answer");
    assert_eq!(server.connects(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_closure_that_panics_blocks_nobody() {
    let server = Arc::new(FakeServer::default());
    let connects = Arc::clone(&server);
    let connection = Reconnecting::new(move || {
        let server = Arc::clone(&connects);
        async move {
            let connected = server.connect();
            assert!(server.connects() != 2, "a panic of the closure");
            connected
        }
    });
    let connection = connection.await.expect("a connection");
    connection.shared.set_lost(0);
    ping(&connection).await.expect_err("a panic");
    ping(&connection).await.expect("an answer");
    assert_eq!(server.connects(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_command_that_is_dropped_does_not_end_the_connect() {
    let server = Arc::new(FakeServer::default());
    let connection = server.connection().await;
    connection.shared.set_lost(0);
    let given_up = timeout(Duration::ZERO, ping(&connection)).await;
    given_up.expect_err("a timeout");
    ping(&connection).await.expect("an answer");
    assert_eq!(server.connects(), 2);
}

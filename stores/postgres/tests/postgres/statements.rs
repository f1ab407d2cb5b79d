//! The number of statements and round trips of a request with a key, counted on the wire.

use std::{
    convert::Infallible,
    num::NonZeroUsize,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use deadpool_postgres::Pool;
use http::Response;
use http_body_util::Full;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy},
    net::{TcpListener, TcpStream, tcp::OwnedReadHalf},
};
use tower::{Layer, ServiceExt, service_fn};
use tower_conditional::{
    IdempotencyLayer,
    idempotency::{
        Admission, Attempt, Claim, Fingerprint, Owner, RecordId, Resolution, SealReason, Update,
    },
    store::{IdempotencyStore, Step},
};
use tower_conditional_postgres::{Keyed, Lease, PostgresIdempotencyStore};
use tower_conditional_testing::Postgres;

use crate::support::{
    connection,
    keys::{Posted, post},
    pool, run,
};

const PAY: &str = "INSERT INTO payments VALUES (17)";

/// The messages that went through a proxy.
#[derive(Clone, Default)]
struct Wire(Arc<Counts>);

#[derive(Default)]
struct Counts {
    statements: AtomicUsize,
    round_trips: AtomicUsize,
    /// Statements that stay on the connection, where a pooler may not find them again.
    prepared: AtomicUsize,
}

/// The messages since the last look.
#[derive(Debug, PartialEq, Eq)]
struct Traffic {
    statements: usize,
    round_trips: usize,
    prepared: usize,
}

impl Traffic {
    /// Returns the traffic of statements that take one round trip each.
    fn of(statements: usize) -> Self {
        Self {
            statements,
            round_trips: statements,
            prepared: 0,
        }
    }
}

impl Counts {
    /// Counts a message of the client.
    fn count(&self, message: &[u8]) {
        let counts: &[&AtomicUsize] = match message {
            // A simple query.
            [b'Q', ..] => &[&self.statements, &self.round_trips],
            // The execution of a statement, and the request for an answer.
            [b'E', ..] => &[&self.statements],
            [b'S', ..] => &[&self.round_trips],
            // A statement without a name is gone with the next one.
            [b'P', _, _, _, _, name, ..] if *name != 0 => &[&self.prepared],
            _ => &[],
        };
        for count in counts {
            count.fetch_add(1, Ordering::SeqCst);
        }
    }
}

impl Wire {
    /// Returns the traffic since the last call.
    fn take(&self) -> Traffic {
        Traffic {
            statements: self.0.statements.swap(0, Ordering::SeqCst),
            round_trips: self.0.round_trips.swap(0, Ordering::SeqCst),
            prepared: self.0.prepared.swap(0, Ordering::SeqCst),
        }
    }

    /// Starts a proxy, and returns a pool whose connections go through it.
    async fn pool(&self) -> Pool {
        let url = Postgres::shared().create_database();
        let upstream = format!("127.0.0.1:{}", Postgres::shared().port());
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let proxy = listener.local_addr().expect("an address").to_string();
        let url = url.replace(&upstream, &proxy);
        assert!(url.contains(&proxy), "{url}");
        let wire = self.clone();
        tokio::spawn(async move {
            loop {
                let (client, _) = listener.accept().await.expect("a client");
                let server = TcpStream::connect(&upstream).await.expect("a server");
                tokio::spawn(wire.clone().forward(client, server));
            }
        });
        pool(&url)
    }

    async fn forward(self, client: TcpStream, server: TcpStream) {
        let (mut from_client, mut to_client) = client.into_split();
        let (mut from_server, mut to_server) = server.into_split();
        tokio::spawn(async move { copy(&mut from_server, &mut to_client).await });
        let mut kind = None;
        while let Some(message) = read_message(&mut from_client, kind).await {
            // The first message has the number of the protocol in place of a kind.
            if kind.is_some() {
                self.0.count(&message);
            }
            if to_server.write_all(&message).await.is_err() {
                return;
            }
            kind = from_client.read_u8().await.ok();
            if kind.is_none() {
                return;
            }
        }
    }
}

/// Reads the rest of a message, and returns all of it.
async fn read_message(client: &mut OwnedReadHalf, kind: Option<u8>) -> Option<Vec<u8>> {
    let length = client.read_u32().await.ok()?;
    let mut message = Vec::from_iter(kind);
    message.extend(length.to_be_bytes());
    let head = message.len();
    message.resize(head + length as usize - 4, 0);
    client.read_exact(&mut message[head..]).await.ok()?;
    Some(message)
}

/// P-ID-txn: a first run has at most four statements beside those of its handler, and a replay has
/// one. Each takes one round trip, and leaves nothing on its connection.
#[tokio::test]
async fn a_first_run_adds_four_statements() {
    let wire = Wire::default();
    let pool = wire.pool().await;
    run(&pool, "CREATE TABLE payments (amount integer NOT NULL)").await;
    let client = connection(&pool).await;
    let installed = PostgresIdempotencyStore::install(&client).await;
    drop(client);
    installed.expect("an installation");

    // The same handler without a key: BEGIN, INSERT and COMMIT.
    wire.take();
    let mut client = connection(&pool).await;
    let tx = client.transaction().await.expect("a transaction");
    tx.execute_typed(PAY, &[]).await.expect("a payment");
    tx.commit().await.expect("a commit");
    drop(client);
    assert_eq!(wire.take(), Traffic::of(3));

    let layer = IdempotencyLayer::for_anyone(PostgresIdempotencyStore::new(pool.clone()));
    let service = layer.layer(service_fn(move |request: Posted| {
        let pool = pool.clone();
        async move {
            let attempt = request.extensions().get::<Attempt>().expect("an attempt");
            let mut lease = Lease::acquire(&pool).await.expect("a connection");
            let tx = Keyed::begin(&mut lease, attempt).await.expect("the key");
            tx.execute_typed(PAY, &[]).await.expect("a payment");
            let paid = tx.commit(Response::new(Bytes::from("paid"))).await;
            Ok::<_, Infallible>(paid.expect("a commit").map(Full::from))
        }
    }));
    for key in ["a", "b"] {
        let first = service
            .clone()
            .oneshot(post(key))
            .await
            .expect("a response");
        assert!(!first.headers().contains_key("idempotent-replayed"));
        assert_eq!(wire.take(), Traffic::of(3 + 4));
        for _ in 0..2 {
            let replay = service
                .clone()
                .oneshot(post(key))
                .await
                .expect("a response");
            assert!(replay.headers().contains_key("idempotent-replayed"));
            assert_eq!(wire.take(), Traffic::of(1));
        }
    }
}

/// P-ID-txn: each step of the store takes one round trip, and leaves nothing on its connection.
#[tokio::test]
async fn a_step_is_one_round_trip() {
    let wire = Wire::default();
    let pool = wire.pool().await;
    let client = connection(&pool).await;
    let installed = PostgresIdempotencyStore::install(&client).await;
    drop(client);
    installed.expect("an installation");
    let store = PostgresIdempotencyStore::new(pool);
    wire.take();

    let lease = Duration::from_secs(30);
    for number in 0..4 {
        let (id, owner) = (RecordId::from([number; 32]), Owner::from([1; 16]));
        let claim = Claim::new(Fingerprint::custom("request"), owner).with_lease(lease);
        let begun = store.begin(id, claim).await.expect("a claim");
        assert!(matches!(begun, Admission::Started { fence: 1, .. }));
        assert_eq!(wire.take(), Traffic::of(1));
        let step = Step::new(id, owner, 1);
        let ended = match number {
            0 => store.complete(step, Bytes::from("paid")).await,
            1 => store.release(step).await,
            2 => store.seal(step, SealReason::Policy).await,
            _ => store.renew(step, Duration::ZERO).await,
        };
        assert_eq!(ended.expect("a step"), Update::Applied);
        assert_eq!(wire.take(), Traffic::of(1));
        let found = store.inspect(id).await.expect("a look");
        assert_eq!(found.expect("a record").is_unknown, number == 3);
        assert_eq!(wire.take(), Traffic::of(1));
    }
    let unknown = RecordId::from([3; 32]);
    let resolved = store.resolve(unknown, 1, Resolution::Seal).await;
    assert_eq!(resolved.expect("a step"), Update::Applied);
    assert_eq!(wire.take(), Traffic::of(1));
    let purged = store.purge(NonZeroUsize::MIN).await;
    assert_eq!(purged.expect("a step"), 0);
    assert_eq!(wire.take(), Traffic::of(1));
}

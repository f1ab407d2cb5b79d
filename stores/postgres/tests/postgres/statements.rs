//! The number of statements of a request with a key, counted on the wire.

use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use bytes::Bytes;
use deadpool_postgres::Pool;
use http::{Request, Response};
use http_body_util::Full;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy},
    net::{TcpListener, TcpStream, tcp::OwnedReadHalf},
};
use tower::{Layer, ServiceExt, service_fn};
use tower_conditional::{IdempotencyLayer, body::RequestBody, idempotency::Attempt};
use tower_conditional_postgres::{Keyed, Lease, PostgresIdempotencyStore};
use tower_conditional_postgres_testing::Postgres;

use crate::support::{connection, pool, run};

const PAY: &str = "INSERT INTO payments VALUES (17)";

/// The statements that went through a proxy.
#[derive(Clone, Default)]
struct Statements(Arc<AtomicUsize>);

impl Statements {
    /// Returns the number since the last call.
    fn take(&self) -> usize {
        self.0.swap(0, Ordering::SeqCst)
    }

    /// Starts a proxy, and returns a pool whose connections go through it.
    async fn pool(&self) -> Pool {
        let url = Postgres::shared().create_database();
        let upstream = format!("127.0.0.1:{}", Postgres::shared().port());
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let proxy = listener.local_addr().expect("an address").to_string();
        let url = url.replace(&upstream, &proxy);
        assert!(url.contains(&proxy), "{url}");
        let statements = self.clone();
        tokio::spawn(async move {
            loop {
                let (client, _) = listener.accept().await.expect("a client");
                let server = TcpStream::connect(&upstream).await.expect("a server");
                tokio::spawn(statements.clone().forward(client, server));
            }
        });
        pool(&url)
    }

    async fn forward(self, client: TcpStream, server: TcpStream) {
        let (mut from_client, mut to_client) = client.into_split();
        let (mut from_server, mut to_server) = server.into_split();
        tokio::spawn(async move { copy(&mut from_server, &mut to_client).await });
        // The first message has no kind.
        let mut kind = None;
        while let Some(message) = read_message(&mut from_client, kind).await {
            // A simple query, or the execution of a prepared statement.
            if matches!(kind, Some(b'Q' | b'E')) {
                self.0.fetch_add(1, Ordering::SeqCst);
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

fn post(key: &str) -> Request<Full<Bytes>> {
    Request::post("/payments")
        .header("idempotency-key", format!("\"{key}\""))
        .body(Full::default())
        .expect("a request")
}

/// P-ID-txn: a first run has at most four statements beside those of its handler, and a replay has
/// one.
#[tokio::test]
async fn a_first_run_adds_four_statements() {
    let statements = Statements::default();
    let pool = statements.pool().await;
    run(&pool, "CREATE TABLE payments (amount integer NOT NULL)").await;
    let client = connection(&pool).await;
    let installed = PostgresIdempotencyStore::install(&client).await;
    drop(client);
    installed.expect("an installation");

    // The same handler without a key: BEGIN, INSERT and COMMIT.
    statements.take();
    let mut client = connection(&pool).await;
    let tx = client.transaction().await.expect("a transaction");
    tx.execute(PAY, &[]).await.expect("a payment");
    tx.commit().await.expect("a commit");
    drop(client);
    let own = statements.take();
    assert_eq!(own, 3);

    let layer = IdempotencyLayer::for_anyone(PostgresIdempotencyStore::new(pool.clone()));
    let service = layer.layer(service_fn(
        move |request: Request<RequestBody<Full<Bytes>>>| {
            let pool = pool.clone();
            async move {
                let attempt = request.extensions().get::<Attempt>().expect("an attempt");
                let mut lease = Lease::acquire(&pool).await.expect("a connection");
                let tx = Keyed::begin(&mut lease, attempt).await.expect("the key");
                tx.execute(PAY, &[]).await.expect("a payment");
                let paid = tx.commit(Response::new(Bytes::from("paid"))).await;
                Ok::<_, Infallible>(paid.expect("a commit").map(Full::from))
            }
        },
    ));
    for key in ["a", "b"] {
        let first = service
            .clone()
            .oneshot(post(key))
            .await
            .expect("a response");
        assert!(!first.headers().contains_key("idempotent-replayed"));
        let first = statements.take();
        assert!(first <= own + 4, "{first} statements");
        for _ in 0..2 {
            let replay = service
                .clone()
                .oneshot(post(key))
                .await
                .expect("a response");
            assert!(replay.headers().contains_key("idempotent-replayed"));
            assert_eq!(statements.take(), 1);
        }
    }
}

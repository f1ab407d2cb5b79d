//! Writers that start from the same state: one succeeds, and no successful write is overwritten.

#[cfg(feature = "tokio")]
mod locked;

use tower_conditional::PreconditionLayer;

use crate::support::{
    Notes, Server,
    race::{Http, Race, StartState},
};

const NOTE: &str = "/note";

fn updates(server: &Server) -> Race {
    Race {
        servers: vec![server.address()],
        http: Http::One,
        path: NOTE.into(),
        from: StartState::Tag(|current| current.headers()["etag"].clone()),
        writers: 64,
        rounds: 10,
    }
}

fn creates(server: &Server) -> Race {
    Race {
        path: "/created/{round}".into(),
        from: StartState::Nothing,
        writers: 32,
        ..updates(server)
    }
}

/// The race against check-then-act, as proof that the race can find lost updates.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn check_then_act_loses_updates() {
    let notes = Notes::with(NOTE, "first");
    let layer = PreconditionLayer::new(notes.source());
    let server = Server::start(notes.router().layer(layer)).await;
    assert_ne!(updates(&server).run().await.lost(), 0);
    let over_http2 = Race {
        http: Http::Two,
        ..updates(&server)
    };
    assert_ne!(over_http2.run().await.lost(), 0);
    assert_ne!(creates(&server).run().await.lost(), 0);
}

/// R-9110-13.1-a: the comparison of the handler is enough, with and without a source.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_handler_that_compares_loses_no_update() {
    let notes = Notes::with(NOTE, "first");
    let layer = PreconditionLayer::handler_checks();
    let server = Server::start(notes.comparing_router().layer(layer)).await;
    updates(&server).run().await.assert_one_winner_each();

    let layer = PreconditionLayer::new(notes.source());
    let server = Server::start(notes.comparing_router().layer(layer)).await;
    updates(&server).run().await.assert_one_winner_each();
}

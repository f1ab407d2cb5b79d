//! Two people edit one document, and no edit is lost: `ETag`, `If-Match`, a merge.
//!
//! Copy `server.rs` into a service, and `save` and `merge` below into a client.

mod client;
mod server;

use std::{error::Error, sync::Arc};

use hyper::{
    Request, Response, StatusCode,
    header::{CONTENT_LOCATION, ETAG, HeaderValue, IF_MATCH, IF_NONE_MATCH},
};
use tokio::net::TcpListener;

use client::Client;
use server::Documents;

const LIST: &str = "/documents/shopping";
const NEXT: &str = "/documents/next-week";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let documents = Arc::new(Documents::default());
    documents.write(LIST, "bread\nmilk\n");
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let host = listener.local_addr()?.to_string();
    tokio::spawn(server::serve(listener, Arc::clone(&documents)));

    let mut alice = Client::connect("Alice", host.clone()).await?;
    let mut bob = Client::connect("Bob", host).await?;

    step("Alice and Bob read the list, and get the same tag.");
    let alice_read = alice.send(Request::get(LIST), "").await?;
    let bob_read = bob.send(Request::get(LIST), "").await?;

    step("Alice adds eggs to what she has read.");
    let alice_saved = save(&mut alice, alice_read, "bread\nmilk\neggs\n").await?;

    step("Bob takes butter for milk. He has not seen the eggs: he merges, and tries again.");
    let bob_saved = save(&mut bob, bob_read, "bread\nbutter\n").await?;

    step("A write that does not say what it has seen is not performed.");
    alice.send(Request::put(LIST), "beer\n").await?;

    step("A client that does not want the document in the 412 gets the two tags.");
    let minimal = Request::put(LIST)
        .header(IF_MATCH, tag(&alice_saved))
        .header("prefer", "return=minimal");
    alice.send(minimal, "beer\n").await?;

    step("Bob asks whether his list is still the latest. No handler runs.");
    let before = documents.reads();
    let latest = Request::get(LIST).header(IF_NONE_MATCH, tag(&bob_saved));
    bob.send(latest, "").await?;
    let after = documents.reads();
    println!("read() ran {before} times before, and {after} times after.");

    step("Each makes next week's list, if there is none yet. One of them does.");
    for client in [&mut alice, &mut bob] {
        let create = Request::put(NEXT).header(IF_NONE_MATCH, "*");
        client.send(create, "bread\n").await?;
    }
    Ok(())
}

/// Writes an edit of a document. If another client was faster, merges and tries again.
async fn save(
    client: &mut Client,
    mut read: Response<String>,
    edited: &str,
) -> Result<Response<String>, Box<dyn Error>> {
    let mut edited = edited.to_owned();
    for _ in 0..5 {
        let put = Request::put(LIST).header(IF_MATCH, tag(&read));
        let reply = client.send(put, &edited).await?;
        let conflict = reply.status() == StatusCode::PRECONDITION_FAILED;
        // A 412 with this header has the document as its content, and not a problem.
        if !conflict || !reply.headers().contains_key(CONTENT_LOCATION) {
            return Ok(reply);
        }
        edited = merge(read.body(), &edited, reply.body());
        read = reply;
    }
    Err("another client was faster in each of 5 attempts".into())
}

/// Merges three texts: removes from `current` the lines that the edit removed from `base`, and adds
/// the lines that it added. That suits a list. For other texts, ask the user.
fn merge(base: &str, edited: &str, current: &str) -> String {
    let has = |text: &str, line: &str| text.lines().any(|other| other == line);
    let kept = current
        .lines()
        .filter(|line| !has(base, line) || has(edited, line));
    let added = edited
        .lines()
        .filter(|line| !has(base, line) && !has(current, line));
    kept.chain(added).flat_map(|line| [line, "\n"]).collect()
}

fn tag(response: &Response<String>) -> &HeaderValue {
    &response.headers()[ETAG]
}

fn step(text: &str) {
    println!("\n== {text}");
}

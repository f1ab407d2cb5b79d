//! The client: it repeats its request with one key until it has an answer, and prints each exchange.

use std::time::Duration;

use hyper::{
    Response, StatusCode,
    body::Bytes,
    header::{HeaderMap, RETRY_AFTER},
};
use tokio::time::sleep;
use tower_conditional::BoxError;

use crate::post::post;

const ATTEMPTS: u32 = 8;

/// Makes a payment once, and returns the answer.
///
/// The key is chosen and stored before the first attempt, so that a restarted client goes on with
/// it. Here it is the client's own number of the invoice.
pub(crate) async fn pay(host: &str, invoice: u32, json: &str) -> Result<Response<Bytes>, BoxError> {
    let key = format!("\"invoice-{invoice}\"");
    let fields = [("authorization", "Bearer ada"), ("idempotency-key", &*key)];
    // A client among many adds a random part.
    let mut pause = Duration::from_millis(50);
    for attempt in 1..=ATTEMPTS {
        println!("\nAttempt {attempt}\n> POST /payments");
        for (name, value) in fields {
            println!("> {name}: {value}");
        }
        println!(">   {json}");
        match post(host, "/payments", &fields, json).await {
            Ok(answer) => {
                print(&answer);
                if !may_retry(&answer) {
                    return Ok(answer);
                }
                pause = pause.max(retry_after(answer.headers()));
            }
            // Nobody knows if the payment was made. With the same key, another attempt is safe.
            Err(error) => println!("< no answer: {error}"),
        }
        // A server that is busy or away is not helped by a retry at once.
        sleep(pause).await;
        pause *= 2;
    }
    Err(format!("no answer in {ATTEMPTS} attempts: keep the key, and ask later").into())
}

/// Returns `true` if a retry with the same key may get another answer.
fn may_retry(answer: &Response<Bytes>) -> bool {
    match answer.status() {
        // The first attempt is still running. Other 409s are final.
        StatusCode::CONFLICT => answer.headers().contains_key(RETRY_AFTER),
        StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY | StatusCode::TOO_MANY_REQUESTS => true,
        // A 422 among the rest: the key belongs to another payment, which is a fault of the client.
        status => status.is_server_error(),
    }
}

fn retry_after(headers: &HeaderMap) -> Duration {
    let seconds = headers.get(RETRY_AFTER);
    let seconds = seconds.and_then(|seconds| seconds.to_str().ok()?.parse().ok());
    Duration::from_secs(seconds.unwrap_or(0))
}

fn print(answer: &Response<Bytes>) {
    println!("< {:?} {}", answer.version(), answer.status());
    for name in ["idempotent-replayed", "retry-after"] {
        if let Some(value) = answer.headers().get(name) {
            println!("< {name}: {}", value.to_str().unwrap_or_default());
        }
    }
    println!("<   {}", String::from_utf8_lossy(answer.body()));
}

//! A proxy between browsers and the service, which changes responses.

use std::{
    error::Error,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    http::{HeaderValue, Method, StatusCode, header::ETAG},
    response::{Html, IntoResponse, Response},
};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::notes_service::NotesService;
use crate::page;

/// A change of the responses to requests for one note.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ResponseChange {
    MissingTag,
    WeakTag,
    /// Writes do not arrive. Their responses are a page with the status 200, such as that of a
    /// network which wants a login first.
    PageForWrites,
}

/// A proxy that passes all on, but for the responses of notes if a change is set.
#[derive(Clone, Debug)]
pub(crate) struct ChangingProxy {
    service: String,
    change: Arc<Mutex<Option<ResponseChange>>>,
}

impl ChangingProxy {
    /// Starts the proxy of a service. Returns it with its URL.
    pub(crate) async fn start(service: &NotesService) -> (Self, String) {
        let proxy = Self {
            service: service.address().to_string(),
            change: Arc::default(),
        };
        let router = Router::new().fallback(pass).with_state(proxy.clone());
        (proxy, page::start(router).await)
    }

    /// Changes further responses, or none any more.
    pub(crate) fn set(&self, change: Option<ResponseChange>) {
        *self.change.lock().unwrap() = change;
    }

    async fn forward(&self, request: Request) -> Result<Response, Box<dyn Error>> {
        let stream = TcpStream::connect(&self.service).await?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        // The connection ends with the response, or with the tab.
        tokio::spawn(connection);
        Ok(sender.send_request(request).await?.map(Body::new))
    }
}

async fn pass(State(proxy): State<ChangingProxy>, request: Request) -> Response {
    let is_note = request.uri().path().starts_with("/notes/");
    let change = *proxy.change.lock().unwrap();
    let change = change.filter(|_| is_note);
    if change == Some(ResponseChange::PageForWrites) && *request.method() == Method::PUT {
        return Html("<h1>Please log in</h1>").into_response();
    }
    let Ok(mut response) = proxy.forward(request).await else {
        // At the end of a test, the service ends before the page.
        return StatusCode::BAD_GATEWAY.into_response();
    };
    let headers = response.headers_mut();
    match change {
        Some(ResponseChange::MissingTag) => {
            headers.remove(ETAG);
        }
        Some(ResponseChange::WeakTag) => {
            if let Some(tag) = headers.get_mut(ETAG) {
                let weak = [b"W/", tag.as_bytes()].concat();
                *tag = HeaderValue::from_bytes(&weak).expect("a tag");
            }
        }
        Some(ResponseChange::PageForWrites) | None => {}
    }
    response
}

//! A client of the replicas, which knows if its request may have been performed.

use std::{net::SocketAddr, time::Duration};

use bytes::Bytes;
use http::{HeaderValue, Request, Response, header};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::{net::TcpStream, time::timeout};

/// The longest wait of a patient client. A stopped process goes on before that.
pub(crate) const PATIENT: Duration = Duration::from_secs(20);

type Sender = http1::SendRequest<Full<Bytes>>;

/// No answer. The request may have been performed, unless it was not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoAnswer {
    NotSent,
    Lost,
}

/// A kept connection to each replica that was used.
#[derive(Debug)]
pub(crate) struct Client {
    pub(crate) timeout: Duration,
    connections: Vec<(SocketAddr, Sender)>,
}

impl Client {
    pub(crate) fn new() -> Self {
        Self {
            timeout: PATIENT,
            connections: Vec::new(),
        }
    }

    /// Sends a request and reads the whole response. A request that had no answer is not sent again.
    pub(crate) async fn exchange(
        &mut self,
        server: SocketAddr,
        mut request: Request<Full<Bytes>>,
    ) -> Result<Response<Bytes>, NoAnswer> {
        // As behind a load balancer: a tag that is remembered belongs to a host.
        let host = HeaderValue::from_static("notes.example");
        request.headers_mut().insert(header::HOST, host);
        let Some(mut sender) = self.connected(server).await else {
            return Err(NoAnswer::NotSent);
        };
        let exchange = async {
            let response = sender.send_request(request).await?;
            let (head, content) = response.into_parts();
            let content = content.collect().await?.to_bytes();
            Ok::<_, hyper::Error>(Response::from_parts(head, content))
        };
        match timeout(self.timeout, exchange).await {
            Ok(Ok(response)) => {
                self.connections.push((server, sender));
                Ok(response)
            }
            // The connection has another state than the client.
            Ok(Err(_)) | Err(_) => Err(NoAnswer::Lost),
        }
    }

    /// Returns a connection that can send. A kept one may have been closed meanwhile.
    async fn connected(&mut self, server: SocketAddr) -> Option<Sender> {
        let kept = self.connections.iter().position(|(to, _)| *to == server);
        if let Some(kept) = kept {
            let (_, mut sender) = self.connections.swap_remove(kept);
            if sender.ready().await.is_ok() {
                return Some(sender);
            }
        }
        let stream = TcpStream::connect(server).await.ok()?;
        stream.set_nodelay(true).ok()?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.ok()?;
        tokio::spawn(connection);
        Some(sender)
    }
}

pub(crate) fn get(path: &str) -> Request<Full<Bytes>> {
    Request::get(path).body(Full::default()).expect("a path")
}

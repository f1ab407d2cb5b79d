//! A running program, and a client for it over HTTP/1.1 and HTTP/2.

use std::{
    ffi::OsStr,
    future::Future,
    process::{Output, Stdio},
    time::Duration,
};

use http_body_util::{BodyExt, Full};
use hyper::{
    HeaderMap, Request, Response, StatusCode,
    body::{Bytes, Incoming},
    client::conn,
    header::{ETAG, HOST},
};
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    net::TcpStream,
    process::{Child, ChildStdout, Command},
    time,
};

pub(crate) const BOTH: [Http; 2] = [Http::One, Http::Two];

#[derive(Clone, Copy, Debug)]
pub(crate) enum Http {
    One,
    Two,
}

pub(crate) struct Server {
    pub(crate) process: Child,
    pub(crate) address: String,
    // The pipe stays open, since the program may go on printing.
    _stdout: BufReader<ChildStdout>,
}

impl Server {
    pub(crate) async fn start(program: impl AsRef<OsStr>, arguments: &[&str]) -> Self {
        let mut process = Command::new(program)
            .args(arguments)
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut stdout = BufReader::new(process.stdout.take().unwrap());
        let mut first = String::new();
        in_time(stdout.read_line(&mut first)).await.unwrap();
        let address = first.trim_end().strip_prefix("listening on http://");
        Self {
            address: address.expect("the first line").to_owned(),
            process,
            _stdout: stdout,
        }
    }

    pub(crate) async fn get(&self, http: Http, path: &str, fields: &[(&str, &str)]) -> Reply {
        self.send(http, "GET", path, fields, "").await
    }

    /// Sends a request with JSON content.
    pub(crate) async fn write(
        &self,
        http: Http,
        method: &str,
        path: &str,
        fields: &[(&str, &str)],
        body: &Value,
    ) -> Reply {
        let fields = [fields, &[("content-type", "application/json")]].concat();
        self.send(http, method, path, &fields, &body.to_string())
            .await
    }

    pub(crate) async fn send(
        &self,
        http: Http,
        method: &str,
        path: &str,
        fields: &[(&str, &str)],
        body: &str,
    ) -> Reply {
        let response = self.open(http, method, path, fields, body).await;
        let (parts, body) = response.into_parts();
        Reply {
            status: parts.status,
            headers: parts.headers,
            body: in_time(body.collect()).await.unwrap().to_bytes(),
        }
    }

    /// Sends a request, and returns the response when its head has arrived.
    pub(crate) async fn open(
        &self,
        http: Http,
        method: &str,
        path: &str,
        fields: &[(&str, &str)],
        body: &str,
    ) -> Response<Incoming> {
        let opened = self.try_open(http, method, path, fields, body).await;
        opened.unwrap()
    }

    /// Sends a request to which there may be no response.
    pub(crate) async fn try_open(
        &self,
        http: Http,
        method: &str,
        path: &str,
        fields: &[(&str, &str)],
        body: &str,
    ) -> hyper::Result<Response<Incoming>> {
        let uri = match http {
            Http::One => path.to_owned(),
            Http::Two => format!("http://{}{path}", self.address),
        };
        let mut request = Request::builder().method(method).uri(uri);
        if matches!(http, Http::One) {
            request = request.header(HOST, &self.address);
        }
        for (name, value) in fields {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::from(body.to_owned())).unwrap();
        in_time(self.exchange(http, request)).await
    }

    pub(crate) async fn exchange(
        &self,
        http: Http,
        request: Request<Full<Bytes>>,
    ) -> hyper::Result<Response<Incoming>> {
        let io = TokioIo::new(TcpStream::connect(&self.address).await.unwrap());
        match http {
            Http::One => {
                let (mut sender, connection) = conn::http1::handshake(io).await.unwrap();
                tokio::spawn(connection);
                sender.send_request(request).await
            }
            Http::Two => {
                let executor = TokioExecutor::new();
                let (mut sender, connection) = conn::http2::handshake(executor, io).await.unwrap();
                tokio::spawn(connection);
                sender.send_request(request).await
            }
        }
    }
}

/// Runs a program until it ends by itself or is killed.
pub(crate) async fn run(program: impl AsRef<OsStr>, arguments: &[&str]) -> Output {
    let mut program = Command::new(program);
    let output = program.args(arguments).kill_on_drop(true).output();
    in_time(output).await.unwrap()
}

#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Reply {
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    pub(crate) fn tag(&self) -> &str {
        self.field(ETAG.as_str()).expect("a tag")
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// Fails the test instead of hanging. Nothing here takes this long without a fault.
pub(crate) async fn in_time<F: Future>(future: F) -> F::Output {
    time::timeout(Duration::from_secs(60), future)
        .await
        .expect("an answer in time")
}

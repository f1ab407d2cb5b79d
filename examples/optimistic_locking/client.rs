//! An HTTP client that prints its requests and responses.

use std::error::Error;

use http_body_util::{BodyExt, Full};
use hyper::{
    Request, Response,
    body::Bytes,
    client::conn::http1,
    header::{HOST, HeaderValue},
    http::request::Builder,
};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// The response headers that are printed.
const PRINTED_HEADERS: [&str; 4] = [
    "etag",
    "content-location",
    "content-type",
    "preference-applied",
];

#[derive(Debug)]
pub(crate) struct Client {
    name: &'static str,
    host: String,
    connection: http1::SendRequest<Full<Bytes>>,
}

impl Client {
    pub(crate) async fn connect(name: &'static str, host: String) -> Result<Self, Box<dyn Error>> {
        let stream = TokioIo::new(TcpStream::connect(&host).await?);
        let (connection, driver) = http1::handshake(stream).await?;
        tokio::spawn(driver);
        Ok(Self {
            name,
            host,
            connection,
        })
    }

    pub(crate) async fn send(
        &mut self,
        request: Builder,
        text: &str,
    ) -> Result<Response<String>, Box<dyn Error>> {
        let mut request = request.body(Full::from(text.to_owned()))?;
        println!("\n{}", self.name);
        print_request(&request, text);
        request.headers_mut().insert(HOST, self.host.parse()?);

        self.connection.ready().await?;
        let (head, body) = self.connection.send_request(request).await?.into_parts();
        let content = body.collect().await?.to_bytes();
        let response = Response::from_parts(head, String::from_utf8(content.into())?);
        print_response(&response);
        Ok(response)
    }
}

fn print_request<B>(request: &Request<B>, text: &str) {
    println!(
        "> {} {} {:?}",
        request.method(),
        request.uri(),
        request.version()
    );
    for (name, value) in request.headers() {
        print_header('>', name.as_str(), value);
    }
    print_content('>', text);
}

fn print_response(response: &Response<String>) {
    println!("< {:?} {}", response.version(), response.status());
    for name in PRINTED_HEADERS {
        if let Some(value) = response.headers().get(name) {
            print_header('<', name, value);
        }
    }
    print_content('<', response.body());
}

fn print_header(side: char, name: &str, value: &HeaderValue) {
    println!(
        "{side} {name}: {}",
        String::from_utf8_lossy(value.as_bytes())
    );
}

fn print_content(side: char, text: &str) {
    for line in text.lines() {
        println!("{side}   {line}");
    }
}

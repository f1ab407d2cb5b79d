//! The requests of the pages, as the browsers report them.

use std::{fmt, sync::Mutex};

use serde_json::Value;

/// A request of a tab, and its response so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct BrowserRequest {
    /// The browser's name of the request, and the number of redirections before it.
    id: (String, u64),
    pub(crate) method: String,
    pub(crate) url: String,
    headers: Vec<(String, String)>,
    /// The status of the response, once it has begun.
    pub(crate) status: Option<u16>,
    response_headers: Vec<(String, String)>,
    /// The version of HTTP, such as `http/1.1`.
    pub(crate) protocol: String,
    /// The bytes of header and body that came over the network, with their content encoding.
    pub(crate) bytes_received: u64,
    /// The cache of the browser gave the response, and sent no request.
    pub(crate) is_from_cache: bool,
    /// The response has ended, or there is none.
    pub(crate) is_complete: bool,
    /// The reason why there is no complete response.
    pub(crate) error: Option<String>,
}

impl BrowserRequest {
    /// Returns the path and the query.
    pub(crate) fn path(&self) -> &str {
        let after = self.url.split_once("://").map_or("", |(_, rest)| rest);
        after.find('/').map_or("/", |start| &after[start..])
    }

    /// Returns a header of the request.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        find(&self.headers, name)
    }

    /// Returns a header of the response.
    pub(crate) fn response_header(&self, name: &str) -> Option<&str> {
        find(&self.response_headers, name)
    }

    /// Adds an event to the requests of a tab. Only HTTP counts.
    pub(super) fn record(requests: &Mutex<Vec<Self>>, method: &str, event: &Value) {
        let request = &event["request"];
        let url = request["url"].as_str().unwrap_or_default();
        if !url.starts_with("http") {
            return;
        }
        let name = request["request"].as_str().unwrap_or_default().to_owned();
        let id = (name, event["redirectCount"].as_u64().unwrap_or_default());
        let mut requests = requests.lock().unwrap();
        let place = requests.iter().rposition(|known| known.id == id);
        let place = place.unwrap_or_else(|| {
            requests.push(Self {
                id,
                method: request["method"].as_str().unwrap_or_default().to_owned(),
                url: url.to_owned(),
                ..Self::default()
            });
            requests.len() - 1
        });
        let known = &mut requests[place];
        // Later events know the headers that the network stack adds.
        known.headers = headers(&request["headers"]);
        let response = &event["response"];
        if let Some(status) = response["status"].as_u64() {
            known.status = u16::try_from(status).ok();
            known.response_headers = headers(&response["headers"]);
            known.bytes_received = response["bytesReceived"].as_u64().unwrap_or_default();
            known.protocol = response["protocol"].as_str().unwrap_or_default().to_owned();
            known.is_from_cache = response["fromCache"].as_bool().unwrap_or_default();
        }
        known.error = event["errorText"].as_str().map(str::to_owned);
        known.is_complete = matches!(method, "network.responseCompleted" | "network.fetchError");
    }
}

impl fmt::Display for BrowserRequest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { method, url, .. } = self;
        let status = self
            .status
            .map_or("no".to_owned(), |status| status.to_string());
        let bytes = self.bytes_received;
        let error = self.error.as_deref().unwrap_or_default();
        let end = if self.is_complete { "" } else { "so far" };
        write!(
            formatter,
            "{method} {url}: status {status}, {bytes} bytes {end} {error}"
        )
    }
}

fn headers(list: &Value) -> Vec<(String, String)> {
    let list = list.as_array().map(Vec::as_slice).unwrap_or_default();
    let pair = |header: &Value| {
        let value = header["value"]["value"].as_str()?;
        Some((header["name"].as_str()?.to_owned(), value.to_owned()))
    };
    list.iter().filter_map(pair).collect()
}

fn find<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let header = headers
        .iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(name));
    header.map(|(_, value)| value.as_str())
}

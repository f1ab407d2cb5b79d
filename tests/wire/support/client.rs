use super::{H1, H2, Reply, Server};

/// A connection of either version, for tests that are the same with both.
pub(crate) enum Client {
    H1(H1),
    H2(H2),
}

impl Client {
    pub(crate) async fn both(server: &Server) -> [Self; 2] {
        [
            Self::H1(H1::connect(server).await),
            Self::H2(H2::connect(server).await),
        ]
    }

    pub(crate) fn version(&self) -> &'static str {
        match self {
            Self::H1(_) => "HTTP/1.1",
            Self::H2(_) => "HTTP/2",
        }
    }

    /// Sends a request without content and reads the response. `fields` are whole lines.
    pub(crate) async fn request(&mut self, method: &str, path: &str, fields: &[&str]) -> Reply {
        match self {
            Self::H1(h1) => h1.request(method, path, fields).await,
            Self::H2(h2) => h2.request(method, path, fields).await,
        }
    }

    /// Sends a request with content and reads the response.
    pub(crate) async fn send(
        &mut self,
        method: &str,
        path: &str,
        fields: &[&str],
        content: &'static str,
    ) -> Reply {
        match self {
            Self::H1(h1) => {
                let length = format!("content-length: {}", content.len());
                let fields = [fields, &[&*length]].concat();
                h1.send_with(method, path, &fields, content).await;
                h1.reply(method).await.expect("a whole response")
            }
            Self::H2(h2) => h2.exchange(method, path, fields, content).await,
        }
    }
}

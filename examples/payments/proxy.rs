//! A proxy that cuts connections, as networks do.

use std::{future::pending, io, net::SocketAddr};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy},
    net::{TcpListener, TcpStream},
};

/// The place in an exchange where its connection is cut.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Cut {
    BeforeRequest,
    /// After the service has committed.
    BeforeAnswer,
    InAnswer,
    Nowhere,
}

/// Starts a proxy whose first connections are cut in these places. Returns its address.
pub(crate) async fn start(
    service: SocketAddr,
    cuts: impl IntoIterator<Item = Cut, IntoIter: Send> + Send + 'static,
) -> io::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let mut cuts = cuts.into_iter();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let cut = cuts.next().unwrap_or(Cut::Nowhere);
            // A broken connection is what this proxy is for.
            let _ = pass(client, service, cut).await;
        }
    });
    Ok(address)
}

impl Cut {
    fn text(self) -> &'static str {
        match self {
            Self::BeforeRequest => "cut before the request arrives",
            Self::BeforeAnswer => "cut after the commit, before the answer",
            Self::InAnswer => "cut in the middle of the answer",
            Self::Nowhere => "not cut",
        }
    }
}

async fn pass(mut client: TcpStream, service: SocketAddr, cut: Cut) -> io::Result<()> {
    println!("- the connection is {}", cut.text());
    if matches!(cut, Cut::BeforeRequest) {
        return Ok(());
    }
    let mut service = TcpStream::connect(service).await?;
    let (mut from_client, mut to_client) = client.split();
    let (mut from_service, mut to_service) = service.split();
    let sent = async {
        copy(&mut from_client, &mut to_service).await?;
        pending::<io::Result<()>>().await
    };
    let mut answer = Vec::new();
    tokio::select! {
        sent = sent => sent?,
        // The service closes the connection after its answer.
        read = from_service.read_to_end(&mut answer) => drop(read?),
    }
    let passed = match cut {
        Cut::BeforeRequest | Cut::BeforeAnswer => 0,
        // The head, and a part of the content.
        Cut::InAnswer => answer.len() - 10,
        Cut::Nowhere => answer.len(),
    };
    to_client.write_all(&answer[..passed]).await
}

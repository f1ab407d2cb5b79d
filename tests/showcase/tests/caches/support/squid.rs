//! Squid as a reverse proxy.

use std::{fs, net::SocketAddr};

use super::process::{Process, program};

pub(crate) async fn start(origin: SocketAddr) -> Process {
    Process::start("squid", |folder, listen| {
        let configuration = include_str!("squid.conf")
            .replace("LISTEN", &listen.to_string())
            .replace("ORIGIN_HOST", &origin.ip().to_string())
            .replace("ORIGIN_PORT", &origin.port().to_string())
            .replace("FOLDER", folder.to_str().expect("a path in UTF-8"));
        let file = folder.join("squid.conf");
        fs::write(&file, configuration).unwrap();
        let mut squid = program("squid");
        // One process in the foreground.
        squid.args(["-N", "-f"]).arg(file);
        squid
    })
    .await
}

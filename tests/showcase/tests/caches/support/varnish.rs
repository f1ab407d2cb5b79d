//! Varnish, with its module for surrogate keys.

use std::{fs, net::SocketAddr};

use super::process::{Process, program};

const PACKAGES: &str = "varnish varnish-modules";

/// The parameters. Some keep Varnish small.
///
/// `default_grace`: by default Varnish uses stale responses for 10 seconds, whatever the origin
/// says. With 0, `stale-while-revalidate` decides.
///
/// `default_keep`: stale responses are kept for longer, so that they can be revalidated with their
/// tag.
const PARAMETERS: [&str; 5] = [
    "default_grace=0",
    "default_keep=60",
    "thread_pools=1",
    "thread_pool_min=10",
    "vsl_space=1M",
];

/// The server that handles codings.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Codings {
    /// The origin: variants are separated by `Vary`.
    Origin,
    /// Varnish, which is the default. It asks for gzip alone, and decodes the content for other
    /// clients. The tag then becomes weak.
    Varnish,
}

impl Codings {
    fn parameter(self) -> &'static str {
        match self {
            Self::Origin => "http_gzip_support=off",
            Self::Varnish => "http_gzip_support=on",
        }
    }
}

pub(crate) async fn start(origin: SocketAddr, codings: Codings) -> Process {
    Process::start(PACKAGES, |folder, listen| {
        let configuration = include_str!("varnish.vcl")
            .replace("ORIGIN_HOST", &origin.ip().to_string())
            .replace("ORIGIN_PORT", &origin.port().to_string());
        fs::write(folder.join("varnish.vcl"), configuration).unwrap();
        let mut varnishd = program("varnishd");
        // Varnish runs in the foreground, as the user of the tests, without a port for commands.
        varnishd.args(["-F", "-j", "none", "-T", "none", "-s", "malloc,16M"]);
        varnishd.args(PARAMETERS.iter().flat_map(|parameter| ["-p", parameter]));
        varnishd.args(["-p", codings.parameter()]);
        varnishd.arg("-a").arg(listen.to_string());
        varnishd.arg("-n").arg(folder.join("work"));
        varnishd.arg("-f").arg(folder.join("varnish.vcl"));
        varnishd.arg("-P").arg(folder.join("pid"));
        varnishd
    })
    .await
}

//! nginx, with its `proxy_cache` and a module that purges.

use std::{fs, net::SocketAddr};

use super::process::{Process, program};

const PACKAGES: &str = "nginx libnginx-mod-http-cache-purge";

/// The way in which nginx separates what it stores of one URL.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Codings {
    /// By `Vary`, like all variants.
    Vary,
    /// By the key, so that each coding can be purged. Then `Vary` may name nothing else.
    Key,
    /// By `Vary`, and in parts of 1 KiB, which nginx asks for as ranges. Each part is purged alone,
    /// with its `Range`.
    Slices,
}

impl Codings {
    fn key(self) -> &'static str {
        match self {
            Self::Vary => "$http_host$request_uri",
            Self::Key => "$http_host$request_uri$coding",
            Self::Slices => "$http_host$request_uri$slice_range",
        }
    }

    fn directives(self) -> &'static str {
        match self {
            Self::Vary => "",
            Self::Key => "proxy_set_header Accept-Encoding $coding; proxy_ignore_headers Vary;",
            Self::Slices => "proxy_set_header Range $slice_range;",
        }
    }

    fn slices(self) -> &'static str {
        match self {
            Self::Vary | Self::Key => "",
            Self::Slices => "slice 1k;",
        }
    }
}

pub(crate) async fn start(origin: SocketAddr, codings: Codings) -> Process {
    let modules = modules();
    Process::start(PACKAGES, |folder, listen| {
        let configuration = include_str!("nginx.conf")
            .replace("MODULES", &modules)
            .replace("LISTEN", &listen.to_string())
            .replace("ORIGIN", &origin.to_string())
            .replace("KEY", codings.key())
            .replace("CODINGS", codings.directives())
            .replace("SLICES", codings.slices());
        fs::write(folder.join("nginx.conf"), configuration).unwrap();
        fs::create_dir_all(folder.join("temp")).unwrap();
        let mut nginx = program("nginx");
        nginx.args(["-e", "stderr", "-c", "nginx.conf", "-p"]);
        nginx.arg(folder);
        nginx
    })
    .await
}

/// Returns the directory of the modules of this nginx, from
/// `--modules-path=/usr/lib/nginx/modules`.
fn modules() -> String {
    let built = program("nginx").arg("-V").output();
    let built = built.unwrap_or_else(|error| panic!("please install {PACKAGES}: {error}"));
    let built = String::from_utf8_lossy(&built.stderr);
    let mut arguments = built.split_whitespace();
    let path = arguments.find_map(|argument| argument.strip_prefix("--modules-path="));
    path.expect("an nginx that loads modules").to_owned()
}

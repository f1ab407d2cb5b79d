//! The requests that are measured.

use axum::body::Body;
use bytes::Bytes;
use http::{Method, Request, header, request::Parts};

pub const KIB: usize = 1 << 10;
pub const MIB: usize = 1 << 20;
const FRAMES: usize = 64;

/// One request and the answer that the handler gives to it.
#[derive(Clone)]
pub struct Case {
    pub name: &'static str,
    pub method: Method,
    pub content: Bytes,
    pub frames: usize,
    /// The body knows its exact length.
    pub sized: bool,
    pub content_type: &'static str,
    /// The handler sets an `ETag` of its own.
    pub own_tag: bool,
    /// A layer that hashes is to be given a limit below the content's length.
    pub too_large: bool,
    /// The request carries the current tag, so the answer is to be 304.
    pub revalidates: bool,
}

impl Case {
    fn get(name: &'static str, size: usize) -> Self {
        let content: Vec<u8> = (0..size).map(|i| b' ' + (i % 89) as u8).collect();
        Self {
            name,
            method: Method::GET,
            content: content.into(),
            frames: 1,
            sized: true,
            content_type: "application/json",
            own_tag: false,
            too_large: false,
            revalidates: false,
        }
    }

    /// The 1 KiB request that instructions are counted for.
    pub fn one_kib() -> Self {
        Self::get("1 KiB", KIB)
    }

    /// The bodies that are hashed, and as the last one a body of unknown length, which is not.
    pub fn bodies() -> Vec<Self> {
        let mut framed = Self::get("1 MiB in 64 frames", MIB);
        framed.frames = FRAMES;
        let mut unsized_frames = framed.clone();
        unsized_frames.name = "the same, length unknown";
        unsized_frames.sized = false;
        vec![
            Self::get("0", 0),
            Self::get("256 B", 256),
            Self::one_kib(),
            Self::get("64 KiB", 64 * KIB),
            Self::get("1 MiB", MIB),
            framed,
            unsized_frames,
        ]
    }

    /// The requests that a layer has to let through as they are.
    pub fn nothing_to_do() -> Vec<Self> {
        let case = |name, change: fn(&mut Self)| {
            let mut case = Self::get(name, KIB);
            change(&mut case);
            case
        };
        vec![
            case("POST", |case| case.method = Method::POST),
            case("event stream", |case| {
                case.content_type = "text/event-stream";
                case.sized = false;
            }),
            case("too large", |case| case.too_large = true),
            case("own tag", |case| case.own_tag = true),
        ]
    }

    /// The same request, sent by a client that has the current representation.
    pub fn revalidating(&self) -> Self {
        Self {
            revalidates: true,
            ..self.clone()
        }
    }

    /// The request that the bare service answers: it knows no conditions.
    pub fn bare(&self) -> Self {
        Self {
            revalidates: false,
            ..self.clone()
        }
    }

    pub fn limit(&self) -> usize {
        if self.too_large {
            self.content.len() / 2
        } else {
            MIB
        }
    }

    pub fn frame_size(&self) -> usize {
        self.content.len() / self.frames
    }

    /// The content cut as the body gives it.
    pub fn cut(&self) -> Vec<Bytes> {
        if self.content.is_empty() {
            return Vec::new();
        }
        let size = self.frame_size();
        (0..self.frames)
            .map(|frame| self.content.slice(frame * size..(frame + 1) * size))
            .collect()
    }

    /// The head that is cloned for every request: it stands for what a server parses.
    pub fn request(&self) -> Parts {
        let request = Request::builder()
            .method(self.method.clone())
            .uri("/notes/1")
            .header(header::HOST, "localhost:3000")
            .header(header::USER_AGENT, "bench/1.0")
            .header(header::ACCEPT, "*/*")
            .body(Body::empty())
            .expect("a valid request");
        request.into_parts().0
    }
}

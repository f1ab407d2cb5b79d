//! The requests that are measured.

use axum::body::Body;
use bytes::Bytes;
use http::{Method, Request, header, request::Parts};

pub const KIB: usize = 1 << 10;
pub const MIB: usize = 1 << 20;
const FRAMES: usize = 64;

/// A request and the response of the handler.
#[derive(Clone)]
pub struct Case {
    pub name: &'static str,
    pub method: Method,
    pub content: Bytes,
    pub frames: usize,
    /// A body that knows its exact length.
    pub sized: bool,
    pub content_type: &'static str,
    /// A handler that sets its own `ETag`.
    pub own_tag: bool,
    /// A handler that sets its own `Cache-Control`, stricter than any policy.
    pub own_policy: bool,
    /// A limit of the hashing layer that is below the length of the content.
    pub too_large: bool,
    pub condition: Condition,
}

/// The condition of a request, and so the expected response.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Condition {
    None,
    /// `If-None-Match` with the current tag: 304.
    Has,
    /// `If-None-Match` with another tag: 200.
    HasOther,
    /// `If-Match` with the current tag: 200.
    Expects,
    /// `If-Match` with another tag: 412.
    ExpectsOther,
}

/// A tag as long as those of this crate.
const OTHER_TAG: &[u8] = b"\"of-another-state------\"";

impl Condition {
    pub const fn status(self) -> u16 {
        match self {
            Self::None | Self::HasOther | Self::Expects => 200,
            Self::Has => 304,
            Self::ExpectsOther => 412,
        }
    }

    /// Returns the header of the condition and its value, for a contender whose tag is `current`.
    ///
    /// # Panics
    ///
    /// Panics if a tag is needed and there is none.
    pub fn field(self, current: Option<&[u8]>) -> Option<(&'static str, Vec<u8>)> {
        let current = || current.expect("the contender sets an ETag");
        match self {
            Self::None => None,
            Self::Has => Some(("if-none-match", current().to_owned())),
            Self::HasOther => Some(("if-none-match", OTHER_TAG.to_owned())),
            Self::Expects => Some(("if-match", current().to_owned())),
            Self::ExpectsOther => Some(("if-match", OTHER_TAG.to_owned())),
        }
    }
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
            own_policy: false,
            too_large: false,
            condition: Condition::None,
        }
    }

    /// Returns the 1 KiB request whose instructions are counted.
    pub fn one_kib() -> Self {
        Self::get("1 KiB", KIB)
    }

    /// Returns the bodies that are hashed, and as the last one a body of unknown length, which is
    /// not.
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

    /// Returns the requests that a layer must pass unchanged.
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

    /// Returns the requests that a layer with a source answers or passes before the service runs,
    /// and the same without a condition.
    pub fn known_before() -> Vec<Self> {
        let [get, large] = [Self::one_kib(), Self::get("1 MiB", MIB)];
        let put = Self {
            name: "PUT",
            method: Method::PUT,
            ..get.clone()
        };
        let with = |case: &Self, conditions: &[Condition]| -> Vec<_> {
            let with = |condition: &Condition| case.with(*condition);
            conditions.iter().map(with).collect()
        };
        use Condition::{Expects, ExpectsOther, Has, HasOther, None};
        [
            with(&get, &[None, Has, HasOther]),
            with(&large, &[None, Has]),
            with(&put, &[None, Expects, ExpectsOther]),
        ]
        .concat()
    }

    /// Returns the responses that a cache policy is set on, or merged with.
    pub fn policies() -> Vec<Self> {
        let own = Self {
            name: "own Cache-Control",
            own_policy: true,
            ..Self::one_kib()
        };
        vec![Self::one_kib(), own]
    }

    pub fn with(&self, condition: Condition) -> Self {
        Self {
            condition,
            ..self.clone()
        }
    }

    /// Returns the same request from a client that has the current representation.
    pub fn revalidating(&self) -> Self {
        self.with(Condition::Has)
    }

    pub fn is_conditional(&self) -> bool {
        self.condition != Condition::None
    }

    /// Returns `true` if the client reads.
    pub fn reads(&self) -> bool {
        self.method == Method::GET
    }

    /// Returns the name with the condition.
    pub fn title(&self) -> String {
        let name = self.name;
        match self.condition {
            Condition::None => name.to_owned(),
            Condition::Has => format!("{name}, 304"),
            Condition::HasOther => format!("{name}, other tag"),
            Condition::Expects => format!("{name}, If-Match"),
            Condition::ExpectsOther => format!("{name}, 412"),
        }
    }

    /// Returns the request for the bare service, which evaluates no conditions.
    pub fn bare(&self) -> Self {
        self.with(Condition::None)
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

    /// Returns the content as the frames of the body.
    pub fn cut(&self) -> Vec<Bytes> {
        if self.content.is_empty() {
            return Vec::new();
        }
        let size = self.frame_size();
        (0..self.frames)
            .map(|frame| self.content.slice(frame * size..(frame + 1) * size))
            .collect()
    }

    /// Returns the head that is cloned for every request, in place of what a server parses.
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

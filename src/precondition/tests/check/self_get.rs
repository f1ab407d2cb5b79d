//! The service as its own source.

use std::{
    convert::Infallible,
    future::ready,
    sync::{Arc, Mutex, Weak},
};

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Request, Response, StatusCode, request::Parts};
use http_body::SizeHint;
use tower::layer::util::Stack;

use crate::precondition::tests::{representation, resource, status};
use crate::{
    EtagLayer, PreconditionLayer, StateRefLayer,
    handler::PreconditionFailed,
    source::{OnSourceError, SelfGet},
    test_support::{Act, Log, ScriptedBody, Upload, content, knows, read, request, send, tagged},
};

fn layer() -> PreconditionLayer<(), SelfGet> {
    PreconditionLayer::self_get(SelfGet::inner_tells_methods_apart().writers_may_read())
}

/// R-9110-13.1.1-b, R-9110-13.1.1-c, R-9110-13.1.2-f, R-9110-13.2.1-b.
#[test]
fn the_service_returns_the_current_state() {
    let stored = Some("\"1\"");
    for (stored, method, field, expected) in [
        (stored, "PUT", ("if-match", "\"1\""), 204),
        (stored, "PUT", ("if-match", "\"0\""), 412),
        (stored, "PUT", ("if-match", "W/\"1\""), 412),
        (stored, "PUT", ("if-none-match", "*"), 412),
        (stored, "FOO", ("if-none-match", "\"1\""), 412),
        (None, "PUT", ("if-none-match", "*"), 204),
        (None, "PUT", ("if-match", "*"), 412),
        (None, "PUT", ("if-match", "\"1\""), 412),
        (None, "DELETE", ("if-match", "\"1\""), 404),
    ] {
        let log = Log::default();
        let answer = send(
            &layer(),
            request(method, "/", [field]),
            resource(stored, &log),
        );
        assert_eq!(answer.status(), expected, "{method} {field:?}");
        assert_eq!(log.take().len(), usize::from(expected == 204));
    }
}

/// Issue 11, A.9: the meaning of the answer's status; see `SelfGet`.
#[test]
fn every_status_has_a_meaning() {
    for (asked, stale, current) in [
        (200, 412, 204),
        (203, 412, 204),
        (204, 412, 204),
        (404, 412, 412),
        (410, 412, 412),
        (301, 301, 301),
        (304, 503, 503),
        (308, 308, 308),
        (401, 401, 401),
        (403, 403, 403),
        (407, 407, 407),
        (405, 204, 204),
        (501, 204, 204),
        (206, 503, 503),
        (400, 400, 400),
        (414, 414, 414),
        (422, 422, 422),
        (429, 429, 429),
        (500, 503, 503),
        (503, 503, 503),
    ] {
        for (tag, expected) in [("\"0\"", stale), ("\"1\"", current)] {
            let put = request("PUT", "/", [("if-match", tag)]);
            let answer = send(&layer(), put, move |request: Request<Upload>| {
                if request.method() != Method::GET {
                    return status(StatusCode::NO_CONTENT);
                }
                let mut answer = representation("\"1\"");
                *answer.status_mut() = StatusCode::from_u16(asked).unwrap();
                answer
            });
            assert_eq!(answer.status(), expected, "{asked} {tag}");
        }
    }
}

/// Content that breaks while it is read for a tag shows no state: no condition is true or false.
#[test]
fn a_state_whose_content_breaks_is_no_state() {
    let contents = [
        vec![Act::data("hello"), Act::Error],
        vec![Act::data("hel")],
        vec![Act::data("hello!")],
    ];
    for acts in contents {
        for layer in [
            layer(),
            PreconditionLayer::self_get(SelfGet::inner_tells_methods_apart()),
        ] {
            for condition in [
                ("if-match", "\"1\""),
                ("if-match", "*"),
                ("if-none-match", "*"),
            ] {
                let log = Log::default();
                let (runs, acts) = (log.clone(), acts.clone());
                let layers = Stack::new(EtagLayer::new(), layer.clone());
                let put = request("PUT", "/", [condition]);
                let answer = send(&layers, put, move |request: Request<Upload>| {
                    if request.method() == Method::GET {
                        let content = ScriptedBody::sized(acts.clone());
                        return Response::new(content.with_hint(SizeHint::with_exact(5)));
                    }
                    runs.note("written");
                    status(StatusCode::NO_CONTENT)
                });
                assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
                assert!(log.take().is_empty(), "{condition:?}");
            }
        }
    }
}

/// A caller who may not read gets the same answer for every state and every condition: the
/// `GET` has the caller's credentials.
#[test]
fn a_caller_who_may_not_read_learns_nothing() {
    let answers = [None, Some("\"1\"")].into_iter().flat_map(|stored| {
        [
            ("if-match", "\"1\""),
            ("if-match", "\"0\""),
            ("if-none-match", "*"),
        ]
        .map(|condition| {
            let log = Log::default();
            let inner = resource(stored, &log);
            let layer = layer().require().on_source_error(OnSourceError::Proceed);
            let guest = request("DELETE", "/", [condition, ("authorization", "guest")]);
            let answer = send(&layer, guest, move |request: Request<Upload>| {
                if request.headers()["authorization"] == "guest" {
                    return status(StatusCode::FORBIDDEN);
                }
                inner(request)
            });
            let status = answer.status().as_u16();
            let fields = answer.headers().clone();
            (status, fields, content(&read(answer.into_body())))
        })
    });
    let answers: Vec<_> = answers.collect();
    assert_eq!(answers[0].0, 403);
    assert!(answers.iter().all(|answer| *answer == answers[0]));
}

/// The `GET` has the request's headers, without conditions and without those that describe
/// content.
#[test]
fn the_get_is_the_one_that_the_client_would_send() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let put = request(
        "PUT",
        "/notes/1?a=b",
        [
            ("if-match", "\"1\""),
            ("authorization", "Bearer x"),
            ("cookie", "a=1"),
            ("cookie", "b=2"),
            ("accept-encoding", "gzip"),
            ("content-type", "text/plain"),
            ("content-length", "1073741824"),
            ("range", "bytes=0-"),
            ("prefer", "return=minimal"),
            ("idempotency-key", "7"),
        ],
    );
    let requests = Arc::clone(&seen);
    let answer = send(&layer(), put, move |request: Request<Upload>| {
        let head = (request.method().clone(), request.uri().clone());
        requests
            .lock()
            .unwrap()
            .push((head, request.headers().clone()));
        representation("\"1\"")
    });
    assert_eq!(answer.status(), 200);
    let seen = seen.lock().unwrap();
    let [(get, fields), (put, whole)] = &seen[..] else {
        panic!("{} requests", seen.len());
    };
    assert_eq!((get.0.as_str(), put.0.as_str()), ("GET", "PUT"));
    assert_eq!(get.1, put.1);
    let mut names: Vec<_> = fields.keys().map(|name| name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["accept-encoding", "authorization", "cookie"]);
    assert_eq!(fields.get_all("cookie").iter().count(), 2);
    assert_eq!(whole.len(), 11);
}

/// The answer to the `GET` is dropped before the write begins. Its content may hold a
/// connection that the write needs.
#[test]
fn the_answer_is_dropped_before_the_write() {
    let content = Arc::new(Mutex::new(Weak::new()));
    let put = request("PUT", "/", [("if-match", "\"1\"")]);
    let answer = send(&layer(), put, move |request: Request<Upload>| {
        let mut content = content.lock().unwrap();
        if request.method() == Method::GET {
            let held = Arc::new([0]);
            *content = Arc::downgrade(&held);
            let mut answer = representation("\"1\"");
            let bytes = Bytes::from_owner(Held(held));
            *answer.body_mut() = ScriptedBody::sized([Act::Data(bytes)]);
            return answer;
        }
        assert!(content.upgrade().is_none(), "the content is still there");
        status(StatusCode::NO_CONTENT)
    });
    assert_eq!(answer.status(), 204);
}

/// Issue 12: the handler's failed answer is dropped before the `GET`, for the same reason.
#[test]
fn the_failed_answer_is_dropped_before_the_get() {
    let failed_content = Arc::new(Mutex::new(Weak::new()));
    let source = knows(tagged("1"));
    let layer = PreconditionLayer::new(source)
        .with_self_get(SelfGet::inner_tells_methods_apart().writers_may_read());
    let put = request("PUT", "/", [("if-match", "\"1\"")]);
    let answer = send(&layer, put, move |request: Request<Upload>| {
        let mut failed_content = failed_content.lock().unwrap();
        if request.method() == Method::GET {
            assert!(
                failed_content.upgrade().is_none(),
                "the content is still there"
            );
            return representation("\"2\"");
        }
        let held = Arc::new([0]);
        *failed_content = Arc::downgrade(&held);
        let failed = PreconditionFailed::with_current(tagged("2"));
        let answer = Response::<Bytes>::from(failed);
        let bytes = Bytes::from_owner(Held(held));
        answer.map(|_| ScriptedBody::sized([Act::Data(bytes)]))
    });
    assert_eq!(answer.status(), 412);
    // If the `GET` panics, the representation is left out.
    assert_eq!(content(&read(answer.into_body())), b"hello");
}

/// Content that shows if it has been dropped.
struct Held(Arc<[u8; 1]>);

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        &*self.0
    }
}

/// R-9110-8.8-d: the tag of a successful write is that of the next `GET`, and the next
/// `If-Match` accepts it.
#[test]
fn a_write_can_be_followed_by_another() {
    let version = Arc::new(Mutex::new(1));
    let service = move |request: Request<Upload>| {
        let mut version = version.lock().unwrap();
        if request.method() == Method::PUT {
            *version += 1;
        }
        representation(&format!("\"{version}\""))
    };
    let mut tag = "\"1\"".to_owned();
    for _ in 0..3 {
        let put = request("PUT", "/", [("if-match", &*tag)]);
        let answer = send(&layer(), put, service.clone());
        assert_eq!(answer.status(), 200);
        let get = send(&layer(), request("GET", "/", []), service.clone());
        assert_eq!(answer.headers()["etag"], get.headers()["etag"]);
        let again = request("PUT", "/", [("if-match", &*tag)]);
        assert_eq!(send(&layer(), again, service.clone()).status(), 412);
        tag = get.headers()["etag"].to_str().unwrap().to_owned();
    }
}

/// Issue 11, B.4: a client with the latest state may change it. The `GET` gets the whole
/// state, and no 304.
#[test]
fn a_state_reference_stops_no_write() {
    let latest = |_: &Parts| ready(Ok::<_, Infallible>(Some(HeaderValue::from_static("17"))));
    let reads = StateRefLayer::new(HeaderName::from_static("x-notes-ref"), latest);
    let log = Log::default();
    for (tag, expected) in [("\"1\"", 204), ("\"0\"", 412)] {
        let put = request("PUT", "/", [("if-match", tag), ("x-notes-ref", "17")]);
        let layers = Stack::new(reads.clone(), layer());
        let answer = send(&layers, put, resource(Some("\"1\""), &log));
        assert_eq!(answer.status(), expected, "{tag}");
    }
    assert_eq!(log.take(), ["PUT"]);
}

/// Issue 11, A.1: a redirection may lead to the representation, for example by a signed
/// URL. A writer who may not read does not get it.
#[test]
fn a_redirection_is_not_shown() {
    let secret = "https://files.example/1?signature=abc";
    let layer = || PreconditionLayer::self_get(SelfGet::inner_tells_methods_apart());
    let condition = Some(("if-match", "\"1\""));
    for (layer, condition, expected) in [
        (layer(), condition, 412),
        (layer().require(), condition, 412),
        (layer().require(), None, 428),
        (layer().proceed_when_unknown(), condition, 204),
    ] {
        let put = request("PUT", "/", condition);
        let answer = send(&layer, put, move |request: Request<Upload>| {
            if request.method() != Method::GET {
                return status(StatusCode::NO_CONTENT);
            }
            let mut answer = status(StatusCode::FOUND);
            answer
                .headers_mut()
                .insert("location", secret.parse().unwrap());
            answer
        });
        assert_eq!(answer.status(), expected);
        assert!(!answer.headers().contains_key("location"));
    }
}

/// Issue 11, A.1: no preference shows a representation that is withheld. The answer blames
/// no preference for it.
#[test]
fn a_preference_shows_nothing_that_is_withheld() {
    let layer = PreconditionLayer::new(knows(tagged("1")))
        .with_self_get(SelfGet::inner_tells_methods_apart());
    let put = request(
        "PUT",
        "/",
        [("if-match", "\"0\""), ("prefer", "return=minimal")],
    );
    let answer = send(&layer, put, resource(Some("\"1\""), &Log::default()));
    assert_eq!(answer.status(), 412);
    assert_eq!(answer.headers()["etag"], "\"1\"");
    assert!(!answer.headers().contains_key("preference-applied"));
    assert!(!answer.headers().contains_key("vary"));
}

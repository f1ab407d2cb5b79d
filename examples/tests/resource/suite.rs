//! The behavior of a note over HTTP, the same for every database and driver.

use axum::{
    Router,
    body::Body,
    http::{
        Request, Response,
        header::{ALLOW, CONTENT_LENGTH, ETAG, LOCATION},
    },
};
use http_body_util::BodyExt;
use tokio::task::JoinSet;
use tower::ServiceExt;
use tower_conditional::{ConditionalLayer, EntityTag, VersionTags, resource::wrap};

/// Tests the routes of the notes. The database is empty, `tags` are those of the note 1, and
/// `handlers` has the methods of a note without their layers.
pub(crate) async fn check(app: Router, handlers: Router, tags: VersionTags) {
    let notes = Notes { app, tags };
    let missing = notes.send("GET", "/notes/1", &[], "").await;
    assert_eq!(missing.status(), 404);
    let created = notes.send("POST", "/notes", &[], "one").await;
    assert_eq!(created.status(), 201);
    assert_eq!(created.headers()[LOCATION], "/notes/1");

    notes.check_reads().await;
    notes.check_writes().await;
    notes.check_refusals_by_the_router().await;
    // The race runs through the layers, and against the handlers alone.
    notes.check_race(&notes.app).await;
    notes.check_race(&handlers).await;
    notes.check_removal().await;
}

/// Sends one request to `app`, with the layer of `main`.
async fn send(
    app: &Router,
    method: &str,
    path: &str,
    fields: &[(&str, &str)],
    text: &'static str,
) -> Response<String> {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in fields {
        request = request.header(*name, *value);
    }
    let request = request.body(Body::from(text)).unwrap();
    let app = wrap(app.clone(), ConditionalLayer::new());
    let (head, body) = app.oneshot(request).await.unwrap().into_parts();
    let content = body.collect().await.unwrap().to_bytes();
    Response::from_parts(head, String::from_utf8(content.to_vec()).unwrap())
}

struct Notes {
    app: Router,
    tags: VersionTags,
}

impl Notes {
    async fn send(
        &self,
        method: &str,
        path: &str,
        fields: &[(&str, &str)],
        text: &'static str,
    ) -> Response<String> {
        send(&self.app, method, path, fields, text).await
    }

    /// Returns the text and the tag of the note 1.
    async fn read(&self) -> (String, String) {
        let read = self.send("GET", "/notes/1", &[], "").await;
        assert_eq!(read.status(), 200);
        let tag = read.headers()[ETAG].to_str().unwrap().to_owned();
        (read.into_body(), tag)
    }

    fn version(&self, tag: &str) -> i64 {
        let tag: EntityTag = tag.parse().unwrap();
        self.tags.parse_number(tag.as_ref()).expect("a version")
    }

    async fn check_reads(&self) {
        let (text, tag) = self.read().await;
        assert_eq!(text, "one");
        for method in ["GET", "HEAD"] {
            let known = [("if-none-match", &*tag)];
            let known = self.send(method, "/notes/1", &known, "").await;
            assert_eq!((known.status().as_u16(), &**known.body()), (304, ""));
            assert_eq!(known.headers()[ETAG], tag);
            assert_eq!(known.headers().get(CONTENT_LENGTH), None);
        }
        let other = [("if-none-match", "\"other\"")];
        let other = self.send("GET", "/notes/1", &other, "").await;
        assert_eq!((other.status().as_u16(), &**other.body()), (200, "one"));
    }

    async fn check_writes(&self) {
        let (_, first) = self.read().await;
        let bare = self.send("PUT", "/notes/1", &[], "two").await;
        assert_eq!(bare.status(), 428);
        assert_eq!(self.read().await, ("one".into(), first.clone()));
        let condition = [("if-match", &*first)];
        let written = self.send("PUT", "/notes/1", &condition, "two").await;
        assert_eq!(written.status(), 204);
        let (text, second) = self.read().await;
        assert_eq!(text, "two");
        assert_eq!(self.version(&second), self.version(&first) + 1);

        let version = self.version(&second);
        let of_another_note = VersionTags::of("notes", 2).number(version).to_string();
        for (method, tag) in [
            ("PUT", &first),
            ("DELETE", &first),
            ("PUT", &of_another_note),
        ] {
            let condition = [("if-match", &**tag)];
            let stale = self.send(method, "/notes/1", &condition, "three").await;
            assert_eq!((stale.status().as_u16(), &**stale.body()), (412, "two"));
            assert_eq!(stale.headers()[ETAG], second);
        }
        let any = [("if-match", "*")];
        let written = self.send("PUT", "/notes/1", &any, "three").await;
        assert_eq!(written.status(), 204);
        assert_eq!(self.read().await.0, "three");
    }

    /// Checks that routing comes before every condition.
    async fn check_refusals_by_the_router(&self) {
        let (_, tag) = self.read().await;
        for condition in [&[][..], &[("if-match", &*tag)]] {
            let patched = self.send("PATCH", "/notes/1", condition, "").await;
            assert_eq!(patched.status(), 405);
            assert_eq!(patched.headers()[ALLOW], "GET,HEAD,PUT,DELETE");
        }
        let elsewhere = self.send("PUT", "/other", &[], "").await;
        assert_eq!(elsewhere.status(), 404);
        // A `PUT` might create the note, so a client must name the version that it replaces.
        let condition = [("if-match", &*tag)];
        for (method, condition, status) in [
            ("GET", &[][..], 404),
            ("DELETE", &[], 404),
            ("PUT", &[], 428),
            ("PUT", &condition, 412),
            ("DELETE", &condition, 404),
        ] {
            let missing = self.send(method, "/notes/9", condition, "").await;
            assert_eq!(missing.status(), status, "{method} {condition:?}");
        }
    }

    /// Checks that one of 64 writers with one tag wins.
    async fn check_race(&self, app: &Router) {
        let (_, before) = self.read().await;
        let mut writers = JoinSet::new();
        for _ in 0..64 {
            let (app, tag) = (app.clone(), before.clone());
            writers.spawn(async move {
                let condition = [("if-match", &*tag)];
                let put = send(&app, "PUT", "/notes/1", &condition, "raced").await;
                put.status().as_u16()
            });
        }
        let mut statuses = writers.join_all().await;
        statuses.sort_unstable();
        assert_eq!(statuses, [&[204][..], &[412; 63]].concat());
        let (text, after) = self.read().await;
        assert_eq!(text, "raced");
        assert_eq!(self.version(&after), self.version(&before) + 1);
    }

    async fn check_removal(&self) {
        let (_, tag) = self.read().await;
        let bare = self.send("DELETE", "/notes/1", &[], "").await;
        assert_eq!(bare.status(), 428);
        let condition = [("if-match", &*tag)];
        let removed = self.send("DELETE", "/notes/1", &condition, "").await;
        assert_eq!(removed.status(), 204);
        let gone = self.send("GET", "/notes/1", &[], "").await;
        assert_eq!(gone.status(), 404);
        // A new note has another path, and so another tag.
        let created = self.send("POST", "/notes", &[], "one").await;
        assert_eq!(created.headers()[LOCATION], "/notes/2");
    }
}

/// The parts of names by which a line counts as one for the library.
const NAMES: [&str; 9] = [
    "guard",
    "source",
    "scope",
    "target",
    "route::",
    "route.",
    "tags",
    "withvalidators",
    "expected",
];

/// Checks a module against the table in the README: at most 5 lines of wiring, and at most 3 in
/// each handler.
pub(crate) fn check_lines(path: &str, module: &str) {
    let [wiring, handlers @ ..] = count_lines(module);
    assert!(wiring <= 5 && handlers.iter().all(|lines| *lines <= 3));
    let [read, replace, remove] = handlers;
    let row = format!("({path}) | {wiring} | {read} | {replace} | {remove} |");
    let readme = include_str!("../../other_drivers/README.md");
    assert!(readme.contains(&row), "{row}");
}

/// Counts the lines for the library.
///
/// The wiring is in `app`, `tags` and `version`, with the `wrap` of `main`. The handlers are
/// `read`, `replace` and `remove`, with their signatures.
fn count_lines(module: &str) -> [usize; 4] {
    let function = |name: &str| {
        let (_, function) = module.split_once(&format!("fn {name}("))?;
        Some(function.split_once("\n}\n")?.0)
    };
    let count = |code: &str| {
        let code = code.to_lowercase();
        let is_ours = |line: &&str| NAMES.iter().any(|name| line.contains(name));
        code.lines().filter(is_ours).count()
    };
    let body = |name| Some(function(name)?.split_once(" {\n")?.1);
    let wired = ["app", "tags", "version"].into_iter().filter_map(body);
    let wiring = wired.map(count).sum::<usize>() + 1;
    let [read, replace, remove] =
        ["read", "replace", "remove"].map(|name| count(function(name).expect(name)));
    [wiring, read, replace, remove]
}

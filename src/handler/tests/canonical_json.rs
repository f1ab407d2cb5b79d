//! Responses in the canonical form of JSON.

use std::{
    collections::{BTreeMap, HashMap},
    convert::Infallible,
};

use bytes::Bytes;
use http::{Request, Response, StatusCode, header};
use http_body_util::Full;
use serde::Serialize;
use serde_json::{Value, json};
use tower::{Layer, ServiceExt, service_fn};

use crate::{EtagLayer, handler::CanonicalJson};

/// Members in the order of a release, and numbers of each kind.
#[derive(Serialize)]
enum Shape {
    Unit,
    Newtype(f32),
    Tuple(u8, i64),
    Struct { z: Option<f64>, a: Inner },
}

#[derive(Serialize)]
struct Inner {
    text: String,
    list: Vec<(char, bool)>,
    #[serde(flatten)]
    more: BTreeMap<String, Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    skipped: Option<u8>,
}

#[derive(Serialize)]
struct Wrapped(f64);

#[derive(Serialize)]
struct Pair(f64, Option<()>);

fn text<T: Serialize>(value: T) -> String {
    let bytes = CanonicalJson(value).to_bytes().expect("a form");
    String::from_utf8(bytes.to_vec()).expect("UTF-8")
}

fn error<T: Serialize>(value: T) -> String {
    CanonicalJson(value)
        .to_bytes()
        .expect_err("no form")
        .to_string()
}

/// `R-8785-3-a`: all shapes of `serde` are written as `serde_json` does, in the canonical form.
#[test]
fn each_shape_has_its_form() {
    let inner = Inner {
        text: "é\"".into(),
        list: vec![('b', true), ('a', false)],
        more: BTreeMap::from([("m".to_owned(), json!({"y": [1.0], "x": null}))]),
        skipped: None,
    };
    let shape = Shape::Struct {
        z: Some(1e-7),
        a: inner,
    };
    let expected = r#"{"Struct":{"a":{"list":[["b",true],["a",false]],"m":{"x":null,"y":[1]},"text":"é\""},"z":1e-7}}"#;
    assert_eq!(text(shape), expected);
    assert_eq!(
        text([Shape::Unit, Shape::Newtype(0.1), Shape::Tuple(1, -2)]),
        r#"["Unit",{"Newtype":0.1},{"Tuple":[1,-2]}]"#
    );
    assert_eq!(
        text((Wrapped(2.50), Pair(-0.0, None), ())),
        "[2.5,[0,null],null]"
    );
    assert_eq!(
        text(HashMap::from([(10, 'x'), (9, 'y')])),
        r#"{"10":"x","9":"y"}"#
    );
    assert_eq!(
        text((1_u16, 2_u32, 3_u64, 4_u128, 5_i8, 6_i16, 7_i32, 8_i128)),
        "[1,2,3,4,5,6,7,8]"
    );
    assert_eq!(text(format_args!("{}", "a")), r#""a""#);
}

/// A number that the form cannot carry is an error, at each place where one can stand.
#[test]
fn a_value_without_a_form_is_an_error() {
    let not_finite =
        "cannot serialize: JSON has no NaN and no infinity: use an `Option` or a string";
    assert_eq!(error(f64::NAN), not_finite);
    assert_eq!(error(f32::INFINITY), not_finite);
    assert_eq!(error(vec![f64::NEG_INFINITY]), not_finite);
    assert_eq!(error((1, f64::NAN)), not_finite);
    assert_eq!(error(Some(f64::NAN)), not_finite);
    assert_eq!(error(Wrapped(f64::NAN)), not_finite);
    assert_eq!(error(Pair(f64::NAN, None)), not_finite);
    assert_eq!(error(HashMap::from([("a", f64::NAN)])), not_finite);
    assert_eq!(error(Shape::Newtype(f32::NAN)), not_finite);
    let inner = Inner {
        text: String::new(),
        list: Vec::new(),
        more: BTreeMap::new(),
        skipped: None,
    };
    assert_eq!(
        error(Shape::Struct {
            z: Some(f64::NAN),
            a: inner
        }),
        not_finite
    );

    let integer = "no canonical JSON, byte 5: the integer is beyond 2^53 - 1 and would be rounded: write it as a string";
    for value in [1_u64 << 53, u64::MAX] {
        assert_eq!(error(HashMap::from([("a", value)])), integer);
    }
    assert!(error(i64::MIN).contains("byte 0"));
    assert!(error(1e20).contains("the integer is beyond"));
    assert!(error(HashMap::from([(vec![1], 1)])).starts_with("cannot serialize: key must be"));

    let same = BTreeMap::from([("text".to_owned(), json!(1))]);
    let inner = Inner {
        text: String::new(),
        list: Vec::new(),
        more: same,
        skipped: Some(1),
    };
    assert!(error(inner).contains("two members of one object have this name"));
}

/// Depth is no reason to fail: the value is the server's own.
#[test]
fn a_deep_value_is_written() {
    let mut value = json!({"b": 1, "a": 2});
    for _ in 0..200 {
        value = json!([value]);
    }
    let expected = ["[".repeat(200), r#"{"a":2,"b":1}"#.into(), "]".repeat(200)].concat();
    assert_eq!(text(value), expected);
}

#[test]
fn a_response_has_its_media_type_and_an_error_is_500() {
    let response = Response::<Bytes>::from(CanonicalJson(json!({"b": 1, "a": 2})));
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()[header::CONTENT_TYPE], "application/json");
    assert_eq!(response.body(), r#"{"a":2,"b":1}"#);

    let response = Response::<Bytes>::from(CanonicalJson(f64::NAN));
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(
        response.headers()[header::CONTENT_TYPE],
        "text/plain; charset=utf-8"
    );
    assert!(response.body().starts_with(b"cannot serialize"));
}

/// Two orders of one object have one strong tag, and another value has another.
#[tokio::test]
async fn two_orders_have_one_strong_tag() {
    async fn tag(json: &'static str) -> String {
        let value: Vec<(String, Value)> = serde_json::from_str(json).expect("pairs");
        let service = service_fn(move |_: Request<()>| {
            // A map that keeps the order of the pairs.
            let value = CanonicalJson(InOrder(value.clone()));
            async { Ok::<_, Infallible>(Response::<Bytes>::from(value).map(Full::new)) }
        });
        let response = EtagLayer::new()
            .layer(service)
            .oneshot(Request::new(()))
            .await;
        response.expect("a response").headers()[header::ETAG]
            .to_str()
            .expect("text")
            .to_owned()
    }
    let one = tag(r#"[["b",1],["a",{"x":1.5}]]"#).await;
    assert!(one.starts_with('"'));
    assert_eq!(tag(r#"[["a",{"x":15e-1}],["b",1]]"#).await, one);
    assert_ne!(tag(r#"[["a",{"x":1.6}],["b",1]]"#).await, one);
}

struct InOrder(Vec<(String, Value)>);

impl Serialize for InOrder {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

//! Routes on which content needs a digest.

use bytes::Bytes;
use http_body_util::{Empty, Full};

use super::{CONTENT, SHA_256, put, request, send};
use crate::{
    DigestLayer,
    test_support::{ScriptedBody, Upload},
};

#[test]
fn content_without_a_digest_is_refused_without_reading() {
    let layer = DigestLayer::verify().require();
    for fields in [&[][..], &[("content-digest", "md5=:AAAA:")]] {
        let expect = [("expect", "100-continue")];
        let fields = fields.iter().copied().chain(expect);
        let sent = send(&layer, request("POST", fields, Upload::OfTheClient));
        assert_eq!((sent.status(), sent.runs.len()), (400, 0));
        let headers = sent.response.headers();
        assert_eq!(headers["want-content-digest"], "sha-256=10, sha-512=3");
        assert_eq!(headers["connection"], "close");
        assert_eq!(sent.problem().as_deref(), Some("required"));
    }
    // The digest of a whole is none of its part.
    let fields = [("repr-digest", SHA_256), ("content-range", "bytes 0-1/9")];
    let part = request("PUT", fields, Full::<Bytes>::from(CONTENT));
    assert_eq!(send(&layer, part).status(), 400);
}

#[test]
fn other_requests_pass_as_without_the_setting() {
    let layer = DigestLayer::verify().require();
    let nothing = request("GET", [], Empty::<Bytes>::new());
    assert_eq!(send(&layer, nothing).status(), 200);
    assert_eq!(send(&layer, put(SHA_256)).content(), CONTENT);
    // A timeout around the body of a read hides that it is empty.
    let hidden = || ScriptedBody::unsized_([]).without_telling_end();
    assert_eq!(send(&layer, request("GET", [], hidden())).status(), 200);
    assert_eq!(send(&layer, request("PUT", [], hidden())).status(), 400);
    let empty = ScriptedBody::sized([]).without_telling_end();
    assert_eq!(send(&layer, request("PUT", [], empty)).status(), 200);
    let optional = request("PUT", [], Full::<Bytes>::from(CONTENT));
    assert_eq!(send(&DigestLayer::verify(), optional).content(), CONTENT);
}

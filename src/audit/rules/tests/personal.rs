use super::*;

#[test]
fn a_tag_that_holds_the_user_is_found() {
    let basic = ("authorization", "Basic YWxpY2U6c2VjcmV0cw=="); // alice:secrets
    let bearer = ("authorization", "Bearer abcdefgh");
    let cookies = ("cookie", "theme=dark; sid=0123456789; n=abc; empty=; odd");
    let private = ("cache-control", "private, no-cache");
    let personal = &[Code::PersonalTag][..];
    let rows: [(_, _, &[Code]); 14] = [
        (basic, "\"alice-7\"", personal),
        (basic, "W/\"7:alice\"", personal),
        (basic, "\"secrets\"", personal),
        (basic, "\"malice-7\"", &[]),
        (basic, "\"alic-7\"", &[]),
        (basic, "\"bob-7\"", &[]),
        (bearer, "\"1abcdefgh2\"", personal),
        (bearer, "\"abcdefg-Bearer\"", &[]),
        (cookies, "\"v1-dark\"", personal),
        (cookies, "\"v1-darkness\"", &[]),
        (cookies, "\"x0123456789x\"", personal),
        (cookies, "\"012345678\"", &[]),
        (cookies, "\"abc\"", &[]),
        (cookies, "\"\"", &[]),
    ];
    for (user, tag, codes) in rows {
        expect(&[user], &[private, ("etag", tag)], codes);
    }
    // The name of a cookie is truncated.
    let name = "n".repeat(5_000);
    let cookie = format!("{name}=0123456789");
    let tag = ("etag", "\"0123456789\"");
    let findings = find("GET", &[("cookie", &cookie)], 200, &[private, tag]);
    assert_eq!(findings.len(), 1);
    assert!(
        findings[0].detail.len() < 200,
        "{}",
        findings[0].detail.len()
    );
    // The value is not shown.
    let tag = ("etag", "\"v1-dark\"");
    let findings = find("GET", &[cookies], 200, &[private, tag]);
    assert_eq!(
        findings[0].detail,
        "the tag holds the value of cookie \"theme\""
    );
}

#[test]
fn a_value_is_found_at_any_position() {
    let cookie = ("cookie", "c=abababac");
    let private = ("cache-control", "private, no-cache");
    for tag in ["\"abababababac\"", "\"xababababacx\"", "\"abababac\""] {
        expect(&[cookie], &[private, ("etag", tag)], &[Code::PersonalTag]);
    }
    expect(&[cookie], &[private, ("etag", "\"ababababab\"")], &[]);
}

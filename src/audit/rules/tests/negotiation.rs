use super::*;

/// R-9110-12.5.5-a.
#[test]
fn negotiated_content_needs_vary() {
    let gzip = ("accept-encoding", "gzip");
    let coded = ("content-encoding", "gzip");
    let german = ("accept-language", "de");
    let language = ("content-language", "de");
    let coding = [Code::CodingWithoutVary];
    expect(&[gzip], &[ASK, coded], &coding);
    expect(&[gzip], &[ASK, coded, ("vary", "accept, origin")], &coding);
    assert_eq!(find_codes("GET", &[gzip], 206, &[ASK, coded]), coding);
    expect(&[german], &[ASK, language], &[Code::LanguageWithoutVary]);

    expect(
        &[gzip],
        &[ASK, coded, ("vary", "Origin, Accept-Encoding")],
        &[],
    );
    expect(&[gzip], &[ASK, ("content-encoding", "identity")], &[]);
    expect(&[gzip], &[ASK], &[]);
    // Nothing was negotiated without an `Accept` header.
    expect(&[], &[ASK, coded, language], &[]);
    expect(
        &[german],
        &[ASK, language, ("vary", "accept-language")],
        &[],
    );
    expect(&[gzip], &[("cache-control", "no-store"), coded], &[]);
    assert_eq!(find_codes("GET", &[gzip], 304, &[ASK]), []);
}

/// R-9110-12.5.5-c, R-9110-12.5.5-d.
#[test]
fn useless_members_of_vary_are_found() {
    expect(&[], &[ASK, ("vary", "accept, *")], &[Code::VaryAny]);
    let authorization = ("vary", "Authorization");
    expect(&[], &[ASK, authorization], &[Code::VaryAuthorization]);
    expect(&[], &[ASK, ("vary", "accept, cookie")], &[]);
}

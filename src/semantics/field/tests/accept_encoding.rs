use crate::semantics::{
    field::accept_encoding::{identity_weight, weight},
    tests::headers,
};

fn lines(lines: &[&'static str]) -> http::HeaderMap {
    headers(lines.iter().map(|line| ("accept-encoding", *line)))
}

/// R-9110-13.1.2-e: the weights decide which variants a request can get.
#[test]
fn weights_are_read_as_compression_reads_them() {
    let table: &[(&[&str], u16, u16)] = &[
        // The lines of Accept-Encoding, then the weights of gzip and br.
        (&[], 0, 0),
        (&[""], 0, 0),
        (&["gzip"], 1000, 0),
        (&["GZip, BR"], 1000, 1000),
        (&["x-gzip"], 1000, 0),
        (&["X-GZIP;q=0.1"], 100, 0),
        (&["gzip;q=0"], 0, 0),
        (&["gzip;q=0.000, br;q=0.001"], 0, 1),
        (&["gzip ; q=0.5 ,\tbr;Q=1.000"], 500, 1000),
        (&["gzip", "br;q=0.25"], 1000, 250),
        (&["*"], 1000, 1000),
        (&["*;q=0.5, br"], 500, 1000),
        (&["*, gzip;q=0"], 0, 1000),
        (&["*;q=0, br"], 0, 1000),
        (&["gzip;q=0", "gzip"], 1000, 0),
        (&["identity"], 0, 0),
        (&["gzipped, gzi, xgzip"], 0, 0),
        (&["x-br"], 0, 0),
        // A member with a malformed weight is ignored.
        (&["gzip;q=2, br;q=1.001"], 0, 0),
        (&["gzip;q=0.5000, br;q="], 0, 0),
        (&["gzip;q=0,5, br;q=.5"], 0, 0),
        (&["gzip;level=9, br;q=0.x"], 0, 0),
        // The neighbours of the digits are none.
        (&["gzip;q=0.:, br;q=0./"], 0, 0),
        (&["gzip;q=2, *;q=0.1"], 100, 100),
        (&["\"gzip, br\""], 0, 0),
    ];
    for (accept, gzip, br) in table {
        let headers = lines(accept);
        let both = [weight(&headers, "gzip"), weight(&headers, "br")];
        assert_eq!(both, [*gzip, *br], "{accept:?}");
    }
}

/// RFC 9110, section 8.4.1.2: `x-compress` is `compress`.
#[test]
fn the_older_name_of_compress_is_read() {
    assert_eq!(weight(&lines(&["X-Compress;q=0.5"]), "compress"), 500);
}

/// R-9110-13.1.2-e.
#[test]
fn identity_is_acceptable_unless_refused() {
    let table: &[(&[&str], Option<u16>)] = &[
        (&[], Some(0)),
        (&["gzip"], Some(0)),
        (&["gzip, identity;q=0.5"], Some(500)),
        (&["identity"], Some(1000)),
        (&["*;q=0.2"], Some(200)),
        (&["*;q=0, identity;q=0.1"], Some(100)),
        (&["gzip, identity;q=0"], None),
        (&["gzip", "*;q=0"], None),
    ];
    for (accept, identity) in table {
        assert_eq!(identity_weight(&lines(accept)), *identity, "{accept:?}");
    }
}

//! The notation of numbers (RFC 8785, section 3.2.2.3).

use std::env;

use sha2::{Digest, Sha256};

use super::{
    super::number::write_double,
    NotCanonical, form,
    published_numbers::{CHECKSUMS, published_doubles},
};

/// The table of RFC 8785, appendix B, without NaN and infinity, which JSON cannot carry.
const APPENDIX_B: [(u64, &str); 24] = [
    (0x0000_0000_0000_0000, "0"),
    (0x8000_0000_0000_0000, "0"),
    (0x0000_0000_0000_0001, "5e-324"),
    (0x8000_0000_0000_0001, "-5e-324"),
    (0x7fef_ffff_ffff_ffff, "1.7976931348623157e+308"),
    (0xffef_ffff_ffff_ffff, "-1.7976931348623157e+308"),
    (0x4340_0000_0000_0000, "9007199254740992"),
    (0xc340_0000_0000_0000, "-9007199254740992"),
    (0x4430_0000_0000_0000, "295147905179352830000"),
    (0x44b5_2d02_c7e1_4af5, "9.999999999999997e+22"),
    (0x44b5_2d02_c7e1_4af6, "1e+23"),
    (0x44b5_2d02_c7e1_4af7, "1.0000000000000001e+23"),
    (0x444b_1ae4_d6e2_ef4e, "999999999999999700000"),
    (0x444b_1ae4_d6e2_ef4f, "999999999999999900000"),
    (0x444b_1ae4_d6e2_ef50, "1e+21"),
    (0x3eb0_c6f7_a0b5_ed8c, "9.999999999999997e-7"),
    (0x3eb0_c6f7_a0b5_ed8d, "0.000001"),
    (0x41b3_de43_5555_5553, "333333333.3333332"),
    (0x41b3_de43_5555_5554, "333333333.33333325"),
    (0x41b3_de43_5555_5555, "333333333.3333333"),
    (0x41b3_de43_5555_5556, "333333333.3333334"),
    (0x41b3_de43_5555_5557, "333333333.33333343"),
    (0xbecb_f647_612f_3696, "-0.0000033333333333333333"),
    (0x4314_3ff3_c1cb_0959, "1424953923781206.2"),
];

fn notation(double: f64) -> String {
    let mut out = Vec::new();
    write_double(double, &mut out);
    String::from_utf8(out).expect("UTF-8")
}

/// Returns `true` if a document may have this number.
fn is_accepted(double: f64) -> bool {
    !(2_f64.powi(53)..1e21).contains(&double.abs())
}

/// `R-8785-3-a`: numbers have the notation of ECMAScript, to the last digit.
#[test]
fn the_table_of_appendix_b_is_met() {
    for (bits, expected) in APPENDIX_B {
        let double = f64::from_bits(bits);
        assert_eq!(notation(double), expected);
        let expected = match is_accepted(double) {
            true => Ok(expected.to_owned()),
            false => Err(NotCanonical::Integer { at: 0 }),
        };
        assert_eq!(form(format!("{double:e}")), expected);
    }
}

/// `R-8785-3-a`: the published checksum of the first 100,000 doubles of the published sequence.
///
/// `CANONICAL_NUMBERS=10000000` reads more of them.
#[test]
fn the_published_sequence_has_its_checksum() {
    let count = match env::var("CANONICAL_NUMBERS") {
        Ok(count) => count.parse().expect("CANONICAL_NUMBERS is a number"),
        Err(_) => 100_000,
    };
    let checksum = CHECKSUMS.iter().find(|(lines, _)| *lines == count);
    let (_, checksum) = checksum.expect("CANONICAL_NUMBERS is a power of ten from 1000 on");
    let mut hasher = Sha256::new();
    for (index, double) in published_doubles().take(count).enumerate() {
        let notation = notation(double);
        hasher.update(format!("{:x},{notation}\n", double.to_bits()));
        // Most doubles are random bits, so that one of ten is enough for the other notations.
        if index > 5_000 && index % 10 != 0 {
            continue;
        }
        if is_accepted(double) {
            assert_eq!(form(&notation).as_deref(), Ok(&*notation));
            assert_eq!(form(format!("{double:e}")).as_deref(), Ok(&*notation));
            assert_eq!(form(format!("{double:.25E}")).as_deref(), Ok(&*notation));
        } else {
            let refused = Err(NotCanonical::Integer { at: 0 });
            assert_eq!(form(format!("{double:e}")), refused);
        }
    }
    let digest: String = hasher
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    assert_eq!(digest, *checksum);
}

/// `R-8785-3-a`: each notation of one number has one form.
#[test]
fn one_number_has_one_form() {
    let rows: [(&str, &[&str]); 12] = [
        (
            "0",
            &[
                "-0",
                "0.0",
                "-0.000",
                "0e5",
                "0E-400",
                "-0e+99999999999999999999",
                "1e-400",
            ],
        ),
        (
            "1",
            &[
                "1.0",
                "1e0",
                "10e-1",
                "0.1e1",
                "0.0001E+4",
                "1.000000000000000000000000",
            ],
        ),
        ("-1", &["-1.0", "-1e0", "-0.1E1"]),
        ("100", &["1E2", "1e+2", "100.0", "0.1e3", "1000e-1"]),
        ("1.5", &["1.50", "15e-1", "0.15e1"]),
        ("0.000001", &["1e-6", "0.1e-5"]),
        ("1e-7", &["0.0000001", "10e-8", "1.0e-7"]),
        ("1.5e-7", &["0.00000015", "15e-8"]),
        (
            "1e+21",
            &[
                "1e21",
                "1.0E21",
                "1000000000000000000000e0",
                "1000000000000000000000.0",
            ],
        ),
        ("1.234e+25", &["1234e22", "0.1234e26"]),
        (
            "333333333.3333333",
            &["333333333.33333329", "333333333.33333330"],
        ),
        (
            "9007199254740991",
            &["9007199254740991.0", "9.007199254740991e15"],
        ),
    ];
    for (canonical, notations) in rows {
        assert_eq!(form(canonical).as_deref(), Ok(canonical));
        for notation in notations {
            assert_eq!(form(notation).as_deref(), Ok(canonical), "{notation}");
        }
    }
}

/// Integers that only some readers can tell apart have no form, in no notation.
#[test]
fn integers_beyond_53_bits_are_refused() {
    let integers = [
        "9007199254740992",
        "9007199254740993",
        "-9007199254740992",
        "9007199254740992.0",
        "9007199254740993.0",
        "9007199254740993e0",
        "-9007199254740993.0",
        "90071992547409930E-1",
        "9007199254740991.5",
        "10000000000000000",
        "18446744073709551615",
        "1e16",
        "1E20",
        "-9223372036854775808",
        "999999999999999999999",
        "1000000000000000000000",
        "123456789012345678901234567890",
        "9.007199254740992e15",
    ];
    for integer in integers {
        let refused = Err(NotCanonical::Integer { at: 0 });
        assert_eq!(form(integer), refused, "{integer}");
    }
    for integer in [
        "9007199254740991",
        "-9007199254740991",
        "999999999999999",
        "1000000000000000",
    ] {
        assert_eq!(form(integer).as_deref(), Ok(integer));
    }
}

/// Decimals of up to 15 digits are written from their text. The other way gives the same.
#[test]
fn short_decimals_have_the_form_of_their_double() {
    let digits = [
        "1",
        "15",
        "123456789012345",
        "999999999999999",
        "100000000000001",
        "9e0",
        "2.5",
    ];
    for digits in digits {
        for exponent in -330..=310 {
            let text = match digits.contains('e') {
                true => format!("9e{exponent}"),
                false => format!("{digits}e{exponent}"),
            };
            let double: f64 = text.parse().expect("a number");
            if double.is_finite() && is_accepted(double) {
                assert_eq!(form(&text), Ok(notation(double)), "{text}");
            }
        }
    }
}

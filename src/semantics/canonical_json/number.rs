//! The notation of numbers, which is that of ECMAScript (RFC 8785, section 3.2.2.3).

use std::io::Write as _;

use super::{error::NotCanonical, reader::NumberToken};

/// 2⁵³: from here on, doubles skip integers.
const FIRST_UNSAFE: f64 = 9_007_199_254_740_992.0;

/// From here on, numbers are written with an exponent.
const FIRST_WITH_EXPONENT: f64 = 1e21;

/// Writes the number at `at` in its canonical notation.
///
/// An integer that the form would write beyond ±(2⁵³−1) is refused in any notation. So no two
/// integers share a form, and the form of a form is the same.
pub(super) fn write_number(
    number: NumberToken<'_>,
    at: usize,
    out: &mut Vec<u8>,
) -> Result<(), NotCanonical> {
    let text = number.text;
    if number.is_integer {
        let digits = text.strip_prefix('-').unwrap_or(text);
        let is_safe = digits.len() < 16
            || digits.len() == 16 && digits.parse().is_ok_and(|value: u64| value < 1 << 53);
        if !is_safe {
            return Err(NotCanonical::Integer { at });
        }
        let form = if digits == "0" { digits } else { text };
        out.extend_from_slice(form.as_bytes());
        return Ok(());
    }
    let value: f64 = text.parse().map_err(|_| NotCanonical::Number { at })?;
    if !value.is_finite() {
        return Err(NotCanonical::Number { at });
    }
    if (FIRST_UNSAFE..FIRST_WITH_EXPONENT).contains(&value.abs()) {
        return Err(NotCanonical::Integer { at });
    }
    write_double(value, out);
    Ok(())
}

/// Writes a finite double as ECMAScript does (`Number::toString` in ECMA-262, section 6.1.6.1.20).
pub(super) fn write_double(value: f64, out: &mut Vec<u8>) {
    if value == 0.0 {
        out.push(b'0');
        return;
    }
    // The shortest digits that read back as this double, and of several the closest.
    let mut buffer = [0; 32];
    let mut rest = &mut buffer[..];
    write!(rest, "{value:e}").expect("at most 24 bytes");
    let unused = rest.len();
    let scientific = str::from_utf8(&buffer[..32 - unused]).expect("ASCII");
    let (mantissa, exponent) = scientific.split_once('e').expect("an exponent");
    let exponent: i32 = exponent.parse().expect("an integer");
    let mantissa = match mantissa.strip_prefix('-') {
        Some(mantissa) => {
            out.push(b'-');
            mantissa
        }
        None => mantissa,
    };
    let first = &mantissa.as_bytes()[..1];
    let others = mantissa.as_bytes().get(2..).unwrap_or_default();
    match exponent {
        0..=20 => write_before_point(first, others, exponent.unsigned_abs() as usize, out),
        -6..=-1 => {
            out.extend_from_slice(b"0.");
            write_zeros(exponent.unsigned_abs() as usize - 1, out);
            out.extend_from_slice(first);
            out.extend_from_slice(others);
        }
        _ => {
            out.extend_from_slice(first);
            if !others.is_empty() {
                out.push(b'.');
                out.extend_from_slice(others);
            }
            write!(out, "e{exponent:+}").expect("a vector grows");
        }
    }
}

/// Writes the digits with `count` of the others before the point.
fn write_before_point(first: &[u8], others: &[u8], count: usize, out: &mut Vec<u8>) {
    out.extend_from_slice(first);
    match others.split_at_checked(count) {
        Some((integer, fraction)) => {
            out.extend_from_slice(integer);
            if !fraction.is_empty() {
                out.push(b'.');
                out.extend_from_slice(fraction);
            }
        }
        None => {
            out.extend_from_slice(others);
            write_zeros(count - others.len(), out);
        }
    }
}

fn write_zeros(count: usize, out: &mut Vec<u8>) {
    out.resize(out.len() + count, b'0');
}

//! The notation of numbers, which is that of ECMAScript (RFC 8785, section 3.2.2.3).

use super::{decimal::Decimal, error::NotCanonical, reader::NumberToken};

/// 2⁵³: from here on, doubles skip integers.
const FIRST_INEXACT: f64 = 9_007_199_254_740_992.0;

/// From here on, numbers are written with an exponent.
const FIRST_WITH_EXPONENT: f64 = 1e21;

/// Writes the number at `at` in its canonical notation.
///
/// An integer that the form would write beyond ±(2⁵³−1) without an exponent is refused in any
/// notation. So no two integers below 10²¹ share a form, and the form of a form is the same.
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
    if let Some(decimal) = Decimal::read(text)
        && decimal.is_shortest()
    {
        decimal.write(out);
        return Ok(());
    }
    let value: f64 = text.parse().map_err(|_| NotCanonical::Number { at })?;
    if !value.is_finite() {
        return Err(NotCanonical::Number { at });
    }
    if (FIRST_INEXACT..FIRST_WITH_EXPONENT).contains(&value.abs()) {
        return Err(NotCanonical::Integer { at });
    }
    write_double(value, out);
    Ok(())
}

/// Writes a finite double as ECMAScript does.
///
/// ECMAScript asks for the shortest digits that read back as this double, and of several for the
/// closest, or the even one. The standard library takes the odd one of 1424953923781206.25.
pub(super) fn write_double(value: f64, out: &mut Vec<u8>) {
    let mut buffer = zmij::Buffer::new();
    let decimal = Decimal::read(buffer.format_finite(value));
    debug_assert!(decimal.is_some(), "{value:e} has 17 digits or fewer");
    if let Some(decimal) = decimal {
        decimal.write(out);
    }
}

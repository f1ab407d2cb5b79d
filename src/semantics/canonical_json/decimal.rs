//! Decimal numbers as digits and the place of their point.

use std::io::Write as _;

/// The most digits that the shortest notation of a double needs.
const MAX_DIGITS: usize = 17;

/// With so many digits, no two decimals are the same double (`f64::DIGITS`).
const UNIQUE_DIGITS: usize = f64::DIGITS as usize;

/// A decimal number without zeros at either end.
pub(super) struct Decimal {
    is_negative: bool,
    digits: [u8; MAX_DIGITS],
    length: usize,
    /// The number of digits before the point, and below zero the number of zeros behind it.
    point: i32,
}

impl Decimal {
    /// Reads a number whose syntax is checked. Returns `None` if it has more than 17 digits, or an
    /// exponent beyond all doubles.
    pub(super) fn read(text: &str) -> Option<Self> {
        let mut decimal = Self {
            is_negative: text.starts_with('-'),
            digits: [0; MAX_DIGITS],
            length: 0,
            point: 0,
        };
        let mut is_fraction = false;
        // Zeros count only if another digit follows.
        let mut zeros = 0;
        for (at, byte) in text.bytes().enumerate() {
            match byte {
                b'.' => is_fraction = true,
                b'e' | b'E' => {
                    let exponent: i32 = text[at + 1..].parse().ok()?;
                    decimal.point = decimal.point.checked_add(exponent)?;
                    break;
                }
                b'0' if decimal.length == 0 => decimal.point -= i32::from(is_fraction),
                b'0'..=b'9' => {
                    decimal.point += i32::from(!is_fraction);
                    if byte == b'0' {
                        zeros += 1;
                    } else {
                        decimal.push(zeros, byte)?;
                        zeros = 0;
                    }
                }
                _ => {}
            }
        }
        Some(decimal)
    }

    /// Adds zeros and a digit.
    fn push(&mut self, zeros: usize, digit: u8) -> Option<()> {
        let end = self.length + zeros;
        *self.digits.get_mut(end)? = digit;
        self.digits[self.length..end].fill(b'0');
        self.length = end + 1;
        Some(())
    }

    /// Returns `true` if these are the shortest digits of the double that is read from them, and
    /// that double is no integer beyond 2⁵³−1.
    ///
    /// No other decimal of 15 digits is the same double, and so no shorter one is. Subnormal
    /// numbers have fewer digits.
    pub(super) fn is_shortest(&self) -> bool {
        self.length <= UNIQUE_DIGITS && (-290..=15).contains(&self.point)
    }

    /// Writes the number as ECMAScript does (ECMA-262, `Number::toString`).
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        let digits = &self.digits[..self.length];
        let Some((first, others)) = digits.split_first() else {
            // Also for −0.
            out.push(b'0');
            return;
        };
        if self.is_negative {
            out.push(b'-');
        }
        let zeros = |count: usize| std::iter::repeat_n(b'0', count);
        let before_point = usize::try_from(self.point).unwrap_or_default();
        match self.point {
            1..=21 => match digits.split_at_checked(before_point) {
                Some((integer, fraction)) => {
                    out.extend_from_slice(integer);
                    write_fraction(fraction, out);
                }
                None => {
                    out.extend_from_slice(digits);
                    out.extend(zeros(before_point - self.length));
                }
            },
            -5..=0 => {
                out.extend_from_slice(b"0.");
                out.extend(zeros(self.point.unsigned_abs() as usize));
                out.extend_from_slice(digits);
            }
            _ => {
                out.push(*first);
                write_fraction(others, out);
                // A vector takes any number of bytes.
                _ = write!(out, "e{:+}", self.point - 1);
            }
        }
    }
}

fn write_fraction(digits: &[u8], out: &mut Vec<u8>) {
    if !digits.is_empty() {
        out.push(b'.');
        out.extend_from_slice(digits);
    }
}

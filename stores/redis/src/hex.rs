/// Appends bytes as lowercase hexadecimal digits.
pub(crate) fn push_hex(name: &mut String, bytes: &[u8]) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for byte in bytes {
        for digit in [byte >> 4, byte & 15] {
            name.push(DIGITS[usize::from(digit)].into());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_byte_has_two_digits() {
        let mut name = "a:".to_owned();
        push_hex(&mut name, &[0, 9, 0xaf, 0xff]);
        assert_eq!(name, "a:0009afff");
    }
}

//! Documents drawn from a seed: valid JSON, in any notation, and some without a canonical form.

use std::collections::HashSet;

use crate::seeded::Draw;

const CHARACTERS: [&str; 24] = [
    "a",
    "b",
    "A",
    "1",
    " ",
    "/",
    "é",
    "ß",
    "€",
    "\u{7f}",
    "\u{80}",
    "\u{d7ff}",
    "\u{e000}",
    "\u{fb33}",
    "\u{fffd}",
    "\u{ffff}",
    "😂",
    "\u{10000}",
    "\u{10ffff}",
    "\u{2028}",
    "__proto__",
    "0",
    "10",
    "\u{301}",
];

const ESCAPES: [&str; 16] = [
    r#"\""#,
    r"\\",
    r"\/",
    r"\b",
    r"\f",
    r"\n",
    r"\r",
    r"\t",
    r"\u0000",
    r"\u001F",
    r"\u0041",
    r"\u00e9",
    r"\u20AC",
    r"\ud83d\uDE02",
    r"\ufb33",
    r"\uffff",
];

/// Numbers at borders, and beyond them.
const NUMBERS: [&str; 24] = [
    "0",
    "-0",
    "-0.0",
    "0e5",
    "1E2",
    "1.0",
    "-1.50",
    "1e-6",
    "1e-7",
    "0.0000001",
    "1E30",
    "1e21",
    "123456789012345678e-18",
    "0.1000000000000000055511151231257827",
    "333333333.33333329",
    "9007199254740991",
    "-9007199254740991.0",
    "5e-324",
    "2e-324",
    "1.7976931348623157e308",
    "2.2250738585072014e-308",
    "1424953923781206.25",
    "4.35",
    "0.30000000000000004",
];

/// Numbers without a form.
const REFUSED_NUMBERS: [&str; 8] = [
    "9007199254740992",
    "9007199254740993",
    "-9007199254740993.0",
    "18446744073709551615",
    "1e16",
    "100000000000000000000",
    "1e400",
    "-1e309",
];

/// Returns a document.
pub(crate) fn document(draw: &mut Draw) -> String {
    let mut out = String::new();
    value(draw, 4, &mut out);
    out
}

fn space(draw: &mut Draw, out: &mut String) {
    for _ in 0..draw.below(6).saturating_sub(3) {
        out.push(draw.pick(&[' ', '\n', '\r', '\t']));
    }
}

fn value(draw: &mut Draw, depth: u32, out: &mut String) {
    space(draw, out);
    match draw.below(if depth == 0 { 6 } else { 10 }) {
        0 => out.push_str(draw.pick(&["null", "true", "false"])),
        1 => number(draw, out),
        2 if draw.below(100) == 0 => out.push_str(draw.pick(&REFUSED_NUMBERS)),
        2 => out.push_str(draw.pick(&NUMBERS)),
        3 => out.push_str(&(draw.below(2_000) as i64 - 1_000).to_string()),
        4 | 5 => string(draw, out),
        6 | 7 => array(draw, depth - 1, out),
        _ => object(draw, depth - 1, out),
    }
    space(draw, out);
}

/// Writes a double of random bits, or with few digits, in one of several notations.
fn number(draw: &mut Draw, out: &mut String) {
    let random = f64::from_bits(draw.below(u64::MAX));
    let few = (draw.below(2_000_000) as f64 - 1_000_000.0) / draw.pick(&[1.0, 4.0, 100.0, 8_192.0]);
    let double = if draw.coin() && random.is_finite() {
        random
    } else {
        few
    };
    // An integer beyond 2^53 is refused.
    let is_refused = (9_007_199_254_740_992.0..1e21).contains(&double.abs());
    let double = if is_refused { few } else { double };
    out.push_str(&match draw.below(4) {
        0 => format!("{double:e}"),
        1 => format!("{double:.24E}"),
        // In digits alone it could be a long integer.
        2 => format!("{double:.1}"),
        _ => format!("{double:?}"),
    });
}

fn string(draw: &mut Draw, out: &mut String) {
    out.push('"');
    for _ in 0..draw.below(6) {
        let part = if draw.below(3) == 0 {
            draw.pick(&ESCAPES)
        } else {
            draw.pick(&CHARACTERS)
        };
        out.push_str(part);
    }
    if draw.below(400) == 0 {
        out.push_str(draw.pick(&[r"\ud83d", r"\uDE02", r"\ude02\ud83d"]));
    }
    out.push('"');
}

fn array(draw: &mut Draw, depth: u32, out: &mut String) {
    out.push('[');
    for index in 0..draw.below(5) {
        if index > 0 {
            out.push(',');
        }
        value(draw, depth, out);
    }
    space(draw, out);
    out.push(']');
}

fn object(draw: &mut Draw, depth: u32, out: &mut String) {
    let mut used = HashSet::new();
    let mut separator = "";
    out.push('{');
    for _ in 0..draw.below(7) {
        let mut name = String::new();
        string(draw, &mut name);
        // A name twice has no form. Different texts may still be one name.
        if !used.insert(name.clone()) && draw.below(20) > 0 {
            continue;
        }
        out.push_str(separator);
        separator = ",";
        space(draw, out);
        out.push_str(&name);
        space(draw, out);
        out.push(':');
        value(draw, depth, out);
    }
    space(draw, out);
    out.push('}');
}

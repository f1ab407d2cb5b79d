//! `Vary` with few and many names, against a plain model.

use http::{HeaderMap, HeaderName, HeaderValue, header::VARY};
use proptest::{collection::vec, prelude::*, sample::select};

use crate::semantics::field::vary::merge;

/// The lines after a merge, by R-9110-12.5.5-a to R-9110-12.5.5-c: names in order, each once, in lower
/// case. Nothing changes if `*` is listed or nothing is missing.
fn model(lines: &[String], added: &[HeaderName]) -> Vec<String> {
    let members = || lines.iter().flat_map(|line| line.split(',')).map(str::trim);
    let known: Vec<_> = members()
        .filter(|member| *member != "*")
        .filter_map(|member| HeaderName::try_from(member).ok())
        .collect();
    let mut names = Vec::new();
    let missing: Vec<_> = added
        .iter()
        .filter(|name| *name != "*" && !known.contains(name))
        .cloned()
        .collect();
    if missing.is_empty() || members().any(|member| member == "*") {
        return lines.to_vec();
    }
    for name in known.iter().chain(&missing) {
        if !names.contains(&name.as_str()) {
            names.push(name.as_str());
        }
    }
    vec![names.join(", ")]
}

fn merged(lines: &[String], added: &[HeaderName]) -> Vec<String> {
    let mut headers = HeaderMap::new();
    for line in lines {
        headers.append(VARY, HeaderValue::from_str(line).unwrap());
    }
    merge(&mut headers, added.iter().cloned());
    let lines = headers.get_all(VARY).iter();
    lines
        .map(|line| line.to_str().unwrap().to_owned())
        .collect()
}

fn names(numbers: impl IntoIterator<Item = usize>) -> Vec<HeaderName> {
    let name = |at| HeaderName::try_from(format!("x{at}")).unwrap();
    numbers.into_iter().map(name).collect()
}

/// Around the number of names for which another way is taken, the result is the same.
#[test]
fn the_number_of_names_makes_no_difference() {
    for listed in 20..30 {
        let upper: Vec<_> = (0..listed).map(|at| format!("X{at}")).collect();
        for lines in [
            vec![upper.join(",")],
            upper.clone(),
            vec![upper.join(" ,, "), upper.join(",")],
        ] {
            for added in 20..30 {
                for from in [0, 5, listed] {
                    let twice = names((from..from + added).chain(from..from + added));
                    assert_eq!(
                        merged(&lines, &twice),
                        model(&lines, &twice),
                        "{listed} {added} {from}"
                    );
                }
            }
        }
    }
}

/// A star anywhere, in any number of names, keeps the lines. A name that contains one does not.
#[test]
fn a_star_among_many_names_keeps_the_lines() {
    for listed in [0, 1, 23, 24, 25, 60] {
        let plain: Vec<_> = (0..listed).map(|at| format!("x{at}")).collect();
        for star in ["*", " * ", "x*", "**", "\"*\"", "*;q=1"] {
            for at in [0, listed / 2, listed] {
                let mut line = plain.clone();
                line.insert(at, star.to_owned());
                for lines in [vec![line.join(",")], line] {
                    for added in [names(0..1), names(50..51), names(30..80)] {
                        assert_eq!(merged(&lines, &added), model(&lines, &added), "{lines:?}");
                    }
                }
            }
        }
    }
}

proptest! {
    /// R-9110-12.5.5-b: names in any case, malformed members and empty ones, in any number of lines.
    #[test]
    fn merging_follows_the_model(
        lines in vec(vec(select(vec![
            "a", "A", "b", "X1", "x1", "x2", "x3", "accept", "Accept", "", " ", "\t", "no name", "*", "@",
        ]), 0..40), 0..4),
        repeated in 0..3_usize,
        added in vec(select(vec!["a", "x1", "x2", "x4", "x5", "accept", "*"]), 0..40),
    ) {
        let lines: Vec<_> = lines.iter().map(|members| members.join(",")).collect();
        // Without the star, most lines would never be merged.
        let lines: Vec<_> = lines.iter().map(|line| match repeated {
            0 => line.clone(),
            _ => line.replace('*', "star"),
        }).collect();
        let added: Vec<_> = added.into_iter().map(HeaderName::from_static).collect();
        prop_assert_eq!(merged(&lines, &added), model(&lines, &added));
    }
}

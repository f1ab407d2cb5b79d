use http::HeaderValue;
use proptest::{collection::vec, prelude::*};

use super::{tags_in, text};
use crate::semantics::{
    proptests::strategies::{junk, padding, separator, tag, value},
    validator::entity_tags,
};

fn one_line(bytes: &[u8]) -> [HeaderValue; 1] {
    [HeaderValue::from_bytes(bytes).expect("a field value")]
}

proptest! {
    /// R-9110-5.6.1.2-a: white space, empty members and lines make no
    /// difference.
    #[test]
    fn a_list_is_split_into_its_tags(
        list in vec(vec((tag(), separator()), 0..6), 0..4),
        start in padding(),
    ) {
        let lines: Vec<HeaderValue> = list
            .iter()
            .map(|line| {
                let mut bytes = start.clone();
                for (tag, separator) in line {
                    bytes.extend_from_slice(tag.as_header_value().as_bytes());
                    bytes.extend_from_slice(separator);
                }
                HeaderValue::from_bytes(&bytes).expect("a field value")
            })
            .collect();
        let made_of: Vec<_> = list.iter().flatten().map(|(tag, _)| text(tag.as_ref())).collect();
        prop_assert_eq!(entity_tags(&lines).count(), made_of.len());
        prop_assert_eq!(tags_in(&lines), made_of);
    }

    /// R-9110-13.1.2-d: a malformed member does not affect those beside it.
    #[test]
    fn a_malformed_member_affects_no_other(before in tag(), junk in junk(), after in tag()) {
        let [before_text, after_text] =
            [&before, &after].map(|tag| tag.as_header_value().as_bytes());
        let line = one_line(&[before_text, b",", &junk, b", ", after_text].concat());
        prop_assert_eq!(tags_in(&line), [text(before.as_ref()), text(after.as_ref())]);
        prop_assert_eq!(entity_tags(&line).count(), 3);
    }

    /// R-9110-13.1.2-d: a malformed line does not affect the next one.
    #[test]
    fn a_malformed_line_affects_no_other(junk in value(), tag in tag()) {
        let alone = tags_in(std::slice::from_ref(&junk));
        let both = tags_in(&[junk, tag.as_header_value().clone()]);
        prop_assert_eq!(both, [alone, vec![text(tag.as_ref())]].concat());
    }
}

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use proptest::{collection::vec, prelude::*};

use crate::semantics::{
    proptests::strategies::tag,
    validator::{EntityTag, TagRef, VersionTags},
};

fn both() -> [VersionTags; 2] {
    let keyed = VersionTags::keyed("a secret of some length").expect("a long secret");
    [VersionTags::plain(), keyed]
}

fn time() -> impl Strategy<Value = SystemTime> {
    (any::<bool>(), 0..1_u64 << 40, 0..1_000_000_000_u32).prop_map(|(after, seconds, nanos)| {
        let by = Duration::new(seconds, nanos);
        if after {
            UNIX_EPOCH + by
        } else {
            UNIX_EPOCH - by
        }
    })
}

fn same(one: &EntityTag, two: &EntityTag) -> bool {
    one.as_header_value() == two.as_header_value()
}

proptest! {
    /// R-9110-8.8.3-a.
    #[test]
    fn a_number_reads_back(version: i64) {
        let plain = VersionTags::plain();
        let tag = plain.number(version);
        prop_assert_eq!(plain.parse_number(tag.as_ref()), Some(version));
        prop_assert_eq!(plain.parse_number(tag.into_weak().as_ref()), None);
    }

    /// Issue 10, B.5: a number is parsed only from a tag of its own scope.
    #[test]
    fn a_scoped_number_reads_back(version: i64, scopes: [Vec<u8>; 2]) {
        let [own, other] = scopes.clone().map(|scope| VersionTags::plain().scope(scope));
        let tag = own.number(version);
        prop_assert_eq!(own.parse_number(tag.as_ref()), Some(version));
        let is_own = scopes[0] == scopes[1];
        prop_assert_eq!(other.parse_number(tag.as_ref()).is_some(), is_own);
        prop_assert_eq!(VersionTags::plain().parse_number(tag.as_ref()), None);
        prop_assert_eq!(own.parse_number(tag.into_weak().as_ref()), None);
    }

    /// A tag from which a number is parsed is the tag of that number.
    #[test]
    fn a_parsed_number_makes_the_same_tag(tag in prop_oneof![
        tag(),
        "[-+]{0,2}[0-9]{0,20}".prop_map(|text| EntityTag::strong(text).expect("plain text")),
    ]) {
        if let Some(number) = VersionTags::plain().parse_number(tag.as_ref()) {
            prop_assert!(same(&VersionTags::plain().number(number), &tag));
        }
    }

    /// R-9110-8.8.1-a: only equal versions have equal tags.
    #[test]
    fn different_bytes_have_different_tags(one in vec(any::<u8>(), 0..200), two in vec(any::<u8>(), 0..200)) {
        for tags in both() {
            prop_assert_eq!(same(&tags.bytes(&one), &tags.bytes(&two)), one == two);
            prop_assert!(same(&tags.bytes(&one), &tags.bytes(&one)));
            prop_assert!(TagRef::parse(tags.bytes(&one).as_header_value().as_bytes()).is_some());
        }
    }

    /// R-9110-8.8.1-a.
    #[test]
    fn different_times_have_different_tags(one in time(), two in time()) {
        for tags in both() {
            let [a, b] = [one, two].map(|at| tags.timestamp(at));
            prop_assert_eq!(same(&a, &b), one == two);
        }
    }

    /// R-9110-8.8.1-a.
    #[test]
    fn different_uuids_and_collections_have_different_tags(one: (u128, u64, i64), two: (u128, u64, i64)) {
        for tags in both() {
            let [a, b] = [one, two].map(|(uuid, ..)| tags.uuid(uuid.to_be_bytes()));
            prop_assert_eq!(same(&a, &b), one.0 == two.0);
            let [a, b] = [one, two].map(|(_, count, latest)| tags.collection(count, latest));
            prop_assert_eq!(same(&a, &b), one.1 == two.1 && one.2 == two.2);
        }
    }
}

//! Parsing and formatting of the header (sections 3 and 5).

use http::HeaderMap;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sfv::{
    BareItem, DictSerializer, Dictionary, InnerList, Item, KeyRef, ListEntry, Parser, StringRef,
    key_ref,
};

use super::{NO_VARY_SEARCH, NoVarySearch, Params, query, sorted};

const KEY_ORDER: &KeyRef = key_ref("key-order");
const PARAMS: &KeyRef = key_ref("params");
const EXCEPT: &KeyRef = key_ref("except");

/// The characters that a serializer of `application/x-www-form-urlencoded` escapes, except the
/// space, which becomes a plus.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'*')
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b' ');

/// Formats the header value. Returns `None` if every difference is significant.
pub(super) fn serialize(policy: &NoVarySearch) -> Option<String> {
    let mut field = DictSerializer::new();
    if policy.key_order {
        let _ = field.bare_item(KEY_ORDER, true);
    }
    let (key, names) = match &policy.params {
        Params::Ignored(names) if names.is_empty() => return field.finish(),
        Params::Ignored(names) => (PARAMS, names),
        Params::Except(names) => (EXCEPT, names),
    };
    let mut list = field.inner_list(key);
    for name in names {
        let name = utf8_percent_encode(name, ESCAPED)
            .to_string()
            .replace(' ', "+");
        let _ = list.bare_item(StringRef::from_str(&name).expect("escaped to visible ASCII"));
    }
    drop(list);
    field.finish()
}

/// Parses all lines of the header (section 5.1). Parameters and unknown keys are ignored.
pub(super) fn parse(headers: &HeaderMap) -> Option<NoVarySearch> {
    let lines: Vec<_> = headers
        .get_all(NO_VARY_SEARCH)
        .iter()
        .map(|line| line.as_bytes())
        .collect();
    let field: Dictionary = Parser::new(&lines.join(&b", "[..])).parse().ok()?;
    let key_order = match field.get(KEY_ORDER) {
        None => false,
        Some(ListEntry::Item(Item {
            bare_item: BareItem::Boolean(key_order),
            ..
        })) => *key_order,
        Some(_) => return None,
    };
    // Both lists together are invalid, and so is a member that is not a list (section 5.1).
    let params = match (field.get(PARAMS), field.get(EXCEPT)) {
        (None, None) => Params::default(),
        (Some(ListEntry::InnerList(list)), None) => Params::Ignored(names(list)?),
        (None, Some(ListEntry::InnerList(list))) => Params::Except(names(list)?),
        _ => return None,
    };
    Some(NoVarySearch { key_order, params })
}

/// Parses a list of names (section 5.3).
fn names(list: &InnerList) -> Option<Vec<String>> {
    let names = list.items.iter().map(|item| match &item.bare_item {
        BareItem::String(name) => Some(query::decode(name.as_str())),
        _ => None,
    });
    Some(sorted(names.collect::<Option<Vec<_>>>()?))
}

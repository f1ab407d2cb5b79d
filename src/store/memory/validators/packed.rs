use http::HeaderValue;

use super::{
    hash::{TargetId, id_of_scope},
    heads::{HeadNumber, HeadTable, MAX_HEADS},
};
use crate::{
    semantics::{
        field::HttpDate,
        validator::{EntityTag, RepeatedFields, Validators},
    },
    store::{memory::room, validators::ValidatorEntry},
};

/// An entry as it is kept: its scopes and its validators. One of the usual length needs no
/// allocation.
///
/// | Bytes | Content |
/// |---|---|
/// | 1 | the [`Form`] of the validators |
/// | 2 | the number of scopes |
/// | 8 each | the scopes |
/// | 8 or none | the last modification, in seconds since 1970 |
/// | .. | the tag with its quotes, or the encoding of all validators |
pub(super) enum PackedEntry {
    Inline { len: u8, bytes: [u8; INLINE] },
    Boxed(Box<[u8]>),
}

/// The room for two scopes and a tag with 192 bits.
const INLINE: usize = 46;
const START: usize = 3;
const SCOPE: usize = size_of::<TargetId>();
const DATE: usize = size_of::<i64>();

/// The first byte of an entry: the number of its head or one of these, and a flag.
struct Form(u8);

const NO_HEAD: u8 = MAX_HEADS;
const ENCODED: u8 = MAX_HEADS + 1;
const HAS_DATE: u8 = 1 << 7;

impl PackedEntry {
    /// Packs an entry, whose headers enter the table. `None` if it has too many scopes.
    pub(super) fn new(entry: &ValidatorEntry, heads: &mut HeadTable) -> Option<Self> {
        let count = u16::try_from(entry.scopes.len()).ok()?;
        let ValidatorEntry { validators, .. } = entry;
        let form = Form::of(validators, heads);
        let mut bytes = Vec::with_capacity(START + entry.scopes.len() * SCOPE + INLINE);
        bytes.push(form.0);
        bytes.extend_from_slice(&count.to_ne_bytes());
        for scope in &*entry.scopes {
            bytes.extend_from_slice(&id_of_scope(scope).to_ne_bytes());
        }
        if form.is_encoded() {
            bytes.extend_from_slice(&validators.encode());
        } else {
            if let Some(date) = validators.last_modified {
                bytes.extend_from_slice(&date.unix_seconds().to_ne_bytes());
            }
            if let Some(tag) = &validators.etag {
                bytes.extend_from_slice(tag.as_header_value().as_bytes());
            }
        }
        Some(Self::from(bytes))
    }

    /// Returns the bytes of its allocation.
    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Inline { .. } => 0,
            Self::Boxed(bytes) => room::of_allocation(bytes.len()),
        }
    }

    fn all(&self) -> &[u8] {
        match self {
            Self::Inline { len, bytes } => &bytes[..usize::from(*len)],
            Self::Boxed(bytes) => bytes,
        }
    }

    fn form(&self) -> Form {
        Form(self.all()[0])
    }

    fn parts(&self) -> (&[[u8; SCOPE]], &[u8]) {
        let (start, rest) = self.all().split_at(START);
        let count = u16::from_ne_bytes([start[1], start[2]]);
        let (scopes, validators) = rest.split_at(usize::from(count) * SCOPE);
        (scopes.as_chunks().0, validators)
    }

    pub(super) fn scopes(&self) -> impl Iterator<Item = TargetId> {
        let (scopes, _) = self.parts();
        scopes.iter().map(|scope| TargetId::from_ne_bytes(*scope))
    }

    /// Returns the number of its head, if its headers are shared.
    pub(super) fn head(&self) -> Option<HeadNumber> {
        self.form().head()
    }

    pub(super) fn validators(&self, heads: &HeadTable) -> Validators {
        let (_, mut rest) = self.parts();
        let form = self.form();
        if form.is_encoded() {
            return Validators::decode(rest).expect("the encoding of an entry");
        }
        let head = form.head();
        let mut validators = Validators {
            repeated: head.map_or(RepeatedFields::new(), |number| heads.fields(number)),
            ..Validators::new()
        };
        if form.has_date() {
            let (date, tag) = rest.split_first_chunk::<DATE>().expect("a date");
            rest = tag;
            let seconds = i64::from_ne_bytes(*date);
            validators.last_modified = Some(HttpDate::from_unix_seconds(seconds));
        }
        if !rest.is_empty() {
            let tag = HeaderValue::from_bytes(rest).expect("the tag of an entry");
            validators.etag = Some(EntityTag::try_from(tag).expect("the tag of an entry"));
        }
        validators
    }
}

impl From<Vec<u8>> for PackedEntry {
    fn from(entry: Vec<u8>) -> Self {
        match u8::try_from(entry.len()) {
            Ok(len) if entry.len() <= INLINE => {
                let mut bytes = [0; INLINE];
                bytes[..entry.len()].copy_from_slice(&entry);
                Self::Inline { len, bytes }
            }
            _ => Self::Boxed(entry.into_boxed_slice()),
        }
    }
}

impl Form {
    fn of(validators: &Validators, heads: &mut HeadTable) -> Self {
        let head = if validators.repeated.is_empty() {
            NO_HEAD
        } else {
            heads.share(&validators.repeated).unwrap_or(ENCODED)
        };
        match validators.last_modified {
            Some(_) if head != ENCODED => Self(head | HAS_DATE),
            _ => Self(head),
        }
    }

    fn head(&self) -> Option<HeadNumber> {
        let head = self.0 & !HAS_DATE;
        (head < MAX_HEADS).then_some(head)
    }

    fn is_encoded(&self) -> bool {
        self.0 == ENCODED
    }

    fn has_date(&self) -> bool {
        self.0 & HAS_DATE != 0
    }
}

use super::{CanonicalLimits, IgnoredMembers, NotCanonical, canonicalize, canonicalize_without};

mod forms;
mod heap;
mod names;
mod numbers;
mod pointers;
mod properties;
mod published_numbers;
mod refused;
mod vectors;
mod writer;

/// Returns the canonical form of a document, without a limit of bytes.
fn form(json: impl AsRef<[u8]>) -> Result<String, NotCanonical> {
    let form = canonicalize(json.as_ref(), &CanonicalLimits::new(usize::MAX))?;
    Ok(String::from_utf8(form).expect("UTF-8"))
}

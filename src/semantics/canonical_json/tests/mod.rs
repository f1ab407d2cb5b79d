use super::{CanonicalLimits, NotCanonical, canonicalize};

mod forms;

/// Returns the canonical form of a short document.
fn form(json: impl AsRef<[u8]>) -> Result<String, NotCanonical> {
    let form = canonicalize(json.as_ref(), &CanonicalLimits::new(1 << 20))?;
    Ok(String::from_utf8(form).expect("UTF-8"))
}

use http::Method;

/// The methods as a closed set. A client may send any word as its method.
pub(crate) const METHODS: [&str; 9] = [
    "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "QUERY", "OPTIONS", "other",
];

/// Returns the place of a method in [`METHODS`].
pub(crate) fn method_index(method: &Method) -> usize {
    let name = method.as_str();
    let index = METHODS.iter().position(|known| *known == name);
    index.unwrap_or(METHODS.len() - 1)
}

/// Returns a method as one word of [`METHODS`].
pub(crate) fn method_label(method: &Method) -> &'static str {
    METHODS[method_index(method)]
}

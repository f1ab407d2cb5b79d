//! `/openapi.json`: complete, consistent, and true for requests that Schemathesis makes up.

mod conformance;
mod document;
mod schemathesis;

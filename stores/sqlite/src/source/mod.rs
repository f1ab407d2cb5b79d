mod query;
#[cfg(test)]
mod tests;
mod version;

pub use query::QuerySource;
pub use version::VersionSource;

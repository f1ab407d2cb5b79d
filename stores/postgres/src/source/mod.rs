//! Sources of validators and states for the layers.

mod events;
mod query;
mod state;
mod value;
mod version;

pub use events::EventLog;
pub(crate) use query::borrowed;
pub use query::{Param, QuerySource};
pub use state::ScopeState;
pub(crate) use value::current_of;
pub use version::VersionSource;
pub(crate) use version::read;

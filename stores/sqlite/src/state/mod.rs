mod events;
mod scope;
#[cfg(test)]
mod tests;

pub use events::EventLog;
pub use scope::ScopeState;

//! Processes that end with the tests, and the ports and directories that they need.

mod directory;
mod kill_with_parent;
mod port;
mod replica;
mod wait;

pub use {
    directory::create_directory,
    kill_with_parent::{kill_with_parent, kill_with_parent_and_remove},
    port::free_port,
    replica::Replica,
    wait::wait_until,
};
pub(crate) use {kill_with_parent::shell_before, wait::is_reached_in_time};

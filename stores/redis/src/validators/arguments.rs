//! The keys and arguments of the scripts.

use std::time::Duration;

use redis::Cmd;
use tower_conditional::store::validators::{Grant, ValidatorKey, WriteTarget};

use crate::hex::push_hex;

/// Returns the key of a record: `{PREFIX}:entry:HEX`, with the braces.
pub(super) fn entry_name(prefix: &str, key: &ValidatorKey) -> String {
    let mut name = String::with_capacity(prefix.len() + 73);
    name.push('{');
    name.push_str(prefix);
    name.push_str("}:entry:");
    push_hex(&mut name, key.as_bytes());
    name
}

/// Returns whole milliseconds, rounded down: an entry must not live longer.
pub(super) fn millis_within(ttl: Duration) -> u64 {
    u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX)
}

pub(super) fn add_grant(command: &mut Cmd, grant: &Grant) {
    command.arg(&grant.id().as_bytes()[..]);
    command.arg(grant.generation());
    command.arg(millis_within(grant.granted_at()));
}

/// Adds the fields of targets: `a`, `k` with a key, or `s` with a scope.
pub(super) fn add_targets(command: &mut Cmd, targets: &[WriteTarget]) {
    for target in targets {
        match target {
            WriteTarget::Key(key) => command.arg([b"k", &key.as_bytes()[..]].concat()),
            WriteTarget::Scope(scope) => command.arg([b"s", &scope.as_bytes()[..]].concat()),
            // A kind of target that is added later may be any entry.
            _ => command.arg("a"),
        };
    }
}

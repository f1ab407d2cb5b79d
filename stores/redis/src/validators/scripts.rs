use std::sync::LazyLock;

use super::{MAX_ENTRY_TTL, REMOVAL_DELAY};
use crate::{script::Script, server::millis};

const READ: &str = include_str!("read.lua");
const EPOCH: &str = include_str!("epoch.lua");
const ENTRY: &str = include_str!("entry.lua");
const HELD: &str = include_str!("held.lua");
const READS: &str = include_str!("reads.lua");
const CHANGE: &str = include_str!("change.lua");
const WHEN_FULL: &str = include_str!("when_full.lua");

pub(super) static LOOKUP: LazyLock<Script> =
    LazyLock::new(|| script(&[EPOCH, ENTRY, READS, include_str!("lookup.lua")]));
pub(super) static FILL: LazyLock<Script> =
    LazyLock::new(|| script(&[EPOCH, ENTRY, HELD, READS, include_str!("fill.lua")]));
pub(super) static RELEASE: LazyLock<Script> =
    LazyLock::new(|| script(&[ENTRY, HELD, include_str!("release.lua")]));
pub(super) static BEGIN: LazyLock<Script> =
    LazyLock::new(|| script(&[EPOCH, CHANGE, include_str!("begin.lua")]));
pub(super) static END: LazyLock<Script> =
    LazyLock::new(|| script(&[EPOCH, CHANGE, WHEN_FULL, include_str!("end.lua")]));
pub(super) static INVALIDATE: LazyLock<Script> =
    LazyLock::new(|| script(&[EPOCH, CHANGE, WHEN_FULL, include_str!("invalidate.lua")]));

/// Returns the script of these parts, with the limits that they share with the builder, and with
/// the function that reads.
fn script(parts: &[&str]) -> Script {
    let limits = format!(
        "local MAX_ENTRY_TTL, REMOVAL_DELAY = {}, {}\n",
        millis(MAX_ENTRY_TTL),
        millis(REMOVAL_DELAY)
    );
    Script::new(&[&[&*limits, READ], parts].concat())
}

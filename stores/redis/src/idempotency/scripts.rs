use std::sync::LazyLock;

use crate::script::Script;

const RECORD: &str = include_str!("record.lua");

pub(super) static BEGIN: LazyLock<Script> =
    LazyLock::new(|| Script::new(&[RECORD, include_str!("begin.lua")]));
pub(super) static RENEW: LazyLock<Script> =
    LazyLock::new(|| Script::new(&[RECORD, include_str!("renew.lua")]));
pub(super) static END: LazyLock<Script> =
    LazyLock::new(|| Script::new(&[RECORD, include_str!("end.lua")]));
pub(super) static RESOLVE: LazyLock<Script> =
    LazyLock::new(|| Script::new(&[RECORD, include_str!("resolve.lua")]));
pub(super) static INSPECT: LazyLock<Script> =
    LazyLock::new(|| Script::new(&[RECORD, include_str!("inspect.lua")]));

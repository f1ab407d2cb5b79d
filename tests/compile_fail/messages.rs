//! Mistakes of newcomers do not compile, and the compiler names the cause.
//!
//! `cases/*.stderr` are the messages of Rust [`RECORDED_WITH`], which are compared completely.
//! Another compiler may word them differently. Then the cases must fail too, and the messages must
//! contain the words of [`MISTAKES`].
//!
//! `TRYBUILD=overwrite cargo test -p tower-conditional-compile-fail` records them again.

use std::{
    collections::BTreeSet,
    env, fs,
    io::{self, Write},
    path::{Path, PathBuf},
    process::Command,
};

use trybuild::TestCases;

const RECORDED_WITH: &str = "1.95.0";

/// The cases, each with words of its message that name the cause.
const MISTAKES: [(&str, &str); 23] = [
    (
        "async_closure_with_capture",
        "captures state from its environment",
    ),
    (
        "async_closure_in_now",
        "an async function of `&Parts` goes to `source::from_fn`",
    ),
    (
        "async_fn_of_extractors",
        "`source::axum` makes a source of an async function of axum's extractors",
    ),
    (
        "bare_closure",
        "and `source::now` of one that does not wait",
    ),
    ("body_of_other_data", "expected `Bytes`, found `Cursor"),
    (
        "closure_without_annotation",
        "consider giving this closure parameter an explicit type",
    ),
    ("closure_without_future", "`EntityTag` is not a future"),
    ("extractor_that_reads_body", "of which none reads the body"),
    (
        "extractors_in_from_fn",
        "type mismatch in function arguments",
    ),
    (
        "extractors_without_state",
        "if one needs a state, as `State` does, call `with_state`",
    ),
    ("function_as_clock", "is not a clock"),
    ("guard_without_state", "found `GuardedResource<"),
    ("keys_without_principal", "takes 2 arguments but 1"),
    ("layered_and_served", "Service<IncomingStream<"),
    ("self_get_without_default", "Incoming` must be `Default`"),
    ("service_without_clone", "`Report: Clone` is not satisfied"),
    ("store_without_cache", "expected `ValidatorCache<_>`, found"),
    ("string_as_cache_tag", "is not a source of cache tags"),
    ("text_as_refusal", "to return `(HeaderValue, Bytes)`"),
    ("url_as_key_store", "is not a store of idempotency keys"),
    ("url_as_validator_store", "is not a store of validators"),
    (
        "version_as_state",
        "a source cannot return `Result<Option<i64>, ",
    ),
    (
        "version_from_extractors",
        "it returns an `EntityTag`, `Validators`",
    ),
];

/// The variable with the directory of copied cases, for the process that writes their messages.
const COPIES: &str = "COPIES_OF_CASES";

#[test]
fn messages_name_the_cause() {
    // This runs in its own process, since trybuild takes its mode from the environment.
    if let Some(copies) = env::var_os(COPIES) {
        return TestCases::new().compile_fail(Path::new(&copies).join("*.rs"));
    }
    let listed = MISTAKES.map(|(case, _)| case.to_owned());
    assert_eq!(BTreeSet::from(listed), cases());
    let messages = if compiler_is_that_of_the_records() {
        TestCases::new().compile_fail("cases/*.rs");
        PathBuf::from("cases")
    } else {
        // Tests capture `eprintln!`, so this writes to the standard error.
        let _ = writeln!(
            io::stderr(),
            "messages are not compared in full: they are those of Rust {RECORDED_WITH}"
        );
        messages_of_this_compiler()
    };
    for (case, words) in MISTAKES {
        let message = messages.join(case).with_extension("stderr");
        let message = fs::read_to_string(message).unwrap();
        assert!(
            message.contains(words),
            "{case}: no {words:?} in\n{message}"
        );
    }
}

/// Compiles copies of the cases, so that trybuild writes their messages beside them.
fn messages_of_this_compiler() -> PathBuf {
    let copies = Path::new(env!("CARGO_TARGET_TMPDIR")).join("cases");
    let _ = fs::remove_dir_all(&copies);
    fs::create_dir_all(&copies).unwrap();
    for case in cases() {
        let name = Path::new(&case).with_extension("rs");
        fs::copy(Path::new("cases").join(&name), copies.join(&name)).unwrap();
    }
    let written = Command::new(env::current_exe().unwrap())
        .args(["--exact", "messages_name_the_cause"])
        .env(COPIES, &copies)
        .env("TRYBUILD", "overwrite")
        .output()
        .unwrap();
    assert!(written.status.success(), "{written:#?}");
    copies
}

fn cases() -> BTreeSet<String> {
    let files = fs::read_dir("cases").unwrap();
    let files = files.map(|file| file.unwrap().path());
    let cases = files.filter(|file| file.extension().is_some_and(|it| it == "rs"));
    cases
        .map(|case| case.file_stem().unwrap().to_string_lossy().into_owned())
        .collect()
}

fn compiler_is_that_of_the_records() -> bool {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let version = Command::new(rustc).arg("--version").output().unwrap();
    String::from_utf8_lossy(&version.stdout).starts_with(&format!("rustc {RECORDED_WITH} "))
}

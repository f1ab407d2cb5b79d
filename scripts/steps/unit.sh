# shellcheck shell=bash
# The unit tests of all crates. They need nothing but Rust.

run_unit() {
    step "unit tests" tests --workspace --all-features --lib
}

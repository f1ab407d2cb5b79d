# shellcheck shell=bash
# Everything that `cargo test --workspace` runs besides unit tests, and the other drivers.

run_services() {
    # The tests of the examples start these programs, and the next step does not build them.
    step "examples" cargo build --locked --workspace --all-features --examples
    # Beside other programs, leases of two seconds would end too early (`retries`), and dozens of
    # writers would wait too long for a connection (`replicas`). So these run by themselves.
    step "integration tests" tests_beside "retries replicas" --workspace --all-features --bins --test '*'
    step "documentation tests" tests --workspace --all-features --doc
    # These drivers link another SQLite than the store, so they have their own workspace.
    local drivers=examples/other_drivers/Cargo.toml
    step "other drivers: clippy" cargo clippy --locked --manifest-path $drivers --all-targets -- -D warnings
    step "other drivers: tests" tests --manifest-path $drivers
}

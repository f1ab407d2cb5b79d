# shellcheck shell=bash
# The benches compile, and no path takes more instructions than before.

run_benches() {
    step "benches: clippy" cargo clippy --locked --manifest-path benches/Cargo.toml --all-targets -- -D warnings
    step "gate: clippy" cargo clippy --locked --manifest-path benches/gate/Cargo.toml --all-targets -- -D warnings
    step "instructions of each path" count_instructions
}

count_instructions() {
    local status=0
    scripts/instructions || status=$?
    case $status in
    3) not_checked "instructions: valgrind does not run here" ;;
    *) return "$status" ;;
    esac
}

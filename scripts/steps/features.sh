# shellcheck shell=bash
# The library without features, and with each one alone.

run_features() {
    step "all tests of the library without features" tests -p tower-conditional --no-default-features
    step "unit tests with single features" test_features
}

test_features() {
    local feature features
    # Only backtraces need debug information, and each feature builds all tests once more.
    local -x CARGO_PROFILE_DEV_DEBUG=0
    features=$(features_of_library)
    for feature in $features; do
        tests -p tower-conditional --lib --no-default-features --features "$feature"
    done
}

# shellcheck shell=bash
# The library without features, and with each one alone.

run_features() {
    step "library without features: unit and integration tests" tests_beside "" -p tower-conditional --no-default-features --tests
    step "library without features: documentation tests" tests -p tower-conditional --no-default-features --doc
    step "unit tests with single features" test_features
}

# The tests of one feature run while those of the next are built: a compiler has one thread for
# half of its time.
test_features() {
    local feature features program
    # Only backtraces need debug information, and each feature builds all tests once more.
    local -x CARGO_PROFILE_DEV_DEBUG=0
    # Properties have all their cases in the unit tests with all features.
    local -x PROPTEST_CASES=32
    features=$(features_of_library)
    for feature in $features; do
        # Other crates may turn these on, and a form must stay the same.
        if [ "$feature" = json ]; then
            feature+=,serde_json/arbitrary_precision,serde_json/preserve_order,serde_json/float_roundtrip
        fi
        program=$(build_unit_tests --no-default-features --features "$feature")
        finish_beside 0
        run_beside "feature $feature" "$program" --quiet
    done
    finish_beside 0
}

# Prints the path of the built program.
build_unit_tests() { # OPTION..
    local built
    built=$(cargo test --quiet --locked -p tower-conditional --lib --no-run --message-format json-render-diagnostics "$@")
    grep -o '"executable":"[^"]*"' <<<"$built" | cut -d '"' -f 4
}

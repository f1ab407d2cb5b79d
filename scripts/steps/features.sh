# shellcheck shell=bash
# The library without features, and with each one alone.

run_features() {
    step "all tests of the library without features" tests -p tower-conditional --no-default-features
    step "unit tests with single features" test_features
}

# The tests of one feature run while those of the next are built: a compiler has one thread for
# half of its time.
test_features() {
    local feature features program running=""
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
        if [ -n "$running" ]; then finish_tests "$running"; fi
        run_beside "$program" --quiet
        running=$feature
    done
    finish_tests "$running"
}

# Prints the path of the built program.
build_unit_tests() { # OPTION..
    local built
    built=$(cargo test --quiet --locked -p tower-conditional --lib --no-run --message-format json-render-diagnostics "$@")
    grep -o '"executable":"[^"]*"' <<<"$built" | cut -d '"' -f 4
}

# Waits for the tests that run in the background, and shows their output.
finish_tests() { # FEATURE
    local status=0
    wait_for_beside || status=$?
    printf '\nfeature %s:\n' "$1"
    tee -a "$logs/tests" <"$logs/beside"
    return "$status"
}

# shellcheck shell=bash
# Each fuzz target for a few seconds.

run_fuzz() {
    wait_for_ahead
    step "fuzz targets" scripts/fuzz "${FUZZ_SECONDS:-5}"
}

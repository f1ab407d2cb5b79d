# shellcheck shell=bash
# Each fuzz target, shortly.

run_fuzz() {
    step "fuzz targets" scripts/fuzz "${FUZZ_SECONDS:-5}"
}

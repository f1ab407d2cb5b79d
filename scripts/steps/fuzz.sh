# shellcheck shell=bash
# Each fuzz target for a few seconds.

run_fuzz() {
    if [ -n "$ahead" ]; then step "programs that are built ahead" wait_for_ahead; fi
    step "fuzz targets" scripts/fuzz "${FUZZ_SECONDS:-3}"
}

# shellcheck shell=bash
# Format, clippy, documentation, packages, licenses, Rust versions and the public API.

# The crates that are published, in the order of docs/release.md.
published=(tower-conditional tower-conditional-sql tower-conditional-postgres tower-conditional-redis tower-conditional-sqlite)

run_lint() {
    run_ahead install_tools
    # Clippy with single features and the external types keep one core busy.
    run_beside "oldest Rust" check_msrv
    step "format" check_format
    step "test vectors match their generators" check_vectors
    step "clippy: workspace" cargo clippy --locked --workspace --all-targets --all-features -- -D warnings
    step "clippy: single features" lint_features
    step "documentation: all features, docs.rs, no features" build_docs
    step "packages: their files" check_packages
    step "packages: with the oldest dependencies that they allow" check_minimal_versions
    step "licenses and duplicate dependencies" check_licenses
    step "oldest Rust" finish_beside 0 /dev/null
    step "WebAssembly" check_wasm
    step "external types" check_external_types
    step "semantic versioning" check_semver
}

install_tools() {
    write_probe
    if is_json_for_tool; then install_tool cargo-check-external-types; fi
}

check_format() {
    cargo fmt --all -- --check
    local own
    for own in benches benches/gate examples/other_drivers fuzz; do
        cargo fmt --manifest-path "$own/Cargo.toml" -- --check
    done
}

check_vectors() {
    python3 tests/vectors/reference.py --check && python3 tests/vectors/reference_ranges.py --check
}

lint_features() {
    local feature features
    features=$(features_of_library)
    for feature in "" $features; do
        cargo clippy --quiet --locked -p tower-conditional --no-default-features --features "$feature" -- -D warnings
    done
}

build_docs() {
    export RUSTDOCFLAGS="-D warnings"
    cargo doc --locked --workspace --no-deps --all-features
    cargo doc --locked -p tower-conditional --no-deps --no-default-features
    # docs.rs has a nightly rustdoc, which names the feature that each item needs.
    make_unstable_rustdoc
    RUSTDOC=$logs/rustdoc RUSTDOCFLAGS="-D warnings --cfg docsrs" \
        cargo doc --locked --no-deps --all-features "${published[@]/#/--package=}"
    unset RUSTDOCFLAGS
}

# Writes $logs/rustdoc, which takes unstable options. The variable is set for rustdoc alone:
# with it, build scripts would behave differently, and all dependencies would be built again.
make_unstable_rustdoc() {
    printf '#!/bin/sh\nRUSTC_BOOTSTRAP=1 exec rustdoc "$@"\n' >"${logs:?}/rustdoc"
    chmod +x "$logs/rustdoc"
}

# Compares the files of each package with .ci/package. To accept a change:
# UPDATE=1 scripts/test lint
check_packages() {
    cargo package --quiet --locked --allow-dirty --no-verify "${published[@]/#/--package=}"
    local name
    for name in "${published[@]}"; do
        # The version is cut off, and so is the file that exists only in a git checkout.
        # The Rust files of a folder become one line, and so do its scripts, so that a new one needs
        # no new list.
        tar -tzf "$CARGO_TARGET_DIR/package/$name-$(version "$name").crate" | cut -d / -f 2- |
            grep -v '^\.cargo_vcs_info\.json$' | sed -E 's#^(src/[^/]+/).*\.(rs|lua)$#\1**.\2#' |
            LC_ALL=C sort -u >"$logs/files"
        if [ -n "${UPDATE:-}" ]; then cp "$logs/files" ".ci/package/$name"; fi
        diff -u ".ci/package/$name" "$logs/files"
    done
}

# Prints the version of a package, which ends its identifier.
version() { cargo pkgid --offline -p "$1" | sed 's/.*[#@]//'; }

# Checks the packages, as they were packed, with the oldest direct dependencies that
# their manifests allow. Tests are left out, since users do not build them.
check_minimal_versions() {
    rm -rf "$CARGO_TARGET_DIR/minimal"
    local others=()
    for name in "${published[@]}"; do
        unpack_package "$name"
        if [ "$name" != tower-conditional-redis ]; then others+=("$name"); fi
    done
    check_oldest "${others[@]}"
    # The client of Redis needs a later tokio than the other packages.
    check_oldest tower-conditional-redis
}

unpack_package() { # NAME
    local folder=$CARGO_TARGET_DIR/minimal/$1
    mkdir -p "$folder"
    tar -xzf "$CARGO_TARGET_DIR/package/$1-$(version "$1").crate" -C "$folder" --strip-components 1
    awk '/^\[/ { skip = /dev-dependencies|^\[\[/ } !skip' "$folder/Cargo.toml" >"$logs/manifest"
    cp "$logs/manifest" "$folder/Cargo.toml"
}

check_oldest() { # NAME..
    local name manifest=$CARGO_TARGET_DIR/minimal/Cargo.toml
    {
        printf '[workspace]\nresolver = "3"\nmembers = ['
        printf '"%s", ' "$@"
        printf ']\nexclude = ["*"]\n[patch.crates-io]\n'
        for name in "${published[@]}"; do printf '%s = { path = "%s" }\n' "$name" "$name"; done
    } >"$manifest"
    rm -f "$CARGO_TARGET_DIR/minimal/Cargo.lock"
    # A stable cargo takes the unstable option with this variable. The compiler stays stable.
    RUSTC_BOOTSTRAP=1 cargo update --quiet --manifest-path "$manifest" -Z direct-minimal-versions
    cargo check --locked --manifest-path "$manifest" --workspace --all-features
}

check_licenses() {
    PATH="$PATH:$CARGO_TARGET_DIR/tools" \
        cargo deny --exclude tower-conditional-examples --exclude tower-conditional-examples-grpc \
        --exclude tower-conditional-retries --exclude tower-conditional-showcase check bans licenses sources
}

# Compiles the workspace with the oldest Rust that its manifest allows. Two versions of Rust share no
# built file, and with a directory of its own it waits for no other step.
check_msrv() {
    local oldest
    local -x CARGO_TARGET_DIR=$CARGO_TARGET_DIR/oldest
    oldest=$(sed -n 's/^rust-version = "\(.*\)"$/\1/p' Cargo.toml)
    # Without rustup, `rustc +1.88 --version` succeeds: it takes the first argument for a file.
    if rustup run "$oldest" rustc --version >/dev/null 2>&1 ||
        rustup toolchain install "$oldest" --profile minimal --no-self-update; then
        rustup run "$oldest" cargo check --quiet --locked --workspace --all-targets --all-features
    else
        not_checked "Rust $oldest: that toolchain cannot be installed here"
    fi
}

# The rules and the layers need no files, sockets or threads, which a browser or a worker lacks.
check_wasm() {
    local target=wasm32-unknown-unknown features
    if [ -d "$(rustc --print target-libdir --target $target)" ] || rustup target add $target; then
        for features in --no-default-features --all-features; do
            cargo check --locked --target $target -p tower-conditional "$features"
        done
    else
        not_checked "$target: its standard library cannot be installed here"
    fi
}

# Types of other crates appear in the public API only if the manifest allows them.
check_external_types() {
    local manifest
    wait_for_ahead
    make_unstable_rustdoc
    write_probe
    if ! is_json_for_tool; then
        not_checked "external types: $(rustc --version) writes documentation that the tool cannot read"
        return
    fi
    install_tool cargo-check-external-types
    for manifest in Cargo.toml stores/sql/Cargo.toml stores/postgres/Cargo.toml stores/redis/Cargo.toml stores/sqlite/Cargo.toml; do
        RUSTDOC=$logs/rustdoc cargo check-external-types --all-features --manifest-path "$manifest"
    done
}

# Writes $logs/probe.json. As a condition it would not end the script when it fails.
write_probe() {
    echo | RUSTC_BOOTSTRAP=1 rustdoc - --crate-name probe -o "$logs" -Z unstable-options --output-format json
}

# Tells if rustdoc's JSON has the version that the tool reads.
is_json_for_tool() { grep -q '"format_version":57' "$logs/probe.json"; }

# Compares the public API with that of the last release, which a tag names.
check_semver() {
    local last name
    if ! git rev-parse --git-dir >/dev/null 2>&1; then
        not_checked "semantic versioning: this is no git checkout"
        return
    fi
    if ! last=$(git describe --tags --abbrev=0 --match 'v*' 2>/dev/null); then
        echo "no release yet"
        return
    fi
    install_tool cargo-semver-checks
    for name in "${published[@]}"; do
        if git grep --quiet --fixed-strings "name = \"$name\"" "$last" -- '*Cargo.toml'; then
            cargo semver-checks --package "$name" --all-features --baseline-rev "$last"
        else
            echo "$name is new since $last"
        fi
    done
}

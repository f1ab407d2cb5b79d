# Runs the server in the current directory: keeper.sh BINARIES PORT
#
# Says `ready` once the server takes connections, and then waits for the name of
# a signal to end it with. The end of the input, which also comes if the process
# of the tests is gone, ends the server and removes the directory.

# Nobody may be left to be told that it is ready.
trap '' PIPE

start() {
    "$1/postgres" -D data -p "$2" \
        -c listen_addresses=127.0.0.1 -c unix_socket_directories= \
        -c fsync=off -c full_page_writes=off \
        -c max_connections=200 -c shared_buffers=32MB \
        </dev/null >>log 2>&1 &
    server=$!
}

# The server says so in the eighth line of its lock file; the first tells
# whether the file is of this run.
is_ready() {
    set -- $(sed -n '1p;8p' data/postmaster.pid 2>/dev/null)
    [ "$1" = "$server" ] && [ "$2" = ready ]
}

[ -d data ] || "$1/initdb" --auth=trust --username=postgres --encoding=UTF8 \
    --locale=C --no-sync --pgdata=data </dev/null >>log 2>&1 || exit

start "$@"
left=600
until is_ready; do
    left=$((left - 1))
    [ "$left" -gt 0 ] || { kill -s KILL "$server"; exit 1; }
    # What the server before had, its port and memory, may not be free yet.
    kill -s 0 "$server" 2>/dev/null || start "$@"
    sleep 0.05
done
echo ready 2>/dev/null
exec >&-

if read -r signal; then
    kill -s "$signal" "$server"
    wait "$server" 2>/dev/null
else
    kill -s QUIT "$server" 2>/dev/null
    wait "$server"
    # The last of its processes may still write.
    for _ in 1 2 3 4 5; do
        rm -rf "$PWD" 2>/dev/null && break
        sleep 0.2
    done
fi

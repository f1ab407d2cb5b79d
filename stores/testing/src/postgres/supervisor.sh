# Runs the server in the current directory: supervisor.sh BINARIES PORT
#
# Prints `ready` once the server takes connections. Then it reads the name of the signal
# that ends the server. If its input ends, as when the process of the tests ends, it ends
# the server and removes the directory.

# The process of the tests may have ended before `ready` is printed.
trap '' PIPE

start() {
    "$1/postgres" -D data -p "$2" \
        -c listen_addresses=127.0.0.1 -c unix_socket_directories= \
        -c fsync=off -c full_page_writes=off \
        -c max_connections=200 -c shared_buffers=32MB \
        </dev/null >>log 2>&1 &
    server=$!
}

# The eighth line of the lock file says that the server is ready. The first line is the
# process that wrote the file.
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
    # The port and the memory of an earlier server may not be free yet.
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
    # The last process of the server may still write.
    for _ in 1 2 3 4 5; do
        rm -rf "$PWD" 2>/dev/null && break
        sleep 0.2
    done
fi

#!/usr/bin/env bash
# deploy.sh BUILD PORT...: starts one instance of the build at each port, beside what runs, and moves the
# traffic of the role "web" to them. Ends them again if they did not become live.
set -euo pipefail
service=${SERVICE:-build/demo-service} # is called with a port and the build
build=$1
shift

pids=()
addresses=()
for port in "$@"; do
    setsid "$service" "$port" "$build" </dev/null >/dev/null 2>&1 &
    pids+=($!)
    addresses+=("127.0.0.1:$port")
done

status=0
turnout deploy web "$build" "${addresses[@]}" --wait 5m --note "deploy.sh" || status=$?
if [ "$status" -eq 4 ]; then # the connection broke, or it was interrupted; the deploy goes on
    status=0
    turnout wait web live "$build" --timeout 5m || status=$?
fi
case $status in
0) echo "$build is live" ;;
5) echo "$build is live; some requests of the old build were cut at the end of drain_timeout" ;;
1 | 3) # the new instances have no traffic, and never had
    kill "${pids[@]}" 2>/dev/null || true
    echo "$build is not live; nothing has changed" >&2
    exit "$status"
    ;;
*)
    echo "outcome unknown ($status): see turnout status" >&2
    exit "$status"
    ;;
esac

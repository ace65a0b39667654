#!/bin/sh
# Run the whole-program tests (tests/program) on the pyneck binary that $PYNECK names.
#
# usage: tests/run-program-tests.sh [PYTEST-OPTION...]
#
# `make check` calls it in the build directory, where it leaves tests/program-results-*.xml. Exit status 77
# (skipped, to automake) when no Python here has pytest, pexpect and pyte.
#
# environment:
#   PYNECK_TEST_SANITIZERS   not empty: the build has them, so one interpreter of each version is enough, and tests that
#                            compare figures which other programs' work changes are left out
set -eu

source_tests=$(cd "$(dirname "$0")" && pwd)
: "${PYNECK:=$PWD/pyneck}"
cache=${PYNECK_CHECK_CACHE:-/var/cache/pyneck-check}
home_cache=${XDG_CACHE_HOME:-${HOME:-/nonexistent}/.cache}/pyneck-check

if [ ! -x "$PYNECK" ]; then
    echo "run-program-tests.sh: no program at $PYNECK: run make first, or set PYNECK" >&2
    exit 1
fi

for python in "${PYNECK_TEST_PYTHON:-}" python3 /usr/bin/python3 "$cache/venv/bin/python3" \
    "$home_cache/venv/bin/python3" none; do
    if [ -n "$python" ] && "$python" -c 'import pytest, pexpect, pyte' 2>/dev/null; then
        break
    fi
done
if [ "$python" = none ]; then
    echo "run-program-tests.sh: no Python with pytest, pexpect and pyte: ./bootstrap check installs them" >&2
    exit 77
fi

results=
if [ -f config.status ] && [ -d tests ]; then
    results=$PWD/tests/program-results
fi

# A release's source directory may be read-only: nothing is written beside the tests.
export PYNECK PYTHONDONTWRITEBYTECODE=1
become_pytest() {
    name=$1
    shift
    exec "$python" -m pytest -p no:cacheprovider --rootdir="$source_tests" ${results:+"--junit-xml=$results$name.xml"} -v -ra \
        "$@" "$source_tests/program"
}

# Who gives options has the tests one after the other.
if [ $# != 0 ] || [ -z "$results" ]; then
    become_pytest '' "$@"
fi

# Tests wait most of the time, so several parts of them run at once; those that compare figures which other programs' work
# changes run alone after that.
status=0
parts=$(($(getconf _NPROCESSORS_ONLN) + 1))
running=
# shellcheck disable=SC2086 # a list of processes is meant to be split
trap 'kill -INT $running; exit 1' HUP INT TERM
for part in $(seq "$parts"); do
    (
        export PYNECK_TEST_PART="$part/$parts"
        become_pytest "-$part"
    ) >"$results-$part.log" 2>&1 &
    running="$running $!"
done
for process in $running; do
    wait "$process" || status=1
done
for part in $(seq "$parts"); do
    cat "$results-$part.log"
done
if [ -z "${PYNECK_TEST_SANITIZERS:-}" ]; then
    (become_pytest -alone -m measurement) || status=1
fi
exit "$status"

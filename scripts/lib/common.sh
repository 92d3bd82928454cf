# What every script here shares: where the tree is, how it speaks, how it builds.
# Sourced, never run.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cd "$root"

# Two jobs where the machine has more would be slow, more than the machine has would be slower.
jobs=$(nproc 2>/dev/null || echo 2)

say()
{
    printf '== %s\n' "$*"
}

warn()
{
    printf '%s: %s\n' "$(basename "$0")" "$*" >&2
}

die()
{
    warn "$@"
    exit 1
}

# build_preset PRESET [TARGET...]: configures and builds; configuring anew is cheap, and finds new files.
build_preset()
{
    local preset=$1
    shift
    local launcher=()
    if command -v ccache >/dev/null; then
        launcher=(-DCMAKE_C_COMPILER_LAUNCHER=ccache)
    fi
    say "configure: preset $preset"
    cmake --preset "$preset" "${launcher[@]}" >"${TMPDIR:-/tmp}/turnout-cmake.$$" 2>&1 || {
        cat "${TMPDIR:-/tmp}/turnout-cmake.$$" >&2
        rm -f "${TMPDIR:-/tmp}/turnout-cmake.$$"
        return 1
    }
    rm -f "${TMPDIR:-/tmp}/turnout-cmake.$$"
    say "build: preset $preset"
    local targets=()
    if [ $# -gt 0 ]; then
        targets=(--target "$@")
    fi
    cmake --build --preset "$preset" -j "$jobs" "${targets[@]}"
}

# c_files FOLDER...: the C sources and headers under these folders, one a line.
c_files()
{
    local folders=()
    local folder
    for folder in "$@"; do
        if [ -d "$folder" ]; then
            folders+=("$folder")
        fi
    done
    if [ ${#folders[@]} -gt 0 ]; then
        find "${folders[@]}" -name '*.[ch]' -type f | sort
    fi
}

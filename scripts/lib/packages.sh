# Debian packages: what is missing is installed, with progress; what is there is left alone.
# Sourced after common.sh.

# A package, and how to see that what it brings is there already (also when it came another way).
packages_build="
gcc               command gcc
libc6-dev         header  stdio.h
cmake             command cmake
ninja-build       command ninja
pkg-config        command pkg-config
libevent-dev      library libevent_extra
libssl-dev        library openssl
libconfig-dev     library libconfig
libjansson-dev    library jansson
"
packages_test="
libcmocka-dev     library cmocka
python3           python  python3
openssl           command openssl
curl              command curl
chromium          command chromium
clang             command clang
libclang-rt-14-dev package libclang-rt-14-dev
clang-format      command clang-format
"

package_is_there()
{
    local kind=$1 name=$2
    case $kind in
    command) command -v "$name" >/dev/null ;;
    python) command -v "$name" >/dev/null && "$name" -c 'import json, ssl, unittest' 2>/dev/null ;;
    library) command -v pkg-config >/dev/null && pkg-config --exists "$name" ;;
    header) [ -e "/usr/include/$name" ] ;;
    package) dpkg-query -W -f='${db:Status-Status}' "$name" 2>/dev/null | grep -qx installed ;;
    esac
}

# packages_missing LIST: the names of the packages in LIST that are not there.
packages_missing()
{
    local package kind name
    while read -r package kind name; do
        if [ -n "$package" ] && ! package_is_there "$kind" "$name"; then
            echo "$package"
        fi
    done <<<"$1"
}

as_root()
{
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        die "rights of root are needed for: $* (run this as root, or install sudo)"
    fi
}

# packages_install LIST: installs what is missing of LIST.
packages_install()
{
    local missing
    missing=$(packages_missing "$1")
    if [ -z "$missing" ]; then
        return 0
    fi
    command -v apt-get >/dev/null ||
        die "missing, and there is no apt-get to install it: $(echo $missing)"
    say "install: $(echo $missing)"
    as_root apt-get update
    # Words, one package each.
    # shellcheck disable=SC2086
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $missing
    missing=$(packages_missing "$1")
    [ -z "$missing" ] || die "still missing after the installation: $(echo $missing)"
}

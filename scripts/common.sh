# Sourced by the scripts beside it: where we are, what is installed, how we talk.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
root=$PWD
version=$(sed -n 's/^let agentVersion = "\(.*\)"$/\1/p' Sources/Agent/AgentCommand.swift)
architecture=$(uname -m)
agent="dist/dbcensus-agent-$version-linux-$architecture"

say() { printf '%s %s\n' "==>" "$*" >&2; }

# need_packages NAME…: installs the Debian packages that are missing, and says which.
need_packages() {
    local missing=()
    for name in "$@"; do
        dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null | grep -qx installed || missing+=("$name")
    done
    [ ${#missing[@]} -eq 0 ] && return 0
    local as_root=()
    [ "$(id -u)" -eq 0 ] || as_root=(sudo)
    say "installing ${missing[*]} (apt)"
    export DEBIAN_FRONTEND=noninteractive
    local log
    log=$(mktemp)
    if ! { "${as_root[@]}" apt-get install -y --no-install-recommends "${missing[@]}" >"$log" 2>&1 ||
        { "${as_root[@]}" apt-get update >"$log" 2>&1 &&
            "${as_root[@]}" apt-get install -y --no-install-recommends "${missing[@]}" >"$log" 2>&1; }; }; then
        cat "$log" >&2
        say "apt could not install ${missing[*]}"
        return 1
    fi
    rm -f "$log"
}

# need_swift: a clear word instead of "command not found".
need_swift() {
    command -v swift >/dev/null || {
        say "Swift 6.2 or later is needed: https://www.swift.org/install/linux/"
        exit 1
    }
}

# python_with REQUIREMENTS-FILE: prints a Python that has them, in a virtual environment below .build.
python_with() {
    local environment=.build/python
    local stamp=$environment/requirements.txt
    if ! cmp -s "$1" "$stamp" 2>/dev/null; then
        say "installing $(grep -cv '^#' "$1") Python packages (pip, into $environment)"
        rm -rf "$environment"
        python3 -m venv "$environment"
        "$environment/bin/pip" install --quiet --disable-pip-version-check -r "$1" >&2
        cp "$1" "$stamp"
    fi
    echo "$root/$environment/bin/python"
}

# Sourced after common.sh: packages of any Debian suite and architecture, without installing them.
mirror=http://deb.debian.org/debian
# Debian's own keys sign its packages, and no other key that this machine trusts.
signed='[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]'

# debian STATE SUITE ARCHITECTURE COMMAND…: apt-get with the lists of that suite and architecture, kept in STATE, and
# nothing of this machine's packages. The first command has to be `update`.
debian() {
    local state=$1 suite=$2 name=$3
    shift 3
    mkdir -p "$state/lists/partial" "$state/cache/archives/partial"
    : >"$state/status"
    echo "deb $signed $mirror $suite main" >"$state/sources.list"
    apt-get -qq -o Dir::Etc::sourcelist="$state/sources.list" -o Dir::Etc::sourceparts=- -o Dir::State::lists="$state/lists" \
        -o Dir::State::status="$state/status" -o Dir::Cache="$state/cache" -o APT::Architecture="$name" \
        -o APT::Architectures="$name" -o Acquire::Languages=none -o Acquire::Check-Valid-Until=false \
        -o APT::Sandbox::User=root -o Acquire::AllowInsecureRepositories=false -o APT::Get::AllowUnauthenticated=false "$@"
}

# debian_root SUITE FOLDER PACKAGE…: a root directory with these packages. The folder must not exist, or be empty.
debian_root() {
    local suite=$1 folder=$2 IFS=,
    shift 2
    mmdebstrap --quiet --mode=root --variant=minbase --include="$*" --aptopt='Acquire::Check-Valid-Until "false"' \
        --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
        --dpkgopt='path-exclude=/usr/share/man/*' \
        --customize-hook='rm -f "$1/etc/dpkg/dpkg.cfg.d/99mmdebstrap"' "$suite" "$folder" "deb $signed $mirror $suite main"
}

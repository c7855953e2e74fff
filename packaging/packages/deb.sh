# Sourced by build-packages: the packages of Debian and Ubuntu.

# control NAME DEPENDS DESCRIPTION SECTION RECOMMENDS: a binary package's control file.
control() {
    local name=$1 depends=$2 text=$3 section=${4:-admin} recommends=${5:-}
    cat <<END
Package: $name
Version: $version
Architecture: $debian_architecture
Section: $section
Priority: optional
Maintainer: dbcensus <maintainers@dbcensus.invalid>
Installed-Size: $(find "$tree" -type f -printf '%s\n' | awk '{ sum += int(($1 + 1023) / 1024) } END { print sum }')
${depends:+Depends: $depends
}${recommends:+Recommends: $recommends
}Homepage: https://github.com/dbcensus/dbcensus
$(sed '1s/^/Description: /' <<<"$text")
END
}

# deb NAME OVERRIDE…: the package of $tree. Each override is a tag of lintian's that is as it has to be.
deb() {
    local name=$1 documents=$tree/usr/share/doc/$1 override
    shift
    mkdir -p "$documents" "$tree/usr/share/lintian/overrides"
    mv "$documents/changelog.gz" "$documents/CHANGELOG.md.gz" 2>/dev/null || true
    gzip -9 -n >"$documents/changelog.gz" <<END
$name ($version) stable; urgency=medium

  * What changed is in CHANGELOG.md.

 -- dbcensus <maintainers@dbcensus.invalid>  $(LC_ALL=C date -u -R -d "@$SOURCE_DATE_EPOCH")
END
    cat >"$documents/copyright" <<END
Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/

Files: *
Copyright: 2026 the authors of dbcensus
License: Apache-2.0
 On Debian systems, the text is in /usr/share/common-licenses/Apache-2.0
END
    for override in "$@"; do echo "$name: $override"; done >"$tree/usr/share/lintian/overrides/$name"
    find "$documents" -type f -exec chmod 0644 {} +
    chmod 0644 "$tree/usr/share/lintian/overrides/$name"
    (cd "$tree" && find . -type f ! -path './DEBIAN/*' -printf '%P\0' | sort -z | xargs -0 md5sum >DEBIAN/md5sums)
    chmod 0755 "$tree/DEBIAN"
    find "$tree" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
    local file=$out/${name}_${version}_$debian_architecture.deb
    dpkg-deb --root-owner-group "${compression[@]}" --build "$tree" "$file" >/dev/null
    say "$file: $(stat -c %s "$file") bytes"
}

case $target in x86_64) debian_architecture=amd64 ;; aarch64) debian_architecture=arm64 ;; esac
compression=(-Zxz --threads-max=2)
if $fast; then compression=(-Zgzip -z1); fi

tree=$work/deb-agent
cp -a "$work/agent" "$tree"
mkdir "$tree/DEBIAN"
mv "$tree/usr/share/zsh/site-functions" "$tree/usr/share/zsh/vendor-completions"
control dbcensus-agent "" "find every database of this host
 The agent reads /proc, sockets and data directories. It reports databases
 that run, are stopped or are merely installed, with version, size and
 exposure. It needs no password, opens no connection and runs nothing." >"$tree/DEBIAN/control"
# The agent is one static file for every Linux.
deb dbcensus-agent statically-linked-binary embedded-library uses-dpkg-database-directly

tree=$work/deb-collector
cp -a "$work/collector" "$tree"
mkdir "$tree/DEBIAN"
mv "$tree/usr/share/zsh/site-functions" "$tree/usr/share/zsh/vendor-completions"
glibc="libc6 (>= 2.34), libgcc-s1, "
if [ -n "$libraries" ]; then glibc=; fi
control dbcensus-collector "${glibc}ca-certificates, passwd, init-system-helpers (>= 1.54)" \
    "inventory of all databases of an organisation
 The collector discovers the databases of an AWS organisation with SSM Run
 Command, stores what the agents report, keeps its history, and serves it as
 an HTTP API and on the command line." admin "libpq5 (>= 14)" >"$tree/DEBIAN/control"
echo /etc/dbcensus/collector.yaml >"$tree/DEBIAN/conffiles"
for name in preinst postinst prerm postrm; do
    sed -e "/^@USER@$/{r packaging/packages/user.sh
d}" "packaging/packages/deb-$name" >"$tree/DEBIAN/$name"
    chmod 0755 "$tree/DEBIAN/$name"
done
# Libraries are in it so that their versions do not depend on the distribution. The settings and the store are not for
# everyone to read. A message of postinst names a chown for the administrator. The simulated hosts have dpkg's database.
deb dbcensus-collector embedded-library non-standard-file-perm recursive-privilege-change \
    uses-dpkg-database-directly

tree=$work/deb-debug
cp -a "$work/debug" "$tree"
mkdir "$tree/DEBIAN"
control dbcensus-collector-dbgsym "dbcensus-collector (= $version)" \
    "debug symbols for dbcensus-collector" debug >"$tree/DEBIAN/control"
deb dbcensus-collector-dbgsym

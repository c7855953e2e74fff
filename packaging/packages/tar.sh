# Sourced by build-packages: archives for every other Linux with glibc 2.34 or later. They unpack to the same places.

# archive TREE NAME
archive() {
    local file=$out/$2-$version-linux-$target.tar.gz
    tar -C "$1" --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$SOURCE_DATE_EPOCH" \
        --transform "s,^\./,$2-$version/," -cf - ./etc ./usr 2>/dev/null |
        gzip -n "$($fast && echo -1 || echo -9)" >"$file"
    say "$file: $(stat -c %s "$file") bytes"
}
archive "$work/collector" dbcensus-collector
mkdir -p "$work/agent/etc"
archive "$work/agent" dbcensus-agent

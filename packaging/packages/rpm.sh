# Sourced by build-packages: the packages of Amazon Linux 2023 and RHEL 9.

script() { sed -e "/^@USER@$/{r packaging/packages/user.sh
d}" "packaging/packages/rpm-$1"; }

# files TREE: what %files lists; directories of the distribution belong to other packages.
files() {
    (cd "$1" && find . ! -type d -printf '/%P\n' -o -regex '.*/\(libexec\|doc\|lib\)/dbcensus[^/]*' -printf '%%dir /%P\n') | sed -e '/^\/etc\//d' -e 's/^.*\/man1\/.*$/&*/' | sort
}

payload=w19.zstdio
if $fast; then payload=w1.zstdio; fi
rpm_build() {
    rpmbuild -bb --quiet --target "$target-linux" --define "_topdir $work/rpmbuild" --define "_rpmdir $out_absolute" \
        --define '_rpmfilename %%{NAME}-%%{VERSION}-%%{RELEASE}.%%{ARCH}.rpm' --define '_build_id_links none' \
        --define '__os_install_post %{nil}' --define 'debug_package %{nil}' --define "_binary_payload $payload" \
        --define '_buildhost dbcensus' --define 'use_source_date_epoch_as_buildtime 1' \
        --define 'clamp_mtime_to_source_date_epoch 1' --define "_dbpath $work/rpmdb" "$1" 2>"$work/rpm.log" ||
        { cat "$work/rpm.log" >&2; exit 1; }
}
out_absolute=$(realpath "$out")

cat >"$work/dbcensus.spec" <<END
Name: dbcensus
Version: $version
Release: 1
Summary: Find every database of an organisation
License: Apache-2.0
URL: https://github.com/dbcensus/dbcensus
%description
Find every database of an organisation.

%package -n dbcensus-agent
Summary: Find every database of this host
%description -n dbcensus-agent
The agent reads /proc, sockets and data directories. It reports databases that run, are stopped or are merely
installed, with version, size and exposure. It needs no password, opens no connection and runs nothing.

%package -n dbcensus-collector
Summary: Inventory of all databases of an organisation
Requires: ca-certificates
Requires(pre): shadow-utils
Recommends: libpq.so.5()(64bit)
$([ -z "$libraries" ] || echo "AutoReqProv: no")
%description -n dbcensus-collector
The collector discovers the databases of an AWS organisation with SSM Run Command, stores what the agents report,
keeps its history, and serves it as an HTTP API and on the command line.

%package -n dbcensus-collector-debuginfo
Summary: Debug symbols for dbcensus-collector
Requires: dbcensus-collector = $version
AutoReq: no
%description -n dbcensus-collector-debuginfo
Debug symbols for dbcensus-collector.

%install
cp -a $work/agent/. $work/collector/. $work/debug/. %{buildroot}/

%files -n dbcensus-agent
$(files "$work/agent")

%files -n dbcensus-collector
$(files "$work/collector")
%dir %attr(0755, root, root) /etc/dbcensus
%config(noreplace) %attr(0640, root, dbcensus) /etc/dbcensus/collector.yaml

%files -n dbcensus-collector-debuginfo
$(files "$work/debug")

%pre -n dbcensus-collector
$(script pre)
%post -n dbcensus-collector
$(script post)
%preun -n dbcensus-collector
$(script preun)
%postun -n dbcensus-collector
$(script postun)
END
rpm_build "$work/dbcensus.spec"
for file in "$out"/dbcensus-{agent,collector,collector-debuginfo}-"$version-1.$target.rpm"; do
    say "$file: $(stat -c %s "$file") bytes"
done

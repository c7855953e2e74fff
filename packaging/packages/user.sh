# Part of the installation scripts of both package formats, in POSIX shell: the user, and what belongs to it.
note() { echo "dbcensus-collector: $*" >&2; }

make_user() {
    if ! getent group dbcensus >/dev/null; then groupadd --system dbcensus; fi
    if ! getent passwd dbcensus >/dev/null; then
        useradd --system --gid dbcensus --home-dir /var/lib/dbcensus --no-create-home --shell /usr/sbin/nologin \
            --comment "dbcensus collector" dbcensus
        return
    fi
    # A user of this name from before: the service runs as it, so it can read what the service stores.
    shell=$(getent passwd dbcensus | cut -d : -f 7)
    case $shell in
    */nologin | */false) ;;
    *) note "there is a user dbcensus with the login shell $shell. The service runs as this user, who can read its" \
        "store. If it is a person's account, give that person another name: usermod --login NEWNAME dbcensus." \
        "Then install this package again." ;;
    esac
    if [ "$(id -gn dbcensus)" != dbcensus ]; then
        note "the user dbcensus has the primary group $(id -gn dbcensus). The service uses the group dbcensus."
    fi
}

own_files() {
    # The settings may hold an external id: readable for the service, not for everyone. What you chose stays.
    if [ "$(stat -c %U:%G /etc/dbcensus/collector.yaml 2>/dev/null)" = root:root ]; then
        chgrp dbcensus /etc/dbcensus/collector.yaml
        chmod 0640 /etc/dbcensus/collector.yaml
    fi
    # No part of the package: systemd, which makes it too, would not hand over what an older unit left in it.
    if [ ! -e /var/lib/dbcensus ] && [ ! -L /var/lib/dbcensus ]; then
        install -d -o dbcensus -g dbcensus -m 0750 /var/lib/dbcensus
    fi
    # With DynamicUser= it is a link below /var/lib/private, and systemd moves it back at the start.
    if [ -d /var/lib/dbcensus ] && [ ! -L /var/lib/dbcensus ]; then
        if [ "$(stat -c %U /var/lib/dbcensus)" = root ]; then chown dbcensus:dbcensus /var/lib/dbcensus; fi
        others=$(find /var/lib/dbcensus -xdev ! -user dbcensus 2>/dev/null | head -n 1)
        if [ -n "$others" ]; then
            note "$others belongs to $(stat -c %U "$others"), not to the user dbcensus, so the service cannot use it." \
                "Hand it over: chown -R dbcensus:dbcensus /var/lib/dbcensus"
        fi
    fi
    # What was installed by hand comes before what this package brings.
    unit=/etc/systemd/system/dbcensus-collector.service
    if [ -f "$unit" ]; then
        note "$unit overrides the unit of this package. To use the packaged unit: rm $unit && systemctl daemon-reload." \
            "To keep changes of your own: systemctl edit dbcensus-collector"
    fi
    if [ -e /usr/local/bin/dbcensus-collector ]; then
        note "/usr/local/bin/dbcensus-collector, installed by hand, comes before the packaged /usr/bin/dbcensus-collector:" \
            "remove it"
    fi
}

say_how_to_start() {
    note "systemd does not run here. Start the collector with:" \
        "runuser -u dbcensus -- dbcensus-collector serve --config /etc/dbcensus/collector.yaml"
}

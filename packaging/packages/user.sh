# Part of the installation scripts of both package formats, in POSIX shell: the user, and what belongs to it.
note() { echo "dbcensus-collector: $*" >&2; }

# check_user: ends the installation if dbcensus is a person's account. The service would run as that person.
check_user() {
    entry=$(getent passwd dbcensus) || return 0
    shell=$(echo "$entry" | cut -d : -f 7)
    case $shell in
    */nologin | */false) return 0 ;;
    esac
    if [ "$(echo "$entry" | cut -d : -f 3)" -ge 1000 ]; then
        note "stopped, because a person's account has the name dbcensus (login shell $shell), and the service would run" \
            "as this user. Rename the account (usermod --login NEWNAME dbcensus), then install this package again."
        exit 1
    fi
    note "the existing user dbcensus has the login shell $shell. The service runs as this user, so that account can" \
        "read the store. To prevent logins: usermod --shell /usr/sbin/nologin dbcensus"
}

make_user() {
    if ! getent group dbcensus >/dev/null; then groupadd --system dbcensus; fi
    if ! getent passwd dbcensus >/dev/null; then
        useradd --system --gid dbcensus --home-dir /var/lib/dbcensus --no-create-home --shell /usr/sbin/nologin \
            --comment "dbcensus collector" dbcensus
    elif [ "$(id -gn dbcensus)" != dbcensus ]; then
        note "the user dbcensus has the primary group $(id -gn dbcensus), but the service runs with the group dbcensus." \
            "To change it: usermod --gid dbcensus dbcensus"
    fi
}

own_files() {
    # The settings may hold an external id: readable for the service, not for everyone. What you chose stays.
    file=/etc/dbcensus/collector.yaml
    if [ ! -L $file ] && [ "$(stat -c %U:%G $file 2>/dev/null)" = root:root ]; then
        chgrp dbcensus $file
        chmod 0640 $file
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
            note "the service cannot use $others, because $(stat -c %U "$others") owns it. If all files there belong to" \
                "the collector: chown -R dbcensus:dbcensus /var/lib/dbcensus && systemctl restart dbcensus-collector"
        fi
    fi
    # What was installed by hand comes before what this package brings.
    unit=/etc/systemd/system/dbcensus-collector.service
    if [ -f "$unit" ]; then
        note "$unit overrides the packaged unit. To use the packaged unit: rm $unit && systemctl daemon-reload &&" \
            "systemctl restart dbcensus-collector. To keep your changes, add them with: systemctl edit dbcensus-collector"
    fi
    if [ -e /usr/local/bin/dbcensus-collector ]; then
        note "your shell runs /usr/local/bin/dbcensus-collector instead of the packaged program. Remove it:" \
            "rm /usr/local/bin/dbcensus-collector"
    fi
}

say_how_to_start() {
    note "the service was not started, because systemd is not running. Start the collector with:" \
        "runuser -u dbcensus -- dbcensus-collector serve --config /etc/dbcensus/collector.yaml"
}

# dbcensus @VERSION@: finds the databases of this host. Made by packaging/build-document; the steps output-2 and on print
# what this one cannot. POSIX shell, run as root by the SSM agent. Nothing that is downloaded is run before its SHA-256 is
# the one that is written here.
set -u
umask 077
export LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin
keep=@KEEP@
# The command's folder, which the SSM agent made for root alone.
run=${0%/*}/..
downloaded=$run/downloads/dbcensus-agent.gz
frame=$run/dbcensus-frame

# fail STATUS DETAIL MESSAGE: what the collector reads, and what you read.
fail() {
    rm -rf "$run/downloads" "$frame" "$run/dbcensus-errors" "$run/dbcensus-agent"
    echo "dbcensus: $2: $3"
    exit "$1"
}

# last_words: the end of what was written to standard error, in one line.
last_words() { tail -c 300 "$run/dbcensus-errors" 2>/dev/null | tr '\n' ' '; }

# why_not FILE: the detail of a write that failed, from the words that the kernel's error has in every program.
why_not() {
    case $(cat "$run/dbcensus-errors" 2>/dev/null) in
    *'No space left'* | *'quota exceeded'* | *'File too large'*)
        fail 48 disk_full "the disk of $1 is full: free 20 MB" ;;
    *'Read-only file system'*) fail 47 read_only "$1 is on a read-only file system: mount it writable" ;;
    *) fail 49 not_writable "cannot write $1: $(last_words)" ;;
    esac
}

# is_ours PATH d|-: a directory or a file of root's, that no other user may write and that has no second name.
is_ours() {
    # shellcheck disable=SC2046
    set -- "$2" $(ls -ldn -- "$1" 2>/dev/null)
    [ $# -ge 4 ] && [ "$4" = 0 ] || return 1
    case $2 in
    "$1"????-??-?*) [ "$1" = d ] || [ "$3" = 1 ] ;;
    *) return 1 ;;
    esac
}

# sha256 FILE: its SHA-256 in hex, by the first tool that this host has.
sha256() {
    if command -v sha256sum >/dev/null; then
        sha256sum <"$1"
    elif command -v shasum >/dev/null; then
        shasum -a 256 <"$1"
    else
        openssl dgst -sha256 -r <"$1"
    fi | cut -c 1-64
}

[ "$(id -u)" = 0 ] || fail 41 not_root "the SSM agent does not run as root here: run it as root"
command -v sha256sum >/dev/null || command -v shasum >/dev/null || command -v openssl >/dev/null ||
    fail 44 sha256sum_missing "this host has neither sha256sum, shasum nor openssl: install coreutils"

case $(uname -m) in
x86_64) agent_sha=@AGENT_X86_64@ gz_sha=@GZ_X86_64@ other_sha=@GZ_AARCH64@ ;;
aarch64) agent_sha=@AGENT_AARCH64@ gz_sha=@GZ_AARCH64@ other_sha=@GZ_X86_64@ ;;
*) agent_sha= ;;
esac
[ -n "$agent_sha" ] || fail 42 unsupported_architecture "this document has no agent for $(uname -m)"

# Where the verified agent is kept, by its hash.
folder=@FOLDER@
name=agent-$agent_sha
if [ $keep = false ]; then folder=$run name=dbcensus-agent; fi
agent=$folder/$name

if [ $keep = true ]; then
    parent=$folder
    while [ "$parent" != / ]; do
        parent=$(dirname -- "$parent")
        real=$(cd -P -- "$parent" 2>/dev/null && pwd -P) || continue
        is_ours "$real" d || fail 46 unsafe_directory "$real is not root's alone: take the others' right to write from it"
    done
    # A directory that is a link, or another user's, is left as it is.
    if [ ! -d "$folder" ] || [ -h "$folder" ]; then
        mkdir -m 700 -- "$folder" 2>"$run/dbcensus-errors" || [ -e "$folder" ] || [ -h "$folder" ] || why_not "$folder"
    fi
    is_ours "$folder" d || fail 46 unsafe_directory "$folder is not a directory of root's alone: remove it"
fi

state=missing
if [ $keep = true ] && { [ -e "$agent" ] || [ -h "$agent" ]; }; then
    state=changed
    if is_ours "$agent" - && [ "$(sha256 "$agent")" = "$agent_sha" ]; then state=good; fi
    [ $state = good ] || rm -f -- "$agent" 2>/dev/null || fail 46 unsafe_directory "$agent is not the agent and cannot be removed"
fi
if [ $state != good ]; then
    # The SSM agent leaves an empty file when a server refuses the download.
    if [ ! -s "$downloaded" ]; then
        [ $state = missing ] ||
            fail 51 kept_agent_changed "the kept agent was not the one of this document and is removed: run again with fetch=yes"
        [ ! -d "$run/awsdownloadContent" ] ||
            fail 52 download_failed "the agent was not downloaded: see the output of the step download"
        fail 50 agent_missing "this host keeps no agent of this version: run again with fetch=yes"
    fi
    got=$(sha256 "$downloaded")
    if [ "$got" != "$gz_sha" ]; then
        [ -z "$other_sha" ] || [ "$got" != "$other_sha" ] ||
            fail 43 wrong_architecture "the agent is for another architecture than $(uname -m)"
        fail 53 hash_mismatch "the download's SHA-256 is $got instead of $gz_sha: nothing was run"
    fi
    command -v gzip >/dev/null || fail 45 gzip_missing "this host has no gzip: install gzip"
    # A fresh file that takes its name in one step: two runs at once do not meet.
    fresh=$folder/.fresh.$$
    rm -f -- "$fresh"
    { gzip -dc <"$downloaded" >"$fresh" && chmod 700 "$fresh"; } 2>"$run/dbcensus-errors" || {
        rm -f -- "$fresh"
        why_not "$folder"
    }
    got=$(sha256 "$fresh")
    if [ "$got" != "$agent_sha" ]; then
        rm -f -- "$fresh"
        fail 53 hash_mismatch "the agent's SHA-256 is $got instead of $agent_sha: nothing was run"
    fi
    mv -f -- "$fresh" "$agent"
fi
rm -rf "$run/downloads"
if [ $keep = true ]; then
    # Older agents, and what an earlier run left when it was stopped.
    for old in "$folder"/agent-* "$folder"/.fresh.*; do
        case $old in
        "$agent") ;;
        *.fresh.*) [ -z "$(find "$old" -mmin +60 2>/dev/null)" ] || rm -f -- "$old" ;;
        *) rm -f -- "$old" ;;
        esac
    done
fi

# Behind all other work, for a limited time and with a limited address space, where the host has the tools.
set -- "$agent" scan --format frame --frame 2 --max-output @MAX_OUTPUT@ --deadline @DEADLINE@s
# In the foreground the agent stays in the group of processes that the SSM agent ends when a command is cancelled.
if command -v timeout >/dev/null; then
    if timeout --foreground 1 true 2>/dev/null; then foreground=--foreground; else foreground=; fi
    set -- timeout $foreground -k 5 @TIMEOUT@ "$@"
fi
if command -v ionice >/dev/null && ionice -c 3 true 2>/dev/null; then set -- ionice -c 3 "$@"; fi
if command -v nice >/dev/null; then set -- nice -n 19 "$@"; fi
status=0 began=$(date +%s)
# The outer shell is for what a shell writes of its own about a process that a signal ended.
(
    (
        ulimit -v @MEMORY_KIB@ 2>/dev/null
        exec "$@"
    ) >"$frame" 2>"$run/dbcensus-errors" </dev/null
    exit $?
) 2>/dev/null || status=$?
[ $keep = true ] || rm -f -- "$agent"
# A timeout ends the agent by a signal, and not every host's timeout says so by its own status.
case $status in 137 | 143) [ $(($(date +%s) - began)) -lt @TIMEOUT@ ] || status=124 ;; esac
case $status in
0) ;;
124) fail 55 timed_out "the agent did not end in @TIMEOUT@ s" ;;
126) fail 54 noexec "$folder is mounted noexec or a policy forbids to run there: allow it, or make the document with KEEP=false" ;;
129 | 1[345]?) fail 56 agent_killed "signal $((status - 128)) ended the agent: $(last_words)" ;;
*)
    case $(cat "$run/dbcensus-errors") in
    *'No space left'*) fail 48 disk_full "the disk of $run is full: free 1 MB" ;;
    esac
    fail 57 agent_failed "the agent ended with status $status: $(last_words)"
    ;;
esac
rm -f "$run/dbcensus-errors"
dd if="$frame" bs=@PART@ count=1 2>/dev/null

"""Writes libFuzzer's first inputs: files of the fixture hosts, each behind the number of its parser in Fuzz.swift. seeds.py AGENT DIRECTORY"""

import pathlib
import subprocess
import sys

TESTS = pathlib.Path(__file__).resolve().parents[1]
HOSTS, RPM = TESTS / "EnginesTests/Fixtures/hosts", TESTS / "HostViewTests/Fixtures/rpm"
LARGEST = 65_535
PATTERNS = {
    0: ["*/var/lib/rpm/rpmdb.sqlite"], 3: ["*/lib/apk/db/installed"], 4: ["*/var/lib/dpkg/status"], 5: ["**/metrics.*"],
    6: ["**/*.cnf", "**/mongod.conf", "**/postgresql*.conf"], 7: ["**/*.service"], 8: ["*/usr/**/mysqld", "*/usr/**/mongod"],
    9: ["**/mountinfo", "**/cgroup", "**/net/tcp*", "**/net/unix", "**/proc/*/stat", "**/passwd", "**/os-release", "**/cmdline"], 10: ["**/*.json"],
}


def main(agent, directory):
    directory = pathlib.Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    inputs = [(parser, file.read_bytes()) for parser, patterns in PATTERNS.items() for pattern in patterns
              for file in sorted(HOSTS.glob(pattern))[:30] if file.is_file() and not file.is_symlink()]
    inputs += [(parser, file.read_bytes()) for file in sorted(RPM.rglob("*")) if file.is_file() for parser in (0, 1, 2)]
    inputs.append((11, subprocess.run([agent, "scan", "--recorded-proc", "--root", HOSTS / "docker", "--format", "frame"], capture_output=True, check=True).stdout))
    for number, (parser, data) in enumerate(inputs):
        if len(data) <= LARGEST:
            (directory / f"seed-{number}").write_bytes(bytes([parser]) + data)


if __name__ == "__main__":
    main(*sys.argv[1:])

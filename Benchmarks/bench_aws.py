"""The AWS client beside boto3, the fleet simulator's ceiling, and the SSM document's time beyond the agent's own.

    bench_aws.py PROBE SIMULATOR

Prints figures and judges none. The simulator has one processor, the client the other.
"""

import concurrent.futures
import gzip
import json
import os
import pathlib
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "Tests/EndToEnd"))
import document  # noqa: E402
from simulator import REGION, Simulator  # noqa: E402

COUNTS = {"whoami": 5_000, "nodes": 2_000, "instances": 100}
WIDTH = 16


def pinned(simulator, processor):
    """The simulator on one processor."""
    for thread in os.listdir(f"/proc/{simulator.process.pid}/task"):
        os.sched_setaffinity(int(thread), {processor})


def processor_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def peak_mib(pid):
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def probe(program, simulator, *arguments):
    env = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "AWS_EC2_METADATA_DISABLED": "true", **simulator.env}
    done = subprocess.run(["taskset", "-c", "1", program, *map(str, arguments)], env=env, capture_output=True, check=True)
    return json.loads(done.stdout)["result"]


def boto(url, env, action, count):
    """`count` calls of boto3 with WIDTH threads; it runs in a process of its own."""
    os.environ.update(env)
    import boto3
    from botocore.config import Config

    service, call = {"whoami": ("sts", "get_caller_identity"), "nodes": ("ssm", "describe_instance_information"), "instances": ("ec2", "describe_instances")}[action]
    client = boto3.client(service, region_name=REGION, endpoint_url=url, config=Config(max_pool_connections=WIDTH))
    method = getattr(client, call)
    options = {"MaxResults": 50} if action == "nodes" else {"MaxResults": 1000} if action == "instances" else {}
    began = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(WIDTH) as pool:
        list(pool.map(lambda _: method(**options), range(count)))
    took = time.monotonic() - began
    usage = resource.getrusage(resource.RUSAGE_SELF)
    print(json.dumps({"calls_per_second": count / took, "processor_seconds": usage.ru_utime + usage.ru_stime, "peak_mib": usage.ru_maxrss / 1024}))


def client_table(program, simulator_program):
    print(f"The client beside boto3: {WIDTH} calls at a time, each on one processor, the simulator on the other")
    print(f"  {'call':34}{'calls/s':>10}{'CPU ms/call':>13}{'peak MiB':>10}{'calls/s ×':>11}{'CPU ×':>8}")
    with Simulator("--accounts", 1, "--instances", 1_000, program=simulator_program) as simulator:
        pinned(simulator, 0)
        for action, count in COUNTS.items():
            rows = {}
            for name in ("AWSClient", "boto3"):
                runs = []
                for _ in range(3):
                    calls = count if name == "AWSClient" else max(20, count // 5)
                    if name == "AWSClient":
                        result = probe(program, simulator, "repeat", action, calls, WIDTH)
                    else:
                        done = subprocess.run(["taskset", "-c", "1", sys.executable, __file__, "boto", action, str(calls)], env={**os.environ, **simulator.env},
                                              capture_output=True, check=True)
                        result = json.loads(done.stdout)
                    runs.append((result["calls_per_second"], result["processor_seconds"] / calls * 1000, result["peak_mib"]))
                rows[name] = [statistics.median(column) for column in zip(*runs)]
            ours = rows["AWSClient"]
            for name, (rate, cost, peak) in rows.items():
                print(f"  {action + ', ' + name:34}{rate:10.0f}{cost:13.3f}{peak:10.1f}{rate / ours[0]:11.2f}{cost / ours[1]:8.2f}")
    print()


def ceiling(program, simulator_program, accounts, instances):
    print(f"A census of {accounts} accounts with {instances} instances each")
    with Simulator("--accounts", accounts, "--instances", instances, "--host-seconds", 0.5, program=simulator_program) as simulator:
        pinned(simulator, 0)
        result = probe(program, simulator, "census", 40)
        used, peak = processor_seconds(simulator.process.pid), peak_mib(simulator.process.pid)
        calls = sum(simulator.calls().values())
        print(f"  {result['reports']:.0f} reports of {result['instances']:.0f} instances in {result['seconds']:.1f} s, {result['failures']:.0f} accounts failed")
        print(f"  the simulator: {calls} calls, {used:.1f} s of one processor, {used / result['instances'] * 1000:.2f} ms an instance, peak {peak:.0f} MiB")
    print()


def document_table(rounds=15):
    print(f"The document on a host, its shell under dash (medians of {rounds})")
    agent = ROOT / "dist" / document.agent_name()
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        (folder / "dist").mkdir()
        for suffix in ("", ".gz"):
            shutil.copy(ROOT / "dist" / (document.agent_name() + suffix), folder / "dist")
        host = document.Host(folder / "host", document.build(folder / "dist"))
        download = (folder / "dist" / (document.agent_name() + ".gz")).read_bytes()

        def timed(step):
            times = []
            for _ in range(rounds):
                process = step()
                began = time.monotonic()
                assert host.finish(process)[0] == 0
                times.append((time.monotonic() - began) * 1000)
            return statistics.median(times)

        def first():
            shutil.rmtree(host.kept, ignore_errors=True)
            return host.start(download)

        def alone():
            return subprocess.Popen(["unshare", "--mount", "bash", "-c", f"set -e; mount --make-rprivate /; mount --bind {host.lib} /var/lib; exec {agent} scan --format frame --frame 2"],
                                    stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)

        def by_hand():
            process = alone()
            process.command = None
            return process

        hand = timed(by_hand)
        for name, value in (("the agent by hand", hand), ("first run: unpack, verify, scan", timed(first)), ("later run: verify, scan", timed(host.start))):
            print(f"  {name:34}{value:8.1f} ms{value - hand:+9.1f} ms")
        assert gzip.decompress(download)


if __name__ == "__main__":
    if sys.argv[1] == "boto":
        boto(os.environ["AWS_ENDPOINT_URL"], {}, sys.argv[2], int(sys.argv[3]))
        sys.exit()
    client_table(sys.argv[1], sys.argv[2])
    ceiling(sys.argv[1], sys.argv[2], 100, 1_000)
    if os.geteuid() == 0:
        document_table()
    else:
        print("The document: skipped, not root")

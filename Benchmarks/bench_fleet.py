"""Discovery beside the least that is possible, and beside a boto3 script that does the same work the usual way.

    bench_fleet.py COLLECTOR SIMULATOR [HOSTS…]

The simulator has one processor, the collector (or boto3) the other. Prints figures and judges none.
"""

import collections
import concurrent.futures
import json
import os
import pathlib
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "Tests/EndToEnd"))
from simulator import REGION, ROLE, Simulator  # noqa: E402

ACCOUNTS, WIDTH, BATCHES = 40, 40, 200
HOST_SECONDS = 10


def pinned(pid, processor):
    for thread in os.listdir(f"/proc/{pid}/task"):
        os.sched_setaffinity(int(thread), {processor})


def processor_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def command(program, simulator, folder):
    """The words and the environment of one `scan` on the second processor."""
    settings = {"external_id": "fleet", "organization.enabled": "true", "agent_bucket": "agents", "canary.percent": "0", "concurrency.accounts": WIDTH,
                "concurrency.batches": BATCHES, "organization.read_tags": "false"}
    flags = [part for name, value in settings.items() for part in ("--set", f"discovery.{name}={value}")]
    env = {"PATH": os.environ["PATH"], "HOME": str(folder), "AWS_EC2_METADATA_DISABLED": "true", **simulator.env}
    return ["taskset", "-c", "1", program, "scan", "--store", f"{folder}/store.sqlite", "--format", "json", *flags], env


def collector(program, simulator, folder):
    """Seconds, processor seconds and peak MiB of one `scan`, and its result."""
    words, env = command(program, simulator, folder)
    began = time.monotonic()
    process = subprocess.Popen(words, env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    output = process.stdout.read()
    _, process.returncode, usage = os.wait4(process.pid, 0)
    return time.monotonic() - began, json.loads(output), usage


def usual(url_env, accounts):
    """What a script of an afternoon does: one thread an account, pages, batches of 50, a look each second, a Get a host."""
    os.environ.update(url_env)
    import boto3
    from botocore.config import Config

    config = Config(max_pool_connections=WIDTH, retries={"mode": "standard", "total_max_attempts": 10})
    sts = boto3.client("sts", region_name=REGION, config=config)
    hub = sts.get_caller_identity()["Account"]

    def account(name):
        keys = sts.assume_role(RoleArn=f"arn:aws:iam::{name}:role/{ROLE}", RoleSessionName="bench", ExternalId="fleet")["Credentials"]
        session = {"region_name": REGION, "aws_access_key_id": keys["AccessKeyId"], "aws_secret_access_key": keys["SecretAccessKey"],
                   "aws_session_token": keys["SessionToken"], "config": config}
        ec2, ssm = boto3.client("ec2", **session), boto3.client("ssm", **session)
        ec2.describe_regions()
        list(ec2.get_paginator("describe_instances").paginate())
        nodes = [node["InstanceId"] for page in ssm.get_paginator("describe_instance_information").paginate(PaginationConfig={"PageSize": 50})
                 for node in page["InstanceInformationList"]]
        commands = []
        for first in range(0, len(nodes), 50):
            ids = nodes[first:first + 50]
            sent = ssm.send_command(DocumentName=f"arn:aws:ssm:{REGION}:{hub}:document/dbcensus", InstanceIds=ids, Parameters={"fetch": ["yes"]}, MaxErrors="100%")
            commands.append((sent["Command"]["CommandId"], ids))
        reports = 0
        for command, ids in commands:
            while True:
                found = [one for page in ssm.get_paginator("list_command_invocations").paginate(CommandId=command) for one in page["CommandInvocations"]]
                if all(one["Status"] in ("Success", "Failed", "TimedOut", "Cancelled") for one in found):
                    break
                time.sleep(1)
            for instance in ids:
                reports += bool(ssm.get_command_invocation(CommandId=command, InstanceId=instance, PluginName="scan")["StandardOutputContent"])
        return reports

    began = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(WIDTH) as pool:
        reports = sum(pool.map(account, accounts))
    usage = resource.getrusage(resource.RUSAGE_SELF)
    print(json.dumps({"seconds": time.monotonic() - began, "reports": reports, "processor_seconds": usage.ru_utime + usage.ru_stime, "peak_mib": usage.ru_maxrss / 1024}))


def least(hosts, accounts):
    """The calls without which it cannot be done, one look a command among them, and the seconds that hosts take."""
    each = hosts // accounts
    batches = 2 * accounts * ((each // 2 + 49) // 50)
    calls = {"AssumeRole": accounts, "DescribeRegions": accounts, "DescribeInstances": accounts * ((each + 999) // 1000),
             "DescribeInstanceInformation": accounts * ((each + 49) // 50), "SendCommand": batches, "ListCommandInvocations": batches}
    rounds = (batches + BATCHES - 1) // BATCHES
    return sum(calls.values()), batches, rounds * (HOST_SECONDS * 1.5 + 1)


def neighbours(program, simulator_program):
    """Seconds until 20 accounts are done in one region, while the other region answers, or throttles every call."""
    open_tasks = "SELECT COUNT(*), COUNT(CASE WHEN ended_at IS NULL THEN 1 END) FROM tasks WHERE region = 'eu-west-1'"
    print("2,000 hosts in 20 accounts and eu-west-1, seconds until all are done, while eu-central-1")
    for name, extra in (("answers", []), ("throttles every call", ["--throttled", "eu-central-1"])):
        options = ["--accounts", 20, "--instances", 100, "--regions", "eu-west-1,eu-central-1", "--host-seconds", HOST_SECONDS, "--rate", 0, *extra]
        with Simulator(*options, program=simulator_program) as simulator, tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
            pinned(simulator.process.pid, 0)
            words, env = command(program, simulator, folder)
            began = time.monotonic()
            process = subprocess.Popen(words, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            while process.poll() is None:
                time.sleep(0.2)
                try:
                    store = sqlite3.connect(f"file:{folder}/store.sqlite?mode=ro", uri=True)
                    known, left = store.execute(open_tasks).fetchone()
                    store.close()
                except sqlite3.Error:
                    continue
                if known == 20 and left == 0:
                    break
            print(f"  {name:24}{time.monotonic() - began:9.1f}")
            process.kill()
            process.wait()


def measure(program, simulator_program, hosts, rate, peer=True):
    each = hosts // ACCOUNTS
    options = ["--accounts", ACCOUNTS, "--instances", each, "--host-seconds", HOST_SECONDS, "--rate", rate, "--burst", max(1, 2 * rate),
               "--databases", "0=0.45,1=0.45,3=0.1"]
    words = f"{hosts} hosts in {ACCOUNTS} accounts, {'no throttling' if not rate else f'{rate} calls/s of each action and account'}"
    print(words)
    print(f"  {'':12}{'seconds':>9}{'calls':>8}{'calls ×':>9}{'throttled':>11}{'CPU s':>8}{'peak MiB':>10}{'answered':>10}")
    fewest, batches, floor = least(hosts, ACCOUNTS)
    print(f"  {'the least':12}{floor:9.1f}{fewest:8}{1:9.2f}")
    with Simulator(*options, program=simulator_program) as simulator, tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        pinned(simulator.process.pid, 0)
        took, result, usage = collector(program, simulator, folder)
        calls = simulator.calls()
        good = sum(count for name, count in calls.items() if name.endswith(" ok"))
        throttled = sum(count for name, count in calls.items() if "Thrott" in name or "RequestLimit" in name)
        cpu = usage.ru_utime + usage.ru_stime
        simulated = processor_seconds(simulator.process.pid)
        print(f"  {'dbcensus':12}{took:9.1f}{good:8}{good / fewest:9.2f}{throttled:11}{cpu:8.1f}{usage.ru_maxrss / 1024:10.0f}{sum(result['reasons'].get(r, 0) for r in ('ok', 'no_database')):10}")
        print(f"  (the simulator used {simulated:.1f} s of its processor; time ÷ the larger of both floors: {took / max(floor, simulated):.2f})")
        print("   " + ", ".join(f"{name.split(':')[1].removesuffix(' ok')} {count}" for name, count in sorted(calls.items(), key=lambda item: -item[1])[:6]))
    if not peer:
        return
    with Simulator(*options, program=simulator_program) as simulator:
        pinned(simulator.process.pid, 0)
        accounts = sorted({one["account"] for one in simulator.instances()})
        done = subprocess.run(["taskset", "-c", "1", sys.executable, __file__, "usual", json.dumps(accounts)], env={**os.environ, **simulator.env},
                              capture_output=True, text=True)
        if done.returncode:
            print(f"  {'boto3':12} failed: {done.stderr.strip().splitlines()[-1][:120]}")
            return
        result, calls = json.loads(done.stdout), simulator.calls()
        good = sum(count for name, count in calls.items() if name.endswith(" ok"))
        throttled = sum(count for name, count in calls.items() if "Thrott" in name or "RequestLimit" in name)
        print(f"  {'boto3':12}{result['seconds']:9.1f}{good:8}{good / fewest:9.2f}{throttled:11}{result['processor_seconds']:8.1f}{result['peak_mib']:10.0f}{result['reports']:10}")


if __name__ == "__main__":
    if sys.argv[1] == "usual":
        usual({}, json.loads(sys.argv[2]))
    else:
        program, simulator_program, *sizes = sys.argv[1:]
        neighbours(program, simulator_program)
        for hosts in [int(size) for size in sizes] or [10_000, 100_000]:
            for rate in (0, 20):
                measure(program, simulator_program, hosts, rate, peer=hosts <= 20_000)
                print()

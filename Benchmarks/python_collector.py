"""A collector as a proof of concept has it, for comparison alone: http.server, gzip, json, sqlite3, a durable commit a request.

It keeps what ours keeps (hosts, databases, changes, samples of sizes, the raw report), without search, tokens, audit and
counters: python_collector.py STORE PORT.
"""

import base64
import gzip
import http.server
import json
import sqlite3
import sys
import threading

SCHEMA = """
CREATE TABLE IF NOT EXISTS hosts (id TEXT PRIMARY KEY, hostname TEXT, os TEXT, kernel TEXT, first_seen TEXT, last_seen TEXT);
CREATE TABLE IF NOT EXISTS databases (host TEXT, key TEXT, engine TEXT, version TEXT, state TEXT, port INTEGER, exposure TEXT, role TEXT,
    bytes INTEGER, first_seen TEXT, last_seen TEXT, missing_since TEXT, PRIMARY KEY (host, key));
CREATE TABLE IF NOT EXISTS changes (host TEXT, key TEXT, at TEXT, kind TEXT, before TEXT, after TEXT);
CREATE TABLE IF NOT EXISTS sizes (host TEXT, key TEXT, at TEXT, bytes INTEGER);
CREATE TABLE IF NOT EXISTS reports (host TEXT, started_at TEXT, body BLOB, UNIQUE (host, started_at));
"""


class Store:
    def __init__(self, path):
        self.lock = threading.Lock()
        self.database = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        for setting in ["PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL"]:
            self.database.execute(setting)
        self.database.executescript(SCHEMA)

    def add(self, report, body):
        host, seen = report["host"], report["scan"]["started_at"]
        identity = (host["cloud"] or {}).get("instance_id") or host["machine_id"]
        run = self.database.execute
        with self.lock:
            run("BEGIN IMMEDIATE")
            if run("SELECT 1 FROM reports WHERE host = ? AND started_at = ?", [identity, seen]).fetchone():
                run("COMMIT")
                return "duplicate"
            run("INSERT INTO hosts VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET last_seen = excluded.last_seen",
                [identity, host["hostname"], host["os"]["name"], host["kernel"], seen, seen])
            known = {row[0]: row[1:] for row in run(
                "SELECT key, version, state, port, exposure, role, bytes, missing_since FROM databases WHERE host = ?", [identity])}
            for entry in report["databases"]:
                listener = next((x for x in entry["listeners"] if x["purpose"] == "client"), None) or {}
                size = sum(d["bytes"] or 0 for d in entry["data_directories"])
                now = (entry["version"], entry["state"], listener.get("port"), listener.get("exposure"), entry["role"])
                before = known.pop(entry["key"], None)
                if before is None:
                    run("INSERT INTO databases VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL)",
                        [identity, entry["key"], entry["engine"], *now, size, seen, seen])
                    run("INSERT INTO changes VALUES (?, ?, ?, 'appeared', NULL, ?)", [identity, entry["key"], seen, entry["version"]])
                    run("INSERT INTO sizes VALUES (?, ?, ?, ?)", [identity, entry["key"], seen, size])
                    continue
                for field, old, new in zip(["version", "state", "port", "exposure", "role"], before, now):
                    if old != new:
                        run("INSERT INTO changes VALUES (?, ?, ?, ?, ?, ?)", [identity, entry["key"], seen, field, old, new])
                run("UPDATE databases SET version = ?, state = ?, port = ?, exposure = ?, role = ?, bytes = ?, last_seen = ?, missing_since = NULL"
                    " WHERE host = ? AND key = ?", [*now, size, seen, identity, entry["key"]])
                if before[5] != size:
                    run("INSERT INTO sizes VALUES (?, ?, ?, ?)", [identity, entry["key"], seen, size])
            for key, before in known.items():
                if before[6] is None:
                    run("UPDATE databases SET missing_since = ? WHERE host = ? AND key = ?", [seen, identity, key])
            run("INSERT INTO reports VALUES (?, ?, ?)", [identity, seen, body])
            run("COMMIT")
            return "stored"


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        text = self.rfile.read(int(self.headers["Content-Length"]))
        outcomes = []
        for frame in text.split(b"-----BEGIN DBCENSUS REPORT 1 ")[1:]:
            body = base64.b64decode(frame.split(b"\n")[1])
            outcomes.append(self.server.store.add(json.loads(gzip.decompress(body)), body))
        answer = json.dumps({"items": [{"outcome": outcome} for outcome in outcomes]}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


if __name__ == "__main__":
    server = http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[2])), Handler)
    server.daemon_threads = True
    server.store = Store(sys.argv[1])
    server.serve_forever()

"""Where tests have their stores: in files, or with DBCENSUS_TEST_SERVER in databases of their own on that server.

A test names a file in its own folder. On a server each such name is a database; a test that needs a file is marked with
`file_store`, and is not run there.
"""

import contextlib
import itertools
import os
import pathlib
import sqlite3

import psycopg
import pytest

# Such as postgresql://dbcensus@127.0.0.1:5432/postgres; nothing for files.
SERVER = os.environ.get("DBCENSUS_TEST_SERVER")
file_store = pytest.mark.file_store
_databases = {}
_numbers = itertools.count()


def place(store):
    """What `--store` gets for the store that a test names."""
    if not SERVER or "://" in str(store):
        return store
    key = str(pathlib.Path(store).absolute())
    if key not in _databases:
        name = f"e{os.getpid()}_{next(_numbers)}"
        with psycopg.connect(SERVER, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE template0")
        _databases[key] = f"{SERVER.rpartition('/')[0]}/{name}"
    return _databases[key]


def arguments(command):
    """The arguments of a command, with the place of the store after `--store`."""
    command = list(command)
    for index, argument in enumerate(command[:-1]):
        if argument == "--store":
            command[index + 1] = place(command[index + 1])
    return command


def _marks(sql):
    return sql.replace("%", "%%").replace("?", "%s")


def ask(store, sql, values):
    """The names of the columns and the rows of a question with `?` for its values."""
    store = str(place(store))
    if "://" in store:
        with psycopg.connect(store) as connection:
            cursor = connection.execute(_marks(sql), values)
            return [column.name for column in cursor.description], cursor.fetchall()
    with contextlib.closing(sqlite3.connect(f"file:{store}?mode=ro", uri=True)) as connection:
        cursor = connection.execute(sql, values)
        return [column[0] for column in cursor.description], cursor.fetchall()


def query(store, sql, *values):
    """The rows of a question."""
    return ask(store, sql, values)[1]


def rows(store, sql, *values):
    """The rows of a question, each as a dictionary."""
    names, found = ask(store, sql, values)
    return [dict(zip(names, row)) for row in found]


def change(store, sql, *values):
    """Changes a store behind the collector's back."""
    store = str(place(store))
    if "://" in store:
        with psycopg.connect(store) as connection:
            connection.execute(_marks(sql), values)
    else:
        with sqlite3.connect(store) as connection:
            connection.execute(sql, values)


@contextlib.contextmanager
def held(store):
    """No other program writes to the store meanwhile."""
    store = str(place(store))
    if "://" in store:
        with psycopg.connect(store) as connection:
            # The lock of Sources/PostgresDriver/PostgresDatabase.swift.
            connection.execute("SELECT pg_advisory_xact_lock(%s)", [int.from_bytes(b"dbcensus")])
            yield
    else:
        with contextlib.closing(sqlite3.connect(store, isolation_level=None, timeout=30)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            yield
            connection.execute("ROLLBACK")

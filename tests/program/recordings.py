"""Fixtures and helpers of the tests that look into recordings."""

import os
import pathlib
import sqlite3
import subprocess

import pytest

TIMEOUT_SECONDS = 60

# A program that is worth recording.
BUSY = """
    import sys

    def hot(n):
        return sum(i * i for i in range(n))

    print("ready", flush=True)
    while True:
        hot(1000)
    """


def query(path, sql):
    connection = sqlite3.connect(path, timeout=TIMEOUT_SECONDS)
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.close()


@pytest.fixture
def read_recording(pyneck):
    """read_recording(path) -> CompletedProcess of the program that reads all of it by pyneck's own reader."""
    program = pathlib.Path(pyneck).parent / "tests" / "unit" / "read_recording"
    if not program.exists():
        pytest.skip("tests/unit/read_recording is not built")

    def read(recording):
        return subprocess.run([program, recording], capture_output=True, text=True, timeout=TIMEOUT_SECONDS)

    return read


def mounted(directory, options):
    directory.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(directory)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True).returncode != 0:
        pytest.skip("a file system of one's own needs root")
    yield directory
    subprocess.run(["umount", "-l", str(directory)], check=True)


@pytest.fixture
def small_disk(tmp_path):
    """A directory with room for 400 KiB."""
    yield from mounted(tmp_path / "disk", "size=400k")


@pytest.fixture
def read_only_disk(tmp_path):
    """A directory in which not even root can write."""
    yield from mounted(tmp_path / "disk", "ro")

"""Programs in namespaces of their own, as in a container: mounts, PIDs, users, network."""

import json
import os
import pathlib
import shutil
import subprocess

import pytest

from rows import is_hottest

CONTAINED = """
import json
import os
import socket
import sys
import threading
import time

def wait_in_thread():
    time.sleep(1000)

def spin():
    while True:
        for _ in range(100):
            sum(range(1000))
        time.sleep(0.01)

server = socket.socket()
server.bind(("0.0.0.0", 4711))
server.listen()
notes = open(os.path.join(os.path.dirname(__file__), "notes.txt"), "w")
threads = [threading.Thread(target=wait_in_thread, name=f"worker {number}", daemon=True) for number in range(20)]
for thread in threads:
    thread.start()
print("ready", json.dumps({thread.name: thread.native_id for thread in threads}), flush=True)
spin()
"""


def inner_ids(pid):
    """The threads of a process: {number in its own namespace: number in ours}."""
    ids = {}
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        (line,) = [line for line in (task / "status").read_text().splitlines() if line.startswith("NSpid:")]
        ids[int(line.split()[-1])] = int(task.name)
    return ids


@pytest.fixture
def contain(interpreter):
    """Start CONTAINED in namespaces of its own; gives its PID in ours, the script's path in its, and what it said."""
    if os.geteuid() != 0:
        pytest.skip("needs root")
    outside, inside = interpreter.new_directory()
    (outside / "program.py").write_text(CONTAINED)
    if interpreter.root == pathlib.Path("/"):
        # A file system that nobody else sees.
        setup = f"mount -t tmpfs none /mnt && cp {inside}/program.py /mnt/ && "
        script = "/mnt/program.py"
    else:
        setup, script = "", str(inside / "program.py")
    shell = setup + 'exec "$@"'
    with subprocess.Popen(["unshare", "--mount", "--pid", "--fork", "--net", "--user", "--map-root-user",
                           "--mount-proc", "--kill-child", "sh", "-c", shell, "sh", *interpreter.command, script],
                          stdout=subprocess.PIPE) as process:
        try:
            line = process.stdout.readline().decode()
            if not line.startswith("ready"):
                pytest.skip("the kernel allows no namespaces here")
            children = pathlib.Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
            yield int(children[0]), script, json.loads(line.removeprefix("ready"))
        finally:
            process.kill()
            shutil.rmtree(outside, ignore_errors=True)


def test_a_container_is_read_as_it_sees_itself(interpreter, contain, watch_until):
    pid, script, own_ids = contain

    # A tick gives the list of sockets of another namespace only so much time: not the first ones may have it whole.
    def is_whole(rows):
        sockets = [file["socket"] for file in rows[pid]["open_files"] or [] if file["kind"] == "socket"]
        return is_hottest("spin", rows[pid]) and sockets and None not in sockets

    process = watch_until(is_whole, pid)[pid]
    assert process["functions"][0]["file"] == script

    ours = inner_ids(pid)
    names = {thread["tid"]: thread["name"] for thread in process["threads"]}
    own_names = {pid: "MainThread", **{ours[native_id]: name for name, native_id in own_ids.items()}}
    assert set(names) == set(own_names)
    assert names == own_names

    (server,) = [file["socket"] for file in process["open_files"] if file["kind"] == "socket"]
    assert (server["protocol"], server["state"], server["local"]) == ("tcp", "LISTEN", "0.0.0.0:4711")
    notes = script.replace("program.py", "notes.txt")
    assert [file["path"] for file in process["open_files"] if file["path"].endswith("notes.txt")] == [notes]

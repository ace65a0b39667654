"""Programs that have Python in them and fork without telling it, as uWSGI does."""

import os
import shutil
import signal
import socket
import subprocess
import time

import pytest

from rows import is_hottest

FORKER = """
import ctypes
import threading
import time

def wait_in_thread():
    time.sleep(1000)

def spin():
    while True:
        for _ in range(100):
            sum(range(1000))
        time.sleep(0.01)

for number in range(2):
    threading.Thread(target=wait_in_thread, name="only in the parent", daemon=True).start()
time.sleep(0.2)  # until they sleep
child = ctypes.PyDLL(None).fork()  # without what os.fork() does for the interpreter
if child == 0:
    spin()
print("ready", child, flush=True)
time.sleep(1000)
"""


def test_a_child_whose_interpreter_knows_nothing_of_the_fork_shows_its_own_thread(interpreter, start_program,
                                                                                  watch_until):
    program = start_program(interpreter, FORKER)
    child = int(program.ready.split()[1])
    try:
        process = watch_until(lambda rows: is_hottest("spin", rows[child]), child)[child]
        (thread,) = process["threads"]
        assert (thread["tid"], thread["name"]) == (child, "MainThread")
        assert [frame["function"] for frame in thread["stack"]][-2:] == ["spin", "<module>"]
    finally:
        os.kill(child, signal.SIGKILL)


APPLICATION = '''
import threading
import time

def wait_in_thread():
    time.sleep(1000)

threading.Thread(target=wait_in_thread, name="background", daemon=True).start()

def spin():
    end = time.monotonic() + 60
    while time.monotonic() < end:
        for _ in range(100):
            sum(range(1000))
        time.sleep(0.01)

def application(environ, start_response):
    with open(environ["PATH_INFO"], "w") as started:
        started.write("yes")
    spin()
'''


@pytest.fixture
def uwsgi(tmp_path):
    """uWSGI with two workers of two threads, the port that it listens on, and its master's PID."""
    if shutil.which("uwsgi") is None:
        pytest.skip("no uwsgi here (Debian: uwsgi-core uwsgi-plugin-python3)")
    (tmp_path / "application.py").write_text(APPLICATION)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with open(tmp_path / "log", "w", encoding="utf-8") as log, \
            subprocess.Popen(["uwsgi", "--plugin", "python3", "--http-socket", f"127.0.0.1:{port}", "--wsgi-file",
                              "application.py", "--master", "--processes", "2", "--threads", "2"],
                             cwd=tmp_path, stdout=log, stderr=log) as process:
        try:
            deadline = time.monotonic() + 60
            while "spawned uWSGI worker 2" not in (tmp_path / "log").read_text():
                text = (tmp_path / "log").read_text()
                if process.poll() is not None and "python3_plugin.so" in text:
                    pytest.skip("no Python plugin for uwsgi here")
                assert process.poll() is None and time.monotonic() < deadline, text
                time.sleep(0.05)
            yield process, port
        finally:
            process.send_signal(signal.SIGQUIT)  # the master ends its workers too
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()


def test_workers_of_uwsgi_are_read(uwsgi, run_snapshot, tmp_path):
    process, port = uwsgi
    with socket.create_connection(("127.0.0.1", port)) as client:
        started = tmp_path / "started"
        client.sendall(f"GET {started} HTTP/1.0\r\n\r\n".encode())
        deadline = time.monotonic() + 60
        while not started.exists():
            assert time.monotonic() < deadline
            time.sleep(0.02)
        seen = run_snapshot("-n", 2, "-d", 0.5, "-r", 200, process.pid)[-1]["processes"]
    master, *workers = sorted(seen, key=lambda one: one["pid"] != process.pid)
    assert master["pid"] == process.pid
    assert [one["error"] for one in seen] == [None] * 3
    assert [one["parent_pid"] for one in workers] == [process.pid] * 2
    assert sorted(thread["name"] for thread in master["threads"]) == ["MainThread", "background"]
    stacks = {}
    for worker in workers:
        assert len(worker["threads"]) == 2
        for thread in worker["threads"]:
            assert os.path.exists(f"/proc/{worker['pid']}/task/{thread['tid']}")
            stacks[thread["name"]] = [frame["function"] for frame in thread["stack"]]
    (busy,) = [stack for stack in stacks.values() if stack]  # the others wait in uWSGI's own code
    assert busy == ["spin", "application"]
    functions = [worker["functions"][0]["function"] for worker in workers if worker["functions"]]
    assert functions == ["spin"]

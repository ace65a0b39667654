"""Interpreters that are not up yet, just forked, or on their way out: never an error, and seen as soon as they run."""

import contextlib
import os
import pathlib
import signal
import subprocess

import pytest

from test_shapes_children import Ticks
from test_shapes_files import EMBEDDED, host, shared_library  # noqa: F401 (a fixture)

PHASES = ("starting", "exiting")
MANY_TICKS = 2000  # the test ends before


def check_every_phase(interpreter, library, host, pyneck):  # noqa: F811
    """Watch a C program through the whole life of its interpreter with one pyneck."""
    home = pathlib.Path(interpreter.command[-1]).resolve().parents[1]
    with subprocess.Popen([host, library, EMBEDDED.replace("ready\", flush=True", "ready\"); sys.stdout.flush(")],
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          env=dict(os.environ, PYTHONHOME=str(home))) as process:
        try:
            assert process.stdout.readline() == b"loaded\n"
            with Ticks(pyneck, "-n", MANY_TICKS, "-d", 0.1, process.pid) as ticks:
                def wait_until(holds):
                    while not holds(seen := ticks.next()[process.pid]):
                        assert seen["error"] is None

                wait_until(lambda seen: seen["phase"] == "starting")
                process.stdin.write(b"\n")
                process.stdin.flush()
                wait_until(lambda seen: seen["phase"] is None and seen["functions"]
                           and seen["functions"][0]["function"] == "spin")
                assert process.stdout.readline() == b"ready\n"
                process.stdin.write(b"\n")
                process.stdin.flush()
                assert process.stdout.readline() == b"finalized\n"
                wait_until(lambda seen: seen["phase"] in PHASES and not seen["threads"])
        finally:
            process.kill()


def test_an_interpreter_is_picked_up_when_it_is_ready_and_let_go_when_it_ends(interpreter, host, pyneck):  # noqa: F811
    library = shared_library(interpreter)
    if library is None:
        pytest.skip("has no shared library")
    check_every_phase(interpreter, library, host, pyneck)


def test_an_interpreter_that_does_not_come_is_told_and_found_when_it_comes(pytestconfig, host, pyneck):  # noqa: F811
    shared = [one for one in pytestconfig.interpreters if shared_library(one) is not None]
    if not shared:
        pytest.skip("no interpreter with a shared library here")
    home = pathlib.Path(shared[-1].command[-1]).resolve().parents[1]
    with subprocess.Popen([host, shared_library(shared[-1]), EMBEDDED], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          env=dict(os.environ, PYTHONHOME=str(home))) as process:
        try:
            assert process.stdout.readline() == b"loaded\n"
            with Ticks(pyneck, "-n", MANY_TICKS, "-d", 0.2, process.pid) as ticks:
                while (seen := ticks.next()[process.pid])["error"] is None:  # for 10 seconds
                    assert seen["phase"] == "starting"
                assert "is loaded, but no interpreter runs: none was started yet, or it has ended" in seen["error"]
                assert seen["phase"] is None
                process.stdin.write(b"\n")
                process.stdin.flush()
                assert process.stdout.readline() == b"ready\n"
                while not ticks.next()[process.pid]["functions"]:
                    pass
                assert ticks.next()[process.pid]["error"] is None
        finally:
            process.kill()


FORKS = """
import os
import sys
import time

def spin_in_child():
    while True:
        for _ in range(100):
            sum(range(1000))
        time.sleep(0.01)

def short_child():
    os._exit(sum(range(100000)) and 0)

def start(run):
    pid = os.fork()
    if pid == 0:
        run()
    return pid

print("ready", flush=True)
for line in sys.stdin:
    for _ in range(8):
        os.waitpid(start(short_child), 0)
        os.waitpid(start(lambda: os.execv(sys.executable, [sys.executable, "-S", "-c", "pass"])), 0)
    print(start(spin_in_child), flush=True)
"""


def test_children_between_fork_exec_and_exit_are_no_errors(interpreter, start_program, pyneck):
    program = start_program(interpreter, FORKS)
    with Ticks(pyneck, "-n", MANY_TICKS, "-d", 0.1, "-r", 500, program.pid) as ticks:
        ticks.next()
        program.tell("")
        child = None
        try:
            while True:
                processes = ticks.next()
                assert [process["error"] for process in processes.values() if process["error"]] == []
                if child is None and program.has_line():
                    child = int(program.read_line())
                functions = processes[child]["functions"] if child in processes else None
                if functions and functions[0]["function"] == "spin_in_child":
                    break
        finally:
            if child is not None:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(child, signal.SIGKILL)

"""Programs that fork, execute another program, and end: whom they start is seen, and under the right parent."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import time

import pytest

from rows import is_hottest

CHILDREN = """
import json
import multiprocessing
import os
import subprocess
import sys
import time

def spin_in_child():
    while True:
        for _ in range(100):
            sum(range(1000))
        time.sleep(0.01)

def fork():
    pid = os.fork()
    if pid == 0:
        spin_in_child()
    return pid

def daemon():
    reader, writer = os.pipe()
    if os.fork() == 0:
        os.setsid()
        os.write(writer, b"%d" % fork())
        os._exit(0)
    os.wait()
    return int(os.read(reader, 20))

def by_multiprocessing(way):
    process = multiprocessing.get_context(way).Process(target=spin_in_child, daemon=True)
    process.start()
    return process.pid

if __name__ == "__main__":
    if sys.argv[1:] == ["child"]:
        spin_in_child()
    children = {"daemon": daemon(), "os.fork": fork()}
    children["subprocess"] = subprocess.Popen([sys.executable, __file__, "child"]).pid
    for way in ("fork", "spawn", "forkserver"):
        children[way] = by_multiprocessing(way)
    print("ready", json.dumps(children), flush=True)
    while True:
        time.sleep(0.05)
"""


def kill_quietly(*pids):
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


@pytest.mark.one_per_minor
def test_children_are_sampled_under_their_parent(interpreter, start_program, watch_until):
    program = start_program(interpreter, CHILDREN)
    children = json.loads(program.ready.removeprefix("ready"))

    def all_spin(rows):
        return all(child in rows and is_hottest("spin_in_child", rows[child]) for child in children.values())

    try:
        processes = watch_until(all_spin, program.pid, children["daemon"])
    finally:
        kill_quietly(*children.values())
    for way, child in children.items():
        process = processes[child]
        assert [thread["tid"] for thread in process["threads"]] == [child], way
        parent = process["parent_pid"]
        if way == "forkserver":
            parent = processes[parent]["parent_pid"]
        assert way == "daemon" or parent == program.pid, way


LATE = """
import os
import time

def spin():
    while True:
        sum(range(1000))

print("ready", flush=True)
input()
pid = os.fork()
if pid == 0:
    spin()
print(pid, flush=True)
while True:
    time.sleep(0.05)
"""


class Ticks:
    """The ticks of a `pyneck snapshot` that runs, one by one."""

    def __init__(self, pyneck, *arguments):
        command = [pyneck, "snapshot", "--format", "json", *(str(argument) for argument in arguments)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def next(self):
        tick = json.loads(self.process.stdout.readline())
        return {process["pid"]: process for process in tick["processes"]}


@pytest.mark.measurement
def test_a_child_is_listed_at_the_next_tick_and_sampled_in_it(any_interpreter, start_program, pyneck):
    program = start_program(any_interpreter, LATE)
    with Ticks(pyneck, "-n", 20, "-d", 0.5, program.pid) as ticks:
        ticks.next()
        ticks.next()
        program.tell("")
        child = int(program.read_line())
        try:
            seen = [ticks.next() for _ in range(3)]
            assert child in seen[0] or child in seen[1]
            assert any(process["functions"] and process["functions"][0]["function"] == "spin"
                       for processes in seen for pid, process in processes.items() if pid == child)
        finally:
            kill_quietly(child)


@pytest.mark.measurement
def test_a_shell_that_becomes_python_is_noticed(any_interpreter, pyneck):
    outside, inside = any_interpreter.new_directory()
    (outside / "spin.py").write_text("def spin():\n    while True:\n        sum(range(1000))\nspin()\n")
    command = " ".join([*any_interpreter.command, str(inside / "spin.py")])
    with subprocess.Popen(["sh", "-c", f"read line; exec {command}"], stdin=subprocess.PIPE) as shell:
        try:
            with Ticks(pyneck, "-n", 20, "-d", 0.5, shell.pid) as ticks:
                assert ticks.next()[shell.pid]["python"] is None
                assert ticks.next()[shell.pid]["error"] is None
                shell.stdin.write(b"\n")
                shell.stdin.flush()
                begin = time.monotonic()
                while not (process := ticks.next()[shell.pid])["functions"]:
                    assert process["error"] is None
                    assert time.monotonic() - begin < 4
                assert time.monotonic() - begin < 2.5
                while process["functions"][0]["function"] != "spin":  # the first tick may have seen it start
                    process = ticks.next()[shell.pid]
        finally:
            shell.kill()
            shutil.rmtree(outside, ignore_errors=True)


@pytest.mark.one_per_minor
def test_a_python_that_becomes_another_python_is_read_anew(interpreter, start_program, pyneck):
    program = start_program(interpreter, """
        import os, sys
        def first():
            while True:
                if sys.stdin.readline():
                    os.execv(sys.executable, [sys.executable, "-c", second])
        second = "def second():\\n while True: sum(range(1000))\\nsecond()"
        print("ready", flush=True)
        first()
    """)
    with Ticks(pyneck, "-n", 20, "-d", 0.5, program.pid) as ticks:
        ticks.next()
        assert ticks.next()[program.pid]["threads"][0]["stack"][0]["function"] == "first"
        program.tell("")
        for _ in range(6):
            process = ticks.next()[program.pid]
            assert process["error"] is None
            if process["functions"] and process["functions"][0]["function"] == "second":
                return
        raise AssertionError(f"the new program is not seen: {process}")

"""pyneck dump: every thread's stack, once."""

import json
import re
import subprocess

import pytest

import json_shape

THREADS = """
    import threading, time
    class Worker:
        def run(self):
            self.wait()
        def wait(self):
            time.sleep(1000)
    def spin():
        while True:
            pass
    threading.Thread(target=Worker().run, name="sleeper", daemon=True).start()
    print("ready", flush=True)
    spin()
"""


@pytest.fixture
def program(start_program, interpreter):
    return start_program(interpreter, THREADS, name="threads.py")


def dump_json(run_pyneck, *pids):
    done = run_pyneck("dump", "--format", "json", *pids)
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    json_shape.check(document, json_shape.DUMP)
    assert document["schema"] == "pyneck.dump/1"
    return document["processes"]


def test_json_has_every_thread_innermost_frame_first(run_pyneck, program, interpreter):
    (process,) = dump_json(run_pyneck, program.pid)
    stacks = [[frame["function"] for frame in thread["stack"]] for thread in process["threads"]]
    assert ["spin", "<module>"] in stacks
    (sleeper,) = [stack for stack in stacks if interpreter.shown("Worker.wait") in stack[:1]]
    assert sleeper[1] == interpreter.shown("Worker.run")
    (main,) = [thread for thread in process["threads"] if thread["stack"][0]["function"] == "spin"]
    assert main["tid"] == program.pid
    assert main["stack"][0]["line"] in (9, 10)
    assert main["stack"][0]["file"] == str(program.script)


def test_text_reads_like_a_traceback(run_pyneck, program):
    done = run_pyneck("dump", program.pid)
    assert done.returncode == 0
    assert done.stderr == ""
    head, *threads = done.stdout.split("\n\n")
    assert re.fullmatch(rf"Process {program.pid}, CPython 3\.\d+\.\d+.*: .*threads\.py", head)
    assert len(threads) == 2
    (main,) = [thread for thread in threads if "spin" in thread]
    assert re.match(rf"Thread {program.pid}\b", main)
    assert re.search(r"\n  spin \(.*threads\.py:(9|10)\)\n  <module> \(.*threads\.py:\d+\)$", main.rstrip("\n"))


def test_several_processes(run_pyneck, start_program, any_interpreter):
    pids = sorted(start_program(any_interpreter, THREADS).pid for _ in range(2))
    assert [process["pid"] for process in dump_json(run_pyneck, *pids)] == pids


def test_children_are_left_out(run_pyneck, start_program, any_interpreter):
    parent = start_program(
        any_interpreter,
        """
        import subprocess, sys
        child = subprocess.Popen([sys.executable, "-c", "print('ready', flush=True); import time; time.sleep(1000)"],
                                 stdout=subprocess.PIPE)
        child.stdout.readline()
        print("ready", flush=True)
        try:
            sys.stdin.read()
        finally:
            child.kill()
        """,
    )
    assert [process["pid"] for process in dump_json(run_pyneck, parent.pid)] == [parent.pid]
    parent.process.stdin.close()
    parent.process.wait(timeout=60)


def test_a_process_that_is_not_python_is_an_error(run_pyneck):
    sleeper = subprocess.Popen(["sleep", "1000"])
    try:
        done = run_pyneck("dump", sleeper.pid)
    finally:
        sleeper.kill()
        sleeper.wait()
    assert done.returncode == 1
    assert f"process {sleeper.pid}" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_output_to_a_file_and_to_a_full_disk(run_pyneck, start_program, any_interpreter, tmp_path):
    program = start_program(any_interpreter, THREADS)
    output = tmp_path / "dump"
    done = run_pyneck("dump", "-o", output, program.pid)
    assert (done.returncode, done.stdout) == (0, "")
    assert "spin" in output.read_text()
    done = run_pyneck("dump", "-o", "/dev/full", program.pid)
    assert done.returncode == 1
    assert "No space left on device" in done.stderr

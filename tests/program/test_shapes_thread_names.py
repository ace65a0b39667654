"""Threads have the names that the program itself gave them.

The program is written in what Python 2.7 and 3 have in common.
"""

import dataclasses
import json

import pytest

PROGRAM = """
from __future__ import print_function
import json
import os
import sys
import threading
import time
try:
    import _thread as bare
except ImportError:
    import thread as bare

class Named(threading.Thread):
    def __init__(self):
        super(Named, self).__init__()
        self.daemon = True
        self.extra = [1]
        self.name = "from a subclass"

    def run(self):
        work()

ready = threading.Semaphore(0)
native_ids = {}

def native_id():
    if hasattr(threading, "get_native_id"):
        return threading.get_native_id()
    return int(os.readlink("/proc/thread-self").rpartition("/")[2])

def work():
    native_ids[bare.get_ident()] = native_id()
    ready.release()
    time.sleep(1000)

def text(name):
    return name if sys.version_info[0] > 2 else name.encode("utf-8")

threads = [threading.Thread(target=work, name=text(name))
           for name in (u"plain", u"n\\u00e4me", u"\\u540d\\u524d", u"\\U0001f40d", u"esc\\x1b[31m", u"", u"x" * 100)]
threads += [threading.Thread(target=work), Named()]
for thread in threads:
    thread.daemon = True
    thread.start()
    ready.acquire()
threads[0].name = "renamed"
threads[1].__dict__["a new attribute"] = 1
for number in range(40):
    setattr(threads[2], "attribute%d" % number, number)
bare.start_new_thread(work, ())
ready.acquire()
native_ids[bare.get_ident()] = native_id()
threading.current_thread().name = "the main one"
print("ready", json.dumps({native_ids[thread.ident]: thread.name for thread in threading.enumerate()}))
sys.stdout.flush()
sys.stdin.readline()
threads[3].name = "renamed while it is watched"
print("ready")
sys.stdout.flush()
time.sleep(1000)
"""


def expected(name):
    return name.replace("\x1b", "\ufffd") or None


def names(run_pyneck, pid):
    done = run_pyneck("dump", "--format", "json", pid)
    assert done.returncode == 0, done.stderr
    (process,) = json.loads(done.stdout)["processes"]
    return {thread["tid"]: thread["name"] for thread in process["threads"]}


def check_names(interpreter, start_program, run_pyneck):
    program = start_program(interpreter, PROGRAM)
    own = {int(tid): name for tid, name in json.loads(program.ready.removeprefix("ready")).items()}
    seen = names(run_pyneck, program.pid)
    assert len(own) == 10
    for tid, name in own.items():
        assert seen[tid] == expected(name)
    # A thread that the threading module does not know has no name of its own.
    assert [name for tid, name in seen.items() if tid not in own] == [None]


def test_names_are_those_of_the_threading_module(interpreter, start_program, run_pyneck):
    check_names(interpreter, start_program, run_pyneck)


def test_names_are_those_of_the_threading_module_of_python2(python2, start_program, run_pyneck):
    check_names(python2, start_program, run_pyneck)


def test_a_new_name_is_seen(any_interpreter, start_program, run_snapshot):
    program = start_program(any_interpreter, PROGRAM)
    own = {int(tid): name for tid, name in json.loads(program.ready.removeprefix("ready")).items()}
    (tid,) = [tid for tid, name in own.items() if name == "\U0001f40d"]
    program.tell("")
    assert program.read_line() == "ready"
    (process,) = run_snapshot("-n", 2, "-d", 0.3, program.pid)[-1]["processes"]
    assert [thread["name"] for thread in process["threads"] if thread["tid"] == tid] == ["renamed while it is watched"]


def test_the_main_thread_has_its_name_before_threading_is_imported(interpreter, start_program, run_pyneck):
    bare = dataclasses.replace(interpreter, command=(*interpreter.command, "-S"))
    program = start_program(bare, """
        import sys, time
        print("ready", "threading" in sys.modules, flush=True)
        time.sleep(1000)
    """)
    assert program.ready == "ready False"
    assert names(run_pyneck, program.pid) == {program.pid: "MainThread"}

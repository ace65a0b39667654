"""Stacks of every kind of code, on every version: what pyneck reads is what sys._current_frames() says.

The program is written in what Python 2.7 and 3 have in common.
"""

import json

import pytest

THREADS = 50

PROGRAM = """
# -*- coding: utf-8 -*-
from __future__ import print_function
import json
import os
import sys
import threading
import time

gate = threading.Event()
arrived = threading.Semaphore(0)
thread_ids = {}


def wait(*_):
    arrived.release()
    while not gate.is_set():
        time.sleep(1000)


def recursion(depth):
    if depth > 1:
        return recursion(
            depth - 1)
    return wait()


def recursion_once():
    recursion(1)


def recursion_of_a_thousand():
    recursion(1000)


def numbers():
    yield 1
    for number in [2, 3]:
        yield wait(
            number)


def generator():
    return sum(
        number for number in
        numbers())


def comprehension():
    return {
        wait(number): 0
        for number in range(2)
    }


def traced(function):
    def wrapper(*arguments):

        return function(
            *arguments)
    return wrapper


@traced
@traced
def decorated():
    wait()


def anonymous():
    (lambda: [wait(
        1)])()


def class_body():
    class Body(object):
        x = 1

        class Inner(object):
            y = wait(

                2)


class Accessed(object):
    @property
    def value(self):
        return wait()

    def __getitem__(self, index):
        with self:
            return self.value

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass


def accessed():
    try:
        Accessed()[
            0]
    finally:
        pass


def made_by_exec():
    exec(compile('''
def inner():
    pass

    wait()
inner()
''', "made by exec", "exec"), {"wait": wait})


def far_down():
    source = "def far(wait):" + chr(10) * 1000 + "    return wait(" + chr(10) * 300 + "1)" + chr(10)
    source += "far(wait)"
    exec(compile(source, "far down", "exec"), {"wait": wait})


def long_line():
    values = [""" + ", ".join(f"'{number}'" for number in range(300)) + """, wait()]
    return values


def sorted_with_key():
    return sorted([1, 2],
                  key=wait)


functions = [recursion_once, recursion_of_a_thousand, generator, comprehension, decorated, anonymous, class_body,
             accessed, made_by_exec, far_down, long_line, sorted_with_key]
if sys.version_info[0] > 2:
    for name, text in [("café", "latin"), ("名前", "two bytes"), ("𝒻𝓃", "four bytes")]:
        # a name in the normal form that the compiler gives it
        space = {"wait": wait}
        exec(compile("def " + name + "():" + chr(10) + " wait()", text + name, "exec"), space)
        functions.append([value for key, value in space.items() if key not in ("wait", "__builtins__")][0])
functions += [recursion_once] * (@THREADS@ - len(functions))


def native_id():
    if hasattr(threading, "get_native_id"):
        return threading.get_native_id()
    return int(os.readlink("/proc/thread-self").rpartition("/")[2])


def run(function):
    thread_ids[threading.current_thread().ident] = native_id()
    function()


sys.setrecursionlimit(3000)
threading.stack_size(64 << 20)
for function in functions:
    thread = threading.Thread(target=run, args=(function,))
    thread.daemon = True
    thread.start()
    arrived.acquire()


def stack_of(frame):
    while frame is not None:
        code = frame.f_code
        yield {"function": getattr(code, "co_qualname", code.co_name), "file": code.co_filename,
               "line": frame.f_lineno}
        frame = frame.f_back


time.sleep(0.1)
stacks = {thread_ids[ident]: list(stack_of(frame))
          for ident, frame in sys._current_frames().items() if ident in thread_ids}
print("ready", json.dumps(stacks))
sys.stdout.flush()
time.sleep(1000)
""".replace("@THREADS@", str(THREADS))


def check_stacks(interpreter, start_program, run_pyneck):
    program = start_program(interpreter, PROGRAM)
    expected = {int(tid): stack for tid, stack in json.loads(program.ready.partition(" ")[2]).items()}
    assert len(expected) == THREADS
    assert max(len(stack) for stack in expected.values()) > 1000

    done = run_pyneck("dump", "--format", "json", program.pid)
    assert done.returncode == 0, done.stderr
    (process,) = json.loads(done.stdout)["processes"]
    assert process["python"]["version"].startswith(f"{interpreter.version}.")
    seen = {thread["tid"]: thread["stack"] for thread in process["threads"]}
    assert len(seen) == THREADS + 1
    for tid, stack in expected.items():
        assert seen[tid] == stack


def test_stacks_of_every_kind_of_code(interpreter, start_program, run_pyneck):
    check_stacks(interpreter, start_program, run_pyneck)


def test_stacks_of_every_kind_of_code_in_python2(python2, start_program, run_pyneck):
    check_stacks(python2, start_program, run_pyneck)


BUSY = """
    from __future__ import print_function
    import sys

    def inside(value):
        return value + 1

    def short(value):
        return inside(value) * 2

    def main():
        value = 0
        while True:
            value = short(value) % 1000003
            value = inside(value)

    print("ready")
    sys.stdout.flush()
    main()
"""

CALLERS = {"inside": {"short", "main"}, "short": {"main"}, "main": {"<module>"}, "<module>": set()}


def check_busy_stacks(interpreter, start_program, run_snapshot):
    program = start_program(interpreter, BUSY)
    samples = partial = 0
    for tick in run_snapshot("-n", 4, "-d", 0.5, "-r", 500, program.pid):
        (process,) = tick["processes"]
        sampling = process["sampling"]
        assert sampling["invalid"] == 0
        samples += sampling["samples"]
        partial += sampling["partial"]
        for thread in process["threads"]:
            names = [frame["function"] for frame in thread["stack"]]
            assert all(caller in CALLERS[callee] for callee, caller in zip(names, names[1:])), names
        assert {function["function"] for function in process["functions"]} <= set(CALLERS)
    assert partial < samples * 0.05  # at most 1.1 % was measured, on a machine with much to do


def test_short_calls_give_no_stack_that_cannot_be(interpreter, start_program, run_snapshot):
    if interpreter.knows_qualified_names:
        pytest.skip("its stacks lie in one piece: tests/unit/test_unwind.c")
    check_busy_stacks(interpreter, start_program, run_snapshot)


def test_short_calls_in_python2_give_no_stack_that_cannot_be(python2, start_program, run_snapshot):
    check_busy_stacks(python2, start_program, run_snapshot)

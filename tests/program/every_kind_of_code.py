"""Programs that say of themselves what pyneck has to see of them, for the tests and for tests/bench/interpreters.

They are written in what Python 2.7 and 3 have in common. PROGRAM has threads that each wait in another kind of code;
it prints "ready" and what sys._current_frames() and threading.enumerate() say. BUSY calls short functions all the
time; CALLERS says who calls whom in it.
"""

import json

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
    thread = threading.Thread(target=run, args=(function,), name=function.__name__)
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
names = {thread_ids.get(thread.ident, os.getpid()): thread.name for thread in threading.enumerate()}
print("ready", json.dumps({"stacks": stacks, "names": names}))
sys.stdout.flush()
time.sleep(1000)
""".replace("@THREADS@", str(THREADS))


def told(ready):
    """What PROGRAM printed: stacks and names by thread id."""
    report = json.loads(ready.partition(" ")[2])
    return tuple({int(tid): value for tid, value in report[key].items()} for key in ("stacks", "names"))


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


def impossible(stack):
    """Whether a stack of BUSY, innermost frame first, has a frame that its caller does not call."""
    names = [frame["function"] for frame in stack]
    return any(caller not in CALLERS[callee] for callee, caller in zip(names, names[1:]))

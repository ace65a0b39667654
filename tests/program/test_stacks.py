"""Stacks as pyneck reads them from outside against what the program says of itself."""

import json

# Each function waits in a place that is easily read wrong: in a call over several lines, in a generator, in
# __init__ (which the interpreter calls by a frame of its own), in a coroutine, in a handler.
PROGRAM = """
import asyncio
import json
import os
import sys
import threading

gate = threading.Event()
arrived = threading.Semaphore(0)


def wait(*_):
    arrived.release()
    gate.wait()


class Point:
    def __init__(self, x):
        self.x = wait(
            x,
        )


def call_over_several_lines():
    return max(
        1,
        wait(
            2,
        ),
    )


def numbers():
    yield 1
    yield wait(
        3)


def generator():
    for _ in numbers():
        pass


def comprehension():
    return [
        wait(n)
        for n in range(2)
    ]


def constructor():
    Point(
        1)


def recursion(n=200):
    if n:
        return recursion(
            n - 1)
    return wait()


async def inner():
    await asyncio.sleep(0)
    wait()


async def outer():
    await asyncio.gather(
        inner(),
    )


def coroutine():
    asyncio.new_event_loop().run_until_complete(outer())


def handler():
    try:
        1 / 0
    except ZeroDivisionError:
        with open(os.devnull):
            (lambda: wait(
                1))()
    finally:
        pass


def name_in_every_alphabet():
    def ʎǝuoɯ():
        def 名前():
            wait()
        名前()
    ʎǝuoɯ()


# Often enough that the interpreter has specialized the call.
gate.set()
for _ in range(100):
    constructor()
while arrived.acquire(blocking=False):
    pass
gate.clear()

native_ids = {}


def native_id():
    if hasattr(threading, "get_native_id"):
        return threading.get_native_id()
    return int(os.readlink("/proc/thread-self").rpartition("/")[2])


def run(function):
    native_ids[threading.get_ident()] = native_id()
    function()


for function in (call_over_several_lines, generator, comprehension, constructor, recursion, coroutine, handler,
                 name_in_every_alphabet):
    threading.Thread(target=run, args=(function,), daemon=True).start()
    arrived.acquire()


def stack_of(frame):
    while frame is not None:
        code = frame.f_code
        yield {"function": getattr(code, "co_qualname", code.co_name), "file": code.co_filename, "line": frame.f_lineno}
        frame = frame.f_back


def stacks():
    return {native_ids[ident]: list(stack_of(frame))
            for ident, frame in sys._current_frames().items() if ident in native_ids}


before, now = None, stacks()
while before != now:  # until all of them wait
    threading.Event().wait(0.1)
    before, now = now, stacks()
print("ready", json.dumps(now), flush=True)
threading.Event().wait()
"""


def test_stack_is_what_the_program_says_of_itself(interpreter, start_program, run_pyneck):
    program = start_program(interpreter, PROGRAM)
    expected = {int(tid): stack for tid, stack in json.loads(program.ready.removeprefix("ready")).items()}
    assert len(expected) == 8

    done = run_pyneck("dump", "--format", "json", program.pid)
    assert done.returncode == 0, done.stderr
    (process,) = json.loads(done.stdout)["processes"]
    seen = {thread["tid"]: thread["stack"] for thread in process["threads"]}
    for tid, stack in expected.items():
        assert seen[tid] == stack

"""Programs whose truth is known, for samplers to be measured on.

    python3 programs.py NAME SECONDS

prints "ready", waits for a line on its standard input, works for about so many seconds of wall time, prints what it knows
of itself as one line of JSON, and waits for another line: whoever samples it from the first to the second has all of the
work and nothing else.

    {"cpu_seconds": {FUNCTION: seconds, ...}, "wall_seconds": {FUNCTION: seconds, ...}}

is the time in these functions and all that they call, by the thread's own CPU clock and by the clock on the wall; none of
them calls another. Where the calls are too short for a clock both are empty, and the truth is a reference that stops the
program.

In all programs a function's name begins with its family (left, right, made17) when it belongs to one, and functions of one
family never call those of another. Those of a chain are numbered, left_1 calls left_2 and nobody else does. So is_impossible()
can tell of a stack that it never existed.
"""

import asyncio
import json
import re
import sys
import threading
import time

MEMBER = re.compile(r"(left|right|made\d+)_(\w+)")


def is_impossible(names):
    """Whether a stack never existed; names of its functions, outermost first."""
    members = [match.groups() if match else None for match in map(MEMBER.fullmatch, names)]
    if len({member[0] for member in members if member}) > 1:
        return True
    for below, member in zip([None, *members], members):
        if member and member[1].isdigit() and member[1] != "1":
            if below is None or not below[1].isdigit() or int(below[1]) != int(member[1]) - 1:
                return True
    return False


class Clock:
    """Seconds of the calling thread, by function."""

    def __init__(self):
        self.cpu_seconds = {}
        self.wall_seconds = {}

    def call(self, name, function, *arguments):
        wall_begin, begin = time.monotonic(), time.thread_time()
        function(*arguments)
        end, wall_end = time.thread_time(), time.monotonic()
        self.cpu_seconds[name] = self.cpu_seconds.get(name, 0) + end - begin
        self.wall_seconds[name] = self.wall_seconds.get(name, 0) + wall_end - wall_begin

    def truth(self):
        return {"cpu_seconds": self.cpu_seconds, "wall_seconds": self.wall_seconds}


def define(source, name):
    """The function `name` that the source text defines."""
    namespace = {}
    exec(source, namespace)
    return namespace[name]


def repeat(function, argument, count):
    for _ in range(count):
        function(argument)


def until(seconds):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        yield


# ---- (a) functions that burn known CPU time, from 10 µs to 1 s a call

BURN = "def burn_{0}(count):\n total = 0\n for i in range(count):\n  total += i & 7\n return total"


def burn(seconds):
    durations = {"10us": 1e-5, "100us": 1e-4, "1ms": 1e-3, "10ms": 1e-2, "100ms": 0.1, "1s": 1.0}
    functions = {name: define(BURN.format(name), "burn_" + name) for name in durations}
    begin = time.thread_time()
    functions["100ms"](1000000)
    steps_a_second = 1000000 / (time.thread_time() - begin)
    clock = Clock()
    for _ in until(seconds):
        for name, duration in durations.items():
            calls = max(1, int(0.2 / duration))
            clock.call("burn_" + name, repeat, functions[name], int(steps_a_second * duration), calls)
    return clock.truth()


# ---- (b) calls of 30 to 50 ns, nested three deep, in a hot loop


def nested_inner(x):
    return x + 1


def nested_middle(x):
    return nested_inner(x) + 1


def nested_outer(x):
    return nested_middle(x) + 1


def nested_loop():
    for i in range(20000):
        nested_outer(i)


def nested(seconds):
    for _ in until(seconds):
        nested_loop()
    return Clock().truth()


# ---- (c) deep stacks, built anew all the time


def left_down(depth):
    return left_down(depth - 1) + 1 if depth else 0


def right_down(depth):
    return right_down(depth - 1) + 1 if depth else 0


def deep(seconds):
    clock = Clock()
    for _ in until(seconds):
        clock.call("left_down", repeat, left_down, 100, 50)
        clock.call("right_down", repeat, right_down, 400, 25)
    return clock.truth()


# ---- (d) two call chains that alternate and share no function


def left_4(x):
    return x + 1


def left_3(x):
    return left_4(x) + 1


def left_2(x):
    return left_3(x) + 1


def left_1(x):
    return left_2(x) + 1


def right_4(x):
    return x + 2


def right_3(x):
    return right_4(x) + 2


def right_2(x):
    return right_3(x) + 2


def right_1(x):
    return right_2(x) + 2


def chains_loop():
    for i in range(10000):
        left_1(i)
        right_1(i)


def chains(seconds):
    for _ in until(seconds):
        chains_loop()
    return Clock().truth()


# ---- (e) 20 busy threads

BUSY = "def busy_{0:02}(repeat_until):\n for _ in repeat_until:\n  for i in range(2000):\n   i & 7"


def run_threads(targets):
    """Run each {name: (function, argument)} in a thread of its own, with a clock around it. None begins before all are there:
    it takes a thread long to start beside busy ones."""
    clock = Clock()
    gate = threading.Barrier(len(targets))

    def work(name, function, argument):
        gate.wait()
        clock.call(name, function, argument)

    threads = [threading.Thread(target=work, args=(name, *target)) for name, target in targets.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return clock.truth()


def busy_threads(seconds):
    names = ["busy_%02d" % i for i in range(20)]
    return run_threads({name: (define(BUSY.format(i), name), until(seconds)) for i, name in enumerate(names)})


# ---- (f) 200 threads of which 198 sleep


def always_busy(seconds):
    for _ in until(seconds):
        for i in range(2000):
            i & 7


def half_busy(seconds):
    for _ in until(seconds):
        begin = time.thread_time()
        while time.thread_time() < begin + 0.01:
            for i in range(2000):
                i & 7
        time.sleep(0.02)


def idle_threads(seconds):
    gate = threading.Event()
    sleepers = [threading.Thread(target=gate.wait) for _ in range(198)]
    for thread in sleepers:
        thread.start()
    truth = run_threads({"always_busy": (always_busy, seconds), "half_busy": (half_busy, seconds)})
    gate.set()
    for thread in sleepers:
        thread.join()
    return truth


# ---- (g) generators and coroutines that are resumed from different callers


def left_leaf():
    for i in range(10):
        i & 7


def right_leaf():
    for i in range(20):
        i & 7


def inner_generator():
    leaf = yield
    while True:
        leaf = yield leaf()


def outer_generator():
    yield from inner_generator()


class Suspension:
    def __await__(self):
        return (yield)


async def inner_coroutine():
    while True:
        leaf = await Suspension()
        leaf()


async def outer_coroutine():
    await inner_coroutine()


def left_caller(routine):
    for _ in range(30):
        routine.send(left_leaf)


def right_caller(routine):
    for _ in range(30):
        routine.send(right_leaf)


def generators(seconds):
    clock = Clock()
    routines = [outer_generator(), outer_coroutine()]
    for routine in routines:
        routine.send(None)
    for _ in until(seconds):
        for routine in routines:
            clock.call("left_caller", repeat, left_caller, routine, 20)
            clock.call("right_caller", repeat, right_caller, routine, 20)
    return clock.truth()


# ---- (h) code objects that are made and freed all the time

MADE = """
def made{0}_2(count):
    for i in range(count):
        i & 7

def made{0}_1(count):
    made{0}_2(count)
"""


def between():
    for i in range(1500):
        i & 7


def call_made(number):
    define(MADE.format(number), "made%d_1" % number)(3000)


def made_code(seconds):
    clock = Clock()
    number = 0
    for _ in until(seconds):
        for _ in range(20):
            number += 1
            clock.call("call_made", call_made, number)
            clock.call("between", between)
    return clock.truth()


# ---- (i) generators of a generator, each step of some 50 ns, that call a short function


def step(count):
    for i in range(count):
        i & 7


def numbers(count):
    for i in range(count):
        step(6)
        yield i


def squares(count):
    for x in numbers(count):
        yield x * x


def consume():
    total = 0
    for x in squares(200):
        total += x
    return total


def lazy(seconds):
    for _ in until(seconds):
        consume()
    return Clock().truth()


# ---- (j) coroutines that are made, awaited and gone in a microsecond


def request(count):
    total = 0
    for i in range(count):
        total += i & 7
    return total


async def session(count):
    return request(count)


async def client(count):
    return await session(count) + 1


async def serve(seconds):
    for _ in until(seconds):
        for _ in range(100):
            await client(8)
            await client(30)


def coroutines(seconds):
    asyncio.run(serve(seconds))
    return Clock().truth()


PROGRAMS = {
    "burn": burn,
    "nested": nested,
    "deep": deep,
    "chains": chains,
    "busy-threads": busy_threads,
    "idle-threads": idle_threads,
    "generators": generators,
    "made-code": made_code,
    "lazy": lazy,
    "coroutines": coroutines,
}


def main():
    name, seconds = sys.argv[1], float(sys.argv[2])
    sys.setrecursionlimit(2000)
    print("ready", flush=True)
    sys.stdin.readline()
    print(json.dumps(PROGRAMS[name](seconds)), flush=True)
    sys.stdin.readline()


if __name__ == "__main__":
    main()

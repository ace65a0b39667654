"""Threads that wait at places of every kind, and what the interpreter itself says of their stacks.

Prints "ready {NATIVE ID: {name, stack: [{function, file, line}]}}", innermost first. The main thread holds the GIL
all the time afterwards where the first argument is "spin".
"""

import asyncio
import contextlib
import functools
import json
import sys
import threading
import time

gate = threading.Event()
arrived = threading.Semaphore(0)


def wait(*_):
    arrived.release()
    gate.wait()


def decorate(function):
    @functools.wraps(function)
    def wrapper(*arguments, **options):
        return function(
            *arguments,
            **options,
        )

    return wrapper


@decorate
@decorate
def decorated():
    wait(
        1,
        2)


@functools.lru_cache(maxsize=None)
def cached(number):
    return wait(number)


def partial():
    functools.partial(cached, 3)()


def class_body():
    class Outer:
        class Inner:
            value = (
                wait()
            )


def descriptors():
    class Thing:
        @property
        def value(self):
            return wait()

        def __getattr__(self, name):
            return self.value

        def __len__(self):
            return self.missing

        def __lt__(self, other):
            return len(self)

    sorted([
        Thing(),
        Thing(),
    ])


def executed():
    source = "\n\n\ndef made(x):\n    return wait(\n        x)\n\n[made(n) for n in (1, 2)]\n"
    exec(compile(source, "<made by exec>", "exec"), {"wait": wait})


def evaluated():
    eval("(lambda: wait())()")


def lambdas():
    (lambda x: (lambda y: wait(x,
                               y))(2))(1)


def comprehensions():
    return {
        key: [
            wait(key, value)
            for value in range(3)
        ]
        for key in range(2)
    }


def generators():
    def innermost():
        yield 1
        yield wait()

    def delegates():
        yield 0
        yield from innermost()

    list(
        value
        for value in delegates()
    )


@contextlib.contextmanager
def managed():
    try:
        yield
    finally:
        wait()


def context():
    with managed():
        pass


def deep(number):
    if number == 0:
        return wait()
    return deep(number - 1)


def recursion():
    deep(1000)


def names_of_the_world():
    class Größe:
        def 計算(self):
            def вычислить():
                wait()

            вычислить()

    Größe().計算()


async def tick():
    for number in range(2):
        yield number
        if number:
            wait()


async def consume():
    async for _ in tick():
        await asyncio.sleep(0)


class Managed:
    async def __aenter__(self):
        await asyncio.gather(asyncio.create_task(consume()), asyncio.sleep(0))

    async def __aexit__(self, *_):
        pass


async def use():
    async with Managed():
        pass


def coroutines():
    async def step():
        await asyncio.sleep(0)
        return [wait() async for _ in tick() if await asyncio.sleep(0, True)]

    asyncio.run(asyncio.wait_for(step(), 1000))


def tasks():
    asyncio.run(use())


def handler():
    try:
        try:
            raise KeyError
        except* KeyError:
            raise ValueError from None
    except ValueError:
        wait()
    finally:
        gate.wait()


def matching(value=(1, [2, 3])):
    match value:
        case (1, [x, *_]) if wait(
            x
        ):
            pass


def long_lines():
    one = 1; wait(one); one = 2  # fmt: skip  # noqa: E702


def many_lines():
    text = "\n".join(f"    value = {number}" for number in range(3000))
    namespace = {"wait": wait}
    exec(f"def far():\n{text}\n    wait()\n", namespace)
    namespace["far"]()


known = {}


def run(function):
    known[threading.get_ident()] = {"tid": threading.get_native_id(), "name": threading.current_thread().name}
    function()


def stack_of(frame):
    while frame is not None:
        code = frame.f_code
        yield {"function": code.co_qualname, "file": code.co_filename, "line": frame.f_lineno}
        frame = frame.f_back


def stacks():
    return {
        known[ident]["tid"]: {"name": known[ident]["name"], "stack": list(stack_of(frame))}
        for ident, frame in sys._current_frames().items()
        if ident in known
    }


sys.setrecursionlimit(5000)
functions = (decorated, partial, class_body, descriptors, executed, evaluated, lambdas, comprehensions, generators,
             context, recursion, names_of_the_world, coroutines, tasks, handler, matching, long_lines, many_lines)
for function in functions:
    threading.Thread(target=run, args=(function,), name=f"t-{function.__name__}"[:15], daemon=True).start()
    arrived.acquire()
before = None
while before != (now := stacks()):  # until all of them wait
    before = now
    time.sleep(0.2)
print("ready", json.dumps(now), flush=True)
if sys.argv[1:] == ["spin"]:
    while True:
        pass
sys.stdin.read()

"""Several stacks in one thread: sub-interpreters, greenlets, asyncio."""

import pytest

from rows import is_hottest

SUB_INTERPRETERS = '''
import sys
import threading
import time

CODE = """
import time
def spin_inside():
    while True:
        for _ in range(100):
            sum(range(1000))
        time.sleep(0.01)
spin_inside()
"""

def enter(has_own_gil):
    if sys.version_info >= (3, 13):
        import _interpreters
        _interpreters.exec(_interpreters.create("isolated" if has_own_gil else "legacy"), CODE)
    elif sys.version_info >= (3, 9):
        import _xxsubinterpreters
        _xxsubinterpreters.run_string(_xxsubinterpreters.create(isolated=has_own_gil), CODE)
    else:
        import _xxsubinterpreters
        _xxsubinterpreters.run_string(_xxsubinterpreters.create(), CODE)

for has_own_gil in (False, True): # one of its own from 3.12 on
    threading.Thread(target=enter, args=(has_own_gil,), name=f"own GIL: {has_own_gil}", daemon=True).start()
print("ready", flush=True)
time.sleep(1000)
'''


@pytest.mark.since_minor(8, "no module makes interpreters")
def test_a_thread_in_a_sub_interpreter_shows_once_with_the_whole_stack(interpreter, start_program, watch_until):
    program = start_program(interpreter, SUB_INTERPRETERS)

    def both_spin(rows):
        process = rows[program.pid]
        innermost = [thread["stack"][0]["function"] for thread in process["threads"] or [] if thread["stack"]]
        return (is_hottest("spin_inside", process) and process["functions"][0]["own_percent"] > 95
                and innermost.count("spin_inside") == 2)

    process = watch_until(both_spin, program.pid)[program.pid]
    threads = {thread["name"]: thread for thread in process["threads"]}
    assert sorted(threads) == ["MainThread", "own GIL: False", "own GIL: True"]
    for name in ("own GIL: False", "own GIL: True"):
        functions = [frame["function"].rpartition(".")[2] for frame in threads[name]["stack"]]
        assert functions == ["spin_inside", "<module>", "enter", "run", "_bootstrap_inner", "_bootstrap"]


GREENLETS = """
import sys
try:
    import greenlet
except ImportError:
    print("ready without", flush=True)
    sys.stdin.readline()

def first_leaf():
    for _ in range(300):
        pass
    second.switch()

def first_branch():
    while True:
        first_leaf()

def second_leaf():
    for _ in range(300):
        pass
    first.switch()

def second_branch():
    while True:
        second_leaf()

first = greenlet.greenlet(first_branch)
second = greenlet.greenlet(second_branch)
print("ready", flush=True)
first.switch()
"""

GEVENT = """
import sys
try:
    import gevent
except ImportError:
    print("ready without", flush=True)
    sys.stdin.readline()

def first_leaf():
    for _ in range(300):
        pass
    gevent.sleep(0)

def first_branch():
    while True:
        first_leaf()

def second_leaf():
    for _ in range(300):
        pass
    gevent.sleep(0)

def second_branch():
    while True:
        second_leaf()

print("ready", flush=True)
gevent.joinall([gevent.spawn(first_branch), gevent.spawn(second_branch)])
"""

ASYNCIO = """
import asyncio

async def first_leaf():
    for _ in range(300):
        pass
    await asyncio.sleep(0)

async def first_branch():
    while True:
        await first_leaf()

async def second_leaf():
    for _ in range(300):
        pass
    await asyncio.sleep(0)

async def second_branch():
    while True:
        await second_leaf()

async def main():
    print("ready", flush=True)
    await asyncio.gather(first_branch(), second_branch())

asyncio.run(main())
"""

CALLERS = {"first_leaf": "first_branch", "second_leaf": "second_branch"}


@pytest.mark.parametrize("source", [GREENLETS, GEVENT, ASYNCIO], ids=["greenlet", "gevent", "asyncio"])
def test_stacks_that_take_turns_are_never_mixed(interpreter, start_program, run_snapshot, source):
    if interpreter.minor < 11:
        pytest.skip("the program is written for newer versions")
    program = start_program(interpreter, source)
    if program.ready != "ready":
        pytest.skip("the library is not here")
    seen = set()
    for _ in range(5):
        for tick in run_snapshot("-n", 30, "-d", 0.1, "-r", 1000, program.pid):
            (process,) = tick["processes"]
            for thread in process["threads"] or []:
                names = [frame["function"] for frame in thread["stack"]]
                leaves = [name for name in names if name in CALLERS]
                branches = [name for name in names if name in CALLERS.values()]
                assert len(leaves) <= 1 and len(branches) <= 1, names
                if leaves:
                    assert names[names.index(leaves[0]) + 1] == CALLERS[leaves[0]], names
            seen.update(row["function"] for row in process["functions"] or [] if row["function"] in CALLERS)
        if seen == set(CALLERS):
            break
    assert seen == set(CALLERS)
    sampling = process["sampling"]
    assert sampling["invalid"] <= 0.01 * sampling["samples"]

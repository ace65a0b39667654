"""Profiles of programs whose truth is known (tests/bench/programs.py)."""

import collections
import json
import os
import pathlib
import sys

import pytest

BENCH = pathlib.Path(__file__).resolve().parents[1] / "bench"
sys.path.insert(0, str(BENCH))

import programs  # noqa: E402
from folded import FoldedStacks  # noqa: E402

ENDLESS = 100000


@pytest.fixture
def folded_stacks(pyneck):
    """folded_stacks(rate_hz, pid, samples=...) -> FoldedStacks, which is ended with the test"""
    started = []

    def start(*arguments, **options):
        started.append(FoldedStacks(pyneck, *arguments, **options))
        return started[-1]

    yield start
    for tool in started:
        tool.process.kill()
        tool.process.communicate()


def find_interpreter(config, minor):
    found = [one for one in config.interpreters if one.minor == minor and "debug" not in one.name]
    if not found:
        pytest.skip(f"no Python 3.{minor} here")
    return found[0]


@pytest.mark.parametrize("minor", [10, 11, 12, 13, 14, 15])
def test_two_call_chains_that_alternate_are_never_mixed(pytestconfig, start_program, folded_stacks, minor):
    program = start_program(find_interpreter(pytestconfig, minor), BENCH / "programs.py", "chains", ENDLESS)
    program.tell("go")
    stacks = folded_stacks(10000, program.pid, samples=20000).finish(timeout=300)
    impossible = collections.Counter()
    chains = 0
    for row in stacks.rows:
        chains += row.samples if "chains_loop" in row.names else 0
        if programs.is_impossible(row.names):
            impossible[row.names] += row.samples
    assert chains > 0.9 * stacks.samples
    assert impossible.total() == 0, impossible


@pytest.mark.parametrize("minor", [11, 14])
def test_functions_that_are_made_all_the_time_are_never_mixed(pytestconfig, start_program, folded_stacks, minor):
    program = start_program(find_interpreter(pytestconfig, minor), BENCH / "programs.py", "made-code", ENDLESS)
    program.tell("go")
    stacks = folded_stacks(10000, program.pid, samples=20000).finish(timeout=300)
    assert [row.names for row in stacks.rows if programs.is_impossible(row.names)] == []


# To look again at a stack that shows a new function sees what came after it.
@pytest.mark.parametrize("minor", [10, 12, 15])
def test_functions_that_are_made_all_the_time_have_their_share(pytestconfig, start_program, folded_stacks, minor):
    program = start_program(find_interpreter(pytestconfig, minor), BENCH / "programs.py", "made-code", 1.5)
    tool = folded_stacks(1000, program.pid)
    program.tell("go")
    truth = json.loads(program.read_line())["wall_seconds"]
    wall_ns = collections.Counter()
    for row in tool.stop().rows:
        for name in truth:
            wall_ns[name] += row.wall_ns if name in row.names else 0
    expected = truth["call_made"] / sum(truth.values())
    assert wall_ns["call_made"] / wall_ns.total() == pytest.approx(expected, abs=0.1)


def own_shares(stacks):
    shares = collections.Counter()
    for row in stacks.rows:
        shares[row.names[-1] if row.names else None] += row.samples / stacks.samples
    return shares


# Functions that are short and called from where the data stack does not show it.
@pytest.mark.parametrize("name, function", [("lazy", "step"), ("coroutines", "request")])
@pytest.mark.parametrize("minor", [11, 13, 15])
def test_what_generators_and_coroutines_call_has_its_share(
    pytestconfig, start_program, folded_stacks, minor, name, function
):
    program = start_program(find_interpreter(pytestconfig, minor), BENCH / "programs.py", name, ENDLESS)
    program.tell("go")
    paused = folded_stacks(1000, program.pid, samples=2000, options=["--pause"]).finish(timeout=100)
    running = folded_stacks(2000, program.pid, samples=4000).finish(timeout=100)
    assert own_shares(running)[function] == pytest.approx(own_shares(paused)[function], abs=0.2)


MAKES_GENERATORS = """
def make():
    yield

def loop():
    while True:
        make()
        for i in range(100):
            i & 7

print("ready", flush=True)
loop()
"""


@pytest.mark.parametrize("minor", [11, 12, 13, 14, 15])
def test_what_has_made_a_generator_is_not_taken_for_running(pytestconfig, start_program, folded_stacks, minor):
    program = start_program(find_interpreter(pytestconfig, minor), MAKES_GENERATORS)
    stacks = folded_stacks(1000, program.pid, samples=1000).finish(timeout=100)
    assert own_shares(stacks)["loop"] > 0.7


def kernel_cpu_ns(pid):
    tasks = pathlib.Path(f"/proc/{pid}/task")
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks.iterdir())


@pytest.mark.skipif(not os.path.exists("/proc/self/schedstat"), reason="this kernel has no schedstat")
def test_cpu_of_all_functions_is_the_cpu_time_that_the_kernel_counted(any_interpreter, start_program, folded_stacks):
    program = start_program(any_interpreter, BENCH / "programs.py", "deep", 1)
    tool = folded_stacks(100, program.pid)
    before = kernel_cpu_ns(program.pid)
    program.tell("go")
    program.read_line()
    stacks = tool.stop()
    kernel = kernel_cpu_ns(program.pid) - before
    assert kernel > 0
    assert sum(row.cpu_ns for row in stacks.rows) == pytest.approx(kernel, rel=0.01)


# Threads that sleep a little come and go all the time.
COME_AND_GO = """
import threading, time
print("ready", flush=True)
while True:
    threads = [threading.Thread(target=time.sleep, args=(0.002 * i,)) for i in range(1, 20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
"""


def test_threads_that_come_and_go_have_no_more_samples_than_there_were_moments(
    any_interpreter, start_program, folded_stacks
):
    program = start_program(any_interpreter, COME_AND_GO)
    stacks = folded_stacks(500, program.pid, samples=10000).finish(timeout=100)
    most = 21 * 500 * (stacks.seconds + 1)  # 20 threads at once, and one that begins while another ends
    assert sum(row.samples for row in stacks.rows) == stacks.samples < most
    assert sum(row.wall_ns for row in stacks.rows) < 21e9 * (stacks.seconds + 1)


# Works for 3 of each 10 ms, and begins by a clock that ticks as often as the sampler. Each line on its standard input is
# answered with the wall time that it worked, and all that went by.
IN_STEP = """
import select, sys, time

def work(until):
    while time.monotonic() < until:
        pass

worked = 0
begin = next_begin = time.monotonic()
print("ready", flush=True)
while True:
    next_begin += 0.01
    time.sleep(max(0, next_begin - time.monotonic()))
    work_begin = time.monotonic()
    work(work_begin + 0.003)
    now = time.monotonic()
    worked += now - work_begin
    if select.select([sys.stdin], [], [], 0)[0]:
        sys.stdin.readline()
        print(worked, now - begin, flush=True)
"""


def test_a_program_in_step_with_the_sampler_gets_its_share(any_interpreter, start_program, folded_stacks):
    program = start_program(any_interpreter, IN_STEP)

    def ask():
        program.tell("now")
        return [float(word) for word in program.read_line().split()]

    tool = folded_stacks(100, program.pid, samples=400)
    before = ask()
    stacks = tool.finish(timeout=100)
    after = ask()
    truth = (after[0] - before[0]) / (after[1] - before[1])
    seen = sum(row.wall_ns for row in stacks.rows if row.names[-1:] == ("work",)) / sum(row.wall_ns for row in stacks.rows)
    assert seen == pytest.approx(truth, abs=0.15)  # in step it would be 0 or 1; six standard deviations of 400 samples

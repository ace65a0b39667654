"""Growth of memory is given to the functions and lines that grew it, seen from outside, in programs that allocate known
amounts in known lines."""

import collections
import json
import subprocess

import pytest

MEBIBYTE = 1 << 20
ROUNDS = 12  # at most: on a busy machine a sample may come late, just behind the line that it was to see

# Eight bytes a place in the list and 32 an int: 152 MiB in one line, as C code that takes many samples.
PROGRAM = """
import sys

def grow(box):
    box.append(list(range(4000000)))  # line 5

def shrink(box):
    box.clear()  # line 8

def work(box, word):
    {"grow": grow, "shrink": shrink}[word](box)

box = []
print("ready", flush=True)
for line in sys.stdin:
    work(box, line.strip())
    print("done", flush=True)
"""
GROWN = 4000000 * (8 + 32)


class Watch:
    """Ticks of one process, and what they add up to."""

    def __init__(self, pyneck, pid):
        argv = [str(pyneck), "snapshot", "--format", "json", "-n", "100000", "-d", "0.2", "-r", "1000", "--budget", "0"]
        argv.append(str(pid))
        self.process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)

    def read(self):
        line = self.process.stdout.readline()
        assert line, f"pyneck ended with status {self.process.wait()}"
        (process,) = json.loads(line)["processes"]
        return process

    def sum_up(self, program, word):
        """Let the program do something; what grew meanwhile, by function, with callees, and by line; and the process."""
        before = self.read()
        program.tell(word)
        own, total, lines, quiet = collections.Counter(), collections.Counter(), collections.Counter(), 0
        grown = 0
        while quiet < 3 or abs(grown) < GROWN / 2:
            tick = self.read()
            grown = tick["resident_bytes"] - before["resident_bytes"]
            for row in tick["functions"] or ():
                own[row["function"]] += row["memory_growth_bytes"]
                total[row["function"]] += row["total_memory_growth_bytes"]
            for row in tick["lines"] or ():
                lines[row["function"], row["line"]] += row["memory_growth_bytes"]
            quiet = quiet + 1 if tick["cpu_percent"] < 1 else 0
        assert program.read_line() == "done"
        return own, total, lines, grown

    def close(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


@pytest.fixture
def watch(pyneck):
    """watch(pid) -> Watch whose first interval is over"""
    started = []

    def start(pid):
        started.append(Watch(pyneck, pid))
        while started[-1].read()["functions"] is None:
            pass
        return started[-1]

    yield start
    for one in started:
        one.close()


@pytest.fixture(params=[8, 11, 15])
def objects_frames_and_newest(request, pytestconfig):
    """An interpreter of each way to keep frames, and of the newest version."""
    for one in pytestconfig.interpreters:
        if one.minor == request.param:
            return one
    pytest.skip(f"no Python 3.{request.param} here")


def test_growth_goes_to_the_line_that_allocates_and_all_of_it_adds_up(
    objects_frames_and_newest, start_program, watch
):
    program = start_program(objects_frames_and_newest, PROGRAM)
    ticks = watch(program.pid)
    seen = set()
    for _ in range(ROUNDS):
        own, total, lines, grown = ticks.sum_up(program, "grow")
        assert abs(grown - GROWN) < GROWN / 4  # what the interpreter has kept of the last round is used again
        assert abs(total["<module>"] - grown) < MEBIBYTE
        assert total["work"] >= total["grow"] >= own["grow"] == lines["grow", 5]
        if abs(own["grow"] - grown) < grown / 20:
            seen.add("grow")
        own, total, lines, grown = ticks.sum_up(program, "shrink")
        assert abs(total["<module>"] - grown) < MEBIBYTE
        assert own["shrink"] == lines["shrink", 8] <= 0
        if abs(own["shrink"] - grown) < -grown / 10:
            seen.add("shrink")
        if len(seen) == 2:
            return
    raise AssertionError(f"in {ROUNDS} rounds only {seen or 'nothing'} was given what it should")


# One thread keeps the GIL almost all the time; the other takes it for a moment and sleeps, so that samples find it asleep.
SPIN_AND_LEAK = """
import sys, threading, time

def spin():
    count = 0
    while True:
        count += 1

def leak(box):
    while True:
        box.append(b"x" * 262144)
        time.sleep(0.001)

threading.Thread(target=spin, daemon=True).start()
threading.Thread(target=leak, args=([],), daemon=True).start()
print("ready", flush=True)
sys.stdin.readline()
"""


def test_growth_goes_to_the_thread_that_leaks_and_not_to_the_one_that_holds_the_gil(
    objects_frames_and_newest, start_program, watch
):
    ticks = watch(start_program(objects_frames_and_newest, SPIN_AND_LEAK).pid)
    own = collections.Counter()
    while sum(own.values()) < 16 * MEBIBYTE:
        for row in ticks.read()["functions"] or ():
            own[row["function"]] += row["memory_growth_bytes"]
    assert own["leak"] >= 0.8 * sum(own.values()), own


def test_parts_of_memory_add_up_and_the_growers_are_named(any_interpreter, start_program, watch):
    program = start_program(any_interpreter, PROGRAM)
    ticks = watch(program.pid)
    program.tell("grow")
    while True:
        process = ticks.read()
        memory = process["memory"]
        parts = memory["anonymous_bytes"] + memory["file_bytes"] + memory["shared_memory_bytes"]
        assert abs(parts - process["resident_bytes"]) < GROWN  # they are read one after the other
        has_grower = any(row["function"] == "grow" and row["own_growth_bytes"] > 0 for row in memory["functions"] or ())
        if has_grower and (memory["growth_bytes_per_second"] or 0) > 0 and (memory["minor_faults_per_second"] or 0) > 0:
            break
    assert memory["functions"] == sorted(memory["functions"], key=lambda row: -row["own_growth_bytes"])

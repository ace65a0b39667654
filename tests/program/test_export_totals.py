"""pyneck export: all formats add up to the same, by each weight and of each part."""

import json
import subprocess
import sys
from typing import NamedTuple

import pytest
from export_totals import FORMATS, WEIGHTS, times_of_trace, total_of

# Two processes, one with two threads; memory grows in one function and shrinks in another, several times in a tick.
PROGRAM = """
import subprocess
import sys
import threading
import time

END = time.monotonic() + 2

def take(blocks):
    blocks.append(bytearray(b"x" * 4_000_000))

def give_back(blocks):
    blocks.clear()

def breathe():
    blocks = []
    while time.monotonic() < END:
        for _ in range(10):
            take(blocks)
        give_back(blocks)

def nap():
    while time.monotonic() < END:
        time.sleep(0.01)

child = subprocess.Popen([sys.executable, "-c", '''
import time
end = time.monotonic() + 1.8
while time.monotonic() < end:
    sum(range(1000))
'''])
threading.Thread(target=nap, name="napper").start()
breathe()
child.wait()
"""


class Recording(NamedTuple):
    path: object
    pid: int
    tid: int


@pytest.fixture(scope="module")
def recording(pyneck, tmp_path_factory):
    directory = tmp_path_factory.mktemp("totals")
    script, path = directory / "program.py", directory / "recording.db"
    script.write_text(PROGRAM)
    command = [pyneck, "record", "-q", "-d", "0.25", "-r", "200", "--budget", "0", "-o", path]
    subprocess.run([*command, "--", sys.executable, script], check=True, timeout=60)
    ticks = subprocess.run([pyneck, "export", "--format", "json", path], check=True, capture_output=True).stdout
    processes = [process for line in ticks.splitlines() for process in json.loads(line)["processes"]]
    threads = {(thread["name"], thread["tid"], process["pid"])
               for process in processes for thread in process["threads"] or []}
    (tid, pid), = {(tid, pid) for name, tid, pid in threads if name == "napper"}
    return Recording(path, pid, tid)


@pytest.fixture
def export(pyneck, recording):
    """export(format, *arguments) -> the bytes of the export"""

    def run(name, *arguments):
        command = [pyneck, "export", "--format", name, *map(str, arguments), recording.path]
        done = subprocess.run(command, capture_output=True, timeout=60)
        assert (done.returncode, done.stderr) == (0, b""), done.stderr
        return done.stdout

    return run


PARTS = {
    "everything": lambda recording: [],
    "from": lambda recording: ["--from", "+1"],
    "to": lambda recording: ["--to", "+1"],
    "process": lambda recording: ["--pid", recording.pid],
    "thread": lambda recording: ["--thread", recording.tid],
    "state": lambda recording: ["--state", "sleep", "--state", "running"],
    "all at once": lambda recording: ["--from", "+0.5", "--pid", recording.pid, "--state", "sleep"],
}


@pytest.mark.parametrize("part", PARTS)
def test_all_formats_add_up_to_the_same(recording, export, part):
    selection = PARTS[part](recording)
    for weight in WEIGHTS:
        totals = {name: total_of(name, export(name, "--weight", weight, *selection), weight) for name in FORMATS}
        assert len(set(totals.values())) == 1, (weight, totals)
        if weight == "samples" or part == "everything":
            assert totals["collapsed"] > 0, weight
        if weight == "cpu":
            assert times_of_trace(export("chrome", *selection))[1] == totals["collapsed"]


def test_a_trace_is_of_time_whatever_is_weighed(export):
    assert len({export("chrome", "--weight", weight) for weight in WEIGHTS}) == 1


@pytest.mark.measurement
def test_frames_of_a_trace_last_as_long_as_the_threads_were_seen(export):
    """About, for it has the order and the beginnings of samples and not their exact lengths."""
    wall, _ = times_of_trace(export("chrome"))
    assert wall == pytest.approx(total_of("collapsed", export("collapsed", "--weight", "wall"), "wall"), rel=0.15)


@pytest.mark.parametrize("weight", WEIGHTS)
def test_the_parts_of_a_time_and_of_processes_add_up_to_the_whole(recording, export, weight):
    def total(*selection):
        return total_of("collapsed", export("collapsed", "--weight", weight, *selection), weight)

    whole = total()
    assert total("--to", "+1") + total("--from", "+1") == whole
    processes = {process["pid"] for line in export("json").splitlines() for process in json.loads(line)["processes"]}
    assert len(processes) >= 2
    assert sum(total("--pid", pid) for pid in processes) == whole


def test_the_weight_of_memory_is_growth(export):
    """Some hundred megabytes are taken and given back: what was taken counts, where it was taken."""
    functions = {}
    for line in export("collapsed", "--weight", "memory").decode().splitlines():
        stack, growth = line.rsplit(" ", 1)
        assert int(growth) > 0
        name = stack.rsplit(";", 1)[-1].split(" (")[0]
        functions[name] = functions.get(name, 0) + int(growth)
    assert max(functions, key=functions.get) == "take"
    assert functions["take"] > 40_000_000

"""pyneck export: each format is read by what it is for. (That all add up to the same: test_export_totals.py.)"""

import json
import os
import pstats
import re
import shutil
import subprocess
import sys

import pytest
from export_totals import TEXTS, total_of_callgrind, total_of_collapsed, total_of_speedscope
from trace_rules import check_trace

PROGRAM = """
import threading
import time

def leaf(count):
    return sum(range(count))

def work():
    for _ in range(50):
        leaf(2000)

def nap():
    while True:
        time.sleep(0.01)

threading.Thread(target=nap, daemon=True, name="napper").start()
while time.process_time() < 1.5:
    work()
"""


@pytest.fixture(scope="module")
def recording(pyneck, tmp_path_factory):
    directory = tmp_path_factory.mktemp("export")
    script = directory / "program.py"
    script.write_text(PROGRAM)
    path = directory / "recording.db"
    command = [pyneck, "record", "-q", "-d", "0.25", "-r", "250", "-o", path, "--", sys.executable, script]
    subprocess.run(command, check=True, timeout=120)
    return path


@pytest.fixture
def export(run_pyneck, recording):
    """export(format, *arguments) -> the text of the export"""

    def run(name, *arguments):
        done = run_pyneck("export", "--format", name, *arguments, recording)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


def test_the_total_is_the_cpu_time_of_the_functions_in_the_ticks(export):
    """And of what was no Python code, as when the interpreter starts: that is no function."""
    ticks = [json.loads(line) for line in export("json").splitlines()]
    seconds = sum(
        row["own_cpu_seconds"] for tick in ticks for process in tick["processes"] for row in process["functions"] or []
    )
    stacks = [line for line in export("collapsed").splitlines() if "[no Python code]" not in line]
    assert total_of_collapsed("\n".join(stacks)) / 1e9 == pytest.approx(seconds, abs=0.001)


def read_pstats(command, path):
    """(own seconds of all, of `leaf`) as this Python's own pstats reads them"""
    question = (
        "import pstats, sys; stats = pstats.Stats(sys.argv[1]).stats; "
        "print(sum(row[2] for row in stats.values()), sum(stats[key][2] for key in stats if key[2] == 'leaf'))"
    )
    done = subprocess.run([*command, "-c", question, path], capture_output=True, text=True, check=True)
    return [float(number) for number in done.stdout.split()]


@pytest.mark.one_per_minor
def test_every_pstats_reads_the_profile(interpreter, run_pyneck, recording, export):
    outside, inside = interpreter.new_directory()
    try:
        done = run_pyneck("export", "--format", "pstats", "-o", outside / "profile", recording)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
        whole, leaf = read_pstats(interpreter.command, inside / "profile")
    finally:
        shutil.rmtree(outside)
    assert whole == pytest.approx(total_of_collapsed(export("collapsed")) / 1e9, abs=1e-6)
    assert leaf > whole / 2


def test_callers_are_in_pstats(run_pyneck, recording, tmp_path):
    run_pyneck("export", "--format", "pstats", "-o", tmp_path / "profile", recording)
    stats = pstats.Stats(str(tmp_path / "profile")).stats
    (leaf,) = [row for key, row in stats.items() if key[2] == "leaf"]
    assert [key[2] for key in leaf[4]] == ["work"]


@pytest.mark.skipif(not shutil.which("callgrind_annotate"), reason="no callgrind_annotate here")
def test_callgrind_annotate_reads_the_profile(run_pyneck, recording, export, tmp_path):
    run_pyneck("export", "--format", "callgrind", "-o", tmp_path / "profile", recording)
    done = subprocess.run(["callgrind_annotate", tmp_path / "profile"], capture_output=True, text=True, check=True)
    assert f"{total_of_callgrind(export('callgrind')):,} (100.0%)  PROGRAM TOTALS" in done.stdout
    assert re.search(r"program\.py:leaf\b", done.stdout)


@pytest.fixture
def pprof():
    """The pprof that comes with Go, which builds it when it is first wanted, for a minute, and keeps it in the user's
    cache."""
    if not shutil.which("go"):
        pytest.skip("no go here")
    try:
        return subprocess.run(["go", "tool", "-n", "pprof"], capture_output=True, text=True, check=True,
                              timeout=120).stdout.strip()
    except (subprocess.SubprocessError, OSError) as error:
        pytest.skip(f"go has no pprof here: {error}")


def test_go_tool_pprof_reads_the_profile(run_pyneck, recording, export, tmp_path, pprof):
    run_pyneck("export", "--format", "pprof", "-o", tmp_path / "profile", recording)
    environment = {**os.environ, "HOME": str(tmp_path), "PPROF_TMPDIR": str(tmp_path)}

    def top(weight):
        command = [pprof, "-top", f"-sample_index={weight}", tmp_path / "profile"]
        return subprocess.run(command, capture_output=True, text=True, env=environment, check=True).stdout

    assert re.search(r" leaf$", top("cpu"), flags=re.MULTILINE)
    assert re.search(r" <module>$", top("cpu"), flags=re.MULTILINE)
    total = total_of_collapsed(export("collapsed", "--weight", "samples"))
    assert f" of {total} total" in top("samples")


def test_a_trace_keeps_the_rules_of_its_format(export):
    events = check_trace(json.loads(export("chrome")))
    assert {event["args"]["name"] for event in events if event["ph"] == "M"} >= {"MainThread", "napper"}
    assert {event["name"] for event in events if event["ph"] == "C"} == {"CPU", "resident memory", "open files"}
    assert "leaf" in {event["name"] for event in events if event["ph"] == "B"}


def check_table(table):
    """Every column is as long as the table says."""
    columns = {name: column for name, column in table.items() if isinstance(column, list)}
    assert columns and {len(column) for column in columns.values()} == {table["length"]}, columns.keys()


def check_places(places, length):
    """Places in a table of that length, or null."""
    assert all(place is None or 0 <= place < length for place in places)


def test_the_tables_of_gecko_fit_each_other(export):
    """What profiler.firefox.com relies on when it reads the file, and does not check."""
    profile = json.loads(export("gecko"))
    shared, categories = profile["shared"], profile["meta"]["categories"]
    stacks, frames, functions = shared["stackTable"], shared["frameTable"], shared["funcTable"]
    for table in (stacks, frames, functions, shared["sources"], shared["resourceTable"], shared["nativeSymbols"]):
        if table["length"] > 0:
            check_table(table)
    assert all(prefix is None or prefix < place for place, prefix in enumerate(stacks["prefix"]))
    check_places(stacks["frame"], frames["length"])
    check_places(frames["func"], functions["length"])
    check_places(frames["category"], len(categories))
    check_places(functions["name"], len(shared["stringArray"]))
    check_places(functions["source"], shared["sources"]["length"])
    check_places(shared["sources"]["filename"], len(shared["stringArray"]))
    assert [category["color"] for category in categories].count("grey") == 1
    for thread in profile["threads"]:
        samples = thread["samples"]
        check_table(samples)
        check_places(samples["stack"], stacks["length"])
        assert samples["time"] == sorted(samples["time"])
        assert all(delta >= 0 for delta in samples["threadCPUDelta"])
    for counter in profile["counters"]:
        check_table(counter["samples"])
        check_places([counter["mainThreadIndex"]], len(profile["threads"]))
        assert profile["threads"][counter["mainThreadIndex"]]["pid"] == counter["pid"]


def test_gecko_says_what_the_threads_did(export):
    profile = json.loads(export("gecko", "--weight", "samples"))
    shared, categories = profile["shared"], profile["meta"]["categories"]
    threads = {thread["name"]: thread for thread in profile["threads"]}
    assert threads.keys() == {"MainThread", "napper"}
    assert [thread["name"] for thread in profile["threads"] if thread["isMainThread"]] == ["MainThread"]

    def weights_by(thread, describe):
        weights = {}
        for stack, weight in zip(thread["samples"]["stack"], thread["samples"]["weight"], strict=True):
            if stack is not None:
                key = describe(shared["stackTable"]["frame"][stack])
                weights[key] = weights.get(key, 0) + weight
        return weights

    def function_of(frame):
        return shared["stringArray"][shared["funcTable"]["name"][shared["frameTable"]["func"][frame]]]

    def state_of(frame):
        return categories[shared["frameTable"]["category"][frame]]["name"]

    functions = weights_by(threads["MainThread"], function_of)
    assert max(functions, key=functions.get) == "leaf"
    states = weights_by(threads["napper"], state_of)
    assert states.keys() >= {"sleep"}
    assert {counter["name"] for counter in profile["counters"]} == {"processCPU", "resident"}


def test_a_part_is_less_than_the_whole_and_the_parts_add_up(export):
    whole = total_of_collapsed(export("collapsed", "--weight", "samples"))
    begin = total_of_collapsed(export("collapsed", "--weight", "samples", "--to", "+1"))
    end = total_of_collapsed(export("collapsed", "--weight", "samples", "--from", "+1"))
    assert 0 < begin < whole and begin + end == whole
    sleeping = export("collapsed", "--weight", "samples", "--state", "sleep")
    assert 0 < total_of_collapsed(sleeping) < whole
    assert "leaf" not in sleeping


LOOP = """
import time
while time.process_time() < 0.7:
    sum(range(1000))
raise SystemExit(3)
"""
BUSY = [sys.executable, "-c", LOOP]


def test_a_recording_is_exported_when_it_is_done(run_pyneck, tmp_path):
    done = run_pyneck("record", "--export", "collapsed", "-o", tmp_path / "stacks.txt", "--", *BUSY)
    assert (done.returncode, done.stdout, done.stderr) == (3, "", "")
    later = run_pyneck("export", "--format", "collapsed", tmp_path / "stacks.txt.db")
    assert later.returncode == 0
    assert (tmp_path / "stacks.txt").read_text() == later.stdout != ""


def test_an_export_lies_beside_the_recording_that_was_named(run_pyneck, tmp_path):
    arguments = ["--export", "speedscope", "--weight", "wall", "-o", tmp_path / "r.db", "--", *BUSY]
    done = run_pyneck("record", *arguments)
    assert (done.returncode, done.stderr) == (3, "")
    assert total_of_speedscope((tmp_path / "r.speedscope.json").read_text()) > 0
    assert {path.name for path in tmp_path.iterdir()} == {"r.db", "r.speedscope.json"}


def test_an_export_overwrites_nothing_unless_it_may(run_pyneck, tmp_path):
    path = tmp_path / "page.html"
    path.write_text("precious")
    done = run_pyneck("record", "--export", "flamegraph", "-o", path, "--", *BUSY)
    assert done.returncode == 1
    assert "is there already" in done.stderr and done.stderr.count("\n") == 1
    assert path.read_text() == "precious" and [each.name for each in tmp_path.iterdir()] == ["page.html"]
    done = run_pyneck("record", "--force", "--export", "flamegraph", "-o", path, "--", *BUSY)
    assert done.returncode == 3
    assert path.read_text().startswith("<!DOCTYPE html>")


DEEP = """
import sys, time
sys.setrecursionlimit(2000)

def spin(depth, end):
    if depth:
        return spin(depth - 1, end)
    while time.process_time() < end:
        pass

spin(1000, 1)
"""


def test_deep_stacks_break_no_format(run_pyneck, tmp_path):
    (tmp_path / "program.py").write_text(DEEP)
    path = tmp_path / "r.db"
    done = run_pyneck("record", "-q", "-o", path, "--", sys.executable, tmp_path / "program.py")
    assert (done.returncode, done.stderr) == (0, "")
    totals = {}
    for name, total in TEXTS.items():
        done = run_pyneck("export", "--format", name, path)
        assert done.returncode == 0, done.stderr
        totals[name] = total(done.stdout)
    assert len(set(totals.values())) == 1 and totals["collapsed"] > 0, totals
    stacks = [line.rsplit(" ", 1)[0].split(";") for line in
              run_pyneck("export", "--format", "collapsed", path).stdout.splitlines()]
    assert max(len(stack) for stack in stacks) in range(1000, 1030)
    check_trace(json.loads(run_pyneck("export", "--format", "chrome", path).stdout))


@pytest.mark.parametrize("arguments", [["--from", "soon"], ["--from", "+2", "--to", "+1"]], ids=" ".join)
def test_times_that_make_no_sense_are_told(run_pyneck, recording, arguments):
    done = run_pyneck("export", "--format", "collapsed", *arguments, recording)
    assert done.returncode == 1
    assert done.stderr.startswith("pyneck: ") and done.stderr.count("\n") == 1


def test_what_is_no_recording_is_told(run_pyneck, tmp_path):
    (tmp_path / "notes.txt").write_text("milk\n")
    done = run_pyneck("export", "--format", "collapsed", "-o", tmp_path / "out", tmp_path / "notes.txt")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "out").exists()

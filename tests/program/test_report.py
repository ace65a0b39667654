"""pyneck report: what a recording says, summed up."""

import datetime
import json
import re
import subprocess
import sys

import pytest

PROGRAM = """
import os
import subprocess
import sys
import time

def compute():
    deadline = time.process_time() + 1.2
    while time.process_time() < deadline:
        sum(range(1000))

def wait():
    os.read(reading, 1)

kept = []

def hoard():
    kept.append(b"x" * (40 << 20))

reading, writing = os.pipe()
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(2.5)"])
hoard()
compute()
child.wait()
waker = subprocess.Popen(["sh", "-c", f"sleep 1; echo >&{writing}"], pass_fds=[writing])
wait()
waker.wait()
sys.exit(3)
"""


@pytest.fixture(scope="module")
def recording(pyneck, tmp_path_factory):
    directory = tmp_path_factory.mktemp("report")
    script = directory / "program.py"
    script.write_text(PROGRAM)
    path = directory / "recording.db"
    command = [pyneck, "record", "-q", "-d", "0.25", "-o", path, "--", sys.executable, script]
    done = subprocess.run(command, check=False, timeout=120)
    assert done.returncode == 3
    return path


@pytest.fixture
def report(run_pyneck, recording):
    """report(*arguments) -> the object that pyneck report --format json prints"""

    def run(*arguments):
        done = run_pyneck("report", "--format", "json", *arguments, recording)
        assert (done.returncode, done.stderr) == (0, "")
        (line,) = done.stdout.splitlines()
        return json.loads(line)

    return run


def parent_of(found):
    (parent,) = [process for process in found["processes"] if "program.py" in (process["command"] or "")]
    return parent


def test_the_report_says_what_the_recording_is(report, recording):
    found = report()
    assert found["schema"] == "pyneck.report/1"
    assert found["file"] == str(recording)
    assert "program.py" in found["command"]
    assert found["ended"] is True
    assert found["begin_time"] < found["end_time"]
    assert found["ticks"] > 4
    assert found["sampling"]["samples"] > 0


def test_a_command_has_what_time_prints(report):
    usage = report()["usage"]
    assert usage["exit_status"] == 3
    assert usage["real_seconds"] > 2
    assert usage["user_seconds"] + usage["system_seconds"] > 1.1
    assert usage["peak_resident_bytes"] > 40 << 20
    assert usage["voluntary_switches"] > 0


def test_the_functions_are_those_of_the_ticks(report, run_pyneck, recording):
    """The sum of the whole is the sum of its ticks."""
    done = run_pyneck("export", "--format", "json", recording)
    ticks = [json.loads(line) for line in done.stdout.splitlines()]
    for name in ("compute", "wait"):
        own = sum(
            row["own_wall_seconds"]
            for tick in ticks
            for process in tick["processes"]
            for row in process["functions"] or []
            if row["function"] == name
        )
        (row,) = [row for row in report()["functions"] if row["function"] == name]
        assert row["own_wall_seconds"] == pytest.approx(own, abs=0.002)
    assert report()["functions"][0]["function"] == "compute"


def test_waits_name_the_descriptor(report):
    waits = [wait for wait in parent_of(report())["waits"] if wait["function"] == "wait"]
    assert waits and all(wait["kind"] == "pipe" and wait["fd"] is not None for wait in waits)
    assert sum(wait["seconds"] for wait in waits) > 0.3


def test_memory_and_open_files_have_a_peak(report):
    parent = parent_of(report())
    assert parent["resident_bytes"]["peak"] > 40 << 20
    assert parent["open_file_count"]["peak"] >= 5


def test_a_child_that_came_and_went_is_listed(report):
    (child,) = [one for one in report()["processes"] if "time.sleep(2.5)" in (one["command"] or "")]
    assert child["parent_pid"] == parent_of(report())["pid"]
    assert child["went_time"] is not None


def test_verdicts_are_in_the_order_of_time(report):
    found = report()
    verdicts = parent_of(found)["verdicts"]
    assert verdicts
    times = [time for verdict in verdicts for time in (verdict["begin_time"], verdict["end_time"])]
    assert times == sorted(times)
    assert times[-1] <= found["end_time"]


def test_only_what_is_selected_is_in_the_report(report):
    whole = report()
    pid = parent_of(whole)["pid"]
    assert [process["pid"] for process in report("--pid", pid)["processes"]] == [pid]
    begin, end = (datetime.datetime.fromisoformat(whole[name].replace("Z", "+00:00")) for name in ("begin_time", "end_time"))
    middle = begin + (end - begin) / 2
    part = report("--from", middle.strftime("%Y-%m-%dT%H:%M:%SZ"))
    assert 0 < part["ticks"] < whole["ticks"]
    assert part["end_time"] == whole["end_time"]


def test_nothing_selected_is_an_error(run_pyneck, recording):
    done = run_pyneck("report", "--from", "+3600", recording)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1


def test_the_text_has_every_part(run_pyneck, recording, tmp_path):
    done = run_pyneck("report", "-o", tmp_path / "report", recording)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    text = (tmp_path / "report").read_text()
    for pattern in (
        r"^Recording ",
        r"^  exit status 3$",
        r"^  real \d+\.\d+ s, user ",
        r"^ +PID +CPU s ",
        r"^ +OWN% .*FUNCTION$",
        r"compute \(.*program\.py:\d+\)",
        r"^Process \d+, Python ",
        r"^  Time of its threads: ",
        r"^ +WAITED ",
        r"wait \(.*program\.py:\d+\), fd \d+",
        r"^  Open files: ",
    ):
        assert re.search(pattern, text, flags=re.MULTILINE), pattern


def test_on_a_terminal_lines_fit(open_terminal, recording):
    terminal = open_terminal("report", str(recording), columns=80, rows=200)
    assert terminal.wait_exit() == 0
    lines = terminal.lines()
    assert sum("FUNCTION" in line for line in lines) >= 1
    # A line that did not fit would go on in the next one.
    assert all(not line[:1].isalnum() or line.split()[0] in ("Recording", "Command", "Process") for line in lines)


def test_a_file_that_is_no_recording_is_told(run_pyneck, tmp_path):
    path = tmp_path / "other.db"
    path.write_text("no recording")
    done = run_pyneck("report", path)
    assert done.returncode == 1
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1

"""pyneck diff: what changed between two recordings, and what did not."""

import json
import subprocess
import sys

import pytest

# Work is counted in rounds and not in time, so that twice the work is twice the time on every machine. It begins when
# the interpreter was found.
PROGRAM = """
import time

def changed(count):
    total = 0
    for number in range(count):
        total += number * number
    return total

def steady(count):
    total = 0
    for number in range(count):
        total += number * number
    return total

time.sleep(0.5)
for _ in range({rounds}):
    changed({times} * 100_000)
    steady(100_000)
"""


@pytest.fixture(scope="module")
def record(pyneck, tmp_path_factory):
    """record(times, rounds) -> the recording of a program in which changed() works so many times more than steady()"""

    def run(times, rounds=100, before=""):
        directory = tmp_path_factory.mktemp("diff")
        (directory / "program.py").write_text(before + PROGRAM.format(times=times, rounds=rounds))
        path = directory / "recording.db"
        command = [pyneck, "record", "-q", "-d", "0.25", "-r", "250", "--budget", "0", "-o", path, "--"]
        subprocess.run([*command, sys.executable, directory / "program.py"], check=True, timeout=120)
        return path

    return run


@pytest.fixture(scope="module")
def recordings(record):
    """{name: path}: in new a function takes twice the time, and it is in another directory and on other lines."""
    return {"old": record(1), "new": record(2, before="\n\n\n")}


def diff_of(run_pyneck, old, new, *arguments):
    done = run_pyneck("diff", "--format", "json", *arguments, old, new)
    assert (done.returncode, done.stderr) == (0, "")
    (line,) = done.stdout.splitlines()
    return json.loads(line)


def row_of(found, name):
    (row,) = [row for row in found["functions"] if row["function"] == name]
    return row


@pytest.mark.measurement
def test_a_function_that_takes_twice_the_time_comes_first(run_pyneck, record, recordings):
    """Where a busy machine lets pyneck take few samples, the noise is great: then more of them have to show it."""
    old, new = recordings["old"], recordings["new"]
    for rounds in (200, 400, None):
        first = diff_of(run_pyneck, old, new)["functions"][0]
        if rounds is None or not first["own_change"]["is_noise"]:
            break
        old, new = record(1, rounds), record(2, rounds)
    assert first["function"] == "changed"
    assert not first["own_change"]["is_noise"]
    assert first["own_change"]["seconds"] > first["own_change"]["noise_seconds"] > 0
    assert first["new"]["own_percent"] > first["old"]["own_percent"]


def test_functions_are_the_same_in_another_directory_and_on_other_lines(run_pyneck, recordings):
    found = diff_of(run_pyneck, recordings["old"], recordings["new"])
    for name in ("changed", "steady"):
        row = row_of(found, name)
        assert row["new"]["line"] == row["old"]["line"] + 3


@pytest.mark.measurement
def test_the_same_program_twice_shows_no_change(run_pyneck, record, recordings):
    """A busy machine may be slower the second time, which is a change: it is not every time."""
    for _ in range(4):
        found = diff_of(run_pyneck, recordings["old"], record(1))
        if all(row_of(found, name)["own_change"]["is_noise"] for name in ("changed", "steady")):
            return
    pytest.fail(json.dumps(found["functions"], indent=1))


def test_a_recording_does_not_differ_from_itself(run_pyneck, recordings):
    found = diff_of(run_pyneck, recordings["old"], recordings["old"])
    changes = [row[key] for row in found["functions"] for key in ("own_change", "total_change")]
    changes += [state["change"] for state in found["states"]]
    assert all(change["seconds"] == 0 and change["is_noise"] for change in changes)
    done = run_pyneck("diff", recordings["old"], recordings["old"])
    assert "No function changed by more than the noise of sampling." in done.stdout


def test_seconds_of_runs_are_compared_as_they_are(run_pyneck, recordings):
    found = diff_of(run_pyneck, recordings["old"], recordings["new"])
    assert found["per_second"] is False
    row = row_of(found, "changed")
    change = row["new"]["own_cpu_seconds"] - row["old"]["own_cpu_seconds"]
    assert row["own_change"]["seconds"] == pytest.approx(change, abs=1e-5)


def test_wall_time_can_be_compared(run_pyneck, recordings):
    found = diff_of(run_pyneck, recordings["old"], recordings["new"], "--mode", "wall")
    row = row_of(found, "changed")
    change = row["new"]["own_wall_seconds"] - row["old"]["own_wall_seconds"]
    assert row["own_change"]["seconds"] == pytest.approx(change, abs=1e-5)


def test_a_broken_bound_gives_exit_status_1_and_a_line(run_pyneck, recordings):
    done = run_pyneck(
        "diff",
        "--fail-if=own_cpu_seconds(changed) >= 0s",
        "--fail-if=own_cpu_seconds(steady) > 1000s",
        "--fail-if=cpu_seconds >= 0.01x",
        recordings["old"],
        recordings["new"],
    )
    assert done.returncode == 1
    assert "changed" in done.stdout
    first, second = done.stderr.splitlines()
    assert first.startswith("pyneck: 'own_cpu_seconds(changed) >= 0s': it is ")
    assert second.startswith("pyneck: 'cpu_seconds >= 0.01x': it is ")


def test_bounds_that_are_kept_give_exit_status_0(run_pyneck, recordings):
    done = run_pyneck(
        "diff",
        "--fail-if=own_cpu_seconds(program.py:changed) > 1000x",
        "--fail-if=peak_resident_bytes > 100G",
        recordings["old"],
        recordings["new"],
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_a_function_that_neither_has_is_named(run_pyneck, recordings):
    done = run_pyneck("diff", "--fail-if=own_percent(missing) > 1%", recordings["old"], recordings["new"])
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert "'missing'" in line

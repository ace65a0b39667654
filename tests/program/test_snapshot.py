"""pyneck snapshot: what it prints, how often, and how it ends."""

import csv
import io
import json
import re
import resource
import signal
import subprocess
import time

import pytest

import json_shape

BUSY = """
    import os
    def count(limit):
        total = 0
        for number in range(limit):
            total += number * number
        return total
    def main():
        log = open(__file__)
        while True:
            count(100_000)
    print("ready", flush=True)
    main()
"""


@pytest.fixture
def busy(start_program, any_interpreter):
    return start_program(any_interpreter, BUSY, name="busy.py")


@pytest.mark.measurement
def test_a_snapshot_has_the_documented_shape(run_snapshot, busy):
    (tick,) = run_snapshot("-d", "0.5", busy.pid)
    json_shape.check(tick, json_shape.SNAPSHOT)
    assert tick["schema"] == "pyneck.snapshot/1"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", tick["time"])
    assert 0.45 < tick["interval_seconds"] < 1.5
    assert len(tick["system"]["load_average"]) == 3
    (process,) = tick["processes"]
    assert process["pid"] == busy.pid
    assert process["verdict"]["kind"] in json_shape.VERDICTS
    for thread in process["threads"]:
        assert thread["state"] in json_shape.STATES
    for file in process["open_files"]:
        assert file["kind"] in json_shape.KINDS


def test_every_python_process_has_the_documented_shape(run_snapshot, busy):
    (tick,) = run_snapshot("-d", "0.3")
    json_shape.check(tick, json_shape.SNAPSHOT)
    assert busy.pid in [process["pid"] for process in tick["processes"]]


def test_processes_that_are_not_python_have_the_documented_shape(run_snapshot, busy):
    (tick,) = run_snapshot("-d", "0.3", "--all")
    json_shape.check(tick, json_shape.SNAPSHOT)
    assert len(tick["processes"]) > 1
    assert any(process["python"] is None for process in tick["processes"])


@pytest.mark.measurement
def test_the_busy_function_is_the_hottest(run_snapshot, busy):
    (tick,) = run_snapshot("-d", "1", "-r", "200", busy.pid)
    (process,) = tick["processes"]
    hottest = process["functions"][0]
    assert hottest["function"] == "count"
    assert hottest["own_percent"] > 80
    main = next(row for row in process["functions"] if row["function"] == "main")
    assert main["total_percent"] > 80
    assert main["own_percent"] < 20
    assert process["lines"][0]["function"] == "count"
    assert process["cpu_percent"] > 0


def test_one_tick_when_nothing_else_is_said(run_snapshot, busy):
    assert len(run_snapshot("-d", "0.2", busy.pid)) == 1


@pytest.mark.parametrize("words", [["-b", "-n", "2", "--format", "json"], ["-bn2", "--format=json"]], ids=" ".join)
def test_b_is_short_for_snapshot(run_pyneck, busy, words):
    done = run_pyneck(*words, "-d", "0.2", busy.pid)
    assert done.returncode == 0
    assert len(done.stdout.splitlines()) == 2


@pytest.mark.measurement
def test_ticks_come_at_the_asked_interval(run_snapshot, busy):
    ticks = run_snapshot("-d", "0.25", "-n", "4", busy.pid)
    assert len(ticks) == 4
    # In step with the clock: after a tick that came late the next one is shorter, but not by more than half.
    assert all(tick["interval_seconds"] > 0.12 for tick in ticks)
    assert 0.9 < sum(tick["interval_seconds"] for tick in ticks) < 1.6


@pytest.mark.measurement
def test_time_ends_it_with_a_shorter_tick(run_snapshot, busy):
    ticks = run_snapshot("-d", "0.4", "-t", "1", busy.pid)
    assert len(ticks) == 3
    # However late a tick of a busy machine came, together they are the time that was asked for.
    assert 0.95 < sum(tick["interval_seconds"] for tick in ticks) < 1.3


@pytest.mark.measurement
def test_a_time_shorter_than_the_delay_gives_one_tick(run_snapshot, busy):
    (tick,) = run_snapshot("-d", "60", "-t", "0.3", busy.pid)
    assert 0.25 < tick["interval_seconds"] < 1


def test_a_rate_of_0_takes_no_samples(watch_until, busy):
    (process,) = watch_until(lambda rows: (rows[busy.pid]["cpu_percent"] or 0) > 10, busy.pid, "-r", 0).values()
    assert process["sampling"] is None
    assert process["functions"] is None


def test_mode_ranks_by_wall_time(run_snapshot, start_program, any_interpreter):
    program = start_program(
        any_interpreter,
        """
        import threading, time
        def work():
            while True:
                sum(range(1000))
        def wait():
            time.sleep(1000)
        for _ in range(3):
            threading.Thread(target=wait, daemon=True).start()
        print("ready", flush=True)
        work()
        """,
    )
    (by_cpu,) = run_snapshot("-d", "0.5", program.pid)
    (by_wall,) = run_snapshot("-d", "0.5", "--mode", "wall", program.pid)
    assert by_cpu["mode"] == "cpu"
    assert by_cpu["processes"][0]["functions"][0]["function"] == "work"
    assert by_wall["mode"] == "wall"
    assert by_wall["processes"][0]["functions"][0]["function"] == "wait"


def test_a_filter_chooses_by_command_line(run_snapshot, busy):
    (tick,) = run_snapshot("-d", "0.2", "-f", re.escape(str(busy.script)))
    assert [process["pid"] for process in tick["processes"]] == [busy.pid]


def test_text_has_the_process_its_functions_and_files(run_pyneck, busy):
    done = run_pyneck("snapshot", "-d", "0.5", busy.pid)
    assert done.returncode == 0
    assert done.stderr == ""
    (row,) = [line for line in done.stdout.splitlines() if re.match(rf" *{busy.pid} .*busy.py$", line)]
    assert row.split()[10] in "RS"
    assert f"Process {busy.pid}, CPython 3." in done.stdout
    assert re.search(r"^ +\d+\.\d +\d+\.\d .* count \(.*busy.py:3\)$", done.stdout, flags=re.MULTILINE)
    assert re.search(r"^ +\d+  file .* \S+busy.py$", done.stdout, flags=re.MULTILINE)


# ---- other formats


def test_csv_is_a_time_series(run_pyneck, busy):
    for _ in range(10):
        done = run_pyneck("snapshot", "--format", "csv", "-d", "0.3", "-n", "3", busy.pid)
        rows = list(csv.DictReader(io.StringIO(done.stdout), strict=True))
        assert len(rows) == 3
        if all(float(row["cpu_percent"] or 0) > 10 for row in rows):
            break
    for row in rows:
        assert None not in row and None not in row.values()
        assert row["pid"] == str(busy.pid)
        assert float(row["cpu_percent"]) > 10
        assert row["command"].endswith("busy.py")
    assert rows[-1]["function"] == "count"
    assert rows[0]["time"] < rows[1]["time"] < rows[2]["time"]


LABEL = r'[a-z_]+="(?:[^"\\\n]|\\["\\n])*"'
SAMPLE = re.compile(rf"([a-z0-9_]+)(\{{{LABEL}(?:,{LABEL})*\}})? (-?[0-9.e+-]+)")


def check_openmetrics(text):
    """The rules of OpenMetrics 1.0 for gauges and infos; returns {(name, labels): value}."""
    lines = text.split("\n")
    assert lines[-2:] == ["# EOF", ""]
    values = {}
    families = set()
    family = kind = unit = None
    for line in lines[:-2]:
        if line.startswith("# TYPE "):
            _, _, family, kind = line.split(" ")
            assert family not in families
            families.add(family)
            unit = None
        elif line.startswith("# UNIT "):
            _, _, name, unit = line.split(" ")
            assert name == family and family.endswith(f"_{unit}")
        elif line.startswith("# HELP "):
            assert line.split(" ")[2] == family
        else:
            match = SAMPLE.fullmatch(line)
            assert match, line
            name, labels, value = match.groups()
            assert name == (f"{family}_info" if kind == "info" else family)
            assert (name, labels) not in values
            values[name, labels] = float(value)
    return values


def test_openmetrics_keeps_the_rules_of_the_format(run_pyneck, busy):
    for _ in range(10):  # in one interval of a busy machine the program may have little of a CPU
        done = run_pyneck("snapshot", "--format", "openmetrics", "-d", "0.5", busy.pid)
        values = check_openmetrics(done.stdout)
        if values["pyneck_process_cpu_ratio", f'{{pid="{busy.pid}"}}'] > 0.1:
            break
    assert values["pyneck_process_cpu_ratio", f'{{pid="{busy.pid}"}}'] > 0.1
    assert any(name == "pyneck_function_own_cpu_seconds" and 'function="count"' in labels for name, labels in values)


def test_openmetrics_is_read_by_prometheus_own_parser(run_pyneck, busy):
    parser = pytest.importorskip("prometheus_client.openmetrics.parser")
    done = run_pyneck("snapshot", "--format", "openmetrics", "-d", "0.3", busy.pid)
    families = {family.name: family for family in parser.text_string_to_metric_families(done.stdout)}
    assert families["pyneck_process_cpu_ratio"].unit == "ratio"


def test_an_openmetrics_file_is_always_whole(run_pyneck, busy, tmp_path):
    output = tmp_path / "pyneck.prom"
    output.write_text("old\n")
    output.chmod(0o640)
    done = run_pyneck("snapshot", "--format", "openmetrics", "-d", "0.2", "-n", "3", "-o", output, busy.pid)
    assert done.returncode == 0
    check_openmetrics(output.read_text())
    assert output.stat().st_mode & 0o777 == 0o640
    assert list(tmp_path.iterdir()) == [output]


# ---- where it is written to


def test_output_goes_to_the_file_and_nowhere_else(run_pyneck, busy, tmp_path):
    output = tmp_path / "ticks"
    output.write_text("something older and longer\n" * 10000)
    done = run_pyneck("snapshot", "--format", "json", "-d", "0.2", "-o", output, busy.pid)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    json_shape.check(json.loads(output.read_text()), json_shape.SNAPSHOT)


def test_an_output_that_cannot_be_opened(run_pyneck, busy, tmp_path):
    done = run_pyneck("snapshot", "-o", tmp_path / "none" / "ticks", busy.pid)
    assert done.returncode == 1
    assert done.stderr.endswith("none/ticks': No such file or directory\n")


@pytest.mark.parametrize("form", ["text", "json", "csv", "openmetrics"])
def test_a_full_disk_is_one_line_and_status_1(run_pyneck, busy, form):
    done = run_pyneck("snapshot", "-d", "0.1", "--format", form, "-o", "/dev/full", busy.pid)
    assert done.returncode == 1
    assert re.fullmatch(r"pyneck: .*No space left on device\n", done.stderr)


@pytest.mark.parametrize("redirected", [False, True], ids=["-o", "redirected"])
def test_a_disk_that_fills_up_keeps_no_half_line(pyneck, busy, tmp_path, redirected):
    """A limit on the file's size stands for the disk: the write that crosses it is cut short, as there."""
    output = tmp_path / "ticks"

    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000))

    argv = [pyneck, "snapshot", "--format", "json", "-d", "0.1", "-n", "1000", busy.pid]
    with open(output, "w") as file:
        done = subprocess.run(
            [*map(str, argv), *([] if redirected else ["-o", output])],
            stdout=file if redirected else subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=limit,
            timeout=60,
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr.endswith("File too large\n")
    text = output.read_text()
    assert text.endswith("}\n")
    for line in text.splitlines():
        json_shape.check(json.loads(line), json_shape.SNAPSHOT)


def test_a_closed_pipe_ends_it_quietly(pyneck, busy):
    argv = [pyneck, "snapshot", "--format", "json", "-d", "0.1", "-n", "1000", str(busy.pid)]
    process = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    json.loads(process.stdout.readline())
    process.stdout.close()
    assert process.wait(timeout=60) == 128 + signal.SIGPIPE
    assert process.stderr.read() == ""
    process.stderr.close()


def test_each_tick_is_written_when_it_is_there(pyneck, busy):
    argv = [pyneck, "snapshot", "--format", "json", "-d", "0.2", "-n", "1000", str(busy.pid)]
    process = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True)
    begin = time.monotonic()
    json.loads(process.stdout.readline())
    json.loads(process.stdout.readline())
    assert time.monotonic() - begin < 20  # a buffer of 64 KiB would take longer to fill
    process.kill()
    process.wait()
    process.stdout.close()

"""pyneck export: where it writes to, what it does when that fails, and what it makes of names that mean harm."""

import csv
import io
import json
import os
import pathlib
import pstats
import re
import resource
import signal
import subprocess
import sys
import time

import pytest
from export_totals import BINARIES, FORMATS, TEXTS, total_of
from profile_proto import Profile
from trace_rules import check_trace

PROFILES = [*FORMATS, "chrome"]  # formats of other tools: one document of all ticks
TICKS = ["csv", "json", "openmetrics", "text"]
ALL = [*PROFILES, *TICKS]

# Each name is that of a function and of its file. What cannot stand on a line is cleaned before.
HOSTILE_NAMES = ["a;b 7", "\"'\\\\", "</script><b>&amp;", "new\nline\x1b[31m\x00\x7f", "\U0001f40d", "(3) ) = {", "-->]]>",
                 "=cmd|' /C calc'!A0", "calls=1 2", "x" * 10_000]

HOSTILE = f"""
import sys, time
NAMES = {HOSTILE_NAMES!r}

def spin():
    end = time.process_time() + 0.12
    while time.process_time() < end:
        pass

def renamed(name, callee):
    def call():
        end = time.process_time() + 0.04
        while time.process_time() < end:
            pass
        callee()
    call.__code__ = call.__code__.replace(co_name=name.replace(chr(0), ""), co_filename=name.replace(chr(0), ""))
    if sys.version_info >= (3, 11):
        call.__code__ = call.__code__.replace(co_qualname=name)
    return call

call = spin
for name in NAMES:
    call = renamed(name, call)
call()
"""


@pytest.fixture(scope="module")
def recording(pyneck, tmp_path_factory):
    """A short recording of a program with the names above, and an argument like them."""
    directory = tmp_path_factory.mktemp("hostile")
    script, path = directory / "program.py", directory / "recording.db"
    script.write_text(HOSTILE)
    command = [pyneck, "record", "-q", "-d", "0.25", "-r", "200", "--budget", "0", "-o", path, "--"]
    program = [sys.executable, script, "</script>\n\"arg;\x1b[2J", b"\xff\xfe"]
    subprocess.run([*command, *program], check=True, timeout=60)
    return path


@pytest.fixture
def export(pyneck, recording):
    """export(format, *arguments, **options of subprocess.run) -> subprocess.CompletedProcess, of bytes"""

    def run(name, *arguments, path=recording, **options):
        options.setdefault("stdout", subprocess.PIPE)
        command = [pyneck, "export", "--format", name, *map(str, arguments), path]
        return subprocess.run(command, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, timeout=60, check=False,
                              **options)

    return run


@pytest.fixture
def exported(export):
    """exported(format, *arguments) -> the bytes of an export that succeeds and says nothing"""

    def run(*arguments, **options):
        done = export(*arguments, **options)
        assert (done.returncode, done.stderr) == (0, b"")
        return done.stdout

    return run


def one_line(done):
    """The message of a failure."""
    assert done.returncode == 1, done
    message = done.stderr.decode()
    assert message.startswith("pyneck: ") and message.count("\n") == 1, message
    return message


# ---- where it goes


@pytest.mark.parametrize("name", ALL)
def test_a_full_disk_is_told(export, name):
    assert "No space left on device" in one_line(export(name, "-o", "/dev/full"))
    assert pathlib.Path("/dev/full").is_char_device()


def limit_files():
    """Files may grow to some hundred bytes, then a write fails as on a full disk."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (300, 300))


@pytest.mark.parametrize("name", PROFILES)
def test_half_a_profile_does_not_stay_behind(export, tmp_path, name):
    message = one_line(export(name, "-o", tmp_path / "out", preexec_fn=limit_files, restore_signals=False))
    assert "File too large" in message
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", ALL)
def test_a_closed_pipe_ends_it_quietly(export, name):
    reader, writer = os.pipe()
    os.close(reader)
    done = export(name, stdout=writer)
    os.close(writer)
    assert (done.returncode, done.stderr) == (-signal.SIGPIPE, b"")


@pytest.mark.parametrize("name", ALL)
def test_a_terminal_gets_text_only(export, tmp_path, name):
    terminal, end = os.openpty()
    # What the terminal shows is read by another process, for it does not hold much.
    with open(tmp_path / "shown", "wb") as file:
        reader = subprocess.Popen(["cat"], stdin=terminal, stdout=file, stderr=subprocess.DEVNULL)
    os.close(terminal)
    done = export(name, stdout=end)
    os.close(end)
    reader.wait(timeout=60)
    shown = (tmp_path / "shown").read_bytes()
    if name in BINARIES:
        assert "-o" in one_line(done)
        assert shown == b""
        assert export(name, "-o", tmp_path / "out").returncode == 0
    else:
        assert (done.returncode, done.stderr) == (0, b"")
        assert shown and b"\x1b" not in shown


@pytest.mark.parametrize("name", ["collapsed", "json", "openmetrics"])
def test_a_recording_is_not_overwritten_by_its_export(export, recording, name):
    before = recording.read_bytes()
    assert "is a database" in one_line(export(name, "-o", recording))
    assert recording.read_bytes() == before


@pytest.mark.parametrize("name", ALL)
def test_a_file_holds_what_the_standard_output_would(exported, tmp_path, name):
    exported(name, "-o", tmp_path / "out")
    whole = exported(name)
    # An exposition of OpenMetrics replaces the one before: the last one is there.
    if name == "openmetrics":
        whole = whole[whole.rindex(b"# TYPE pyneck_interval_seconds"):]
    assert (tmp_path / "out").read_bytes() == whole != b""
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


# ---- what there is to export


@pytest.mark.parametrize("selection", [["--from", "+3600"], ["--pid", "1"], ["--thread", "1"], ["--state", "child"]],
                         ids=" ".join)
def test_a_selection_that_leaves_nothing_is_an_empty_document(exported, selection):
    for name in FORMATS:
        assert total_of(name, exported(name, *selection), "cpu") == 0, name
    events = check_trace(json.loads(exported("chrome", *selection)))
    assert not [event for event in events if event["ph"] in "BE"]


def test_a_recording_that_is_still_written_is_exported(pyneck, export, exported, tmp_path):
    path = tmp_path / "recording.db"
    target = subprocess.Popen([sys.executable, "-c", "while True: sum(range(1000))"])
    recorder = subprocess.Popen([pyneck, "record", "-q", "-d", "0.2", "-o", path, str(target.pid)])
    try:
        deadline = time.monotonic() + 60
        while export("collapsed", path=path).stdout == b"":
            assert time.monotonic() < deadline and recorder.poll() is None
        for name in FORMATS:
            assert total_of(name, exported(name, "--weight", "samples", path=path), "samples") > 0, name
        check_trace(json.loads(exported("chrome", path=path)))
        assert recorder.poll() is None
    finally:
        recorder.send_signal(signal.SIGINT)
        assert recorder.wait(timeout=60) == 0
        target.kill()
        target.wait()


# ---- names


def names_in_collapsed(text):
    return {frame.split(" (")[0] for line in text.splitlines() for frame in line.rsplit(" ", 1)[0].split(";")}


def names_in_speedscope(text):
    return {frame["name"] for frame in json.loads(text)["shared"]["frames"]}


def names_in_flamegraph(text):
    (profile,) = re.findall(r'<script type="application/json" id="profile">\n(.*?)</script>', text, flags=re.DOTALL)
    return {name for name, _, _ in json.loads(profile)["functions"]}


def names_in_gecko(text):
    shared = json.loads(text)["shared"]
    return {shared["stringArray"][name] for name in shared["funcTable"]["name"]}


def names_in_callgrind(text):
    """Each name is told once, behind its number."""
    body = text.split("\n\n", 1)[1]
    line = re.compile(r"c?f(n|l|i)=\(\d+\)( .+)?|calls=\d+ \d+|\d+ \d+|")
    assert all(line.fullmatch(each) for each in body.splitlines())
    return set(re.findall(r"^c?fn=\(\d+\) (.*)$", body, flags=re.MULTILINE))


def names_in_chrome(text):
    return {event["name"] for event in check_trace(json.loads(text)) if event["ph"] == "B"}


READ_NAMES = {
    "collapsed": names_in_collapsed,
    "speedscope": names_in_speedscope,
    "flamegraph": names_in_flamegraph,
    "gecko": names_in_gecko,
    "callgrind": names_in_callgrind,
    "chrome": names_in_chrome,
}


@pytest.fixture
def names(exported):
    """The names of the functions that were seen, as they are cleaned; all of HOSTILE_NAMES are among them."""
    profile = Profile(exported("pprof"))
    found = {name for location in profile.locations.values() for name in location}
    assert {"a;b 7", "</script><b>&amp;", "\U0001f40d", "(3) ) = {", "-->]]>", "calls=1 2"} <= found
    assert len(found) >= len(HOSTILE_NAMES)
    assert not any(re.search(r"[\x00-\x1f\x7f]", name) for name in found)
    return found


@pytest.mark.parametrize("name", READ_NAMES)
def test_names_come_out_as_they_are(exported, names, name):
    text = exported(name).decode()
    assert "\x1b" not in text
    found = READ_NAMES[name](text)
    if name == "collapsed":  # a semicolon ends a frame there
        names = {each.replace(";", ",").split(" (")[0] for each in names}
        # A label of a frame ends where there is room for no more.
        names, found = {each[:400] for each in names}, {each[:400] for each in found}
    assert names - {"[no Python code]"} <= found


def test_names_come_out_in_pstats(exported, names, tmp_path):
    exported("pstats", "-o", tmp_path / "out")
    assert names <= {name for _, _, name in pstats.Stats(str(tmp_path / "out")).stats}


def test_names_come_out_in_tables(exported, names):
    rows = list(csv.reader(io.StringIO(exported("csv").decode(), newline=""), strict=True))
    assert len(rows) > 1 and {len(row) for row in rows} == {len(rows[0])}
    assert {row[rows[0].index("function")] for row in rows[1:]} - {""} <= names
    functions = {row["function"] for line in exported("json").decode().splitlines()
                 for process in json.loads(line)["processes"] for row in process["functions"] or []}
    assert functions and functions <= names


def test_names_come_out_in_openmetrics(exported, names):
    parser = pytest.importorskip("prometheus_client.openmetrics.parser")
    end = "# EOF\n"
    expositions = exported("openmetrics").decode().split(end)
    assert expositions.pop() == ""
    families = [family for exposition in expositions
                for family in parser.text_string_to_metric_families(exposition + end)]
    functions = {sample.labels["function"] for family in families for sample in family.samples
                 if family.name == "pyneck_function_own_cpu_seconds"}
    assert functions and functions <= names


@pytest.mark.parametrize("name", TEXTS)
def test_hostile_names_leave_the_totals_alone(exported, name):
    assert total_of(name, exported(name), "cpu") == total_of("pprof", exported("pprof"), "cpu") > 0


# ---- record --export

FILES = {  # by format: what its file's name ends in
    "callgrind": ".callgrind", "chrome": ".trace.json", "collapsed": ".collapsed", "csv": ".csv",
    "flamegraph": ".html", "gecko": ".gecko.json", "json": ".jsonl", "openmetrics": ".prom", "pprof": ".pb.gz",
    "pstats": ".pstats", "speedscope": ".speedscope.json", "text": ".txt",
}


@pytest.mark.parametrize("name", ALL)
def test_every_format_can_be_recorded_in_one_step(pyneck, exported, tmp_path, name):
    program = "import time\nwhile time.process_time() < 0.15: sum(range(1000))"
    command = [pyneck, "record", "-q", "-d", "0.1", "--export", name, "-o", tmp_path / "r.db", "--"]
    done = subprocess.run([*command, sys.executable, "-c", program], capture_output=True, timeout=60, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert {path.name for path in tmp_path.iterdir()} == {"r.db", "r" + FILES[name]}
    later = exported(name, "-o", tmp_path / "later", path=tmp_path / "r.db")
    assert later == b""
    assert (tmp_path / ("r" + FILES[name])).read_bytes() == (tmp_path / "later").read_bytes() != b""

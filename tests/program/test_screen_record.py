"""The key that records what the screen shows: what is in the file, how it ends, and what is told when it cannot be written."""

import re
import signal
import time

import pytest

from fake_screen import fake_screen, open_program, open_screen  # noqa: F401 (fixtures)
from recordings import BUSY, query, read_only_disk, read_recording, small_disk  # noqa: F401 (fixtures)

NOTE = re.compile(r"Recording into (pyneck-\d{8}-\d{6}(?:-\d+)?\.db): 0:0\d:\d\d, [\d.]+K")
FAILED = re.compile(r"cannot (?:create|write) (pyneck-[\d-]+\.db)")
DONE = re.compile(r"Recorded in pyneck-[\d-]+\.db: \d+ ticks, [\d.]+K")

# Each tick is large: there are always new lines of code, and new names.
NEVER_THE_SAME = """
    import itertools

    print("ready", flush=True)
    for number in itertools.count():
        name = f"function_{number}_" + "x" * 200
        exec(f"def {name}():\\n    return sum(i * i for i in range(2000))\\n{name}()")
    """


@pytest.fixture
def open_monitor(open_terminal, start_program, any_interpreter, tmp_path):
    """open_monitor(directory, script=BUSY) -> Terminal with a program on the screen, which can be recorded in there"""

    def start(directory=tmp_path, script=BUSY, options=()):
        program = start_program(any_interpreter, script)
        terminal = open_terminal("-d", "0.2", *options, program.pid, directory=str(directory))
        return terminal.wait_for(re.compile(r"[1-9]\d* samples"))

    return start


def start_recording(terminal):
    """Press the key, and wait until something is in the file; returns its name."""
    terminal.press("R")
    terminal.wait_for(NOTE)
    return NOTE.search(terminal.text()).group(1)


def test_a_key_starts_and_stops_a_recording_as_pyneck_record_makes_it(open_monitor, tmp_path, read_recording, run_pyneck):  # noqa: F811
    terminal = open_monitor()
    assert list(tmp_path.iterdir()) == []
    name = start_recording(terminal)
    assert terminal.lines()[-1].endswith(" REC")
    terminal.press("R")
    terminal.wait_for(DONE)
    assert terminal.row_with("Recording into") is None and not terminal.lines()[-1].endswith(" REC")
    assert [each.name for each in tmp_path.iterdir()] == [name]

    path = tmp_path / name
    assert query(path, "PRAGMA integrity_check") == [("ok",)]
    assert query(path, "SELECT end_time_ns IS NOT NULL, rate_hz, interval_ns FROM recording") == [(1, 100, 200000000)]
    ticks = query(path, "SELECT count(*) FROM tick")[0][0]
    samples = query(path, "SELECT sum(samples) FROM profile")[0][0]
    result = read_recording(path)
    found = re.fullmatch(f"{ticks} ticks, {samples} samples, (\\d+) in runs, {samples} in sum\n", result.stdout)
    assert found, result.stdout + result.stderr
    # The order is known of all samples, or, where the sampler was held up at the start, of all after the first tick.
    assert int(found.group(1)) > samples / ticks
    assert query(path, "SELECT count(*) > 0 FROM open_file") == [(1,)]
    report = run_pyneck("report", path)
    assert report.returncode == 0 and "hot" in report.stdout


def test_each_start_makes_a_file_of_its_own(open_monitor, tmp_path):
    terminal = open_monitor()
    names = set()
    for _ in range(2):
        names.add(start_recording(terminal))
        terminal.press("R")
        terminal.wait_for(DONE)
        terminal.press("Escape")  # the message goes
    assert names == {each.name for each in tmp_path.iterdir()} and len(names) == 2


@pytest.mark.parametrize("end", ["q", signal.SIGTERM, signal.SIGHUP])
def test_what_ends_the_screen_closes_the_recording(open_monitor, tmp_path, end):
    terminal = open_monitor()
    name = start_recording(terminal)
    if end == "q":
        terminal.press("q")
        assert terminal.wait_exit() == 0
    else:
        terminal.kill(end)
        assert terminal.wait_exit() == 128 + end
    assert terminal.modes() == terminal.modes_before
    assert f"pyneck: recorded in {name}" in terminal.raw.decode().rpartition("\x1b[?1049l")[2]
    assert [each.name for each in tmp_path.iterdir()] == [name]  # and no log beside it
    assert query(tmp_path / name, "SELECT end_time_ns IS NOT NULL FROM recording") == [(1,)]


@pytest.mark.parametrize("key", ["q", "R"])
def test_the_time_since_the_last_tick_is_in_the_recording(open_monitor, tmp_path, key):
    terminal = open_monitor()
    name = start_recording(terminal)

    def last_tick_ms():
        return query(tmp_path / name, "SELECT max(time_ms) FROM tick")[0][0]

    for _ in range(7):
        terminal.press("+")
    terminal.wait_for("every 1 min")
    terminal.wait_for(lambda _: 1000 * time.time() > last_tick_ms() + 200)
    pressed_ms = int(1000 * time.time())
    terminal.press(key)
    if key == "q":
        assert terminal.wait_exit() == 0
    else:
        terminal.wait_for(DONE)
    assert last_tick_ms() >= pressed_ms


def test_it_goes_on_while_the_screen_is_held_still_or_shows_the_past(open_monitor, tmp_path):
    terminal = open_monitor()
    name = start_recording(terminal)

    def count():
        return query(tmp_path / name, "SELECT count(*) FROM tick")[0][0]

    for key, word in (("Z", "PAUSED"), ("Z", None), ("[", "PAST")):
        terminal.press(key)
        terminal.wait_for(word or (lambda terminal: terminal.row_with("PAUSED") is None))
        before = count()
        terminal.wait_for(lambda _: count() >= before + 2)
    assert terminal.lines()[-1].endswith(" REC  PAST")


def test_a_directory_that_cannot_be_written_is_told_and_the_screen_goes_on(open_monitor, read_only_disk):  # noqa: F811
    terminal = open_monitor(read_only_disk)
    terminal.press("R")
    terminal.wait_for(re.compile(r"cannot create pyneck-[\d-]+\.db: Read-only file system"))
    terminal.wait_for("REC FAILED")
    samples = terminal.text()
    terminal.wait_for(lambda terminal: terminal.text() != samples)
    terminal.press("q")
    assert terminal.wait_exit() == 0
    assert b"recorded in" not in terminal.raw


def test_a_full_disk_is_told_and_what_was_written_stays(open_monitor, small_disk, tmp_path, read_recording):  # noqa: F811
    # No more samples than that a tick which comes late on a busy machine fits on the disk too.
    terminal = open_monitor(small_disk, NEVER_THE_SAME, ("-r", "300", "--budget", "0"))
    start_recording(terminal)
    terminal.wait_for(re.compile(r"cannot write pyneck-[\d-]+\.db: the disk is full"))
    terminal.wait_for("REC FAILED")
    failed = FAILED.findall(terminal.text())
    terminal.press("R")  # there is no room for another one either
    terminal.wait_for(lambda shown: FAILED.findall(shown.text()) not in ([], failed)).wait_for("REC FAILED")
    terminal.press("q")
    assert terminal.wait_exit() == 0
    recording = next(small_disk.glob("*.db"))
    copy = tmp_path / "copy.db"
    for suffix in ("", "-wal"):
        log = recording.with_name(recording.name + suffix)
        if log.exists():
            copy.with_name(copy.name + suffix).write_bytes(log.read_bytes())
    result = read_recording(copy)
    assert result.returncode == 0, result.stderr
    assert int(result.stdout.split()[0]) > 0


def test_a_replay_is_a_recording_already(open_monitor, open_terminal, tmp_path):
    terminal = open_monitor()
    name = start_recording(terminal)
    terminal.press("q")
    terminal.wait_exit()
    replay = open_terminal("replay", tmp_path / name, directory=str(tmp_path))
    replay.wait_for("REPLAY").press("R")
    replay.wait_for("This is a recording already")
    assert [each.name for each in tmp_path.iterdir()] == [name]


def test_the_bar_names_the_key_where_there_is_room(open_screen):  # noqa: F811
    assert "RRecord" in open_screen(columns=120).lines()[-1]

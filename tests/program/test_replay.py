"""The past on the screen: pyneck replay on a recording whose times and figures are written down
(tests/unit/fake_recording.c), and the way back from now (tests/unit/fake_screen.c --history)."""

import os
import pathlib
import re
import signal
import subprocess

import pytest

from fake_screen import fake_screen, open_program, open_screen  # noqa: F401 (fixtures)
from test_screen import expect_screen

TICKS = 90
TIMEOUT_SECONDS = 60


@pytest.fixture(scope="module")
def fake_recording(pyneck):
    path = pathlib.Path(pyneck).parent / "tests" / "unit" / "fake_recording"
    assert os.access(path, os.X_OK), f"no program at {path}: run make {path.relative_to(path.parents[2])}"
    return path


@pytest.fixture(scope="module")
def recording(fake_recording, tmp_path_factory):
    """90 ticks from 14:30:00 on; process 4242 has 200 MiB more from tick 31 on, and is busy in ticks 41 to 50."""
    path = tmp_path_factory.mktemp("replay") / "recording.db"
    subprocess.run(
        [fake_recording, path, str(TICKS)], stdin=subprocess.DEVNULL, timeout=TIMEOUT_SECONDS, check=True
    )
    return path


@pytest.fixture
def open_replay(pyneck, recording, open_program):  # noqa: F811
    """open_replay(path=recording, ...) -> Terminal that shows its first tick, with 4242 selected"""

    def start(path=recording, **options):
        options.setdefault("environment", {})["TZ"] = "UTC"
        terminal = open_program(pyneck, "replay", path, **options)
        return terminal.wait_for("REPLAY").wait_for("Functions of 4242")

    return start


def at_tick(number):
    return re.compile(rf"tick {number} of ")


# ---- the screen


@pytest.mark.parametrize("columns, rows", [(80, 24), (120, 30), (160, 50), (40, 12)])
def test_a_moment_of_a_recording_looks_as_it_did(open_replay, columns, rows):
    terminal = open_replay(columns=columns, rows=rows)
    terminal.press("b", *"+44", "Enter")
    terminal.wait_for("99.7")
    expect_screen(terminal, f"replay-{columns}x{rows}")


def test_the_help_has_the_keys_of_time(open_replay):
    terminal = open_replay(rows=60)
    terminal.press("F1")
    terminal.wait_for("Time: in recordings, and back from now")


# ---- moving


def test_steps_minutes_start_and_end(open_replay):
    terminal = open_replay()
    terminal.press("]", "]")
    terminal.wait_for(at_tick(3))
    terminal.press("[")
    terminal.wait_for(at_tick(2))
    terminal.press("}")
    terminal.wait_for(at_tick(62)).wait_for("2026-01-31 14:31:01")
    terminal.press("{")
    terminal.wait_for(at_tick(2))
    terminal.press("G")
    terminal.wait_for(at_tick(TICKS))
    terminal.press("]", "g")
    terminal.wait_for(at_tick(1))
    terminal.press("[", "]")
    terminal.wait_for(at_tick(2))


@pytest.mark.parametrize(
    "text, tick",
    [("14:31", 61), ("14:30:05", 6), ("+7.5", 8), ("2026-01-31T14:30:29Z", 30), ("2026-01-31 14:29", 1), ("15:00", 90)],
)
def test_a_time_is_found(open_replay, text, tick):
    terminal = open_replay()
    terminal.press("]")
    terminal.wait_for(at_tick(2))
    terminal.press("b")
    terminal.wait_for("Time:")
    terminal.press(*text, "Enter")
    terminal.wait_for(at_tick(tick))


def test_what_is_no_time_is_refused(open_replay):
    terminal = open_replay()
    terminal.press("b", *"soon", "Enter")
    terminal.wait_for("soon")
    terminal.wait_for(at_tick(1))
    terminal.press("b", "Escape")
    terminal.wait_for("F1Help").wait_for(at_tick(1))


def test_playing_comes_to_the_end_and_can_be_stopped(open_replay):
    terminal = open_replay()
    terminal.press(*")))))))")
    terminal.wait_for("100 times as fast")
    terminal.press(" ")
    terminal.wait_for("PLAY 100x").wait_for(at_tick(TICKS))
    terminal.press("p")
    terminal.wait_for("REPLAY")
    terminal.press("g", "-", "+")
    terminal.wait_for(at_tick(1))


def test_the_same_moment_looks_the_same_however_one_came_there(open_replay):
    def moment(terminal):
        """The screen without what tells the way there: what rose and fell since the tick before, all samples so far."""
        return re.sub(r"\d+ samples", "", terminal.text().translate(str.maketrans("▲▼", "  ")))

    terminal = open_replay(columns=80, rows=24)
    terminal.press("b", *"+44", "Enter")
    terminal.wait_for("99.7")
    expect_screen(terminal, "replay-80x24")  # the whole of it: it is drawn line by line
    jumped = moment(terminal)
    terminal.press("[", "[")
    terminal.wait_for(at_tick(43))
    terminal.press("]", "]")
    terminal.wait_for(lambda shown: moment(shown) == jumped)


# ---- marks


def test_the_functions_of_a_span_are_those_between_two_marks(open_replay):
    terminal = open_replay(columns=120, rows=40)
    terminal.press("]", "M")
    terminal.wait_for("Marked")
    terminal.press("b", *"+60", "Enter")
    terminal.wait_for(at_tick(61))
    terminal.press("M")
    # In three ticks 10, 20 and 50 samples of 10 ms; 60 ticks are between the marks.
    terminal.wait_for(re.compile(r" 16\.0+s +16\.0+s .*cross_out")).wait_for(re.compile(r"\[.*\^"))
    terminal.press("w")
    terminal.wait_for("last interval")
    terminal.press("w", "w", "w")
    terminal.wait_for("between the marks")
    terminal.press("M")
    terminal.wait_for("The marks are gone").wait_for("last 10 s")


# ---- searching


@pytest.mark.parametrize(
    "condition, tick", [("cpu>50", 41), ("mem+100M", 31), ("mem>250M", 31), ("io>1K", None), ("top=is_prime", 4)]
)
def test_the_next_moment_of_a_condition_is_found(open_replay, condition, tick):
    terminal = open_replay()
    terminal.press("]", "c")
    terminal.wait_for("Next:")
    terminal.press(*condition, "Enter")
    if tick is None:  # it holds at every tick: there is no other moment
        terminal.wait_for("there is no (other) moment").wait_for(at_tick(2))
    else:
        terminal.wait_for(at_tick(tick))
        terminal.press("[", "n")
        terminal.wait_for(at_tick(tick))


def test_a_condition_that_is_none_is_told(open_replay):
    terminal = open_replay(columns=120)
    terminal.press("n")
    terminal.wait_for("Nothing is searched for")
    terminal.press("c", *"cpu", "Enter")
    terminal.wait_for("'cpu' is no condition: cpu>N")


# ---- what cannot be done to the past


@pytest.mark.parametrize("key, what", [("k", "sent a signal"), ("F8", "given another nice value"), ("a", "added")])
def test_nothing_is_done_to_processes_of_a_recording(open_replay, key, what):
    terminal = open_replay()
    terminal.press(key)
    terminal.wait_for(re.compile(rf"This is a recording: no process of it can be {what}"))


# ---- files


def test_a_recording_that_is_written_is_followed(fake_recording, open_replay, tmp_path):
    path = tmp_path / "growing.db"
    writer = subprocess.Popen(
        [fake_recording, path, "5"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        print(file=writer.stdin, flush=True)
        assert writer.stdout.readline() == "written\n"
        terminal = open_replay(path)
        terminal.press("G")
        terminal.wait_for("tick 6 of 6")
        terminal.press(" ")
        for tick in range(7, 10):
            print(file=writer.stdin, flush=True)
            assert writer.stdout.readline() == "written\n"
            terminal.wait_for(f"tick {tick} of {tick}")
    finally:
        writer.stdin.close()
        writer.stdout.close()
        assert writer.wait(TIMEOUT_SECONDS) == 0
    terminal.press("g")
    terminal.wait_for("tick 1 of 9")


@pytest.mark.parametrize("what", ["foreign", "truncated", "missing"])
def test_a_file_that_cannot_be_replayed_leaves_the_terminal_alone(pyneck, recording, open_program, tmp_path, what):  # noqa: F811
    path = tmp_path / "other.db"
    if what == "foreign":
        path.write_text("no recording at all\n" * 100)
    elif what == "truncated":
        path.write_bytes(recording.read_bytes()[:5000])
    terminal = open_program(pyneck, "replay", path)
    assert terminal.wait_exit() == 1
    assert "pyneck: " in terminal.text() and "other.db" in terminal.text()
    assert b"\x1b" not in terminal.raw


def test_a_replay_needs_a_terminal_and_a_file(run_pyneck, recording):
    done = run_pyneck("replay", recording)
    assert done.returncode == 1 and "needs a terminal" in done.stderr
    done = run_pyneck("replay")
    assert done.returncode == 2 and "no recording is given" in done.stderr


def test_a_signal_ends_it_and_the_terminal_is_as_before(open_replay):
    terminal = open_replay()
    terminal.kill(signal.SIGTERM)
    assert terminal.wait_exit() == 128 + signal.SIGTERM
    assert terminal.modes() == terminal.modes_before


# ---- back from now


def is_now(terminal):
    return "452 samples" in terminal.text() and "PAST" not in terminal.text()


def test_one_goes_back_from_now_and_returns(open_screen):  # noqa: F811
    terminal = open_screen("--history")
    terminal.press("[")
    terminal.wait_for("The past: ").wait_for("PAST")
    terminal.press("k")
    terminal.wait_for("G returns to now, where it can be sent a signal")
    terminal.press("G")
    terminal.wait_for(is_now)


def test_a_step_forward_and_playing_come_back_to_now(open_screen):  # noqa: F811
    terminal = open_screen("--history")
    terminal.press("[", "[")
    terminal.wait_for("PAST")
    terminal.press("]", "]")
    terminal.wait_for(is_now)
    terminal.press("[", "[")
    terminal.wait_for("PAST")
    terminal.press(*"))))))", " ")
    terminal.wait_for(is_now)


def test_without_history_there_is_no_way_back(open_screen):  # noqa: F811
    terminal = open_screen()
    terminal.press("[")
    terminal.wait_for("No past is kept")

"""-- COMMAND, in the snapshot and on the screen: streams, signals and exit status."""

import json
import os
import re
import signal
import subprocess
import sys
import textwrap
import time

import pytest

import json_shape
from terminal import Terminal

TIMEOUT_SECONDS = 60


@pytest.fixture
def output(tmp_path):
    return tmp_path / "ticks"


@pytest.fixture
def run_command(run_pyneck, output):
    """run_command(*command, before=[options]) -> CompletedProcess; the ticks go to `output`"""

    def run(*command, before=("-d", "0.2"), **options):
        return run_pyneck("snapshot", "--format", "json", "-o", output, *before, "--", *command, **options)

    return run


@pytest.fixture
def start_command(pyneck, output):
    """The same, in a session of its own and not waited for; the command has printed "ready"."""
    started = []

    def start(script, before=("-d", "0.2")):
        process = subprocess.Popen(
            [pyneck, "snapshot", "--format", "json", "-o", output, *before, "--"]
            + [sys.executable, "-c", textwrap.dedent(script)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        started.append(process)
        assert process.stdout.readline() == "ready\n"
        return process

    yield start
    for process in started:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        process.communicate()


def read_ticks(output):
    ticks = [json.loads(line) for line in output.read_text().splitlines()]
    for tick in ticks:
        json_shape.check(tick, json_shape.SNAPSHOT)
    return ticks


def test_the_command_has_the_standard_streams(run_command):
    done = run_command("sh", "-c", "tr a-z A-Z; echo problem >&2", input="some text\n", stdin=None)
    assert done.returncode == 0
    assert done.stdout == "SOME TEXT\n"
    assert done.stderr == "problem\n"


@pytest.mark.parametrize(
    "script, status", [("exit 0", 0), ("exit 3", 3), ("kill -9 $$", 137), ("kill -TERM $$", 143)]
)
def test_the_exit_status_is_the_commands(run_command, script, status):
    assert run_command("sh", "-c", script).returncode == status


def test_a_command_that_is_not_found(run_command):
    done = run_command("no-such-command-here")
    assert done.returncode == 127
    assert done.stderr == "pyneck: cannot run 'no-such-command-here': No such file or directory\n"


def test_a_command_that_cannot_be_run(run_command, tmp_path):
    plain = tmp_path / "plain"
    plain.write_text("no program\n")
    done = run_command(plain)
    assert done.returncode == 126
    assert done.stderr == f"pyneck: cannot run '{plain}': Permission denied\n"


def test_a_command_that_ends_at_once_leaves_whole_ticks(run_command, output):
    assert run_command("true").returncode == 0
    read_ticks(output)


@pytest.mark.measurement
def test_ticks_come_until_the_command_ends_and_the_last_one_at_its_end(run_command, output):
    begin = time.monotonic()
    done = run_command(sys.executable, "-c", "import time; time.sleep(2)", before=("-d", "0.4"))
    assert done.returncode == 0
    assert time.monotonic() - begin < 10
    ticks = read_ticks(output)
    assert len(ticks) >= 3
    assert max(tick["interval_seconds"] for tick in ticks) < 0.6
    assert ticks[-1]["interval_seconds"] < 0.4


@pytest.mark.measurement
def test_the_functions_of_the_command_are_seen(run_command, output, tmp_path, any_interpreter):
    if any_interpreter.root != any_interpreter.root.parent:
        pytest.skip("the interpreter has a root directory of its own")
    script = tmp_path / "work.py"
    script.write_text(
        textwrap.dedent(
            """
            import time
            def work():
                sum(range(1000))
            while time.process_time() < 1.5:
                work()
            """
        )
    )
    assert run_command(*any_interpreter.command, script, before=("-d", "0.5")).returncode == 0
    rows = [
        row
        for tick in read_ticks(output)
        for process in tick["processes"]
        for row in process["functions"] or []
        if row["function"] == "work"
    ]
    assert sum(row["own_cpu_seconds"] for row in rows) > 0.5


@pytest.mark.parametrize("before", [("-d", "0.1", "-n", "2"), ("-d", "0.1", "-t", "0.2")], ids=["-n", "-t"])
def test_when_the_ticks_are_over_it_waits_for_the_command(run_command, output, before):
    begin = time.monotonic()
    done = run_command("sh", "-c", "sleep 1.5; exit 7", before=before)
    assert done.returncode == 7
    assert time.monotonic() - begin > 1.4
    assert len(read_ticks(output)) == 2


def signal_state(arguments):
    lines = subprocess.run(arguments, stdout=subprocess.PIPE, text=True, check=True).stdout.splitlines()
    return [line for line in lines if line.startswith(("SigBlk", "SigIgn"))]


def test_the_command_starts_with_the_signals_that_pyneck_was_started_with(pyneck, output):
    command = ["cat", "/proc/self/status"]
    inside = [pyneck, "snapshot", "-o", output, "--", *command]
    assert signal_state(inside) == signal_state(command)


def test_the_interrupt_key_is_the_commands_matter(start_command, output):
    process = start_command(
        """
        import signal, sys, time
        def interrupted(number, frame):
            print("interrupted", flush=True)
            time.sleep(0.5)
            sys.exit(5)
        signal.signal(signal.SIGINT, interrupted)
        print("ready", flush=True)
        time.sleep(1000)
        """
    )
    os.killpg(process.pid, signal.SIGINT)  # as the terminal does
    assert process.stdout.read() == "interrupted\n"
    assert process.wait(timeout=TIMEOUT_SECONDS) == 5
    assert read_ticks(output)


def test_a_termination_signal_is_passed_on(start_command, output):
    process = start_command(
        """
        import signal, sys, time
        def terminated(number, frame):
            print("terminated", flush=True)
            sys.exit(6)
        signal.signal(signal.SIGTERM, terminated)
        print("ready", flush=True)
        while True:
            time.sleep(0.01)
        """
    )
    os.kill(process.pid, signal.SIGTERM)
    assert process.stdout.read() == "terminated\n"
    assert process.wait(timeout=TIMEOUT_SECONDS) == 6
    assert read_ticks(output)


def test_the_command_outlives_pyneck(start_command):
    process = start_command(
        """
        import os, time
        parent = os.getppid()
        print("ready", flush=True)
        while os.getppid() == parent:
            time.sleep(0.01)
        print("alone", flush=True)
        """
    )
    os.kill(process.pid, signal.SIGKILL)
    assert process.stdout.read() == "alone\n"


def test_the_command_outlives_a_reader_who_has_gone(pyneck):
    """The ticks go into a pipe that is closed; the command does its work and its status counts."""
    read_end, write_end = os.pipe()
    process = subprocess.Popen(
        [pyneck, "snapshot", "-d", "0.1", "-o", f"/dev/fd/{write_end}", "--", "sh", "-c", "sleep 1; exit 9"],
        pass_fds=[write_end],
        stderr=subprocess.PIPE,
        text=True,
    )
    os.read(read_end, 1)
    os.close(write_end)
    os.close(read_end)
    _, errors = process.communicate(timeout=TIMEOUT_SECONDS)
    assert process.returncode == 9
    assert errors == ""


def test_a_full_disk_does_not_stop_the_command(run_pyneck):
    done = run_pyneck("snapshot", "-d", "0.1", "-o", "/dev/full", "--", "sh", "-c", "sleep 0.5; echo done")
    assert done.returncode == 1
    assert done.stdout == "done\n"
    assert "No space left on device" in done.stderr


def test_a_parent_that_ignores_its_children_is_no_problem(pyneck, output):
    process = subprocess.Popen(
        [pyneck, "snapshot", "-o", output, "--", "sh", "-c", "exit 4"],
        preexec_fn=lambda: signal.signal(signal.SIGCHLD, signal.SIG_IGN),
    )
    assert process.wait(timeout=TIMEOUT_SECONDS) == 4


# ---- on the screen


def output_file(terminal):
    """The file that pyneck names at its end."""
    match = re.search(rb"pyneck: the command's output is in (/\S+/pyneck-output-\S+)", terminal.raw)
    assert match, terminal.raw[-500:]
    return match.group(1).decode()


def test_on_the_screen_the_commands_output_goes_to_a_file(open_terminal, tmp_path):
    script = "echo visible; echo problem >&2; cat; sleep 1; exit 3"
    terminal = open_terminal("--", "sh", "-c", script, environment={"TMPDIR": str(tmp_path)})
    assert terminal.wait_exit() == 3
    path = output_file(terminal)
    assert os.path.dirname(path) == str(tmp_path)
    with open(path) as file:
        assert file.read() == "visible\nproblem\n"
    assert os.stat(path).st_mode & 0o777 == 0o600
    assert b"visible" not in terminal.raw


def test_the_command_goes_on_when_the_screen_is_left(pyneck, tmp_path):
    script = tmp_path / "worker.py"
    script.write_text("while True: sum(range(1000))\n")
    # In a shell, as people use it: a command of its own would lose its terminal with pyneck.
    shell = ["sh", "-c", '"$@"; echo "status $?"; read line', "sh"]
    terminal = Terminal(
        [*shell, pyneck, "--", sys.executable, script], columns=160, environment={"TMPDIR": str(tmp_path)}
    )
    try:
        terminal.wait_for("worker.py")
        terminal.wait_for("pyneck-output-")
        terminal.press("q")
        terminal.wait_for("status 0")
        pid = int(re.search(rb"pyneck: the command goes on, as process (\d+)", terminal.raw).group(1))
        with open(f"/proc/{pid}/cmdline") as file:
            assert "worker.py" in file.read()
        os.kill(pid, signal.SIGKILL)
    finally:
        terminal.close()


def test_on_the_screen_a_command_that_is_not_found_leaves_no_file(open_terminal, tmp_path):
    terminal = open_terminal("--", "no-such-command-here", environment={"TMPDIR": str(tmp_path)})
    assert terminal.wait_exit() == 127
    assert b"pyneck: cannot run 'no-such-command-here': No such file or directory" in terminal.raw
    assert list(tmp_path.iterdir()) == []

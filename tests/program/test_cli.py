"""The command line: usage errors, help, and that the man page says the same as the table of options."""

import os
import pathlib
import re
import shutil
import signal
import subprocess
import time

import pytest

MAN = pathlib.Path(__file__).resolve().parents[2] / "man"
COMMANDS = {"monitor": [], **{name: [name] for name in "snapshot record replay report diff export dump".split()}}


@pytest.mark.parametrize(
    "arguments, command",
    [
        (["--delay", "0"], ""),
        (["--no-such-option"], ""),
        (["snpashot"], ""),
        (["12", "--", "true"], ""),
        (["--"], ""),
        (["snapshot", "-n", "0"], "snapshot "),
        (["snapshot", "--format", "xml"], "snapshot "),
        (["-b", "-d", "soon"], "snapshot "),
        (["snapshot", "--filter", "("], "snapshot "),
        (["dump"], "dump "),
        (["dump", "--format", "csv", "1"], "dump "),
        (["report"], "report "),
        (["report", "--format", "csv", "recording.db"], "report "),
        (["diff", "one.db"], "diff "),
        (["diff", "--fail-if", "own_cpu_seconds > 1x", "one.db", "another.db"], "diff "),
        (["export", "recording.db"], "export "),
        (["export", "--format", "json"], "export "),
        (["export", "--format", "text", "one.db", "another.db"], "export "),
        (["export", "--format", "collapsed", "--weight", "heavy", "recording.db"], "export "),
        (["export", "--format", "collapsed", "--state", "tired", "recording.db"], "export "),
    ],
)
def test_wrong_usage_is_told_in_one_line_with_the_way_to_help(run_pyneck, arguments, command):
    done = run_pyneck(*arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    problem, hint = done.stderr.splitlines()
    assert problem.startswith("pyneck: ")
    assert hint == f"Try 'pyneck {command}--help'"


@pytest.mark.parametrize("words", COMMANDS.values(), ids=COMMANDS)
def test_help_is_a_result_and_not_an_error(run_pyneck, words):
    done = run_pyneck(*words, "--help")
    assert done.returncode == 0
    assert done.stderr == ""
    assert done.stdout.startswith(" ".join(["Usage: pyneck", *words]))
    assert all(len(line) <= 100 for line in done.stdout.splitlines())


def test_version(run_pyneck):
    done = run_pyneck("--version")
    assert done.returncode == 0
    assert re.fullmatch(r"pyneck \d+\.\d+\.\d+\n", done.stdout)


@pytest.mark.parametrize("option", ["--help", "--version"])
def test_a_full_disk_is_noticed_even_for_help(run_pyneck, option):
    with open("/dev/full", "w") as full:
        done = run_pyneck(option, stdout=full)
    assert done.returncode == 1
    assert "No space left on device" in done.stderr


@pytest.mark.parametrize("words", [["snapshot"], ["dump"]], ids=" ".join)
def test_a_process_that_does_not_exist(run_pyneck, words):
    gone = subprocess.Popen(["true"])
    gone.wait()
    done = run_pyneck(*words, gone.pid)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr == f"pyneck: no process with PID {gone.pid}\n"


def test_a_user_who_does_not_exist(run_pyneck):
    done = run_pyneck("snapshot", "-u", "no-such-user-here")
    assert done.returncode == 1
    assert "no-such-user-here" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_without_a_terminal_the_screen_points_to_snapshot(run_pyneck):
    done = run_pyneck()
    assert done.returncode == 1
    assert done.stdout == ""
    assert "pyneck snapshot" in done.stderr


# ---- the man page


def options_of_help(run_pyneck, words):
    """{long name: (short letter or None, argument or None)}"""
    found = {}
    for line in run_pyneck(*words, "--help").stdout.splitlines():
        match = re.match(r"  (?:-(\w), |    )--([a-z-]+)(?: (\S+))?  ", line)
        if match:
            letter, name, argument = match.groups()
            found[name] = (letter, argument)
    return found


def options_of_man_page():
    """{long name: (letter, argument, commands)}"""
    text = (MAN / "pyneck.1").read_text()
    section = text[text.index(".Sh OPTIONS") : text.index(".Sh STARTING A COMMAND")]
    found = {}
    for item in re.split(r"^(?=\.It Fl )", section, flags=re.MULTILINE)[1:]:
        head = item.splitlines()[0]
        match = re.fullmatch(r"\.It (?:Fl (\w) , )?Fl -([a-z-]+)(?: Ar (\S+))?", head)
        assert match, head
        letter, name, argument = match.groups()
        (commands,) = re.findall(r"^\(((?:monitor|snapshot|record|report|diff|dump|export).*)\)$", item, flags=re.MULTILINE)
        found[name] = (letter, argument, set(re.findall("monitor|snapshot|record|replay|report|diff|dump|export", commands)))
    return found


def test_the_man_page_has_the_options_of_help(run_pyneck):
    documented = options_of_man_page()
    for command, words in COMMANDS.items():
        expected = {name: row[:2] for name, row in documented.items() if command in row[2]}
        assert options_of_help(run_pyneck, words) == expected


def test_the_commands_are_in_the_man_page(run_pyneck):
    listed = re.findall(r"^       pyneck (\w+) ", run_pyneck("--help").stdout, flags=re.MULTILINE)
    assert listed
    text = (MAN / "pyneck.1").read_text()
    assert set(re.findall(r"^\.It Cm ([a-z]+)$", text[: text.index(".Sh OPTIONS")], flags=re.MULTILINE)) == set(listed)


@pytest.mark.parametrize("page", ["pyneck.1", "pyneck-json.5", "pyneck-recording.5"])
def test_man_pages_are_clean(page):
    if shutil.which("mandoc") is None:
        pytest.skip("no mandoc here")
    done = subprocess.run(["mandoc", "-Tlint", "-Wwarning", MAN / page], capture_output=True, text=True, check=False)
    assert done.stdout == ""
    assert done.returncode == 0


# ---- signals


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda one: one.name)
def test_a_signal_ends_it_between_ticks(pyneck, tmp_path, number):
    output = tmp_path / "ticks"
    process = subprocess.Popen(
        [pyneck, "snapshot", "--format", "json", "-d", "0.1", "-n", "1000", "-o", output],
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 30
    while (not output.exists() or output.stat().st_size == 0) and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(number)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 128 + number
    assert errors == ""
    assert output.read_text().endswith("}\n")


def test_an_ignored_hangup_stays_ignored(pyneck):
    process = subprocess.Popen(
        [pyneck, "snapshot", "-d", "0.2", "-n", "2"],
        stdout=subprocess.PIPE,
        preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN),
    )
    os.kill(process.pid, signal.SIGHUP)
    process.stdout.read(1)
    os.kill(process.pid, signal.SIGHUP)
    process.communicate(timeout=60)
    assert process.returncode == 0

"""How the screen ends, stops and goes on, and what it does to processes; on the source that never changes."""

import os
import re
import signal
import subprocess
import sys
import textwrap
import time

import pytest

from fake_screen import SETTLED, fake_screen, open_program, open_screen  # noqa: F401 (fixtures)



@pytest.fixture
def sleeper():
    """A child that sleeps, with its pid for --real-pid."""
    process = subprocess.Popen(["sleep", "600"])
    yield process
    process.kill()
    process.wait()


def assert_restored(terminal):
    assert terminal.modes() == terminal.modes_before
    raw = terminal.raw
    assert raw.rfind(b"\x1b[?1049l") > raw.rfind(b"\x1b[?1049h"), "the other screen was not left"
    assert max(raw.rfind(b"\x1b[34h\x1b[?25h"), raw.rfind(b"\x1b[?25h")) > raw.rfind(b"\x1b[?25l"), "no cursor"
    assert raw.rfind(b"\x1b[?1000l") > raw.rfind(b"\x1b[?1000h"), "the mouse was not given back"


# ---- how it ends


@pytest.mark.parametrize("key", ["q", "F10"])
def test_quitting_gives_the_terminal_back(open_screen, key):
    terminal = open_screen()
    terminal.press(key)
    assert terminal.wait_exit() == 0
    assert_restored(terminal)
    assert b"ended by signal 0" in terminal.raw


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT])
def test_a_signal_gives_the_terminal_back(open_screen, number):
    terminal = open_screen()
    terminal.kill(number)
    assert terminal.wait_exit() == 128 + number
    assert_restored(terminal)
    assert b"ended by signal %d" % number in terminal.raw


def test_control_c_ends_it(open_screen):
    terminal = open_screen()
    terminal.send("\x03")
    assert terminal.wait_exit() == 128 + signal.SIGINT
    assert_restored(terminal)


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGILL, signal.SIGFPE])
def test_a_crash_gives_the_terminal_back(open_screen, number):
    terminal = open_screen(environment={"ASAN_OPTIONS": "disable_coredump=1:handle_segv=0:handle_abort=0"})
    terminal.kill(number)
    status = terminal.wait_exit()
    assert status == 128 + number or status == 1  # 1: a sanitizer took the signal afterwards
    assert_restored(terminal)


def test_a_terminal_that_vanishes_ends_it(open_screen):
    terminal = open_screen()
    terminal.child.ptyproc.fileobj.close()
    terminal.child.ptyproc.closed = True
    deadline = time.monotonic() + 60
    while terminal.child.isalive() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert terminal.child.exitstatus == 128 + signal.SIGHUP


def test_the_sources_end_is_the_screens_end(open_program, fake_screen):
    terminal = open_program(fake_screen, "--end-after", 2)
    assert terminal.wait_exit() == 0
    assert_restored(terminal)
    failing = open_program(fake_screen, "--end-after", 2, "--fail")
    assert failing.wait_exit() == 1
    assert_restored(failing)
    assert failing.raw.rstrip().endswith(b"cannot read the fake: it is at its end")


@pytest.mark.parametrize("option, value", [("--count", 2), ("--time-ms", 300)])
def test_it_leaves_when_it_was_told_to(open_program, fake_screen, option, value):
    terminal = open_program(fake_screen, option, value)
    assert terminal.wait_exit() == 0
    assert_restored(terminal)


def test_no_terminal_is_an_error_that_helps(fake_screen):
    done = subprocess.run([fake_screen], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "are not a terminal" in done.stderr and "pyneck snapshot" in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize("term, said", [("no-such-terminal", "not known here"), ("dumb", "cannot move the cursor"), ("", "not set")])
def test_a_terminal_that_cannot_be_drawn_on_is_an_error(open_program, fake_screen, term, said):
    terminal = open_program(fake_screen, term=term)
    assert terminal.wait_exit() == 1
    assert said in terminal.raw.decode()
    assert terminal.modes() == terminal.modes_before


# ---- stop and continue

# A shell's part: its child is the foreground job, is stopped by ^Z, and continued later.
SHELL = """
    import os, signal, sys, termios
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    def say(text):
        print(text, flush=True)
    before = termios.tcgetattr(0)
    child = os.fork()
    if child == 0:
        os.setpgid(0, 0)
        os.tcsetpgrp(0, os.getpid())
        signal.signal(signal.SIGTTOU, signal.SIG_DFL)
        os.execv(sys.argv[1], sys.argv[1:])
    _, status = os.waitpid(child, os.WUNTRACED)
    assert os.WIFSTOPPED(status), status
    os.tcsetpgrp(0, os.getpgrp())
    restored = termios.tcgetattr(0) == before
    termios.tcsetattr(0, termios.TCSADRAIN, before)
    say("stopped, the modes are %s" % ("restored" if restored else "not restored"))
    input()
    os.tcsetpgrp(0, child)
    os.killpg(child, signal.SIGCONT)
    _, status = os.waitpid(child, 0)
    os.tcsetpgrp(0, os.getpgrp())
    say("the child ended with %d" % os.waitstatus_to_exitcode(status))
"""


@pytest.mark.parametrize("how", ["key", "SIGSTOP"])
def test_stop_and_continue(open_program, fake_screen, how):
    terminal = open_program(sys.executable, "-c", textwrap.dedent(SHELL), fake_screen).wait_for(SETTLED)
    if how == "key":
        terminal.send("\x1a")
        terminal.wait_for("stopped, the modes are restored")
    else:
        subprocess.run(["pkill", "-STOP", "-P", str(terminal.pid)], check=True)
        terminal.wait_for("stopped, the modes")
    terminal.press("Enter")
    terminal.wait_for(lambda shown: "stopped" not in shown.text() and "F1Help" in shown.text())
    terminal.wait_for(SETTLED)
    terminal.press("q")
    terminal.wait_for("the child ended with 0")
    assert_restored(terminal)


# ---- processes


def select_real(terminal):
    terminal.press("/", *"real.py", "Enter")
    terminal.wait_for(re.compile("Functions of [0-9]+ real.py"))


def test_a_signal_is_sent_after_a_question(open_screen, sleeper):
    terminal = open_screen("--real-pid", sleeper.pid)
    select_real(terminal)
    terminal.press("k")
    terminal.wait_for(f"Signal for {sleeper.pid} (real.py)")
    terminal.press("Enter")
    terminal.wait_for(f"Send SIGTERM to {sleeper.pid} (real.py)?")
    terminal.press("n")
    terminal.wait_for("F1Help")
    assert sleeper.poll() is None
    terminal.press("F9", "Up", "Down", "Enter", "y")
    terminal.wait_for(f"Sent SIGTERM to {sleeper.pid}")
    assert sleeper.wait(60) == -signal.SIGTERM


def test_a_process_that_has_ended_gets_no_signal(open_screen, sleeper):
    terminal = open_screen("--real-pid", sleeper.pid)
    select_real(terminal)
    terminal.press("k")
    terminal.wait_for("Signal for")
    sleeper.kill()
    sleeper.wait()
    terminal.press("Enter", "Enter")
    terminal.wait_for(f"process {sleeper.pid} (real.py) has ended")
    terminal.press("k")
    terminal.wait_for(f"process {sleeper.pid} (real.py) has ended")


def test_the_nice_value_changes_in_all_threads(open_screen):
    threads = "import threading, time; threading.Thread(target=time.sleep, args=(600,), daemon=True).start(); print(1, flush=True); time.sleep(600)"
    process = subprocess.Popen([sys.executable, "-c", threads], stdout=subprocess.PIPE)
    try:
        process.stdout.readline()
        before = os.getpriority(os.PRIO_PROCESS, process.pid)
        terminal = open_screen("--real-pid", process.pid)
        select_real(terminal)
        terminal.press("F8")
        terminal.wait_for(f"The nice value of {process.pid} (real.py) is now {before + 1}")
        tids = [int(name) for name in os.listdir(f"/proc/{process.pid}/task")]
        assert len(tids) == 2
        assert {os.getpriority(os.PRIO_PROCESS, tid) for tid in tids} == {before + 1}
    finally:
        process.kill()
        process.wait()
        process.stdout.close()

"""A terminal that nobody looks at: pyneck runs in it, and tests read its screen and press its keys."""

import contextlib
import os
import re
import select
import signal
import termios
import time

import pexpect
import pyte

# What the keys send on the terminal below (terminfo: infocmp screen-256color).
KEYS = {
    "Up": "\x1bOA",
    "Down": "\x1bOB",
    "Right": "\x1bOC",
    "Left": "\x1bOD",
    "Home": "\x1b[1~",
    "End": "\x1b[4~",
    "PgUp": "\x1b[5~",
    "PgDn": "\x1b[6~",
    "Tab": "\t",
    "Enter": "\r",
    "Escape": "\x1b",
    "Backspace": "\x7f",
    "F1": "\x1bOP",
    "F2": "\x1bOQ",
    "F3": "\x1bOR",
    "F4": "\x1bOS",
    "F5": "\x1b[15~",
    "F6": "\x1b[17~",
    "F7": "\x1b[18~",
    "F8": "\x1b[19~",
    "F9": "\x1b[20~",
    "F10": "\x1b[21~",
}

TIMEOUT_SECONDS = 60


def modes_of_a_new_terminal():
    """The settings that a program finds. Its own terminal cannot be asked: it may have changed them already."""
    controlling, controlled = os.openpty()
    try:
        return termios.tcgetattr(controlled)
    finally:
        os.close(controlling)
        os.close(controlled)


class Terminal:
    def __init__(self, argv, rows=24, columns=80, environment=None, term="screen-256color",
                 directory=None):
        variables = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "LINES", "COLUMNS")}
        # pyte takes UTF-8 for line drawing, not a second character set.
        variables.update(TERM=term, LANG="C.UTF-8", LC_ALL="C.UTF-8", NCURSES_NO_UTF8_ACS="1")
        variables.update(environment or {})
        self.screen = pyte.Screen(columns, rows)
        self.stream = pyte.ByteStream(self.screen)
        self.raw = b""  # every byte that the program wrote
        self.ended = False
        self.child = pexpect.spawn(
            str(argv[0]), [str(part) for part in argv[1:]], dimensions=(rows, columns), env=variables, cwd=directory
        )
        self.child.delaybeforesend = None
        self.modes_before = modes_of_a_new_terminal()

    @property
    def pid(self):
        return self.child.pid

    def lines(self):
        """The rows of the screen, without the blanks at their ends."""
        return [line.rstrip() for line in self.screen.display]

    def text(self):
        return "\n".join(self.lines())

    def row_with(self, pattern):
        """The number of the first row that matches a regular expression; None when there is none."""
        for number, line in enumerate(self.lines()):
            if re.search(pattern, line):
                return number
        return None

    def cell(self, row, column):
        """One character with its colours: .data .fg .bg .bold .reverse (pyte.screens.Char)."""
        return self.screen.buffer[row][column]

    def modes(self):
        """The terminal's settings (termios), to compare before and after."""
        return termios.tcgetattr(self.child.child_fd)

    def send(self, text):
        self.child.send(text)

    def press(self, *names):
        """Press keys by name (KEYS), or single characters."""
        for name in names:
            self.child.send(KEYS.get(name, name))

    def click(self, row, column):
        """Press and release the first mouse button; the top left corner is 0, 0."""
        place = bytes([33 + column, 33 + row])
        self.child.send(b"\x1b[M" + b" " + place + b"\x1b[M" + b"#" + place)

    def resize(self, rows, columns):
        self.screen.resize(rows, columns)
        self.child.setwinsize(rows, columns)

    def kill(self, number):
        os.kill(self.child.pid, number)

    def _read(self, timeout):
        """Take in what the program has written within `timeout` seconds; whether there was anything."""
        try:
            output = self.child.read_nonblocking(1 << 16, timeout)
        except pexpect.TIMEOUT:
            return False
        except pexpect.EOF:
            self.ended = True
            return self._read_rest()
        self.raw += output
        self.stream.feed(output)
        return True

    def _read_rest(self):
        """What the program wrote just before its end: the kernel brings it some time after that on a busy machine."""
        before = len(self.raw)
        with contextlib.suppress(OSError):  # EIO: all of it was read
            while select.select([self.child.child_fd], [], [], 1)[0] and (output := os.read(self.child.child_fd, 1 << 16)):
                self.raw += output
                self.stream.feed(output)
        return len(self.raw) > before

    def wait_for(self, condition, timeout=TIMEOUT_SECONDS):
        """Wait until the screen is as wanted.

        condition  a text that the screen must show, a compiled regular expression that must match somewhere
                   on it (lines are joined by newlines), or a function of this terminal
        """
        holds = _as_function(condition)
        deadline = time.monotonic() + timeout
        while True:
            while self._read(0):
                pass
            if holds(self):
                return self
            left = deadline - time.monotonic()
            if left <= 0 or self.ended:
                reason = "the program has ended" if self.ended else f"it did not come in {timeout} s"
                raise AssertionError(f"waited for {condition!r}, but {reason}; the screen:\n{self.framed()}")
            self._read(left)

    def wait_exit(self, timeout=TIMEOUT_SECONDS):
        """Wait until the program has ended; its exit status as a shell gives it (128 + N for a signal)."""
        deadline = time.monotonic() + timeout
        while not self.ended:
            left = deadline - time.monotonic()
            if left <= 0:
                raise AssertionError(f"the program did not end in {timeout} s; the screen:\n{self.framed()}")
            self._read(left)
        self.child.wait()
        if self.child.signalstatus is not None:
            return 128 + self.child.signalstatus
        return self.child.exitstatus

    def framed(self):
        width = self.screen.columns
        return "\n".join(["+" + "-" * width + "+", *(f"|{line}|" for line in self.screen.display), "+" + "-" * width + "+"])

    def close(self):
        """End the program if it runs still."""
        if self.child.isalive():
            self.child.kill(signal.SIGKILL)
        self.child.close(force=True)


def _as_function(condition):
    if isinstance(condition, str):
        return lambda terminal: any(condition in line for line in terminal.lines())
    if isinstance(condition, re.Pattern):
        return lambda terminal: condition.search(terminal.text()) is not None
    return condition

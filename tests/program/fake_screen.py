"""Fixtures that run the real screen on the source whose machine never changes (tests/unit/fake_screen.c)."""

import os
import pathlib

import pyte
import pytest

from terminal import Terminal

SETTLED = "452 samples"  # what the title of the functions pane says after the source's last tick


class ScrollingScreen(pyte.Screen):
    """pyte knows no SU and SD (ECMA-48), with which ncurses scrolls when a pane scrolls."""

    def scroll_up(self, count=1):
        self._scroll(count, pyte.Screen.index, -1)

    def scroll_down(self, count=1):
        self._scroll(count, pyte.Screen.reverse_index, 0)

    def _scroll(self, count, move, edge):
        margins = self.margins or (0, self.lines - 1)
        row, self.cursor.y = self.cursor.y, margins[edge]
        for _ in range(count or 1):
            move(self)
        self.cursor.y = row


class ScrollingStream(pyte.ByteStream):
    csi = {**pyte.ByteStream.csi, "S": "scroll_up", "T": "scroll_down"}
    events = pyte.ByteStream.events | {"scroll_up", "scroll_down"}


@pytest.fixture(scope="session")
def fake_screen(pyneck):
    path = pathlib.Path(pyneck).parent / "tests" / "unit" / "fake_screen"
    assert os.access(path, os.X_OK), f"no program at {path}: run make {path.relative_to(path.parents[2])}"
    return path


@pytest.fixture
def open_program():
    """open_program(*argv, rows=24, columns=80, ...) -> Terminal"""
    opened = []

    def start(*argv, **options):
        terminal = Terminal(argv, **options)
        terminal.screen = ScrollingScreen(terminal.screen.columns, terminal.screen.lines)
        terminal.stream = ScrollingStream(terminal.screen)
        opened.append(terminal)
        return terminal

    yield start
    for terminal in opened:
        terminal.close()


@pytest.fixture
def open_screen(fake_screen, open_program):
    """open_screen(*arguments, wait_for=SETTLED, rows=24, columns=80, ...) -> Terminal with the screen on it"""

    def start(*arguments, wait_for=SETTLED, **options):
        return open_program(fake_screen, *arguments, **options).wait_for(wait_for)

    return start

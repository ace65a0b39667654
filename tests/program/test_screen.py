"""The screen, on a source whose machine never changes (tests/unit/fake_source.c): whole screens as text, keys,
the mouse, sizes. What is expected lies in tests/program/screens; UPDATE_SCREENS=1 writes it anew."""

import difflib
import os
import pathlib
import re
import time

import pytest

from fake_screen import SETTLED, fake_screen, open_program, open_screen  # noqa: F401 (fixtures)

SCREENS = pathlib.Path(__file__).resolve().parent / "screens"


def expect_screen(terminal, name):
    """Wait until the screen is the stored one."""
    path = SCREENS / f"{name}.txt"
    if os.environ.get("UPDATE_SCREENS"):
        time.sleep(1)  # there is nothing to wait for yet
        terminal.wait_for(lambda _: True)
        path.parent.mkdir(exist_ok=True)
        path.write_text(terminal.text() + "\n")
        return
    wanted = path.read_text().rstrip("\n")
    try:
        terminal.wait_for(lambda shown: shown.text().rstrip("\n") == wanted)
    except AssertionError:
        difference = difflib.unified_diff(
            wanted.splitlines(), terminal.text().splitlines(), str(path), "the screen", lineterm=""
        )
        raise AssertionError("\n".join(difference)) from None


# ---- sizes


@pytest.mark.parametrize(
    "columns, rows, wait_for",
    [(80, 24, SETTLED), (160, 50, SETTLED), (120, 30, SETTLED), (40, 12, "44.1"), (20, 5, "4242"), (80, 16, "44.1")],
)
def test_each_size_shows_what_fits(open_screen, columns, rows, wait_for):
    terminal = open_screen(columns=columns, rows=rows, wait_for=wait_for)
    expect_screen(terminal, f"{columns}x{rows}")


@pytest.mark.parametrize("cpus", [1, 8, 64, 300])
def test_many_cpus_are_folded(open_screen, cpus):
    expect_screen(open_screen("--cpus", cpus, columns=160, rows=50), f"cpus-{cpus}")


def test_resizing_at_any_moment(open_screen):
    terminal = open_screen()
    for rows, columns in [(50, 160), (5, 20), (1, 1), (2, 300), (60, 7), (12, 40)]:
        terminal.resize(rows, columns)
        terminal.wait_for(lambda shown: shown.lines()[0] != "" or shown.screen.columns == 1)
    terminal.resize(24, 80)
    expect_screen(terminal, "80x24")


def test_many_processes_scroll(open_screen):
    terminal = open_screen("--many", 300)
    terminal.press("End")
    terminal.wait_for("303-307 of 307")
    terminal.press("Home")
    terminal.wait_for("1-5 of 307")
    terminal.press("PgDn")
    terminal.wait_for("Functions of 31400")
    terminal.press("PgDn", "PgDn")
    terminal.wait_for("9-13 of 307")


# ---- characters and colours


@pytest.mark.parametrize("how", ["--ascii", "LC_ALL=C"])
def test_ascii_where_there_is_no_utf8(open_screen, how):
    if how == "--ascii":
        terminal = open_screen("--ascii")
        expect_screen(terminal, "ascii")
    else:  # here no character but ASCII has a width, either
        terminal = open_screen(environment={"LC_ALL": "C", "LANG": "C"})
        expect_screen(terminal, "ascii-c-locale")
    assert all(byte < 0x80 for byte in terminal.raw)


def sgr_numbers(raw):
    for sequence in re.findall(rb"\x1b\[([0-9;]*)m", raw):
        yield from (int(number or 0) for number in sequence.split(b";"))


def test_colours_are_used_where_there_are_some(open_screen):
    assert any(30 <= number < 50 for number in sgr_numbers(open_screen().raw))


@pytest.mark.parametrize("how", ["--no-color", "vt220"])
def test_no_colour_is_used_where_none_is_wanted(open_screen, how):
    terminal = open_screen("--no-color") if how == "--no-color" else open_screen(term="vt220")
    assert not [number for number in sgr_numbers(terminal.raw) if 30 <= number < 50 or number >= 90]
    expect_screen(terminal, "80x24")
    selected = terminal.row_with(r"4242 +99\.7")
    assert terminal.cell(selected, 5).reverse


# ---- the process table


def test_the_tree(open_screen):
    terminal = open_screen("--all", columns=100)
    terminal.press("F5")
    expect_screen(terminal, "tree")
    terminal.press("t")
    terminal.wait_for(lambda shown: "tree" not in shown.text())


def test_all_processes_and_back(open_screen):
    terminal = open_screen()
    terminal.press("a")
    terminal.wait_for("Processes 8")
    terminal.press("a")
    terminal.wait_for("Python processes 7")


def test_a_filter_works_while_it_is_typed(open_screen):
    terminal = open_screen()
    terminal.press("F4", *"GUNI")
    terminal.wait_for("Filter: GUNI").wait_for('Python processes 3 of 7, filter "GUNI"')
    terminal.press("Enter")
    terminal.wait_for("F1Help")
    assert terminal.row_with("4242") is None
    terminal.press("\\", "Escape")
    terminal.wait_for("Python processes 7")


def test_search_moves_the_selection(open_screen):
    terminal = open_screen()
    terminal.press("/", *"guni")
    terminal.wait_for("Functions of 901")
    terminal.press("F3")
    terminal.wait_for("Functions of 902")
    terminal.press("x")
    terminal.wait_for("nothing matches")
    terminal.press("Backspace", "Enter")
    terminal.wait_for("F1Help")


def test_the_sort_column_is_chosen_by_keys_list_and_mouse(open_screen):
    terminal = open_screen()
    terminal.press("<")
    terminal.wait_for("USER" if terminal.row_with("USER") else "CPU% ")
    terminal.press(">")
    terminal.wait_for("CPU%▼")
    terminal.press("I")
    terminal.wait_for("CPU%▲")
    terminal.press("F6")
    terminal.wait_for("Sort Processes by")
    terminal.press("R", "Enter")
    terminal.wait_for("RSS▼")
    head = terminal.row_with("PID.*COMMAND")
    terminal.click(head, terminal.lines()[head].index("PID"))
    terminal.wait_for("PID▲")
    terminal.wait_for(re.compile(r"PID.*\n +900 .*\n +901 .*\n +902 "))
    terminal.click(head, terminal.lines()[head].index("PID"))
    terminal.wait_for("PID▼")


def test_only_one_users_processes(open_screen):
    terminal = open_screen()
    terminal.press("u")
    terminal.wait_for("all users")
    terminal.press("a", "Down", "Enter")  # to "all users", "www-data"... by first letter and arrow
    terminal.wait_for(re.compile("Python processes [0-9], user (www-data|ada|root)"))
    terminal.press("Escape")
    terminal.wait_for("Python processes 7")


def test_a_process_that_cannot_be_read_says_why(open_screen):
    terminal = open_screen()
    terminal.press("End")
    expect_screen(terminal, "unreadable")


# ---- functions and files


@pytest.mark.parametrize("keys, name", [("L", "lines"), ("m", "wall"), ("w", "since-start"), ("ww", "last-interval")])
def test_functions_are_ranked_as_asked(open_screen, keys, name):
    terminal = open_screen(columns=100)
    terminal.press(*keys)
    expect_screen(terminal, f"functions-{name}")


def test_counters_start_anew(open_screen):
    terminal = open_screen()
    terminal.press("r")
    terminal.wait_for("Counting from now on")
    terminal.wait_for("0 samples")


@pytest.mark.parametrize("key, name", [("4", "threads"), ("5", "memory")])
def test_threads_and_memory_take_the_place_of_the_files(open_screen, key, name):
    terminal = open_screen()
    terminal.press(key)
    expect_screen(terminal, name)
    terminal.press("1")  # the place stays theirs
    terminal.wait_for("▶ Python processes")
    assert terminal.row_with("Open files") is None


@pytest.mark.parametrize("key, name", [("4", "threads"), ("5", "memory")])
def test_with_the_whole_screen_threads_show_a_stack_and_memory_a_graph(open_screen, key, name):
    terminal = open_screen(columns=100, rows=30)
    terminal.press(key, "Enter")
    expect_screen(terminal, f"{name}-zoomed")


def test_a_pane_takes_the_whole_screen_and_gives_it_back(open_screen):
    terminal = open_screen()
    terminal.press("Tab", "Tab", "Enter")
    expect_screen(terminal, "files-zoomed")
    terminal.press("Escape")
    terminal.wait_for("▶ Open files").wait_for("Python processes 7")


# ---- keys and mouse


def test_a_click_selects_and_the_wheel_moves(open_screen):
    terminal = open_screen()
    row = terminal.row_with("gunicorn")
    terminal.click(row, 10)
    terminal.wait_for("Functions of 901")
    terminal.send(b"\x1b[M" + bytes([32 + 65, 33 + 10, 33 + row]))  # wheel down
    terminal.wait_for("Functions of 31400")
    terminal.send(b"\x1b[M" + bytes([32 + 64, 33 + 10, 33 + row]))
    terminal.wait_for("Functions of 901")
    terminal.click(terminal.row_with("Open files"), 10)
    terminal.wait_for("▶ Open files")


def test_the_bar_at_the_bottom_can_be_clicked(open_screen):
    terminal = open_screen()
    terminal.click(23, terminal.lines()[23].index("F1"))
    terminal.wait_for("pyneck help")
    terminal.press("Escape")
    terminal.wait_for("F10Quit")
    terminal.click(23, terminal.lines()[23].index("F10"))
    assert terminal.wait_exit() == 0


def test_the_help_has_every_key_and_column(open_screen):
    terminal = open_screen(rows=180)
    terminal.press("?")
    terminal.wait_for(re.compile("Rate +stack samples"))
    text = terminal.text()
    for key in "F1 F3 F4 F5 F6 F7 F8 F9 F10 / \\ < > I 1 2 3 4 5 t k u a m w L r Z + - ? q Tab Enter Esc".split():
        assert re.search(rf"│ (\S+ )?{re.escape(key)} ", text), f"{key} is not in the help"
    for title in "PID USER CPU% MEM% RSS GROWTH READ/s WRITE/s THR FD FD/s PY STATE WHERE COMMAND TID SINCE GIL% STATES".split():
        assert f"│ {title} " in text
    assert "…" not in text
    terminal.press("q")
    terminal.wait_for("Python processes")


def test_the_help_scrolls(open_screen):
    terminal = open_screen()
    terminal.press("F1")
    terminal.wait_for("Moving about")
    terminal.press("End")
    terminal.wait_for(re.compile("Rate +stack samples"))
    terminal.press("PgUp", "PgDn", "Up", "Down", "Home")
    terminal.wait_for("pyneck shows where")
    terminal.press("Escape")
    terminal.wait_for("Python processes")


def test_pause_and_delay_are_told(open_screen):
    terminal = open_screen()
    terminal.press("Z")
    terminal.wait_for("PAUSED")
    terminal.press("Z")
    terminal.wait_for(lambda shown: "PAUSED" not in shown.text())
    terminal.press("+")
    terminal.wait_for("A refresh every 2 s").wait_for("100 Hz, 2 s")
    terminal.press("-", "-")
    terminal.wait_for("100 Hz, 0.5 s")


def test_nothing_is_written_while_nothing_changes(open_screen):
    terminal = open_screen()
    terminal.press("Down", "Up")
    expect_screen(terminal, "80x24-after-moving")
    before = len(terminal.raw)
    deadline = time.monotonic() + 2
    while time.monotonic() < deadline:
        terminal._read(0.1)
    assert len(terminal.raw) == before


def test_lines_for_the_user_stand_under_the_meters(open_screen):
    terminal = open_screen("--notice", "--output", "/tmp/worker.log")
    assert terminal.row_with("Not permitted to read 2 processes") == 4
    assert terminal.row_with("The command's output goes to /tmp/worker.log") == 5


@pytest.mark.parametrize("nonsense", [b"\xff", b"\xe8", b"\xf0\x9f", b"\x1b[99;99~", b"\x1b[", b"\x1bZ", b"\x00", b"\x1b[M"])
def test_nonsense_from_the_keyboard_does_no_harm(open_screen, nonsense):
    terminal = open_screen()
    terminal.send(nonsense)
    terminal.press("x", "x", "x", "Escape")  # what a broken sequence may still swallow
    terminal.press("?")
    terminal.wait_for("pyneck help")
    terminal.press("q")
    terminal.wait_for("F10Quit")

"""Every Python that is here is read: its functions, files and lines, and no interpreter's own frames."""

import pathlib

import pytest

from rows import is_hottest

BUSY = """
    import sys

    class Mill:
        def grind(self, count):
            total = 0
            for number in range(count):
                total += number * number
            return total

    def run():
        mill = Mill()
        print("ready", flush=True)
        while True:
            mill.grind(50_000)

    run()
"""


def test_the_busy_function_is_found(interpreter, start_program, watch_until):
    program = start_program(interpreter, BUSY, name="mill.py")
    grind = interpreter.shown("Mill.grind")

    def is_found(rows):
        process = rows[program.pid]
        return is_hottest(grind, process) and process["sampling"]["samples"] >= 20

    (process,) = watch_until(is_found, program.pid).values()
    assert process["python"]["version"].startswith(f"3.{interpreter.minor}.")

    hottest = process["functions"][0]
    assert hottest["file"] == str(program.script)
    assert hottest["line"] == 5
    assert hottest["own_percent"] > 90

    (thread,) = process["threads"]
    assert [frame["function"] for frame in thread["stack"]][-2:] == ["run", "<module>"]
    assert thread["stack"][-1]["line"] == 17


@pytest.fixture
def unreadable_interpreter(interpreter_with_library, tmp_path):
    """A Python whose files call it 3.5, of which pyneck knows no layout."""
    interpreter, library = interpreter_with_library
    name = f"python{interpreter.version}".encode()
    minor = "5".rjust(len(str(interpreter.minor)), "0")
    other = f"python3.{minor}".encode()
    content = library.read_bytes().replace(name, other)
    content = content.replace(f"cpython-3{interpreter.minor}".encode(), f"cpython-3{minor}".encode())
    (tmp_path / library.name.replace(name.decode(), other.decode())).symlink_to(library.name)
    (tmp_path / library.name).write_bytes(content)
    home = tmp_path / "home"
    (home / "lib").mkdir(parents=True)
    for directory in (name, other):
        (home / "lib" / directory.decode()).symlink_to(library.parent / name.decode())
    return interpreter, {"LD_LIBRARY_PATH": str(tmp_path), "PYTHONHOME": str(home)}


@pytest.fixture
def interpreter_with_library(pytestconfig):
    """A Python to 3.10, which does not say its version in a symbol, and its libpython."""
    for interpreter in pytestconfig.interpreters:
        prefix = pathlib.Path(interpreter.command[0]).parents[1]
        for library in prefix.glob(f"lib/libpython{interpreter.version}.so.1.0"):
            if interpreter.minor in (8, 9, 10):
                return interpreter, library
    pytest.skip("no Python 3.8 to 3.10 with a shared library here")


def test_an_unknown_version_is_listed_with_the_reason_why_it_is_not_read(
        unreadable_interpreter, start_program, watch_until, run_pyneck):
    interpreter, environment = unreadable_interpreter
    program = start_program(interpreter, BUSY, name="mill.py", environment=environment)
    reason = "Python 3.5: not readable yet"

    def is_listed(rows):
        process = rows[program.pid]
        return process["error"] == reason and (process["cpu_percent"] or 0) > 20

    assert watch_until(is_listed, program.pid)[program.pid]["resident_bytes"] > 1_000_000
    done = run_pyneck("dump", program.pid)
    assert done.returncode == 1
    assert "Python 3.5: not readable yet" in done.stderr
    assert len(done.stderr.splitlines()) == 1

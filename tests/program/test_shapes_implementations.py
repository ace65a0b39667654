"""Pythons that are not CPython: each has a row that names it and says in one line why it shows no functions."""

import os
import pathlib
import shutil
import subprocess

import pytest

REASON = "{}: its stacks cannot be read, only those of CPython can"


def some_library():
    """Any shared library that does nothing when it is loaded."""
    maps = pathlib.Path("/proc/self/maps").read_text().split()
    return next(path for path in maps if pathlib.Path(path).name.startswith("libc.so"))


def assert_is_named(run_snapshot, process, implementation):
    assert process.stdout.readline() == b"ready\n"
    (seen,) = run_snapshot("-n", 1, process.pid)[-1]["processes"]
    assert seen["error"] == REASON.format(implementation)
    assert seen["python"] == {"implementation": implementation, "version": None, "free_threaded": False, "collector": None}
    assert seen["functions"] is None


@pytest.mark.parametrize("program, library, arguments, implementation", [
    ("micropython", None, [], "MicroPython"),
    ("micropython-dev", None, [], "MicroPython"),
    ("circuitpython", None, [], "CircuitPython"),
    ("graalpy", None, [], "GraalPy"),
    ("app", "libpythonvm.so", [], "GraalPy"),
    ("pypy3.11", None, [], "PyPy"),
    ("app", "libpypy3.11-c.so", [], "PyPy"),
    ("java", "libjvm.so", ["-cp", "/opt/jython.jar", "org.python.util.jython"], "Jython"),
    ("java", "libjvm.so", ["-jar", "/opt/jython-standalone-2.7.4.jar"], "Jython"),
])
def test_other_implementations_are_told_by_their_files(program, library, arguments, implementation, run_snapshot,
                                                       tmp_path):
    shutil.copy(shutil.which("dash") or shutil.which("sh"), tmp_path / program)
    environment = dict(os.environ)
    if library is not None:
        shutil.copy(some_library(), tmp_path / library)
        environment["LD_PRELOAD"] = str(tmp_path / library)
    with subprocess.Popen([tmp_path / program, "-c", "echo ready; read line", *arguments], env=environment,
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        try:
            assert_is_named(run_snapshot, process, implementation)
        finally:
            process.kill()


@pytest.mark.parametrize("program, implementation", [("pypy3", "PyPy"), ("micropython", "MicroPython")])
def test_other_implementations_that_are_here_are_named(program, implementation, run_snapshot):
    if shutil.which(program) is None:
        pytest.skip(f"no {program} here")
    script = "import sys\nprint('ready')\nsys.stdin.readline()"
    with subprocess.Popen([program, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          env=dict(os.environ, PYTHONUNBUFFERED="1")) as process:
        try:
            assert_is_named(run_snapshot, process, implementation)
        finally:
            process.kill()


def test_a_java_machine_without_python_is_none(run_snapshot, tmp_path):
    shutil.copy(shutil.which("dash") or shutil.which("sh"), tmp_path / "java")
    shutil.copy(some_library(), tmp_path / "libjvm.so")
    with subprocess.Popen([tmp_path / "java", "-c", "echo ready; read line", "-cp", "/opt/jythonic.jar", "Main"],
                          env=dict(os.environ, LD_PRELOAD=str(tmp_path / "libjvm.so")),
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout.readline() == b"ready\n"
            (seen,) = run_snapshot("-n", 1, process.pid)[-1]["processes"]
            assert (seen["error"], seen["python"]) == (None, None)
        finally:
            process.kill()

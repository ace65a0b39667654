"""The committed table of layouts against the headers of the Pythons that are here."""

import pathlib
import shutil
import subprocess
import sys

import pytest

import interpreters

MAKE_LAYOUTS = pathlib.Path(__file__).resolve().parents[2] / "src/python/make_layouts"


def include_directory(interpreter):
    """Where an interpreter's headers are, or None when the internal ones are not installed."""
    question = "import sysconfig; print(sysconfig.get_path('include'))"
    run = subprocess.run([*interpreter.command, "-c", question], capture_output=True, text=True, check=True)
    directory = interpreter.root / run.stdout.strip().lstrip("/")
    if not (directory / "pyconfig.h").exists():  # a build that is not installed, or no headers at all
        return None
    if interpreter.minor < 7:  # these had no internal headers
        return directory if (directory / "frameobject.h").exists() else None
    names = ("pycore_runtime.h", "pycore_pystate.h", "pystate.h")
    return directory if any((directory / "internal" / name).exists() for name in names) else None


def check_table(interpreter):
    if not any(shutil.which(compiler) for compiler in ("cc", "gcc", "clang")):
        pytest.skip("no C compiler here")
    directory = include_directory(interpreter)
    if directory is None:
        pytest.skip("its internal headers are not here")
    check = subprocess.run([sys.executable, MAKE_LAYOUTS, "--check", directory], capture_output=True, text=True)
    assert check.returncode == 0, check.stderr


def test_table_of_layouts_is_what_the_headers_say(interpreter):
    check_table(interpreter)


def test_table_of_layouts_is_what_the_headers_of_python2_say(python2):
    check_table(python2)


def test_debug_build_has_the_layout_of_the_normal_build():
    directory = pathlib.Path("/usr/include/python3.11d")
    if not (directory / "internal/pycore_runtime.h").exists():
        pytest.skip("the headers of a debug build are not here")
    check = subprocess.run([sys.executable, MAKE_LAYOUTS, "--check", directory], capture_output=True, text=True)
    assert check.returncode == 0, check.stderr


def test_check_notices_another_layout(tmp_path):
    found = [one for one in interpreters.find((11, 12)) if include_directory(one)]
    if not found or not shutil.which("cc"):
        pytest.skip("no internal headers or no C compiler here")
    changed = tmp_path / "include"
    shutil.copytree(include_directory(found[0]), changed)
    header = changed / "internal/pycore_frame.h"
    text = header.read_text()
    header.write_text(text.replace("int stacktop;", "long another; int stacktop;"))
    assert header.read_text() != text
    check = subprocess.run([sys.executable, MAKE_LAYOUTS, "--check", changed], capture_output=True, text=True)
    assert check.returncode == 1
    assert "differs" in check.stderr

"""Targets that lie, break and vanish: pyneck says what it can, and neither crashes nor hangs, whoever runs it.

What is checked of everything that it prints: valid UTF-8 without control characters, so that no name reaches a
terminal raw. A build with the sanitizers ends badly when it reads out of bounds.
"""

import os
import pathlib
import re
import shutil
import signal
import stat
import subprocess
import sys
import sysconfig
import time

import pytest

PROGRAM_DIRECTORY = pathlib.Path(__file__).resolve().parent
HARMFUL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")
LIMIT_SECONDS = 60

LIES = [
    "nothing",
    "escapes",
    "bidi",
    "long-name",
    "endless-name",
    "negative-name",
    "chunk-size",
    "chunk-circle",
    "top",
    "frame-circle",
    "thread-circle",
    "many-threads",
    "interpreter-circle",
    "line-table",
    "line-table-length",
    "code",
    "many-codes",
    "offsets",
    "large-offsets",
    "chaos",
]


def look(pyneck, *arguments, statuses=(0, 1), **options):
    """Run pyneck on something hostile; what it printed, which is clean."""
    done = subprocess.run(
        [str(pyneck), *(str(argument) for argument in arguments)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=LIMIT_SECONDS,
        check=False,
        **options,
    )
    output, errors = done.stdout.decode("utf-8", "strict"), done.stderr.decode("utf-8", "strict")
    if "csv" in arguments:
        output = output.replace("\r\n", "\n")  # RFC 4180
    assert done.returncode in statuses, f"exit status {done.returncode}: {errors}"
    assert not HARMFUL.search(output), f"raw in the output: {HARMFUL.search(output)!r}"
    assert not HARMFUL.search(errors), f"raw in the messages: {HARMFUL.search(errors)!r}"
    return output


def look_in_every_way(pyneck, pid, **options):
    """The three ways that are not the screen; the dump is returned."""
    look(pyneck, "snapshot", "--format", "json", "-n", 2, "-d", "0.3", pid, **options)
    look(pyneck, "snapshot", "--format", "text", "-d", "0.3", pid, **options)
    return look(pyneck, "dump", pid, **options)


# ---- an interpreter that lies


@pytest.fixture(scope="module")
def compile_program(tmp_path_factory):
    compiler = os.environ.get("CC", "cc").split()
    if shutil.which(compiler[0]) is None:
        pytest.skip("no C compiler here")
    directory = tmp_path_factory.mktemp("hostile")
    directory.chmod(0o755)

    def compile_it(source, name, *options):
        program = directory / name
        unit = PROGRAM_DIRECTORY.parent / "unit"
        argv = [*compiler, "-w", "-O1", "-I", str(unit), *options, "-o", str(program), str(source), "-pthread"]
        subprocess.run(argv, check=True)
        return program

    return compile_it


@pytest.fixture(scope="module")
def liar(compile_program):
    return compile_program(PROGRAM_DIRECTORY / "lying_interpreter.c", "lying_interpreter", "-rdynamic")


@pytest.fixture
def start():
    """start(*argv) -> a process that has printed its first line; it is killed at the end."""
    started = []

    def start_it(*argv, **options):
        process = subprocess.Popen([str(part) for part in argv], stdout=subprocess.PIPE, **options)
        started.append(process)
        assert process.stdout.readline().startswith(b"ready")
        return process

    yield start_it
    for process in started:
        process.kill()
        process.wait()
        process.stdout.close()


@pytest.mark.parametrize("lie", LIES)
def test_an_interpreter_that_lies_is_survived(pyneck, liar, start, lie):
    dump = look_in_every_way(pyneck, start(liar, lie).pid)
    if lie == "nothing":
        assert dump.count("honest_function (honest.py:1)") == 3


@pytest.mark.parametrize("lie", ["escapes", "bidi", "many-codes", "chaos"])
def test_the_screen_survives_an_interpreter_that_lies(liar, start, open_terminal, lie):
    target = start(liar, lie)
    terminal = open_terminal("-d", "0.2", target.pid)
    terminal.wait_for(str(target.pid))
    for key in ("Tab", "Down", "Tab", "F5"):
        terminal.press(key)
    time.sleep(1)  # frames of a few ticks
    terminal.press("q")
    assert terminal.wait_exit() == 0
    for raw in (b"\x1b]0;OWNED", b"\x1b[31mRED", b"\x07", b"\xc2\x9b", "\u202e".encode(), "\u2066".encode()):
        assert raw not in terminal.raw


# ---- real interpreters with names that nobody should print


NAMES = r'''
    import ctypes, os, sys, threading, types
    evil = "\x1b[31mRED\x1b]0;OWNED\x07\r\n\b\x9b2J\u202e\u2066\ud800\ufeff"
    open(os.path.join(os.path.dirname(__file__), "\x1b]0;OWNED\x07\n\u202e"), "w")
    descriptor = os.open(os.path.join(os.path.dirname(__file__), "file\x1b[2J\xff"), os.O_CREAT | os.O_RDWR)
    ctypes.CDLL(None).prctl(15, b"\x1b[31m\xff\r\n", 0, 0, 0)
    def wait():
        threading.Event().wait(30)
    def rename(function, name):
        if not hasattr(function.__code__, "replace"):
            return function
        code = function.__code__.replace(co_name=name, co_filename=name)
        if hasattr(code, "co_qualname"):
            code = code.replace(co_qualname=name)
        return types.FunctionType(code, globals())
    threading.Thread(target=rename(wait, evil), daemon=True, name=evil).start()
    threading.Thread(target=rename(wait, "n" * 100_000), daemon=True, name="t" * 100_000).start()
    print("ready", flush=True)
    rename(wait, "\x1b]0;OWNED\x07")()
'''


@pytest.mark.one_per_minor
def test_names_of_a_real_program_are_clean(pyneck, start_program, interpreter):
    program = start_program(interpreter, NAMES, "\x1b[31mRED", "\u202eargument", "\x9b2J")
    dump = look_in_every_way(pyneck, program.pid)
    assert "[31mRED" in dump  # the text is kept, what made it harmful is not
    look(pyneck, "snapshot", "--format", "csv", "-d", "0.3", program.pid)
    look(pyneck, "snapshot", "--format", "openmetrics", "-d", "0.3", program.pid)


def test_a_stack_of_200000_frames_is_read(pyneck, start_program, any_interpreter):
    source = """
        import sys, threading
        sys.setrecursionlimit(300_000)
        threading.stack_size(1 << 30)
        def descend(depth):
            if depth:
                return descend(depth - 1)
            print("ready", flush=True)
            threading.Event().wait(30)
        threading.Thread(target=descend, args=(200_000,), daemon=True).start()
        threading.Event().wait(30)
    """
    program = start_program(any_interpreter, source)
    assert "descend" in look_in_every_way(pyneck, program.pid)


# ---- files that are no interpreters


MAPPER = r"""
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>
int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        int fd = open(argv[i], O_RDONLY);
        if (fd < 0 || mmap(NULL, 65536, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0) == MAP_FAILED)
            return 1;
        close(fd);
    }
    puts("ready");
    fflush(stdout);
    for (;;)
        pause();
}
"""


@pytest.fixture(scope="module")
def mapper(compile_program, tmp_path_factory):
    source = tmp_path_factory.mktemp("mapper") / "mapper.c"
    source.write_text(MAPPER)
    return compile_program(source, "mapper")


def an_interpreter_file():
    shared = pathlib.Path(sysconfig.get_config_var("LIBDIR") or "") / (sysconfig.get_config_var("LDLIBRARY") or "")
    return shared if ".so" in shared.name and shared.exists() else pathlib.Path(os.path.realpath(sys.executable))


@pytest.fixture
def broken_files(tmp_path):
    """Files that look like an interpreter at first."""
    tmp_path.chmod(0o755)
    whole = an_interpreter_file().read_bytes()[: 8 << 20]
    files = []

    def add(name, data):
        path = tmp_path / name
        path.write_bytes(data)
        files.append(path)
        return path

    for length in (16, 64, 4096, 100_000, len(whole) - 1):
        add(f"libpython-cut-at-{length}.so", whole[:length])
    for offset, size in ((0x28, 8), (0x3A, 2), (0x3C, 2), (0x3E, 2), (0x36, 2), (0x20, 8), (0x38, 2)):
        data = bytearray(whole)
        data[offset : offset + size] = b"\xff" * size
        add(f"libpython-header-{offset:x}.so", bytes(data))
    data = bytearray(whole)
    start = int.from_bytes(data[0x28:0x30], "little")
    for header in range(start, min(start + 40 * 64, len(data) - 64), 64):
        data[header + 24 : header + 40] = b"\xf0\xff\xff\xff\xff\xff\xff\x7f" * 2
    add("libpython-sections.so", bytes(data))
    sparse = add("libpython-sparse.so", whole[:100_000])
    os.truncate(sparse, 4 << 30)
    return files


def test_broken_elf_files_are_survived(pyneck, mapper, start, broken_files):
    for path in broken_files:
        look(pyneck, "dump", start(mapper, path).pid)
    target = start(mapper, *broken_files)
    look(pyneck, "snapshot", "--all", "--format", "json", "-d", "0.3", target.pid)


def nobody(tmp_path):
    """Run a program without privilege, which then cannot open files by their mappings."""
    if os.geteuid() != 0:
        return {}
    tmp_path.chmod(0o755)
    os.chown(tmp_path, 65534, 65534)
    return {"user": 65534, "group": 65534, "extra_groups": []}


def reachable_by_all(path):
    return all(os.stat(parent).st_mode & stat.S_IXOTH for parent in path.parents)


@pytest.mark.parametrize("kind", ["fifo", "directory", "symbolic link to a device", "socket"])
def test_what_took_a_files_place_is_not_opened(pyneck, mapper, start, tmp_path, kind):
    options = nobody(tmp_path)
    for parent in (*tmp_path.parents, *mapper.parents):
        if options and any("pytest" in part for part in parent.parts):
            parent.chmod(0o755)
    if options and not (reachable_by_all(pyneck) and reachable_by_all(mapper)):
        pytest.skip("the programs lie where only root may go")
    if options and not reachable_by_all(tmp_path / "x"):
        pytest.skip("the test's directory lies where only root may go")
    path = tmp_path / "libpython3.11.so"
    path.write_bytes(an_interpreter_file().read_bytes()[:200_000])
    path.chmod(0o755)
    target = start(mapper, path, **options)
    path.unlink()
    if kind == "fifo":
        os.mkfifo(path)
        path.chmod(0o666)
    elif kind == "directory":
        path.mkdir()
    elif kind == "socket":
        os.mknod(path, 0o666 | stat.S_IFSOCK)
    else:
        path.symlink_to("/dev/zero")
    look(pyneck, "dump", target.pid, **options)
    look(pyneck, "dump", target.pid)


def test_a_device_that_is_mounted_over_a_file_is_not_read(pyneck, mapper, start, tmp_path):
    path = tmp_path / "libpython3.11.so"
    path.write_bytes(an_interpreter_file().read_bytes()[:200_000])
    target = start(mapper, path)
    if os.geteuid() != 0 or subprocess.run(["mount", "--bind", "/dev/zero", str(path)], check=False).returncode != 0:
        pytest.skip("may not mount")
    try:
        look(pyneck, "dump", target.pid)
    finally:
        subprocess.run(["umount", str(path)], check=True)


# ---- processes that do not hold still


EXECS = """
    import os, sys, time
    if len(sys.argv) == 1:
        print("ready", flush=True)
        time.sleep(0.2)
    os.execv(sys.executable, [sys.executable, __file__, "again"])
"""


def test_a_program_that_execs_all_the_time(pyneck, start_program, any_interpreter):
    program = start_program(any_interpreter, EXECS)
    look(pyneck, "snapshot", "--format", "json", "-n", 10, "-d", "0.2", "-r", 1000, program.pid)
    for _ in range(10):
        look(pyneck, "dump", program.pid)


SWARM = """
    import os, subprocess, sys
    print("ready", flush=True)
    alive = []
    for number in range(200):
        alive.append(subprocess.Popen([sys.executable, "-S", "-c", "sum(range(10_000))"]))
        if len(alive) > 8:
            alive.pop(0).wait()
    for process in alive:
        process.wait()
"""


def test_a_swarm_of_short_lived_programs(pyneck, start_program, any_interpreter):
    program = start_program(any_interpreter, SWARM)
    while program.process.poll() is None:
        look(pyneck, "snapshot", "--format", "json", "-n", 4, "-d", "0.25", "-r", 500, program.pid)


def test_a_program_that_is_killed_while_it_is_read(pyneck, start_program, any_interpreter):
    source = """
        def descend(depth):
            return descend(depth - 1) if depth else sum(range(1000))
        print("ready", flush=True)
        while True:
            descend(200)
    """
    for delay in (0.0, 0.05, 0.2, 0.4):
        program = start_program(any_interpreter, source)
        argv = [str(pyneck), "snapshot", "--format", "json", "-n", "3", "-d", "0.2", "-r", "2000", str(program.pid)]
        with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as watcher:
            time.sleep(delay)
            os.kill(program.pid, signal.SIGKILL)
            _, errors = watcher.communicate(timeout=LIMIT_SECONDS)
            assert watcher.returncode in (0, 1), errors
            assert b"Sanitizer" not in errors and b"runtime error" not in errors

"""The interpreter's files: moved, renamed, stripped, deleted, loaded by another program."""

import json
import os
import pathlib
import shutil
import subprocess

import pytest

from rows import is_hottest

NOBODY = 65534

SPIN = """
import sys
import time

def spin():
    while True:
        for _ in range(100):
            sum(range(1000))
        time.sleep(0.01)

print("ready", flush=True)
sys.stdin.readline()
spin()
"""


def shared_library(interpreter):
    """The libpython that an interpreter is linked with, or None when it is linked into the executable."""
    if interpreter.root != pathlib.Path("/"):
        return None
    listed = subprocess.run(["ldd", interpreter.command[-1]], capture_output=True, text=True, check=False).stdout
    for line in listed.splitlines():
        name, _, rest = line.partition("=>")
        if "libpython" in name:
            return pathlib.Path(rest.split()[0])
    return None


class Copy:
    """A copy of an interpreter, changed by `change(bytes) -> bytes`, that runs SPIN."""

    def __init__(self, interpreter, name="python3", change=lambda content: content, script=SPIN):
        self.outside, self.inside = interpreter.new_directory()
        library = shared_library(interpreter)
        executable = (interpreter.root / interpreter.command[-1].lstrip("/")).resolve()
        (self.outside / "program.py").write_text(script)
        self.copy(executable, name, change if library is None else lambda content: content)
        environment = dict(os.environ)
        if library is not None:
            self.copy(library, library.name, change)
            environment["LD_LIBRARY_PATH"] = str(self.inside)
            environment["PYTHONHOME"] = str(executable.parents[1])
        self.process = subprocess.Popen(
            [*interpreter.command[:-1], str(self.inside / name), str(self.inside / "program.py")],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)
        self.pid = self.process.pid
        self.ready = self.process.stdout.readline()

    def copy(self, source, name, change):
        (self.outside / name).write_bytes(change(source.read_bytes()))
        (self.outside / name).chmod(0o755)

    def __enter__(self):
        assert self.ready == b"ready\n"
        return self

    def go(self):
        self.process.stdin.write(b"\n")
        self.process.stdin.flush()

    def delete_files(self):
        shutil.rmtree(self.outside)

    def replace_files(self):
        """As an upgrade does it: other files take the names."""
        for name in [path.name for path in self.outside.iterdir() if path.name != "program.py"]:
            upgraded = self.outside / "upgraded"
            shutil.copy("/proc/self/exe", upgraded)
            upgraded.rename(self.outside / name)

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        self.process.stdin.close()
        shutil.rmtree(self.outside, ignore_errors=True)


def hide_symbol(content):
    """Give the symbol _PyRuntime another name wherever it stands."""
    assert b"\0_PyRuntime\0" in content
    return content.replace(b"\0_PyRuntime\0", b"\0_QyRuntime\0")


def hide_sections(content):
    """Take away the list of sections: e_shoff, e_shnum and e_shstrndx of the ELF header."""
    return content[:40] + bytes(8) + content[48:60] + bytes(4) + content[64:]


def look(run_snapshot, pid, **options):
    (process,) = run_snapshot("-n", 2, "-d", 0.5, "-r", 200, pid, **options)[-1]["processes"]
    return process


def spin_is_read(watch_until, pid, **options):
    """Wait until spin() is the hottest function; the row of the process."""
    return watch_until(lambda rows: is_hottest("spin", rows[pid]), pid, **options)[pid]


def test_a_renamed_interpreter_is_read(interpreter, watch_until):
    with Copy(interpreter, name="accounting-service") as copy:
        copy.go()
        spin_is_read(watch_until, copy.pid)


def test_an_interpreter_without_the_symbol_is_found_by_its_section(interpreter, watch_until):
    if shared_library(interpreter) is not None:
        pytest.skip("the dynamic linker needs the symbol")
    with Copy(interpreter, change=hide_symbol) as copy:
        copy.go()
        spin_is_read(watch_until, copy.pid)


def test_an_interpreter_without_sections_is_found_by_what_the_loader_needs(interpreter, watch_until):
    with Copy(interpreter, change=hide_sections) as copy:
        copy.go()
        spin_is_read(watch_until, copy.pid)


LINKED_IN = r"""
int Py_InitializeEx(int), PyRun_SimpleString(const char *);

int main(int argc, char **argv)
{
    Py_InitializeEx(0);
    return argc > 1 ? PyRun_SimpleString(argv[1]) : 1;
}
"""

SPIN_WITHOUT_MODULES = """
def spin():
    while True:
        sum(range(1000))
print("ready", flush=True)
spin()
"""


def test_an_interpreter_without_anything_that_names_it_is_found_in_memory(interpreter, watch_until, tmp_path):
    prefix = pathlib.Path(interpreter.command[-1]).resolve().parents[1]
    archives = list(prefix.glob(f"lib/python3.{interpreter.minor}/config-*/libpython*.a"))
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if interpreter.root != pathlib.Path("/") or not archives or compiler is None:
        pytest.skip("no compiler or no static library")
    (tmp_path / "host.c").write_text(LINKED_IN)
    host = tmp_path / "accounting-service"
    linked = subprocess.run([compiler, "-s", "-o", host, tmp_path / "host.c", archives[0], "-lpthread", "-ldl", "-lutil",
                             "-lm"], capture_output=True, text=True, check=False)
    if linked.returncode != 0:
        pytest.skip(f"the static library needs more than this: {linked.stderr[-300:]}")
    host.write_bytes(hide_sections(host.read_bytes()))
    with subprocess.Popen([host, SPIN_WITHOUT_MODULES], stdout=subprocess.PIPE,
                          env=dict(os.environ, PYTHONHOME=str(prefix))) as process:
        try:
            assert process.stdout.readline() == b"ready\n"
            seen = spin_is_read(watch_until, process.pid)
            assert seen["python"]["version"].startswith(interpreter.version)
            assert [thread["tid"] for thread in seen["threads"]] == [process.pid]
        finally:
            process.kill()


@pytest.fixture(params=[True, False], ids=["shared", "static"])
def either_shape(request, pytestconfig):
    """One interpreter with a libpython, then one without."""
    for interpreter in pytestconfig.interpreters:
        if interpreter.minor >= 11 and (shared_library(interpreter) is not None) == request.param:
            return interpreter
    return pytest.skip("no interpreter of this shape here")


@pytest.mark.parametrize("vanish", ["delete_files", "replace_files"])
def test_deleted_and_replaced_files_are_read_by_root(either_shape, vanish, watch_until):
    if os.geteuid() != 0:
        pytest.skip("needs root")
    with Copy(either_shape) as copy:
        getattr(copy, vanish)()
        copy.go()
        spin_is_read(watch_until, copy.pid)


FALLEN = """
import ctypes
import os
os.setgroups([])
os.setgid(65534)
os.setuid(65534)
ctypes.CDLL(None).prctl(4, 1, 0, 0, 0)  # PR_SET_DUMPABLE, as for a program that the user started
""" + SPIN


def as_nobody():
    os.setgroups([])
    os.setgid(NOBODY)
    os.setuid(NOBODY)


@pytest.mark.parametrize("vanish", ["delete_files", "replace_files"])
def test_deleted_and_replaced_files_are_read_or_the_reason_is_said_without_privilege(
        either_shape, vanish, run_snapshot, watch_until):
    if os.geteuid() != 0:
        pytest.skip("needs root to become another user")
    with Copy(either_shape, script=FALLEN) as copy:
        has_library = shared_library(either_shape) is not None
        getattr(copy, vanish)()
        copy.go()
        if not has_library:  # the executable itself can be opened by its process
            spin_is_read(watch_until, copy.pid, preexec_fn=as_nobody, cwd="/")
        else:
            process = look(run_snapshot, copy.pid, preexec_fn=as_nobody, cwd="/")
            assert "was deleted or replaced after the program had started: run pyneck as root" in process["error"]
            assert process["threads"] in (None, [])


def test_root_without_the_capability_for_mapped_files_is_told_so(pytestconfig, pyneck):
    if os.geteuid() != 0 or shutil.which("setpriv") is None:
        pytest.skip("needs root and setpriv")
    shared = [one for one in pytestconfig.interpreters if shared_library(one) is not None]
    if not shared:
        pytest.skip("no interpreter with a shared library here")
    with Copy(shared[-1]) as copy:
        copy.delete_files()
        done = subprocess.run(["setpriv", "--bounding-set=-sys_admin,-checkpoint_restore", pyneck, "snapshot", "--format",
                               "json", "-n", "1", str(copy.pid)], stdout=subprocess.PIPE, text=True, check=True)
        (process,) = json.loads(done.stdout)["processes"]
        assert "pyneck runs as root but lacks CAP_CHECKPOINT_RESTORE or CAP_SYS_ADMIN" in process["error"]


HOST = r"""
#include <dlfcn.h>
#include <stdio.h>
#include <unistd.h>

/* Load the libpython that is named, and at each line of standard input go one step on. */
int main(int argc, char **argv)
{
    char line[16];
    void *python = dlopen(argv[1], RTLD_NOW | RTLD_GLOBAL);
    if (argc < 3 || python == NULL)
        return 1;
    void (*initialize)(int) = (void (*)(int))dlsym(python, "Py_InitializeEx");
    int (*run)(const char *) = (int (*)(const char *))dlsym(python, "PyRun_SimpleString");
    int (*finalize)(void) = (int (*)(void))dlsym(python, "Py_FinalizeEx");
    puts("loaded");
    fflush(stdout);
    if (fgets(line, sizeof(line), stdin) == NULL)
        return 2;
    initialize(0);
    run(argv[2]);
    finalize();
    puts("finalized");
    fflush(stdout);
    pause();
}
"""


@pytest.fixture(scope="session")
def host(tmp_path_factory):
    """A program in C that has Python in it."""
    directory = tmp_path_factory.mktemp("host")
    (directory / "host.c").write_text(HOST)
    compiler = next((name for name in ("cc", "gcc", "clang") if shutil.which(name)), None)
    if compiler is None:
        pytest.skip("no C compiler here")
    subprocess.run([compiler, "-o", directory / "host", directory / "host.c", "-ldl"], check=True)
    return directory / "host"


EMBEDDED = """
import select, sys
def spin():
    while not select.select([sys.stdin], [], [], 0)[0]:
        for _ in range(100):
            sum(range(1000))
print("ready", flush=True)
spin()
"""


def test_an_interpreter_in_another_program_is_read_from_start_to_end(
        interpreter, host, run_snapshot, watch_until, tmp_path):
    library = shared_library(interpreter)
    if library is None:
        pytest.skip("has no shared library")
    # As a bundle does it: the library is unpacked to a temporary directory.
    unpacked = tmp_path / "_MEI1234"
    unpacked.mkdir()
    shutil.copy(library, unpacked)
    home = pathlib.Path(interpreter.command[-1]).resolve().parents[1]
    with subprocess.Popen([host, unpacked / library.name, EMBEDDED], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          env=dict(os.environ, PYTHONHOME=str(home))) as process:
        try:
            assert process.stdout.readline() == b"loaded\n"
            seen = look(run_snapshot, process.pid)
            assert (seen["error"], seen["phase"]) == (None, "starting")
            process.stdin.write(b"\n")
            process.stdin.flush()
            assert process.stdout.readline() == b"ready\n"
            spin_is_read(watch_until, process.pid)
            process.stdin.write(b"\n")
            process.stdin.flush()
            assert process.stdout.readline() == b"finalized\n"
            seen = look(run_snapshot, process.pid)
            assert seen["error"] is None
            assert seen["phase"] in ("starting", "exiting")
        finally:
            process.kill()

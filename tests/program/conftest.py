"""What the tests of the whole program share. They run the binary that $PYNECK names (see
tests/run-program-tests.sh) on real Python programs.

Fixtures:

  pyneck           path of the binary
  run_pyneck       run it to its end: run_pyneck("snapshot", "-n", "1") -> subprocess.CompletedProcess (text)
  run_snapshot     the same for `pyneck snapshot --format json`: a list of ticks
  watch_until      `pyneck snapshot` until a tick is as wanted
  interpreter      each interpreter here, of a version that pyneck reads, in turn
  any_interpreter  one of them
  python2          Python 2.7
  start_program    start a Python program and wait until it is ready
  limited_group    a control group that may use a fifth of a CPU
  open_terminal    start pyneck in a terminal of a given size (terminal.py)
"""

import contextlib
import json
import os
import pathlib
import re
import select
import shutil
import signal
import subprocess
import textwrap
import time

import pytest
from _pytest.runner import runtestprotocol

import interpreters
from terminal import Terminal

TIMEOUT_SECONDS = 60
TEST_LIMIT_SECONDS = 300
SOURCE_DIRECTORY = pathlib.Path(__file__).resolve().parents[2]


# ---- interpreters


def pytest_configure(config):
    # Started in the background or under nohup(1), the tests would hand on signals that are ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in (signal.SIGHUP, signal.SIGQUIT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    config.addinivalue_line("markers", "since_minor(minor, why): needs at least this minor version of Python 3")
    config.addinivalue_line("markers", "one_per_minor: how the interpreter was built makes no difference")
    config.addinivalue_line("markers", "measurement: compares figures that other programs' work changes: runs alone")
    config.second_tries = []
    config.interpreters = interpreters.find()
    config.python2 = interpreters.find_python2()
    found = {interpreter.minor for interpreter in config.interpreters}
    config.missing_minors = [minor for minor in interpreters.READABLE_MINORS if minor not in found]


def interpreter_report(config):
    every = [*config.interpreters, *([config.python2] if config.python2 else [])]
    yield "watched Pythons: " + (", ".join(one.name for one in every) or "none")
    if config.missing_minors:
        missing = ", ".join(f"3.{minor}" for minor in config.missing_minors)
        yield f"not here, so not tested: Python {missing} (./bootstrap check brings 3.13 to 3.15 when it may be root)"


def pytest_report_header(config):
    return list(interpreter_report(config))


def pytest_terminal_summary(terminalreporter, config):
    for line in interpreter_report(config):
        terminalreporter.write_line(line)
    for name, why in config.second_tries:
        terminalreporter.write_line(f"second try: {name}: {why}")


def pytest_generate_tests(metafunc):
    if "interpreter" not in metafunc.fixturenames:
        return
    since = metafunc.definition.get_closest_marker("since_minor")
    cases = []
    chosen = metafunc.config.interpreters
    if metafunc.definition.get_closest_marker("one_per_minor") or has_sanitizers():
        chosen = list({(one.minor, one.free_threaded): one for one in reversed(chosen)}.values())[::-1]
    for one in chosen:
        too_old = since is not None and one.minor < since.args[0]
        marks = [pytest.mark.skip(reason=f"since 3.{since.args[0]}: {since.args[1]}")] if too_old else []
        cases.append(pytest.param(one, id=one.name, marks=marks))
    for minor in metafunc.config.missing_minors:
        skip = pytest.mark.skip(reason=f"no Python 3.{minor} here")
        cases.append(pytest.param(None, id=f"3.{minor}", marks=skip))
    metafunc.parametrize("interpreter", cases)


@pytest.fixture
def any_interpreter(pytestconfig):
    if not pytestconfig.interpreters:
        pytest.skip("no Python 3 here")
    return next((one for one in pytestconfig.interpreters if one.minor >= 11), pytestconfig.interpreters[0])


@pytest.fixture
def python2(pytestconfig):
    if pytestconfig.python2 is None:
        pytest.skip("no Python 2.7 here")
    return pytestconfig.python2


# ---- which tests run


def has_sanitizers():
    """Whether the build that is tested has them: they find faults on every path, but tell no time."""
    return bool(os.environ.get("PYNECK_TEST_SANITIZERS"))


def part():
    """(which, of how many) parts of the tests that run at the same time, or None when all run here."""
    words = os.environ.get("PYNECK_TEST_PART")
    return tuple(map(int, words.split("/"))) if words else None


def pytest_collection_modifyitems(config, items):
    chosen = [one for one in items if not (has_sanitizers() and one.get_closest_marker("measurement"))]
    if part() is not None:
        which, parts = part()
        chosen = [one for one in chosen if not one.get_closest_marker("measurement")][which - 1 :: parts]
    config.hook.pytest_deselected(items=[one for one in items if one not in set(chosen)])
    items[:] = chosen


# ---- second tries

CRASH = re.compile(r"Sanitizer|runtime error:|(?<![\d-])-(?:4|6|7|8|11)\b")


def may_be_chance(item, failed):
    """Whether a failure may come from the work of others on this machine; that of a program that crashed never does."""
    if part() is None and item.get_closest_marker("measurement") is None:
        return False
    return CRASH.search(str(failed.longrepr)) is None


def pytest_runtest_protocol(item, nextitem):
    """What is measured on a busy machine differs by chance now and then, and beside other tests it is busy: such a test
    has a second try, and what the first one said is told at the end. A fault shows in both."""
    item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    reports = runtestprotocol(item, nextitem=nextitem, log=False)
    failed = next((report for report in reports if report.failed), None)
    if failed is not None and may_be_chance(item, failed):
        crash = getattr(failed.longrepr, "reprcrash", None)
        why = (crash.message if crash else str(failed.longrepr)).partition("\n")[0]
        item.config.second_tries.append((item.nodeid, why))
        item.session._setupstate.teardown_exact(None)  # those of the module too
        item._initrequest()  # fixtures anew
        reports = runtestprotocol(item, nextitem=nextitem, log=False)
    for report in reports:
        item.ihook.pytest_runtest_logreport(report=report)
    item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    return True


# ---- no test hangs


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_call(item):
    def too_long(_signal, _frame):
        raise TimeoutError(f"{item.name} took more than {TEST_LIMIT_SECONDS} s")

    signal.signal(signal.SIGALRM, too_long)
    signal.alarm(TEST_LIMIT_SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)


# ---- programs to watch


class Program:
    """A Python program that runs until the test is over, or stop() is called."""

    def __init__(self, interpreter, script, arguments, environment):
        variables = dict(os.environ)
        variables.update(environment or {})
        self.interpreter = interpreter
        self.process = subprocess.Popen(
            [*interpreter.command, str(script), *(str(argument) for argument in arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=variables,
        )
        self.pid = self.process.pid
        self.script = script  # as the interpreter sees it
        self.unread = b""

    def read_line(self, timeout=TIMEOUT_SECONDS):
        """The next line that the program prints."""
        deadline = time.monotonic() + timeout
        while b"\n" not in self.unread:
            readable, _, _ = select.select([self.process.stdout], [], [], max(0, deadline - time.monotonic()))
            if not readable:
                raise AssertionError(f"the program {self.script} printed no line in {timeout} s")
            more = os.read(self.process.stdout.fileno(), 4096)
            if not more:
                raise AssertionError(f"the program {self.script} ended with status {self.process.wait()}")
            self.unread += more
        line, _, self.unread = self.unread.partition(b"\n")
        return line.decode()

    def has_line(self):
        """Whether read_line() would return at once."""
        return b"\n" in self.unread or bool(select.select([self.process.stdout], [], [], 0)[0])

    def tell(self, line):
        """Write a line to the program's standard input."""
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()


@pytest.fixture
def start_program():
    """start_program(interpreter, source, *arguments, name="program.py", environment=None) -> Program

    The program's text must print a line that starts with "ready" (and flush it) when it does what the test wants
    to look at; the line is in Program.ready. `source` may also be the path of a file.
    """
    started = []
    directories = []

    def start(interpreter, source, *arguments, name="program.py", environment=None):
        if isinstance(source, pathlib.Path):
            name, source = source.name, source.read_text()
        outside, inside = interpreter.new_directory()
        directories.append(outside)
        (outside / name).write_text(textwrap.dedent(source))
        program = Program(interpreter, inside / name, arguments, environment)
        started.append(program)
        program.ready = program.read_line()
        assert program.ready.startswith("ready"), f"the program printed {program.ready!r} before it was ready"
        return program

    yield start
    for program in started:
        program.stop()
    for directory in directories:
        shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture
def limited_group():
    """The directory of a control group that may use a fifth of a CPU."""
    hierarchies = {"/sys/fs/cgroup/cpu": ("cpu.cfs_quota_us", "20000"), "/sys/fs/cgroup": ("cpu.max", "20000 100000")}
    for directory, (limit, text) in hierarchies.items():
        group = pathlib.Path(directory, f"pyneck-test-{os.getpid()}")
        try:
            group.mkdir()
        except OSError:
            continue
        try:
            (group / limit).write_text(text)
        except OSError:
            group.rmdir()
            continue
        yield group
        for _ in range(100):
            try:
                group.rmdir()
                return
            except OSError:  # the program in it is just ending
                time.sleep(0.05)
        return
    pytest.skip("no control group with a CPU limit can be made here")


# ---- pyneck itself


@pytest.fixture(scope="session")
def pyneck():
    path = pathlib.Path(os.environ.get("PYNECK", SOURCE_DIRECTORY / "build" / "pyneck"))
    assert os.access(path, os.X_OK), f"no program at {path}: run make, or set PYNECK"
    return path.resolve()


@pytest.fixture
def run_pyneck(pyneck):
    """run_pyneck(*arguments, timeout=..., **options of subprocess.run) -> subprocess.CompletedProcess"""

    def run(*arguments, timeout=TIMEOUT_SECONDS, **options):
        options.setdefault("stdin", subprocess.DEVNULL)
        options.setdefault("stdout", subprocess.PIPE)
        options.setdefault("stderr", subprocess.PIPE)
        argv = [str(pyneck), *(str(argument) for argument in arguments)]
        return subprocess.run(argv, text=True, timeout=timeout, check=False, **options)

    return run


@pytest.fixture
def run_snapshot(run_pyneck):
    """run_snapshot(*arguments) -> the ticks that `pyneck snapshot --format json` prints, parsed"""

    def run(*arguments, **options):
        done = run_pyneck("snapshot", "--format", "json", *arguments, **options)
        assert done.returncode == 0, f"exit status {done.returncode}: {done.stderr}"
        return [json.loads(line) for line in done.stdout.splitlines()]

    return run


@pytest.fixture
def watch_until(pyneck):
    """watch_until(holds, pid, *options) -> the rows, {pid: process}, of the first tick of which holds(rows) is true

    The samples of a busy machine come when they can, so the answer is waited for and no time is allowed for it."""

    def watch(holds, pid, *options, **popen_options):
        words = [pyneck, "snapshot", "--format", "json", "-n", 1000000, "-d", 0.25, "-r", 200, *options, pid]
        command = [str(word) for word in words]
        deadline = time.monotonic() + TIMEOUT_SECONDS
        with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, **popen_options) as process:
            try:
                while True:
                    line = process.stdout.readline()
                    assert line, f"pyneck ended with status {process.wait()}"
                    rows = {row["pid"]: row for row in json.loads(line)["processes"]}
                    if holds(rows):
                        return rows
                    assert time.monotonic() < deadline, f"no tick was as wanted; the last one: {rows}"
            finally:
                process.kill()

    return watch


@pytest.fixture
def open_terminal(pyneck):
    """open_terminal(*arguments, rows=24, columns=80, environment=None) -> Terminal with pyneck in it"""
    opened = []

    def start(*arguments, **options):
        terminal = Terminal([pyneck, *arguments], **options)
        opened.append(terminal)
        return terminal

    yield start
    for terminal in opened:
        terminal.close()

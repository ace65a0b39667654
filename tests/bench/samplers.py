"""pyneck and its peers, as the benchmarks of the sampler start, end and read them.

A peer that is not here is left out. $PYSPY and $AUSTIN are commands, when they are not on the path; Tachyon, the sampler in
Python's own standard library, is started by the Python 3.15 that the tests use and watches Python 3.15 only. It is run
outside of that Python's root directory, as it finds its target's files by their names.

finish(run, with_stacks=False) is for who needs numbers only: it may leave out the stacks, where reading them takes long.
"""

import collections
import json
import os
import pathlib
import re
import shlex
import shutil
import signal
import statistics
import subprocess
import tempfile
import time
from dataclasses import dataclass

import folded
import measure

BEGIN_SECONDS = 3  # at most, until a sampler has begun
SETTLE_SECONDS = 0.3  # before its CPU is measured
END_SECONDS = 10  # at most, until it has written what it saw
LOOK_SECONDS = 0.01


@dataclass
class Seen:
    """What a sampler saw of one process."""

    stacks: collections.Counter  # names of functions, outermost first: samples
    samples: int
    lost: int = 0  # samples that it could not use and dropped
    partial: int = 0  # pyneck: samples of which only the outermost part could be trusted
    invalid: int = 0  # pyneck: samples without a stack
    late: int = 0  # pyneck: moments that came later than a whole period after their time
    moments_a_second: float = 0
    cpu: collections.Counter = None  # pyneck: CPU time by stack; a peer knows samples, which are of wall time


class Run:
    """A sampler at work on a process.

    says              it has begun when it says so
    writes            it has begun when its output is there
    settles           seconds, after that, until it samples
    waits             whether to return only then
    main_is_periodic  whether its main thread works now and then, and another one takes the samples"""

    def __init__(self, command, says=b"", writes=False, settles=0.1, waits=True, main_is_periodic=False, **options):
        self.directory = tempfile.TemporaryDirectory(prefix="pyneck-bench-")
        self.output = pathlib.Path(self.directory.name) / "output"
        self.log = open(pathlib.Path(self.directory.name) / "log", "w+")
        words = [str(word).replace("{output}", str(self.output)) for word in command]
        self.process = measure.start(words, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log, **options)
        self.says, self.writes, self.settles, self.main_is_periodic = says, writes, settles, main_is_periodic
        try:
            if waits:
                self.wait_until_begun()
                time.sleep(settles)
        except BaseException:
            self.__exit__()
            raise
        self.started = time.monotonic()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.log.close()
        self.directory.cleanup()

    def wait_until_begun(self):
        deadline = time.monotonic() + BEGIN_SECONDS
        log = pathlib.Path(self.log.name)
        while time.monotonic() < deadline and self.process.poll() is None:
            if self.says in log.read_bytes() and (self.output.exists() or not self.writes):
                break
            time.sleep(LOOK_SECONDS)

    def cpu_seconds(self):
        """CPU time of (what works for each sample, what works now and then)."""
        threads = measure.thread_cpu_seconds(self.process.pid)
        periodic = threads.pop(self.process.pid, 0) if self.main_is_periodic else 0
        return sum(threads.values()), periodic

    def resident_bytes(self):
        with open(f"/proc/{self.process.pid}/status") as file:
            return next(1024 * int(line.split()[1]) for line in file if line.startswith("VmRSS"))

    def end(self):
        """Interrupt it; (what it wrote to its output, what it said)."""
        self.seconds = time.monotonic() - self.started
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(timeout=END_SECONDS)
        except subprocess.TimeoutExpired:
            raise RuntimeError(f"it did not end within {END_SECONDS} s") from None
        self.log.seek(0)
        return self.output.read_bytes() if self.output.exists() else b"", self.log.read()


def parse_folded(text, frame_name):
    """"FRAME;FRAME COUNT", a line each; frame_name() is the function's name, or None for what is no function."""
    stacks = collections.Counter()
    for line in text.splitlines():
        frames, _, count = line.rpartition(" ")
        names = [frame_name(frame) for frame in frames.split(";")]
        stacks[tuple(name for name in names if name)] += int(count)
    return stacks


def find_word(pattern, text):
    match = re.search(pattern, text)
    return match.group(1) if match else None


def find_number(pattern, text):
    return float(find_word(pattern, text) or 0)


class Pyneck:
    """All stacks, by tests/bench/folded_stacks."""

    name = "pyneck"
    dump_name = "(first stack)"

    def __init__(self, pyneck, options=()):
        self.tool = pathlib.Path(pyneck).parent / "tests" / "bench" / "folded_stacks"
        self.options = options

    def watches(self, minor):
        return True

    def start(self, pid, rate, **options):
        return Run([self.tool, *self.options, rate, 1 << 62, pid], says=b"ready", settles=0, **options)

    def dump_command(self, pid):
        return [self.tool, "--soon", 1000, 1, pid]

    def finish(self, run, with_stacks=True):
        _, said = run.end()
        lines = [line for line in said.splitlines() if line != "ready"]
        if not lines or not lines[-1].startswith("total"):
            raise RuntimeError(said[-200:])
        found = folded.parse("\n".join(lines))
        stacks, cpu = collections.Counter(), collections.Counter()
        for row in found.rows:
            stacks[row.names] += row.samples
            cpu[row.names] += row.cpu_ns
        return Seen(stacks, found.samples, 0, found.partial, found.invalid, found.late, found.moments_a_second, cpu)


class PyneckReference(Pyneck):
    """The same with its target stopped for each sample."""

    name = "pyneck --pause"

    def __init__(self, pyneck):
        super().__init__(pyneck, ["--pause"])


class PyneckSnapshot:
    """The program itself, as a user runs it: for what it costs."""

    name = "pyneck"
    dump_name = "dump"
    counts_threads = False

    def __init__(self, pyneck):
        self.pyneck = pyneck

    def watches(self, minor):
        return True

    def start(self, pid, rate, **options):
        return self.start_all([pid], rate, **options)

    def start_all(self, pids, rate, **options):
        command = [self.pyneck, "snapshot", "--format", "json", "--budget", 0, "-r", rate, "-n", 1000000]
        return Run([*command, "-o", "{output}", *pids], writes=True, main_is_periodic=True, **options)

    def dump_command(self, pid):
        return [self.pyneck, "dump", pid]

    def finish(self, run, with_stacks=True):
        written, said = run.end()
        ticks = [json.loads(line) for line in written.splitlines()]
        rows = [tick["processes"][0]["sampling"] for tick in ticks if tick["processes"]]
        rows = [row for row in rows if row]
        if run.process.returncode != 128 + signal.SIGINT:
            raise RuntimeError(said[-200:])
        totals = {key: sum(row[key] for row in rows) for key in ("samples", "partial", "invalid", "late")}
        rates = [row["rate_hz"] for row in rows]
        return Seen(collections.Counter(), **totals, moments_a_second=statistics.median(rates) if rates else 0)


class PySpy:
    name = "py-spy"
    dump_name = "dump"
    counts_threads = True  # of a moment in which it takes two threads' stacks it says that it took two samples

    def __init__(self, command):
        self.command = command

    def watches(self, minor):
        return True

    def start(self, pid, rate, **options):
        command = [*self.command, "record", "--nonblocking", "--idle", "--rate", rate, "--format", "raw"]
        return Run([*command, "--duration", "unlimited", "-o", "{output}", "--pid", pid],
                   says=b"Sampling process", **options)

    def dump_command(self, pid):
        return [*self.command, "dump", "--nonblocking", "--pid", pid]

    def finish(self, run, with_stacks=True):
        written, said = run.end()
        if not written:
            raise RuntimeError(said[-200:])
        stacks = parse_folded(written.decode(), lambda frame: frame.partition(" (")[0])
        lost = int(find_number(r"Errors: (\d+)", said))
        taken = find_number(r"Samples: (\d+)", said)
        return Seen(stacks, stacks.total(), lost, moments_a_second=taken / run.seconds)


class Mojo:
    """A reader of Austin's output.

    source  https://github.com/P403n1x87/austin/wiki/The-MOJO-file-format"""

    METADATA, STACK, FRAME, FRAME_INVALID, FRAME_REFERENCE, FRAME_KERNEL = range(1, 7)
    GC, IDLE, METRIC_TIME, METRIC_MEMORY, STRING, STRING_REFERENCE = range(7, 13)

    def __init__(self, data):
        self.data, self.place = data, 3

    def number(self):
        byte = self.data[self.place]
        self.place += 1
        value, shift = byte & 0x3F, 6
        while byte & 0x80:
            byte = self.data[self.place]
            self.place += 1
            value |= (byte & 0x7F) << shift
            shift += 7
        return value

    def text(self):
        end = self.data.index(0, self.place)
        text = self.data[self.place : end].decode(errors="replace")
        self.place = end + 1
        return text

    def read(self):
        """(stacks, samples with an invalid frame)"""
        stacks, invalid = collections.Counter(), 0
        strings, frames, names, broken = {}, {}, [], False
        version = self.number()
        while self.place < len(self.data):
            event = self.data[self.place]
            self.place += 1
            if event == self.METADATA:
                self.text(), self.text()
            elif event == self.STACK:
                self.number()
                if version >= 3:
                    self.number()
                self.text()
                names, broken = [], False
            elif event == self.FRAME:
                key, _, scope = self.number(), self.number(), self.number()
                for _ in range(4 if version >= 2 else 1):
                    self.number()
                frames[key] = scope
            elif event == self.FRAME_REFERENCE:
                names.append(frames.get(self.number()))
            elif event == self.FRAME_KERNEL:
                self.text()
            elif event == self.STRING:
                key = self.number()
                strings[key] = self.text()
            elif event == self.STRING_REFERENCE:
                self.number()
            elif event == self.FRAME_INVALID:
                broken = True
            elif event in (self.METRIC_TIME, self.METRIC_MEMORY):
                self.number()
                if event == self.METRIC_TIME:
                    invalid += broken
                    stacks[tuple(strings.get(name, "?") for name in names)] += 1
        return stacks, invalid


class Austin:
    name = "Austin"
    counts_threads = True

    def __init__(self, command):
        self.command = command

    def watches(self, minor):
        return True

    def start(self, pid, rate, **options):
        interval_us = max(1, round(1e6 / rate))
        return Run([*self.command, "-i", f"{interval_us}us", "-o", "{output}", "-p", pid], writes=True, **options)

    def finish(self, run, with_stacks=True):
        written, said = run.end()
        if not written.startswith(b"MOJ"):
            raise RuntimeError(said[-200:])
        said = re.sub(r"\x1b\[[\d;]*m", "", said)
        lost, samples = (int(find_number(pattern, said)) for pattern in (r"Error rate[ .]*(\d+)/", r"Error rate[ .]*\d+/(\d+)"))
        stacks, invalid = Mojo(written).read() if with_stacks else (collections.Counter(), 0)
        if not (stacks if with_stacks else samples):
            raise RuntimeError("no samples")
        rate = find_number(r"Average sampling rate[ .]*([\d.]+)", said)
        rate *= {"k": 1e3, "M": 1e6}.get(find_word(r"Average sampling rate[ .]*[\d.]+ (\w)", said), 1)
        return Seen(stacks, stacks.total() if with_stacks else samples, lost + invalid, moments_a_second=rate)


class Tachyon:
    name = "Tachyon"
    dump_name = "dump"
    counts_threads = False

    def __init__(self, command, environment):
        self.command = command
        self.own_environment = environment
        self.environment = {**os.environ, **environment}

    def watches(self, minor):
        return minor == 15

    def start(self, pid, rate, **options):
        command = [*self.command, "-m", "profiling.sampling", "attach", "--collapsed", "-a", "-d", 10000]
        # A Python program starts slowly, and does not say when it has.
        return Run([*command, "-r", rate, "-o", "{output}", pid], settles=0.7, env=self.environment, **options)

    def dump_command(self, pid):
        return ["env", *(f"{name}={value}" for name, value in self.own_environment.items()), *self.command,
                "-m", "profiling.sampling", "dump", pid]

    def finish(self, run, with_stacks=True):
        written, said = run.end()
        if not written:
            raise RuntimeError(said[-200:])

        def name(frame):
            return None if frame.startswith("tid:") else frame.split(":")[-2] if frame.count(":") >= 2 else frame

        stacks = parse_folded(written.decode(), name)
        taken = find_number(r"Captured (\d+) samples", said)
        lost = round(taken * find_number(r"Error rate: ([\d.]+)", said) / 100)
        return Seen(stacks, stacks.total(), lost, moments_a_second=find_number(r"Sample rate: ([\d.]+)", said))


def tachyon_command(interpreter):
    """What runs an interpreter outside of its root directory, and its environment."""
    if interpreter.root == pathlib.Path("/"):
        return [*interpreter.command], {}
    root = interpreter.root
    machine = os.uname().machine
    libraries = ":".join(str(root / directory / f"{machine}-linux-gnu") for directory in ("lib", "usr/lib"))
    loader = next(iter(sorted(root.glob("lib*/ld-linux-*.so.*"))), None)
    if loader is None:
        return None, {}
    python = root / interpreter.command[-1].lstrip("/")
    return [loader, "--library-path", libraries, python], {"PYTHONHOME": str(root / "usr")}


def find_command(variable, name):
    given = os.environ.get(variable)
    if given:
        return shlex.split(given)
    found = shutil.which(name)
    return [found] if found else None


def answers(command, environment=None):
    """Whether a command can be started at all: one may be here whose libraries are not."""
    variables = {**os.environ, **(environment or {})}
    words = [str(word) for word in command]
    try:
        return subprocess.run(words, env=variables, capture_output=True, timeout=30, check=False).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def find_peers(interpreters):
    """The peers that are here; tells which are not."""
    found = []
    for variable, name, kind in (("PYSPY", "py-spy", PySpy), ("AUSTIN", "austin", Austin)):
        command = find_command(variable, name)
        if command and answers([*command, "--version"]):
            found.append(kind(command))
        else:
            print(f"{kind.name} is not here: skipped (${variable} may name it)")
    newest = next((one for one in interpreters if one.minor == 15), None)
    command, environment = tachyon_command(newest) if newest else (None, {})
    if command and answers([*command, "-c", "import profiling.sampling"], environment):
        found.append(Tachyon(command, environment))
    else:
        print("Tachyon is not here: skipped (it comes with Python 3.15)")
    return found

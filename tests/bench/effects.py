"""The benchmark of the sampler, what it does: its system calls, what it takes from its target, when the first stack is there,
where its own CPU goes, and its memory."""

import collections
import contextlib
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import time

import measure
import samplers
from targets import FAILURES, FIXED_WORK, MOSTLY_RESTING, STANDING, Target
from watchers import Watcher, median_and_spread, print_table

BIG_FILE_BYTES = 20 << 20
COMMAND_SECONDS = 60  # at most, for what ends by itself


def run_words(words, check=False):
    return subprocess.run([str(word) for word in words], capture_output=True, text=True, timeout=COMMAND_SECONDS, check=check)


TRACED_CALL = re.compile(r"(\d+) +([\d.]+) (?:(\w+)\(|<\.\.\. (\w+) resumed).* = (-?\d+)")


def trace_calls(pid, seconds):
    """The calls of the thread that reads most memory, by strace(1): (names, bytes of memory read, seconds)."""
    with tempfile.NamedTemporaryFile("r") as file:
        tracer = measure.start(["strace", "-f", "-q", "-ttt", "-s", "0", "-o", file.name, "-p", pid],
                               stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        time.sleep(seconds)
        tracer.send_signal(signal.SIGINT)
        _, said = tracer.communicate(timeout=20)
        calls = [match.groups() for match in map(TRACED_CALL.match, file) if match]
    calls = [(tid, float(when), name or resumed, int(result)) for tid, when, name, resumed, result in calls]
    readers = collections.Counter(tid for tid, _, name, _ in calls if name == "process_vm_readv")
    if not readers:
        raise RuntimeError(said or "no process_vm_readv seen")
    reader = readers.most_common(1)[0][0]
    mine = [call for call in calls if call[0] == reader]
    read_bytes = sum(max(result, 0) for _, _, name, result in mine if name == "process_vm_readv")
    return collections.Counter(name for _, _, name, _ in mine), read_bytes, mine[-1][1] - mine[0][1]


def trace_watcher(watcher, rate, depth, seconds):
    with Target(watcher.interpreter, STANDING, 1, 1, depth) as target, watcher.sampler.start(target.pid, rate) as run:
        traced = trace_calls(run.process.pid, seconds)
        return *traced, watcher.sampler.finish(run, with_stacks=False).moments_a_second


def calls(bench):
    """What the sampler's thread asks the kernel, and how much memory is read."""
    if shutil.which("strace") is None:
        print("\n== system calls and what they read: needs strace: skipped")
        return
    print("\n== system calls of a wake of pyneck at 1000 Hz, one busy thread 10 frames deep (the futex is the sleep)")
    try:
        names = trace_watcher(bench.watchers[0], 1000, 10, 1)[0]
        wakes = names["futex"] + names["restart_syscall"]
        often = [(name, count / wakes) for name, count in names.most_common() if count >= 0.01 * wakes]
        print(", ".join(f"{name} {count:.2f}" for name, count in often), flush=True)
    except FAILURES as error:
        measure.complain("pyneck", error)

    rate = 20

    def cell(watcher, depth):
        names, read_bytes, elapsed, reached = trace_watcher(watcher, rate, depth, 1)
        if reached < 0.7 * rate:
            raise RuntimeError(f"it cannot keep up with {rate} Hz while it is traced")
        return f"{read_bytes / elapsed / rate:.0f} in{names['process_vm_readv'] / elapsed / rate:7.1f}"

    print_table(f"memory read for a sample, one busy thread, {rate} Hz (so that all keep up while traced): bytes, in calls",
                "frames", {str(depth): depth for depth in ((100,) if bench.quick else (10, 100, 500))},
                {one.name: lambda depth, one=one: cell(one, depth) for one in bench.watchers})


def slowdown(bench):
    """The target on one CPU, the sampler on the others, stopped for every other run."""
    cpus = sorted(os.sched_getaffinity(0))
    if len(cpus) < 2:
        print("\n== slowdown of the target: needs two CPUs: skipped")
        return
    pairs, work_seconds = (5, 0.15) if bench.quick else (9, 0.2)

    def work(target, steps):
        target.go(steps)
        return [float(word) for word in target.read_line().split()]

    def pair(target, run, steps, stopped_first):
        measured = {}
        for stopped in (stopped_first, not stopped_first):
            run.process.send_signal(signal.SIGSTOP if stopped else signal.SIGCONT)
            time.sleep(0.02 if stopped else 0.15)  # a sampler that makes up for what it missed shall have done so
            measured[stopped] = work(target, steps)
        return [with_it / without for with_it, without in zip(measured[False], measured[True])]

    def cell(watcher, rate):
        with Target(watcher.interpreter, FIXED_WORK, cpus=cpus[:1]) as target:
            steps = round(200000 * work_seconds / work(target, 200000)[0])
            with watcher.sampler.start(target.pid, rate, cpus=cpus[1:]) as run:
                ratios = [pair(target, run, steps, number % 2 == 0) for number in range(pairs)]
                run.process.send_signal(signal.SIGCONT)
                watcher.sampler.finish(run, with_stacks=False)
        wall, cpu = (median_and_spread(column) for column in zip(*ratios))
        return f"{cpu[0]:.3f}+-{cpu[1]:.3f} {wall[0]:.3f}+-{wall[1]:.3f}"

    print_table(f"slowdown of the target: CPU time and wall time of the same work, medians of {pairs} pairs (1: none)", "asked",
                {f"{rate} Hz": rate for rate in ((1000,) if bench.quick else (1000, 10000))},
                {one.name: lambda rate, one=one: cell(one, rate) for one in bench.watchers}, 28)


def mapped_interpreter(pid):
    """The file with the interpreter in it that a process has mapped: the largest one with "python" in its name."""
    with open(f"/proc/{pid}/maps") as file:
        paths = {line.split(maxsplit=5)[5].strip() for line in file if "python" in line and " r-xp " in line}
    # In a container they are named as the program sees them, in a mere chroot as we see them.
    files = [pathlib.Path(path) for name in paths for path in (name, f"/proc/{pid}/root{name}") if os.path.exists(path)]
    return max(files, key=lambda file: file.stat().st_size)


def drop_from_cache(file):
    """Let go of a file's pages, besides those that a program has mapped."""
    fd = os.open(file, os.O_RDONLY)
    os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
    os.close(fd)


def first_stack(bench):
    """From the start of a sampler to the first stack that it has printed. None of them keeps what it knows of a file from one
    run to the next, so symbols are looked up in the file each time."""
    watched = [one for one in bench.watchers if hasattr(one.sampler, "dump_command")]
    watched.insert(0, Watcher("pyneck", samplers.Pyneck(bench.pyneck), watched[0].interpreter))
    big = {}
    for interpreter in bench.interpreters:
        with contextlib.suppress(*FAILURES), Target(interpreter, STANDING, 1, 0, 1) as target:
            if mapped_interpreter(target.pid).stat().st_size >= BIG_FILE_BYTES:
                big[interpreter.minor] = interpreter

    def choose(watcher):
        readable = [minor for minor in big if minor <= watcher.interpreter.minor and watcher.sampler.watches(minor)]
        return big[max(readable)] if readable else watcher.interpreter

    def cell(watcher, is_cold):
        times = []
        with Target(choose(watcher), STANDING, 1, 1, 10) as target:
            file = mapped_interpreter(target.pid)
            for _ in range(6):
                if is_cold:
                    drop_from_cache(file)
                begin = time.monotonic()
                run_words(watcher.sampler.dump_command(target.pid), check=True)
                times.append(1000 * (time.monotonic() - begin))
            megabytes = file.stat().st_size / 1e6
        median, spread = median_and_spread(times[1:])
        return f"{median:.1f}+-{spread:.1f} ({megabytes:.0f} MB)"

    columns = {}
    for one in watched:
        command = f"{one.name} {one.sampler.dump_name}".strip()
        columns[command] = lambda is_cold, one=one: cell(one, is_cold)
    print_table("time from start to the first stack, nothing is kept from run to run (ms; size of the file with the symbols)",
                "the file is", {"in the page cache": False, "not in it": True}, columns, 26)


def profile(bench):
    """Where pyneck's own CPU goes. Its flame graph: see tests/bench/sampler --help."""
    if shutil.which("perf") is None:
        print("\n== where pyneck's own CPU goes: needs perf: skipped")
        return
    pyneck = bench.watchers[0]

    def top(rate):
        with tempfile.TemporaryDirectory() as directory:
            data = f"{directory}/data"
            with Target(pyneck.interpreter, STANDING, 1, 1, 10) as target, pyneck.sampler.start(target.pid, rate) as run:
                command = ["perf", "record", "-e", "cpu-clock", "-F", 5000, "-p", run.process.pid, "-o", data, "--", "sleep"]
                recorded = run_words([*command, 1 if bench.quick else 2])
            report = run_words(["perf", "report", "--stdio", "--no-children", "-i", data, "-F", "overhead,sym", "-t", "|"])
        lines = [line.split("|") for line in report.stdout.splitlines() if "%|" in line.replace(" ", "")]
        if not lines:
            raise RuntimeError(recorded.stderr or report.stderr or "perf saw nothing")
        return [f"{share.strip():>7} {symbol.strip():40.40}" for share, symbol, *_ in lines[:10]]

    try:
        columns = [top(1000), top(1000000)]
    except FAILURES as error:
        print("\n== where pyneck's own CPU goes: skipped: perf cannot tell")
        measure.complain("perf", error)
        return
    print("\n== where pyneck's own CPU goes, one busy thread 10 frames deep ([k]: in the kernel)")
    print(f"{'at 1 kHz':50}no sleep between samples")
    for pair in zip(*columns):
        print("  ".join(pair).rstrip(), flush=True)


class MemoryWatch:
    """pyneck beside everything else that is measured, on one process that hardly does anything, for its resident memory."""

    rate = 20

    def __init__(self, watcher):
        self.stack = contextlib.ExitStack()
        self.watcher = watcher

    def __enter__(self):
        with contextlib.ExitStack() as stack:
            self.target = stack.enter_context(Target(self.watcher.interpreter, MOSTLY_RESTING))
            self.run = stack.enter_context(self.watcher.sampler.start(self.target.pid, self.rate))
            time.sleep(1)
            self.begin, self.first, self.used = time.monotonic(), self.run.resident_bytes(), self.cpu_seconds()
            self.stack = stack.pop_all()
        return self

    def __exit__(self, *_):
        self.stack.close()

    def cpu_seconds(self):
        return measure.cpu_seconds(self.run.process.pid) + measure.cpu_seconds(self.target.pid)

    def report(self, seconds, resident):
        """seconds   that it shall have been watched at least
        resident  bytes of each sampler elsewhere, by name"""
        time.sleep(max(0, self.begin + seconds - time.monotonic()))
        elapsed, last = time.monotonic() - self.begin, self.run.resident_bytes()
        share = 100 * (self.cpu_seconds() - self.used) / elapsed
        print(f"\n== resident memory of pyneck at {self.rate} Hz on 20 threads, beside all the above "
              f"({share:.2f} % of a core with its target)")
        print(f"{self.first / 1e6:.1f} MB at first, {last / 1e6:.1f} MB after {elapsed / 60:.1f} minutes")
        if resident:
            print("at 100 Hz on 20 threads, after a few seconds: "
                  + ", ".join(f"{name} {size / 1e6:.1f} MB" for name, size in resident.items()), flush=True)

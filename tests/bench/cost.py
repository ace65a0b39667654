"""The benchmark of the sampler, its cost: what it needs of the machine, and what it takes from its target."""

import collections
import contextlib
import os
import pathlib
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass

import measure
import samplers
from targets import FAILURES, FIXED_WORK, MOSTLY_RESTING, STANDING, Target

BENCH = pathlib.Path(__file__).resolve().parent
BIG_FILE_BYTES = 20 << 20


class Floor:
    """The least that a sampler can cost: a loop that wakes up at a rate and does nothing."""

    name = "an empty loop"
    takes_samples = False
    counts_threads = False

    def __init__(self, program):
        self.program = program

    def start(self, pid, rate, **options):
        return samplers.Run([self.program, round(1e9 / rate), 1 << 60, *([pid] if self.takes_samples else [])], **options)

    def finish(self, run, with_stacks=True):
        if run.process.poll() is not None:
            raise RuntimeError("it could not read the program")
        return samplers.Seen(collections.Counter(), 0)


class FloorOfSamples(Floor):
    """The same with the system calls that a sample needs, and nothing else."""

    name = "and its calls"
    takes_samples = True

    def highest_rate(self, pid):
        done = subprocess.run([self.program, "0", "50000", str(pid)], capture_output=True, text=True, check=True, timeout=20)
        return float(done.stdout)


def build_floor(directory):
    path = f"{directory}/floor"
    if subprocess.run(["cc", "-O2", "-o", path, BENCH / "floor.c"], check=False).returncode != 0:
        sys.exit("the floor needs a C compiler (cc)")
    return path


@dataclass
class Watcher:
    """A sampler, and the Python that it is measured on: the newest of those that it can read."""

    name: str
    sampler: object
    interpreter: object


@dataclass
class Bench:
    """What the blocks have in common."""

    pyneck: pathlib.Path
    watchers: list  # pyneck first
    floors: list  # the same for the empty loops
    interpreters: list  # all that are here
    quick: bool
    spans: int
    seconds: float  # of a span; spans times seconds is a whole number of seconds
    resident: dict  # receives bytes by name, at 100 Hz on 20 threads


@dataclass
class Cost:
    """Medians over several spans, and half the distance between the quartiles."""

    median: float
    spread: float
    reached_hz: float = 0  # by what the sampler says; 0 when it does not say
    steady: float = 0  # the median of what works for each sample, without what works once a second

    def text(self, factor, decimals=1):
        return f"{self.median * factor:.{decimals}f}+-{self.spread * factor:.{decimals}f}"


def median_and_spread(values):
    quartiles = statistics.quantiles(values, n=4, method="inclusive")
    return statistics.median(values), (quartiles[2] - quartiles[0]) / 2


def measure_spans(runs, spans, seconds):
    """CPU of some processes in seconds a second, once they have settled. What works once a second comes in two spans of five
    only, so its mean over all of them is added to each."""
    time.sleep(samplers.SETTLE_SECONDS)
    steady, periodic, elapsed = [], [], []
    for _ in range(spans):
        before, begin = [run.cpu_seconds() for run in runs], time.monotonic()
        time.sleep(seconds)
        after = [run.cpu_seconds() for run in runs]
        elapsed.append(time.monotonic() - begin)
        steady.append(sum(now[0] - then[0] for now, then in zip(after, before)) / elapsed[-1])
        periodic.append(sum(now[1] - then[1] for now, then in zip(after, before)))
    each = sum(periodic) / sum(elapsed)
    return Cost(*median_and_spread([share + each for share in steady]), steady=statistics.median(steady))


def watch(bench, watcher, rate, threads, busy, depth, resident=None):
    """What a sampler costs in seconds of CPU a second, and what it saw."""
    with Target(watcher.interpreter, STANDING, threads, busy, depth) as target, watcher.sampler.start(target.pid, rate) as run:
        cost = measure_spans([run], bench.spans, bench.seconds)
        if resident is not None:
            resident[watcher.name] = run.resident_bytes()
        seen = watcher.sampler.finish(run, with_stacks=False)
    if watcher.sampler.counts_threads:
        seen.moments_a_second /= threads
    cost.reached_hz = seen.moments_a_second
    return cost, seen


def not_whole(seen):
    return 100 * (seen.lost + seen.partial + seen.invalid) / max(seen.samples + seen.lost, 1)


def print_table(title, head, rows, columns, width=20):
    """rows     {label: argument}
    columns  {name: a function of the argument that gives the cell's text}; one that fails is a dash, and a line says why"""
    print(f"\n== {title}")
    print(f"{head:18}" + "".join(f"{name:>{width}}" for name in columns), flush=True)
    for label, argument in rows.items():
        print(f"{label:18}", end="", flush=True)
        errors = []
        for name, function in columns.items():
            try:
                text = function(argument)
            except FAILURES as error:
                text = "-"
                errors.append((name, error))
            print(f"{text:>{width}}", end="", flush=True)
        print(flush=True)
        for name, error in errors:
            measure.complain(f"{label}, {name}", error)


# ---- the blocks


def by_rate(bench):
    """CPU of a wake by rate, beside the empty loops."""
    empty, own = {}, {}

    def cell(watcher, rate):
        cost, _ = watch(bench, watcher, rate, 1, 1, 10)
        reached = min(cost.reached_hz or rate, rate)
        if watcher is bench.floors[0]:
            empty[rate] = cost.median / rate
        if watcher is bench.watchers[0]:
            own[rate] = cost.steady / reached
        ratio = f"{cost.median / reached / empty[rate]:5.1f}x" if rate in empty else ""
        return cost.text(1e6 / reached) + ratio

    rates = {f"{rate} Hz": rate for rate in ((1000,) if bench.quick else (100, 1000, 10000))}
    columns = {one.name: lambda rate, one=one: cell(one, rate) for one in (*bench.floors, *bench.watchers)}
    print_table("CPU of one wake, one busy thread 10 frames deep (µs; times the empty loop)", "asked", rates, columns, 18)
    parts = [f"{1e6 * own[rate]:.1f} µs at {rate} Hz ({own[rate] / empty[rate]:.1f}x)" for rate in own if rate in empty]
    print("pyneck's sampler thread alone, without what it does once a second: " + ", ".join(parts), flush=True)


def no_sleep(bench):
    """What a sample itself costs: the samplers never wait, as they cannot keep up."""

    def cell(watcher, depth):
        cost, seen = watch(bench, watcher, 1000000, 1, 1, depth)
        rate = seen.moments_a_second
        return f"{1e6 * cost.median / rate:.1f}{rate:9.0f}{not_whole(seen):8.2f}%"

    print_table("no sleep between samples (1,000,000 Hz asked), one busy thread: µs of CPU a sample, samples/s, not whole",
                "frames", {str(depth): depth for depth in ((100,) if bench.quick else (10, 100, 500))},
                {one.name: lambda depth, one=one: cell(one, depth) for one in bench.watchers}, 28)
    try:
        with Target(bench.watchers[0].interpreter, STANDING, 1, 1, 10) as target:
            rate = statistics.median(bench.floors[1].sampler.highest_rate(target.pid) for _ in range(5))
        print(f"the system calls of a sample of 10 frames alone: {1e6 / rate:.1f} µs, {rate:.0f} a second", flush=True)
    except FAILURES as error:
        measure.complain("the calls alone", error)


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
        print(", ".join(f"{name} {count / wakes:.2f}" for name, count in names.most_common() if count >= 0.01 * wakes), flush=True)
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


def by_depth(bench):
    """CPU of a sample at 1 kHz by depth."""
    rate = 1000

    def cell(watcher, depth):
        cost, _ = watch(bench, watcher, rate, 1, 1, depth)
        return cost.text(1e6 / min(cost.reached_hz or rate, rate))

    print_table("CPU of one sample at 1 kHz, one busy thread (µs)", "frames",
                {str(depth): depth for depth in ((500,) if bench.quick else (10, 100, 500))},
                {one.name: lambda depth, one=one: cell(one, depth) for one in bench.watchers})


def by_threads(bench):
    """CPU at 100 Hz by threads, and how many of them are busy."""
    rate, shapes = 100, ((1, 1), (20, 2), (20, 20), (200, 2), (200, 200), (200, 0))

    def cell(watcher, shape):
        threads, busy = shape
        resident = bench.resident if shape == (20, 2) else None
        cost, _ = watch(bench, watcher, rate, threads, busy, 10, resident)
        behind = f" ({cost.reached_hz:.0f} Hz)" if 0 < cost.reached_hz < 0.9 * rate else ""
        return cost.text(100, 2) + behind

    chosen = ((20, 2),) if bench.quick else shapes
    print_table("CPU at 100 Hz by threads, 10 frames deep (% of a core; the rate reached where it is less)", "threads, busy",
                {f"{threads}, {busy}": (threads, busy) for threads, busy in chosen},
                {one.name: lambda shape, one=one: cell(one, shape) for one in bench.watchers}, 24)


def under_load(bench):
    """20 busy threads at 1 kHz."""

    def cell(watcher, threads):
        cost, seen = watch(bench, watcher, 1000, threads, threads, 10)
        late = str(seen.late) if watcher is bench.watchers[0] else "-"
        return f"{100 * cost.median:.1f}%{cost.reached_hz:6.0f}{not_whole(seen):7.2f}%{late:>5}"

    print_table("20 busy threads at 1 kHz: % of a core, samples a second of each thread, not whole, late", "threads", {"20": 20},
                {one.name: lambda threads, one=one: cell(one, threads) for one in bench.watchers}, 28)


def by_processes(bench):
    """CPU for many processes of one thread; a peer watches one process, so there is one of it for each."""
    rate = 100

    def start_all(watcher, pids, stack):
        if watcher is bench.watchers[0]:
            return [stack.enter_context(watcher.sampler.start_all(pids, rate))]
        runs = [stack.enter_context(watcher.sampler.start(pid, rate, waits=False)) for pid in pids]
        for run in runs:
            run.wait_until_begun()
        time.sleep(runs[0].settles * max(1, len(runs) / 8))  # they begin all at once
        return runs

    def cell(watcher, shape):
        count, busy = shape
        with contextlib.ExitStack() as stack:
            targets = []
            for number in range(count):
                targets.append(Target(watcher.interpreter, STANDING, 1, int(number < busy), 10))
                stack.push(targets[-1])
            for target in targets:
                target.read_line()
            runs = start_all(watcher, [target.pid for target in targets], stack)
            return measure_spans(runs, bench.spans, bench.seconds).text(100, 2)

    shapes = ((10, 1),) if bench.quick else ((1, 1), (10, 1), (50, 1), (50, 0))
    print_table("CPU for many processes at 100 Hz, one thread each (% of a core; a peer runs once for each process)",
                "processes, busy", {f"{count}, {busy}": (count, busy) for count, busy in shapes},
                {one.name: lambda shape, one=one: cell(one, shape) for one in bench.watchers})


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
                subprocess.run([str(word) for word in watcher.sampler.dump_command(target.pid)],
                               capture_output=True, check=True, timeout=20)
                times.append(1000 * (time.monotonic() - begin))
            megabytes = file.stat().st_size / 1e6
        median, spread = median_and_spread(times[1:])
        return f"{median:.1f}+-{spread:.1f} ({megabytes:.0f} MB)"

    columns = {}
    for one in watched:
        command = f"{one.name} {one.sampler.dump_name}".strip()
        columns[command] = lambda is_cold, one=one: cell(one, is_cold)
    print_table("time from start to the first stack, nothing is kept from run to run (ms; size of the file with the symbols)", "the file is",
                {"in the page cache": False, "not in it": True}, columns, 26)


def profile(bench):
    """Where pyneck's own CPU goes. Its flame graph: see tests/bench/sampler --help."""
    if shutil.which("perf") is None:
        print("\n== where pyneck's own CPU goes: needs perf: skipped")
        return
    pyneck = bench.watchers[0]

    def top(rate):
        seconds = 1 if bench.quick else 2
        with tempfile.TemporaryDirectory() as directory:
            with Target(pyneck.interpreter, STANDING, 1, 1, 10) as target, pyneck.sampler.start(target.pid, rate) as run:
                command = ["perf", "record", "-e", "cpu-clock", "-F", 5000, "-p", run.process.pid, "-o", f"{directory}/data"]
                recorded = subprocess.run([*map(str, command), "--", "sleep", str(seconds)], capture_output=True, text=True, timeout=20)
            command = ["perf", "report", "--stdio", "--no-children", "-i", f"{directory}/data", "-F", "overhead,sym", "-t", "|"]
            report = subprocess.run(command, capture_output=True, text=True, timeout=60)
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


BLOCKS = {
    "rate": by_rate,
    "sample": no_sleep,
    "calls": calls,
    "depth": by_depth,
    "threads": by_threads,
    "load": under_load,
    "processes": by_processes,
    "slowdown": slowdown,
    "first-stack": first_stack,
    "profile": profile,
}
QUICK_BLOCKS = tuple(name for name in BLOCKS if name not in ("depth", "load"))


def newest_of(peer, able):
    """The newest Python that a peer can read, or None."""
    return max((one for one, peers in able.items() if peer in peers), key=lambda one: one.minor, default=None)


def watchers_of(able, pyneck):
    newest = max(able, key=lambda one: one.minor)
    watchers = [Watcher("pyneck", samplers.PyneckSnapshot(pyneck), newest)]
    for peer in dict.fromkeys(peer for peers in able.values() for peer in peers):
        interpreter = newest_of(peer, able)
        name = peer.name if interpreter is newest else f"{peer.name} on {interpreter.version}"
        watchers.append(Watcher(name, peer, interpreter))
    return watchers


def cost(able, pyneck, interpreters, chosen, quick, timed, resident):
    """able          {Python: the peers that can read it}
    interpreters  all that are here
    chosen        names of blocks
    timed         a block that tells how long it took
    resident      receives bytes of resident memory by name"""
    watchers = watchers_of(able, pyneck)
    spans, seconds = 5, 0.2 if quick else 0.4
    print(f"\n(costs: Python {watchers[0].interpreter.version}, medians of {spans} spans of {seconds} s, half the distance between "
          f"the quartiles)", flush=True)
    with tempfile.TemporaryDirectory() as directory:
        program = build_floor(directory)
        floors = [Watcher(kind.name, kind(program), watchers[0].interpreter) for kind in (Floor, FloorOfSamples)]
        bench = Bench(pyneck, watchers, floors, interpreters, quick, spans, seconds, resident)
        for name in chosen:
            with timed():
                BLOCKS[name](bench)

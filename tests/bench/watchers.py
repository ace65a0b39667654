"""Samplers at work, for the benchmark of what they cost: how their CPU is measured, and how it is shown."""

import collections
import pathlib
import statistics
import subprocess
import time
from dataclasses import dataclass

import measure
import samplers
from targets import FAILURES, STANDING, Target

BENCH = pathlib.Path(__file__).resolve().parent


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


def floors_of(interpreter, directory):
    """The empty loops, built in a directory; none without a C compiler."""
    path = f"{directory}/floor"
    try:
        subprocess.run(["cc", "-O2", "-o", path, BENCH / "floor.c"], check=True)
    except FAILURES as error:
        measure.complain("the empty loop needs a C compiler (cc)", error)
        return []
    return [Watcher(kind.name, kind(path), interpreter) for kind in (Floor, FloorOfSamples)]


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

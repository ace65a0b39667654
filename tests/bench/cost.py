"""The benchmark of the sampler, its cost: the CPU that it needs, by rate, depth, threads and processes."""

import contextlib
import statistics
import tempfile
import time

import effects
import measure
from targets import FAILURES, STANDING, Target
from watchers import Bench, Floor, floors_of, measure_spans, not_whole, print_table, watch, watchers_of


def by_rate(bench):
    """CPU of a wake by rate, beside the empty loops."""
    empty, own = {}, {}

    def cell(watcher, rate):
        cost, _ = watch(bench, watcher, rate, 1, 1, 10)
        reached = min(cost.reached_hz or rate, rate)
        if watcher.sampler.name == Floor.name:
            empty[rate] = cost.median / rate
        if watcher is bench.watchers[0]:
            own[rate] = cost.steady / reached
        ratio = f"{cost.median / reached / empty[rate]:5.1f}x" if rate in empty else ""
        return cost.text(1e6 / reached) + ratio

    rates = {f"{rate} Hz": rate for rate in ((1000,) if bench.quick else (100, 1000, 10000))}
    columns = {one.name: lambda rate, one=one: cell(one, rate) for one in (*bench.floors, *bench.watchers)}
    print_table("CPU of one wake, one busy thread 10 frames deep (µs; times the empty loop)", "asked", rates, columns, 18)
    parts = [f"{1e6 * own[rate]:.1f} µs at {rate} Hz ({own[rate] / empty[rate]:.1f}x)" for rate in own if rate in empty]
    if parts:
        print("pyneck's sampler thread alone, without the tick once a second: " + ", ".join(parts), flush=True)


def no_sleep(bench):
    """What a sample itself costs: the samplers never wait, as they cannot keep up."""

    def cell(watcher, depth):
        cost, seen = watch(bench, watcher, 1000000, 1, 1, depth)
        rate = seen.moments_a_second
        return f"{1e6 * cost.median / rate:.1f}{rate:9.0f}{not_whole(seen):8.2f}%"

    print_table("no sleep between samples (1,000,000 Hz asked), one busy thread: µs of CPU a sample, samples/s, not whole",
                "frames", {str(depth): depth for depth in ((100,) if bench.quick else (10, 100, 500))},
                {one.name: lambda depth, one=one: cell(one, depth) for one in bench.watchers}, 28)
    if not bench.floors:
        return
    try:
        with Target(bench.watchers[0].interpreter, STANDING, 1, 1, 10) as target:
            rate = statistics.median(bench.floors[1].sampler.highest_rate(target.pid) for _ in range(5))
        print(f"the system calls of a sample of 10 frames alone: {1e6 / rate:.1f} µs, {rate:.0f} a second", flush=True)
    except FAILURES as error:
        measure.complain("the calls alone", error)


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


BLOCKS = {
    "rate": by_rate,
    "sample": no_sleep,
    "calls": effects.calls,
    "depth": by_depth,
    "threads": by_threads,
    "load": under_load,
    "processes": by_processes,
    "slowdown": effects.slowdown,
    "first-stack": effects.first_stack,
    "profile": effects.profile,
}
QUICK_BLOCKS = tuple(name for name in BLOCKS if name not in ("depth", "load"))


def cost(able, pyneck, interpreters, chosen, quick, timed, resident):
    """able          {Python: the peers that can read it}
    interpreters  all that are here
    chosen        names of blocks
    timed         a block that tells how long it took
    resident      receives bytes of resident memory by name"""
    watchers = watchers_of(able, pyneck)
    spans, seconds = 5, 0.2 if quick else 0.4
    print(f"\n(costs: Python {watchers[0].interpreter.version}, medians of {spans} spans of {seconds} s +- half the distance "
          "between the quartiles)", flush=True)
    with tempfile.TemporaryDirectory() as directory:
        floors = floors_of(watchers[0].interpreter, directory)
        bench = Bench(pyneck, watchers, floors, interpreters, quick, spans, seconds, resident)
        for name in chosen:
            with timed():
                BLOCKS[name](bench)

"""The benchmark of the sampler, its truth: how far what a sampler shows is from what a program knows of itself."""

import collections
import contextlib
import json
import math
import time
from dataclasses import dataclass

import measure
import programs
import samplers
from targets import FAILURES, PROGRAMS, Target

REFERENCE_RATE = 2000
REFERENCE_SECONDS = 2
ENDLESS_SECONDS = 1000
# Programs that print no truth are compared with a reference that stops them, by the functions' own shares.
REFERENCE_FUNCTIONS = {
    "nested": ("nested_loop", "nested_outer", "nested_middle", "nested_inner"),
    "chains": ("chains_loop", *(f"{side}_{number}" for side in ("left", "right") for number in (1, 2, 3, 4))),
    "lazy": ("consume", "squares", "numbers", "step"),
    "coroutines": ("serve", "client", "session", "request"),
}


def first_of(names, wanted):
    return next((name for name in names if name in wanted), None)


def count(stacks, wanted, choose):
    """What `wanted` functions have of the stacks' numbers; choose(names) is the function that has one."""
    counts = collections.Counter()
    for names, number in stacks.items():
        counts[choose(names)] += number
    return {name: counts[name] for name in wanted}


def shares(counts):
    total = sum(counts.values())
    return {name: 100 * number / total if total else 0 for name, number in counts.items()}


@dataclass
class Distance:
    """Of the share that is furthest from the truth, in percentage points."""

    points: float
    noise: float  # twice the standard error, were the samples independent of each other


def furthest(seen, seen_samples, truth, truth_samples=math.inf):
    """truth_samples  of the reference, when the truth is only another sample"""

    def distance(name):
        error = math.sqrt((1 / max(seen_samples, 1) + 1 / max(truth_samples, 1)) * truth[name] * (100 - truth[name]))
        return Distance(abs(seen[name] - truth[name]), 2 * error)

    return max(map(distance, truth), key=lambda distance: distance.points)


def watch_work(sampler, interpreter, name, seconds, rate):
    """A program's work from begin to end under a sampler: (what it saw, what the program knows)."""
    with Target(interpreter, PROGRAMS, name, seconds) as target, sampler.start(target.pid, rate) as run:
        target.go()
        known = json.loads(target.read_line())
        return sampler.finish(run), known


def watch_for(sampler, pid, seconds, rate):
    """What a sampler sees for a while of a program that works on."""
    with sampler.start(pid, rate) as run:
        time.sleep(seconds)
        return sampler.finish(run)


def judge(seen, known):
    """How far the worst share is from what the program knows; of CPU time where the sampler knows it."""
    seconds = known["wall_seconds" if seen.cpu is None else "cpu_seconds"]

    def among(stacks):
        return count(stacks, seconds, lambda names: first_of(names, seconds))

    return furthest(shares(among(seen.cpu or seen.stacks)), sum(among(seen.stacks).values()), shares(seconds))


def compare(seen, reference, functions):
    """How far the worst share of the functions' own time is from a reference."""

    def own(stacks):
        return count(stacks, functions, lambda names: names[-1] if names else None)

    expected, found = own(reference.stacks), own(seen.stacks)
    return furthest(shares(found), sum(found.values()), shares(expected), sum(expected.values()))


def count_impossible(stacks):
    return sum(number for names, number in stacks.items() if programs.is_impossible(names))


def print_row(version, sampler, seen, distance):
    in_a_million = 1e6 * count_impossible(seen.stacks) / seen.samples if seen.samples else math.nan
    quality = f"{seen.lost:8}" + (f"{seen.partial:9}{seen.invalid:9}{seen.late:7}" if "pyneck" in sampler.name else "")
    off = f"{distance.points:11.1f} +-{distance.noise:4.1f}" if distance else f"{'-':>18}"
    print(f"{version:9}{sampler.name:16}{seen.samples:10}{off}{in_a_million:16.0f}{quality}", flush=True)


def title_of(name):
    return f"({'abcdefghij'[list(programs.PROGRAMS).index(name)]}) {name}"


@contextlib.contextmanager
def against_own_truth(name, interpreter, pyneck, seconds, rate):
    """Gives a function: of a sampler, what it saw and how far it was off; in a program of its own."""

    def measure_one(sampler):
        seen, known = watch_work(sampler, interpreter, name, seconds, rate)
        return seen, judge(seen, known)

    yield measure_one


@contextlib.contextmanager
def against_reference(name, interpreter, pyneck, seconds, rate):
    """The same, all in one program: how fast a function is differs from one start of a program to the next."""
    with Target(interpreter, PROGRAMS, name, ENDLESS_SECONDS) as target:
        target.go()
        paused = samplers.PyneckReference(pyneck)
        reference = watch_for(paused, target.pid, REFERENCE_SECONDS, REFERENCE_RATE)
        print_row(interpreter.version, paused, reference, None)

        def measure_one(sampler):
            seen = watch_for(sampler, target.pid, seconds, rate)
            return seen, compare(seen, reference, REFERENCE_FUNCTIONS[name])

        yield measure_one


def truth_of(name, able, pyneck, seconds, rate, found):
    """found  receives the distance by (program, name of the sampler, Python's version)"""
    print(f"\n== {title_of(name)}: {rate} samples a second")
    print(f"{'Python':9}{'':16}{'samples':>10}{'worst off':>11} +-noise{'impossible/1e6':>16}{'lost':>8}", end="")
    print(f"{'partial':>9}{'invalid':>9}{'late':>7}", flush=True)
    way = against_reference if name in REFERENCE_FUNCTIONS else against_own_truth
    for interpreter, peers in able.items():
        version = interpreter.version
        try:
            with way(name, interpreter, pyneck, seconds, rate) as measure_one:
                for sampler in [samplers.Pyneck(pyneck), *peers]:
                    try:
                        seen, distance = measure_one(sampler)
                    except FAILURES as error:
                        measure.complain(f"{version} {sampler.name}", error)
                        continue
                    print_row(version, sampler, seen, distance)
                    found[name, sampler.name, version] = distance
        except FAILURES as error:
            measure.complain(f"{version} {name}", error)


def impossible_stacks(interpreters, pyneck, samples):
    """Program (d) as fast as samples can be taken, and with sleeps between them: what is read first is cold then, and a copy
    takes longer."""
    print("\n== (d) chains: stacks that never existed, with no sleep between samples and at 10 kHz")
    print(f"{'Python':9}{'samples':>10}{'a second':>10}{'impossible':>12}{'partial':>9}{'invalid':>9}", flush=True)
    for interpreter in interpreters:
        for rate, wanted in ((1000000, samples), (10000, samples // 20)):
            try:
                with Target(interpreter, PROGRAMS, "chains", ENDLESS_SECONDS) as target:
                    target.go()
                    with samplers.folded.FoldedStacks(pyneck, rate, target.pid, wanted) as tool:
                        stacks = tool.finish(timeout=100)
            except FAILURES as error:
                measure.complain(interpreter.version, error)
                continue
            wrong = [row for row in stacks.rows if programs.is_impossible(row.names)]
            print(f"{interpreter.version:9}{stacks.samples:10}{stacks.samples / stacks.seconds:10.0f}", end="")
            print(f"{sum(row.samples for row in wrong):12}{stacks.partial:9}{stacks.invalid:9}", flush=True)
            for row in wrong[:1]:
                print(f"{'':9}such as {' '.join(row.names)}", flush=True)


def print_summary(found, versions):
    """Of pyneck each version, of a peer the one where it is furthest off."""
    names = list(dict.fromkeys(name for name, _, _ in found))
    peers = list(dict.fromkeys(sampler for _, sampler, _ in found if sampler != "pyneck"))
    print("\n== in short: the worst share's distance from the truth, in points; a peer's on its worst Python")
    print(f"{'':18}" + "".join(f"{version:>7}" for version in versions) + "".join(f"{peer:>10}" for peer in peers))
    for name in names:
        cells = [f"{found[name, 'pyneck', version].points:7.1f}" if (name, "pyneck", version) in found else f"{'-':>7}"
                 for version in versions]
        for peer in peers:
            points = [found[key].points for key in found if key[:2] == (name, peer)]
            cells.append(f"{max(points):10.1f}" if points else f"{'-':>10}")
        print(f"{title_of(name):18}" + "".join(cells), flush=True)


def truth(able, pyneck, chosen, seconds, rate, samples, timed):
    """able    {Python: the peers that can read it}
    chosen  names of programs
    timed   a block that tells how long it took"""
    found = {}
    for name in chosen:
        with timed():
            truth_of(name, able, pyneck, seconds, rate, found)
    if found:
        print_summary(found, [interpreter.version for interpreter in able])
    if "chains" in chosen:
        with timed():
            impossible_stacks(able, pyneck, samples)

"""Functions with known, different shares of the CPU, and cProfile's word on them.

Prints "ready". At each line "work" it works under cProfile until the next line; then it prints what it knows of
all it did so far:

  {cpu_seconds, functions: {"LINE of the def": {name, own_percent, total_percent}}}

cProfile lists a function that is written in C on its own; its time is added here to the callers, which is
where it is spent. cProfile counts CPU time, as the machine may have more to do than this.
"""

import cProfile
import json
import pstats
import select
import sys
import time

CALL_SECONDS = 0.012


def loop(iterations):
    total = 0
    for number in range(iterations):
        total += number * number
    return total


def large(unit):
    total = 0
    for number in range(6 * unit):
        total += number * number
    return total


def middle(unit):
    total = 0
    for number in range(3 * unit):
        total += number * number
    return total


def small(unit):
    total = 0
    for number in range(unit):
        total += number * number
    return total


class Outer:
    def run(self, unit):
        total = 0
        for number in range(2 * unit):
            total += number * number
        return total + self.inner(unit)

    def inner(self, unit):
        return loop(unit)


def generator(unit):
    for _ in range(2):
        total = 0
        for number in range(unit):
            total += number * number
        yield total


def comprehension(unit):
    return [number * number for number in range(unit)]


def native(numbers):
    return sorted(numbers), sorted(numbers, reverse=True), sum(numbers)


def recursion(depth, unit):
    if depth == 0:
        return loop(unit)
    return recursion(depth - 1, unit)


def work_once(unit, numbers):
    large(unit)
    middle(unit)
    small(unit)
    Outer().run(unit)
    for _ in generator(unit):
        pass
    comprehension(unit)
    native(numbers)
    recursion(30, unit)


def find_unit():
    """How many iterations take CALL_SECONDS."""
    iterations = 1000
    while True:
        begin = time.thread_time()
        loop(iterations)
        seconds = time.thread_time() - begin
        if seconds > CALL_SECONDS / 2:
            return int(iterations * CALL_SECONDS / seconds)
        iterations *= 2


def shares(profile):
    own, total, names = {}, {}, {}
    for (file, line, name), (_, _, own_seconds, total_seconds, callers) in pstats.Stats(profile).stats.items():
        if file == __file__:
            names[line] = name
            own[line] = own.get(line, 0) + own_seconds
            total[line] = total_seconds
            continue
        for (caller_file, caller_line, _), (_, _, seconds, _) in callers.items():
            if caller_file == __file__:
                own[caller_line] = own.get(caller_line, 0) + seconds
    everything = sum(own.values())
    return {
        line: {
            "name": names[line],
            "own_percent": 100 * own[line] / everything,
            "total_percent": 100 * total[line] / everything,
        }
        for line in own
    }


def main():
    unit = find_unit()
    numbers = [number * 7919 % 100_003 for number in range(unit // 3)]
    profile = cProfile.Profile(time.thread_time)
    seconds = 0
    print("ready", flush=True)
    while sys.stdin.readline():
        seconds -= time.process_time()
        while not select.select([sys.stdin], [], [], 0)[0]:
            profile.enable()
            work_once(unit, numbers)
            profile.disable()
        seconds += time.process_time()
        sys.stdin.readline()
        print(json.dumps({"cpu_seconds": seconds, "functions": shares(profile)}), flush=True)


main()

"""What an export adds up to, by its format: as numbers of samples, bytes, or nanoseconds."""

import json
import marshal
import re

from profile_proto import Profile

WEIGHTS = ["cpu", "wall", "samples", "memory"]


def total_of_collapsed(text):
    return sum(int(line.rsplit(" ", 1)[1]) for line in text.splitlines())


def total_of_speedscope(text):
    profiles = json.loads(text)["profiles"]
    assert all(sum(profile["weights"]) == profile["endValue"] for profile in profiles)
    return sum(sum(profile["weights"]) for profile in profiles)


def total_of_callgrind(text):
    """What the lines of functions cost themselves; a line below `calls=` is what a callee cost."""
    own = re.sub(r"^calls=.*\n.*\n", "", text, flags=re.MULTILINE)
    total = sum(int(cost) for cost in re.findall(r"^\d+ (\d+)$", own, flags=re.MULTILINE))
    assert int(re.search(r"^summary: (\d+)$", text, flags=re.MULTILINE)[1]) == total
    return total


def total_of_flamegraph(text):
    profile = re.search(r'<script type="application/json" id="profile">\n(.*)\n</script>', text)[1]
    return sum(weight for _, _, _, weight in json.loads(profile)["nodes"])


def total_of_gecko(text):
    """Times are in milliseconds with all their nanoseconds."""
    total = 0
    for thread in json.loads(text)["threads"]:
        scale = 10**6 if thread["samples"]["weightType"] == "tracing-ms" else 1
        total += sum(round(weight * scale) for weight in thread["samples"]["weight"])
    return total


def total_of_pstats(data, weight):
    """Times are in seconds, each function's rounded to what a double holds."""
    scale = 10**9 if weight in ("cpu", "wall") else 1
    return sum(round(own * scale) for _, _, own, _, _ in marshal.loads(data).values())


def total_of_pprof(data, weight):
    profile = Profile(data)
    assert profile.types == WEIGHTS and profile.default_type == weight
    return profile.total(weight)


TEXTS = {
    "callgrind": total_of_callgrind,
    "collapsed": total_of_collapsed,
    "flamegraph": total_of_flamegraph,
    "gecko": total_of_gecko,
    "speedscope": total_of_speedscope,
}
BINARIES = {
    "pprof": total_of_pprof,
    "pstats": total_of_pstats,
}
FORMATS = [*TEXTS, *BINARIES]


def total_of(name, data, weight):
    """The total of an export as bytes."""
    return TEXTS[name](data.decode()) if name in TEXTS else BINARIES[name](data, weight)


def times_of_trace(text):
    """(wall time, CPU time) of a trace, in nanoseconds: how long outermost frames last, and the threads' CPU clocks"""
    depths, begins, cpu_us, wall_us = {}, {}, {}, 0
    for event in json.loads(text)["traceEvents"]:
        thread = event["pid"], event.get("tid")
        if event["ph"] == "B":
            depths[thread] = depths.get(thread, 0) + 1
            if depths[thread] == 1:
                begins[thread] = event["ts"]
        elif event["ph"] == "E":
            depths[thread] -= 1
            cpu_us[thread] = event["tts"]
            if depths[thread] == 0:
                wall_us += event["ts"] - begins[thread]
    return round(wall_us * 1000), round(sum(cpu_us.values()) * 1000)

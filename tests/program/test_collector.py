"""What an interpreter's garbage collector has counted, against what the interpreter says of itself."""

import json

PROGRAM = """
import gc, json, sys

class Knot:
    def __init__(self):
        self.knot = self

keep = []
for number in range(20000):
    Knot()
    keep.append([number])
for generation in (0, 0, 0, 1, 1, 2):
    gc.collect(generation)
gc.disable()
stats = gc.get_stats()
seconds = [one["duration"] for one in stats] if "duration" in stats[0] else None
answer = json.dumps({
    "collections": [one["collections"] for one in stats],
    "collecting_seconds": sum(seconds) if seconds else None,
    "tracked_objects": len(gc.get_objects()),
})
print("ready", answer, flush=True)
sys.stdin.readline()
"""


def test_the_collector_counts_what_the_interpreter_counts(interpreter, start_program, watch_until):
    program = start_program(interpreter, PROGRAM)
    told = json.loads(program.ready.partition(" ")[2])
    process = watch_until(lambda rows: rows[program.pid]["threads"] is not None, program.pid, "--budget", 0)[program.pid]
    collector = process["python"]["collector"]
    if interpreter.minor < 7:
        assert collector is None
        return
    assert collector["collections"] == told["collections"]
    if interpreter.minor < 15:
        assert collector["collecting_seconds"] is None
    elif told["collecting_seconds"] is not None:
        assert abs(collector["collecting_seconds"] - told["collecting_seconds"]) < 1e-5
    else:
        assert collector["collecting_seconds"] > 0
    if interpreter.minor < 14 or interpreter.free_threaded:
        assert collector["tracked_objects"] is None
    else:  # of some, and not of the list that was made to count them
        assert abs(collector["tracked_objects"] - told["tracked_objects"]) < 100

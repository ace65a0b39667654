"""The rules of the Trace Event Format (the Catapult project's document) for the events that pyneck writes."""

NUMBERS = int, float

REQUIRED = {  # by phase: the members, and of what type
    "B": {"name": str, "cat": str, "pid": int, "tid": int, "ts": NUMBERS, "tts": NUMBERS},
    "E": {"pid": int, "tid": int, "ts": NUMBERS, "tts": NUMBERS},
    "C": {"name": str, "pid": int, "ts": NUMBERS, "args": dict},
    "M": {"name": str, "pid": int, "tid": int, "args": dict},
}


def check_members(event):
    required = REQUIRED[event["ph"]]
    assert event.keys() - {"ph", "args"} == required.keys() - {"args"}, event
    for name, kind in required.items():
        assert isinstance(event[name], kind) and not isinstance(event[name], bool), event


class ThreadRules:
    """What begins ends, in the order of a stack; neither clock runs backwards."""

    def __init__(self):
        self.open = []
        self.time = self.cpu_time = 0

    def take(self, event):
        assert event["ts"] >= self.time and event["tts"] >= self.cpu_time, event
        self.time, self.cpu_time = event["ts"], event["tts"]
        if event["ph"] == "B":
            assert event["name"]
            self.open.append(event["name"])
        else:
            assert self.open, "an end without a begin"
            self.open.pop()


def check_trace(trace):
    """Fails where a rule is broken; returns the events."""
    events = trace["traceEvents"]
    threads, named, counters = {}, {}, {}
    for event in events:
        check_members(event)
        thread = event["pid"], event.get("tid")
        if event["ph"] in "BE":
            threads.setdefault(thread, ThreadRules()).take(event)
        elif event["ph"] == "C":
            assert event["args"] and all(isinstance(value, NUMBERS) for value in event["args"].values()), event
            key = event["pid"], event["name"]
            assert event["ts"] >= counters.get(key, 0)
            counters[key] = event["ts"]
        else:
            assert event["name"] in ("process_name", "thread_name")
            assert isinstance(event["args"]["name"], str)
            named.setdefault(thread, set()).add(event["name"])
    assert not any(rules.open for rules in threads.values()), "a begin without an end"
    assert all(named.get(thread) == {"process_name", "thread_name"} for thread in threads)
    return events

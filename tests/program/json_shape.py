"""The names and types of man/pyneck-json.5, and a check of documents against them.

A shape is a type, a tuple of shapes that are allowed, a list [shape of the elements], or a dictionary with a
shape for each member (or, for None, one for members of any name). None stands for null.
"""

COUNT = (int, None)
NUMBER = (float, None)
TEXT = (str, None)

STATES = "running runnable gil lock sleep disk network pipe poll child gc native other".split()

FRAME = {"function": str, "file": str, "line": COUNT}
RANKED = {
    **FRAME,
    "own_cpu_seconds": float,
    "total_cpu_seconds": float,
    "own_wall_seconds": float,
    "total_wall_seconds": float,
    "own_percent": NUMBER,
    "total_percent": NUMBER,
    "memory_growth_bytes": COUNT,
    "total_memory_growth_bytes": COUNT,
    "samples": int,
}
COLLECTOR = {"collections": [int], "collecting_seconds": NUMBER, "tracked_objects": COUNT}
PYTHON = {"implementation": str, "version": TEXT, "free_threaded": bool, "collector": (COLLECTOR, None)}
THREAD = {
    "tid": int,
    "name": TEXT,
    "state": str,
    "cpu_percent": NUMBER,
    "holds_gil": (bool, None),
    "gil_percent": NUMBER,
    "waiting": (
        {"kind": str, "fd": COUNT, "lock_address": TEXT, "description": TEXT, "seconds": NUMBER},
        None,
    ),
    "stack": ([FRAME], None),
}
WAIT = {
    "function": TEXT,
    "file": TEXT,
    "line": COUNT,
    "kind": str,
    "fd": COUNT,
    "lock_address": TEXT,
    "description": TEXT,
    "seconds": float,
    "samples": int,
}
SOCKET = {
    "protocol": TEXT,
    "state": TEXT,
    "local": TEXT,
    "remote": TEXT,
    "receive_queue_bytes": COUNT,
    "send_queue_bytes": COUNT,
}
OPEN_FILE = {
    "fd": int,
    "kind": str,
    "access": TEXT,
    "path": TEXT,
    "peer": TEXT,
    "position_bytes": COUNT,
    "size_bytes": COUNT,
    "bytes_per_second": NUMBER,
    "deleted": bool,
    "socket": (SOCKET, None),
}
GROWTH_BY_KIND = {None: float}  # of any kind
MEMORY = {
    "anonymous_bytes": COUNT,
    "file_bytes": COUNT,
    "shared_memory_bytes": COUNT,
    "swap_bytes": COUNT,
    "growth_bytes_per_second": NUMBER,
    "minor_faults_per_second": NUMBER,
    "major_faults_per_second": NUMBER,
    "functions": ([{**FRAME, "own_growth_bytes": int, "total_growth_bytes": int}], None),
}
CAUSE = {"kind": str, "percent": float, "summary": str}
PROCESS = {
    "pid": int,
    "parent_pid": int,
    "user": TEXT,
    "command": TEXT,
    "state": TEXT,
    "start_time": TEXT,
    "cpu_percent": NUMBER,
    "runnable_percent": NUMBER,
    "throttled_percent": NUMBER,
    "resident_bytes": COUNT,
    "virtual_bytes": COUNT,
    "memory_percent": NUMBER,
    "read_bytes_per_second": NUMBER,
    "write_bytes_per_second": NUMBER,
    "thread_count": COUNT,
    "open_file_count": COUNT,
    "open_file_limit": COUNT,
    "open_file_growth_per_second": NUMBER,
    "open_file_growth_by_kind": (GROWTH_BY_KIND, None),
    "error": TEXT,
    "phase": TEXT,
    "memory": MEMORY,
    "python": (PYTHON, None),
    "sampling": (
        {"rate_hz": float, "samples": int, "partial": int, "invalid": int, "late": int, "cpu_percent": NUMBER},
        None,
    ),
    "verdict": ({**CAUSE, "second": (CAUSE, None)}, None),
    "states": ({state: NUMBER for state in STATES}, None),
    "waits": ([WAIT], None),
    "functions": ([RANKED], None),
    "lines": ([RANKED], None),
    "threads": ([THREAD], None),
    "open_files": ([OPEN_FILE], None),
}
CPU = {
    "id": int,
    "user_percent": NUMBER,
    "system_percent": NUMBER,
    "nice_percent": NUMBER,
    "iowait_percent": NUMBER,
    "irq_percent": NUMBER,
    "steal_percent": NUMBER,
    "idle_percent": NUMBER,
}
SYSTEM = {
    "hostname": TEXT,
    "uptime_seconds": NUMBER,
    "load_average": [NUMBER],
    "cpus": [CPU],
    "memory": {
        "total_bytes": COUNT,
        "used_bytes": COUNT,
        "available_bytes": COUNT,
        "buffers_bytes": COUNT,
        "cached_bytes": COUNT,
        "swap_total_bytes": COUNT,
        "swap_used_bytes": COUNT,
    },
    "pressure": ({"cpu_percent": NUMBER, "memory_percent": NUMBER, "io_percent": NUMBER}, None),
    "disks": [
        {"name": str, "read_bytes_per_second": NUMBER, "write_bytes_per_second": NUMBER, "busy_percent": NUMBER}
    ],
    "networks": [{"name": str, "receive_bytes_per_second": NUMBER, "transmit_bytes_per_second": NUMBER}],
}
SNAPSHOT = {
    "schema": str,
    "time": str,
    "interval_seconds": float,
    "mode": str,
    "system": SYSTEM,
    "processes": [PROCESS],
}
DUMP = {
    "schema": str,
    "time": str,
    "processes": [{"pid": int, "command": TEXT, "error": TEXT, "phase": TEXT, "python": (PYTHON, None), "threads": ([THREAD], None)}],
}

VERDICTS = (
    "python-cpu native-cpu gil cpu-starved disk network pipe lock sleep gc memory-growth fd-leak swap idle mixed".split()
)
KINDS = "file directory pipe socket tty eventfd epoll timerfd signalfd inotify memfd device other".split()


def problems(value, shape, where="document"):
    """What is wrong with a value, as a list of sentences."""
    if isinstance(shape, tuple):
        if value is None:
            return [] if None in shape else [f"{where} is null"]
        return problems(value, shape[0], where)
    if isinstance(shape, list):
        if not isinstance(value, list):
            return [f"{where} is no array: {value!r}"]
        return [one for i, element in enumerate(value) for one in problems(element, shape[0], f"{where}[{i}]")]
    if isinstance(shape, dict):
        if not isinstance(value, dict):
            return [f"{where} is no object: {value!r}"]
        if None in shape:
            return [one for name in value for one in problems(value[name], shape[None], f"{where}.{name}")]
        if list(value) != list(shape):
            return [f"{where} has the members {list(value)}, not {list(shape)}"]
        return [one for name in shape for one in problems(value[name], shape[name], f"{where}.{name}")]
    # A boolean is an int to Python, but not to a reader of JSON.
    return [] if type(value) is shape else [f"{where} is {value!r}, no {shape.__name__}"]


def check(value, shape):
    assert problems(value, shape) == []

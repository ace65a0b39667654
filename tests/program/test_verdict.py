"""The verdict on programs whose bottleneck is known.

On a busy machine the verdict on a program that computes may be that it has no CPU, and rightly so: then the cause that it
was made for comes second, and its share is the CPU time that the kernel counted. Programs that wait do so for times that
are long beside the delays of a busy machine, so their shares are known.
"""

import os
import shutil
import subprocess
import tempfile
import time

import pytest

import json_shape

DEADLINE_SECONDS = 60
POINTS = 5  # of percent, that a share may be off where the truth is known

PREPARE = """
import os, sys, threading, time
def ready():
    print("ready", os.getpid(), flush=True)
def start(function, count=1):
    for _ in range(count):
        thread = threading.Thread(target=function)
        thread.daemon = True
        thread.start()
"""

PYTHON_CPU = """
def compute():
    total = 0
    while True:
        for number in range(1000):
            total += number * number % 7
ready()
compute()
"""

SORT = """
def sort():
    numbers = [number * 7919 % 1000003 for number in range(200000)]
    ready()
    while True:
        sorted(numbers)
sort()
"""

COMPRESS = """
import zlib
def compress():
    data = os.urandom(1 << 20)
    ready()
    while True:
        zlib.compress(data)
compress()
"""

HASH = """
import hashlib
def digest():
    data = bytes(1 << 22)
    ready()
    while True:
        hashlib.sha256(data).digest()
digest()
"""

GIL = """
def compute():
    total = 0
    while True:
        for number in range(1000):
            total += number * number % 7
start(compute, 8)
ready()
while True:
    time.sleep(1000)
"""

COLLECT = """
import gc
def collect():
    kept = [[number] for number in range(300000)]
    ready()
    while True:
        gc.collect()
collect()
"""

SYNC = """
def journal():
    with open(sys.argv[1], "wb", 0) as log:
        ready()
        while True:
            log.write(b"x" * 4096)
            os.fsync(log.fileno())
journal()
"""

COLD_READ = """
def read_cold():
    with open(sys.argv[1], "wb+", 0) as data:
        data.write(b"x" * (32 << 20))
        os.fsync(data.fileno())
        ready()
        place = 0
        while True:
            os.posix_fadvise(data.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
            for _ in range(64):
                place = (place * 5 + 4096 * 97) % (32 << 20) // 4096 * 4096
                os.pread(data.fileno(), 4096, place)
read_cold()
"""

# A server that takes its time, in a process of its own, and a client that does something else for a quarter of the time.
SLOW_SERVER = """
import socket
def serve(connection):
    while connection.recv(64):
        time.sleep(0.3)
        connection.sendall(b"answer")
def fetch_rows(connection):
    connection.sendall(b"question")
    return connection.recv(64)
def main(connection):
    ready()
    while True:
        fetch_rows(connection)
        time.sleep(0.1)
"""

TCP = """
listener = socket.socket()
listener.bind(("127.0.0.1", 0))
listener.listen(1)
if os.fork() == 0:
    serve(listener.accept()[0])
    os._exit(0)
client = socket.create_connection(listener.getsockname())
TIMEOUT
main(client)
"""

UNIX = """
here, there = socket.socketpair()
if os.fork() == 0:
    here.close()
    serve(there)
    os._exit(0)
there.close()
main(here)
"""

TLS = """
import ssl
listener = socket.socket()
listener.bind(("127.0.0.1", 0))
listener.listen(1)
if os.fork() == 0:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[1])
    serve(context.wrap_socket(listener.accept()[0], server_side=True))
    os._exit(0)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
context.check_hostname = False
context.verify_mode = ssl.CERT_NONE
main(context.wrap_socket(socket.create_connection(listener.getsockname())))
"""

PIPE = """
reader, writer = os.pipe()
if os.fork() == 0:
    os.close(writer)
    while os.read(reader, 65536):
        time.sleep(0.02)
    os._exit(0)
os.close(reader)
def produce():
    ready()
    while True:
        os.write(writer, b"x" * 65536)
produce()
"""

CONVOY = """
lock = threading.Lock()
def queue_up():
    while True:
        with lock:
            time.sleep(0.005)
start(queue_up, 8)
ready()
while True:
    time.sleep(1000)
"""

SLEEP = """
import socket
here, there = socket.socketpair()
if os.fork() == 0:
    here.close()
    while there.recv(1):
        time.sleep(0.1)
        there.sendall(b"x")
    os._exit(0)
there.close()
def rest():
    time.sleep(0.3)
ready()
while True:
    rest()
    here.sendall(b"x")
    here.recv(1)
"""

MEMORY_LEAK = """
kept = []
def remember():
    for _ in range(600):
        kept.append(bytearray(b"x" * (1 << 20)))
        time.sleep(0.1)
ready()
remember()
time.sleep(1000)
"""

DESCRIPTOR_LEAK = """
kept = []
def leak():
    kept.append(open(os.devnull))
ready()
for _ in range(900):
    leak()
    time.sleep(0.1)
time.sleep(1000)
"""

BLOCKED_LOOP = """
import asyncio
def ask_slowly():
    time.sleep(0.4)
async def handle():
    ready()
    while True:
        ask_slowly()
        await asyncio.sleep(0.1)
asyncio.get_event_loop_policy().new_event_loop().run_until_complete(handle())
"""

IDLE_LOOP = """
import asyncio
async def beat():
    ready()
    while True:
        await asyncio.sleep(0.1)
asyncio.get_event_loop_policy().new_event_loop().run_until_complete(beat())
"""

PARENT = """
import multiprocessing
if __name__ == "__main__":
    with multiprocessing.get_context("fork").Pool(2) as pool:
        ready()
        pool.map(time.sleep, [0.2] * 10000, chunksize=1)
"""

CROWD = """
def compute():
    total = 0
    while True:
        for number in range(1000):
            total += number * number % 7
parent = os.getpid()
for _ in range(4 * len(os.sched_getaffinity(0))):
    if os.fork() == 0:
        start(compute)
        while os.getppid() == parent:
            time.sleep(0.1)
        os._exit(0)
ready()
compute()
"""


CPU_TIME = "the CPU time that the kernel counted"
NO_CPU_TIME = "all time but that"


class Case:
    """What the verdict on a program must be: its kind, a function in the sentence, a descriptor in it, and its share."""

    def __init__(self, kind, source, function=None, word=None, share=None, seconds=3):
        self.kind = kind
        self.source = source
        self.function = function
        self.word = word
        self.share = share
        self.seconds = seconds

    def truth(self, process):
        """The share that the verdict should have, or None."""
        shares = {CPU_TIME: process["cpu_percent"], NO_CPU_TIME: 100 - process["cpu_percent"]}
        return shares.get(self.share, self.share)

    def problem(self, process):
        """Why the verdict on a process is not what is expected, or None."""
        verdict = process["verdict"]
        if verdict is None:
            return "there is no verdict"
        cause = verdict
        if verdict["kind"] == "cpu-starved" and self.kind != "cpu-starved":
            cause = verdict["second"]
        if cause is None or cause["kind"] != self.kind:
            return "it is another kind"
        for word in (self.function, self.word):
            if word is not None and word not in cause["summary"]:
                return f"the sentence does not name {word!r}"
        truth = self.truth(process)
        if truth is not None and abs(cause["percent"] - truth) > POINTS:
            return f"the share is not {truth} %"
        return None


CASES = {
    "python": Case("python-cpu", PYTHON_CPU, "compute", share=CPU_TIME),
    "sort": Case("native-cpu", SORT, "sort", share=CPU_TIME),
    "zlib": Case("native-cpu", COMPRESS, "compress", share=CPU_TIME),
    "hash": Case("native-cpu", HASH, "digest", share=CPU_TIME),
    "gil": Case("gil", GIL, "compute", "8 threads"),
    "collector": Case("gc", COLLECT, "collect"),
    "tcp": Case("network", SLOW_SERVER + TCP.replace("TIMEOUT", ""), "fetch_rows", "tcp 127.0.0.1:", share=75, seconds=5),
    "tcp-with-timeout": Case("network", SLOW_SERVER + TCP.replace("TIMEOUT", "client.settimeout(9)"), "fetch_rows", "tcp", share=75, seconds=5),
    "unix": Case("pipe", SLOW_SERVER + UNIX, "fetch_rows", "unix", share=75, seconds=5),
    "pipe": Case("pipe", PIPE, "produce", "pipe:[", share=100),
    "convoy": Case("lock", CONVOY, "queue_up", "8 threads", share=87.5),
    "sleep": Case("sleep", SLEEP, "rest", share=75, seconds=5),
    "memory-leak": Case("memory-growth", MEMORY_LEAK, "remember", share=100, seconds=5),
    "descriptor-leak": Case("fd-leak", DESCRIPTOR_LEAK, share=100, seconds=5),
    "blocked-loop": Case("sleep", BLOCKED_LOOP, "ask_slowly", "event loop", share=80, seconds=5),
    "idle-loop": Case("idle", IDLE_LOOP, None, "events", share=100),
    "parent": Case("idle", PARENT, None, "child processes", share=100),
    "crowd": Case("cpu-starved", CROWD, "compute", share=NO_CPU_TIME),
}


def is_starved(process):
    """Whether a program has so little of a CPU that the verdict on it is right to say no more than that."""
    verdict = process["verdict"]
    return process["cpu_percent"] < 40 and verdict is not None and verdict["kind"] in ("cpu-starved", "mixed")


def watch(run_snapshot, program, case, seconds=None):
    """Look at a program until the verdict on it is right; the last one is in the message when it never is."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    pid = int(program.ready.split()[1])
    while True:
        (tick,) = run_snapshot("--no-children", "-r", "200", "-d", seconds or case.seconds, pid)
        (process,) = [one for one in tick["processes"] if one["pid"] == pid]
        problem = case.problem(process)
        if problem is None:
            return process["verdict"]
        if time.monotonic() < deadline:
            continue
        if is_starved(process):
            pytest.skip("other programs use the CPUs of this machine, and the verdict says so")
        raise AssertionError(f"{problem}: {process['verdict']}")


@pytest.mark.parametrize("name", CASES)
def test_the_verdict_is_what_the_program_was_made_for(run_snapshot, start_program, any_interpreter, name):
    case = CASES[name]
    program = start_program(any_interpreter, PREPARE + case.source)
    verdict = watch(run_snapshot, program, case)
    json_shape.check(verdict, json_shape.PROCESS["verdict"][0])


# States come from the interpreter's own memory, which is another one in each version.
@pytest.mark.parametrize("name", ["python", "sort", "zlib"])
def test_every_version_tells_native_code_from_python_code(run_snapshot, start_program, interpreter, name):
    case = CASES[name]
    program = start_program(interpreter, PREPARE + case.source)
    watch(run_snapshot, program, Case(case.kind, case.source, case.function, share=CPU_TIME), seconds=1)


@pytest.fixture
def file_on_disk(tmp_path_factory):
    """A path of a file that is not in memory, as /tmp often is."""
    directory = "/var/tmp" if os.access("/var/tmp", os.W_OK) else None
    handle, path = tempfile.mkstemp(prefix="pyneck-test-", dir=directory)
    os.close(handle)
    yield path
    os.unlink(path)


@pytest.mark.parametrize("source, function", [(SYNC, "journal"), (COLD_READ, "read_cold")], ids=["fsync", "cold-read"])
def test_a_program_that_waits_for_its_disk_is_told_so(run_snapshot, start_program, any_interpreter, file_on_disk, source, function):
    program = start_program(any_interpreter, PREPARE + source, file_on_disk)
    watch(run_snapshot, program, Case("disk", source, function, file_on_disk.rpartition("/")[2]))


@pytest.fixture
def certificate(tmp_path):
    """A file with a key and a certificate."""
    if shutil.which("openssl") is None:
        pytest.skip("no openssl here")
    path = tmp_path / "certificate.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    subprocess.run([*command, "-keyout", tmp_path / "key.pem", "-out", path], check=True, capture_output=True)
    path.write_text((tmp_path / "key.pem").read_text() + path.read_text())
    return path


def test_a_slow_server_behind_tls_is_the_network(run_snapshot, start_program, any_interpreter, certificate):
    program = start_program(any_interpreter, PREPARE + SLOW_SERVER + TLS, certificate)
    watch(run_snapshot, program, Case("network", TLS, "fetch_rows", "tcp 127.0.0.1:", share=75, seconds=5))


def test_a_cpu_limit_is_named_where_it_holds_a_program_back(run_snapshot, limited_group, start_program, any_interpreter):
    program = start_program(any_interpreter, PREPARE + PYTHON_CPU)
    (limited_group / "cgroup.procs").write_text(str(program.pid))
    watch(run_snapshot, program, Case("cpu-starved", PYTHON_CPU, "compute", "cpu.max", share=NO_CPU_TIME))
    program.stop()

"""--pause: threads that are stopped for a read always run again, and nothing that happens to them meanwhile is lost."""

import contextlib
import os
import pathlib
import signal
import subprocess
import sys
import time

import pytest

DEADLINE_SECONDS = 60
OFTEN = ("--pause", "--rate", 2000, "--budget", 0)

# Two threads count; each line on standard input is answered with how far they are.
COUNTING = """
import sys, threading

counts = [0, 0]

def count(which):
    while True:
        for i in range(1000):
            i & 7
        counts[which] += 1

for which in range(2):
    threading.Thread(target=count, args=[which], daemon=True).start()
print("ready", flush=True)
for line in sys.stdin:
    print(*counts, flush=True)
"""


def wait_until(condition, what):
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"{what}: not in {DEADLINE_SECONDS} s"
        time.sleep(0.0005)


def status(pid, key):
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    return next(line.split()[1] for line in text.splitlines() if line.startswith(key + ":"))


def thread_statuses(pid, key):
    found = []
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(OSError, StopIteration):
            found.append(status(f"{pid}/task/{task.name}", key))
    return found


def is_held(pid):
    return any(tracer != "0" for tracer in thread_statuses(pid, "TracerPid"))


def counts(program):
    program.tell("how far?")
    return [int(word) for word in program.read_line().split()]


def assert_it_goes_on(program):
    before = counts(program)
    wait_until(lambda: all(now > then for now, then in zip(counts(program), before)), "both threads count on")


@pytest.fixture
def start_pausing(pyneck):
    """start_pausing(pid) -> pyneck, which stops the process 2000 times a second until the test is over"""
    started = []

    def start(pid):
        words = [pyneck, "snapshot", *OFTEN, "--count", 1000000, pid]
        started.append(subprocess.Popen([str(word) for word in words], stdout=subprocess.DEVNULL))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()


def test_threads_run_again_when_pyneck_is_killed_in_the_middle(any_interpreter, start_program, start_pausing):
    program = start_program(any_interpreter, COUNTING)
    for _ in range(30):
        process = start_pausing(program.pid)
        wait_until(lambda: is_held(program.pid), "a thread is held")
        process.kill()
        process.wait()
        assert not is_held(program.pid)
        assert_it_goes_on(program)


# The handler in C writes a byte for each signal; the one in Python may be called once for several.
SIGNALLED = """
import os, signal, sys

def work():
    for i in range(1000):
        i & 7

reader, writer = os.pipe2(os.O_NONBLOCK)
signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
signal.signal(signal.SIGRTMIN, lambda *_: None)
print("ready", flush=True)
os.set_blocking(0, False)
count = 0
while True:
    work()
    try:
        count += len(os.read(reader, 65536))
    except BlockingIOError:
        pass
    if sys.stdin.buffer.raw.read(100):
        print(count, flush=True)
"""


def test_signals_that_come_in_a_pause_arrive(any_interpreter, start_program, start_pausing):
    program = start_program(any_interpreter, SIGNALLED)
    start_pausing(program.pid)
    wait_until(lambda: is_held(program.pid), "a thread is held")
    for sent in range(100, 1001, 100):
        for _ in range(100):
            os.kill(program.pid, signal.SIGRTMIN)
        wait_until(lambda: counts(program) >= [sent], f"{sent} signals arrive")
        assert counts(program) == [sent]


def test_a_stopped_process_stays_stopped_and_goes_on_when_it_is_told(any_interpreter, start_program, start_pausing):
    def states():
        return set(thread_statuses(program.pid, "State"))

    program = start_program(any_interpreter, COUNTING)
    start_pausing(program.pid)
    wait_until(lambda: is_held(program.pid), "a thread is held")
    for _ in range(20):
        os.kill(program.pid, signal.SIGSTOP)
        wait_until(lambda: states() == {"T"}, "all threads are stopped")
        for _ in range(10):
            time.sleep(0.001)  # two moments of the sampler
            assert states() <= {"T", "t"}  # a pause that was asked for before may come now
        wait_until(lambda: states() == {"T"}, "all threads are stopped as before")
        os.kill(program.pid, signal.SIGCONT)
        assert_it_goes_on(program)


# Threads that work for a moment and end, several at a time, until a line comes.
COMING_AND_GOING = """
import select, sys, threading

def work():
    for i in range(5000):
        i & 7

print("ready", flush=True)
while not select.select([sys.stdin], [], [], 0)[0]:
    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
print(threading.active_count(), flush=True)
sys.exit(7)
"""


def test_threads_that_end_in_a_pause_leave_nothing_behind(any_interpreter, start_program, start_pausing):
    program = start_program(any_interpreter, COMING_AND_GOING)
    start_pausing(program.pid)
    for _ in range(200):
        wait_until(lambda: is_held(program.pid), "a thread is held")
    program.tell("end")
    assert program.read_line() == "1"
    assert program.process.wait(timeout=DEADLINE_SECONDS) == 7


def test_a_process_that_is_killed_in_a_pause_is_its_parents(any_interpreter, start_program, start_pausing):
    for _ in range(5):
        program = start_program(any_interpreter, COUNTING)
        start_pausing(program.pid)
        wait_until(lambda: is_held(program.pid), "a thread is held")
        program.process.kill()
        assert program.process.wait(timeout=DEADLINE_SECONDS) == -signal.SIGKILL


def test_the_status_of_a_command_is_its_own(any_interpreter, run_pyneck):
    ending = "import sys, time\nend = time.monotonic() + 0.2\nwhile time.monotonic() < end: pass\nsys.exit(7)"
    for _ in range(5):
        command = [*any_interpreter.command, "-c", ending]
        done = run_pyneck("snapshot", *OFTEN, "--", *command, timeout=DEADLINE_SECONDS)
        assert (done.returncode, done.stderr) == (7, "")


EXECUTING = """
import os, sys, threading

def replace():
    os.execv(sys.executable, [sys.executable, __file__, str(int(sys.argv[1]) - 1)])

def work():
    for i in range(100000):
        i & 7
    if sys.argv[1] != "0":
        replace()

if sys.argv[1] == "20":
    print("ready", flush=True)
    sys.stdin.readline()
thread = threading.Thread(target=work)
thread.start()
thread.join()
print("done", flush=True)
"""


def test_a_thread_that_executes_another_program_in_a_pause_goes_on(any_interpreter, start_program, start_pausing):
    program = start_program(any_interpreter, EXECUTING, 20)
    start_pausing(program.pid)
    program.tell("go")
    assert program.read_line(timeout=DEADLINE_SECONDS) == "done"


TRACER = """
import ctypes, sys
PTRACE_SEIZE = 0x4206
libc = ctypes.CDLL(None, use_errno=True)
if libc.ptrace(PTRACE_SEIZE, int(sys.argv[1]), None, None) != 0:
    sys.exit("ptrace: errno %d" % ctypes.get_errno())
print("ready", flush=True)
sys.stdin.readline()
"""


@pytest.fixture
def start_tracer():
    """start_tracer(pid) -> a process that traces the one with this pid, until its standard input is closed"""
    started = []

    def start(pid):
        command = [sys.executable, "-c", TRACER, str(pid)]
        tracer = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        started.append(tracer)
        assert tracer.stdout.readline() == b"ready\n"
        return tracer

    yield start
    for tracer in started:
        tracer.communicate()


def test_a_process_that_another_program_traces_is_listed_with_the_reason(any_interpreter, start_program, start_tracer, run_snapshot):
    program = start_program(any_interpreter, COUNTING)

    def last_look(*options):
        (process,) = run_snapshot("--delay", 0.3, *options, program.pid)[-1]["processes"]
        return process

    tracer = start_tracer(program.pid)
    paused = last_look("--pause")
    assert "another program traces it" in paused["error"] and not paused["functions"]
    running = last_look()
    assert running["error"] is None and running["functions"]
    tracer.communicate()
    paused = last_look("--pause")
    assert paused["error"] is None and paused["functions"]

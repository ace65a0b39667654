"""pyneck's figures of CPU, memory and functions against witnesses that know nothing of it: the kernel's own
counters, ps, top, cProfile, and the watched program itself.

Nothing here depends on how fast or how busy the machine is: a program rests, works while it is watched, and
rests again, so that both sides count the same work."""

import collections
import datetime
import json
import os
import pathlib
import re
import shutil
import subprocess
import threading
import time

import pytest

pytestmark = pytest.mark.measurement

PROGRAMS = pathlib.Path(__file__).parent / "agreement"
TICK_SECONDS = 1 / os.sysconf("SC_CLK_TCK")
WANTED_SAMPLES = 4000
LONGEST_WORK_SECONDS = 30


class Watch:
    """`pyneck snapshot` that goes on until close()."""

    def __init__(self, pyneck, *arguments):
        argv = [str(pyneck), "snapshot", "--format", "json", *(str(argument) for argument in arguments)]
        self.process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        self.ticks = []

    def read(self):
        """The next tick's one process."""
        line = self.process.stdout.readline()
        assert line, f"pyneck ended with status {self.process.wait()}"
        self.ticks.append(json.loads(line))
        (process,) = self.ticks[-1]["processes"]
        # On a machine that is too busy the sampler's part may be missing: it comes with the next tick.
        return process if process["functions"] is not None else self.read()

    def read_until_idle(self):
        """Two quiet ticks, so that nothing is still to come."""
        quiet = 0
        while quiet < 2:
            quiet = quiet + 1 if self.read()["cpu_percent"] < 1 else 0

    def processes(self):
        every = (process for tick in self.ticks for process in tick["processes"])
        return [process for process in every if process["functions"] is not None]

    def cpu_seconds(self):
        """CPU time by the processes' and by the functions' figures."""
        by_process = sum(tick["processes"][0]["cpu_percent"] / 100 * tick["interval_seconds"] for tick in self.ticks)
        by_function = sum(row["own_cpu_seconds"] for process in self.processes() for row in process["functions"])
        return by_process, by_function

    def close(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


@pytest.fixture
def watch(pyneck):
    """watch(*arguments) -> Watch, of which the first tick has been read"""
    started = []

    def start(*arguments):
        started.append(Watch(pyneck, *arguments))
        started[-1].read()
        return started[-1]

    yield start
    for one in started:
        one.close()


def stat_seconds(pid):
    """User and system time in proc_pid_stat(5)."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * TICK_SECONDS


def ps(pid, column):
    done = subprocess.run(["ps", "-o", f"{column}=", "-p", str(pid)], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def compare_shares(known, watching, script):
    """Where pyneck's shares of the functions and cProfile's lie more than 3 points apart."""
    own, total, names = collections.Counter(), collections.Counter(), {}
    for process in watching.processes():
        for row in process["functions"]:
            if row["file"] == script:
                own[row["line"]] += row["own_cpu_seconds"]
                total[row["line"]] += row["total_cpu_seconds"]
                names[row["line"]] = row["function"]
    everything = sum(own.values())
    assert everything == pytest.approx(watching.cpu_seconds()[1], rel=0.02)  # there is little else to do
    for line, witness in known["functions"].items():
        line = int(line)
        if witness["own_percent"] > 1:
            assert names[line].endswith(witness["name"])
        for kind, seconds in (("own_percent", own[line]), ("total_percent", total[line])):
            percent = 100 * seconds / everything
            if abs(percent - witness[kind]) > 3:
                yield f"{witness['name']}: {kind} {percent:.1f}, cProfile {witness[kind]:.1f}"


@pytest.mark.one_per_minor
@pytest.mark.since_minor(8, "the program uses threading.get_native_id()")
def test_functions_agree_with_cprofile_and_cpu_with_the_kernel(interpreter, start_program, watch):
    program = start_program(interpreter, PROGRAMS / "shares.py")
    watching = watch("-d", "0.5", "-n", "100000", "-r", "1000", "--budget", "0", program.pid)
    begin_seconds = stat_seconds(program.pid)
    samples = 0
    # A sample is a sample: where the machine has other things to do, it takes more of them. So it does of ticks, which then
    # come some time after the process was read, sooner or later.
    for attempt in range(1, 5):
        program.tell("work")
        deadline = time.monotonic() + LONGEST_WORK_SECONDS
        while samples < attempt * WANTED_SAMPLES and time.monotonic() < deadline:
            process = watching.read()
            samples += process["sampling"]["samples"] if process["cpu_percent"] > 20 else 0
        program.tell("rest")
        known = json.loads(program.read_line())
        watching.read_until_idle()
        differences = list(compare_shares(known, watching, str(program.script)))
        kernel_seconds = stat_seconds(program.pid) - begin_seconds
        agreed = (pytest.approx(kernel_seconds, rel=0.01, abs=3 * TICK_SECONDS),
                  pytest.approx(known["cpu_seconds"], rel=0.02, abs=3 * TICK_SECONDS))
        if not differences and watching.cpu_seconds() == agreed:
            break
    assert differences == []
    assert watching.cpu_seconds() == agreed


@pytest.mark.one_per_minor
@pytest.mark.since_minor(8, "the program uses threading.get_native_id()")
def test_cpu_of_threads_agrees_with_what_each_says_of_itself(interpreter, start_program, watch):
    program = start_program(interpreter, PROGRAMS / "threads.py")
    expected_tids = set(json.loads(program.ready.removeprefix("ready")))
    watching = watch("-d", "0.5", "-n", "100000", "-r", "500", "--budget", "0", program.pid)
    program.tell("work")
    for _ in range(5):
        process = watching.read()
    assert {thread["tid"] for thread in process["threads"]} == expected_tids | {program.pid}
    assert process["thread_count"] == int(ps(program.pid, "nlwp")) == len(expected_tids) + 1
    program.tell("rest")
    known = {int(tid): thread for tid, thread in json.loads(program.read_line()).items()}
    watching.read_until_idle()

    by_function = collections.Counter()
    for process in watching.processes():
        for row in process["functions"]:
            by_function[row["function"]] += row["total_cpu_seconds"]
    for tid, thread in known.items():
        # A thread that ends takes what it did since its last sample with it.
        assert by_function[thread["function"]] == pytest.approx(thread["cpu_seconds"], rel=0.03, abs=0.05), thread
    assert watching.cpu_seconds()[1] == pytest.approx(sum(thread["cpu_seconds"] for thread in known.values()), rel=0.04)


def test_memory_threads_and_descriptors_agree_with_ps_and_proc(any_interpreter, start_program, run_snapshot):
    program = start_program(
        any_interpreter,
        """
        import threading, sys
        kept = [bytearray(b"x" * (50 << 20))]
        for _ in range(7):
            threading.Thread(target=threading.Event().wait, daemon=True).start()
        files = [open("/dev/null") for _ in range(30)]
        print("ready", flush=True)
        sys.stdin.read()
        """,
    )
    (tick,) = run_snapshot("-d", "0.3", program.pid)
    (process,) = tick["processes"]
    pid = program.pid
    assert process["resident_bytes"] == pytest.approx(int(ps(pid, "rss")) * 1024, rel=0.01)
    assert process["virtual_bytes"] == int(ps(pid, "vsz")) * 1024
    assert process["memory_percent"] == pytest.approx(float(ps(pid, "pmem")), abs=0.1)
    assert process["thread_count"] == int(ps(pid, "nlwp")) == len(process["threads"]) == 8
    assert process["open_file_count"] == len(os.listdir(f"/proc/{pid}/fd")) == len(process["open_files"])
    assert process["state"] == ps(pid, "state")
    assert process["user"] == ps(pid, "user")
    assert process["parent_pid"] == int(ps(pid, "ppid"))
    assert process["command"] == ps(pid, "args")
    started = subprocess.run(["date", "-d", process["start_time"], "+%s"], capture_output=True, text=True, check=True)
    shown = subprocess.run(["date", "-d", ps(pid, "lstart"), "+%s"], capture_output=True, text=True, check=True)
    assert abs(int(started.stdout) - int(shown.stdout)) <= 1
    limits = pathlib.Path(f"/proc/{pid}/limits").read_text()
    assert process["open_file_limit"] == int(re.search(r"Max open files +(\d+)", limits).group(1))


@pytest.mark.skipif(not shutil.which("top"), reason="no top here")
def test_cpu_and_memory_percent_agree_with_top_at_the_same_time(any_interpreter, start_program, watch):
    program = start_program(
        any_interpreter,
        """
        import sys, time
        kept = bytearray(b"x" * (400 << 20))
        print("ready", flush=True)
        for line in sys.stdin:
            end = time.monotonic() + 2
            while time.monotonic() < end:
                pass
            print("done", flush=True)
        """,
    )
    pid = str(program.pid)
    watching = watch("-d", "0.5", "-n", "1000", pid)
    seconds = 8
    top = subprocess.Popen(
        ["top", "-b", "-d", str(seconds), "-n", "2", "-p", pid],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "LC_ALL": "C", "HOME": "/nonexistent", "XDG_CONFIG_HOME": "/nonexistent"},
    )

    def read_row():
        return next(line.split() for line in top.stdout if line.split()[:1] == [pid])

    read_row()  # since the start of the program
    program.tell("work")
    program.read_line()
    watching.read_until_idle()
    row = read_row()
    top.communicate()
    by_process, _ = watching.cpu_seconds()
    assert 100 * by_process / seconds == pytest.approx(float(row[8]), abs=1)
    process = watching.processes()[-1]
    assert process["memory_percent"] == pytest.approx(float(row[9]), abs=0.1)
    assert process["state"] == row[7] == "S"


class CpuClock(threading.Thread):
    """The CPU times of /proc/stat, read all the time."""

    def __init__(self):
        super().__init__(daemon=True)
        self.rows = [self.look()]
        self.stopping = threading.Event()
        self.start()

    @staticmethod
    def look():
        text = pathlib.Path("/proc/stat").read_text()
        now = time.time()
        rows = re.findall(r"cpu(\d+) (.*)", text)
        return now, {int(number): list(map(int, times.split()[:8])) for number, times in rows}

    def run(self):
        while not self.stopping.wait(0.02):
            self.rows.append(self.look())

    def stop(self):
        self.stopping.set()
        self.join()

    def at(self, moment):
        return min(self.rows, key=lambda row: abs(row[0] - moment))[1]


def test_the_machines_cpu_and_memory_agree_with_proc(any_interpreter, start_program, run_snapshot):
    program = start_program(any_interpreter, "print('ready', flush=True)\nwhile True: sum(range(100000))")
    clock = CpuClock()
    (tick,) = run_snapshot("-d", "3", program.pid)
    clock.stop()
    system = tick["system"]
    end = datetime.datetime.fromisoformat(tick["time"].replace("Z", "+00:00")).timestamp()
    before, after = clock.at(end - tick["interval_seconds"]), clock.at(end)
    assert [cpu["id"] for cpu in system["cpus"]] == sorted(after)
    for cpu in system["cpus"]:
        spent = [new - old for new, old in zip(after[cpu["id"]], before[cpu["id"]])]
        for name, index in {"user": 0, "nice": 1, "system": 2, "idle": 3, "iowait": 4, "steal": 7}.items():
            assert cpu[f"{name}_percent"] == pytest.approx(100 * spent[index] / sum(spent), abs=4), name
        assert sum(share for name, share in cpu.items() if name != "id") == pytest.approx(100, abs=0.5)
    meminfo = dict(re.findall(r"(\w+): +(\d+) kB", pathlib.Path("/proc/meminfo").read_text()))
    memory = system["memory"]
    assert memory["total_bytes"] == int(meminfo["MemTotal"]) * 1024
    assert memory["swap_total_bytes"] == int(meminfo["SwapTotal"]) * 1024
    assert memory["available_bytes"] == pytest.approx(int(meminfo["MemAvailable"]) * 1024, rel=0.1)


def test_io_agrees_with_proc_and_with_what_was_written(any_interpreter, start_program, watch):
    program = start_program(
        any_interpreter,
        """
        import os, sys
        file = open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "written"), "wb", buffering=0)
        print("ready", file.fileno(), flush=True)
        for line in sys.stdin:
            for _ in range(32):
                file.write(b"x" * (1 << 18))
            os.fsync(file.fileno())
            print("written", flush=True)
        """,
    )
    number = int(program.ready.split()[1])

    def written():
        text = pathlib.Path(f"/proc/{program.pid}/io").read_text()
        return int(re.search(r"^write_bytes: (\d+)", text, re.MULTILINE).group(1))

    watching = watch("-d", "0.4", "-n", "100000", program.pid)
    # A busy machine reads the file some milliseconds before or after the moment of the tick: not every time.
    for attempt in range(1, 7):
        before = written()
        program.tell("write")
        program.read_line()
        by_process = by_file = 0
        for _ in range(3):
            process = watching.read()
            seconds = watching.ticks[-1]["interval_seconds"]
            (file,) = [file for file in process["open_files"] if file["fd"] == number]
            by_process += process["write_bytes_per_second"] * seconds
            by_file += file["bytes_per_second"] * seconds
        assert file["position_bytes"] == file["size_bytes"] == attempt * (8 << 20)
        agreed = (pytest.approx(8 << 20, rel=0.02), pytest.approx(written() - before, rel=0.02))
        if (by_file, by_process) == agreed:
            break
    assert (by_file, by_process) == agreed

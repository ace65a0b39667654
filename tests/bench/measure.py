"""What the benchmarks share: programs that end with them, programs in a terminal, CPU time of a process, medians."""

import ctypes
import fcntl
import os
import pty
import select
import shutil
import signal
import statistics
import struct
import subprocess
import sys
import termios
import time

ROWS, COLUMNS = 40, 120
QUIET_SECONDS = 0.04  # a frame is over when nothing more comes for so long
PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None)


def start(command, cpus=None, **options):
    """A program that is killed when this one ends, however that comes about.

    cpus  where it may run; anywhere"""

    def prepare():
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if cpus:
            os.sched_setaffinity(0, cpus)

    return subprocess.Popen([str(word) for word in command], preexec_fn=prepare, **options)


class OnTerminal:
    """A program that runs in a terminal of its own and whose output is read and thrown away.

    machine  the sleepers.Sleepers that it runs among; None: it runs beside the benchmark
    """

    def __init__(self, command, machine=None):
        if machine is not None:
            machine.begin_fork()
        self.started = time.monotonic()
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ["TERM"] = "xterm-256color"
            os.environ.pop("NO_COLOR", None)
            try:
                if machine is not None:
                    machine.enter_child()
                os.execvp(command[0], command)
            finally:
                os._exit(127)
        if machine is not None:
            machine.end_fork()
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))

    def read(self, seconds):
        """Output that comes within a time; b"" when none does."""
        if not select.select([self.fd], [], [], max(seconds, 0))[0]:
            return b""
        try:
            return os.read(self.fd, 1 << 16)
        except OSError:
            return b""

    def wait_for(self, needle, seconds=10):
        """Seconds from the start until `needle` has come."""
        seen = b""
        deadline = time.monotonic() + seconds
        while needle not in seen:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{needle!r} did not come within {seconds} s")
            seen += self.read(0.2)
        return time.monotonic() - self.started

    def wait_for_frame(self, needle, seconds=60):
        """Seconds from the start until the last of the output that `needle` came with."""
        self.wait_for(needle, seconds)
        shown = time.monotonic()
        while self.read(QUIET_SECONDS):
            shown = time.monotonic()
        return shown - self.started

    def drain(self, seconds):
        """Read along for a time, as a terminal does."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self.read(deadline - time.monotonic())

    def stop(self):
        os.kill(self.pid, signal.SIGTERM)
        for _ in range(100):
            if os.waitpid(self.pid, os.WNOHANG)[0] != 0:
                break
            self.read(0.02)
        else:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self.fd)


def thread_cpu_seconds(pid):
    """CPU time of each thread of a process, by schedstat, in nanosecond steps: {tid: seconds}."""
    seconds = {}
    for tid in os.listdir(f"/proc/{pid}/task"):
        try:
            with open(f"/proc/{pid}/task/{tid}/schedstat") as file:
                seconds[int(tid)] = int(file.read().split()[0]) / 1e9
        except OSError:
            pass
    return seconds


def cpu_seconds(pid):
    """CPU time of all threads of a process."""
    return sum(thread_cpu_seconds(pid).values())


def cpu_percent(program, seconds):
    """CPU of a program on a terminal, in percent of one core."""
    before, begin = cpu_seconds(program.pid), time.monotonic()
    program.drain(seconds)
    return 100 * (cpu_seconds(program.pid) - before) / (time.monotonic() - begin)


def cpu_percent_on_terminal(command, needle, seconds, warm_up=3):
    """The same of one that is started for it, after it has settled."""
    program = OnTerminal(command)
    program.wait_for(needle)
    program.drain(warm_up)
    percent = cpu_percent(program, seconds)
    program.stop()
    return percent


def first_screen_ms(command, needle, machine=None):
    """Time from the start of a program to its first screen, complete."""
    program = OnTerminal(command, machine)
    elapsed = program.wait_for_frame(needle)
    program.stop()
    return 1000 * elapsed


def complain(what, error):
    """One line on what could not be measured."""
    lines = str(error).strip().splitlines()
    print(f"   {what}: {lines[-1] if lines else type(error).__name__}", file=sys.stderr, flush=True)


def median_of(runs, function, *arguments):
    return statistics.median(function(*arguments) for _ in range(runs))


def find_pyneck():
    """The binary that $PYNECK names, or one on the path; absolute."""
    pyneck = os.environ.get("PYNECK") or shutil.which("pyneck")
    if pyneck is None:
        sys.exit("no pyneck: build it and set PYNECK to the binary")
    return os.path.abspath(pyneck)


def peers(names):
    """Those of the programs that are installed; tells which are not."""
    found = []
    for name in names:
        if shutil.which(name):
            found.append(name)
        else:
            print(f"{name} is not installed: skipped", file=sys.stderr)
    return found

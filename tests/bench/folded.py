"""What tests/bench/folded_stacks.c prints, as Python values."""

import pathlib
import signal
import subprocess
from dataclasses import dataclass

import measure


@dataclass(frozen=True)
class Row:
    """Samples of one thread in one state on one stack."""

    samples: int
    wall_ns: int
    cpu_ns: int
    tid: int
    state: str
    names: tuple  # of the functions, outermost first


@dataclass(frozen=True)
class Stacks:
    rows: list
    samples: int
    partial: int
    invalid: int
    late: int
    moments_a_second: float
    cpu_percent: float
    seconds: float


def parse(text):
    *lines, total = text.splitlines()
    rows = []
    for line in lines:
        samples, wall_ns, cpu_ns, tid, state, names = line.split(" ", 5)
        functions = tuple(names.split("\t")) if names else ()
        rows.append(Row(int(samples), int(wall_ns), int(cpu_ns), int(tid), state, functions))
    numbers = total.split()[1:]
    return Stacks(rows, *(int(number) for number in numbers[:4]), *(float(number) for number in numbers[4:]))


class FoldedStacks:
    """The tool at work on a process; it samples when this object is there.

    pyneck   path of the binary, beside which the tool was built
    samples  after how many it ends by itself"""

    def __init__(self, pyneck, rate_hz, pid, samples=1 << 62, options=()):
        tool = pathlib.Path(pyneck).parent / "tests" / "bench" / "folded_stacks"
        command = [tool, *options, rate_hz, samples, pid]
        self.process = measure.start(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        line = self.process.stderr.readline()
        if line != "ready\n":
            raise RuntimeError(line or "folded_stacks ended")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()

    def finish(self, timeout=None):
        """What it saw, when it has ended by itself."""
        out, error = self.process.communicate(timeout=timeout)
        if self.process.returncode != 0:
            raise RuntimeError(error)
        return parse(out)

    def stop(self):
        """What it saw until now."""
        self.process.send_signal(signal.SIGINT)
        return self.finish()

"""The Python programs that the benchmark of the sampler watches, and how they are run."""

import pathlib
import select
import shutil
import subprocess

import measure

ANSWER_SECONDS = 60  # a program that says nothing for so long hangs

# What a program or a sampler that fails brings; a benchmark goes on with the next one.
FAILURES = (RuntimeError, OSError, ValueError, LookupError, ArithmeticError, subprocess.SubprocessError)

# The programs whose truth is known.
PROGRAMS = (pathlib.Path(__file__).resolve().parent / "programs.py").read_text()

# Threads that stand so many frames deep; so many of them work there, the others sleep.
STANDING = """
import sys, threading
threads, busy, depth = map(int, sys.argv[1:])
sys.setrecursionlimit(5000)
everybody = threading.Barrier(threads)
gate = threading.Event()

def work(steps):
    total = 0
    for i in range(steps):
        total += i & 7

def stand(depth, number):
    if depth > 0:
        stand(depth - 1, number)
    everybody.wait()
    if number == 0:
        print("ready", flush=True)
    while number < busy:
        work(1000)
    gate.wait()

for number in range(1, threads):
    threading.Thread(target=stand, args=(depth, number), daemon=True).start()
stand(depth, 0)
"""

# So many short calls whenever it is told to.
FIXED_WORK = """
import sys, time

def inner(x):
    return x + 1

def outer(x):
    return inner(x) + 1

def work(steps):
    for i in range(steps):
        outer(i)

print("ready", flush=True)
for line in sys.stdin:
    begin = time.monotonic(), time.process_time()
    work(int(line))
    print(time.monotonic() - begin[0], time.process_time() - begin[1], flush=True)
"""

# Twenty threads that take turns, and rest most of the time: what is measured beside them shall not notice.
MOSTLY_RESTING = """
import os, threading, time
os.nice(19)

def work(steps):
    total = 0
    for i in range(steps):
        total += i & 7

def rest_and_work():
    while True:
        time.sleep(2)
        work(1000)

for _ in range(19):
    threading.Thread(target=rest_and_work, daemon=True).start()
print("ready", flush=True)
rest_and_work()
"""


class Target:
    """A program that a Python runs until the block ends, and that has said "ready" when the block begins."""

    def __init__(self, interpreter, text, *arguments, cpus=None):
        self.directory, inside = interpreter.new_directory()
        (self.directory / "program.py").write_text(text)
        self.process = measure.start(
            [*interpreter.command, inside / "program.py", *arguments], cpus,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        self.pid = self.process.pid

    def __enter__(self):
        try:
            self.read_line()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()
        shutil.rmtree(self.directory, ignore_errors=True)

    def read_line(self):
        """The next line that it prints; it prints no more than one until it is told to go on."""
        if not select.select([self.process.stdout], [], [], ANSWER_SECONDS)[0]:
            raise RuntimeError(f"the program has said nothing for {ANSWER_SECONDS} s")
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError("the program has ended")
        return line

    def go(self, word="go"):
        self.process.stdin.write(f"{word}\n")
        self.process.stdin.flush()

"""A machine of its own for a benchmark: many sleeping processes and, as far as they can see, nothing else."""

import ctypes
import os
import pathlib
import subprocess
import sys

CLONE_NEWNS = 0x00020000  # linux/sched.h
CLONE_NEWPID = 0x20000000
LIBC = ctypes.CDLL(None, use_errno=True)

# Every one of them waits for the end of a pipe that only the benchmark can write to: they go when it goes, whatever ends
# it. They are forked and execute nothing, so that ten thousand take seconds, and keep no output of the benchmark open.
SHELL = """
exec 3<&0 4>&1 >/dev/null 2>&1
count=1
while [ $count -lt "$1" ]; do
    read line <&3 4>&- &
    count=$((count + 1))
done
echo started >&4
exec 4>&-
read line <&3
"""


def enter(path, kind):
    """Go into a namespace: with those of processes it is the children that go there, not the caller."""
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        if LIBC.setns(fd, kind) != 0:
            raise OSError(ctypes.get_errno(), f"cannot enter {path}")
    finally:
        os.close(fd)


class Sleepers:
    """`count` processes that do nothing and are no Python, until the `with` block ends.

    Root gets a PID namespace for them, so that a program which is started with `machine=` this object lists them and
    itself, and neither the benchmark, which is a Python program that runs, nor what else there is. Others have them among
    all the processes of the machine.
    """

    def __init__(self, count):
        self.is_apart = os.geteuid() == 0
        apart = ["unshare", "--pid", "--fork", "--mount-proc"] if self.is_apart else []
        if not self.is_apart:
            print("without root all processes of this machine are listed as well", file=sys.stderr)
        self.leader = subprocess.Popen(
            [*apart, "sh", "-c", SHELL, "sleepers", str(count)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        if self.leader.stdout.readline() != b"started\n":
            sys.exit(f"cannot start {count} processes")
        if self.is_apart:
            children = pathlib.Path(f"/proc/{self.leader.pid}/task/{self.leader.pid}/children")
            self.namespaces = f"/proc/{children.read_text().split()[0]}/ns"

    def begin_fork(self):
        """In the benchmark, before it forks what is to see them."""
        if self.is_apart:
            enter(f"{self.namespaces}/pid", CLONE_NEWPID)

    def enter_child(self):
        """In the child, before it executes the program: their /proc is that of their mount namespace."""
        if self.is_apart:
            enter(f"{self.namespaces}/mnt", CLONE_NEWNS)

    def end_fork(self):
        """In the benchmark, afterwards."""
        if self.is_apart:
            enter("/proc/self/ns/pid", CLONE_NEWPID)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.leader.stdin.close()
        self.leader.stdout.close()
        self.leader.wait()

#!/usr/bin/env python3
"""A program with real bottlenecks of every kind, to try a profiler on.

Each part runs in threads of its own, named after it, until the program ends:

  primes   the same primes twice: by trial division and by a sieve, in turns
  writer   writes records to a file and asks for each to be on the disk
  reader   asks a slow server over TCP, and waits for it nearly all the time
  worker   a child process that keeps all it ever made
  locks    threads that queue for one lock, which is held for much too long
  sleepers threads that wait for nothing

It prints one line ("ready", its process id, and those of its children) when all parts run. SIGTERM, SIGINT
and the end of --seconds end it; the temporary directory it writes to goes with it. Standard library only,
Python 3.8 and later.
"""

import argparse
import contextlib
import ctypes
import multiprocessing
import os
import shutil
import signal
import socket
import sys
import tempfile
import threading
import time

PRIMES_BELOW = 30_000
RECORD = b"x" * 4096
RECORDS_A_FILE = 256
SERVER_DELAY_SECONDS = 0.05
GROWTH_RECORDS = 2_000
GROWTH_LIMIT_BYTES = 256 << 20
LOCK_THREADS = 4
SLEEPER_THREADS = 6


# ---- primes: two functions with the same result, one of them costly


def is_prime_by_division(number):
    divisor = 2
    while divisor * divisor <= number:
        if number % divisor == 0:
            return False
        divisor += 1
    return number > 1


def primes_by_division(limit):
    return [number for number in range(limit) if is_prime_by_division(number)]


def primes_by_sieve(limit):
    is_prime = bytearray([1]) * limit
    is_prime[0:2] = b"\0\0"
    for number in range(2, int(limit**0.5) + 1):
        if is_prime[number]:
            for multiple in range(number * number, limit, number):
                is_prime[multiple] = 0
    return [number for number in range(limit) if is_prime[number]]


def compute_primes(stop):
    while not stop.is_set():
        by_division = primes_by_division(PRIMES_BELOW)
        by_sieve = primes_by_sieve(PRIMES_BELOW)
        if by_division != by_sieve:
            raise AssertionError("the two ways to the primes disagree")


# ---- writer: a journal that is synced after each record


def append_record(journal):
    journal.write(RECORD)
    journal.flush()
    os.fsync(journal.fileno())


def write_journal(stop, directory):
    path = os.path.join(directory, "journal.dat")
    while not stop.is_set():
        with open(path, "wb") as journal:
            for _ in range(RECORDS_A_FILE):
                append_record(journal)
                if stop.is_set():
                    break


# ---- reader: a client of a server that takes its time


def answer_slowly(stop, connection):
    with connection:
        while not stop.is_set():
            question = connection.recv(64)
            if not question:
                break
            stop.wait(SERVER_DELAY_SECONDS)
            connection.sendall(b"answer to " + question)


def serve_slowly(stop, listener):
    connection, _ = listener.accept()
    answer_slowly(stop, connection)


def ask_server(connection):
    connection.sendall(b"what time is it?")
    return connection.recv(256)


def read_answers(stop, address):
    with socket.create_connection(address) as connection:
        while not stop.is_set():
            if not ask_server(connection):
                break


# ---- worker: a child process that grows


def make_record(number):
    return {"number": number, "text": "record %d" % number, "tags": [number % 7, number % 11]}


def grow(stop):
    kept = []
    size = 0
    while not stop.is_set():
        batch = [make_record(number) for number in range(len(kept), len(kept) + GROWTH_RECORDS)]
        kept.extend(batch)
        size += sum(sys.getsizeof(record) + sys.getsizeof(record["text"]) for record in batch)
        if size > GROWTH_LIMIT_BYTES:
            kept.clear()
            size = 0
        stop.wait(0.05)


def run_worker(parent_pid):
    allow_any_tracer()
    stop = threading.Event()
    watch = threading.Thread(target=stop_with_parent, args=(stop, parent_pid), name="watch", daemon=True)
    watch.start()
    grow(stop)


def stop_with_parent(stop, parent_pid):
    """A worker must not outlive its parent, also when that was killed."""
    while os.getppid() == parent_pid and wait_for_end(1) is None:
        pass
    stop.set()


# ---- locks and sleepers


def hold_lock(lock):
    with lock:
        deadline = time.perf_counter() + 0.002
        total = 0
        while time.perf_counter() < deadline:
            total += 1
        time.sleep(0.01)
    return total


def queue_for_lock(stop, lock):
    while not stop.is_set():
        hold_lock(lock)


def sleep_long(stop):
    while not stop.is_set():
        time.sleep(0.5)


# ---- the whole program


def disk_directory():
    """Where temporary files lie on a disk: /tmp is often memory, where a sync costs nothing."""
    on_disk = "/var/tmp"
    return on_disk if "TMPDIR" not in os.environ and os.access(on_disk, os.W_OK) else None


class Demo:
    def __init__(self):
        self.stop = threading.Event()
        self.threads = []
        self.children = []
        self.sockets = []
        self.directory = tempfile.mkdtemp(prefix="pyneck-demo-", dir=disk_directory())

    def start_thread(self, name, target, *arguments):
        thread = threading.Thread(target=target, name=name, args=(self.stop, *arguments), daemon=True)
        self.threads.append(thread)
        thread.start()

    def start_primes(self):
        self.start_thread("primes", compute_primes)

    def start_writer(self):
        self.start_thread("writer", write_journal, self.directory)

    def start_reader(self):
        listener = socket.create_server(("127.0.0.1", 0))
        self.sockets.append(listener)
        self.start_thread("server", serve_slowly, listener)
        self.start_thread("reader", read_answers, listener.getsockname())

    def start_worker(self):
        child = multiprocessing.get_context("fork").Process(target=run_worker, args=(os.getpid(),), name="worker")
        child.start()
        self.children.append(child)

    def start_locks(self):
        lock = threading.Lock()
        for number in range(LOCK_THREADS):
            self.start_thread("lock-%d" % number, queue_for_lock, lock)

    def start_sleepers(self):
        for number in range(SLEEPER_THREADS):
            self.start_thread("sleeper-%d" % number, sleep_long)

    def end(self):
        self.stop.set()
        for child in self.children:
            child.terminate()
        for thread in self.threads:
            thread.join(timeout=2)
        for child in self.children:
            child.join(timeout=5)
        for opened in self.sockets:
            opened.close()
        shutil.rmtree(self.directory, ignore_errors=True)


# The worker is forked, so it comes first: no thread runs yet that a fork would cut in half.
PARTS = {
    "worker": Demo.start_worker,
    "primes": Demo.start_primes,
    "writer": Demo.start_writer,
    "reader": Demo.start_reader,
    "locks": Demo.start_locks,
    "sleepers": Demo.start_sleepers,
}


END_SIGNALS = {signal.SIGTERM, signal.SIGINT}


def wait_for_end(seconds):
    """Wait for one of END_SIGNALS, which all threads block; None when the time is over first."""
    if seconds is None:
        return signal.sigwait(END_SIGNALS)
    return signal.sigtimedwait(END_SIGNALS, seconds)


def allow_any_tracer():
    """Let a profiler of the same user read this process where kernel.yama.ptrace_scope is 1 (Ubuntu)."""
    pr_set_ptracer = 0x59616D61
    any_process = ctypes.c_ulong(-1)
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(pr_set_ptracer, any_process, 0, 0, 0)


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", metavar="PART,...", help="run these parts only (default: all)")
    parser.add_argument("--seconds", type=float, metavar="N", help="end after N seconds")
    arguments = parser.parse_args()
    wanted = arguments.only.split(",") if arguments.only else list(PARTS)
    for part in wanted:
        if part not in PARTS:
            parser.error("there is no part '%s'; there are: %s" % (part, ", ".join(PARTS)))
    arguments.parts = [part for part in PARTS if part in wanted]
    return arguments


def main():
    arguments = parse_arguments()
    allow_any_tracer()
    signal.pthread_sigmask(signal.SIG_BLOCK, END_SIGNALS)
    demo = Demo()
    try:
        for part in arguments.parts:
            PARTS[part](demo)
        print("ready", os.getpid(), *[child.pid for child in demo.children], flush=True)
        wait_for_end(arguments.seconds)
    finally:
        demo.end()


if __name__ == "__main__":
    main()

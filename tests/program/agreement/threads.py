"""Threads that do different things, and what the program knows of them.

Prints "ready [NATIVE ID]": the threads' numbers. At the line "work" they work until the next line; then it
prints {NATIVE ID: {name, function, cpu_seconds}} for each thread.
"""

import hashlib
import json
import sys
import threading
import time

started = threading.Barrier(6)
begin = threading.Event()
end = threading.Event()
known = {}


def compute():
    while not end.is_set():
        sum(number * number for number in range(2000))


def compute_less():
    while not end.is_set():
        sum(number * number for number in range(2000))
        time.sleep(0.002)


def digest():
    data = b"x" * (1 << 22)
    while not end.is_set():
        hashlib.sha256(data).digest()  # lets go of the GIL


def sleep():
    end.wait()


def run(function):
    started.wait()
    begin.wait()
    seconds = time.thread_time()
    function()
    known[threading.get_native_id()] = {
        "name": threading.current_thread().name,
        "function": function.__name__,
        "cpu_seconds": time.thread_time() - seconds,
    }


threads = [
    threading.Thread(target=run, args=(function,), name=f"my {function.__name__}")
    for function in (compute, compute_less, digest, sleep, sleep)
]
for thread in threads:
    thread.start()
started.wait()
print("ready", json.dumps([thread.native_id for thread in threads]), flush=True)
sys.stdin.readline()
begin.set()
sys.stdin.readline()
end.set()
for thread in threads:
    thread.join()
print(json.dumps(known), flush=True)
sys.stdin.readline()
sys.stdin.read()

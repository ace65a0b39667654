"""Builds without a GIL: threads run at the same time, from 3.14 on each in its own copy of the bytecode."""

import pytest

WORKERS = 4

BUSY = """
    import threading

    def spin(count):
        total = 0
        for number in range(count):
            total += number * number
        return total

    def work():
        while True:
            spin(20_000)

    for _ in range(4):
        threading.Thread(target=work, daemon=True).start()
    print("ready", flush=True)
    threading.Event().wait()
"""

DETACHED = """
    import hashlib

    text = bytes(20_000_000)
    print("ready", flush=True)
    while True:
        hashlib.sha256(text)
"""


def pytest_generate_tests(metafunc):
    if "free_threaded" in metafunc.fixturenames:
        found = [one for one in metafunc.config.interpreters if one.free_threaded]
        missing = pytest.param(None, marks=pytest.mark.skip(reason="PYNECK_TEST_PYTHONS names no build without a GIL"))
        metafunc.parametrize("free_threaded", found or [missing], ids=[one.name for one in found] or ["none"])


def watch(run_snapshot, program):
    tick = run_snapshot("-n", 3, "-d", 1, "-r", 500, program.pid)[-1]
    (process,) = tick["processes"]
    assert process["error"] is None
    assert process["python"]["free_threaded"] is True
    return process


def workers_of(process):
    workers = [thread for thread in process["threads"] if any(frame["function"] == "work" for frame in thread["stack"])]
    assert len(workers) == WORKERS
    return workers


def assert_work_is_seen(process):
    hottest = process["functions"][0]
    assert (hottest["function"], hottest["line"]) == ("spin", 4)
    assert hottest["own_percent"] > 90
    for worker in workers_of(process):
        innermost = worker["stack"][0]
        assert (innermost["function"], innermost["line"]) in [("spin", line) for line in range(4, 9)] + [("work", 12)]
    sampling = process["sampling"]
    assert sampling["samples"] > 100
    assert sampling["invalid"] + sampling["partial"] <= sampling["samples"] / 100


def test_threads_run_at_once_and_none_holds_a_gil(free_threaded, start_program, run_snapshot):
    process = watch(run_snapshot, start_program(free_threaded, BUSY))
    assert_work_is_seen(process)
    for thread in process["threads"]:
        assert thread["holds_gil"] is None
        assert thread["state"] not in ("gil", "native")


def test_lines_are_right_when_threads_share_the_bytecode(free_threaded, start_program, run_snapshot):
    program = start_program(free_threaded, BUSY, environment={"PYTHON_TLBC": "0"})
    assert_work_is_seen(watch(run_snapshot, program))


def test_gil_that_was_enabled_has_holders(free_threaded, start_program, run_snapshot):
    process = watch(run_snapshot, start_program(free_threaded, BUSY, environment={"PYTHON_GIL": "1"}))
    assert_work_is_seen(process)
    assert all(worker["holds_gil"] is not None for worker in workers_of(process))
    assert sum(thread["holds_gil"] is True for thread in process["threads"]) <= 1


def test_detached_thread_at_work_is_in_native_code(free_threaded, start_program, run_snapshot):
    program = start_program(free_threaded, DETACHED)
    ticks = run_snapshot("-n", 9, "-d", 0.2, program.pid)
    states = [tick["processes"][0]["threads"][0]["state"] for tick in ticks[1:]]
    on_cpu = [state for state in states if state != "runnable"]
    assert on_cpu.count("native") > len(on_cpu) / 2, states

"""Stacks of every kind of code, on every version: what pyneck reads is what sys._current_frames() says."""

import json

import pytest

from every_kind_of_code import BUSY, CALLERS, PROGRAM, THREADS, impossible, told

def check_stacks(interpreter, start_program, run_pyneck):
    program = start_program(interpreter, PROGRAM)
    expected, names = told(program.ready)
    assert len(expected) == THREADS
    assert max(len(stack) for stack in expected.values()) > 1000

    done = run_pyneck("dump", "--format", "json", program.pid)
    assert done.returncode == 0, done.stderr
    (process,) = json.loads(done.stdout)["processes"]
    assert process["python"]["version"].startswith(f"{interpreter.version}.")
    seen = {thread["tid"]: thread["stack"] for thread in process["threads"]}
    assert {thread["tid"]: thread["name"] for thread in process["threads"]} == names
    for tid, stack in expected.items():
        assert seen[tid] == stack


def test_stacks_of_every_kind_of_code(interpreter, start_program, run_pyneck):
    check_stacks(interpreter, start_program, run_pyneck)


def test_stacks_of_every_kind_of_code_in_python2(python2, start_program, run_pyneck):
    check_stacks(python2, start_program, run_pyneck)


def shares_not_whole(program, run_snapshot):
    """The shares of partial and of invalid stacks; none may be one that cannot be."""
    samples = partial = invalid = 0
    for tick in run_snapshot("-n", 4, "-d", 0.5, "-r", 500, program.pid):
        (process,) = tick["processes"]
        sampling = process["sampling"]
        samples += sampling["samples"]
        partial += sampling["partial"]
        invalid += sampling["invalid"]
        for thread in process["threads"]:
            assert not impossible(thread["stack"]), thread["stack"]
        assert {function["function"] for function in process["functions"]} <= set(CALLERS)
    return partial / samples, invalid / samples


def check_busy_stacks(interpreter, start_program, run_snapshot):
    program = start_program(interpreter, BUSY)
    # 1 to 3 % are partial. How often a frame goes while it is read is a matter of chance, and of how busy the machine is.
    for _ in range(3):
        partial, invalid = shares_not_whole(program, run_snapshot)
        if partial < 0.05 and invalid == 0:
            return
    pytest.fail(f"{partial:.1%} partial, {invalid:.1%} invalid, at the third try too")


def test_short_calls_give_no_stack_that_cannot_be(interpreter, start_program, run_snapshot):
    if interpreter.knows_qualified_names:
        pytest.skip("its stacks lie in one piece: tests/unit/test_unwind.c")
    check_busy_stacks(interpreter, start_program, run_snapshot)


def test_short_calls_in_python2_give_no_stack_that_cannot_be(python2, start_program, run_snapshot):
    check_busy_stacks(python2, start_program, run_snapshot)

"""The stacks of `pyneck dump` against those that the interpreter shows the program itself."""

import json
import pathlib

import pytest

PROGRAM = pathlib.Path(__file__).parent / "agreement" / "stacks.py"


def dump(run_pyneck, pid):
    done = run_pyneck("dump", "--format", "json", pid)
    assert done.returncode == 0, done.stderr
    (process,) = json.loads(done.stdout)["processes"]
    return {thread["tid"]: thread for thread in process["threads"]}


@pytest.mark.since_minor(11, "the program uses co_qualname; test_shapes_stacks.py is for all")
def test_every_frame_is_the_interpreters_own(interpreter, start_program, run_pyneck):
    program = start_program(interpreter, PROGRAM)
    known = json.loads(program.ready.removeprefix("ready"))
    threads = dump(run_pyneck, program.pid)
    assert set(threads) == {int(tid) for tid in known} | {program.pid}
    assert len(known) == 18
    for tid, expected in known.items():
        thread = threads[int(tid)]
        assert thread["stack"] == expected["stack"], expected["name"]
        assert thread["holds_gil"] is False
        assert thread["state"] == "lock"
    assert max(len(thread["stack"]) for thread in threads.values()) > 1000


@pytest.mark.since_minor(11, "the program uses co_qualname; test_shapes_stacks.py is for all")
def test_the_thread_that_runs_holds_the_gil(interpreter, start_program, run_snapshot):
    program = start_program(interpreter, PROGRAM, "spin")
    (tick,) = run_snapshot("-d", "0.5", program.pid)
    (process,) = tick["processes"]
    holders = [thread["tid"] for thread in process["threads"] if thread["holds_gil"]]
    assert holders == [program.pid]
    assert {thread["state"] for thread in process["threads"] if thread["tid"] != program.pid} == {"lock"}

"""The demo program that ./bootstrap run watches."""

import os
import pathlib
import signal
import subprocess

import pytest

SOURCE_DIRECTORY = pathlib.Path(__file__).resolve().parents[2]
DEMO = SOURCE_DIRECTORY / "tests" / "demo" / "bottlenecks.py"


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
def test_the_demo_ends_at_once_and_leaves_nothing_behind(any_interpreter, start_program, tmp_path, ending):
    demo = start_program(any_interpreter, DEMO, environment={"TMPDIR": str(tmp_path)})
    _, *pids = demo.ready.split()
    assert int(pids[0]) == demo.pid
    assert [path.name.startswith("pyneck-demo-") for path in tmp_path.iterdir()] == [True]
    demo.process.send_signal(ending)
    assert demo.process.wait(timeout=60) == 0
    assert list(tmp_path.iterdir()) == []
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(int(pid), 0)


@pytest.mark.since_minor(8, "the demo uses socket.create_server()")
def test_the_demo_runs_on_every_python(interpreter, start_program):
    demo = start_program(interpreter, DEMO, "--only", "primes,reader,locks")
    demo.process.send_signal(signal.SIGTERM)
    assert demo.process.wait(timeout=60) == 0


def test_the_demo_names_its_parts(any_interpreter):
    wrong = subprocess.run(
        [*any_interpreter.command, DEMO, "--only", "dancing"], capture_output=True, text=True, check=False
    )
    assert wrong.returncode == 2
    assert "there is no part 'dancing'; there are: worker, primes" in wrong.stderr

"""Every Python that is here is read: its functions, files and lines, and no interpreter's own frames."""

BUSY = """
    import sys

    class Mill:
        def grind(self, count):
            total = 0
            for number in range(count):
                total += number * number
            return total

    def run():
        mill = Mill()
        print("ready", flush=True)
        while True:
            mill.grind(50_000)

    run()
"""


def test_the_busy_function_is_found(interpreter, start_program, run_snapshot):
    program = start_program(interpreter, BUSY, name="mill.py")
    tick = run_snapshot("-n", 2, "-d", 1, "-r", 200, program.pid)[-1]
    (process,) = tick["processes"]
    assert process["pid"] == program.pid
    assert process["error"] is None
    assert process["python"]["version"].startswith(f"3.{interpreter.minor}.")

    hottest = process["functions"][0]
    assert hottest["function"] == "Mill.grind"
    assert hottest["file"] == str(program.script)
    assert hottest["line"] == 5
    assert hottest["own_percent"] > 90

    (thread,) = process["threads"]
    assert [frame["function"] for frame in thread["stack"]][-2:] == ["run", "<module>"]
    assert thread["stack"][-1]["line"] == 17


def test_an_old_python_is_listed_with_the_reason_why_it_is_not_read(old_interpreter, start_program, run_snapshot):
    program = start_program(old_interpreter, BUSY, name="mill.py")
    tick = run_snapshot("-n", 2, "-d", 0.5, program.pid)[-1]
    (process,) = tick["processes"]
    assert f"Python 3.{old_interpreter.minor}" in process["error"]
    assert "not readable yet" in process["error"]
    assert process["resident_bytes"] > 1_000_000
    assert process["cpu_percent"] > 20

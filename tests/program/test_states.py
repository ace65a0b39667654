"""Each sample of a thread has the state that the thread was in, and each wait names what was waited for.

The programs do one thing nearly all of the time, so what is true of them is known on a loaded machine too: a thread
that waits is not disturbed by others, and one that computes either runs or waits for a CPU.
"""

import os

import pytest

MINORS = (8, 11, 15)
COMPUTING = ("running", "native", "gc", "runnable")
INTERVAL_SECONDS = 0.6
TRIES = 4

pytestmark = [pytest.mark.one_per_minor]


@pytest.fixture(params=MINORS, ids=lambda minor: f"3.{minor}")
def python(request, pytestconfig):
    for one in pytestconfig.interpreters:
        if one.minor == request.param and not one.free_threaded and "debug" not in one.name:
            return one
    pytest.skip(f"no Python 3.{request.param} here")


def look_at(run_snapshot, program):
    # In the first interval the program may still be on its way from what it printed to what it does.
    ticks = run_snapshot("-n", 2, "-d", INTERVAL_SECONDS, "-r", 200, program.pid)
    return next(one for one in ticks[-1]["processes"] if one["pid"] == program.pid)


@pytest.fixture
def watch(start_program, run_snapshot):
    """watch(python, source) -> the process that runs the source, as a snapshot has it"""
    return lambda python, source: look_at(run_snapshot, start_program(python, source))


def share(process, *states):
    return sum((process["states"] or {}).get(state) or 0 for state in states)


def waits_of(process, kind):
    return [wait for wait in process["waits"] if wait["kind"] == kind]


def longest(process, kind):
    waits = waits_of(process, kind)
    assert waits, f"no wait of kind {kind}: {process['states']} {process['waits']}"
    return waits[0]


# ---- waiting


def test_a_sleep_is_a_sleep(python, watch):
    process = watch(python, """
        import time
        print("ready", flush=True)
        while True:
            time.sleep(0.5)  # line 5
        """)
    assert share(process, "sleep") > 90, process["states"]
    wait = longest(process, "sleep")
    assert (wait["function"], wait["line"], wait["fd"]) == ("<module>", 5, None)
    assert wait["seconds"] > INTERVAL_SECONDS / 2
    assert sum(one["samples"] for one in process["waits"]) <= process["sampling"]["samples"]


def test_a_lock_that_another_thread_holds_is_a_lock_and_has_one_address(python, watch):
    process = watch(python, """
        import threading, time
        lock = threading.Lock()
        lock.acquire()
        def wait():
            lock.acquire()  # line 6
        for _ in range(2):
            threading.Thread(target=wait, daemon=True).start()
        print("ready", flush=True)
        time.sleep(1000)
        """)
    assert share(process, "lock") == pytest.approx(200 / 3, abs=5), process["states"]
    wait = longest(process, "lock")
    assert (wait["function"], wait["line"], wait["fd"]) == ("wait", 6, None)
    assert {one["lock_address"] for one in waits_of(process, "lock")} == {wait["lock_address"]}
    waiting = [thread["waiting"] for thread in process["threads"] if thread["state"] == "lock"]
    assert len(waiting) == 2
    assert all(one["lock_address"] == wait["lock_address"] for one in waiting)
    assert all("2 threads" in one["description"] for one in waiting)
    assert all(one["seconds"] > 0 for one in waiting)


TCP = """
    import socket, threading, time
    server = socket.socket()
    server.bind(("127.0.0.1", 0))
    server.listen()
    client = socket.socket()
    {timeout}
    client.connect(server.getsockname())
    peer = server.accept()[0]
    print("ready", *client.getsockname()[1:], *server.getsockname()[1:], client.fileno(), flush=True)
    client.recv(1)
    """


@pytest.mark.parametrize("timeout", ["", "client.settimeout(1000)"], ids=["blocking", "timeout"])
def test_a_slow_server_is_network_with_both_addresses(python, start_program, run_snapshot, timeout):
    program = start_program(python, TCP.format(timeout=timeout))
    _, own_port, server_port, fd = program.ready.split()
    process = look_at(run_snapshot, program)
    assert share(process, "network") > 90, process["states"]
    wait = longest(process, "network")
    assert wait["fd"] == int(fd)
    assert wait["description"] == f"tcp 127.0.0.1:{own_port} -> 127.0.0.1:{server_port}"


def test_tls_is_network(python, watch):
    # The handshake waits for the server's answer, which never comes.
    process = watch(python, """
        import socket, ssl, threading, warnings
        warnings.simplefilter("ignore")
        server = socket.socket()
        server.bind(("127.0.0.1", 0))
        server.listen()
        client = socket.create_connection(server.getsockname(), timeout=1000)
        context = ssl.create_default_context()
        context.check_hostname = False
        print("ready", flush=True)
        context.wrap_socket(client)
        """)
    assert share(process, "network") > 90, process["states"]
    assert longest(process, "network")["description"].startswith("tcp 127.0.0.1:")


def test_a_unix_socket_is_pipe(python, watch):
    process = watch(python, """
        import socket
        one, other = socket.socketpair()
        print("ready", flush=True)
        one.recv(1)
        """)
    assert share(process, "pipe") > 90, process["states"]
    assert longest(process, "pipe")["description"].startswith("unix")


def test_a_pipe_names_who_is_at_the_other_end(python, watch):
    process = watch(python, """
        import os
        reader, writer = os.pipe()
        if os.fork() == 0:
            os.close(reader)
            import time
            time.sleep(1000)
        os.close(writer)
        print("ready", flush=True)
        os.read(reader, 1)
        """)
    assert share(process, "pipe") > 90, process["states"]
    assert "pipe:[" in longest(process, "pipe")["description"]
    assert " <-> " in longest(process, "pipe")["description"]


def test_a_named_pipe_is_a_pipe(python, watch):
    process = watch(python, """
        import os
        path = __file__ + ".fifo"
        os.mkfifo(path)
        fd = os.open(path, os.O_RDWR)
        print("ready", flush=True)
        os.read(fd, 1)
        """)
    assert share(process, "pipe") > 90, process["states"]


SELECTORS = {
    "select": "import select; select.select([one, other], [], [])",
    "poll": "import select; p = select.poll(); p.register(one, 1); p.register(other, 1); p.poll()",
    "epoll": "import select; p = select.epoll(); p.register(one, 1); p.register(other, 1); p.poll()",
}


@pytest.mark.parametrize("selector", SELECTORS)
def test_a_selector_is_poll_and_names_what_it_watches(python, start_program, run_snapshot, selector):
    program = start_program(python, f"""
        import socket
        one, two = socket.socketpair()
        other, four = socket.socketpair()
        print("ready", one.fileno(), other.fileno(), flush=True)
        {SELECTORS[selector]}
        """)
    one, other = program.ready.split()[1:]
    process = look_at(run_snapshot, program)
    assert share(process, "poll") > 90, process["states"]
    description = longest(process, "poll")["description"]
    assert f"fd {one} unix" in description and f"fd {other} unix" in description
    assert description.startswith("epoll of ") == (selector == "epoll")


def test_a_poll_of_one_descriptor_is_that_descriptor(python, start_program, run_snapshot):
    program = start_program(python, """
        import select, socket
        one, two = socket.socketpair()
        p = select.poll()
        p.register(one, 1)
        print("ready", one.fileno(), flush=True)
        p.poll()
        """)
    process = look_at(run_snapshot, program)
    assert share(process, "poll") > 90, process["states"]
    assert longest(process, "poll")["fd"] == int(program.ready.split()[1])


def test_a_child_that_is_waited_for_is_named(python, start_program, run_snapshot):
    program = start_program(python, """
        import subprocess
        child = subprocess.Popen(["sleep", "1000"])
        print("ready", child.pid, flush=True)
        try:
            child.wait()
        finally:
            child.kill()
        """)
    pid = program.ready.split()[1]
    try:
        process = look_at(run_snapshot, program)
        assert share(process, "child") > 90, process["states"]
        assert longest(process, "child")["description"] == f"process {pid} (sleep)"
    finally:
        os.kill(int(pid), 9)


def test_fsync_is_disk_and_names_the_file(python, start_program, run_snapshot):
    program = start_program(python, """
        import os
        fd = os.open(__file__ + ".fsynced", os.O_RDWR | os.O_CREAT)
        print("ready", fd, flush=True)
        while True:
            os.pwrite(fd, b"x" * 4096, 0)
            os.fsync(fd)
        """)
    for _ in range(TRIES):
        process = look_at(run_snapshot, program)
        waits = waits_of(process, "disk")
        if waits:
            break
    else:
        pytest.skip(f"the file system here never lets fsync wait: {process['states']}")
    assert waits[0]["fd"] == int(program.ready.split()[1])
    assert waits[0]["description"].endswith(".fsynced")
    # What is left is the CPU time of the calls themselves.
    assert share(process, "disk", *COMPUTING) > 90, process["states"]


# ---- computing


@pytest.mark.measurement
def test_a_busy_loop_runs_or_wants_to(python, watch):
    process = watch(python, """
        print("ready", flush=True)
        n = 0
        while True:
            n = n + 1 & 1023
        """)
    assert share(process, *COMPUTING) > 95, process["states"]
    assert share(process, "native", "gc") < 5, process["states"]
    assert process["runnable_percent"] is not None
    # What was wall time and not CPU time was spent waiting for a CPU: the kernel counted both.
    assert share(process, "running") == pytest.approx(process["cpu_percent"], abs=20), process["states"]


@pytest.mark.measurement
def test_threads_that_fight_for_the_gil_wait_for_it_and_one_holds_it(python, watch):
    process = watch(python, """
        import threading
        def spin():
            while True:
                sum(range(1000))
        for _ in range(3):
            threading.Thread(target=spin, daemon=True).start()
        print("ready", flush=True)
        spin()
        """)
    # One of four has it. The others wake up every 5 ms to ask for it, and on a busy machine they wait for a CPU then.
    assert share(process, "gil", "runnable") > 65, process["states"]
    assert share(process, "gil") > 25, process["states"]
    assert share(process, "running", "native") == pytest.approx(process["cpu_percent"] / 4, abs=8), process["states"]
    assert len({wait["lock_address"] for wait in waits_of(process, "gil")}) == 1
    # Nobody has it while the next one is woken, which takes long where there are few CPUs.
    assert 40 < sum(thread["gil_percent"] for thread in process["threads"]) < 110
    assert all(thread["gil_percent"] > 0 for thread in process["threads"])


@pytest.mark.measurement
def test_a_collector_that_runs_all_the_time_is_gc(python, watch):
    process = watch(python, """
        import gc
        kept = [[] for _ in range(200000)]
        print("ready", flush=True)
        while True:
            gc.collect()
        """)
    assert share(process, "gc", "runnable") > 80, process["states"]
    assert process["states"]["gc"] > 0


@pytest.mark.measurement
@pytest.mark.parametrize("work", ["zlib.compress(data)", "hashlib.sha256(data).digest()"], ids=["zlib", "hashlib"])
def test_work_in_c_without_the_gil_is_native(python, watch, work):
    process = watch(python, f"""
        import hashlib, os, zlib
        data = os.urandom(8 << 20)
        print("ready", flush=True)
        while True:
            {work}
        """)
    assert share(process, "native", "runnable") > 80, process["states"]
    assert process["states"]["native"] > 0
    assert process["threads"][0]["gil_percent"] < 20


# ---- without a GIL


def test_a_thread_that_the_collector_suspends_waits_for_the_world_to_go_on(pytestconfig, watch):
    python = next((one for one in pytestconfig.interpreters if one.free_threaded), None)
    if python is None:
        pytest.skip("no Python without a GIL here")
    process = watch(python, """
        import gc, threading
        kept = [[] for _ in range(100000)]
        def spin():
            while True:
                sum(range(1000))
        threading.Thread(target=spin, daemon=True).start()
        print("ready", flush=True)
        while True:
            gc.collect()
        """)
    pauses = [wait for wait in waits_of(process, "lock") if wait["description"] == "stop-the-world pause"]
    assert "spin" in [wait["function"] for wait in pauses], process["waits"]
    assert all(thread["gil_percent"] is None for thread in process["threads"])


# ---- a limit of CPU time


def test_a_cpu_limit_shows_as_time_that_it_held_the_process_back(any_interpreter, limited_group, start_program, watch_until):
    program = start_program(any_interpreter, """
        print("ready", flush=True)
        while True:
            sum(range(1000))
        """)
    (limited_group / "cgroup.procs").write_text(str(program.pid))

    def is_held_back(rows):
        process = rows[program.pid]
        return ((process["throttled_percent"] or 0) > 5 and (process["runnable_percent"] or 0) > 40
                and share(process, "runnable") > 40)

    watch_until(is_held_back, program.pid)
    program.stop()

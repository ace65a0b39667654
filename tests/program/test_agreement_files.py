"""The list of open files against the program that opened them, /proc, lsof and ss."""

import json
import os
import pathlib
import re
import shutil
import subprocess

import pytest

PROGRAM = pathlib.Path(__file__).parent / "agreement" / "descriptors.py"

# What ss calls a state, and what it says of a Unix or UDP socket that has no state of its own.
SS_STATES = {
    "ESTAB": "ESTABLISHED",
    "FIN-WAIT-2": "FIN_WAIT2",
    "FIN-WAIT-1": "FIN_WAIT1",
    "CLOSE-WAIT": "CLOSE_WAIT",
    "UNCONN": None,
}
SS_UNIX_STATES = {"ESTAB": "CONNECTED", "LISTEN": "LISTENING"}

# The kinds of files by lsof's names for them; it has one for all of the kernel's own.
LSOF_KINDS = {
    "REG": {"file", "memfd"},
    "DIR": {"directory"},
    "FIFO": {"pipe"},
    "CHR": {"device", "tty"},
    "a_inode": {"eventfd", "epoll", "timerfd", "signalfd", "inotify"},
    "IPv4": {"socket"},
    "IPv6": {"socket"},
    "unix": {"socket"},
    "sock": {"socket"},
}
LSOF_ACCESS = {"r": "read", "w": "write", "u": "read-write"}


@pytest.fixture
def program(start_program, any_interpreter):
    return start_program(any_interpreter, PROGRAM)


def is_complete(process):
    sockets = [file["socket"] for file in process["open_files"] if file["kind"] == "socket"]
    return len(process["open_files"]) == process["open_file_count"] and all(
        socket and socket["protocol"] for socket in sockets
    )


@pytest.fixture
def files(program, run_snapshot):
    """The descriptors as pyneck lists them, by number."""
    # The time to read the kernel's tables of sockets is bounded: on a very busy machine a tick may be without.
    for _ in range(10):
        *_, tick = run_snapshot("-d", "0.3", "-n", "2", program.pid)
        (process,) = tick["processes"]
        if is_complete(process):
            break
    listed = {file["fd"]: file for file in process["open_files"]}
    assert len(listed) == len(process["open_files"]) == process["open_file_count"]
    assert list(listed) == sorted(listed)
    return listed


def test_kind_access_and_position_are_what_the_program_knows(program, files):
    known = json.loads(program.ready.removeprefix("ready"))
    assert len(known) > 50
    for number, expected in known.items():
        file = files[int(number)]
        assert file["kind"] == expected["kind"]
        assert file["access"] == expected["access"], file
        if expected["position"] is not None:
            assert file["position_bytes"] == expected["position"], file


def test_paths_and_sizes_are_those_of_proc(program, files):
    directory = f"/proc/{program.pid}/fd"
    assert sorted(map(str, files)) == sorted(os.listdir(directory))
    for number, file in files.items():
        target = os.readlink(f"{directory}/{number}")
        status = os.stat(f"{directory}/{number}")
        if file["kind"] in ("file", "memfd"):
            # A memfd never had a name that could be deleted.
            assert file["deleted"] == (status.st_nlink == 0 and file["kind"] == "file")
            assert file["path"] == (target.removesuffix(" (deleted)") if status.st_nlink == 0 else target)
            assert file["size_bytes"] == status.st_size
        elif file["kind"] == "socket":
            assert target.startswith("socket:[")
        elif not target.startswith("anon_inode:"):
            assert file["path"] == target
            assert not file["deleted"]
    names = [file["path"] for file in files.values() if file["path"]]
    assert sum(name.endswith("/is called (deleted)") for name in names) == 1
    assert sum(name.endswith("/a name with blanks, (brackets) and äöü 名前") for name in names) == 1


@pytest.mark.skipif(not shutil.which("lsof"), reason="no lsof here")
def test_the_list_is_that_of_lsof(program, files):
    done = subprocess.run(
        ["lsof", "-n", "-P", "-w", "-o", "-o0", "-F", "fatoPn", "-a", "-p", str(program.pid), "-d", "0-100000"],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "LC_ALL": "C.UTF-8"},
    )
    rows = {}
    for line in done.stdout.splitlines():
        if line.startswith("f"):
            row = rows[int(line[1:])] = {}
        elif not line.startswith("p"):
            row[line[0]] = line[1:]
    assert sorted(rows) == sorted(files)
    for number, row in rows.items():
        file = files[number]
        assert file["kind"] in LSOF_KINDS[row["t"]], row
        assert file["access"] == LSOF_ACCESS[row["a"]], row
        if file["kind"] in ("file", "memfd"):
            assert row["n"].removesuffix(" (deleted)") == file["path"].removesuffix(" (deleted)")
            assert file["position_bytes"] == int(row["o"].removeprefix("0t"), 0)


def parse_ss(text, pid, address_count):
    """{descriptor: columns} of the sockets of a process."""
    rows = {}
    for line in text.splitlines():
        for number in re.findall(rf"pid={pid},fd=(\d+)", line):
            columns = line.split()
            rows[int(number)] = columns[:4] + columns[4 : 4 + address_count]
    return rows


@pytest.fixture
def ss():
    if not shutil.which("ss"):
        pytest.skip("no ss here")

    def run(options):
        return subprocess.run(["ss", options], capture_output=True, text=True, check=True).stdout

    return run


def address_of(text):
    return None if re.fullmatch(r"(0\.0\.0\.0|\*|\[::\]):\*", text) else text


def test_internet_sockets_are_those_of_ss(program, files, ss):
    rows = parse_ss(ss("-tuanpHO"), program.pid, 2)
    internet = {
        number: file
        for number, file in files.items()
        if file["socket"] and file["socket"]["protocol"] != "unix" and file["socket"]["local"]
    }
    assert sorted(rows) == sorted(internet)
    assert len(rows) >= 11
    for number, (protocol, state, receive_queue, send_queue, local, remote) in rows.items():
        seen = internet[number]["socket"]
        assert seen["protocol"].removesuffix("6") == protocol
        assert seen["state"] == SS_STATES.get(state, state), (seen, state)
        assert seen["local"] == local
        assert seen["remote"] == address_of(remote)
        if state != "LISTEN":  # where ss shows how many connections wait
            assert seen["send_queue_bytes"] == int(send_queue), seen
            assert seen["receive_queue_bytes"] == int(receive_queue), seen
    assert 5678 in [file["socket"]["receive_queue_bytes"] for file in internet.values()]


def test_unix_sockets_are_those_of_ss(program, files, ss):
    rows = parse_ss(ss("-xapHO"), program.pid, 4)
    unix = {number: f for number, f in files.items() if f["socket"] and f["socket"]["protocol"] == "unix"}
    assert sorted(rows) == sorted(unix)
    inodes = {number: os.readlink(f"/proc/{program.pid}/fd/{number}")[8:-1] for number in unix}
    numbers = {inode: number for number, inode in inodes.items()}
    for number, (_, state, receive_queue, send_queue, path, inode, _, peer) in rows.items():
        seen = unix[number]["socket"]
        assert inode == inodes[number]
        assert seen["state"] == SS_UNIX_STATES[state]
        assert seen["local"] == (None if path == "*" else path)
        if peer in numbers:
            assert f"{program.pid} " in unix[number]["peer"] and unix[number]["peer"].endswith(f"fd {numbers[peer]}")
        if seen["receive_queue_bytes"] is not None and state != "LISTEN":
            assert (seen["receive_queue_bytes"], seen["send_queue_bytes"]) == (int(receive_queue), int(send_queue))
    assert {5678, 99} <= {file["socket"]["receive_queue_bytes"] for file in unix.values()}

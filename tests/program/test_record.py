"""pyneck record: what is in the file, how a recording ends, and what survives whatever ends it."""

import os
import pathlib
import random
import re
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
import time

import pytest

from recordings import BUSY, TIMEOUT_SECONDS, query, read_recording, small_disk  # noqa: F401 (fixtures)

# CI kills a few times; the figure in the notes is of a thousand.
KILLS = int(os.environ.get("PYNECK_TEST_KILLS", "12"))
FLIPS = 45
SOURCE_DIRECTORY = pathlib.Path(__file__).resolve().parents[2]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "recording.db"


@pytest.fixture
def start_record(pyneck):
    """start_record(*arguments) -> Popen of a recording, killed in the end."""
    started = []

    def start(*arguments, **options):
        process = subprocess.Popen(
            [pyneck, "record", *map(str, arguments)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            **options,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def wait_for_ticks(path, count, process):
    """Wait until a recording that is being written has so many ticks."""
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while time.monotonic() < deadline:
        assert process.poll() is None, process.stderr.read()
        try:
            if path.exists() and query(path, "SELECT count(*) FROM tick")[0][0] >= count:
                return
        except sqlite3.OperationalError:
            pass  # its tables are not there yet
        time.sleep(0.05)
    raise TimeoutError(f"not {count} ticks")


@pytest.fixture
def recording(run_pyneck, start_program, any_interpreter, path, tmp_path_factory):
    """A finished recording of a busy program: a copy of one that is made once."""
    kept = tmp_path_factory.getbasetemp() / "a-recording.db"
    if not kept.exists():
        program = start_program(any_interpreter, BUSY)
        done = run_pyneck("record", "-o", path, "-d", "0.2", "-n", "6", program.pid)
        assert done.returncode == 0, done.stderr
        path.rename(kept)
    shutil.copyfile(kept, path)
    return path


def test_the_file_names_the_hot_function_to_anybody_who_speaks_sql(recording):
    rows = query(recording, "SELECT name FROM own_times ORDER BY wall_seconds DESC")
    assert "hot" in rows[0][0]
    assert query(recording, "PRAGMA integrity_check") == [("ok",)]
    assert query(recording, "SELECT count(*) FROM system_series") == [(6,)]
    assert query(recording, "SELECT count(*) FROM process_series")[0][0] == 6


def test_pynecks_own_reader_finds_the_samples_that_sql_finds(recording, read_recording):
    samples = query(recording, "SELECT sum(samples) FROM profile")[0][0]
    result = read_recording(recording)
    assert result.returncode == 0, result.stderr
    assert result.stdout == f"6 ticks, {samples} samples, {samples} in runs, {samples} in sum\n"


def test_the_commands_exit_status_and_usage_are_kept(run_pyneck, path):
    script = "import time; end = time.process_time() + 0.3\nwhile time.process_time() < end: pass\nraise SystemExit(7)"
    result = run_pyneck("record", "-o", path, "-d", "0.2", "--", sys.executable, "-c", script)
    assert result.returncode == 7, result.stderr
    columns = "exit_status, real_seconds > 0.1, user_seconds + system_seconds > 0.2, peak_resident_bytes > 1000000, command"
    row = query(path, f"SELECT {columns} FROM recording")[0]
    assert row[:4] == (7, 1, 1, 1)
    assert "SystemExit(7)" in row[4]


def test_nothing_is_printed_when_nobody_looks(run_pyneck, path):
    result = run_pyneck("record", "-o", path, "-d", "0.2", "-n", "2", os.getpid())
    assert (result.stdout, result.stderr) == ("", "")


def test_without_a_name_the_file_is_named_by_the_time(run_pyneck, tmp_path):
    run_pyneck("record", "-d", "0.2", "-n", "1", os.getpid(), cwd=tmp_path)
    names = [each.name for each in tmp_path.iterdir()]
    assert len(names) == 1 and re.fullmatch(r"pyneck-\d{8}-\d{6}\.db", names[0])


def test_a_file_is_overwritten_only_by_force(run_pyneck, path):
    path.write_text("mine")
    result = run_pyneck("record", "-o", path, "-n", "1", "-d", "0.2", os.getpid())
    assert result.returncode == 1
    assert "--force" in result.stderr
    assert path.read_text() == "mine"
    run_pyneck("record", "--force", "-o", path, "-n", "1", "-d", "0.2", os.getpid())
    assert query(path, "SELECT count(*) FROM tick") == [(1,)]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_recording_in_order(start_record, path, number):
    process = start_record("-o", path, "-d", "0.1", os.getpid())
    wait_for_ticks(path, 2, process)
    process.send_signal(number)
    _, errors = process.communicate(timeout=TIMEOUT_SECONDS)
    assert (process.returncode, errors) == (0, "")
    assert query(path, "SELECT end_time_ns IS NOT NULL FROM recording") == [(1,)]
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_a_recording_outlives_its_terminal(start_record, path):
    process = start_record("-o", path, "-d", "0.1", os.getpid())
    wait_for_ticks(path, 1, process)
    process.send_signal(signal.SIGHUP)
    wait_for_ticks(path, query(path, "SELECT count(*) FROM tick")[0][0] + 2, process)


def test_a_hangup_that_a_process_sends_is_the_commands_and_the_recording_goes_on(start_record, path):
    count_to_two = "n=0; trap 'n=$((n + 1))' HUP; echo ready; while [ $n -lt 2 ]; do sleep 0.05; done; exit 7"
    process = start_record("-o", path, "-d", "0.1", "--", "sh", "-c", count_to_two)
    assert process.stdout.readline() == "ready\n"
    process.send_signal(signal.SIGHUP)
    wait_for_ticks(path, 3, process)
    process.send_signal(signal.SIGHUP)
    _, errors = process.communicate(timeout=TIMEOUT_SECONDS)
    assert (process.returncode, errors) == (7, "")
    assert query(path, "SELECT exit_status FROM recording") == [(7,)]


def test_a_recording_can_be_read_while_it_is_written(start_record, path, read_recording):
    process = start_record("-o", path, "-d", "0.1", os.getpid())
    wait_for_ticks(path, 3, process)
    result = read_recording(path)
    assert result.returncode == 0, result.stderr
    assert int(result.stdout.split()[0]) >= 3


def test_the_locks_on_a_recording_outlive_a_look_at_who_reads_it(start_record, start_program, any_interpreter, path):
    """Who closes a file loses all locks on it, so pyneck must not open what it finds mapped in a reader of its recording."""
    if any_interpreter.root != any_interpreter.root.parent:
        pytest.skip("the interpreter has a root directory of its own")
    process = start_record("-o", path, "-d", "0.1", os.getpid())
    wait_for_ticks(path, 1, process)
    reader = """
        import sqlite3, sys
        connection = sqlite3.connect(sys.argv[1])
        connection.execute("SELECT count(*) FROM tick").fetchall()
        print("ready", flush=True)
        sys.stdin.read()
        """
    start_program(any_interpreter, reader, path)
    wait_for_ticks(path, query(path, "SELECT count(*) FROM tick")[0][0] + 10, process)
    shared = path.with_name(path.name + "-shm").stat()
    locks = [line.split() for line in pathlib.Path("/proc/locks").read_text().splitlines()]
    holders = {int(fields[4]) for fields in locks if fields[1] == "POSIX" and fields[5].endswith(f":{shared.st_ino}")}
    assert process.pid in holders


def test_kill_9_at_any_moment_loses_the_last_tick_at_most(start_record, start_program, any_interpreter, path,
                                                          read_recording):
    program = start_program(any_interpreter, BUSY)
    counts = []
    if "PYNECK_TEST_KILLS" in os.environ:
        signal.alarm(0)  # who asks for many has the time
    for _ in range(KILLS):
        for each in path.parent.glob(path.name + "*"):
            each.unlink()
        process = start_record("-o", path, "-d", "0.1", "-r", "50", program.pid)
        wait_for_ticks(path, 1, process)
        seen = query(path, "SELECT max(tick) FROM tick")[0][0]
        time.sleep(random.uniform(0, 0.25))  # the moment of the kill is what is tried
        process.kill()
        process.communicate()
        result = read_recording(path)
        assert result.returncode == 0, result.stderr
        assert query(path, "PRAGMA integrity_check") == [("ok",)]
        ticks = [row[0] for row in query(path, "SELECT tick FROM tick ORDER BY tick")]
        assert ticks == list(range(len(ticks))) and ticks[-1] >= seen
        samples = query(path, "SELECT sum(samples) FROM profile")[0][0] or 0
        assert result.stdout == f"{len(ticks)} ticks, {samples} samples, {samples} in runs, {samples} in sum\n"
        counts.append(len(ticks))
    assert max(counts) > 1


def test_a_full_disk_is_told_and_what_was_written_stays(small_disk, run_pyneck, start_program, any_interpreter,
                                                        read_recording):
    program = start_program(any_interpreter, BUSY)
    path = small_disk / "recording.db"
    result = run_pyneck("record", "-o", path, "-d", "0.1", "-t", "60", program.pid)
    assert result.returncode == 1
    assert "the disk is full" in result.stderr
    copy = small_disk.parent / "copy.db"
    for suffix in ("", "-wal"):
        if (small_disk / f"recording.db{suffix}").exists():
            shutil.copyfile(f"{path}{suffix}", f"{copy}{suffix}")
    result = read_recording(copy)
    assert result.returncode == 0, result.stderr
    assert int(result.stdout.split()[0]) > 0
    assert program.process.poll() is None


def test_a_directory_that_cannot_be_written_is_told(run_pyneck, tmp_path):
    result = run_pyneck("record", "-o", tmp_path / "none" / "x.db", "-n", "1", os.getpid())
    assert result.returncode == 1
    assert "cannot create" in result.stderr and "No such file" in result.stderr


def test_a_finished_recording_opens_where_nothing_can_be_written(recording, read_recording):
    recording.chmod(stat.S_IRUSR)
    recording.parent.chmod(stat.S_IRUSR | stat.S_IXUSR)
    try:
        assert read_recording(recording).returncode == 0
    finally:
        recording.parent.chmod(stat.S_IRWXU)


# ---- files that are none, damaged, or made to do harm


def refused(read_recording, path, words):
    result = read_recording(path)
    assert result.returncode == 1
    assert words in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize("content", [b"", b"hello\n" * 1000, b"SQLite format 3\0" + bytes(5000)])
def test_a_file_of_another_kind_is_told(path, read_recording, content):
    path.write_bytes(content)
    refused(read_recording, path, "recording")


def test_a_database_of_another_program_is_told(path, read_recording):
    sqlite3.connect(path).execute("CREATE TABLE tick (tick INTEGER PRIMARY KEY)").connection.close()
    refused(read_recording, path, "not a recording of pyneck")


def change(path, *statements):
    connection = sqlite3.connect(path, isolation_level=None)
    for statement in statements:
        connection.execute(statement)
    connection.close()


def test_a_newer_format_is_told(recording, read_recording):
    change(recording, "PRAGMA user_version = 99")
    refused(read_recording, recording, "newer pyneck")


def test_an_older_format_is_told(recording, read_recording):
    change(recording, "PRAGMA user_version = 2")
    refused(read_recording, recording, "has the format 2, which this pyneck does not read")


@pytest.mark.parametrize(
    "statements",
    [
        ["CREATE TRIGGER t AFTER INSERT ON tick BEGIN DELETE FROM tick; END"],
        ["CREATE VIEW extra AS SELECT 1"],
        ["DROP TABLE tick", "CREATE VIEW tick AS SELECT load_extension('/tmp/x.so') AS tick, 0 AS time_ms"],
        ["ALTER TABLE string RENAME TO other"],
        ["DROP TABLE segment"],
        ["PRAGMA writable_schema = 1", "UPDATE sqlite_schema SET sql = 'CREATE VIRTUAL TABLE x USING fts5(y)' "
         "WHERE name = 'tick'"],
    ],
    ids=["trigger", "view", "view-as-table", "renamed", "dropped", "virtual-table"],
)
def test_a_schema_that_is_not_ours_is_refused(recording, read_recording, statements):
    change(recording, *statements)
    result = read_recording(recording)
    assert result.returncode == 1
    assert result.stderr.startswith("read_recording: ") and result.stderr.count("\n") == 1


@pytest.mark.parametrize(
    "statements",
    [
        ["UPDATE node SET parent = id"],
        ["UPDATE node SET parent = 1000000, function = -5, line = -1"],
        ["UPDATE string SET text = char(27) || '[2J' || char(7)"],
        ["UPDATE string SET text = replace(hex(zeroblob(200000)), '0', 'x')"],
        ["UPDATE function SET name = 'text', line = 'text'"],
        ["UPDATE process SET pid = -1"],
        ["UPDATE process SET pid = 9223372036854775807, start_ticks = -1, start_time_ns = 'x'"],
        ["DELETE FROM thread"],
        ["DELETE FROM string"],
        ["DELETE FROM process"],
        ["UPDATE profile SET samples = -1, wall_us = 9223372036854775807, cpu_us = -7"],
        ["UPDATE profile SET memory_growth_bytes = 9223372036854775807"],
        ["UPDATE profile SET memory_growth_bytes = -9223372036854775807 - 1"],
        ["UPDATE process SET start_time_ns = -9223372036854775807 - 1"],
        ["UPDATE recording SET start_time_ns = -9223372036854775807 - 1, end_time_ns = 9223372036854775807"],
        ["UPDATE tick SET time_ms = -9223372036854775807 - 1"],
        ["DELETE FROM tick WHERE tick > 0", "UPDATE tick SET tick = 9223372036854775807"],
        ["UPDATE tick SET tick = -5 - tick"],
        ["UPDATE tick SET tick = 4611686018427387904 + tick WHERE tick > 2"],
        ["UPDATE tick SET time_ms = 9223372036854775807, interval_ms = -1"],
        ["UPDATE recording SET start_time_ns = 'x', end_time_ns = -1, hostname = zeroblob(100000)"],
        ["DELETE FROM recording"],
        ["UPDATE open_file SET kind = 99, access = -3, fd = -1, path = zeroblob(1000)"],
        ["UPDATE segment SET raw_bytes = 9223372036854775807"],
        ["UPDATE segment SET raw_bytes = 1"],
        ["UPDATE segment SET raw_bytes = 200000000"],
        ["UPDATE segment SET data = zeroblob(60000000)"],
        ["UPDATE segment SET last_tick = 9223372036854775807"],
        ["UPDATE segment SET first_tick = -9223372036854775808"],
        ["DELETE FROM segment", "INSERT INTO tick_data SELECT tick, randomblob(2000) FROM tick"],
        ["DELETE FROM segment", "INSERT INTO tick_data SELECT tick, zeroblob(2000) FROM tick"],
        ["DELETE FROM segment", "INSERT INTO tick_data SELECT tick, replace(zeroblob(2000), x'00', x'ff') FROM tick"],
    ],
)
def test_rows_that_make_no_sense_do_no_harm(recording, read_recording, statements):
    change(recording, *statements)
    result = read_recording(recording)
    assert result.returncode in (0, 1)
    assert "\x1b" not in result.stdout + result.stderr
    for line in result.stderr.splitlines():
        assert line.startswith("read_recording: ")


def test_flipped_and_missing_bytes_do_no_harm(recording, read_recording):
    content = recording.read_bytes()
    chance = random.Random(2)
    for i in range(FLIPS):
        damaged = bytearray(content)
        if i % 3 == 0:
            del damaged[chance.randrange(len(damaged)):]
        else:
            for _ in range(chance.choice([1, 10, 300])):
                damaged[chance.randrange(100 * (i % 2), len(damaged))] = chance.randrange(256)
        recording.write_bytes(damaged)
        result = read_recording(recording)
        assert result.returncode in (0, 1), result.stderr
        assert all(line.startswith("read_recording: ") for line in result.stderr.splitlines()), result.stderr


# ---- the manual


def manual_queries():
    text = (SOURCE_DIRECTORY / "man" / "pyneck-recording.5").read_text()
    examples = text[text.index(".Sh EXAMPLES") : text.index(".Sh SEE ALSO")]
    return re.findall(r"^\.Pp\n(.*?)\n\.Bd -literal -offset indent\n(.*?)\n\.Ed$", examples, re.MULTILINE | re.DOTALL)


# Questions that the recording of the test has nothing to say to.
MAY_BE_EMPTY = {"Which functions made memory grow?", "What did they wait for?"}


def test_the_queries_of_the_manual_answer(recording):
    queries = manual_queries()
    assert len(queries) >= 10
    for question, sql in queries:
        rows = query(recording, sql)
        assert rows or question in MAY_BE_EMPTY, question
    answers = {question: query(recording, sql) for question, sql in queries}
    inclusive = dict(answers["Where did time go with all that a function calls?"])
    assert inclusive["<module>"] >= max(inclusive.values()) * 0.99


def test_the_manual_names_the_tables_that_there_are(recording):
    text = (SOURCE_DIRECTORY / "man" / "pyneck-recording.5").read_text()
    text = text.replace("open_file_kind ,", "open_file_kind").replace("state .", "state")
    named = set(re.findall(r"\b[a-z_]+\b", " ".join(re.findall(r"^\.(?:It )?Sy (.*)$", text, re.MULTILINE))))
    assert named == {name for name, in query(recording, "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view')")}


# ---- the flight recorder


def test_a_limit_of_time_drops_the_oldest_ticks_and_the_rest_is_whole(start_record, path, read_recording):
    process = start_record("-o", path, "-d", "0.1", "--keep", "0.01", os.getpid())
    wait_for_ticks(path, 1, process)
    process.terminate()
    process.communicate(timeout=TIMEOUT_SECONDS)
    assert read_recording(path).returncode == 0

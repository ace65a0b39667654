#include "record/schema.h"

/* What is in one row of `tick` or `process_tick` for charts is in the bytes of the tick too, more finely. `profile` and
 * `wait` hold a row a tick for the newest ticks, and a row a segment for those that are packed. */
const struct schema_object schema_objects[] = {
    {"table", "recording",
     "CREATE TABLE recording (id INTEGER PRIMARY KEY CHECK (id = 1), pyneck_version TEXT NOT NULL, "
     "hostname TEXT, command TEXT, rate_hz REAL, interval_ns INTEGER, start_time_ns INTEGER NOT NULL, "
     "end_time_ns INTEGER, exit_status INTEGER, real_seconds REAL, user_seconds REAL, system_seconds REAL, "
     "peak_resident_bytes INTEGER, minor_faults INTEGER, major_faults INTEGER, voluntary_switches INTEGER, "
     "involuntary_switches INTEGER, storage_read_bytes INTEGER, storage_write_bytes INTEGER)"},
    {"table", "string", "CREATE TABLE string (id INTEGER PRIMARY KEY, text TEXT NOT NULL)"},
    {"table", "function",
     "CREATE TABLE function (id INTEGER PRIMARY KEY, name INTEGER NOT NULL, file INTEGER NOT NULL, "
     "line INTEGER NOT NULL)"},
    {"table", "node",
     "CREATE TABLE node (id INTEGER PRIMARY KEY, parent INTEGER NOT NULL, function INTEGER NOT NULL, "
     "line INTEGER NOT NULL)"},
    {"table", "process",
     "CREATE TABLE process (id INTEGER PRIMARY KEY, pid INTEGER NOT NULL, start_ticks INTEGER NOT NULL, "
     "start_time_ns INTEGER, parent_pid INTEGER, uid INTEGER, user INTEGER, name INTEGER, command INTEGER, "
     "implementation INTEGER, version INTEGER, free_threaded INTEGER, is_python INTEGER, selected INTEGER)"},
    {"table", "thread",
     "CREATE TABLE thread (id INTEGER PRIMARY KEY, process INTEGER NOT NULL, tid INTEGER NOT NULL, "
     "name INTEGER)"},
    {"table", "open_file",
     "CREATE TABLE open_file (id INTEGER PRIMARY KEY, process INTEGER NOT NULL, fd INTEGER NOT NULL, "
     "kind INTEGER NOT NULL, access INTEGER NOT NULL, path TEXT, peer TEXT, deleted INTEGER NOT NULL, "
     "protocol TEXT, socket_state TEXT, local TEXT, remote TEXT, first_tick INTEGER NOT NULL, "
     "last_tick INTEGER)"},
    {"table", "tick",
     "CREATE TABLE tick (tick INTEGER PRIMARY KEY, time_ms INTEGER NOT NULL, interval_ms INTEGER, "
     "cpu_centipercent INTEGER, memory_used_bytes INTEGER, swap_used_bytes INTEGER, "
     "read_bytes_per_second INTEGER, write_bytes_per_second INTEGER, receive_bytes_per_second INTEGER, "
     "transmit_bytes_per_second INTEGER)"},
    {"table", "process_tick",
     "CREATE TABLE process_tick (process INTEGER NOT NULL, tick INTEGER NOT NULL, cpu_centipercent INTEGER, "
     "resident_bytes INTEGER, read_bytes_per_second INTEGER, write_bytes_per_second INTEGER, "
     "thread_count INTEGER, open_file_count INTEGER, gone INTEGER, PRIMARY KEY (process, tick)) "
     "WITHOUT ROWID"},
    {"table", "profile",
     "CREATE TABLE profile (tick INTEGER NOT NULL, thread INTEGER NOT NULL, node INTEGER NOT NULL, "
     "state INTEGER NOT NULL, samples INTEGER NOT NULL, wall_us INTEGER NOT NULL, cpu_us INTEGER NOT NULL, "
     "memory_growth_bytes INTEGER NOT NULL, PRIMARY KEY (tick, thread, node, state)) WITHOUT ROWID"},
    {"table", "wait",
     "CREATE TABLE wait (tick INTEGER NOT NULL, thread INTEGER NOT NULL, node INTEGER NOT NULL, "
     "state INTEGER NOT NULL, fd INTEGER NOT NULL, lock_address INTEGER NOT NULL, "
     "description INTEGER NOT NULL, samples INTEGER NOT NULL, wall_us INTEGER NOT NULL, "
     "PRIMARY KEY (tick, thread, node, state, fd, lock_address, description)) WITHOUT ROWID"},
    {"table", "tick_data", "CREATE TABLE tick_data (tick INTEGER PRIMARY KEY, data BLOB NOT NULL)"},
    {"table", "segment",
     "CREATE TABLE segment (first_tick INTEGER PRIMARY KEY, last_tick INTEGER NOT NULL, "
     "raw_bytes INTEGER NOT NULL, data BLOB NOT NULL)"},
    {"table", "state", "CREATE TABLE state (id INTEGER PRIMARY KEY, name TEXT NOT NULL)"},
    {"table", "open_file_kind", "CREATE TABLE open_file_kind (id INTEGER PRIMARY KEY, name TEXT NOT NULL)"},
    {"view", "functions",
     "CREATE VIEW functions AS SELECT function.id AS function, name.text AS name, file.text AS file, "
     "function.line AS line FROM function JOIN string AS name ON name.id = function.name "
     "JOIN string AS file ON file.id = function.file"},
    {"view", "processes",
     "CREATE VIEW processes AS SELECT process.id AS process, pid, parent_pid, "
     "datetime(start_time_ns / 1000000000, 'unixepoch') AS start_time, user.text AS user, name.text AS name, "
     "command.text AS command, version.text AS python_version, free_threaded "
     "FROM process LEFT JOIN string AS user ON user.id = process.user "
     "LEFT JOIN string AS name ON name.id = process.name "
     "LEFT JOIN string AS command ON command.id = process.command "
     "LEFT JOIN string AS version ON version.id = process.version"},
    {"view", "threads",
     "CREATE VIEW threads AS SELECT thread.id AS thread, thread.process, process.pid, tid, "
     "string.text AS name FROM thread JOIN process ON process.id = thread.process "
     "LEFT JOIN string ON string.id = thread.name"},
    {"view", "system_series",
     "CREATE VIEW system_series AS SELECT tick, time_ms / 1000.0 AS unix_time, "
     "strftime('%Y-%m-%d %H:%M:%f', time_ms / 1000.0, 'unixepoch') AS time, "
     "interval_ms / 1000.0 AS interval_seconds, cpu_centipercent / 100.0 AS cpu_percent, "
     "memory_used_bytes, swap_used_bytes, read_bytes_per_second, write_bytes_per_second, "
     "receive_bytes_per_second, transmit_bytes_per_second FROM tick"},
    {"view", "process_series",
     "CREATE VIEW process_series AS SELECT tick.tick, tick.time_ms / 1000.0 AS unix_time, "
     "strftime('%Y-%m-%d %H:%M:%f', tick.time_ms / 1000.0, 'unixepoch') AS time, process.pid, "
     "change.process, change.cpu_centipercent / 100.0 AS cpu_percent, change.resident_bytes, "
     "change.read_bytes_per_second, change.write_bytes_per_second, change.thread_count, "
     "change.open_file_count FROM (SELECT *, lead(tick, 1, 9223372036854775807) "
     "OVER (PARTITION BY process ORDER BY tick) AS next_tick FROM process_tick) AS change "
     "JOIN tick ON tick.tick >= change.tick AND tick.tick < change.next_tick "
     "JOIN process ON process.id = change.process WHERE change.gone IS NULL"},
    {"view", "profiles",
     "CREATE VIEW profiles AS SELECT profile.tick, thread.process, process.pid, profile.thread, thread.tid, "
     "profile.node, node.function, name.text AS name, file.text AS file, function.line AS def_line, "
     "node.line, state.name AS state, samples, wall_us / 1e6 AS wall_seconds, cpu_us / 1e6 AS cpu_seconds, "
     "memory_growth_bytes FROM profile JOIN thread ON thread.id = profile.thread "
     "JOIN process ON process.id = thread.process LEFT JOIN node ON node.id = profile.node "
     "LEFT JOIN function ON function.id = node.function LEFT JOIN string AS name ON name.id = function.name "
     "LEFT JOIN string AS file ON file.id = function.file JOIN state ON state.id = profile.state"},
    {"view", "own_times",
     "CREATE VIEW own_times AS SELECT pid, name, file, def_line AS line, sum(cpu_seconds) AS cpu_seconds, "
     "sum(wall_seconds) AS wall_seconds, sum(samples) AS samples, "
     "sum(memory_growth_bytes) AS memory_growth_bytes FROM profiles GROUP BY pid, function"},
    {"view", "waits",
     "CREATE VIEW waits AS SELECT wait.tick, thread.process, process.pid, wait.thread, thread.tid, "
     "wait.node, "
     "state.name AS state, nullif(fd, -1) AS fd, nullif(lock_address, 0) AS lock_address, "
     "description.text AS description, samples, wall_us / 1e6 AS wall_seconds FROM wait "
     "JOIN thread ON thread.id = wait.thread JOIN process ON process.id = thread.process "
     "LEFT JOIN string AS description ON description.id = wait.description "
     "JOIN state ON state.id = wait.state"},
    {"view", "open_files",
     "CREATE VIEW open_files AS SELECT process.pid, open_file.process, fd, open_file_kind.name AS kind, "
     "CASE access WHEN 1 THEN 'read' WHEN 2 THEN 'write' WHEN 3 THEN 'read-write' END AS access, path, peer, "
     "deleted, protocol, socket_state, local, remote, first_tick, last_tick FROM open_file "
     "JOIN process ON process.id = open_file.process "
     "JOIN open_file_kind ON open_file_kind.id = open_file.kind"},
};

const size_t schema_object_count = sizeof(schema_objects) / sizeof(schema_objects[0]);

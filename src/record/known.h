/* The processes of a recording that runs, with their threads and open files: what has changed since the last tick is
 * written, and the ids in the file are handed out. */
#ifndef PYNECK_RECORD_KNOWN_H
#define PYNECK_RECORD_KNOWN_H

#include "model/tick.h"
#include "record/names.h"

/* Statements that these need of the database, after those of the names. */
enum {
    KNOWN_INSERT_PROCESS = NAMES_STATEMENTS,
    KNOWN_INSERT_THREAD,
    KNOWN_NAME_THREAD,
    KNOWN_INSERT_OPEN_FILE,
    KNOWN_END_OPEN_FILE,
    KNOWN_INSERT_PROCESS_TICK,
    KNOWN_DROP_THREAD,
    KNOWN_STATEMENTS,
};

#define KNOWN_SQL                                                                                            \
    "INSERT INTO process VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",                                 \
        "INSERT INTO thread VALUES (?, ?, ?, ?)", "UPDATE thread SET name = ?2 WHERE id = ?1",               \
        "INSERT INTO open_file VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL)",                        \
        "UPDATE open_file SET last_tick = ?2 WHERE id = ?1",                                                 \
        "INSERT INTO process_tick VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", "DELETE FROM thread WHERE id = ?"

struct known_process;

/* Zero-initialized but for the names. */
struct known {
    struct names *names;
    struct known_process *processes; /* by pid */
    size_t count;
    uint32_t process_count; /* ids handed out */
    struct name_table threads;
    uint32_t open_file_count;
    uint64_t tick; /* that is being written */
};

/* Begin a tick: its processes are known from here on, those that have gone no more, and rows are written for what
 * changed. */
void known_begin_tick(struct known *known, const struct tick *tick, uint64_t sequence);

/* Ids of what this tick holds. */
uint32_t known_process_id(const struct known *known, pid_t pid);
uint32_t known_open_file_id(const struct known *known, pid_t pid, int fd);
uint32_t known_thread_id(struct known *known, pid_t pid, pid_t tid);

/* Drop the threads that no tick after `last` has. */
void known_drop(struct known *known, uint64_t last);

void known_free(struct known *known);

#endif

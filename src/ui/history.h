/* The recent past of every sampled process, kept for every tick, so that the functions of a process are there
 * the moment it is selected. */
#ifndef PYNECK_UI_HISTORY_H
#define PYNECK_UI_HISTORY_H

#include "analysis/ranking.h"
#include "analysis/verdict.h"
#include "ui/file_waits.h"
#include "ui/memory_history.h"

#include <stddef.h>

/* The windows that the user can choose from. */
enum window_choice {
    WINDOW_LAST,
    WINDOW_SLIDING,
    WINDOW_ALL,
    WINDOW_MARKED, /* between two moments that the user marked (ui/travel.h) */
    WINDOW_CHOICES,
};

enum {
    HISTORY_WINDOWS = WINDOW_MARKED, /* those that are kept of every process */
};

/* "last interval", "last 10 s", "since start", "between the marks" */
const char *window_choice_name(enum window_choice choice);

/* What a process did in each window, and how well it was sampled since the counters were reset. */
struct process_history {
    pid_t pid;
    uint64_t start_ticks;
    uint64_t last_seen_ns; /* CLOCK_MONOTONIC */
    struct window *windows[HISTORY_WINDOWS];
    struct memory_history memory;
    struct file_waits file_waits;
    struct verdict_window *verdict_window; /* of the last 10 seconds */
    struct verdict verdict;                /* when has_verdict */
    bool has_verdict;
    uint64_t samples;
    uint64_t partial;
    uint64_t invalid;
    uint64_t late;
};

struct history {
    struct process_history *processes;
    size_t count;
    size_t capacity;
    size_t vanished; /* of them, not in the last tick */
};

/* Add a tick; windows of processes that vanished a while ago are dropped. There is a limit on the number of
 * processes; the selected one is kept in any case. Zero-initialized is empty. */
void history_add(struct history *history, const struct tick *tick, pid_t selected);

/* Make the verdict of every process; to be called after history_add(). */
void history_judge(struct history *history, const struct call_tree *tree);

/* The verdict on a process, or NULL; valid as the result of history_find(). */
const struct verdict *history_verdict(const struct history *history, const struct process *process);

/* What is known of a process, or NULL. Valid until the next history_add(). */
const struct process_history *history_find(const struct history *history, const struct process *process);

/* Forget all counters. */
void history_reset(struct history *history);

void history_free(struct history *history);

#endif

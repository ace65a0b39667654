#include "ui/history.h"

#include "base/clock.h"
#include "base/memory.h"

#include <stdlib.h>

enum {
    MAX_HISTORIES = 512, /* processes */
};

#define KEEP_VANISHED_NS (60 * NS_PER_SECOND)
#define VERDICT_SPAN_NS  (10 * NS_PER_SECOND)

static const struct {
    const char *name;
    uint64_t span_ns;
} choices[WINDOW_CHOICES] = {
    [WINDOW_LAST] = {"last interval", 0},
    [WINDOW_SLIDING] = {"last 10 s", 10 * NS_PER_SECOND},
    [WINDOW_ALL] = {"since start", UINT64_MAX},
    [WINDOW_MARKED] = {"between the marks", 0},
};

const char *window_choice_name(enum window_choice choice)
{
    return choices[choice].name;
}

static struct process_history *find(const struct history *history, const struct process *process)
{
    for (size_t i = 0; i < history->count; i++) {
        struct process_history *known = &history->processes[i];
        if (known->pid == process->pid && known->start_ticks == process->start_ticks)
            return known;
    }
    return NULL;
}

const struct process_history *history_find(const struct history *history, const struct process *process)
{
    return find(history, process);
}

static void drop(struct history *history, size_t index)
{
    for (size_t choice = 0; choice < HISTORY_WINDOWS; choice++)
        window_free(history->processes[index].windows[choice]);
    memory_history_free(&history->processes[index].memory);
    file_waits_free(&history->processes[index].file_waits);
    verdict_window_free(history->processes[index].verdict_window);
    history->processes[index] = history->processes[--history->count];
}

static void drop_longest_unseen(struct history *history)
{
    size_t oldest = 0;

    for (size_t i = 1; i < history->count; i++)
        if (history->processes[i].last_seen_ns < history->processes[oldest].last_seen_ns)
            oldest = i;
    drop(history, oldest);
}

static struct process_history *create(struct history *history, const struct process *process)
{
    history->processes =
        memory_grow(history->processes, &history->capacity, history->count + 1, sizeof(*history->processes));
    struct process_history *created = &history->processes[history->count++];
    *created = (struct process_history){.pid = process->pid, .start_ticks = process->start_ticks};
    for (size_t choice = 0; choice < HISTORY_WINDOWS; choice++)
        created->windows[choice] = window_new(choices[choice].span_ns);
    created->verdict_window = verdict_window_new(VERDICT_SPAN_NS);
    return created;
}

static void add_to_windows(struct process_history *known, const struct tick *tick,
                           const struct process *process)
{
    const struct profile *profile = process->profile;

    known->last_seen_ns = tick->monotonic_ns;
    for (size_t choice = 0; choice < HISTORY_WINDOWS; choice++)
        window_add(known->windows[choice], tick, process);
    memory_history_add(&known->memory, tick, process);
    file_waits_add(&known->file_waits, process);
    verdict_window_add(known->verdict_window, tick, process);
    if (profile != NULL) {
        known->samples += profile->samples;
        known->partial += profile->partial;
        known->invalid += profile->invalid;
        known->late += profile->late;
    }
}

/* Begin with a process that is not known yet. When there are too many, those that have vanished make room,
 * and for the selected one any other. */
static void add_new(struct history *history, const struct tick *tick, const struct process *process,
                    bool selected)
{
    bool full = history->count == MAX_HISTORIES;

    if (process->profile == NULL || (full && !selected && history->vanished == 0) ||
        find(history, process) != NULL)
        return;
    if (full) {
        drop_longest_unseen(history);
        history->vanished -= history->vanished > 0;
    }
    add_to_windows(create(history, process), tick, process);
}

void history_add(struct history *history, const struct tick *tick, pid_t selected)
{
    history->vanished = 0;
    for (size_t i = history->count; i-- > 0;) {
        struct process_history *known = &history->processes[i];
        const struct process *process = tick_find_process(tick, known->pid);
        if (process != NULL && process->start_ticks == known->start_ticks)
            add_to_windows(known, tick, process);
        else if (known->last_seen_ns + KEEP_VANISHED_NS < tick->monotonic_ns)
            drop(history, i);
        else
            history->vanished++;
    }
    const struct process *favourite = tick_find_process(tick, selected);
    if (favourite != NULL)
        add_new(history, tick, favourite, true);
    for (size_t i = 0; i < tick->process_count; i++)
        add_new(history, tick, &tick->processes[i], false);
}

void history_judge(struct history *history, const struct call_tree *tree)
{
    for (size_t i = 0; i < history->count; i++) {
        struct process_history *known = &history->processes[i];
        known->has_verdict = verdict_window_judge(known->verdict_window, tree, &known->verdict);
    }
}

const struct verdict *history_verdict(const struct history *history, const struct process *process)
{
    const struct process_history *known = process->profile != NULL ? find(history, process) : NULL;

    return known != NULL && known->has_verdict ? &known->verdict : NULL;
}

void history_reset(struct history *history)
{
    for (size_t i = 0; i < history->count; i++) {
        struct process_history *known = &history->processes[i];
        for (size_t choice = 0; choice < HISTORY_WINDOWS; choice++)
            window_clear(known->windows[choice]);
        file_waits_clear(&known->file_waits);
        known->samples = known->partial = known->invalid = known->late = 0;
    }
}

void history_free(struct history *history)
{
    while (history->count > 0)
        drop(history, history->count - 1);
    free(history->processes);
    *history = (struct history){0};
}

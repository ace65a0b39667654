#include "export/text_process.h"

#include "analysis/verdict.h"
#include "analysis/wait_ranking.h"

#include <inttypes.h>
#include <string.h>

enum {
    MAX_FUNCTIONS = 20, /* what a reader takes in; JSON has more */
    MAX_LINES = 10,
    MAX_WAITS = 10,
};

void text_write_place(struct text_line *line, const struct function *function, uint32_t at_line)
{
    line_add(line, "%s (%s", function->name, function->file);
    if (at_line > 0)
        line_add(line, ":%" PRIu32, at_line);
    line_add(line, ")");
}

static void write_ranking_row(struct text_line *line, const struct ranking_row *row,
                              const struct call_tree *tree, enum ranking_mode mode, enum ranking_level level)
{
    const struct function *function = call_tree_function(tree, row->function);
    bool cpu = mode == RANKING_CPU;

    line_add_real(line, row->own_percent, 1, 8);
    line_add_real(line, row->total_percent, 1, 8);
    line_add_seconds(line, cpu ? row->own_cpu_ns : row->own_wall_ns, 11);
    line_add_seconds(line, cpu ? row->total_cpu_ns : row->total_wall_ns, 11);
    line_add(line, "  ");
    text_write_place(line, function, level == RANKING_LINES ? row->line : function->line);
    line_end(line);
}

/* Only rows that took part of the time in this mode: the others are not hot. */
static bool is_shown(const struct ranking_row *row, enum ranking_mode mode)
{
    return (mode == RANKING_CPU ? row->total_cpu_ns : row->total_wall_ns) > 0;
}

static void write_ranking(struct text_line *line, const struct tick *tick, const struct process *process,
                          const struct call_tree *tree, enum ranking_mode mode, enum ranking_level level)
{
    bool lines = level == RANKING_LINES;
    size_t most = lines ? MAX_LINES : MAX_FUNCTIONS;
    struct ranking ranking = ranking_of_process(tick, process, tree, mode, level);

    if (ranking.count == 0 || !is_shown(&ranking.rows[0], mode)) {
        ranking_free(&ranking);
        return;
    }
    line_add(line, "%8s%8s%11s%11s  %s", "OWN%", "TOTAL%", mode == RANKING_CPU ? "OWN CPU" : "OWN WALL",
             mode == RANKING_CPU ? "TOTAL CPU" : "TOTAL WALL", lines ? "LINE" : "FUNCTION");
    line_end(line);
    for (size_t i = 0; i < ranking.count && i < most && is_shown(&ranking.rows[i], mode); i++)
        write_ranking_row(line, &ranking.rows[i], tree, mode, level);
    ranking_free(&ranking);
}

/* The descriptor, the lock or the child that is waited for, or the system call. */
static void write_waited_for(struct text_line *line, const char *before, int fd, const char *description)
{
    if (fd >= 0)
        line_add(line, "%sfd %d", before, fd);
    if (description != NULL)
        line_add(line, "%s%s", fd >= 0 ? " " : before, description);
}

/* The longest waits; those that took less than a thousandth of the first are not worth a line. */
void text_write_waits(struct text_line *line, const struct profile *profile, const struct call_tree *tree)
{
    struct wait_ranking ranking = wait_ranking_new(profile, tree);

    if (ranking.count > 0) {
        line_add(line, "%11s  %-8s  %s", "WAITED", "STATE", "LINE, WAITED FOR");
        line_end(line);
    }
    for (size_t i = 0; i < ranking.count && i < MAX_WAITS; i++) {
        const struct wait_row *row = &ranking.rows[i];
        if (row->wall_ns < ranking.rows[0].wall_ns / 1000)
            break;
        line_add_seconds(line, row->wall_ns, 11);
        line_add(line, "  %-8s  ", thread_state_name(row->wait->state));
        if (row->has_function)
            text_write_place(line, call_tree_function(tree, row->function), row->line);
        else
            line_add(line, "(no Python code)");
        write_waited_for(line, ", ", row->wait->fd, row->wait->description);
        line_end(line);
    }
    wait_ranking_free(&ranking);
}

static void write_sampling(struct text_line *line, const struct profile *profile)
{
    line_add(line, "  %" PRIu64 " samples at ", profile->samples);
    line_add_real(line, profile->rate_hz, 0, 0);
    line_add(line, " Hz: %" PRIu64 " partial, %" PRIu64 " invalid, %" PRIu64 " late; watching cost ",
             profile->partial, profile->invalid, profile->late);
    line_add_real(line, profile->cpu_percent, 2, 0);
    line_add(line, "%% of a core");
    line_end(line);
}

static void write_cause(struct text_line *line, const char *before, const struct verdict_cause *cause)
{
    char summary[VERDICT_SUMMARY_SIZE];
    size_t columns = line->columns > 0 ? line->columns : SIZE_MAX;
    size_t used = strlen(before) + strlen(verdict_kind_name(cause->kind)) + 4;

    verdict_format(summary, cause, columns > used ? columns - used : 1);
    line_add(line, "  %s%s: %s", before, verdict_kind_name(cause->kind), summary);
    line_end(line);
}

static void write_verdict(struct text_line *line, const struct tick *tick, const struct process *process,
                          const struct call_tree *tree)
{
    struct verdict verdict;

    if (!verdict_of_process(tick, process, tree, &verdict))
        return;
    write_cause(line, "Verdict: ", &verdict.first);
    if (verdict.has_second)
        write_cause(line, "and ", &verdict.second);
}

/* The system call that it waits in, or the descriptor that it waits for. */
static void write_waiting(struct text_line *line, const char *before, const struct waiting *waiting)
{
    if (waiting != NULL)
        write_waited_for(line, before, waiting->fd, waiting->description);
}

static void write_threads(struct text_line *line, const struct process *process, const struct call_tree *tree)
{
    line_add(line, "%10s  %6s  %-8s  %-3s  %-16s  %s", "TID", "CPU%", "STATE", "GIL", "THREAD",
             "WHERE, WAITS FOR");
    line_end(line);
    for (size_t i = 0; i < process->thread_detail_count; i++) {
        const struct thread *thread = &process->threads[i];
        line_add_count(line, thread->tid, 10);
        line_add(line, "  ");
        line_add_real(line, thread->cpu_percent, 1, 6);
        line_add(line, "  %-8s  %-3s  ", thread_state_name(thread->state),
                 thread->holds_gil < 0    ? "-"
                 : thread->holds_gil == 1 ? "yes"
                                          : "no");
        line_add_text(line, thread->name, 16);
        line_add(line, "  ");
        const struct call_node *node = call_tree_node(tree, thread->stack_node);
        if (thread->has_stack && node->depth > 0)
            text_write_place(line, call_tree_function(tree, node->function), node->line);
        else
            line_add(line, "%s", thread->has_stack ? "(no Python code)" : "-");
        write_waiting(line, ", ", thread->waiting);
        line_end(line);
    }
}

static void write_open_file(struct text_line *line, const struct open_file *file)
{
    const struct socket_info *socket = file->socket;

    line_add_count(line, file->fd, 10);
    line_add(line, "  ");
    line_add_text(line, open_file_kind_name(file->kind), 9);
    line_add(line, "  ");
    line_add_text(line, open_file_access_name(file->access), 10);
    line_add_bytes(line, (double)file->position_bytes, 9);
    line_add_bytes(line, (double)file->size_bytes, 9);
    line_add_bytes(line, file->bytes_per_second, 9);
    line_add(line, "  ");
    if (socket != NULL) {
        line_add(line, "%s %s", socket->protocol != NULL ? socket->protocol : "-",
                 socket->local != NULL ? socket->local : "-");
        if (socket->remote != NULL)
            line_add(line, " -> %s", socket->remote);
        if (socket->state != NULL)
            line_add(line, " %s", socket->state);
    } else {
        line_add(line, "%s", file->path != NULL ? file->path : "-");
    }
    line_add(line, "%s", file->deleted ? " (deleted)" : "");
    if (file->peer != NULL)
        line_add(line, " <-> %s", file->peer);
    line_end(line);
}

static void write_open_files(struct text_line *line, const struct process *process)
{
    line_add(line, "%10s  %-9s  %-10s%9s%9s%9s  %s", "FD", "KIND", "ACCESS", "POSITION", "SIZE", "RATE/s",
             "PATH");
    line_end(line);
    for (size_t i = 0; i < process->open_file_detail_count; i++)
        write_open_file(line, &process->open_files[i]);
    if (!process->open_files_complete) {
        line_add(line, "  (shown: %zu of ", process->open_file_detail_count);
        line_add_count(line, process->open_file_count, 0);
        line_add(line, ")");
        line_end(line);
    }
}

static void write_name(struct text_line *line, const struct process *process)
{
    const struct python_info *python = process->python;

    line_add(line, "Process %d", process->pid);
    if (python != NULL)
        line_add(line, ", %s%s%s%s", python->implementation, python->version != NULL ? " " : "",
                 python->version != NULL ? python->version : "",
                 python->free_threaded ? " (free-threaded)" : "");
    line_add(line, ": %s", process->command != NULL ? process->command : "-");
    line_end(line);
}

void text_write_details(struct text_line *line, const struct tick *tick, const struct process *process,
                        const struct call_tree *tree, enum ranking_mode mode)
{
    if (process->profile == NULL && process->threads == NULL && !process->open_files_listed &&
        process->error == NULL && process->phase == NULL)
        return;
    line_end(line);
    write_name(line, process);
    if (process->error != NULL) {
        line_add(line, "  %s", process->error);
        line_end(line);
    }
    if (process->phase != NULL) {
        line_add(line, "  The interpreter is %s", process->phase);
        line_end(line);
    }
    if (process->profile != NULL) {
        write_verdict(line, tick, process, tree);
        write_sampling(line, process->profile);
        write_ranking(line, tick, process, tree, mode, RANKING_FUNCTIONS);
        write_ranking(line, tick, process, tree, mode, RANKING_LINES);
        text_write_waits(line, process->profile, tree);
    }
    if (process->threads != NULL)
        write_threads(line, process, tree);
    if (process->open_files_listed)
        write_open_files(line, process);
}

static void write_stack(struct text_line *line, const struct thread *thread, const struct call_tree *tree)
{
    const struct call_node *node = call_tree_node(tree, thread->stack_node);

    if (!thread->has_stack || node->depth == 0) {
        line_add(line, "  %s", thread->has_stack ? "(runs no Python code)" : "(its stack could not be read)");
        line_end(line);
        return;
    }
    for (; node->depth > 0; node = call_tree_node(tree, node->parent)) {
        line_add(line, "  ");
        text_write_place(line, call_tree_function(tree, node->function), node->line);
        line_end(line);
    }
}

void text_write_stacks(struct text_line *line, const struct process *process, const struct call_tree *tree)
{
    write_name(line, process);
    for (size_t i = 0; i < process->thread_detail_count; i++) {
        const struct thread *thread = &process->threads[i];
        line_end(line);
        line_add(line, "Thread %d", thread->tid);
        if (thread->name != NULL)
            line_add(line, " (%s)", thread->name);
        line_add(line, " %s", thread_state_name(thread->state));
        if (thread->holds_gil == 1)
            line_add(line, ", holds the GIL");
        write_waiting(line, ": ", thread->waiting);
        line_end(line);
        write_stack(line, thread, tree);
    }
}

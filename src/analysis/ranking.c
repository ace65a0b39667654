#include "analysis/ranking.h"

#include "analysis/call_graph.h"
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

struct order {
    const struct call_tree *tree;
    enum ranking_mode mode;
};

static int compare_numbers(uint64_t one, uint64_t other)
{
    return (one > other) - (one < other);
}

static int compare_rows(const void *left, const void *right, void *context)
{
    const struct order *order = context;
    const struct ranking_row *one = left;
    const struct ranking_row *other = right;
    bool cpu = order->mode == RANKING_CPU;

    int result = compare_numbers(cpu ? other->own_cpu_ns : other->own_wall_ns,
                                 cpu ? one->own_cpu_ns : one->own_wall_ns);
    if (result == 0)
        result = compare_numbers(cpu ? other->total_cpu_ns : other->total_wall_ns,
                                 cpu ? one->total_cpu_ns : one->total_wall_ns);
    if (result != 0)
        return result;

    const struct function *function = call_tree_function(order->tree, one->function);
    const struct function *other_function = call_tree_function(order->tree, other->function);
    result = strcmp(function->name, other_function->name);
    if (result == 0)
        result = strcmp(function->file, other_function->file);
    if (result == 0)
        result = compare_numbers(function->line, other_function->line);
    return result != 0 ? result : compare_numbers(one->line, other->line);
}

static double share_percent(uint64_t part, uint64_t whole)
{
    return whole > 0 ? 100.0 * (double)part / (double)whole : UNKNOWN_REAL;
}

struct ranking ranking_of_amounts(const struct node_amount *const *slices, const size_t *counts,
                                  size_t slice_count, const struct call_tree *tree, enum ranking_mode mode,
                                  enum ranking_level level)
{
    struct ranking ranking = {0};
    struct call_graph graph;

    call_graph_init(&graph, tree, level == RANKING_LINES);
    for (size_t slice = 0; slice < slice_count; slice++) {
        for (size_t i = 0; i < counts[slice]; i++) {
            const struct node_amount *amount = &slices[slice][i];
            call_graph_add(&graph, amount);
            ranking.cpu_ns += amount->cpu_ns;
            ranking.wall_ns += amount->wall_ns;
            ranking.samples += amount->samples;
        }
    }
    ranking.rows = call_graph_sum(&graph, &ranking.count);
    call_graph_free(&graph);

    for (size_t i = 0; i < ranking.count; i++) {
        struct ranking_row *row = &ranking.rows[i];
        bool cpu = mode == RANKING_CPU;
        uint64_t whole = cpu ? ranking.cpu_ns : ranking.wall_ns;
        row->own_percent = share_percent(cpu ? row->own_cpu_ns : row->own_wall_ns, whole);
        row->total_percent = share_percent(cpu ? row->total_cpu_ns : row->total_wall_ns, whole);
    }
    struct order order = {.tree = tree, .mode = mode};
    if (ranking.count > 1)
        qsort_r(ranking.rows, ranking.count, sizeof(*ranking.rows), compare_rows, &order);
    return ranking;
}

struct ranking ranking_of_process(const struct tick *tick, const struct process *process,
                                  const struct call_tree *tree, enum ranking_mode mode,
                                  enum ranking_level level)
{
    const struct profile *profile = process->profile;
    size_t count = profile != NULL ? profile->counter_count : 0;
    struct node_amount *amounts = memory_allocate(count, sizeof(*amounts));

    for (size_t i = 0; i < count; i++)
        amounts[i] = node_amount_of_counter(&profile->counters[i]);
    const struct node_amount *slices[] = {amounts};
    struct ranking ranking = ranking_of_amounts(slices, &count, 1, tree, mode, level);
    ranking.span_ns = profile != NULL ? tick->interval_ns : 0;
    free(amounts);
    return ranking;
}

struct ranking ranking_of_tick(const struct tick *tick, const struct call_tree *tree, enum ranking_mode mode,
                               enum ranking_level level)
{
    size_t count = 0, filled = 0;

    for (size_t i = 0; i < tick->process_count; i++) {
        if (tick->processes[i].profile != NULL)
            count += tick->processes[i].profile->counter_count;
    }
    struct node_amount *amounts = memory_allocate(count, sizeof(*amounts));
    for (size_t i = 0; i < tick->process_count; i++) {
        const struct profile *profile = tick->processes[i].profile;
        for (size_t j = 0; profile != NULL && j < profile->counter_count; j++)
            amounts[filled++] = node_amount_of_counter(&profile->counters[j]);
    }
    const struct node_amount *const slices[] = {amounts};
    struct ranking ranking = ranking_of_amounts(slices, &count, 1, tree, mode, level);
    ranking.span_ns = tick->interval_ns;
    free(amounts);
    return ranking;
}

void ranking_free(struct ranking *ranking)
{
    free(ranking->rows);
    *ranking = (struct ranking){0};
}

const char *ranking_mode_name(enum ranking_mode mode)
{
    static const char *const names[RANKING_MODES] = {[RANKING_CPU] = "cpu", [RANKING_WALL] = "wall"};

    return mode < RANKING_MODES ? names[mode] : names[RANKING_CPU];
}

const struct thread *process_busiest_thread(const struct process *process)
{
    const struct thread *busiest = NULL;

    for (size_t i = 0; i < process->thread_detail_count; i++) {
        const struct thread *thread = &process->threads[i];
        if (!thread->has_stack || thread->stack_node == CALL_TREE_ROOT)
            continue;
        if (busiest == NULL || isgreater(thread->cpu_percent, busiest->cpu_percent) ||
            (!real_is_known(busiest->cpu_percent) && real_is_known(thread->cpu_percent)))
            busiest = thread;
    }
    return busiest;
}

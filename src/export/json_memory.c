#include "export/json_memory.h"

#include "analysis/ranking.h"
#include "base/memory.h"
#include "export/json_value.h"

#include <stdlib.h>

enum {
    MAX_GROWERS = 20, /* man/pyneck-json.5 names the number */
};

/* Most growth first; what does not differ keeps the ranking's order. */
static int compare_growth(const void *left, const void *right)
{
    const struct ranking_row *one = *(const struct ranking_row *const *)left;
    const struct ranking_row *other = *(const struct ranking_row *const *)right;

    if (one->own_growth_bytes != other->own_growth_bytes)
        return one->own_growth_bytes < other->own_growth_bytes ? 1 : -1;
    if (one->total_growth_bytes != other->total_growth_bytes)
        return one->total_growth_bytes < other->total_growth_bytes ? 1 : -1;
    return (one > other) - (one < other);
}

static void put_grower(struct json *json, const struct ranking_row *row, const struct call_tree *tree)
{
    const struct function *function = call_tree_function(tree, row->function);
    json_begin_object(json, NULL);

    put_text(json, "function", function->name);
    put_text(json, "file", function->file);
    put_count(json, "line", function->line > 0 ? function->line : UNKNOWN_COUNT);
    put_integer(json, "own_growth_bytes", row->own_growth_bytes);
    put_integer(json, "total_growth_bytes", row->total_growth_bytes);
    json_end_object(json);
}

void put_growers(struct json *json, const char *name, const struct ranking *ranking,
                 const struct call_tree *tree)
{
    const struct ranking_row **rows = memory_allocate(ranking->count, sizeof(const void *));
    size_t count = 0;

    for (size_t i = 0; i < ranking->count; i++) {
        if (ranking->rows[i].own_growth_bytes > 0 || ranking->rows[i].total_growth_bytes > 0)
            rows[count++] = &ranking->rows[i];
    }
    if (count > 1)
        qsort(rows, count, sizeof(const void *), compare_growth);
    json_begin_array(json, name);
    for (size_t i = 0; i < count && i < MAX_GROWERS; i++)
        put_grower(json, rows[i], tree);
    json_end_array(json);
    free(rows);
}

/* The functions in which the process grew. */
static void put_growers_of_process(struct json *json, const char *name, const struct tick *tick,
                                   const struct process *process, const struct call_tree *tree)
{
    if (process->profile == NULL || !process->profile->growth_measured) {
        put_null(json, name);
        return;
    }
    struct ranking ranking = ranking_of_process(tick, process, tree, RANKING_WALL, RANKING_FUNCTIONS);
    put_growers(json, name, &ranking, tree);
    ranking_free(&ranking);
}

void put_memory(struct json *json, const char *name, const struct tick *tick, const struct process *process,
                const struct call_tree *tree)
{
    json_begin_object(json, name);

    put_count(json, "anonymous_bytes", process->anonymous_bytes);
    put_count(json, "file_bytes", process->file_bytes);
    put_count(json, "shared_memory_bytes", process->shared_memory_bytes);
    put_count(json, "swap_bytes", process->swap_bytes);
    put_real(json, "growth_bytes_per_second", process->growth_bytes_per_second, DECIMALS_RATE);
    put_real(json, "minor_faults_per_second", process->minor_faults_per_second, DECIMALS_RATE);
    put_real(json, "major_faults_per_second", process->major_faults_per_second, DECIMALS_RATE);
    put_growers_of_process(json, "functions", tick, process, tree);
    json_end_object(json);
}

void put_collector(struct json *json, const char *name, const struct collector_usage *collector)
{
    if (collector == NULL || collector->generation_count <= 0) {
        put_null(json, name);
        return;
    }
    json_begin_object(json, name);
    json_begin_array(json, "collections");
    for (int i = 0; i < collector->generation_count && i < 3; i++)
        put_integer(json, NULL, collector->collections[i]);
    json_end_array(json);
    put_real(json, "collecting_seconds", collector->collecting_seconds, DECIMALS_SECONDS);
    put_count(json, "tracked_objects", collector->tracked_objects);
    json_end_object(json);
}

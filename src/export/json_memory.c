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

static json_t *json_grower(const struct ranking_row *row, const struct call_tree *tree)
{
    const struct function *function = call_tree_function(tree, row->function);
    json_t *object = json_object();

    put_text(object, "function", function->name);
    put_text(object, "file", function->file);
    put_count(object, "line", function->line > 0 ? function->line : UNKNOWN_COUNT);
    put_integer(object, "own_growth_bytes", row->own_growth_bytes);
    put_integer(object, "total_growth_bytes", row->total_growth_bytes);
    return object;
}

json_t *json_growers(const struct ranking *ranking, const struct call_tree *tree)
{
    const struct ranking_row **rows = memory_allocate(ranking->count, sizeof(const void *));
    json_t *growers = json_array();
    size_t count = 0;

    for (size_t i = 0; i < ranking->count; i++) {
        if (ranking->rows[i].own_growth_bytes > 0 || ranking->rows[i].total_growth_bytes > 0)
            rows[count++] = &ranking->rows[i];
    }
    if (count > 1)
        qsort(rows, count, sizeof(const void *), compare_growth);
    for (size_t i = 0; i < count && i < MAX_GROWERS; i++)
        json_array_append_new(growers, json_grower(rows[i], tree));
    free(rows);
    return growers;
}

/* The functions in which the process grew. */
static json_t *json_growers_of_process(const struct tick *tick, const struct process *process,
                                       const struct call_tree *tree)
{
    if (process->profile == NULL || !process->profile->growth_measured)
        return NULL;
    struct ranking ranking = ranking_of_process(tick, process, tree, RANKING_WALL, RANKING_FUNCTIONS);
    json_t *growers = json_growers(&ranking, tree);
    ranking_free(&ranking);
    return growers;
}

json_t *json_memory(const struct tick *tick, const struct process *process, const struct call_tree *tree)
{
    json_t *object = json_object();

    put_count(object, "anonymous_bytes", process->anonymous_bytes);
    put_count(object, "file_bytes", process->file_bytes);
    put_count(object, "shared_memory_bytes", process->shared_memory_bytes);
    put_count(object, "swap_bytes", process->swap_bytes);
    put_real(object, "growth_bytes_per_second", process->growth_bytes_per_second, DECIMALS_RATE);
    put_real(object, "minor_faults_per_second", process->minor_faults_per_second, DECIMALS_RATE);
    put_real(object, "major_faults_per_second", process->major_faults_per_second, DECIMALS_RATE);
    put_value(object, "functions", json_growers_of_process(tick, process, tree));
    return object;
}

json_t *json_collector(const struct collector_usage *collector)
{
    if (collector == NULL || collector->generation_count <= 0)
        return NULL;
    json_t *object = json_object();
    json_t *collections = json_array();
    for (int i = 0; i < collector->generation_count && i < 3; i++)
        json_array_append_new(collections, json_integer(collector->collections[i]));
    put_value(object, "collections", collections);
    put_real(object, "collecting_seconds", collector->collecting_seconds, DECIMALS_SECONDS);
    put_count(object, "tracked_objects", collector->tracked_objects);
    return object;
}

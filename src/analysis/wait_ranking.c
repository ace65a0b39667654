#include "analysis/wait_ranking.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

static int compare_numbers(uint64_t left, uint64_t right)
{
    return (left > right) - (left < right);
}

static int compare_texts(const char *left, const char *right)
{
    return strcmp(left != NULL ? left : "", right != NULL ? right : "");
}

/* By what makes two rows one. */
static int compare_things(const void *left, const void *right)
{
    const struct wait_row *a = left, *b = right;
    const uint64_t keys[][2] = {
        {a->has_function, b->has_function},
        {a->function, b->function},
        {a->line, b->line},
        {a->wait->state, b->wait->state},
        {(uint64_t)(a->wait->fd + 1), (uint64_t)(b->wait->fd + 1)},
        {a->wait->lock_address, b->wait->lock_address},
    };

    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        if (keys[i][0] != keys[i][1])
            return compare_numbers(keys[i][0], keys[i][1]);
    }
    return compare_texts(a->wait->description, b->wait->description);
}

static int compare_times(const void *left, const void *right)
{
    const struct wait_row *a = left, *b = right;

    return a->wall_ns != b->wall_ns ? compare_numbers(b->wall_ns, a->wall_ns) : compare_things(left, right);
}

struct wait_ranking wait_ranking_new(const struct profile *profile, const struct call_tree *tree)
{
    struct wait_ranking ranking = {0};

    if (profile->wait_count == 0)
        return ranking;
    ranking.rows = memory_allocate(profile->wait_count, sizeof(*ranking.rows));
    for (size_t i = 0; i < profile->wait_count; i++) {
        const struct profile_wait *wait = &profile->waits[i];
        const struct call_node *node = call_tree_node(tree, wait->node);
        ranking.rows[i] = (struct wait_row){
            .has_function = node->depth > 0,
            .function = node->depth > 0 ? node->function : 0,
            .line = node->line,
            .wait = wait,
            .samples = wait->samples,
            .wall_ns = wait->wall_ns,
        };
    }
    qsort(ranking.rows, profile->wait_count, sizeof(*ranking.rows), compare_things);
    for (size_t i = 0; i < profile->wait_count; i++) {
        struct wait_row *last = ranking.count > 0 ? &ranking.rows[ranking.count - 1] : NULL;
        if (last != NULL && compare_things(last, &ranking.rows[i]) == 0) {
            last->samples += ranking.rows[i].samples;
            last->wall_ns += ranking.rows[i].wall_ns;
        } else {
            ranking.rows[ranking.count++] = ranking.rows[i];
        }
    }
    qsort(ranking.rows, ranking.count, sizeof(*ranking.rows), compare_times);
    return ranking;
}

void wait_ranking_free(struct wait_ranking *ranking)
{
    free(ranking->rows);
    *ranking = (struct wait_ranking){0};
}

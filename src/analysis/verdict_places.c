/* What carries most of each cause. */
#include "analysis/verdict_collection.h"
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

/* Time by (cause, function) or by (cause, function, line). */
struct share_of_place {
    enum verdict_kind cause;
    struct place place;
    bool in_event_loop;
    int64_t amount;
};

struct share_list {
    struct share_of_place *shares;
    size_t count;
    size_t capacity;
    struct hash_map index;
};

struct place_sums {
    struct share_list functions;
    struct share_list lines;
};

static void add_share(struct share_list *list, uint64_t key, const struct share_of_place *share)
{
    const uint32_t *known = hash_map_find(&list->index, key);

    if (known != NULL) {
        list->shares[*known].amount = amount_add(list->shares[*known].amount, share->amount);
        return;
    }
    list->shares = memory_grow(list->shares, &list->capacity, list->count + 1, sizeof(*list->shares));
    hash_map_set(&list->index, key, (uint32_t)list->count);
    list->shares[list->count++] = *share;
}

static void add_place(struct place_sums *sums, struct share_of_place share)
{
    uint64_t function_key = (uint64_t)share.cause << 32 | share.place.function;
    uint64_t line_key = hash_u64(function_key) ^ share.place.line;

    add_share(&sums->functions, function_key, &share);
    add_share(&sums->lines, line_key, &share);
}

static void add_counter(struct place_sums *sums, const struct verdict_collection *collection,
                        const struct profile_counter *counter)
{
    const uint32_t *number = hash_map_find(&collection->index, (uint64_t)counter->tid);
    const struct thread_time *thread = &collection->threads[*number];
    const struct call_node *node = call_tree_node(collection->tree, counter->node);
    enum awaited awaited;
    struct share_of_place share = {
        .cause = verdict_cause_of(collection, counter->state, counter->node, &awaited),
        .place = {node->function, node->line},
    };

    if (node->depth == 0)
        return;
    if (counter->memory_growth_bytes != 0) {
        struct share_of_place growth = share;
        growth.cause = VERDICT_MEMORY_GROWTH;
        growth.amount = counter->memory_growth_bytes;
        add_place(sums, growth);
    }
    if (verdict_is_busy(share.cause) ? !verdict_thread_counts(collection, thread)
                                     : thread != collection->busiest)
        return;
    share.amount = (int64_t)counter->wall_ns;
    if (verdict_is_on_cpu(share.cause)) {
        struct share_of_place starved = share;
        share.amount = (int64_t)counter->cpu_ns;
        starved.cause = VERDICT_CPU_STARVED;
        add_place(sums, starved);
    } else {
        wait_place_find(collection->tree, counter->node, &share.place);
        share.in_event_loop = wait_place_in_event_loop(collection->tree, counter->node);
    }
    add_place(sums, share);
}

static const struct share_of_place *greatest_share(const struct share_list *list, enum verdict_kind cause,
                                                   const struct share_of_place *function)
{
    const struct share_of_place *greatest = NULL;

    for (size_t i = 0; i < list->count; i++) {
        const struct share_of_place *share = &list->shares[i];
        if (share->cause != cause || share->amount <= 0 ||
            (function != NULL && share->place.function != function->place.function))
            continue;
        if (greatest == NULL || share->amount > greatest->amount)
            greatest = share;
    }
    return greatest;
}

static void fill_places(struct evidence *evidence, const struct place_sums *sums,
                        const struct call_tree *tree)
{
    for (int cause = 0; cause < EVIDENCE_CAUSES; cause++) {
        struct carrier *carrier = &evidence->carriers[cause];
        const struct share_of_place *function =
            greatest_share(&sums->functions, (enum verdict_kind)cause, NULL);
        if (function == NULL)
            continue;
        const struct share_of_place *line = greatest_share(&sums->lines, (enum verdict_kind)cause, function);
        carrier->function = call_tree_function(tree, function->place.function);
        carrier->line = line != NULL ? line->place.line : 0;
        carrier->in_event_loop = function->in_event_loop;
    }
    /* Who waits for the GIL tells less than who holds it. */
    if (evidence->carriers[VERDICT_PYTHON_CPU].function != NULL)
        evidence->carriers[VERDICT_GIL] = evidence->carriers[VERDICT_PYTHON_CPU];
}

/* What is waited for, as a number that is the same for the same thing. */
static uint64_t target_key(const struct profile_wait *wait)
{
    uint64_t key =
        hash_u64((uint64_t)(uint32_t)wait->fd ^ wait->lock_address << 32 ^ wait->lock_address >> 32);

    if (wait->description != NULL)
        key ^= hash_bytes(wait->description, strlen(wait->description), key);
    return key;
}

/* The descriptor or lock that most of each cause's time went to. */
static void fill_waits(struct evidence *evidence, const struct verdict_collection *collection)
{
    struct hash_map index = {0};
    uint64_t *sums_ns = NULL;
    size_t capacity = 0;
    size_t count = 0;
    uint64_t greatest_ns[EVIDENCE_CAUSES] = {0};

    for (size_t slice = 0; slice < collection->slice_count; slice++) {
        for (size_t i = 0; i < collection->slices[slice].wait_count; i++) {
            const struct profile_wait *wait = &collection->slices[slice].waits[i];
            const uint32_t *thread = hash_map_find(&collection->index, (uint64_t)wait->tid);
            enum awaited awaited;
            enum verdict_kind cause = verdict_cause_of(collection, wait->state, wait->node, &awaited);
            if (thread == NULL || !verdict_thread_counts(collection, &collection->threads[*thread]))
                continue;
            uint64_t key = target_key(wait) ^ hash_u64((uint64_t)cause);
            if (hash_map_find(&index, key) == NULL) {
                sums_ns = memory_grow(sums_ns, &capacity, count + 1, sizeof(*sums_ns));
                hash_map_set(&index, key, (uint32_t)count++);
            }
            uint64_t *sum_ns = &sums_ns[*hash_map_find(&index, key)];
            *sum_ns += wait->wall_ns;
            if (*sum_ns > greatest_ns[cause]) {
                greatest_ns[cause] = *sum_ns;
                evidence->carriers[cause].wait = wait;
            }
        }
    }
    free(sums_ns);
    hash_map_free(&index);
}

void verdict_find_places(struct evidence *evidence, const struct verdict_collection *collection)
{
    struct place_sums sums = {0};

    for (size_t slice = 0; slice < collection->slice_count; slice++) {
        for (size_t i = 0; i < collection->slices[slice].counter_count; i++)
            add_counter(&sums, collection, &collection->slices[slice].counters[i]);
    }
    fill_places(evidence, &sums, collection->tree);
    fill_waits(evidence, collection);
    free(sums.functions.shares);
    free(sums.lines.shares);
    hash_map_free(&sums.functions.index);
    hash_map_free(&sums.lines.index);
}

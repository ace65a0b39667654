/* What carries most of each cause. */
#include "analysis/verdict_collection.h"
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

/* What one counter, or those of one function or line, have of a cause. */
struct share {
    struct place place;
    bool in_event_loop;
    int64_t amount;
};

struct share_list {
    struct share *shares;
    size_t count;
    size_t capacity;
    struct hash_map index;
};

static void append_share(struct share_list *list, const struct share *share)
{
    list->shares = memory_grow(list->shares, &list->capacity, list->count + 1, sizeof(*list->shares));
    list->shares[list->count++] = *share;
}

static void add_share(struct share_list *list, uint64_t key, const struct share *share)
{
    const uint32_t *known = hash_map_find(&list->index, key);

    if (known != NULL) {
        list->shares[*known].amount = amount_add(list->shares[*known].amount, share->amount);
        return;
    }
    hash_map_set(&list->index, key, (uint32_t)list->count);
    append_share(list, share);
}

static void free_shares(struct share_list *list)
{
    free(list->shares);
    hash_map_free(&list->index);
}

/* What a counter has of a cause; false: nothing. */
static bool share_of(const struct verdict_collection *collection, const struct collected_counter *collected,
                     enum verdict_kind cause, struct share *share)
{
    const struct profile_counter *counter = collected->counter;
    const struct call_node *node = call_tree_node(collection->tree, counter->node);
    const struct thread_time *thread = &collection->threads[collected->thread];
    bool is_on_cpu = verdict_is_on_cpu(collected->cause);

    *share = (struct share){.place = {node->function, node->line}};
    if (node->depth == 0)
        return false;
    if (cause == VERDICT_MEMORY_GROWTH) {
        share->amount = counter->memory_growth_bytes;
        return share->amount != 0;
    }
    if (collected->cause != cause && !(is_on_cpu && cause == VERDICT_CPU_STARVED))
        return false;
    if (verdict_is_busy(collected->cause) ? !verdict_thread_counts(collection, thread)
                                          : thread != collection->busiest)
        return false;
    share->amount = (int64_t)(is_on_cpu && cause != VERDICT_CPU_STARVED ? counter->cpu_ns : counter->wall_ns);
    if (!is_on_cpu) {
        wait_place_find(collection->tree, counter->node, &share->place);
        share->in_event_loop = wait_place_in_event_loop(collection->tree, counter->node);
    }
    return true;
}

static const struct share *greatest_share(const struct share_list *list)
{
    const struct share *greatest = NULL;

    for (size_t i = 0; i < list->count; i++) {
        const struct share *share = &list->shares[i];
        if (share->amount > 0 && (greatest == NULL || share->amount > greatest->amount))
            greatest = share;
    }
    return greatest;
}

/* The greatest function, and the greatest line in it. */
static void fill_place(struct carrier *carrier, const struct verdict_collection *collection,
                       enum verdict_kind cause)
{
    struct share_list all = {0}, functions = {0}, lines = {0};

    for (size_t i = 0; i < collection->counter_count; i++) {
        struct share share;
        if (!share_of(collection, &collection->counters[i], cause, &share))
            continue;
        append_share(&all, &share);
        add_share(&functions, share.place.function, &share);
    }
    const struct share *function = greatest_share(&functions);
    for (size_t i = 0; function != NULL && i < all.count; i++) {
        if (all.shares[i].place.function == function->place.function)
            add_share(&lines, all.shares[i].place.line, &all.shares[i]);
    }
    if (function != NULL) {
        const struct share *line = greatest_share(&lines);
        carrier->function = call_tree_function(collection->tree, function->place.function);
        carrier->line = line != NULL ? line->place.line : 0;
        carrier->in_event_loop = function->in_event_loop;
    }
    free_shares(&all);
    free_shares(&functions);
    free_shares(&lines);
}

void evidence_find_place(struct evidence *evidence, enum verdict_kind cause)
{
    enum verdict_kind carried = cause;

    /* Who waits for the GIL tells less than who holds it. */
    if (cause == VERDICT_GIL)
        carried = VERDICT_PYTHON_CPU;
    if (cause == VERDICT_SWAP && evidence->swap_is_disk)
        carried = VERDICT_DISK;
    fill_place(&evidence->carriers[carried], evidence->collection, carried);
    if (cause == VERDICT_GIL && evidence->carriers[carried].function == NULL)
        fill_place(&evidence->carriers[cause], evidence->collection, cause);
    else
        evidence->carriers[cause] = evidence->carriers[carried];
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

void verdict_find_waits(struct evidence *evidence, const struct verdict_collection *collection)
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

#include "python/collector.h"

#include "python/memory.h"

enum {
    GENERATIONS = 3,
    MAX_FIGURES_BYTES = 4096, /* of all generations: four times what any version has */
};

static const int64_t most_collections = INT64_C(1) << 53;
static const double most_seconds = 1e9;

/* What is known of where the figures of one generation lie. */
struct generation {
    uint32_t items;
    uint32_t index; /* where the number of its newest item is; LAYOUT_NONE: there is one item */
};

static struct generation find_generation(const struct python_layout *layout, uint32_t number)
{
    uint32_t ring = layout->collector.old + (number - 1) * layout->collector.old_bytes;

    if (layout->collector.old == LAYOUT_NONE)
        return (struct generation){number * layout->collector.generation_bytes, LAYOUT_NONE};
    if (number == 0)
        return (struct generation){0, layout->collector.young_index};
    return (struct generation){ring, ring + layout->collector.old_index};
}

/* How much there is to be read. */
static uint32_t figures_bytes(const struct python_layout *layout)
{
    if (layout->collector.old == LAYOUT_NONE)
        return GENERATIONS * layout->collector.generation_bytes;
    return layout->collector.old + (GENERATIONS - 1) * layout->collector.old_bytes;
}

static uint64_t find_figures(pid_t pid, const struct python_layout *layout, uint64_t runtime,
                             uint64_t interpreter)
{
    uint64_t figures;

    if (layout->runtime.collector != LAYOUT_NONE)
        return runtime + layout->runtime.collector;
    if (layout->interpreter.collector == LAYOUT_NONE)
        return 0;
    if (layout->collector.old == LAYOUT_NONE)
        return interpreter + layout->interpreter.collector;
    return memory_read_word(pid, interpreter + layout->interpreter.collector, &figures) ? figures : 0;
}

/* The newest figures of a generation; false when they make no sense. */
static bool take_generation(const struct python_layout *layout, const unsigned char *figures,
                            const struct generation *generation, int64_t *collections, double *seconds)
{
    uint32_t item = generation->items;

    if (generation->index != LAYOUT_NONE) {
        item += memory_get_u8(figures, generation->index) * layout->collector.generation_bytes;
        if (item + layout->collector.generation_bytes > generation->index)
            return false;
    }
    *collections = (int64_t)memory_get_u64(figures, item + layout->collector.collections);
    *seconds = UNKNOWN_REAL;
    if (layout->collector.duration != LAYOUT_NONE)
        __builtin_memcpy(seconds, figures + item + layout->collector.duration, sizeof(*seconds));
    bool possible_time = !real_is_known(*seconds) || (*seconds >= 0 && *seconds < most_seconds);
    return *collections >= 0 && *collections < most_collections && possible_time;
}

/* Builds without a GIL do not count them. */
static void add_objects(pid_t pid, const struct python_layout *layout, uint64_t interpreter,
                        struct collector_usage *usage)
{
    uint64_t address = interpreter + layout->interpreter.collector_objects;
    uint64_t objects;

    if (layout->interpreter.collector_objects == LAYOUT_NONE || layout->free_threaded ||
        !memory_is_pointer(address) || !memory_read_word(pid, address, &objects) ||
        objects > (uint64_t)most_collections)
        return;
    usage->tracked_objects =
        (int64_t)objects + (count_is_known(usage->tracked_objects) ? usage->tracked_objects : 0);
}

bool collector_read(pid_t pid, const struct python_layout *layout, uint64_t runtime, uint64_t interpreter,
                    struct collector_usage *usage)
{
    unsigned char figures[MAX_FIGURES_BYTES];
    int64_t collections[GENERATIONS];
    double seconds[GENERATIONS];
    uint64_t address = find_figures(pid, layout, runtime, interpreter);
    uint32_t size = figures_bytes(layout);

    if (!memory_is_pointer(address) || size > sizeof(figures) || !memory_read(pid, address, figures, size))
        return false;
    for (uint32_t i = 0; i < GENERATIONS; i++) {
        struct generation generation = find_generation(layout, i);
        if (!take_generation(layout, figures, &generation, &collections[i], &seconds[i]))
            return false;
    }
    usage->generation_count = GENERATIONS;
    for (int i = 0; i < GENERATIONS; i++) {
        usage->collections[i] += collections[i];
        if (real_is_known(seconds[i]))
            usage->collecting_seconds =
                seconds[i] + (real_is_known(usage->collecting_seconds) ? usage->collecting_seconds : 0);
    }
    add_objects(pid, layout, interpreter, usage);
    return true;
}

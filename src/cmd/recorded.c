#include "cmd/recorded.h"

#include "base/memory.h"
#include "base/text.h"
#include "cmd/selection.h"
#include "source/replay.h"

#include <stdlib.h>
#include <string.h>

static char *clean_name(const char *path)
{
    size_t length = strlen(path), size = 3 * length + 1; /* a byte becomes at most U+FFFD */
    char *name = memory_allocate(size, 1);

    text_clean(name, size, path, length);
    return name;
}

static struct error *read_ticks(struct recorded *recorded, const struct profile_selection *selection,
                                struct reader_sum *sum)
{
    struct error *error = NULL;
    struct tick *tick;
    bool more = true;

    if (selection->from_ns > 0)
        error = replay_seek_time(recorded->source, selection->from_ns);
    while (error == NULL && more) {
        error = source_read_tick(recorded->source, &tick);
        if (error != NULL || tick == NULL)
            break;
        more = selection->to_ns == 0 || tick->time_ns <= selection->to_ns;
        if (profile_selection_has_tick(selection, tick)) {
            report_sum_add(&recorded->sum, tick, recorded->tree);
            reader_sum_add_tick(sum, tick);
        }
        tick_free(tick);
    }
    report_sum_finish(&recorded->sum, recorded->tree);
    return error;
}

static struct error *sum_up(struct recorded *recorded, const struct profile_selection *selection,
                            struct reader_sum *sum)
{
    struct error *error = read_ticks(recorded, selection, sum);

    if (error == NULL && recorded->sum.ticks == 0)
        error = error_new("%s: no tick of it is selected", recorded->name);
    if (error != NULL)
        return error;
    const struct tick_span span = {recorded->sum.first_sequence, recorded->sum.last_sequence + 1};
    return reader_sum_finish(sum, span, &recorded->whole);
}

struct error *recorded_read(struct recorded *recorded, const char *path, const struct options *options)
{
    struct profile_selection selection;

    *recorded = (struct recorded){.name = clean_name(path)};
    struct error *error = replay_open(&recorded->source, path);
    if (error != NULL)
        return error;
    struct reader *reader = replay_reader(recorded->source);
    error = selection_resolve(&selection, options, reader_info(reader));
    if (error != NULL)
        return error;
    source_set_focus(recorded->source, &(struct source_focus){0});
    report_sum_init(&recorded->sum, &selection);
    recorded->tree = source_call_tree(recorded->source);
    struct reader_sum *sum = reader_sum_new(reader, selection.pid);
    error = sum_up(recorded, &selection, sum);
    reader_sum_free(sum);
    recorded->info = reader_info(reader);
    return error;
}

void recorded_free(struct recorded *recorded)
{
    tick_free(recorded->whole);
    report_sum_free(&recorded->sum);
    if (recorded->source != NULL)
        source_close(recorded->source);
    free(recorded->name);
    *recorded = (struct recorded){0};
}

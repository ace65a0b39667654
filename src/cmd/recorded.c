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

static struct error *read_ticks(struct recorded *recorded, const struct profile_selection *selection)
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
        report_sum_add(&recorded->sum, tick, recorded->tree);
        tick_free(tick);
    }
    report_sum_finish(&recorded->sum, recorded->tree);
    return error;
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
    report_sum_init(&recorded->sum, &selection);
    recorded->tree = source_call_tree(recorded->source);
    error = read_ticks(recorded, &selection);
    if (error == NULL && recorded->sum.ticks == 0)
        error = error_new("%s: no tick of it is selected", recorded->name);
    if (error != NULL)
        return error;
    const struct tick_span span = {recorded->sum.first_sequence, recorded->sum.last_sequence + 1};
    recorded->info = reader_info(reader);
    return reader_sum(reader, span, selection.pid, &recorded->whole);
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

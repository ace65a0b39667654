#include "export/profile_exporter.h"

#include "base/memory.h"

#include <stdlib.h>

struct profile_exporter {
    struct sink sink; /* first: a pointer to it is one to the exporter */
    const struct profile_format *format;
    struct output *output;
    struct profile_selection selection;
    struct profile_sum *sum;
    struct profile_document document; /* its tree is known from the first tick on */
    void *timeline;                   /* the format's own state */
};

static void begin(struct profile_exporter *exporter, const struct call_tree *tree)
{
    exporter->document.tree = tree;
    if (exporter->format->timeline != NULL)
        exporter->timeline =
            exporter->format->timeline->begin(output_stream(exporter->output), &exporter->document);
}

static struct error *write_tick(struct sink *sink, const struct tick *tick, const struct call_tree *tree)
{
    struct profile_exporter *exporter = (struct profile_exporter *)sink;

    if (exporter->document.tree == NULL)
        begin(exporter, tree);
    profile_sum_add(exporter->sum, tick);
    if (exporter->format->timeline == NULL || !profile_selection_has_tick(&exporter->selection, tick))
        return NULL;
    exporter->format->timeline->write_tick(exporter->timeline, output_stream(exporter->output),
                                           &exporter->document, &exporter->selection, tick);
    return output_write(exporter->output);
}

static bool is_closed(const struct sink *sink)
{
    return output_is_closed(((const struct profile_exporter *)sink)->output);
}

static struct error *finish(struct profile_exporter *exporter)
{
    FILE *stream = output_stream(exporter->output);

    if (exporter->format->timeline != NULL)
        return exporter->format->timeline->end(exporter->timeline, stream, &exporter->document);
    exporter->format->write_sum(stream, &exporter->document);
    return NULL;
}

static struct error *close_exporter(struct sink *sink)
{
    struct profile_exporter *exporter = (struct profile_exporter *)sink;
    struct call_tree *empty = NULL;

    if (exporter->document.tree == NULL) {
        empty = call_tree_new(); /* no tick came: a document without samples */
        begin(exporter, empty);
    }
    struct error *error = finish(exporter);
    if (error == NULL)
        error = output_write(exporter->output);
    call_tree_free(empty);
    profile_sum_free(exporter->sum);
    free(exporter);
    return error;
}

static const struct sink_operations operations = {
    .write_tick = write_tick,
    .is_closed = is_closed,
    .close = close_exporter,
};

struct sink *profile_exporter_open(const struct profile_format *format, struct output *output,
                                   const struct export_options *options)
{
    struct profile_exporter *exporter = memory_allocate(1, sizeof(*exporter));

    *exporter = (struct profile_exporter){
        .sink = {.operations = &operations},
        .format = format,
        .output = output,
        .selection = options->selection,
        .sum = profile_sum_new(&options->selection),
        .document = {.weight = options->weight, .title = options->title},
    };
    exporter->document.sum = exporter->sum;
    return &exporter->sink;
}

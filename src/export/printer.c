#include "export/printer.h"

#include "base/memory.h"

#include <stdlib.h>

struct printer {
    struct sink sink; /* first: a pointer to it is one to the printer */
    const struct format *format;
    struct output *output;
    struct print_options options;
};

static struct error *write_tick(struct sink *sink, const struct tick *tick, const struct call_tree *tree)
{
    struct printer *printer = (struct printer *)sink;

    printer->format->write_tick(output_stream(printer->output), tick, tree, &printer->options);
    return output_write(printer->output);
}

static bool is_closed(const struct sink *sink)
{
    return output_is_closed(((const struct printer *)sink)->output);
}

static struct error *close_printer(struct sink *sink)
{
    struct printer *printer = (struct printer *)sink;
    struct error *error = output_write(printer->output); /* a header that no tick has followed */

    free(printer);
    return error;
}

static const struct sink_operations operations = {
    .write_tick = write_tick,
    .is_closed = is_closed,
    .close = close_printer,
};

struct sink *printer_open(const struct format *format, struct output *output,
                          const struct print_options *options)
{
    struct printer *printer = memory_allocate(1, sizeof(*printer));

    *printer = (struct printer){
        .sink = {.operations = &operations},
        .format = format,
        .output = output,
        .options = *options,
    };
    if (format->write_header != NULL)
        format->write_header(output_stream(output));
    return &printer->sink;
}

/* The open files of the selected process. */
#include "base/clock.h"
#include "ui/format.h"
#include "ui/state.h"

#include <inttypes.h>
#include <stdio.h>

static const struct file_row *row_of(const void *row)
{
    return row;
}

static const struct open_file *file_of(const void *row)
{
    return row_of(row)->file;
}

/* ---- cells ---- */

static void draw_fd(const struct table_cell *cell, const void *row)
{
    char text[16];

    snprintf(text, sizeof(text), "%d", file_of(row)->fd);
    cell_text_right(cell, STYLE_TEXT, text);
}

static void draw_kind(const struct table_cell *cell, const void *row)
{
    cell_text(cell, STYLE_TEXT, open_file_kind_name(file_of(row)->kind));
}

static const char *const mode_texts[] = {
    [ACCESS_UNKNOWN] = "-",
    [ACCESS_READ] = "r",
    [ACCESS_WRITE] = "w",
    [ACCESS_READ_WRITE] = "rw",
};

static void draw_mode(const struct table_cell *cell, const void *row)
{
    cell_text(cell, file_of(row)->access == ACCESS_UNKNOWN ? STYLE_DIM : STYLE_TEXT,
              mode_texts[file_of(row)->access]);
}

static void draw_position(const struct table_cell *cell, const void *row)
{
    cell_amount(cell, file_of(row)->position_bytes);
}

static void draw_size(const struct table_cell *cell, const void *row)
{
    cell_amount(cell, file_of(row)->size_bytes);
}

static void draw_rate(const struct table_cell *cell, const void *row)
{
    cell_bytes(cell, file_of(row)->bytes_per_second);
}

static void draw_waited(const struct table_cell *cell, const void *row)
{
    cell_seconds(cell, (double)row_of(row)->waited_ns / (double)NS_PER_SECOND);
}

/* The function in which it was waited for longest, and the line. */
static void draw_waited_in(const struct table_cell *cell, const void *row)
{
    const struct file_row *file_row = row_of(row);
    char text[TABLE_TEXT_SIZE];

    if (file_row->function == NULL) {
        cell_text(cell, STYLE_DIM, "-");
        return;
    }
    snprintf(text, sizeof(text), "%.1000s:%u", file_row->function->name, (unsigned int)file_row->line);
    cell_text_end(cell, STYLE_TEXT, text);
}

static const char *or_dash(const char *text)
{
    return text != NULL && *text != '\0' ? text : "-";
}

/* "tcp ESTABLISHED 127.0.0.1:80 -> 127.0.0.1:9, 12K to read, 1K to send" */
static void describe_socket(char text[static TABLE_TEXT_SIZE], const struct open_file *file,
                            const char *arrow)
{
    const struct socket_info *socket = file->socket;
    const struct {
        int64_t bytes;
        const char *what;
    } queues[] = {{socket->receive_queue_bytes, "to read"}, {socket->send_queue_bytes, "to send"}};
    int length = snprintf(text, TABLE_TEXT_SIZE, "%.16s", or_dash(socket->protocol));
    char amount[FORMAT_SIZE];

    if (socket->state != NULL)
        length += snprintf(text + length, TABLE_TEXT_SIZE - (size_t)length, " %.16s", socket->state);
    if (socket->local != NULL)
        length += snprintf(text + length, TABLE_TEXT_SIZE - (size_t)length, " %.200s", socket->local);
    if (socket->remote != NULL)
        length +=
            snprintf(text + length, TABLE_TEXT_SIZE - (size_t)length, " %s %.200s", arrow, socket->remote);
    for (size_t i = 0; i < 2; i++) {
        if (queues[i].bytes <= 0)
            continue;
        format_bytes(amount, (double)queues[i].bytes);
        length +=
            snprintf(text + length, TABLE_TEXT_SIZE - (size_t)length, ", %s %s", amount, queues[i].what);
    }
    if (file->peer != NULL)
        snprintf(text + length, TABLE_TEXT_SIZE - (size_t)length, ", peer %.200s", file->peer);
}

static void describe(char text[static TABLE_TEXT_SIZE], const struct open_file *file, bool ascii)
{
    if (file->socket != NULL)
        describe_socket(text, file, ascii ? "->" : "\xe2\x86\x92");
    else if (file->peer != NULL)
        snprintf(text, TABLE_TEXT_SIZE, "%.400s %s %.400s", or_dash(file->path), ascii ? "=" : "\xe2\x86\x94",
                 file->peer);
    else
        snprintf(text, TABLE_TEXT_SIZE, "%.1000s", or_dash(file->path));
}

static void draw_path(const struct table_cell *cell, const void *row)
{
    static const char deleted[] = "deleted ";
    const struct open_file *file = file_of(row);
    char text[TABLE_TEXT_SIZE];
    struct table_cell rest = *cell;

    if (file->deleted) {
        int used = region_text(cell->region, cell->row, cell->column, cell->columns, STYLE_WARNING, deleted);
        rest.column += used;
        rest.columns -= used;
    }
    describe(text, file, cell->region->canvas->ascii);
    if (file->socket == NULL && file->peer == NULL)
        cell_text_end(&rest, STYLE_TEXT, text);
    else
        cell_text(&rest, STYLE_TEXT, text);
}

/* ---- order ---- */

static int compare_fd(const void *left, const void *right, const void *context)
{
    (void)context;
    return compare_count(file_of(left)->fd, file_of(right)->fd);
}

static int compare_kind(const void *left, const void *right, const void *context)
{
    (void)context;
    return compare_text(open_file_kind_name(file_of(left)->kind), open_file_kind_name(file_of(right)->kind));
}

static int compare_mode(const void *left, const void *right, const void *context)
{
    (void)context;
    return compare_count(file_of(left)->access, file_of(right)->access);
}

static int compare_position(const void *left, const void *right, const void *context)
{
    (void)context;
    return compare_count(file_of(left)->position_bytes, file_of(right)->position_bytes);
}

static int compare_size(const void *left, const void *right, const void *context)
{
    (void)context;
    return compare_count(file_of(left)->size_bytes, file_of(right)->size_bytes);
}

static int compare_rate(const void *left, const void *right, const void *context)
{
    (void)context;
    return compare_real(file_of(left)->bytes_per_second, file_of(right)->bytes_per_second);
}

static int compare_waited(const void *left, const void *right, const void *context)
{
    (void)context;
    return compare_count((int64_t)row_of(left)->waited_ns, (int64_t)row_of(right)->waited_ns);
}

static int compare_waited_in(const void *left, const void *right, const void *context)
{
    const struct function *one = row_of(left)->function;
    const struct function *other = row_of(right)->function;

    (void)context;
    return compare_text(one != NULL ? one->name : NULL, other != NULL ? other->name : NULL);
}

static int compare_path(const void *left, const void *right, const void *context)
{
    (void)context;
    return compare_text(file_of(left)->path, file_of(right)->path);
}

static const struct column file_columns[] = {
    {.title = "FD",
     .help = "number of the descriptor",
     .minimal_width = 5,
     .priority = 0,
     .alignment = ALIGN_RIGHT,
     .draw = draw_fd,
     .compare = compare_fd},
    {.title = "KIND",
     .help = "what it is open on",
     .minimal_width = 9,
     .priority = 2,
     .draw = draw_kind,
     .compare = compare_kind},
    {.title = "MODE",
     .help = "open for reading (r), writing (w) or both (rw)",
     .minimal_width = 4,
     .priority = 3,
     .draw = draw_mode,
     .compare = compare_mode},
    {.title = "POS",
     .help = "where in the file the next access is",
     .minimal_width = 5,
     .priority = 6,
     .alignment = ALIGN_RIGHT,
     .descending = true,
     .draw = draw_position,
     .compare = compare_position},
    {.title = "SIZE",
     .help = "size of the file",
     .minimal_width = 5,
     .priority = 5,
     .alignment = ALIGN_RIGHT,
     .descending = true,
     .draw = draw_size,
     .compare = compare_size},
    {.title = "RATE/s",
     .help = "bytes by which the position moved in a second",
     .minimal_width = 6,
     .priority = 4,
     .alignment = ALIGN_RIGHT,
     .descending = true,
     .draw = draw_rate,
     .compare = compare_rate},
    {.title = "WAITED",
     .help = "time that threads have waited for it, since the counters were reset (r)",
     .minimal_width = 7,
     .priority = 4,
     .alignment = ALIGN_RIGHT,
     .descending = true,
     .draw = draw_waited,
     .compare = compare_waited},
    {.title = "WAITED IN",
     .help = "the function in which most of that was, and the line",
     .minimal_width = 14,
     .wanted_width = 40,
     .elastic = 1,
     .priority = 11,
     .draw = draw_waited_in,
     .compare = compare_waited_in},
    {.title = "PATH",
     .help = "path (deleted or not); protocol, state, addresses and queues; the process at the other end",
     .minimal_width = 20,
     .comfortable_width = 40,
     .elastic = 2,
     .priority = 1,
     .draw = draw_path,
     .compare = compare_path},
};

static uint64_t identity(const void *row)
{
    return (uint64_t)file_of(row)->fd;
}

static void row_text(char text[static TABLE_TEXT_SIZE], const void *row, const void *context)
{
    const struct state *state = context;
    char description[TABLE_TEXT_SIZE];

    describe(description, file_of(row), state->canvas.ascii);
    snprintf(text, TABLE_TEXT_SIZE, "%d %s %.980s", file_of(row)->fd, open_file_kind_name(file_of(row)->kind),
             description);
}

/* ---- the pane ---- */

static void update(struct state *state)
{
    const struct process *process = state_selected_process(state);
    struct table *table = &state->tables[PANE_FILES];

    const struct process_history *history = process != NULL ? history_find(&state->history, process) : NULL;
    file_rows_collect(&state->file_rows, process, history != NULL ? &history->file_waits : NULL,
                      source_call_tree(state->source));
    table_begin(table);
    for (size_t i = 0; i < state->file_rows.count; i++)
        table_add(table, &state->file_rows.rows[i]);
    table_finish(table);
}

static void draw_title(const struct state *state, const struct region *line, enum style style)
{
    const struct process *process = state_selected_process(state);
    const struct table *table = &state->tables[PANE_FILES];
    int used = region_text(line, 0, 0, line->columns, style, "Open files");

    if (process == NULL)
        return;
    if (count_is_known(process->open_file_count))
        used +=
            region_format(line, 0, used, line->columns - used, style, " %" PRId64, process->open_file_count);
    if (count_is_known(process->open_file_limit))
        used += region_format(line, 0, used, line->columns - used, style, " / %" PRId64,
                              process->open_file_limit);
    if (process->open_files_listed && !process->open_files_complete)
        used += region_format(line, 0, used, line->columns - used, STYLE_WARNING,
                              ", showing %zu: there was no time for all", process->open_file_detail_count);
    if (table->filter[0] != '\0')
        region_format(line, 0, used, line->columns - used, style, ", %zu match \"%s\"", table->count,
                      table->filter);
}

static const char *why_empty(const struct state *state, const struct process *process)
{
    if (process->open_files_listed)
        return "It has no open files";
    if (!count_is_known(process->open_file_count))
        return "Not permitted to list them: be the same user or root";
    if (state->travel.away)
        return "They were not looked at in this moment";
    return state->paused ? "Not listed yet (Z ends the pause)" : "Reading";
}

static const struct table_class file_table = {
    .columns = file_columns,
    .column_count = sizeof(file_columns) / sizeof(file_columns[0]),
    .sort_column = 0,
    .identity = identity,
    .compare_equal = compare_fd,
    .text = row_text,
};

const struct pane_class files_pane = {
    .name = "Files",
    .columns_title = "The columns of the open files",
    .row_name = "file",
    .table = &file_table,
    .update = update,
    .draw_title = draw_title,
    .why_empty = why_empty,
};

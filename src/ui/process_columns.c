/* The columns of the process table: what stands in the cells, and how rows are ordered. */
#include "base/text.h"
#include "ui/shorten.h"
#include "ui/state.h"
#include "ui/state_bar.h"
#include "ui/verdict_cells.h"

#include <stdio.h>
#include <string.h>

static const struct process *process_of(const void *row)
{
    return ((const struct process_row *)row)->process;
}

/* ---- cells ---- */

static void draw_pid(const struct table_cell *cell, const void *row)
{
    char text[16];

    snprintf(text, sizeof(text), "%d", (int)process_of(row)->pid);
    cell_text_right(cell, process_of(row)->selected ? STYLE_STRONG : STYLE_TEXT, text);
}

static void draw_user(const struct table_cell *cell, const void *row)
{
    cell_text(cell, STYLE_TEXT, process_of(row)->user != NULL ? process_of(row)->user : "-");
}

static void draw_cpu(const struct table_cell *cell, const void *row)
{
    cell_percent(cell, process_of(row)->cpu_percent, 50);
}

static void draw_memory(const struct table_cell *cell, const void *row)
{
    cell_percent(cell, process_of(row)->memory_percent, 50);
}

static void draw_resident(const struct table_cell *cell, const void *row)
{
    cell_amount(cell, process_of(row)->resident_bytes);
}

static void draw_read(const struct table_cell *cell, const void *row)
{
    cell_bytes(cell, process_of(row)->read_bytes_per_second);
}

static void draw_write(const struct table_cell *cell, const void *row)
{
    cell_bytes(cell, process_of(row)->write_bytes_per_second);
}

static void draw_threads(const struct table_cell *cell, const void *row)
{
    cell_count(cell, process_of(row)->thread_count);
}

static void draw_open_files(const struct table_cell *cell, const void *row)
{
    const struct process *process = process_of(row);
    bool near_limit = count_is_known(process->open_file_count) && process->open_file_limit > 0 &&
                      process->open_file_count >= process->open_file_limit - process->open_file_limit / 10;

    cell_count(cell, process->open_file_count);
    if (near_limit) {
        struct region place = region_part(cell->region, cell->row, cell->column, 1, cell->columns);
        region_restyle(&place, 0, STYLE_HOT);
    }
}

static void draw_memory_growth(const struct table_cell *cell, const void *row)
{
    cell_growth(cell, process_of(row)->growth_bytes_per_second);
}

static void draw_open_file_growth(const struct table_cell *cell, const void *row)
{
    double growth = process_of(row)->open_file_growth_per_second;
    char text[16];

    snprintf(text, sizeof(text), growth == 0 ? "0" : "%+.0f", growth);
    cell_text_right(cell, real_is_known(growth) && growth != 0 ? STYLE_TEXT : STYLE_DIM,
                    real_is_known(growth) ? text : "-");
}

static void draw_nice(const struct table_cell *cell, const void *row)
{
    char text[16];

    snprintf(text, sizeof(text), "%d", process_of(row)->nice);
    cell_text_right(cell, process_of(row)->nice != 0 ? STYLE_TEXT : STYLE_DIM, text);
}

/* "3.11" of "3.11.2", with a "t" when it is free-threaded. */
static void draw_python(const struct table_cell *cell, const void *row)
{
    const struct python_info *python = process_of(row)->python;
    char text[16];

    if (python == NULL || python->version == NULL) {
        cell_text(cell, STYLE_DIM, "-");
        return;
    }
    const char *end = strchr(python->version, '.');
    end = end != NULL ? end + 1 + strcspn(end + 1, ".") : python->version + strlen(python->version);
    snprintf(text, sizeof(text), "%.*s%s", (int)(end - python->version), python->version,
             python->free_threaded ? "t" : "");
    cell_text(cell, process_of(row)->error != NULL ? STYLE_DIM : STYLE_TEXT, text);
}

static const struct {
    char letter;
    const char *word;
    enum style style;
} kernel_states[] = {
    {'R', "running", STYLE_GOOD}, {'S', "sleeping", STYLE_DIM},   {'D', "disk", STYLE_WARNING},
    {'T', "stopped", STYLE_HOT},  {'t', "traced", STYLE_WARNING}, {'Z', "zombie", STYLE_HOT},
    {'I', "idle", STYLE_DIM},     {'X', "dead", STYLE_DIM},
};

/* What the busiest Python thread does where that is known and there is room for the word; else what the
 * kernel says of the process. */
static void draw_state(const struct table_cell *cell, const void *row)
{
    const struct process_row *process_row = row;
    const struct process *process = process_row->process;
    bool stopped = strchr("TtZX", process->state) != NULL;
    char letter[2] = {process->state, '\0'};
    const char *word = letter;
    enum style style = STYLE_TEXT;

    for (size_t i = 0; i < sizeof(kernel_states) / sizeof(kernel_states[0]); i++) {
        if (kernel_states[i].letter == process->state) {
            word = kernel_states[i].word;
            style = kernel_states[i].style;
        }
    }
    if (process_row->busiest != NULL && !stopped) {
        word = thread_state_name(process_row->busiest->state);
        style = state_text_style(process_row->busiest->state);
    }
    cell_text(cell, style, (size_t)cell->columns >= strlen(word) ? word : letter);
}

static void draw_verdict(const struct table_cell *cell, const void *row)
{
    verdict_draw_word(cell, ((const struct process_row *)row)->verdict);
}

enum {
    NARROWEST_PLACE = 8, /* columns for file and line beside the function */
};

/* The innermost function of the busiest thread, and the line in it; or why that cannot be known. */
static void draw_where(const struct table_cell *cell, const void *row)
{
    const struct process_row *process_row = row;
    const struct function *function = process_row->function;
    char text[TABLE_TEXT_SIZE];

    if (process_row->process->error != NULL) {
        cell_text(cell, STYLE_WARNING, process_row->process->error);
        return;
    }
    if (function == NULL) {
        const char *phase = process_row->process->phase;
        cell_text(cell, STYLE_DIM, phase != NULL ? phase : "-");
        return;
    }
    shorten_function(text, sizeof(text), function->name, (size_t)cell->columns);
    int used = region_text_end(cell->region, cell->row, cell->column, cell->columns, STYLE_TEXT, text) + 1;
    int room = cell->columns - used;
    if (room < NARROWEST_PLACE)
        return;
    const char *slash = strrchr(function->file, '/');
    shorten_place(text, sizeof(text), slash != NULL ? slash + 1 : function->file, process_row->line,
                  (size_t)room);
    region_text_end(cell->region, cell->row, cell->column + used, room, STYLE_DIM, text);
}

static int draw_branches(const struct table_cell *cell, const struct process_row *row)
{
    const struct region *region = cell->region;
    int column = 0;

    for (int depth = 1; depth <= row->depth && column + 2 < cell->columns; depth++) {
        bool goes_on = (row->open_branches >> depth & 1) != 0;
        enum glyph glyph = depth < row->depth ? GLYPH_VERTICAL : goes_on ? GLYPH_BRANCH : GLYPH_BRANCH_LAST;
        if (goes_on || depth == row->depth)
            region_fill(region, cell->row, cell->column + column, 1, STYLE_FRAME,
                        region_glyph(region, glyph));
        if (depth == row->depth)
            region_fill(region, cell->row, cell->column + column + 1, 1, STYLE_FRAME,
                        region_glyph(region, GLYPH_HORIZONTAL));
        column += 2;
    }
    return column > 0 ? column + 1 : 0;
}

static void draw_command(const struct table_cell *cell, const void *row)
{
    const struct state *state = cell->context;
    const struct process *process = process_of(row);
    const char *command = process->command != NULL ? process->command : process->name;
    int shift = state->tables[PANE_PROCESSES].shift;
    int used = draw_branches(cell, row);
    int columns = cell->columns - used;
    char text[TABLE_TEXT_SIZE];

    if (shift > 0) {
        region_text(cell->region, cell->row, cell->column + used, columns, STYLE_TEXT,
                    command + text_fit(command, (size_t)shift));
        return;
    }
    shorten_command(text, sizeof(text), command, columns > 0 ? (size_t)columns : 0, state->canvas.ascii);
    region_text(cell->region, cell->row, cell->column + used, columns,
                process->is_python ? STYLE_TEXT : STYLE_DIM, text);
}

/* ---- order ---- */

#define COMPARE_BY(name, function, field)                                                                    \
    static int name(const void *left, const void *right, const void *context)                                \
    {                                                                                                        \
        (void)context;                                                                                       \
        return function(process_of(left)->field, process_of(right)->field);                                  \
    }

COMPARE_BY(compare_pid, compare_count, pid)
COMPARE_BY(compare_user, compare_text, user)
COMPARE_BY(compare_cpu, compare_real, cpu_percent)
COMPARE_BY(compare_memory, compare_real, memory_percent)
COMPARE_BY(compare_resident, compare_count, resident_bytes)
COMPARE_BY(compare_read, compare_real, read_bytes_per_second)
COMPARE_BY(compare_write, compare_real, write_bytes_per_second)
COMPARE_BY(compare_threads, compare_count, thread_count)
COMPARE_BY(compare_open_files, compare_count, open_file_count)
COMPARE_BY(compare_memory_growth, compare_real, growth_bytes_per_second)
COMPARE_BY(compare_open_file_growth, compare_real, open_file_growth_per_second)
COMPARE_BY(compare_nice, compare_count, nice)
COMPARE_BY(compare_state, compare_count, state)
COMPARE_BY(compare_command, compare_text, command)

static int compare_python(const void *left, const void *right, const void *context)
{
    const struct python_info *one = process_of(left)->python;
    const struct python_info *other = process_of(right)->python;

    (void)context;
    if (one == NULL || other == NULL || one->version == NULL || other->version == NULL)
        return (one != NULL) - (other != NULL);
    return strverscmp(one->version, other->version);
}

static int compare_verdict(const void *left, const void *right, const void *context)
{
    (void)context;
    return verdict_compare(((const struct process_row *)left)->verdict,
                           ((const struct process_row *)right)->verdict);
}

static int compare_where(const void *left, const void *right, const void *context)
{
    const struct function *one = ((const struct process_row *)left)->function;
    const struct function *other = ((const struct process_row *)right)->function;

    (void)context;
    return compare_text(one != NULL ? one->name : NULL, other != NULL ? other->name : NULL);
}

static const struct column process_columns[] = {
    {.title = "PID",
     .help = "number of the process",
     .minimal_width = 7,
     .priority = 0,
     .alignment = ALIGN_RIGHT,
     .draw = draw_pid,
     .compare = compare_pid},
    {.title = "USER",
     .help = "its owner",
     .minimal_width = 8,
     .priority = 6,
     .draw = draw_user,
     .compare = compare_user},
    {.title = "CPU%",
     .help = "CPU time in the interval; 100 is one core",
     .minimal_width = 5,
     .priority = 1,
     .alignment = ALIGN_RIGHT,
     .descending = true,
     .draw = draw_cpu,
     .compare = compare_cpu},
    {.title = "MEM%",
     .help = "resident memory, of the machine's",
     .minimal_width = 5,
     .priority = 7,
     .alignment = ALIGN_RIGHT,
     .descending = true,
     .draw = draw_memory,
     .compare = compare_memory},
    {.title = "RSS",
     .help = "resident memory",
     .minimal_width = 5,
     .priority = 3,
     .alignment = ALIGN_RIGHT,
     .descending = true,
     .draw = draw_resident,
     .compare = compare_resident},
    {.title = "GROWTH",
     .help = "bytes a second by which the resident memory grows",
     .minimal_width = 6,
     .priority = 11,
     .alignment = ALIGN_RIGHT,
     .descending = true,
     .draw = draw_memory_growth,
     .compare = compare_memory_growth},
    {.title = "READ/s",
     .help = "bytes a second from storage",
     .minimal_width = 6,
     .priority = 5,
     .alignment = ALIGN_RIGHT,
     .descending = true,
     .draw = draw_read,
     .compare = compare_read},
    {.title = "WRITE/s",
     .help = "bytes a second to storage",
     .minimal_width = 7,
     .priority = 5,
     .alignment = ALIGN_RIGHT,
     .descending = true,
     .draw = draw_write,
     .compare = compare_write},
    {.title = "THR",
     .help = "threads",
     .minimal_width = 4,
     .priority = 8,
     .alignment = ALIGN_RIGHT,
     .descending = true,
     .draw = draw_threads,
     .compare = compare_threads},
    {.title = "FD",
     .help = "open files; red near the limit",
     .minimal_width = 4,
     .priority = 9,
     .alignment = ALIGN_RIGHT,
     .descending = true,
     .draw = draw_open_files,
     .compare = compare_open_files},
    {.title = "FD/s",
     .help = "open files by which their number grows in a second",
     .minimal_width = 4,
     .priority = 12,
     .alignment = ALIGN_RIGHT,
     .descending = true,
     .draw = draw_open_file_growth,
     .compare = compare_open_file_growth},
    {.title = "NI",
     .help = "nice value: higher gives way to others",
     .minimal_width = 3,
     .priority = 10,
     .alignment = ALIGN_RIGHT,
     .draw = draw_nice,
     .compare = compare_nice},
    {.title = "PY",
     .help = "Python version; t: free-threaded",
     .minimal_width = 4,
     .wanted_width = 5,
     .priority = 4,
     .draw = draw_python,
     .compare = compare_python},
    {.title = "STATE",
     .help = "what its busiest Python thread does; else the kernel's word or letter",
     .minimal_width = 1,
     .wanted_width = 8,
     .priority = 3,
     .draw = draw_state,
     .compare = compare_state},
    {.title = "VERDICT",
     .help = "why it is as slow as it is, in the last 10 s; see VERDICTS in the manual",
     .minimal_width = 11,
     .wanted_width = 13,
     .priority = 2,
     .descending = true,
     .draw = draw_verdict,
     .compare = compare_verdict},
    {.title = "WHERE",
     .help = "innermost function of its busiest thread, or why it cannot be read",
     .minimal_width = 18,
     .comfortable_width = 24,
     .wanted_width = 48,
     .elastic = 2,
     .priority = 2,
     .draw = draw_where,
     .compare = compare_where},
    {.title = "COMMAND",
     .help = "command line, shortened to the script or module",
     .minimal_width = 18,
     .comfortable_width = 23,
     .elastic = 3,
     .priority = 1,
     .draw = draw_command,
     .compare = compare_command},
};

static uint64_t identity(const void *row)
{
    return (process_of(row)->start_ticks << 22) ^ (uint64_t)process_of(row)->pid;
}

static void row_text(char text[static TABLE_TEXT_SIZE], const void *row, const void *context)
{
    const struct process *process = process_of(row);

    (void)context;
    snprintf(text, TABLE_TEXT_SIZE, "%d %s %s", (int)process->pid, process->name != NULL ? process->name : "",
             process->command != NULL ? process->command : "");
}

const struct table_class process_table = {
    .columns = process_columns,
    .column_count = sizeof(process_columns) / sizeof(process_columns[0]),
    .sort_column = 2,
    .identity = identity,
    .compare_equal = compare_pid,
    .text = row_text,
};

/* Bars at the left (CPUs, memory, swap), meters at the right, and below them the lines for the user where
 * there are any. */
#include "ui/header.h"

#include "ui/bar.h"
#include "ui/format.h"
#include "ui/meters.h"
#include "ui/travel.h"

#include <stdio.h>

enum {
    BARS_COLUMNS = 28, /* the least that the bars get beside meters */
    CPU_COLUMNS = 16,  /* the least for one CPU's bar */
};

/* ---- bars ---- */

static void draw_cpu(const struct region *region, int row, int column, int columns, const char *label,
                     const struct cpu_usage *cpu)
{
    const struct bar_segment segments[] = {
        {cpu->nice_percent / 100, GLYPH_BAR_NICE, STYLE_BAR_NICE},
        {cpu->user_percent / 100, GLYPH_BAR_USER, STYLE_BAR_USER},
        {cpu->system_percent / 100, GLYPH_BAR_SYSTEM, STYLE_BAR_SYSTEM},
        {cpu->irq_percent / 100, GLYPH_BAR_OTHER, STYLE_BAR_IRQ},
        {cpu->guest_percent / 100, GLYPH_BAR_OTHER, STYLE_BAR_STEAL},
        {cpu->steal_percent / 100, GLYPH_BAR_OTHER, STYLE_BAR_STEAL},
        {cpu->iowait_percent / 100, GLYPH_BAR_IOWAIT, STYLE_BAR_IOWAIT},
    };
    double idle = cpu->idle_percent + cpu->iowait_percent;
    char percent[FORMAT_SIZE];
    char text[FORMAT_SIZE + 1];

    format_percent(percent, real_is_known(idle) ? 100 - idle : UNKNOWN_REAL);
    snprintf(text, sizeof(text), "%s%%", percent);
    bar_draw(region, row, column, columns, label, segments, sizeof(segments) / sizeof(segments[0]), text);
}

static void draw_amount_bar(const struct region *region, int row, const char *label,
                            const struct bar_segment *segments, size_t count, int64_t used, int64_t total)
{
    char used_text[FORMAT_SIZE];
    char total_text[FORMAT_SIZE];
    char text[2 * FORMAT_SIZE];

    format_bytes(used_text, count_is_known(used) ? (double)used : UNKNOWN_REAL);
    format_bytes(total_text, count_is_known(total) ? (double)total : UNKNOWN_REAL);
    snprintf(text, sizeof(text), "%s/%s", used_text, total_text);
    bar_draw(region, row, 0, region->columns, label, segments, count, text);
}

static double share_of(int64_t part, int64_t total)
{
    return count_is_known(part) && total > 0 ? (double)part / (double)total : UNKNOWN_REAL;
}

static void draw_memory(const struct region *region, int row, const struct memory_usage *memory)
{
    const struct bar_segment segments[] = {
        {share_of(memory->used_bytes, memory->total_bytes), GLYPH_BAR_USER, STYLE_BAR_USED},
        {share_of(memory->buffers_bytes, memory->total_bytes), GLYPH_BAR_NICE, STYLE_BAR_CACHE},
        {share_of(memory->cached_bytes, memory->total_bytes), GLYPH_BAR_IOWAIT, STYLE_BAR_CACHE},
    };

    draw_amount_bar(region, row, "Mem ", segments, 3, memory->used_bytes, memory->total_bytes);
}

static void draw_swap(const struct region *region, int row, const struct memory_usage *memory)
{
    const struct bar_segment segment = {share_of(memory->swap_used_bytes, memory->swap_total_bytes),
                                        GLYPH_BAR_USER, STYLE_BAR_SYSTEM};

    draw_amount_bar(region, row, "Swap", &segment, 1, memory->swap_used_bytes, memory->swap_total_bytes);
}

/* Rows of CPU bars when every CPU has one. */
static int cpu_bar_rows(size_t cpu_count, int columns)
{
    int per_row = columns / (CPU_COLUMNS + 1);

    per_row = per_row > 0 ? per_row : 1;
    if (cpu_count <= 2)
        per_row = 1;
    else if ((size_t)per_row > cpu_count / 2)
        per_row = (int)((cpu_count + 1) / 2);
    return (int)((cpu_count + (size_t)per_row - 1) / (size_t)per_row);
}

static void draw_each_cpu(const struct system_usage *system, const struct region *region, int rows)
{
    int per_row = ((int)system->cpu_count + rows - 1) / rows;
    int width = (region->columns + 1) / per_row - 1;

    for (size_t i = 0; i < system->cpu_count; i++) {
        char label[16];
        int row = (int)i % rows; /* numbered downward, as one reads a list */
        int column = (int)i / rows * (width + 1);
        snprintf(label, sizeof(label), per_row == 1 ? "CPU%-d" : "%2d", system->cpus[i].id);
        draw_cpu(region, row, column, width, label, &system->cpus[i]);
    }
}

/* Many CPUs folded: their mean as a bar, and one cell for each (or for several) that shows how busy it is. */
static void draw_folded_cpus(const struct system_usage *system, const struct region *region, int rows)
{
    char label[32];
    int cells = region->columns - 5;

    snprintf(label, sizeof(label), "CPU*%zu ", system->cpu_count);
    draw_cpu(region, 0, 0, region->columns, label, &system->all_cpus);
    if (rows < 2 || cells <= 0)
        return;
    size_t shown = system->cpu_count < (size_t)cells ? system->cpu_count : (size_t)cells;
    region_text(region, 1, 0, 4, STYLE_LABEL, "each");
    for (size_t cell = 0; cell < shown; cell++) {
        double busiest = 0;
        for (size_t i = cell * system->cpu_count / shown; i < (cell + 1) * system->cpu_count / shown; i++) {
            double busy = 100 - system->cpus[i].idle_percent - system->cpus[i].iowait_percent;
            busiest = isgreater(busy, busiest) ? busy : busiest;
        }
        enum style style = busiest >= 90 ? STYLE_HOT : busiest < 5 ? STYLE_DIM : STYLE_BAR_USER;
        region_fill(region, 1, 5 + (int)cell, 1, style, region_level_glyph(region, busiest / 100));
    }
}

static void draw_bars(const struct state *state, const struct region *region)
{
    const struct system_usage *system = &state->tick->system;
    bool swap = system->memory.swap_total_bytes > 0;
    int below = region->rows > 1 + swap ? 1 + swap : region->rows > 1 ? 1 : 0;
    int cpu_rows = region->rows - below;
    int wanted = cpu_bar_rows(system->cpu_count, region->columns);

    if (system->cpu_count > 0 && wanted <= cpu_rows)
        draw_each_cpu(system, region, cpu_rows = wanted);
    else
        draw_folded_cpus(system, region, cpu_rows = cpu_rows < 2 ? cpu_rows : 2);
    if (below > 0)
        draw_memory(region, cpu_rows, &system->memory);
    if (below > 1)
        draw_swap(region, cpu_rows + 1, &system->memory);
}

/* ---- all of it ---- */

/* The columns that bars and meters get; meters without columns are not shown. */
static void split(int columns, int *bars, int *meters_columns)
{
    int half = columns / 2;
    int slots = (half + 1) / (METER_COLUMNS + 1);

    *bars = columns;
    *meters_columns = 0;
    if (columns < BARS_COLUMNS + METER_COLUMNS + 2)
        return;
    if (slots < 2 && columns >= BARS_COLUMNS + 2 * METER_COLUMNS + 3)
        slots = 2;
    slots = slots > 0 ? slots : 1;
    *meters_columns = slots * (METER_COLUMNS + 1) - 1;
    *bars = columns - *meters_columns - 2;
}

static int note_count(const struct state *state)
{
    char text[RECORDING_NOTE_SIZE];

    return state->travel.away + recording_describe(state, text) + (state->tick->notice != NULL) +
           (state->options->command_output != NULL);
}

static int most_rows(int screen_rows)
{
    if (screen_rows < 8)
        return 0;
    if (screen_rows < 18)
        return screen_rows < 12 ? 1 : 2;
    return screen_rows / 5 > 4 ? screen_rows / 5 : 4;
}

int header_rows(const struct state *state, int screen_rows, int screen_columns)
{
    int bars = 0;
    int meters_columns = 0;

    if (state->tick == NULL)
        return 0;
    split(screen_columns, &bars, &meters_columns);
    int most = most_rows(screen_rows);
    int rows = cpu_bar_rows(state->tick->system.cpu_count, bars);
    int beside = 1 + (state->tick->system.memory.swap_total_bytes > 0);
    rows = rows + beside <= most ? rows + beside : most < 2 + beside ? most : 2 + beside;
    int per_line = (meters_columns + 1) / (METER_COLUMNS + 1);
    int meter_rows = per_line > 0 ? (meters_count(state) + per_line - 1) / per_line : 0;
    rows = meter_rows > rows ? meter_rows : rows;
    rows = rows < most ? rows : most;
    return rows + (screen_rows >= 18 ? note_count(state) : 0);
}

static int draw_notes(const struct state *state, const struct region *region, int row)
{
    char note[RECORDING_NOTE_SIZE];
    int used = 0;

    if (state->travel.away) {
        char text[160];
        travel_describe(state, text);
        region_text(region, row, 0, region->columns, STYLE_WARNING, text);
        used++;
    }
    if (row - used >= 0 && recording_describe(state, note)) {
        bool has_failed = !recording_is_on(state) && state->recording.failure[0] != '\0';
        region_text(region, row - used, 0, region->columns, has_failed ? STYLE_HOT : STYLE_STRONG, note);
        used++;
    }
    if (state->options->command_output != NULL && row - used >= 0) {
        region_format(region, row - used, 0, region->columns, STYLE_LABEL, "The command's output goes to %s",
                      state->options->command_output);
        used++;
    }
    if (state->tick->notice != NULL && row - used >= 0) {
        region_text(region, row - used, 0, region->columns, STYLE_WARNING, state->tick->notice);
        used++;
    }
    return used;
}

void header_draw(const struct state *state, const struct region *region)
{
    int bars = 0;
    int meters_columns = 0;
    int notes = 0;

    if (state->tick == NULL || region->rows == 0)
        return;
    if (state->canvas.rows >= 18)
        notes = draw_notes(state, region, region->rows - 1);
    split(region->columns, &bars, &meters_columns);
    struct region left = region_part(region, 0, 0, region->rows - notes, bars);
    struct region right =
        region_part(region, 0, region->columns - meters_columns, region->rows - notes, meters_columns);
    draw_bars(state, &left);
    if (meters_columns > 0)
        meters_draw(state, &right);
}

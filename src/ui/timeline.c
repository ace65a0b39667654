#include "ui/timeline.h"

#include "base/clock.h"
#include "ui/format.h"
#include "ui/verdict_cells.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    CLOCK_COLUMNS = 8,  /* "14:30:05" */
    LABEL_COLUMNS = 11, /* "Mem 123.4M " */
    LEAST_TICKS = 16,
    FOUR_ROWS_FROM = 28, /* rows of the screen */
    TWO_ROWS_FROM = 18,
    VERDICT_TICKS = 60, /* a column's verdict is of so many of its ticks at most */
};

/* ---- which ticks ---- */

/* The shown part moves in steps, so that columns keep their ticks while a recording grows. */
static struct tick_span choose_span(const struct timeline *timeline, uint64_t position)
{
    static const uint64_t zooms[TIMELINE_ZOOMS] = {TIMELINE_MOST_TICKS, 3600, 600, 60};
    uint64_t length = timeline->all.end - timeline->all.first;
    uint64_t most = zooms[timeline->zoom];

    if (length > most) {
        uint64_t page = position / most;
        return (struct tick_span){page * most, (page + 1) * most};
    }
    uint64_t step = LEAST_TICKS;
    while (step * 8 < length)
        step *= 2;
    uint64_t first = timeline->all.first / LEAST_TICKS * LEAST_TICKS;
    return (struct tick_span){first, first + (timeline->all.end - first + step - 1) / step * step};
}

static struct error *read_points(struct timeline *timeline, struct source *source)
{
    struct tick_span there = timeline->shown;

    free(timeline->points);
    timeline->points = NULL;
    timeline->count = 0;
    there.first = there.first < timeline->all.first ? timeline->all.first : there.first;
    there.end = there.end > timeline->all.end ? timeline->all.end : there.end;
    return source_past_series(source, there, timeline->pid, &timeline->points, &timeline->count);
}

struct error *timeline_update(struct timeline *timeline, struct source *source, pid_t pid, uint64_t position)
{
    struct tick_span all;
    struct error *error = source_past_span(source, &all);

    if (error != NULL)
        return error;
    bool other = all.first != timeline->all.first || all.end != timeline->all.end || pid != timeline->pid;
    timeline->all = all;
    struct tick_span shown = choose_span(timeline, position);
    bool moved = shown.first != timeline->shown.first || shown.end != timeline->shown.end;
    if (moved || pid != timeline->pid)
        memset(timeline->verdicts, 0, sizeof(timeline->verdicts));
    timeline->shown = shown;
    timeline->pid = pid;
    return other || moved ? read_points(timeline, source) : NULL;
}

void timeline_free(struct timeline *timeline)
{
    free(timeline->points);
    *timeline = (struct timeline){0};
}

/* ---- columns ---- */

/* The first tick of a column; where there are fewer ticks than columns, several columns show one. */
static uint64_t column_first(const struct timeline *timeline, int column)
{
    uint64_t length = timeline->shown.end - timeline->shown.first;

    return timeline->shown.first + (uint64_t)column * length / (uint64_t)timeline->columns;
}

static struct tick_span column_span(const struct timeline *timeline, int column)
{
    struct tick_span span = {column_first(timeline, column), column_first(timeline, column + 1)};

    span.end = span.end > span.first ? span.end : span.first + 1;
    return span;
}

/* The (first) column that shows a tick; -1 when it is not shown. */
static int column_of(const struct timeline *timeline, uint64_t sequence)
{
    for (int column = 0; column < timeline->columns; column++) {
        struct tick_span span = column_span(timeline, column);
        if (sequence >= span.first && sequence < span.end)
            return column;
    }
    return -1;
}

/* ---- verdicts ---- */

struct judging {
    struct verdict_window *window;
    pid_t pid;
};

static void add_to_verdict(void *context, const struct tick *tick)
{
    struct judging *judging = context;
    const struct process *process = tick_find_process(tick, judging->pid);

    if (process != NULL)
        verdict_window_add(judging->window, tick, process);
}

static enum verdict_kind judge_span(const struct timeline *timeline, struct source *source,
                                    struct tick_span span)
{
    struct judging judging = {verdict_window_new(UINT64_MAX), timeline->pid};
    struct error *error = source_past_visit(source, span, timeline->pid, add_to_verdict, &judging);
    struct verdict verdict;
    bool known = error == NULL && verdict_window_judge(judging.window, source_call_tree(source), &verdict);

    error_free(error); /* where the recording is damaged there is no colour; going there says why */
    verdict_window_free(judging.window);
    return known ? verdict.first.kind : VERDICT_KINDS;
}

bool timeline_judge(struct timeline *timeline, struct source *source)
{
    for (int column = 0; column < timeline->columns && timeline->pid != 0; column++) {
        struct tick_span span = column_span(timeline, column);
        struct timeline_verdict *verdict = &timeline->verdicts[column];
        bool whole = span.end <= timeline->all.end || source_is_recording(source);
        span.end = span.end < timeline->all.end ? span.end : timeline->all.end;
        if (!whole || span.first >= span.end || verdict->judged_to >= span.end)
            continue;
        verdict->judged_to = span.end;
        if (span.end - span.first > VERDICT_TICKS)
            span.end = span.first + VERDICT_TICKS;
        verdict->kind = judge_span(timeline, source, span);
        return true;
    }
    return false;
}

/* ---- drawing ---- */

static double cpu_of(const struct series_point *point)
{
    return point->cpu_percent;
}

static double memory_of(const struct series_point *point)
{
    return count_is_known(point->memory_bytes) ? (double)point->memory_bytes : UNKNOWN_REAL;
}

static double traffic_of(const struct series_point *point)
{
    return point->read_bytes_per_second + point->write_bytes_per_second;
}

static void write_bytes(char text[static FORMAT_SIZE], double bytes)
{
    format_bytes(text, bytes);
}

static const struct figure {
    const char *label;
    double (*value)(const struct series_point *point);
    void (*write)(char text[static FORMAT_SIZE], double value);
    double least_scale;
    bool has_verdict;
} figures[] = {
    {"CPU%", cpu_of, format_percent, 100, true},
    {"Mem", memory_of, write_bytes, 1, false},
    {"I/O", traffic_of, write_bytes, 1, false},
};

enum {
    FIGURES = sizeof(figures) / sizeof(figures[0]),
};

/* The greatest value of the points of a column, which begin at `*next`; unknown when none is known. */
static double column_value(const struct timeline *timeline, const struct figure *figure, int column,
                           size_t *next)
{
    struct tick_span span = column_span(timeline, column);
    double greatest = UNKNOWN_REAL;

    while (*next > 0 && timeline->points[*next - 1].sequence >= span.first)
        (*next)--; /* a tick may fill several columns */
    for (; *next < timeline->count && timeline->points[*next].sequence < span.end; (*next)++) {
        double value = figure->value(&timeline->points[*next]);
        if (timeline->points[*next].sequence >= span.first && real_is_known(value) &&
            !isgreaterequal(greatest, value))
            greatest = value;
    }
    return greatest;
}

static enum style column_style(const struct timeline *timeline, const struct figure *figure, int column)
{
    const struct timeline_verdict *verdict = &timeline->verdicts[column];

    if (!figure->has_verdict)
        return STYLE_BAR_USED;
    return verdict->judged_to == 0 || verdict->kind == VERDICT_KINDS ? STYLE_LABEL
                                                                     : verdict_style(verdict->kind);
}

static void draw_figure(const struct region *row, const struct timeline *timeline,
                        const struct figure *figure, int position)
{
    double scale = figure->least_scale;
    size_t next = 0;
    char text[FORMAT_SIZE];

    for (size_t i = 0; i < timeline->count; i++) {
        double value = figure->value(&timeline->points[i]);
        scale = isgreater(value, scale) ? value : scale;
    }
    figure->write(text, scale);
    int used = region_text(row, 0, 0, LABEL_COLUMNS - 1, STYLE_LABEL, figure->label);
    region_text_right(row, 0, used, LABEL_COLUMNS - 1 - used, STYLE_DIM, text);
    for (int column = 0; column < timeline->columns; column++) {
        double value = column_value(timeline, figure, column, &next);
        enum style style = column == position ? STYLE_SELECTED : column_style(timeline, figure, column);
        uint32_t glyph = real_is_known(value) ? region_level_glyph(row, value / scale) : ' ';
        region_fill(row, 0, LABEL_COLUMNS + column, 1, style, glyph);
    }
}

/* Write a time so that it ends before a column; nothing when it would begin before another one. */
static void draw_clock(const struct region *row, int begin, int end, int64_t time_ns)
{
    time_t seconds = (time_t)(time_ns / (int64_t)NS_PER_SECOND);
    struct tm local;
    char text[16] = "";

    if (localtime_r(&seconds, &local) != NULL)
        strftime(text, sizeof(text), "%H:%M:%S", &local);
    int columns = (int)strlen(text);
    if (end - columns >= begin)
        region_text(row, 0, end - columns, columns, STYLE_DIM, text);
}

/* Where the time of the last tick ends: before the signs that would stand in it. */
static int end_of_last_clock(const struct timeline *timeline, const struct timeline_marks *marks, int end)
{
    const int signs[] = {
        column_of(timeline, marks->position),
        marks->mark_count > 0 ? column_of(timeline, marks->marks[0]) : -1,
        marks->mark_count > 1 ? column_of(timeline, marks->marks[1]) : -1,
    };
    int before = end;

    for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++) {
        if (signs[i] >= end - CLOCK_COLUMNS && signs[i] < before)
            before = signs[i];
    }
    return before < end ? before - 1 : end;
}

/* The first time stands beside the graph, the last one below its end. */
static void draw_times(const struct region *row, const struct timeline *timeline,
                       const struct timeline_marks *marks)
{
    if (timeline->count > 0) {
        const struct series_point *last = &timeline->points[timeline->count - 1];
        int end = end_of_last_clock(timeline, marks, column_of(timeline, last->sequence) + 1);
        draw_clock(row, 0, LABEL_COLUMNS - 1, timeline->points[0].time_ns);
        draw_clock(row, LABEL_COLUMNS, LABEL_COLUMNS + end, last->time_ns);
    }
    for (int i = 0; i < marks->mark_count; i++) {
        int column = column_of(timeline, marks->marks[i]);
        if (column >= 0)
            region_fill(row, 0, LABEL_COLUMNS + column, 1, STYLE_STRONG, i == 0 ? '[' : ']');
    }
    int position = column_of(timeline, marks->position);
    if (position >= 0)
        region_fill(row, 0, LABEL_COLUMNS + position, 1, STYLE_STRONG, '^');
}

int timeline_rows(int screen_rows)
{
    return screen_rows >= FOUR_ROWS_FROM ? FIGURES + 1 : screen_rows >= TWO_ROWS_FROM ? 2 : 0;
}

void timeline_draw(const struct region *region, struct timeline *timeline, const struct timeline_marks *marks)
{
    int columns = region->columns - LABEL_COLUMNS;
    int row = 0;

    columns = columns < TIMELINE_COLUMNS ? columns : TIMELINE_COLUMNS;
    if (region->rows == 0 || columns <= 0)
        return;
    if (columns != timeline->columns)
        memset(timeline->verdicts, 0, sizeof(timeline->verdicts));
    timeline->columns = columns;
    int position = column_of(timeline, marks->position);
    for (; row < FIGURES && (row == 0 || row + 1 < region->rows); row++) {
        struct region line = region_part(region, row, 0, 1, region->columns);
        draw_figure(&line, timeline, &figures[row], position);
    }
    struct region times = region_part(region, row, 0, region->rows - row, region->columns);
    draw_times(&times, timeline, marks);
}

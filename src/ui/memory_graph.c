#include "ui/memory_graph.h"

#include "base/clock.h"
#include "ui/format.h"
#include "ui/shorten.h"

#include <stdio.h>
#include <string.h>

enum {
    SCALE_COLUMNS = 6, /* for the bounds */
    MARKS = 3,
    NAME_COLUMNS = 28, /* of a function in the explanation */
};

/* What one column of the graph stands for. */
struct graph_column {
    int64_t resident_bytes;
    uint32_t node;
    int64_t growth_bytes;
};

struct graph {
    const struct memory_history *history;
    int columns;
    int64_t low_bytes;
    int64_t high_bytes;
};

/* The most that a column's points say: there may be several to a column. */
static struct graph_column column_at(const struct graph *graph, int column)
{
    size_t first = (size_t)column * graph->history->count / (size_t)graph->columns;
    size_t end = ((size_t)column + 1) * graph->history->count / (size_t)graph->columns;
    struct graph_column result = {0};

    for (size_t i = first; i < end; i++) {
        const struct memory_point *point = &graph->history->points[i];
        if (point->resident_bytes > result.resident_bytes)
            result.resident_bytes = point->resident_bytes;
        if (point->growth_bytes > result.growth_bytes) {
            result.growth_bytes = point->growth_bytes;
            result.node = point->node;
        }
    }
    return result;
}

/* Bounds of the graph: from 0, unless all of it would lie in the upper half. */
static struct graph make_graph(const struct memory_history *history, int columns)
{
    struct graph graph = {.history = history, .low_bytes = INT64_MAX};

    graph.columns = history->count < (size_t)columns ? (int)history->count : columns;
    for (size_t i = 0; i < history->count; i++) {
        int64_t bytes = history->points[i].resident_bytes;
        graph.low_bytes = bytes < graph.low_bytes ? bytes : graph.low_bytes;
        graph.high_bytes = bytes > graph.high_bytes ? bytes : graph.high_bytes;
    }
    int64_t span = graph.high_bytes - graph.low_bytes;
    graph.low_bytes -= span / 4; /* so that the lowest column is seen */
    if (graph.low_bytes < graph.high_bytes / 2 || span == 0)
        graph.low_bytes = 0;
    return graph;
}

static void draw_column(const struct region *area, const struct graph *graph, int column)
{
    int64_t bytes = column_at(graph, column).resident_bytes;
    double span = (double)(graph->high_bytes - graph->low_bytes);
    double height = span > 0 ? (double)(bytes - graph->low_bytes) / span * area->rows : 0;

    for (int row = 0; row < area->rows; row++) {
        double level = height - (area->rows - 1 - row);
        if (level > 0)
            region_fill(area, row, column, 1, STYLE_BAR_USED,
                        region_level_glyph(area, level < 1 ? level : 1));
    }
}

static void draw_bounds(const struct region *region, int rows, const struct graph *graph)
{
    char text[FORMAT_SIZE];

    format_bytes(text, (double)graph->high_bytes);
    region_text_right(region, 0, 0, SCALE_COLUMNS - 1, STYLE_LABEL, text);
    if (rows < 2)
        return;
    format_bytes(text, (double)graph->low_bytes);
    region_text_right(region, rows - 1, 0, SCALE_COLUMNS - 1, STYLE_LABEL, text);
}

/* The columns with the largest growth, each of another function; returns how many there are. */
static int find_marks(const struct graph *graph, const struct call_tree *tree, int columns[MARKS])
{
    uint32_t functions[MARKS];
    int64_t growth[MARKS] = {0};
    int count = 0;

    for (int column = 0; column < graph->columns; column++) {
        struct graph_column found = column_at(graph, column);
        if (found.growth_bytes <= 0 || found.node == CALL_TREE_ROOT)
            continue;
        uint32_t function = call_tree_node(tree, found.node)->function;
        int place = 0;
        while (place < count && functions[place] != function)
            place++;
        if (place < count && growth[place] >= found.growth_bytes)
            continue; /* its larger one is there already */
        if (place == count && count == MARKS && growth[MARKS - 1] >= found.growth_bytes)
            continue;
        if (place == count)
            place = count < MARKS ? count++ : MARKS - 1;
        for (; place > 0 && growth[place - 1] < found.growth_bytes; place--) {
            functions[place] = functions[place - 1];
            growth[place] = growth[place - 1];
            columns[place] = columns[place - 1];
        }
        functions[place] = function;
        growth[place] = found.growth_bytes;
        columns[place] = column;
    }
    return count;
}

/* A digit under the columns that are marked, and what it stands for in the line below. */
static void draw_marks(const struct region *region, const struct graph *graph, const struct call_tree *tree)
{
    int columns[MARKS];
    int count = find_marks(graph, tree, columns);
    int used = SCALE_COLUMNS;
    char growth[FORMAT_SIZE], name[256];

    for (int i = count; i-- > 0;)
        region_fill(region, 0, SCALE_COLUMNS + columns[i], 1, STYLE_STRONG, (uint32_t)('1' + i));
    for (int i = 0; i < count; i++) {
        struct graph_column found = column_at(graph, columns[i]);
        const struct call_node *node = call_tree_node(tree, found.node);
        shorten_function(name, sizeof(name), call_tree_function(tree, node->function)->name, NAME_COLUMNS);
        format_growth(growth, (double)found.growth_bytes);
        used += region_format(region, 1, used, region->columns - used, STYLE_TEXT, "%d %s %.80s:%u  ", i + 1,
                              growth, name, (unsigned int)node->line);
    }
}

/* How much time the graph shows, at its right end. */
static void draw_span(const struct region *region, int row, const struct memory_history *history)
{
    uint64_t span_ns = history->points[history->count - 1].end_ns - history->points[0].begin_ns;
    char text[FORMAT_SIZE];

    format_seconds(text, (double)span_ns / (double)NS_PER_SECOND);
    region_text_right(region, row, 0, region->columns, STYLE_DIM, text);
}

void memory_graph_draw(const struct region *region, const struct memory_history *history,
                       const struct call_tree *tree)
{
    bool marked = region->rows >= MEMORY_GRAPH_LEAST_MARKED;
    int rows = region->rows - (marked ? 2 : 0);
    struct region area = region_part(region, 0, SCALE_COLUMNS, rows, region->columns - SCALE_COLUMNS);

    if (history->count == 0 || area.columns <= 0 || rows <= 0)
        return;
    struct graph graph = make_graph(history, area.columns);
    for (int column = 0; column < graph.columns; column++)
        draw_column(&area, &graph, column);
    draw_bounds(region, rows, &graph);
    if (!marked)
        return;
    draw_span(region, rows, history);
    struct region below = region_part(region, rows, 0, 2, region->columns);
    draw_marks(&below, &graph, tree);
}

#include "ui/verdict_cells.h"

enum {
    SHORTEST_SECOND = 40, /* columns for a second sentence */
};

static const enum style styles[VERDICT_KINDS] = {
    [VERDICT_MEMORY_GROWTH] = STYLE_HOT, [VERDICT_FD_LEAK] = STYLE_HOT,
    [VERDICT_SWAP] = STYLE_HOT,          [VERDICT_CPU_STARVED] = STYLE_WARNING,
    [VERDICT_GIL] = STYLE_WARNING,       [VERDICT_GC] = STYLE_WARNING,
    [VERDICT_LOCK] = STYLE_WARNING,      [VERDICT_DISK] = STYLE_WARNING,
    [VERDICT_NETWORK] = STYLE_LABEL,     [VERDICT_PIPE] = STYLE_LABEL,
    [VERDICT_NATIVE_CPU] = STYLE_GOOD,   [VERDICT_PYTHON_CPU] = STYLE_GOOD,
    [VERDICT_SLEEP] = STYLE_DIM,         [VERDICT_IDLE] = STYLE_DIM,
    [VERDICT_MIXED] = STYLE_TEXT,
};

enum style verdict_style(enum verdict_kind kind)
{
    return styles[kind];
}

void verdict_draw_word(const struct table_cell *cell, const struct verdict *verdict)
{
    if (verdict == NULL)
        cell_text(cell, STYLE_DIM, "-");
    else
        cell_text(cell, styles[verdict->first.kind], verdict_kind_name(verdict->first.kind));
}

int verdict_compare(const struct verdict *left, const struct verdict *right)
{
    if (left == NULL || right == NULL)
        return (left != NULL) - (right != NULL);
    if (left->first.kind != right->first.kind)
        return left->first.kind < right->first.kind ? 1 : -1;
    return compare_real(left->first.percent, right->first.percent);
}

int verdict_draw_line(const struct region *line, const struct verdict *verdict, const char *reason_for_none,
                      int reserved)
{
    char text[VERDICT_SUMMARY_SIZE];

    region_fill(line, 0, 0, 1, STYLE_FRAME, region_glyph(line, GLYPH_BRANCH_LAST));
    if (verdict == NULL)
        return 2 + region_text(line, 0, 2, line->columns - 2, STYLE_DIM, reason_for_none);
    verdict_format(text, &verdict->first, (size_t)(line->columns - 2));
    int used = 2 + region_text(line, 0, 2, line->columns - 2, STYLE_STRONG, text);
    int end = line->columns - reserved;
    if (end - used < SHORTEST_SECOND)
        end = line->columns;
    if (!verdict->has_second || end - used < SHORTEST_SECOND)
        return used;
    used += region_text(line, 0, used, end - used, STYLE_DIM, "; ");
    verdict_format(text, &verdict->second, (size_t)(end - used));
    return used + region_text(line, 0, used, end - used, STYLE_DIM, text);
}

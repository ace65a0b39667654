#include "ui/bar.h"

#include "base/text.h"
#include "model/number.h"

#include <string.h>

/* Each segment ends where the sum of shares says, so that rounding does not add up. */
static void draw_segments(const struct region *region, int row, int column, int columns,
                          const struct bar_segment *segments, size_t segment_count)
{
    double sum = 0;
    int drawn = 0;

    for (size_t i = 0; i < segment_count; i++) {
        if (real_is_known(segments[i].share) && segments[i].share > 0)
            sum += segments[i].share;
        int end = sum < 1 ? (int)(sum * columns + 0.5) : columns;
        if (end > drawn)
            region_fill(region, row, column + drawn, end - drawn, segments[i].style,
                        region_glyph(region, segments[i].glyph));
        drawn = end > drawn ? end : drawn;
    }
}

void bar_draw(const struct region *region, int row, int column, int columns, const char *label,
              const struct bar_segment *segments, size_t segment_count, const char *text)
{
    int used = region_text(region, row, column, columns, STYLE_LABEL, label);
    int inside = columns - used - 2;
    int text_columns = (int)text_width(text);

    if (inside < text_columns) {
        region_text_right(region, row, column + used, columns - used, STYLE_TEXT, text);
        return;
    }
    region_text(region, row, column + used, 1, STYLE_STRONG, "[");
    region_text(region, row, column + columns - 1, 1, STYLE_STRONG, "]");
    draw_segments(region, row, column + used + 1, inside - text_columns - 1, segments, segment_count);
    region_text_right(region, row, column + used + 1, inside, STYLE_TEXT, text);
}

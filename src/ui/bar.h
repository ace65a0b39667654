/* A bar made of segments: "Mem[######::      2.3G/7.8G]". */
#ifndef PYNECK_UI_BAR_H
#define PYNECK_UI_BAR_H

#include "ui/canvas.h"

#include <stddef.h>

struct bar_segment {
    double share; /* of the whole bar, 0 to 1; unknown counts as nothing */
    enum glyph glyph;
    enum style style;
};

/* Draw a bar into columns of a row: the label, the segments one after the other, and a text at the right end.
 */
void bar_draw(const struct region *region, int row, int column, int columns, const char *label,
              const struct bar_segment *segments, size_t segment_count, const char *text);

#endif

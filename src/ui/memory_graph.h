/* A graph of the resident memory of a process over time, with marks where it grew most and the functions that ran there. */
#ifndef PYNECK_UI_MEMORY_GRAPH_H
#define PYNECK_UI_MEMORY_GRAPH_H

#include "model/call_tree.h"
#include "ui/canvas.h"
#include "ui/memory_history.h"

enum {
    MEMORY_GRAPH_LEAST_MARKED = 4, /* rows from which on there are marks, and a line that explains them */
};

/* Draw into the whole region: time from left to right, bytes upwards, with the bounds written at the left. */
void memory_graph_draw(const struct region *region, const struct memory_history *history,
                       const struct call_tree *tree);

#endif

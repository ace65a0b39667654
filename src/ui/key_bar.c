#include "ui/key_bar.h"

#include <string.h>

enum {
    MAX_ON_BAR = 64,
};

/* What is on the bar, and at which columns. */
struct key_bar {
    const struct key_binding *bindings[MAX_ON_BAR];
    int edges[MAX_ON_BAR];
    size_t count;
    int end;
};

static int bar_width(const struct key_binding *binding)
{
    return (int)(strlen(binding->bar_key) + strlen(binding->bar_label)) + 1;
}

static bool is_on_bar(const struct state *state, int bar_pane)
{
    switch (bar_pane) {
    case ON_ALL_PANES:
        return true;
    case WHILE_AWAY:
        return state->travel.away;
    case WHILE_NOW:
        return !state->travel.away;
    default:
        return bar_pane == (int)state->focus;
    }
}

/* Add those that stand at the end of the bar, or those that do not, while they fit. */
static void add_to_bar(struct key_bar *bar, const struct state *state, int columns, bool last)
{
    size_t count;
    const struct key_binding *bindings = key_bindings(&count);

    for (size_t i = 0; i < count; i++) {
        const struct key_binding *binding = &bindings[i];
        if (binding->bar_key == NULL || !is_on_bar(state, binding->bar_pane) || binding->bar_last != last)
            continue;
        if (bar->end + bar_width(binding) > columns + 1 || bar->count == MAX_ON_BAR)
            return;
        bar->bindings[bar->count] = binding;
        bar->edges[bar->count++] = bar->end;
        bar->end += bar_width(binding);
    }
}

static struct key_bar make_bar(const struct state *state, int columns)
{
    struct key_bar bar = {.count = 0};
    int reserved = 0;
    size_t count;
    const struct key_binding *bindings = key_bindings(&count);

    for (size_t i = 0; i < count; i++)
        if (bindings[i].bar_last)
            reserved += bar_width(&bindings[i]);
    add_to_bar(&bar, state, columns - reserved, false);
    add_to_bar(&bar, state, columns, true);
    return bar;
}

void key_bar_draw(const struct state *state, const struct region *region)
{
    struct key_bar bar = make_bar(state, region->columns);

    for (size_t i = 0; i < bar.count; i++) {
        int used = region_text(region, 0, bar.edges[i], region->columns - bar.edges[i], STYLE_KEY,
                               bar.bindings[i]->bar_key);
        region_text(region, 0, bar.edges[i] + used, region->columns - bar.edges[i] - used, STYLE_KEY_LABEL,
                    bar.bindings[i]->bar_label);
    }
}

const struct key_binding *key_bar_at(const struct state *state, const struct region *region, int column)
{
    struct key_bar bar = make_bar(state, region->columns);

    for (size_t i = 0; i < bar.count; i++)
        if (column >= bar.edges[i] && column < bar.edges[i] + bar_width(bar.bindings[i]))
            return bar.bindings[i];
    return NULL;
}

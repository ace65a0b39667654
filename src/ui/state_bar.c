#include "ui/state_bar.h"

#include "model/number.h"

#include <stdio.h>
#include <string.h>

static const struct {
    char letter;
    enum style fill;
    enum style text;
} looks[THREAD_STATES] = {
    [THREAD_RUNNING] = {'R', STYLE_STATE_RUNNING, STYLE_GOOD},
    [THREAD_NATIVE] = {'N', STYLE_STATE_NATIVE, STYLE_GOOD},
    [THREAD_GC] = {'C', STYLE_STATE_GC, STYLE_GOOD},
    [THREAD_RUNNABLE] = {'r', STYLE_STATE_WANTING, STYLE_WARNING},
    [THREAD_GIL] = {'g', STYLE_STATE_WANTING, STYLE_WARNING},
    [THREAD_LOCK] = {'l', STYLE_STATE_WANTING, STYLE_WARNING},
    [THREAD_DISK] = {'d', STYLE_STATE_IO, STYLE_WARNING},
    [THREAD_NETWORK] = {'n', STYLE_STATE_IO, STYLE_LABEL},
    [THREAD_PIPE] = {'p', STYLE_STATE_IO, STYLE_LABEL},
    [THREAD_POLL] = {'e', STYLE_STATE_IDLE, STYLE_DIM},
    [THREAD_CHILD] = {'c', STYLE_STATE_IDLE, STYLE_DIM},
    [THREAD_SLEEP] = {'s', STYLE_STATE_IDLE, STYLE_DIM},
    [THREAD_OTHER] = {'o', STYLE_STATE_IDLE, STYLE_DIM},
};

/* From the left: what uses a CPU, what would like to, what waits for data, the rest. */
static const enum thread_state bar_order[THREAD_STATES] = {
    THREAD_RUNNING, THREAD_NATIVE, THREAD_GC,   THREAD_RUNNABLE, THREAD_GIL,   THREAD_LOCK,  THREAD_DISK,
    THREAD_NETWORK, THREAD_PIPE,   THREAD_POLL, THREAD_CHILD,    THREAD_SLEEP, THREAD_OTHER,
};

enum style state_text_style(enum thread_state state)
{
    return looks[state].text;
}

/* Each segment ends where the sum of shares says, so that rounding does not add up. */
void state_bar_draw(const struct region *region, int row, int column, int columns,
                    const struct state_shares *shares)
{
    uint64_t sum_ns = 0;
    int drawn = 0;

    for (size_t i = 0; shares->total_ns > 0 && i < THREAD_STATES; i++) {
        sum_ns += shares->wall_ns[bar_order[i]];
        int end = (int)((double)sum_ns / (double)shares->total_ns * columns + 0.5);
        if (end > drawn)
            region_fill(region, row, column + drawn, end - drawn, looks[bar_order[i]].fill,
                        (unsigned char)looks[bar_order[i]].letter);
        drawn = end > drawn ? end : drawn;
    }
}

void state_bar_draw_legend(const struct region *region, int row, int column, int columns,
                           const struct state_shares *shares)
{
    int used = 0;
    char text[32];

    for (size_t i = 0; i < THREAD_STATES; i++) {
        enum thread_state state = bar_order[i];
        double percent = state_shares_percent(shares, state);
        if (!isgreaterequal(percent, 0.5))
            continue;
        int length = snprintf(text, sizeof(text), " %s %.0f%%", thread_state_name(state), percent);
        if (used + 1 + length > columns)
            return;
        region_fill(region, row, column + used, 1, looks[state].fill, (unsigned char)looks[state].letter);
        region_text(region, row, column + used + 1, length, STYLE_TEXT, text);
        used += 1 + length + 2;
    }
}

/* The span between two moments that the user has marked, and the functions in it. */
#include "ui/state.h"
#include "ui/travel_parts.h"

void travel_forget_marked(struct travel *travel)
{
    window_free(travel->marked);
    travel->marked = NULL;
}

void travel_mark(struct state *state)
{
    struct travel *travel = &state->travel;

    travel_forget_marked(travel);
    if (travel->mark_count == TRAVEL_MARKS) {
        travel->mark_count = 0;
        if (state->window == WINDOW_MARKED)
            state->window = WINDOW_SLIDING;
        state_tell(state, "The marks are gone");
    } else {
        travel->marks[travel->mark_count++] = travel_position(state);
        if (travel->mark_count == TRAVEL_MARKS)
            state->window = WINDOW_MARKED;
        state_tell(state, travel->mark_count == 1 ? "Marked: go to the other end and mark it too"
                                                  : "The functions are those between the marks (w: others)");
    }
    state_update_details(state);
}

/* Both marked ticks are in it. */
static struct tick_span marked_span(const struct travel *travel)
{
    uint64_t first = travel->marks[0], last = travel->marks[1];

    return first <= last ? (struct tick_span){first, last + 1} : (struct tick_span){last, first + 1};
}

struct summing {
    struct window *window;
    pid_t pid;
};

static void add_to_window(void *context, const struct tick *tick)
{
    struct summing *summing = context;
    const struct process *process = tick_find_process(tick, summing->pid);

    if (process != NULL)
        window_add(summing->window, tick, process);
}

const struct window *travel_marked_window(struct state *state, pid_t pid)
{
    struct travel *travel = &state->travel;

    if (travel->mark_count < TRAVEL_MARKS)
        return NULL;
    if (travel->marked != NULL && travel->marked_pid == pid)
        return travel->marked;
    travel_forget_marked(travel);
    travel->marked = window_new(UINT64_MAX);
    travel->marked_pid = pid;
    struct summing summing = {travel->marked, pid};
    struct error *error = source_past_visit(state->source, marked_span(travel), pid, add_to_window, &summing);
    if (error != NULL)
        state_tell_failure(state, error);
    return travel->marked;
}

/* The span between two moments that the user has marked, and the functions in it. */
#include "ui/state.h"
#include "ui/travel_parts.h"

enum {
    PART_TICKS = 600, /* that are added without a look at the time */
};

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

/* The next part of what is left: it ends where a recording is packed, as far as one can tell from here. */
static struct tick_span next_part(const struct tick_span *left)
{
    struct tick_span part = {left->first, left->first - left->first % PART_TICKS + PART_TICKS};

    part.end = part.end < left->end ? part.end : left->end;
    return part;
}

static void add_parts(struct state *state)
{
    struct travel *travel = &state->travel;
    struct summing summing = {travel->marked, travel->marked_pid};
    uint64_t until_ns = clock_monotonic_ns() + TRAVEL_WORK_NS;

    do {
        const struct tick_span part = next_part(&travel->marked_left);
        struct error *error =
            source_past_visit(state->source, part, travel->marked_pid, add_to_window, &summing);
        travel->marked_left.first = part.end;
        if (error != NULL) {
            travel->marked_left = (struct tick_span){0};
            state_tell_failure(state, error);
        }
    } while (travel->marked_left.first < travel->marked_left.end && clock_monotonic_ns() < until_ns);
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
    travel->marked_left = marked_span(travel);
    add_parts(state);
    return travel->marked;
}

bool travel_marks_on(struct state *state)
{
    const struct travel *travel = &state->travel;

    if (state->window != WINDOW_MARKED || travel->marked == NULL ||
        travel->marked_left.first >= travel->marked_left.end)
        return false;
    add_parts(state);
    state_update_details(state);
    return true;
}

int travel_marked_percent(const struct travel *travel)
{
    const struct tick_span all = marked_span(travel);

    if (travel->marked == NULL || travel->marked_left.first >= travel->marked_left.end)
        return 100;
    return (int)((travel->marked_left.first - all.first) * 100 / (all.end - all.first));
}

/* The search for the next moment in which a condition holds; it goes on while nobody presses a key. */
#include "ui/state.h"
#include "ui/travel_parts.h"

void travel_stop_search(struct state *state)
{
    struct travel_search *search = &state->travel.search;

    tick_free(search->before);
    search->before = NULL;
    search->active = false;
}

void travel_search(struct state *state)
{
    struct travel_search *search = &state->travel.search;
    const struct process *process = state_selected_process(state);

    travel_stop_search(state);
    state->travel.playing = false;
    if (!search->known || !source_has_past(state->source) || state->tick == NULL) {
        state_tell_error(state, "Nothing is searched for (c names a condition)");
        return;
    }
    search->pid = process != NULL ? process->pid : 0;
    search->before = tick_share(state->tick);
    search->held = condition_holds(&search->condition, state->tick, state->tick, search->pid,
                                   source_call_tree(state->source));
    search->next = travel_position(state) + 1;
    search->active = true;
}

/* Look at one tick; false: the search is over. */
static bool search_one(struct state *state)
{
    struct travel_search *search = &state->travel.search;
    struct tick *tick = NULL;
    struct error *error = source_past_read(state->source, search->next, &tick);
    bool found = false;

    if (error != NULL) {
        state_tell_failure(state, error);
        return false;
    }
    if (tick != NULL) {
        bool holds = condition_holds(&search->condition, search->before, tick, search->pid,
                                     source_call_tree(state->source));
        found = holds && (!search->held || condition_is_event(&search->condition));
        search->held = holds;
        tick_free(search->before);
        search->before = tick;
    }
    if (!found) {
        search->next++;
        return true;
    }
    travel_to(state, search->next);
    state_tell(state, "%s (n: the next one)", search->condition.text);
    return false;
}

void travel_search_on(struct state *state)
{
    struct travel_search *search = &state->travel.search;
    uint64_t until_ns = clock_monotonic_ns() + TRAVEL_WORK_NS;
    struct tick_span span = travel_span(state);
    bool more = true;

    while (more && search->next < span.end && clock_monotonic_ns() < until_ns)
        more = search_one(state);
    if (more && search->next < span.end) {
        state_tell(state, "Searching for %s: tick %llu of %llu (any key stops)", search->condition.text,
                   (unsigned long long)(search->next - span.first),
                   (unsigned long long)(span.end - span.first));
        return;
    }
    if (more)
        state_tell_error(state, "From here on there is no (other) moment with %s", search->condition.text);
    travel_stop_search(state);
}

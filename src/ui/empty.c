#include "ui/empty.h"

#include "ui/state.h"

#include <stdio.h>

enum {
    REASON_SIZE = 128,
};

/* What the selected process has to do with it; NULL: nothing.
 *
 * text  room for a reason that is composed */
static const char *reason_of_process(const struct process *process, bool of_interpreter,
                                     char text[static REASON_SIZE])
{
    if (process == NULL)
        return "No process is selected";
    if (!of_interpreter)
        return NULL;
    if (process->error != NULL)
        return process->error;
    if (!process->is_python)
        return "This is no Python program";
    if (process->phase == NULL)
        return NULL;
    snprintf(text, REASON_SIZE, "Its interpreter is %s", process->phase);
    return text;
}

void empty_draw(const struct state *state, enum pane_id pane, const struct region *body)
{
    const struct pane_class *class = pane_classes[pane];
    const struct process *process = state_selected_process(state);
    char text[REASON_SIZE];
    const char *reason =
        pane != PANE_PROCESSES ? reason_of_process(process, class->of_interpreter, text) : NULL;
    bool is_error = reason != NULL && process != NULL && reason == process->error;

    if (reason == NULL && state->tables[pane].total > 0) {
        snprintf(text, sizeof(text), "No %s matches the filter (F4 changes it)", class->row_name);
        reason = text;
    }
    if (reason == NULL)
        reason = class->why_empty(state, process);
    region_wrap(body, 0, 0, body->columns, is_error ? STYLE_WARNING : STYLE_DIM, reason);
}

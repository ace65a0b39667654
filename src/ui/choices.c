/* The lists that one chooses from: a signal, a user, a column to sort by. */
#include "ui/state.h"

#include <signal.h>
#include <string.h>

/* ---- signals ---- */

static void send_signal(struct state *state)
{
    struct process_target *target = &state->dialog.target;
    struct error *error = process_target_signal(target, state->dialog.signal);

    if (error == NULL)
        state_tell(state, "Sent SIG%s to %d (%s)", sigabbrev_np(state->dialog.signal), (int)target->pid,
                   target->name);
    else
        state_tell_failure(state, error);
    process_target_close(target);
}

static void choose_signal(struct state *state, const struct list_item *item)
{
    const struct process_target *target = &state->dialog.target;

    state->dialog.signal = (int)item->value;
    confirm_open(state, send_signal, "Send SIG%s to %d (%s)?", sigabbrev_np((int)item->value),
                 (int)target->pid, target->name);
}

void signal_open(struct state *state)
{
    const struct process *process = state_selected_process(state);
    struct process_target *target = &state->dialog.target;

    if (process == NULL)
        return;
    process_target_close(target);
    struct error *error = process_target_open(target, process);
    if (error != NULL) {
        state_tell_failure(state, error);
        return;
    }
    list_begin(state, "Enter: choose   Esc: back", "Signal for %d (%.30s)", (int)target->pid, target->name);
    for (int signal = 1; signal < 32; signal++) {
        const char *name = sigabbrev_np(signal);
        if (name != NULL)
            list_add(state, signal, signal == SIGTERM, "%2d SIG%-6s  %s", signal, name, sigdescr_np(signal));
    }
    list_open(state, choose_signal);
}

/* ---- users ---- */

enum {
    ALL_USERS = -1,
    MAX_USERS = 200, /* in the list */
};

static void choose_user(struct state *state, const struct list_item *item)
{
    state->user_filtered = item->value != ALL_USERS;
    state->user = (uid_t)item->value;
    state_update_all(state);
    state_selection_moved(state);
}

static bool is_listed(const struct list_dialog *list, uid_t uid)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i].value == (long)uid)
            return true;
    return false;
}

void user_open(struct state *state)
{
    const struct list_dialog *list = &state->dialog.list;

    if (state->tick == NULL)
        return;
    list_begin(state, "Enter: choose   Esc: back", "Processes of");
    list_add(state, ALL_USERS, !state->user_filtered, "all users");
    for (size_t i = 0; i < state->tick->process_count && list->count < MAX_USERS; i++) {
        const struct process *process = &state->tick->processes[i];
        if (is_listed(list, process->uid))
            continue;
        list_add(state, (long)process->uid, state->user_filtered && state->user == process->uid, "%s",
                 process->user != NULL ? process->user : "-");
    }
    list_open(state, choose_user);
}

/* ---- columns ---- */

static void choose_column(struct state *state, const struct list_item *item)
{
    struct table *table = &state->tables[state->focus];

    if ((size_t)item->value == table->sort_column)
        return;
    table_sort_by(table, (size_t)item->value);
    state_update_all(state);
}

void sort_open(struct state *state)
{
    const struct table *table = &state->tables[state->focus];

    list_begin(state, "Enter: choose   Esc: back", "Sort %s by", pane_classes[state->focus]->name);
    for (size_t i = 0; i < table->class->column_count; i++) {
        const char *title = table->class->columns[i].title;
        if (table->class->columns[i].compare != NULL)
            list_add(state, (long)i, i == table->sort_column, "%s", title + strspn(title, " "));
    }
    list_open(state, choose_column);
}

/* The line at the bottom to type into: search and filter of the focused pane, at work with every character.
 */
#include "base/text.h"
#include "ui/state.h"

#include <stdio.h>
#include <string.h>
#include <wchar.h>

static struct table *table_of(struct state *state)
{
    return &state->tables[state->focus];
}

static void draw(struct state *state, const struct region *screen)
{
    struct prompt_dialog *prompt = &state->dialog.prompt;
    int row = screen->rows - 1;
    enum style style = prompt->found ? STYLE_PROMPT : STYLE_HOT;

    region_fill(screen, row, 0, screen->columns, STYLE_PROMPT, ' ');
    int used = region_format(screen, row, 0, screen->columns, STYLE_PROMPT, "%s: ", prompt->label);
    used += region_text_end(screen, row, used, screen->columns - used - 1, style, prompt->text);
    state->dialog.cursor_row = screen->top + row;
    state->dialog.cursor_column = screen->left + (used < screen->columns ? used : screen->columns - 1);
    const char *hint = prompt->hint != NULL   ? prompt->hint
                       : !prompt->found       ? "nothing matches"
                       : prompt->next != NULL ? "F3 next  Enter done  Esc back"
                                              : "Enter done  Esc no filter";
    int hint_columns = (int)strlen(hint);
    if (used + hint_columns + 4 <= screen->columns)
        region_text(screen, row, screen->columns - hint_columns - 1, hint_columns, STYLE_PROMPT, hint);
}

static void append_character(struct prompt_dialog *prompt, unsigned int character)
{
    char bytes[8] = "";
    size_t length = strlen(prompt->text);
    mbstate_t state = {0};

    if (character < ' ' || character >= KEY_SPECIAL)
        return;
    size_t size = wcrtomb(bytes, (wchar_t)character, &state);
    if (size == (size_t)-1 || length + size >= sizeof(prompt->text))
        return;
    text_clean(prompt->text + length, sizeof(prompt->text) - length, bytes, size);
}

static void drop_last_character(struct prompt_dialog *prompt)
{
    size_t length = strlen(prompt->text);

    while (length > 0 && (prompt->text[--length] & 0xc0) == 0x80)
        ;
    prompt->text[length] = '\0';
}

enum {
    KEY_CONTROL_U = 'U' & 0x1f,
    KEY_CONTROL_W = 'W' & 0x1f,
};

static void handle_key(struct state *state, unsigned int key)
{
    struct prompt_dialog *prompt = &state->dialog.prompt;

    switch (key) {
    case KEY_RETURN:
    case KEY_ESCAPE: {
        void (*done)(struct state *, bool) = prompt->done;
        dialog_close(state);
        if (done != NULL)
            done(state, key == KEY_RETURN);
        return;
    }
    case KEY_CURSOR_DOWN:
    case KEY_FUNCTION + 3:
        if (prompt->next != NULL)
            prompt->next(state);
        return;
    case KEY_RUBOUT:
        drop_last_character(prompt);
        break;
    case KEY_CONTROL_U:
    case KEY_CONTROL_W:
        prompt->text[0] = '\0';
        break;
    default:
        append_character(prompt, key);
        break;
    }
    if (prompt->changed != NULL)
        prompt->changed(state);
}

static void handle(struct state *state, const struct event *event)
{
    if (event->kind == EVENT_KEY)
        handle_key(state, event->key);
}

static const struct dialog_class prompt_dialog = {
    .name = "prompt",
    .draw = draw,
    .handle = handle,
};

void prompt_open(struct state *state, const char *label, const char *hint,
                 void (*done)(struct state *state, bool keep))
{
    dialog_open(state, &prompt_dialog);
    state->dialog.prompt = (struct prompt_dialog){.label = label, .hint = hint, .found = true, .done = done};
}

/* ---- search ---- */

static void search_changed(struct state *state)
{
    struct prompt_dialog *prompt = &state->dialog.prompt;

    prompt->found = prompt->text[0] == '\0' || table_search(table_of(state), prompt->text, true);
    state_selection_moved(state);
}

static void search_next(struct state *state)
{
    struct prompt_dialog *prompt = &state->dialog.prompt;

    prompt->found = prompt->text[0] == '\0' || table_search(table_of(state), prompt->text, false);
    state_selection_moved(state);
}

void search_open(struct state *state)
{
    struct prompt_dialog *prompt = &state->dialog.prompt;

    dialog_open(state, &prompt_dialog);
    *prompt = (struct prompt_dialog){
        .label = "Search", .found = true, .changed = search_changed, .next = search_next};
}

/* ---- filter ---- */

static void set_filter(struct state *state, const char *filter)
{
    snprintf(table_of(state)->filter, TABLE_FILTER_SIZE, "%s", filter);
    state_update_all(state);
    state_selection_moved(state);
}

static void filter_changed(struct state *state)
{
    struct prompt_dialog *prompt = &state->dialog.prompt;

    set_filter(state, prompt->text);
    prompt->found = table_of(state)->count > 0;
}

static void filter_done(struct state *state, bool keep)
{
    if (!keep)
        set_filter(state, "");
}

void filter_open(struct state *state)
{
    struct prompt_dialog *prompt = &state->dialog.prompt;

    dialog_open(state, &prompt_dialog);
    *prompt = (struct prompt_dialog){
        .label = "Filter", .found = true, .changed = filter_changed, .done = filter_done};
    snprintf(prompt->text, sizeof(prompt->text), "%s", table_of(state)->filter);
}

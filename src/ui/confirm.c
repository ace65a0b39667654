/* A question that is answered with yes or no. */
#include "base/text.h"
#include "ui/state.h"

#include <stdarg.h>
#include <stdio.h>

static void draw(struct state *state, const struct region *screen)
{
    static const char hint[] = "Enter or y: yes   Esc or n: no";
    const char *question = state->dialog.confirm.question;
    int columns = (int)text_width(question);
    int most = screen->columns > 8 ? screen->columns - 8 : 1;

    columns = columns < (int)sizeof(hint) ? (int)sizeof(hint) : columns > most ? most : columns;
    int rows = 2 + (int)text_width(question) / columns + 1;
    struct region inside = dialog_box(screen, rows, columns, "Sure?");
    region_wrap(&inside, 0, 0, inside.columns, STYLE_STRONG, question);
    region_text(&inside, inside.rows - 1, 0, inside.columns, STYLE_DIM, hint);
}

static void handle(struct state *state, const struct event *event)
{
    void (*confirmed)(struct state *) = state->dialog.confirm.confirmed;

    if (event->kind != EVENT_KEY)
        return;
    switch (event->key) {
    case 'y':
    case 'Y':
    case KEY_RETURN:
        dialog_close(state);
        confirmed(state);
        break;
    case 'n':
    case 'N':
    case 'q':
    case KEY_ESCAPE:
    case KEY_FUNCTION + 10:
        dialog_close(state);
        break;
    default:
        break;
    }
}

static const struct dialog_class confirm_dialog = {
    .name = "confirmation",
    .draw = draw,
    .handle = handle,
};

void confirm_open(struct state *state, void (*confirmed)(struct state *state), const char *format, ...)
{
    struct confirm_dialog *confirm = &state->dialog.confirm;
    va_list arguments;

    dialog_open(state, &confirm_dialog);
    va_start(arguments, format);
    vsnprintf(confirm->question, sizeof(confirm->question), format, arguments);
    va_end(arguments);
    confirm->confirmed = confirmed;
}

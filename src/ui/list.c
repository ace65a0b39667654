/* A list in a box, to choose one item from. */
#include "base/memory.h"
#include "base/text.h"
#include "ui/state.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static void draw(struct state *state, const struct region *screen)
{
    struct list_dialog *list = &state->dialog.list;
    int columns = (int)text_width(list->title) + 2;
    int hint_columns = (int)text_width(list->hint);

    columns = columns > hint_columns ? columns : hint_columns;
    for (size_t i = 0; i < list->count; i++) {
        int item_columns = (int)text_width(list->items[i].text) + 2;
        columns = columns > item_columns ? columns : item_columns;
    }
    int most_rows = screen->rows - 4;
    int rows = (int)list->count + 1 < most_rows ? (int)list->count + 1 : most_rows;
    struct region inside = dialog_box(screen, rows, columns, list->title);
    list->place = region_part(&inside, 0, 0, inside.rows - 1, inside.columns);

    size_t visible = list->place.rows > 0 ? (size_t)list->place.rows : 1;
    if (list->selected < list->top)
        list->top = list->selected;
    if (list->selected >= list->top + visible)
        list->top = list->selected - visible + 1;
    for (size_t i = 0; i < visible && list->top + i < list->count; i++) {
        bool selected = list->top + i == list->selected;
        enum style style = selected ? STYLE_DIALOG_SELECTED : STYLE_DIALOG;
        region_fill(&list->place, (int)i, 0, list->place.columns, style, ' ');
        region_text(&list->place, (int)i, 1, list->place.columns - 1, style, list->items[list->top + i].text);
    }
    region_text(&inside, inside.rows - 1, 0, inside.columns, STYLE_DIM, list->hint);
}

static void select_item(struct list_dialog *list, long index)
{
    if (list->count == 0)
        return;
    list->selected = index < 0 ? 0 : (size_t)index < list->count ? (size_t)index : list->count - 1;
}

static void choose(struct state *state)
{
    struct list_dialog *list = &state->dialog.list;

    if (list->selected < list->count) {
        struct list_item item = list->items[list->selected];
        void (*chosen)(struct state *, const struct list_item *) = list->choose;
        dialog_close(state);
        chosen(state, &item);
    }
}

/* Typed characters go to the next item that starts with them: a number or a letter. */
static void jump_to(struct list_dialog *list, unsigned int character)
{
    for (size_t i = 1; i <= list->count; i++) {
        size_t index = (list->selected + i) % list->count;
        const char *text = list->items[index].text;
        text += *text == ' ';
        if ((unsigned char)*text == character) {
            list->selected = index;
            return;
        }
    }
}

static void handle_click(struct state *state, const struct event *event)
{
    struct list_dialog *list = &state->dialog.list;
    int row = event->row - list->place.top;

    if (row < 0 || row >= list->place.rows || event->column < list->place.left ||
        event->column >= list->place.left + list->place.columns) {
        dialog_close(state);
        return;
    }
    if (list->top + (size_t)row < list->count) {
        list->selected = list->top + (size_t)row;
        choose(state);
    }
}

static void handle_key(struct state *state, unsigned int key)
{
    struct list_dialog *list = &state->dialog.list;
    long page = list->place.rows > 1 ? list->place.rows - 1 : 1;

    switch (key) {
    case KEY_CURSOR_UP:
        select_item(list, (long)list->selected - 1);
        break;
    case KEY_CURSOR_DOWN:
        select_item(list, (long)list->selected + 1);
        break;
    case KEY_PAGE_UP:
        select_item(list, (long)list->selected - page);
        break;
    case KEY_PAGE_DOWN:
        select_item(list, (long)list->selected + page);
        break;
    case KEY_FIRST:
        select_item(list, 0);
        break;
    case KEY_LAST:
        select_item(list, (long)list->count - 1);
        break;
    case KEY_RETURN:
        choose(state);
        break;
    case KEY_ESCAPE:
    case KEY_FUNCTION + 10:
        dialog_close(state);
        break;
    default:
        jump_to(list, key);
        break;
    }
}

static void handle(struct state *state, const struct event *event)
{
    struct list_dialog *list = &state->dialog.list;

    if (event->kind == EVENT_CLICK)
        handle_click(state, event);
    else if (event->kind == EVENT_WHEEL_UP)
        select_item(list, (long)list->selected - 1);
    else if (event->kind == EVENT_WHEEL_DOWN)
        select_item(list, (long)list->selected + 1);
    else
        handle_key(state, event->key);
}

static void close_list(struct state *state)
{
    free(state->dialog.list.items);
    state->dialog.list = (struct list_dialog){0};
}

static const struct dialog_class list_dialog = {
    .name = "list",
    .draw = draw,
    .handle = handle,
    .close = close_list,
};

void list_begin(struct state *state, const char *hint, const char *title_format, ...)
{
    struct list_dialog *list = &state->dialog.list;
    va_list arguments;

    dialog_close(state);
    list->hint = hint;
    va_start(arguments, title_format);
    vsnprintf(list->title, sizeof(list->title), title_format, arguments);
    va_end(arguments);
}

void list_add(struct state *state, long value, bool selected, const char *format, ...)
{
    struct list_dialog *list = &state->dialog.list;
    va_list arguments;

    list->items = memory_grow(list->items, &list->capacity, list->count + 1, sizeof(*list->items));
    struct list_item *item = &list->items[list->count];
    item->value = value;
    va_start(arguments, format);
    vsnprintf(item->text, sizeof(item->text), format, arguments);
    va_end(arguments);
    if (selected)
        list->selected = list->count;
    list->count++;
}

void list_open(struct state *state, void (*chosen)(struct state *state, const struct list_item *item))
{
    state->dialog.list.choose = chosen;
    dialog_open(state, &list_dialog);
}

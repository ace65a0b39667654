/* The help: every key from the table of keys, every column from the tables of columns, and what the bars are.
 */
#include "ui/keys.h"
#include "ui/state.h"

#include <string.h>

enum {
    KEY_WIDTH = 11,
    COLUMN_WIDTH = 13,
};

/* `row` is where the next line goes: above the region when the help is scrolled, and below it for what does
 * not fit; the region clips both. */
struct page {
    const struct region *region;
    int row;
};

static void add_line(struct page *page, enum style style, int width, const char *name, const char *text)
{
    const struct region *region = page->region;

    region_text(region, page->row, 0, width, style, name);
    int rows = region_wrap(region, page->row, width, region->columns - width, STYLE_DIALOG, text);
    page->row += rows > 0 ? rows : 1;
}

static void add_title(struct page *page, const char *title)
{
    add_line(page, STYLE_DIALOG, 0, "", "");
    add_line(page, STYLE_TITLE_FOCUSED, page->region->columns, title, "");
}

static void add_keys(struct page *page)
{
    size_t count = 0;
    const struct key_binding *bindings = key_bindings(&count);

    for (int group = 0; group < KEY_GROUPS; group++) {
        add_title(page, key_group_title((enum key_group)group));
        for (size_t i = 0; i < count; i++)
            if (bindings[i].group == (enum key_group)group)
                add_line(page, STYLE_STRONG, KEY_WIDTH, bindings[i].shown, bindings[i].help);
    }
    add_line(page, STYLE_STRONG, KEY_WIDTH, "Mouse",
             "click selects a row, sorts by a column title, presses a key of the bar; the wheel scrolls");
}

static void add_columns(struct page *page)
{
    for (int pane = 0; pane < PANES; pane++) {
        const struct table_class *class = pane_classes[pane]->table;
        add_title(page, pane_classes[pane]->columns_title);
        for (size_t i = 0; i < class->column_count; i++) {
            const char *title = class->columns[i].title;
            add_line(page, STYLE_STRONG, COLUMN_WIDTH, title + strspn(title, " "), class->columns[i].help);
        }
    }
}

static void add_legend(struct page *page)
{
    static const struct {
        enum glyph glyph;
        enum style style;
        const char *text;
    } segments[] = {
        {GLYPH_BAR_USER, STYLE_BAR_USER, "CPU: user programs.   Memory: used"},
        {GLYPH_BAR_NICE, STYLE_BAR_NICE, "CPU: nice programs.   Memory: buffers"},
        {GLYPH_BAR_SYSTEM, STYLE_BAR_SYSTEM, "CPU: kernel"},
        {GLYPH_BAR_OTHER, STYLE_BAR_IRQ, "CPU: interrupts, guests, taken by the host"},
        {GLYPH_BAR_IOWAIT, STYLE_BAR_IOWAIT, "CPU: idle, waiting for a disk.   Memory: cache"},
    };

    add_title(page, "The bars");
    for (size_t i = 0; i < sizeof(segments) / sizeof(segments[0]); i++) {
        add_line(page, STYLE_DIALOG, KEY_WIDTH, "", segments[i].text);
        region_fill(page->region, page->row - 1, 0, 4, segments[i].style,
                    region_glyph(page->region, segments[i].glyph));
    }
    add_line(page, STYLE_STRONG, KEY_WIDTH, "PSI%",
             "share of time in which some task waited for CPU, memory or I/O");
    add_line(page, STYLE_STRONG, KEY_WIDTH, "pyneck", "CPU that pyneck itself used, of what it may use");
    add_line(page, STYLE_STRONG, KEY_WIDTH, "Rate",
             "stack samples a second of the selected process, time between refreshes");
}

static void draw(struct state *state, const struct region *screen)
{
    struct region inside =
        dialog_box(screen, screen->rows, screen->columns, "pyneck help: arrows scroll, q or Esc closes");
    struct page page = {.region = &inside, .row = -state->dialog.help_top};

    add_line(&page, STYLE_DIALOG, 0, "",
             "pyneck shows where running Python programs spend their time, from outside.");
    add_keys(&page);
    add_columns(&page);
    add_legend(&page);
    int most = page.row + state->dialog.help_top - inside.rows;
    if (state->dialog.help_top > most && state->dialog.help_top > 0) { /* scrolled too far: once more */
        state->dialog.help_top = most > 0 ? most : 0;
        draw(state, screen);
    }
}

static void scroll(struct state *state, int lines)
{
    int top = state->dialog.help_top + lines;

    state->dialog.help_top = top > 0 ? top : 0;
}

static void handle_key(struct state *state, unsigned int key)
{
    int page = state->canvas.rows > 4 ? state->canvas.rows - 4 : 1;
    const int end = 10000; /* draw() brings it back to the last page */

    switch (key) {
    case KEY_CURSOR_UP:
        scroll(state, -1);
        break;
    case KEY_CURSOR_DOWN:
    case KEY_RETURN:
        scroll(state, 1);
        break;
    case KEY_PAGE_UP:
        scroll(state, -page);
        break;
    case KEY_PAGE_DOWN:
    case ' ':
        scroll(state, page);
        break;
    case KEY_FIRST:
        scroll(state, -state->dialog.help_top);
        break;
    case KEY_LAST:
        scroll(state, end);
        break;
    case 'q':
    case '?':
    case KEY_ESCAPE:
    case KEY_FUNCTION + 1:
    case KEY_FUNCTION + 10:
        dialog_close(state);
        break;
    default:
        break;
    }
}

static void handle(struct state *state, const struct event *event)
{
    if (event->kind == EVENT_WHEEL_UP)
        scroll(state, -3);
    else if (event->kind == EVENT_WHEEL_DOWN)
        scroll(state, 3);
    else if (event->kind == EVENT_KEY)
        handle_key(state, event->key);
}

static const struct dialog_class help_dialog = {
    .name = "help",
    .draw = draw,
    .handle = handle,
};

void help_open(struct state *state)
{
    dialog_open(state, &help_dialog);
    state->dialog.help_top = 0;
}

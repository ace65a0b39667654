#include "ui/palette.h"

enum {
    DEFAULT = -1, /* the terminal's own colour */
    GREY = 8,     /* bright black, where there are 16 colours */
    SLATE = 238,  /* dark grey of the 256 */
    SILVER = 252,
};

struct look {
    short foreground; /* with 8 colours */
    short background;
    attr_t attributes;
    attr_t mono; /* attributes without colours */
};

static const struct look looks[STYLES] = {
    [STYLE_TEXT] = {DEFAULT, DEFAULT, A_NORMAL, A_NORMAL},
    [STYLE_DIM] = {DEFAULT, DEFAULT, A_DIM, A_DIM},
    [STYLE_STRONG] = {DEFAULT, DEFAULT, A_BOLD, A_BOLD},
    [STYLE_LABEL] = {COLOR_CYAN, DEFAULT, A_NORMAL, A_NORMAL},
    [STYLE_GOOD] = {COLOR_GREEN, DEFAULT, A_NORMAL, A_NORMAL},
    [STYLE_WARNING] = {COLOR_YELLOW, DEFAULT, A_NORMAL, A_NORMAL},
    [STYLE_HOT] = {COLOR_RED, DEFAULT, A_BOLD, A_BOLD},
    [STYLE_FRAME] = {DEFAULT, DEFAULT, A_DIM, A_NORMAL},
    [STYLE_TITLE] = {DEFAULT, DEFAULT, A_NORMAL, A_NORMAL},
    [STYLE_TITLE_FOCUSED] = {COLOR_GREEN, DEFAULT, A_BOLD, A_BOLD},
    [STYLE_HEAD] = {COLOR_BLACK, COLOR_WHITE, A_NORMAL, A_UNDERLINE},
    [STYLE_HEAD_FOCUSED] = {COLOR_BLACK, COLOR_GREEN, A_NORMAL, A_BOLD | A_UNDERLINE},
    [STYLE_HEAD_SORT] = {COLOR_BLACK, COLOR_CYAN, A_NORMAL, A_BOLD | A_UNDERLINE},
    [STYLE_SELECTED] = {COLOR_BLACK, COLOR_CYAN, A_NORMAL, A_REVERSE},
    [STYLE_SELECTED_UNFOCUSED] = {DEFAULT, DEFAULT, A_BOLD, A_BOLD},
    [STYLE_KEY] = {DEFAULT, DEFAULT, A_BOLD, A_BOLD},
    [STYLE_KEY_LABEL] = {COLOR_BLACK, COLOR_CYAN, A_NORMAL, A_REVERSE},
    [STYLE_PROMPT] = {COLOR_BLACK, COLOR_CYAN, A_NORMAL, A_REVERSE},
    [STYLE_DIALOG] = {DEFAULT, DEFAULT, A_NORMAL, A_NORMAL},
    [STYLE_DIALOG_SELECTED] = {COLOR_BLACK, COLOR_CYAN, A_NORMAL, A_REVERSE},
    [STYLE_BAR_USER] = {COLOR_GREEN, DEFAULT, A_NORMAL, A_NORMAL},
    [STYLE_BAR_NICE] = {COLOR_BLUE, DEFAULT, A_NORMAL, A_NORMAL},
    [STYLE_BAR_SYSTEM] = {COLOR_RED, DEFAULT, A_NORMAL, A_NORMAL},
    [STYLE_BAR_IOWAIT] = {COLOR_YELLOW, DEFAULT, A_NORMAL, A_NORMAL},
    [STYLE_BAR_IRQ] = {COLOR_MAGENTA, DEFAULT, A_NORMAL, A_NORMAL},
    [STYLE_BAR_STEAL] = {COLOR_CYAN, DEFAULT, A_NORMAL, A_NORMAL},
    [STYLE_BAR_USED] = {COLOR_GREEN, DEFAULT, A_NORMAL, A_NORMAL},
    [STYLE_BAR_CACHE] = {COLOR_BLUE, DEFAULT, A_NORMAL, A_NORMAL},
    [STYLE_STATE_RUNNING] = {COLOR_BLACK, COLOR_GREEN, A_NORMAL, A_REVERSE},
    [STYLE_STATE_NATIVE] = {COLOR_BLACK, COLOR_CYAN, A_NORMAL, A_REVERSE},
    [STYLE_STATE_GC] = {COLOR_BLACK, COLOR_MAGENTA, A_NORMAL, A_REVERSE},
    [STYLE_STATE_WANTING] = {COLOR_BLACK, COLOR_YELLOW, A_NORMAL, A_BOLD},
    [STYLE_STATE_IO] = {COLOR_WHITE, COLOR_BLUE, A_NORMAL, A_BOLD},
    [STYLE_STATE_IDLE] = {DEFAULT, DEFAULT, A_DIM, A_DIM},
    [STYLE_BAR_SHARE] = {COLOR_GREEN, DEFAULT, A_NORMAL, A_NORMAL},
};

/* What looks better where there are more colours. */
struct rich_look {
    enum style style;
    int colors; /* the terminal has at least so many */
    struct look look;
};

static const struct rich_look rich_looks[] = {
    {STYLE_DIM, 16, {GREY, DEFAULT, A_NORMAL, A_NORMAL}},
    {STYLE_STATE_IDLE, 256, {SILVER, SLATE, A_NORMAL, A_NORMAL}},
    {STYLE_FRAME, 16, {GREY, DEFAULT, A_NORMAL, A_NORMAL}},
    {STYLE_HEAD, 256, {SILVER, SLATE, A_NORMAL, A_NORMAL}},
    {STYLE_SELECTED_UNFOCUSED, 256, {SILVER, SLATE, A_BOLD, A_NORMAL}},
};

static struct look look_for(enum style style)
{
    struct look look = looks[style];

    for (size_t i = 0; i < sizeof(rich_looks) / sizeof(rich_looks[0]); i++)
        if (rich_looks[i].style == style && COLORS >= rich_looks[i].colors)
            look = rich_looks[i].look;
    return look;
}

void palette_init(struct palette *palette, bool no_color)
{
    bool colors = !no_color && has_colors() && start_color() == OK && COLORS >= 8 && COLOR_PAIRS > STYLES;
    bool default_colors = colors && use_default_colors() == OK;

    for (int style = 0; style < STYLES; style++) {
        struct look look = look_for((enum style)style);
        if (!colors) {
            palette->attributes[style] = looks[style].mono;
            palette->pairs[style] = 0;
            continue;
        }
        if (!default_colors && look.foreground == DEFAULT)
            look.foreground = COLOR_WHITE;
        if (!default_colors && look.background == DEFAULT)
            look.background = COLOR_BLACK;
        palette->attributes[style] = look.attributes;
        palette->pairs[style] = (short)(style + 1);
        init_pair((short)(style + 1), look.foreground, look.background);
    }
}

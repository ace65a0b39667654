/* The table of all options: from it they are read, listed by --help, and checked against the man page. */
#ifndef PYNECK_CMD_OPTION_TABLE_H
#define PYNECK_CMD_OPTION_TABLE_H

#include "cmd/options.h"

/* An option; `read` gets its argument, or NULL when it takes none. */
struct option_row {
    const char *name;
    char letter;           /* 0 for none */
    const char *argument;  /* its name in the help; NULL when it takes none */
    unsigned int commands; /* a set of 1 << enum command_id: which take it */
    struct error *(*read)(struct options *options, enum command_id command, const char *argument);
    const char *help; /* lines, without the final newline */
};

enum {
    OPTION_MAX_ROWS = 64,
};

extern const struct option_row option_rows[];
extern const size_t option_row_count;

#endif

/* Which processes are listed at all: those of one user, those whose command line matches an expression. */
#ifndef PYNECK_SOURCE_ROW_FILTER_H
#define PYNECK_SOURCE_ROW_FILTER_H

#include "base/error.h"

#include <regex.h>
#include <stdbool.h>
#include <sys/types.h>

/* Zero-initialized it lets everything through. */
struct row_filter {
    bool by_user;
    uid_t uid;
    bool by_command;
    regex_t command;
};

/* Let through only what is asked for; row_filter_close() it, also after an error.
 *
 * user      a name, or a number where there is no such name; NULL for all
 * command   an extended regular expression (regex(7)); NULL for all
 * returns   an error when there is no such user, or when it is no expression */
struct error *row_filter_open(struct row_filter *filter, const char *user, const char *command);
void row_filter_close(struct row_filter *filter);

bool row_filter_passes_user(const struct row_filter *filter, uid_t uid);
bool row_filter_passes_command(const struct row_filter *filter, const char *command);

#endif

#include "source/row_filter.h"

#include <ctype.h>
#include <errno.h>
#include <pwd.h>
#include <stdint.h>
#include <stdlib.h>

static struct error *find_user(struct row_filter *filter, const char *name)
{
    const struct passwd *entry = getpwnam(name);
    char *end;

    filter->by_user = true;
    if (entry != NULL) {
        filter->uid = entry->pw_uid;
        return NULL;
    }
    errno = 0;
    unsigned long number = strtoul(name, &end, 10);
    if (!isdigit((unsigned char)name[0]) || *end != '\0' || errno != 0 || number >= UINT32_MAX)
        return error_new("no user \"%s\" on this machine", name);
    filter->uid = (uid_t)number;
    return NULL;
}

static struct error *compile_command(struct row_filter *filter, const char *expression)
{
    char reason[128];
    int result = regcomp(&filter->command, expression, REG_EXTENDED | REG_NOSUB);

    if (result != 0) {
        regerror(result, &filter->command, reason, sizeof(reason));
        return error_new("the filter \"%s\" is not a regular expression: %s", expression, reason);
    }
    filter->by_command = true;
    return NULL;
}

struct error *row_filter_open(struct row_filter *filter, const char *user, const char *command)
{
    struct error *error = NULL;

    *filter = (struct row_filter){0};
    if (user != NULL)
        error = find_user(filter, user);
    if (error == NULL && command != NULL)
        error = compile_command(filter, command);
    return error;
}

void row_filter_close(struct row_filter *filter)
{
    if (filter->by_command)
        regfree(&filter->command);
    filter->by_command = false;
}

bool row_filter_passes_user(const struct row_filter *filter, uid_t uid)
{
    return !filter->by_user || filter->uid == uid;
}

bool row_filter_passes_command(const struct row_filter *filter, const char *command)
{
    return !filter->by_command || regexec(&filter->command, command, 0, NULL, 0) == 0;
}

#include "export/profile_format.h"

#include <string.h>

static const struct profile_format *const formats[] = {
    &profile_format_callgrind, &profile_format_chrome, &profile_format_collapsed, &profile_format_flamegraph,
    &profile_format_gecko,     &profile_format_pprof,  &profile_format_pstats,    &profile_format_speedscope,
};

enum {
    FORMATS = sizeof(formats) / sizeof(formats[0]),
};

const struct profile_format *profile_format_find(const char *name)
{
    for (size_t i = 0; i < FORMATS; i++) {
        if (strcmp(formats[i]->name, name) == 0)
            return formats[i];
    }
    return NULL;
}

void profile_format_list_names(char *names, size_t size)
{
    size_t length = 0;

    names[0] = '\0';
    for (size_t i = 0; i < FORMATS && length < size; i++)
        length +=
            (size_t)snprintf(names + length, size - length, "%s%s", length > 0 ? ", " : "", formats[i]->name);
}

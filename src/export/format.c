#include "export/format.h"

#include <string.h>

static const struct format *const formats[] = {
    &format_text,
    &format_json,
    &format_csv,
    &format_openmetrics,
};

enum {
    FORMATS = sizeof(formats) / sizeof(formats[0]),
};

const struct format *format_find(const char *name)
{
    for (size_t i = 0; i < FORMATS; i++) {
        if (strcmp(formats[i]->name, name) == 0)
            return formats[i];
    }
    return NULL;
}

void format_list_names(char *names, size_t size, bool for_dump)
{
    size_t length = 0;

    names[0] = '\0';
    for (size_t i = 0; i < FORMATS && length < size; i++) {
        if (!for_dump || formats[i]->write_dump != NULL)
            length += (size_t)snprintf(names + length, size - length, "%s%s", length > 0 ? ", " : "",
                                       formats[i]->name);
    }
}

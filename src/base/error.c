#include "base/error.h"

#include "base/memory.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct error {
    char message[512];
};

struct error *error_new(const char *format, ...)
{
    struct error *error = memory_allocate(1, sizeof(*error));
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(error->message, sizeof(error->message), format, arguments);
    va_end(arguments);
    return error;
}

struct error *error_new_errno(int number, const char *format, ...)
{
    struct error *error = memory_allocate(1, sizeof(*error));
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(error->message, sizeof(error->message), format, arguments);
    va_end(arguments);

    size_t length = strlen(error->message);
    char reason[128];
    snprintf(error->message + length, sizeof(error->message) - length, ": %s",
             strerror_r(number, reason, sizeof(reason)));
    return error;
}

const char *error_message(const struct error *error)
{
    return error->message;
}

void error_free(struct error *error)
{
    free(error);
}

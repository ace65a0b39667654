#include "python/version_search.h"

#include <stdbool.h>
#include <string.h>

enum {
    FINAL_RELEASE = 0xf0,
};

static const char program_name[] = "python";

static bool parse_number(const char **cursor, const char *end, uint32_t limit, uint32_t *number)
{
    const char *start = *cursor;

    *number = 0;
    while (*cursor < end && **cursor >= '0' && **cursor <= '9' && *cursor - start < 3)
        *number = *number * 10 + (uint32_t)(*(*cursor)++ - '0');
    return *cursor > start && *number < limit;
}

/* "3.8": which of the two majors, and the minor version. */
static bool parse_minor(const char **cursor, const char *end, uint32_t *major, uint32_t *minor)
{
    if (end - *cursor < 3 || ((*cursor)[0] != '2' && (*cursor)[0] != '3') || (*cursor)[1] != '.')
        return false;
    *major = (*cursor)[0] == '3';
    *cursor += 2;
    return parse_number(cursor, end, VERSION_SEARCH_MINORS, minor);
}

/* A text that is a version and nothing else, but perhaps a "+" at its end. */
static void note_full_version(struct version_search *search, const char *cursor, const char *end)
{
    uint32_t major, minor, micro;

    if (!parse_minor(&cursor, end, &major, &minor) || cursor == end || *cursor++ != '.' ||
        !parse_number(&cursor, end, 256, &micro))
        return;
    if (cursor < end && *cursor == '+')
        cursor++;
    if (cursor < end && *cursor == '\0')
        search->micros[major][minor] = micro + 1;
}

void version_search_piece(struct version_search *search, const char *bytes, size_t length)
{
    const char *end = bytes + length;
    const char *found = bytes;
    uint32_t major, minor;

    while ((found = memmem(found, (size_t)(end - found), program_name, sizeof(program_name) - 1)) != NULL) {
        found += sizeof(program_name) - 1;
        const char *cursor = found;
        if (parse_minor(&cursor, end, &major, &minor))
            search->votes[major][minor]++;
    }
    for (const char *start = bytes; (start = memchr(start, '\0', (size_t)(end - start))) != NULL;) {
        start++;
        if (end - start >= 3 && start[1] == '.')
            note_full_version(search, start, end);
    }
}

uint32_t version_search_result(const struct version_search *search)
{
    uint32_t best_votes = 0;
    uint32_t version = 0;

    for (uint32_t major = 0; major < 2; major++) {
        for (uint32_t minor = 0; minor < VERSION_SEARCH_MINORS; minor++) {
            uint32_t micro = search->micros[major][minor];
            if (search->votes[major][minor] <= best_votes)
                continue;
            best_votes = search->votes[major][minor];
            version = (major + 2) << 24 | minor << 16 | (micro > 0 ? micro - 1 : 0) << 8 | FINAL_RELEASE;
        }
    }
    return version;
}

#include "python/version_search.h"

#include <stdbool.h>
#include <string.h>

static const char program_name[] = "python";

/* "3.8": which of the two majors, and the minor version. */
static bool parse_version(const char *cursor, const char *end, uint32_t *major, uint32_t *minor)
{
    if (end - cursor < 3 || (cursor[0] != '2' && cursor[0] != '3') || cursor[1] != '.')
        return false;
    *major = cursor[0] == '3';
    *minor = 0;
    const char *start = cursor += 2;
    while (cursor < end && *cursor >= '0' && *cursor <= '9' && *minor < VERSION_SEARCH_MINORS)
        *minor = *minor * 10 + (uint32_t)(*cursor++ - '0');
    return cursor > start && *minor < VERSION_SEARCH_MINORS;
}

void version_search_piece(struct version_search *search, const char *bytes, size_t length)
{
    const char *end = bytes + length;
    const char *found = bytes;
    uint32_t major, minor;

    while ((found = memmem(found, (size_t)(end - found), program_name, sizeof(program_name) - 1)) != NULL) {
        found += sizeof(program_name) - 1;
        if (parse_version(found, end, &major, &minor))
            search->votes[major][minor]++;
    }
}

uint32_t version_search_result(const struct version_search *search)
{
    uint32_t best_votes = 0;
    uint32_t version = 0;

    for (uint32_t major = 0; major < 2; major++) {
        for (uint32_t minor = 0; minor < VERSION_SEARCH_MINORS; minor++) {
            if (search->votes[major][minor] > best_votes) {
                best_votes = search->votes[major][minor];
                version = (major + 2) << 24 | minor << 16;
            }
        }
    }
    return version;
}

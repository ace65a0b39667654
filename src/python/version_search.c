#include "python/version_search.h"

#include <stdbool.h>
#include <string.h>

static const char program_name[] = "python";

/* How the interpreter marks its compiled files, "cpython-311" (TAG in Python/sysmodule.c, PEP 3147). Nobody else
 * names a version like this, while the texts of the standard library name others' in their examples. */
static const char cache_tag[] = "cpython-3";
static const uint32_t votes_of_a_tag = 100;

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

static bool is_digit(char character)
{
    return character >= '0' && character <= '9';
}

/* A number of at most two digits; -1 when there is none. */
static int parse_number(const char **cursor, const char *end)
{
    const char *start = *cursor;
    int number = 0;

    while (*cursor < end && is_digit(**cursor) && *cursor - start < 2)
        number = number * 10 + (*(*cursor)++ - '0');
    return *cursor > start ? number : -1;
}

/* The text "3.8.18" up to a NUL, also "3.8.18+" and "3.9.0rc1", as PY_VERSION_HEX; 0 when it is another. */
static uint32_t parse_release(const char *cursor, const char *end)
{
    static const struct {
        const char *mark;
        uint32_t level; /* of PY_VERSION_HEX */
    } levels[] = {{"a", 0xa0}, {"b", 0xb0}, {"rc", 0xc0}};
    uint32_t release = (uint32_t)(*cursor - '0') << 24;
    uint32_t level = 0xf0;

    cursor++;
    for (int shift = 16; shift >= 8; shift -= 8) {
        if (cursor >= end || *cursor++ != '.')
            return 0;
        int number = parse_number(&cursor, end);
        if (number < 0)
            return 0;
        release |= (uint32_t)number << shift;
    }
    for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
        size_t size = strlen(levels[i].mark);
        if ((size_t)(end - cursor) > size && memcmp(cursor, levels[i].mark, size) == 0) {
            cursor += size;
            int serial = parse_number(&cursor, end);
            level = serial >= 0 && serial < 16 ? levels[i].level | (uint32_t)serial : 0;
            break;
        }
    }
    cursor += cursor < end && *cursor == '+';
    return cursor < end && *cursor == '\0' && level != 0 ? release | level : 0;
}

/* Look for the text of PY_VERSION. It may be the end of a longer text, which the linker uses for both. */
static void search_releases(struct version_search *search, const char *bytes, size_t length)
{
    const char *end = bytes + length;

    for (const char *dot = bytes; (dot = memchr(dot, '.', (size_t)(end - dot))) != NULL; dot++) {
        const char *start = dot - 1;
        if (start <= bytes || (*start != '2' && *start != '3') || is_digit(start[-1]) || start[-1] == '.')
            continue;
        uint32_t release = parse_release(start, end);
        uint32_t minor = release >> 16 & 0xff;
        if (release == 0 || minor >= VERSION_SEARCH_MINORS)
            continue;
        uint32_t *known = &search->releases[*start == '3'][minor];
        if (*known != 0 && *known != release)
            search->ambiguous[*start == '3'][minor] = true;
        *known = release;
    }
}

static void search_tags(struct version_search *search, const char *bytes, size_t length)
{
    const char *end = bytes + length;
    const char *found = bytes;

    while ((found = memmem(found, (size_t)(end - found), cache_tag, sizeof(cache_tag) - 1)) != NULL) {
        found += sizeof(cache_tag) - 1;
        int minor = parse_number(&found, end);
        if (minor >= 0 && minor < VERSION_SEARCH_MINORS)
            search->votes[1][minor] += votes_of_a_tag;
    }
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
    search_tags(search, bytes, length);
    search_releases(search, bytes, length);
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
                if (search->releases[major][minor] != 0 && !search->ambiguous[major][minor])
                    version = search->releases[major][minor];
            }
        }
    }
    return version;
}

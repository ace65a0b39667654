#include "system/cgroup_text.h"

#include "base/clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The names of fields, and options between commas. */
static bool has_word(const char *list, const char *word, size_t list_length)
{
    size_t length = strlen(word);

    for (const char *at = list; at + length <= list + list_length; at++) {
        bool begins = at == list || at[-1] == ',';
        bool ends = at + length == list + list_length || at[length] == ',';
        if (begins && ends && strncmp(at, word, length) == 0)
            return true;
    }
    return false;
}

static bool is_octal(char character)
{
    return character >= '0' && character <= '7';
}

/* Copy the next word of a line; the kernel writes a space in a path as \040, and so on. */
static const char *copy_word(char word[static PATH_MAX], const char *line)
{
    size_t length = 0;

    while (*line == ' ')
        line++;
    while (*line != '\0' && *line != ' ' && *line != '\n' && length < PATH_MAX - 1) {
        if (line[0] == '\\' && is_octal(line[1]) && is_octal(line[2]) && is_octal(line[3])) {
            word[length++] = (char)((line[1] - '0') << 6 | (line[2] - '0') << 3 | (line[3] - '0'));
            line += 4;
        } else {
            word[length++] = *line++;
        }
    }
    word[length] = '\0';
    return line;
}

bool cgroup_text_parse_mount(const char *line, enum cgroup_version *version, struct cgroup_mount *mount)
{
    enum {
        FIELDS_BEFORE_ROOT = 3,
    };
    char kind[PATH_MAX], skipped[PATH_MAX], options[PATH_MAX];
    const char *end = strstr(line, " - ");

    if (end == NULL)
        return false;
    const char *rest = copy_word(kind, end + strlen(" - "));
    rest = copy_word(skipped, rest);
    copy_word(options, rest);
    if (strcmp(kind, "cgroup2") == 0)
        *version = CGROUP_V2;
    else if (strcmp(kind, "cgroup") == 0 && has_word(options, "cpu", strlen(options)))
        *version = CGROUP_V1;
    else
        return false;
    for (size_t i = 0; i < FIELDS_BEFORE_ROOT; i++)
        line = copy_word(skipped, line);
    line = copy_word(mount->root, line);
    copy_word(mount->directory, line);
    return true;
}

bool cgroup_text_find_group(const char *text, enum cgroup_version version, char group[static PATH_MAX])
{
    for (const char *line = text; line != NULL && *line != '\0';) {
        size_t length = strcspn(line, "\n");
        const char *controllers = memchr(line, ':', length);
        const char *path = controllers != NULL
                               ? memchr(controllers + 1, ':', length - (size_t)(controllers + 1 - line))
                               : NULL;
        if (path != NULL) {
            size_t list_length = (size_t)(path - controllers - 1);
            bool found = version == CGROUP_V2 ? list_length == 0 && line[0] == '0'
                                              : has_word(controllers + 1, "cpu", list_length);
            size_t path_length = length - (size_t)(path + 1 - line);
            if (found && path_length < PATH_MAX) {
                memcpy(group, path + 1, path_length);
                group[path_length] = '\0';
                return path_length > 0;
            }
        }
        line += length;
        line += *line == '\n';
    }
    return false;
}

bool cgroup_text_find_directory(const struct cgroup_mount *mount, const char *group,
                                char directory[static PATH_MAX])
{
    size_t root_length = strcmp(mount->root, "/") == 0 ? 0 : strlen(mount->root);
    bool is_inside = strncmp(group, mount->root, root_length) == 0 &&
                     (group[root_length] == '/' || group[root_length] == '\0');

    if (mount->directory[0] == '\0' || !is_inside || strstr(group, "/..") != NULL)
        return false;
    int length = snprintf(directory, PATH_MAX, "%s%s", mount->directory, group + root_length);
    if (length <= 0 || length >= PATH_MAX)
        return false;
    while (length > 1 && directory[length - 1] == '/')
        directory[--length] = '\0';
    return true;
}

uint64_t cgroup_text_parse_max(const char *text)
{
    uint64_t quota_us, period_us;

    if (sscanf(text, "%" SCNu64 " %" SCNu64, &quota_us, &period_us) != 2 || period_us > NS_PER_SECOND)
        return 0;
    return period_us * 1000;
}

static uint64_t find_number(const char *text, const char *name)
{
    const char *at = strstr(text, name);

    return at != NULL ? strtoull(at + strlen(name), NULL, 10) : 0;
}

struct cgroup_throttling cgroup_text_parse_stat(const char *text)
{
    return (struct cgroup_throttling){
        .periods = find_number(text, "nr_throttled "),
        .throttled_ns = find_number(text, "throttled_usec ") * 1000 + find_number(text, "throttled_time "),
    };
}

double cgroup_throttled_percent(struct cgroup_throttling before, struct cgroup_throttling now,
                                uint64_t period_ns, uint64_t interval_ns)
{
    if (now.periods < before.periods || now.throttled_ns < before.throttled_ns || interval_ns == 0)
        return 0;
    double held_ns = (double)(now.throttled_ns - before.throttled_ns);
    double most_ns = (double)(now.periods - before.periods) * (double)period_ns;
    double percent = 100 * (held_ns < most_ns ? held_ns : most_ns) / (double)interval_ns;
    return percent < 100 ? percent : 100;
}

#include "system/user_names.h"

#include "base/hash.h"
#include "base/memory.h"
#include "base/text.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    NAME_SIZE = 128,
    MAX_NAMES = 4096, /* beyond that, all are forgotten: no machine shows so many users at once */
};

struct user_name {
    char text[NAME_SIZE];
};

struct user_names {
    struct hash_map places; /* uid to index */
    struct user_name *names;
    size_t count;
    size_t capacity;
};

struct user_names *user_names_new(void)
{
    return memory_allocate(1, sizeof(struct user_names));
}

void user_names_free(struct user_names *names)
{
    hash_map_free(&names->places);
    free(names->names);
    free(names);
}

static void look_up(uid_t uid, char name[static NAME_SIZE])
{
    char buffer[4096];
    struct passwd entry;
    struct passwd *found = NULL;

    if (getpwuid_r(uid, &entry, buffer, sizeof(buffer), &found) == 0 && found != NULL)
        text_clean(name, NAME_SIZE, found->pw_name, strlen(found->pw_name));
    else
        snprintf(name, NAME_SIZE, "%ju", (uintmax_t)uid);
}

const char *user_names_find(struct user_names *names, uid_t uid)
{
    const uint32_t *place = hash_map_find(&names->places, uid);

    if (place != NULL)
        return names->names[*place].text;
    if (names->count == MAX_NAMES) {
        hash_map_clear(&names->places);
        names->count = 0;
    }
    names->names = memory_grow(names->names, &names->capacity, names->count + 1, sizeof(*names->names));
    look_up(uid, names->names[names->count].text);
    hash_map_set(&names->places, uid, (uint32_t)names->count);
    return names->names[names->count++].text;
}

#include "system/networks.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "system/counter.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    TEXT_SIZE = 256 * 1024, /* about 2,000 interfaces; more are not shown */
};

struct network_list {
    struct network_counters *networks;
    size_t count;
    size_t capacity;
};

struct network_reader {
    char *text;
    struct network_list previous;
    struct network_list current; /* room for the next reading */
};

struct network_reader *network_reader_new(void)
{
    struct network_reader *reader = memory_allocate(1, sizeof(*reader));

    reader->text = memory_allocate(TEXT_SIZE, 1);
    return reader;
}

void network_reader_free(struct network_reader *reader)
{
    free(reader->text);
    free(reader->previous.networks);
    free(reader->current.networks);
    free(reader);
}

bool network_parse_line(const char *line, struct network_counters *network)
{
    const char *name = line + strspn(line, " ");
    const char *colon = strchr(name, ':');

    if (colon == NULL)
        return false;
    /* bytes packets errs drop fifo frame compressed multicast, received and then transmitted */
    if (sscanf(colon + 1, "%" SCNu64 " %*u %*u %*u %*u %*u %*u %*u %" SCNu64, &network->receive_bytes,
               &network->transmit_bytes) != 2)
        return false;
    text_clean(network->name, sizeof(network->name), name, (size_t)(colon - name));
    return true;
}

/* Read what is there now into reader->current. */
static void read_current(struct network_reader *reader)
{
    struct network_list *list = &reader->current;

    list->count = 0;
    if (file_read_at(AT_FDCWD, "/proc/net/dev", reader->text, TEXT_SIZE) < 0)
        return;
    for (char *line = reader->text, *end; (end = strchr(line, '\n')) != NULL; line = end + 1) {
        *end = '\0';
        list->networks =
            memory_grow(list->networks, &list->capacity, list->count + 1, sizeof(*list->networks));
        if (network_parse_line(line, &list->networks[list->count]))
            list->count++;
    }
}

/* The last reading of an interface. The order seldom changes, so it is looked for at its old place first. */
static const struct network_counters *find_previous(const struct network_reader *reader, const char *name,
                                                    size_t place)
{
    if (place < reader->previous.count && strcmp(reader->previous.networks[place].name, name) == 0)
        return &reader->previous.networks[place];
    for (size_t i = 0; i < reader->previous.count; i++) {
        if (strcmp(reader->previous.networks[i].name, name) == 0)
            return &reader->previous.networks[i];
    }
    return NULL;
}

void network_reader_read(struct network_reader *reader, struct arena *arena, double seconds,
                         struct system_usage *usage)
{
    read_current(reader);
    size_t count = reader->current.count;
    struct network_usage *networks = arena_allocate(arena, count, sizeof(*networks));

    for (size_t i = 0; i < count; i++) {
        const struct network_counters *now = &reader->current.networks[i];
        const struct network_counters *before = find_previous(reader, now->name, i);
        double elapsed = before != NULL ? seconds : 0;
        if (before == NULL)
            before = now;
        networks[i] = (struct network_usage){
            .name = arena_copy_text(arena, now->name, strlen(now->name)),
            .receive_bytes_per_second = counter_rate(before->receive_bytes, now->receive_bytes, elapsed),
            .transmit_bytes_per_second = counter_rate(before->transmit_bytes, now->transmit_bytes, elapsed),
        };
    }
    usage->networks = networks;
    usage->network_count = count;

    struct network_list old = reader->previous;
    reader->previous = reader->current;
    reader->current = old;
}

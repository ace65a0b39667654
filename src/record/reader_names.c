#include "record/reader_parts.h"

#include "base/memory.h"

#include <limits.h>
#include <stdlib.h>

/* ---- functions and nodes ---- */

static void append_id(struct id_map *map, uint32_t recorded, uint32_t id)
{
    map->ids = memory_grow(map->ids, &map->capacity, map->count + 1, sizeof(*map->ids));
    map->ids[map->count++] = (struct mapped_id){recorded, id};
}

static int64_t last_id(const struct id_map *map)
{
    return map->ids[map->count - 1].recorded;
}

static int compare_recorded(const void *left, const void *right)
{
    const struct mapped_id *a = left, *b = right;

    return (a->recorded > b->recorded) - (a->recorded < b->recorded);
}

static uint32_t find_id(const struct id_map *map, int64_t id)
{
    const struct mapped_id key = {.recorded = id > 0 && id <= UINT32_MAX ? (uint32_t)id : 0};
    const struct mapped_id *found =
        key.recorded < map->count && map->ids[key.recorded].recorded == key.recorded
            ? &map->ids[key.recorded]
            : bsearch(&key, map->ids, map->count, sizeof(*map->ids), compare_recorded);

    return found != NULL ? found->id : 0;
}

/* The id of a row of `function` or `node`, which come in this order; false for one that is none. */
static bool read_id(sqlite3_stmt *statement, const struct id_map *map, uint32_t *id)
{
    int64_t number = sqlite3_column_int64(statement, 0);

    *id = (uint32_t)number;
    return number > last_id(map) && number <= UINT32_MAX;
}

static uint32_t line_of(sqlite3_stmt *statement, int column)
{
    int64_t line = sqlite3_column_int64(statement, column);

    return line > 0 && line <= INT_MAX ? (uint32_t)line : 0;
}

static void load_functions(struct reader *reader)
{
    sqlite3_stmt *statement = reader_statement(reader, READ_FUNCTIONS);
    struct arena *arena = arena_new();

    sqlite3_bind_int64(statement, 1, last_id(&reader->functions));
    while (reader_step(reader, statement)) {
        const char *name = reader_text(statement, 1, arena), *file = reader_text(statement, 2, arena);
        uint32_t id;
        if (!read_id(statement, &reader->functions, &id))
            break;
        append_id(&reader->functions, id,
                  call_tree_add_function(reader->tree, name != NULL ? name : "", file != NULL ? file : "",
                                         line_of(statement, 3)));
    }
    sqlite3_reset(statement);
    arena_free(arena);
}

/* A node's parent is before it, so nothing can be its own ancestor. */
static void load_nodes(struct reader *reader)
{
    sqlite3_stmt *statement = reader_statement(reader, READ_NODES);

    sqlite3_bind_int64(statement, 1, last_id(&reader->nodes));
    while (reader_step(reader, statement) && reader->nodes.count < INT_MAX) {
        uint32_t id;
        if (!read_id(statement, &reader->nodes, &id))
            break;
        uint32_t parent = find_id(&reader->nodes, sqlite3_column_int64(statement, 1));
        uint32_t function = find_id(&reader->functions, sqlite3_column_int64(statement, 2));
        append_id(&reader->nodes, id,
                  call_tree_add_node(reader->tree, parent, function, line_of(statement, 3)));
    }
    sqlite3_reset(statement);
}

void reader_load_tree(struct reader *reader)
{
    if (reader->nodes.count == 0) {
        append_id(&reader->functions, 0, call_tree_add_function(reader->tree, "[unknown]", "", 0));
        append_id(&reader->nodes, 0, CALL_TREE_ROOT);
    }
    load_functions(reader);
    load_nodes(reader);
}

uint32_t reader_find_node(void *context, uint32_t id)
{
    return find_id(&((const struct reader *)context)->nodes, id);
}

/* ---- texts, processes, open files ---- */

const char *reader_find_text(struct reader *reader, uint32_t id, struct arena *arena)
{
    const char *text = reader_cache_find_text(reader->cache, id, arena);

    if (text != NULL || id == 0)
        return text;
    sqlite3_stmt *statement = reader_statement(reader, READ_STRING);
    sqlite3_bind_int64(statement, 1, id);
    text = reader_step(reader, statement) ? reader_text(statement, 0, arena) : NULL;
    sqlite3_reset(statement);
    if (text != NULL)
        reader_cache_keep_text(reader->cache, id, text);
    return text;
}

static const char *find_text(void *context, uint32_t id)
{
    struct reader *reader = context;

    return reader_find_text(reader, id, reader->arena);
}

static int int_of(sqlite3_stmt *statement, int column)
{
    int64_t number = sqlite3_column_int64(statement, column);

    return number >= 0 && number <= INT_MAX ? (int)number : 0;
}

/* The id of a text; 0 for none. */
static uint32_t text_id_of(sqlite3_stmt *statement, int column)
{
    int64_t id = sqlite3_column_int64(statement, column);

    return id > 0 && id <= UINT32_MAX ? (uint32_t)id : 0;
}

static bool read_process_row(struct reader *reader, uint32_t id, struct process_row *row)
{
    sqlite3_stmt *statement = reader_statement(reader, READ_PROCESS);

    sqlite3_bind_int64(statement, 1, id);
    if (!reader_step(reader, statement))
        return false;
    *row = (struct process_row){
        .pid = int_of(statement, 0),
        .start_ticks = (uint64_t)sqlite3_column_int64(statement, 1),
        .start_time_ns = reader_time(statement, 2),
        .parent_pid = int_of(statement, 3),
        .uid = (uid_t)sqlite3_column_int64(statement, 4),
        .user = text_id_of(statement, 5),
        .name = text_id_of(statement, 6),
        .command = text_id_of(statement, 7),
        .implementation = text_id_of(statement, 8),
        .version = text_id_of(statement, 9),
        .free_threaded = sqlite3_column_int(statement, 10) != 0,
        .is_python = sqlite3_column_int(statement, 11) != 0,
        .selected = sqlite3_column_int(statement, 12) != 0,
    };
    sqlite3_reset(statement);
    reader_cache_keep_process(reader->cache, id, row);
    return true;
}

static const struct python_info *python_of(struct reader *reader, const struct process_row *row,
                                           struct arena *arena)
{
    const char *implementation = reader_find_text(reader, row->implementation, arena);

    if (implementation == NULL)
        return NULL;
    struct python_info *python = arena_allocate(arena, 1, sizeof(*python));
    python->implementation = implementation;
    python->version = reader_find_text(reader, row->version, arena);
    python->free_threaded = row->free_threaded;
    return python;
}

static const char *find_name(struct reader *reader, uint32_t id, struct arena *arena)
{
    const char *text = reader_find_text(reader, id, arena);

    return text != NULL ? text : "";
}

bool reader_find_process(void *context, uint32_t id, struct process *process, struct arena *arena)
{
    struct reader *reader = context;
    struct process_row row;

    if (!reader_cache_find_process(reader->cache, id, &row) && !read_process_row(reader, id, &row))
        return false;
    process->pid = row.pid;
    process->start_ticks = row.start_ticks;
    process->start_time_ns = row.start_time_ns;
    process->parent_pid = row.parent_pid;
    process->uid = row.uid;
    process->user = find_name(reader, row.user, arena);
    process->name = find_name(reader, row.name, arena);
    process->command = find_name(reader, row.command, arena);
    process->python = python_of(reader, &row, arena);
    process->is_python = row.is_python;
    process->selected = row.selected;
    return process->pid > 0;
}

static const struct socket_info *socket_of(sqlite3_stmt *statement, struct arena *arena)
{
    const char *protocol = reader_text(statement, 6, arena);

    if (protocol == NULL)
        return NULL;
    struct socket_info *socket = arena_allocate(arena, 1, sizeof(*socket));
    socket->protocol = protocol;
    socket->state = reader_text(statement, 7, arena);
    socket->local = reader_text(statement, 8, arena);
    socket->remote = reader_text(statement, 9, arena);
    return socket;
}

static bool find_open_file(void *context, uint32_t id, struct open_file *file, struct arena *arena)
{
    struct reader *reader = context;

    if (reader_cache_find_file(reader->cache, id, file, arena))
        return true;
    sqlite3_stmt *statement = reader_statement(reader, READ_OPEN_FILE);
    sqlite3_bind_int64(statement, 1, id);
    if (!reader_step(reader, statement))
        return false;
    int kind = int_of(statement, 1), access = int_of(statement, 2);
    file->fd = int_of(statement, 0);
    file->kind = kind < OPEN_FILE_KINDS ? (enum open_file_kind)kind : OPEN_FILE_OTHER;
    file->access = access <= ACCESS_READ_WRITE ? (enum open_file_access)access : ACCESS_UNKNOWN;
    file->path = reader_text(statement, 3, arena);
    file->peer = reader_text(statement, 4, arena);
    file->deleted = sqlite3_column_int(statement, 5) != 0;
    file->socket = socket_of(statement, arena);
    sqlite3_reset(statement);
    reader_cache_keep_file(reader->cache, id, file);
    return true;
}

const struct decode_names reader_names = {
    .texts = {.text_of = find_text},
    .find_process = reader_find_process,
    .find_open_file = find_open_file,
    .find_node = reader_find_node,
};

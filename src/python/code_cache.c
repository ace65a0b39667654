#include "python/code_cache.h"

#include "base/hash.h"
#include "base/memory.h"
#include "python/bytecode_copies.h"
#include "python/code_reader.h"
#include "python/line_table.h"
#include "python/memory.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    MAX_ENTRIES = 1 << 16,
    FIRST_CAPACITY = 1 << 10,
    MAX_LINE_TABLE_BYTES = 1 << 20, /* of one code object, as the process holds it */
    LINE_TABLES_BYTES = 32 << 20,   /* of all code objects, as they are kept here */
    COPIES_BYTES = 32 << 20,        /* what where they are takes, for all code objects */
    MAX_LOADS = 256,                /* code objects, and lists of copies, read for one sample */
    MAX_LINE_BYTES = 4 << 20,       /* of line tables read for one sample */
    CODE_UNIT_BYTES = 2,
};

struct entry {
    struct code_object code; /* first, so that an entry is found from what callers hold */
    struct code_identity identity;
    struct line_table *lines;       /* NULL until a line is asked for */
    struct bytecode_copies *copies; /* NULL until an instruction is not in the code object itself */
    uint64_t copies_epoch;          /* of the cache when they were read */
};

struct code_cache {
    pid_t pid;
    const struct python_layout *layout;
    struct call_tree *tree;
    struct code_reader *reader;
    uint64_t key;         /* of the hash, so that no target can choose addresses that collide */
    struct entry **slots; /* open addressing; NULL is free */
    size_t capacity;      /* a power of two */
    size_t used;
    uint64_t epoch;        /* counts the entries that were changed or dropped */
    size_t line_bytes;     /* of all line tables */
    size_t copies_bytes;   /* of all lists of copies */
    uint64_t copies_epoch; /* counts the times that they were forgotten */
    size_t loads_left;     /* for this sample */
    size_t line_bytes_left;
};

struct code_cache *code_cache_new(pid_t pid, const struct python_layout *layout, struct call_tree *tree)
{
    struct code_cache *cache = memory_allocate(1, sizeof(*cache));

    cache->pid = pid;
    cache->layout = layout;
    cache->tree = tree;
    cache->reader = code_reader_new(pid, layout);
    cache->key = hash_random_key();
    cache->capacity = FIRST_CAPACITY;
    cache->slots = memory_allocate(cache->capacity, sizeof(struct entry *));
    code_cache_begin_sample(cache);
    return cache;
}

static void forget_lines(struct code_cache *cache, struct entry *entry)
{
    if (entry->lines == NULL)
        return;
    cache->line_bytes -= line_table_size(entry->lines);
    free(entry->lines);
    entry->lines = NULL;
}

static void forget_copies(struct code_cache *cache, struct entry *entry)
{
    if (entry->copies == NULL)
        return;
    cache->copies_bytes -= bytecode_copies_size(entry->copies);
    free(entry->copies);
    entry->copies = NULL;
}

static void entry_free(struct code_cache *cache, struct entry *entry)
{
    forget_lines(cache, entry);
    forget_copies(cache, entry);
    free(entry);
}

void code_cache_free(struct code_cache *cache)
{
    if (cache == NULL)
        return;
    for (size_t i = 0; i < cache->capacity; i++) {
        if (cache->slots[i] != NULL)
            entry_free(cache, cache->slots[i]);
    }
    free(cache->slots);
    code_reader_free(cache->reader);
    free(cache);
}

/* ---- the table ---- */

static size_t home_slot(const struct code_cache *cache, uint64_t address)
{
    return (size_t)hash_u64(address ^ cache->key) & (cache->capacity - 1);
}

static size_t find_slot(const struct code_cache *cache, uint64_t address)
{
    size_t slot = home_slot(cache, address);

    while (cache->slots[slot] != NULL && cache->slots[slot]->code.address != address)
        slot = (slot + 1) & (cache->capacity - 1);
    return slot;
}

struct code_object *code_cache_find(struct code_cache *cache, uint64_t address)
{
    struct entry *entry = cache->slots[find_slot(cache, address)];

    return entry != NULL ? &entry->code : NULL;
}

/* Take an entry out; those behind it that it kept from their places move up. */
static void remove_slot(struct code_cache *cache, size_t slot)
{
    size_t mask = cache->capacity - 1;
    size_t hole = slot;

    entry_free(cache, cache->slots[slot]);
    cache->used--;
    cache->epoch++;
    for (size_t next = (slot + 1) & mask; cache->slots[next] != NULL; next = (next + 1) & mask) {
        size_t distance = (next - home_slot(cache, cache->slots[next]->code.address)) & mask;
        if (distance >= ((next - hole) & mask)) {
            cache->slots[hole] = cache->slots[next];
            hole = next;
        }
    }
    cache->slots[hole] = NULL;
}

static int compare_times(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left;
    uint64_t b = *(const uint64_t *)right;

    return (a > b) - (a < b);
}

/* When half of the entries had been verified last. */
static uint64_t median_verified_ns(const struct code_cache *cache)
{
    uint64_t *times = memory_allocate(cache->used, sizeof(*times));
    size_t count = 0;

    for (size_t i = 0; i < cache->capacity; i++) {
        if (cache->slots[i] != NULL)
            times[count++] = cache->slots[i]->code.verified_ns;
    }
    qsort(times, count, sizeof(*times), compare_times);
    uint64_t median = times[count / 2];
    free(times);
    return median;
}

/* Put all entries that were verified at `oldest_ns` or later into a table of `capacity` slots. */
static void rebuild(struct code_cache *cache, size_t capacity, uint64_t oldest_ns)
{
    struct entry **old_slots = cache->slots;
    size_t old_capacity = cache->capacity;

    cache->slots = memory_allocate(capacity, sizeof(struct entry *));
    cache->capacity = capacity;
    cache->used = 0;
    for (size_t i = 0; i < old_capacity; i++) {
        struct entry *entry = old_slots[i];
        if (entry == NULL)
            continue;
        if (entry->code.verified_ns < oldest_ns) {
            cache->epoch++;
            entry_free(cache, entry);
            continue;
        }
        cache->slots[find_slot(cache, entry->code.address)] = entry;
        cache->used++;
    }
    free(old_slots);
}

static void make_room(struct code_cache *cache)
{
    if (cache->used >= MAX_ENTRIES)
        rebuild(cache, cache->capacity, median_verified_ns(cache) + 1);
    else if ((cache->used + 1) * 2 > cache->capacity)
        rebuild(cache, cache->capacity * 2, 0);
}

/* ---- reading code objects ---- */

void code_cache_begin_sample(struct code_cache *cache)
{
    cache->loads_left = MAX_LOADS;
    cache->line_bytes_left = MAX_LINE_BYTES;
}

/* Fill an entry from the bytes of a code object; false when they are none. */
static bool fill_entry(struct code_cache *cache, struct entry *entry, uint64_t address,
                       const unsigned char *bytes, uint64_t now_ns)
{
    struct code_object code = {.address = address, .verified_ns = now_ns, .added_ns = now_ns};
    struct code_identity identity;
    struct function function;

    if (!code_reader_parse(cache->reader, bytes, &code, &identity, &function))
        return false;
    forget_lines(cache, entry);
    forget_copies(cache, entry);
    code.function = call_tree_add_function(cache->tree, function.name, function.file, function.line);
    entry->identity = identity;
    entry->code = code;
    return true;
}

struct code_object *code_cache_load(struct code_cache *cache, uint64_t address, uint64_t now_ns)
{
    struct code_object *known = code_cache_find(cache, address);
    unsigned char bytes[LAYOUT_MAX_CODE_BYTES];

    if (known != NULL)
        return known;
    if (cache->loads_left == 0)
        return NULL;
    cache->loads_left--;
    if (!memory_is_pointer(address) || !memory_read(cache->pid, address, bytes, cache->layout->code.size))
        return NULL;

    struct entry *entry = memory_allocate(1, sizeof(*entry));
    if (!fill_entry(cache, entry, address, bytes, now_ns)) {
        free(entry);
        return NULL;
    }
    make_room(cache);
    cache->slots[find_slot(cache, address)] = entry;
    cache->used++;
    return &entry->code;
}

/* ---- noticing that an address holds another code object ---- */

/* Compare one entry with what memory holds now; true when it had changed. */
static bool verify_entry(struct code_cache *cache, uint64_t address, const struct code_identity *identity,
                         const unsigned char *bytes, uint64_t now_ns)
{
    size_t slot = find_slot(cache, address);
    struct entry *entry = cache->slots[slot];

    if (entry == NULL)
        return false;
    if (bytes != NULL && memcmp(identity, &entry->identity, sizeof(*identity)) == 0) {
        entry->code.verified_ns = now_ns;
        return false;
    }
    cache->epoch++;
    if (bytes == NULL || !fill_entry(cache, entry, address, bytes, now_ns))
        remove_slot(cache, slot);
    return true;
}

size_t code_cache_verify(struct code_cache *cache, const uint64_t *addresses, size_t count, uint64_t now_ns)
{
    unsigned char bytes[CODE_IDENTITIES_AT_ONCE][LAYOUT_MAX_CODE_BYTES];
    struct memory_piece pieces[CODE_IDENTITIES_AT_ONCE];
    struct code_identity identities[CODE_IDENTITIES_AT_ONCE];
    size_t changed = 0;

    while (count > 0) {
        size_t batch = count < CODE_IDENTITIES_AT_ONCE ? count : CODE_IDENTITIES_AT_ONCE;
        for (size_t i = 0; i < batch; i++)
            pieces[i] = (struct memory_piece){addresses[i], bytes[i], cache->layout->code.size};
        size_t readable = memory_read_pieces(cache->pid, pieces, batch);
        if (readable < batch && errno != EFAULT)
            return changed;
        for (size_t i = 0; i < readable; i++)
            code_identity_parse(&identities[i], cache->layout, bytes[i]);
        code_identities_read_names(identities, readable, cache->pid, cache->layout);
        for (size_t i = 0; i < readable; i++)
            changed += verify_entry(cache, addresses[i], &identities[i], bytes[i], now_ns);
        if (readable < batch)
            changed += verify_entry(cache, addresses[readable++], NULL, NULL, now_ns);
        addresses += readable;
        count -= readable;
    }
    return changed;
}

bool code_cache_names(struct code_cache *cache, uint64_t address, uint64_t other)
{
    const struct entry *entry = cache->slots[find_slot(cache, other)];

    return entry != NULL && code_reader_names(cache->reader, address, entry->identity.name, other);
}

uint64_t code_cache_epoch(const struct code_cache *cache)
{
    return cache->epoch;
}

/* ---- lines ---- */

/* Read and decode the line table of an entry; what cannot be read becomes a table without lines. */
static void load_lines(struct code_cache *cache, struct entry *entry)
{
    const struct python_layout *layout = cache->layout;
    unsigned char header[LAYOUT_MAX_OBJECT_BYTES];
    uint64_t length = 0;

    if (memory_read(cache->pid, entry->identity.line_table, header, layout->bytes.data))
        length = memory_get_u64(header, layout->bytes.length);
    if (length > MAX_LINE_TABLE_BYTES)
        length = 0;
    cache->line_bytes_left -= length < cache->line_bytes_left ? length : cache->line_bytes_left;
    unsigned char *bytes = memory_allocate(length, 1);
    if (!memory_read(cache->pid, entry->identity.line_table + layout->bytes.data, bytes, length))
        length = 0;
    entry->lines = line_table_decode(layout->line_table_format, bytes, length, entry->identity.first_line,
                                     entry->code.instruction_bytes / layout->code.unit_bytes);
    free(bytes);

    if (cache->line_bytes > LINE_TABLES_BYTES) {
        struct line_table *lines = entry->lines;
        entry->lines = NULL;
        for (size_t i = 0; i < cache->capacity; i++) {
            if (cache->slots[i] != NULL)
                forget_lines(cache, cache->slots[i]);
        }
        entry->lines = lines;
    }
    cache->line_bytes += line_table_size(entry->lines);
}

uint32_t code_cache_line(struct code_cache *cache, const struct code_object *code, uint64_t instruction)
{
    struct entry *entry = cache->slots[find_slot(cache, code->address)];

    if (entry == NULL || !code_object_contains(code, instruction))
        return 0;
    if (instruction < code->instructions)
        return entry->identity.first_line <= INT32_MAX ? entry->identity.first_line : 0;
    if (entry->lines == NULL) {
        if (cache->line_bytes_left == 0)
            return 0;
        load_lines(cache, entry);
    }
    return line_table_find(entry->lines,
                           (uint32_t)(instruction - code->instructions) / cache->layout->code.unit_bytes);
}

/* ---- copies of the bytecode ---- */

static void load_copies(struct code_cache *cache, struct entry *entry)
{
    forget_copies(cache, entry);
    if (cache->copies_bytes > COPIES_BYTES) {
        for (size_t i = 0; i < cache->capacity; i++) {
            if (cache->slots[i] != NULL)
                forget_copies(cache, cache->slots[i]);
        }
    }
    entry->copies = bytecode_copies_read(cache->pid, cache->layout, entry->code.address);
    entry->copies_epoch = cache->copies_epoch;
    if (entry->copies != NULL)
        cache->copies_bytes += bytecode_copies_size(entry->copies);
}

bool code_cache_find_original(struct code_cache *cache, const struct code_object *code, uint32_t index,
                              uint64_t *instruction)
{
    struct entry *entry = cache->slots[find_slot(cache, code->address)];

    if (entry == NULL)
        return false;
    if (entry->copies_epoch == cache->copies_epoch &&
        bytecode_copies_find(entry->copies, code, index, instruction))
        return true;
    if (cache->loads_left == 0)
        return false;
    cache->loads_left--;
    load_copies(cache, entry);
    return bytecode_copies_find(entry->copies, code, index, instruction);
}

void code_cache_forget_copies(struct code_cache *cache)
{
    cache->copies_epoch++;
}

/* Up to 3.12 a frame that has not begun yet points to the code unit before the first
 * (Include/internal/pycore_frame.h, prev_instr). */
bool code_object_contains(const struct code_object *code, uint64_t instruction)
{
    return instruction >= code->instructions - CODE_UNIT_BYTES &&
           instruction < code->instructions + code->instruction_bytes;
}

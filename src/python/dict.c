#include "python/dict.h"

#include "base/memory.h"
#include "python/memory.h"
#include "python/unicode.h"

#include <stdlib.h>
#include <string.h>

enum {
    /* dk_kind */
    KEYS_GENERAL = 0,
    KEYS_SPLIT = 2,
    /* tp_flags, Include/object.h */
    FLAG_INLINE_VALUES = 1 << 2,
    FLAG_MANAGED_DICT = 1 << 4,

    KEYS_HEADER_MAX = 128,
    MAX_LOG2_INDEX_BYTES = 20,
    MAX_INDEX_COUNT = 1 << 18,
    MAX_BASIC_SIZE = 1 << 16,
    LOAD_TRIES = 3, /* the program that owns the dict may change it while it is copied */
    KEYS_AT_ONCE = 64,
    KEY_BYTES = 128, /* of each key: the object up to the end of a short text */
};

void dict_reader_free(struct dict_reader *reader)
{
    free(reader->words);
    *reader = (struct dict_reader){0};
}

static size_t words_per_entry(const struct dict_reader *reader)
{
    return reader->has_hashes ? 3 : 2;
}

static bool read_word(const struct dict_reader *reader, uint64_t address, uint64_t *word)
{
    return memory_read_word(reader->pid, address, word);
}

struct dict_entry dict_entry(const struct dict_reader *reader, size_t index)
{
    const uint64_t *words = reader->words + index * words_per_entry(reader);

    if (!reader->has_hashes)
        return (struct dict_entry){.key = words[0], .value = words[1]};
    return (struct dict_entry){.hash = words[0], .key = words[1], .value = words[2]};
}

/* ---- copying ---- */

/* Keys that several instances have in common say nothing of the values: those are in a list of their own. */
static bool load_values(struct dict_reader *reader, uint64_t values)
{
    if (reader->count == 0)
        return true;

    size_t per_entry = words_per_entry(reader);
    uint64_t *words = reader->words + reader->count * per_entry;
    if (!memory_is_pointer(values) || !memory_read(reader->pid, values + reader->layout->values.data, words,
                                                   reader->count * sizeof(*words)))
        return false;
    for (size_t i = 0; i < reader->count; i++)
        reader->words[(i + 1) * per_entry - 1] = words[i];
    return true;
}

/* Copy entries that lie side by side, and leave room behind them for as many values. */
static bool copy_entries(struct dict_reader *reader, uint64_t address, uint64_t count, bool has_hashes)
{
    reader->count = 0;
    if (count > DICT_MAX_ENTRIES || count > reader->entries_left)
        return false;
    reader->entries_left -= (size_t)count;
    reader->has_hashes = has_hashes;

    size_t words = (size_t)count * words_per_entry(reader);
    reader->words =
        memory_grow(reader->words, &reader->capacity, words + (size_t)count, sizeof(*reader->words));
    if (count > 0 && !memory_read(reader->pid, address, reader->words, words * sizeof(*reader->words)))
        return false;
    reader->count = (size_t)count;
    return true;
}

/* What comes before the entries in a table of keys. */
struct keys_header {
    uint64_t index_bytes;
    uint64_t entry_count;
    bool has_hashes;
    bool may_have_values; /* beside it, of one instance */
    bool must_have_values;
};

/* From 3.11 on a table says of which kind it is. */
static bool read_kind(struct keys_header *header, const struct python_layout *layout,
                      const unsigned char *bytes)
{
    uint8_t log2_index_bytes = memory_get_u8(bytes, layout->keys.log2_index_bytes);
    uint8_t kind = memory_get_u8(bytes, layout->keys.kind);

    if (log2_index_bytes > MAX_LOG2_INDEX_BYTES || kind > KEYS_SPLIT)
        return false;
    header->index_bytes = UINT64_C(1) << log2_index_bytes;
    header->has_hashes = kind == KEYS_GENERAL;
    header->may_have_values = kind != KEYS_GENERAL;
    header->must_have_values = kind == KEYS_SPLIT;
    return true;
}

/* To 3.10 the number of indices says how wide each of them is (Objects/dict-common.h). */
static bool read_index_count(struct keys_header *header, const struct python_layout *layout,
                             const unsigned char *bytes)
{
    uint64_t count = memory_get_u64(bytes, layout->keys.index_count);

    if (count > MAX_INDEX_COUNT)
        return false;
    header->index_bytes = count * (count <= UINT8_MAX ? 1 : count <= UINT16_MAX ? 2 : 4);
    header->has_hashes = header->may_have_values = true;
    return true;
}

/* Copy the entries of a table of keys, and with `values` the values that belong to them. */
static bool load_entries(struct dict_reader *reader, uint64_t keys, uint64_t values)
{
    const struct python_layout *layout = reader->layout;
    unsigned char bytes[KEYS_HEADER_MAX];
    struct keys_header header = {0};

    reader->count = 0;
    if (!memory_is_pointer(keys) || layout->keys.indices > sizeof(bytes) ||
        !memory_read(reader->pid, keys, bytes, layout->keys.indices) ||
        !(layout->keys.index_count == LAYOUT_NONE ? read_kind(&header, layout, bytes)
                                                  : read_index_count(&header, layout, bytes)) ||
        !copy_entries(reader, keys + layout->keys.indices + header.index_bytes,
                      memory_get_u64(bytes, layout->keys.entry_count), header.has_hashes))
        return false;
    if (values == 0 && !header.must_have_values)
        return true;
    return header.may_have_values && load_values(reader, values);
}

/* 2.7: a dict has its entries in a table of its own. */
static bool load_table(struct dict_reader *reader, uint64_t dict, uint64_t table)
{
    uint64_t mask;

    return read_word(reader, dict + reader->layout->dict.mask, &mask) && mask < DICT_MAX_ENTRIES &&
           memory_is_pointer(table) && copy_entries(reader, table, mask + 1, true);
}

bool dict_load(struct dict_reader *reader, uint64_t address)
{
    const struct python_layout *layout = reader->layout;
    bool has_table = layout->dict.table != LAYOUT_NONE;
    uint64_t keys_place = address + (has_table ? layout->dict.table : layout->dict.keys);
    uint64_t keys, values = 0, keys_after;

    reader->count = 0;
    for (int i = 0; i < LOAD_TRIES && memory_is_pointer(address); i++) {
        if (!read_word(reader, keys_place, &keys) ||
            (!has_table && !read_word(reader, address + layout->dict.values, &values)))
            return false;
        bool loaded = has_table ? load_table(reader, address, keys) : load_entries(reader, keys, values);
        if (!read_word(reader, keys_place, &keys_after))
            return false;
        if (keys_after == keys)
            return loaded;
    }
    reader->count = 0;
    return false;
}

/* An instance of a class whose instances share their keys. */
static bool load_managed(struct dict_reader *reader, uint64_t instance, uint64_t type, uint64_t flags)
{
    const struct python_layout *layout = reader->layout;
    uint64_t dict, keys, values = 0, size;
    uint8_t valid;

    if (!read_word(reader, instance - layout->instance.dict_before, &dict) ||
        !read_word(reader, type + layout->type.cached_keys, &keys))
        return false;
    if (layout->instance.values_before != LAYOUT_NONE &&
        read_word(reader, instance - layout->instance.values_before, &values) && values != 0)
        return load_entries(reader, keys, values);
    if (layout->instance.values_are_tagged && (dict & 1) != 0)
        return load_entries(reader, keys, dict + 1);
    if (dict != 0 || !layout->instance.values_are_inline || (flags & FLAG_INLINE_VALUES) == 0)
        return dict_load(reader, dict);
    if (!read_word(reader, type + layout->type.basic_size, &size) || size > MAX_BASIC_SIZE)
        return false;
    values = instance + size;
    return memory_read(reader->pid, values + layout->values.valid, &valid, sizeof(valid)) && valid != 0 &&
           load_entries(reader, keys, values);
}

bool dict_load_attributes(struct dict_reader *reader, uint64_t instance)
{
    const struct python_layout *layout = reader->layout;
    uint64_t type, flags, offset, dict;

    reader->count = 0;
    if (!memory_is_pointer(instance) || !read_word(reader, instance + layout->object.type, &type) ||
        !memory_is_pointer(type) || !read_word(reader, type + layout->type.flags, &flags) ||
        !read_word(reader, type + layout->type.dict_offset, &offset))
        return false;
    if (layout->instance.dict_before != LAYOUT_NONE && (flags & FLAG_MANAGED_DICT) != 0)
        return load_managed(reader, instance, type, flags);
    return offset != 0 && offset < MAX_BASIC_SIZE && read_word(reader, instance + offset, &dict) &&
           dict_load(reader, dict);
}

/* ---- finding ---- */

static bool is_text(const struct dict_reader *reader, uint64_t address, const unsigned char *object,
                    const char *text, size_t length)
{
    struct unicode_characters characters;

    return unicode_find_characters(&characters, reader->layout, address, object) && characters.width == 1 &&
           characters.length == length && characters.address - address <= KEY_BYTES - length &&
           memcmp(object + (characters.address - address), text, length) == 0;
}

/* Compare the keys of some entries; the address of the value whose key it is, or 0. */
static uint64_t find_among(struct dict_reader *reader, const struct memory_piece *pieces,
                           const uint64_t *values, size_t count, const char *name, size_t length)
{
    /* The kernel stops at a piece that cannot be read: go on behind it. */
    for (size_t done = 0; done < count; done++) {
        size_t end = done + memory_read_pieces(reader->pid, pieces + done, count - done);
        for (; done < end; done++) {
            if (!is_text(reader, pieces[done].address, pieces[done].buffer, name, length))
                continue;
            reader->text_type = memory_get_u64(pieces[done].buffer, reader->layout->object.type);
            return values[done];
        }
        if (done < count) /* each costs a call */
            reader->entries_left -= reader->entries_left < KEYS_AT_ONCE ? reader->entries_left : KEYS_AT_ONCE;
    }
    return 0;
}

uint64_t dict_find(struct dict_reader *reader, const char *name)
{
    unsigned char objects[KEYS_AT_ONCE][KEY_BYTES];
    struct memory_piece pieces[KEYS_AT_ONCE];
    uint64_t values[KEYS_AT_ONCE];
    size_t length = strlen(name);
    size_t size = unicode_ascii_offset(reader->layout) + length;
    size_t pending = 0;

    if (size > KEY_BYTES || unicode_header_size(reader->layout) > size ||
        reader->layout->object.type > size - sizeof(uint64_t))
        return 0;
    for (size_t i = 0; i < reader->count && reader->entries_left > 0; i++) {
        struct dict_entry entry = dict_entry(reader, i);
        reader->entries_left--;
        if (memory_is_pointer(entry.key) && memory_is_pointer(entry.value)) {
            pieces[pending] = (struct memory_piece){entry.key, objects[pending], size};
            values[pending++] = entry.value;
        }
        if (pending == KEYS_AT_ONCE || (pending > 0 && i + 1 == reader->count)) {
            uint64_t value = find_among(reader, pieces, values, pending, name, length);
            if (value != 0)
                return value;
            pending = 0;
        }
    }
    return 0;
}

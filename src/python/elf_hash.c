#include "python/elf_hash.h"

#include <string.h>
#include <unistd.h>

enum {
    MAX_CHAIN = 4096,
    MAX_NAME = 64,
};

/* How a SHT_GNU_HASH section starts. The Bloom filter follows, then the buckets, then the chains. */
struct hash_header {
    uint32_t bucket_count;
    uint32_t first_symbol; /* those before it are not in the table */
    uint32_t filter_count; /* in words of 64 bits */
    uint32_t filter_shift;
};

/* Read a piece of a section; false when it does not lie inside of it. */
static bool read_section(const struct elf_hash *hash, const GElf_Shdr *section, uint64_t offset, void *buffer,
                         size_t size)
{
    if (offset > section->sh_size || section->sh_size - offset < size ||
        section->sh_offset > (uint64_t)INT64_MAX - section->sh_size)
        return false;
    return pread(hash->fd, buffer, size, (off_t)(section->sh_offset + offset)) == (ssize_t)size;
}

static uint32_t hash_name(const char *name)
{
    uint32_t value = 5381;

    while (*name != '\0')
        value = value * 33 + (unsigned char)*name++;
    return value;
}

/* Whether the file may have a symbol with this hash; most files do not, and this tells. */
static bool passes_filter(const struct elf_hash *hash, const struct hash_header *header, uint32_t value)
{
    uint64_t place = value / 64 % header->filter_count;
    uint64_t wanted = UINT64_C(1) << value % 64 | UINT64_C(1) << (value >> header->filter_shift % 32) % 64;
    uint64_t word;

    return read_section(hash, &hash->table, sizeof(*header) + place * sizeof(word), &word, sizeof(word)) &&
           (word & wanted) == wanted;
}

static bool is_symbol(const struct elf_hash *hash, uint32_t index, const char *name, uint64_t *address)
{
    size_t size = strlen(name) + 1;
    char found[MAX_NAME];
    Elf64_Sym symbol;

    if (size > sizeof(found) ||
        !read_section(hash, &hash->symbols, (uint64_t)index * sizeof(symbol), &symbol, sizeof(symbol)) ||
        !read_section(hash, &hash->names, symbol.st_name, found, size) || memcmp(found, name, size) != 0)
        return false;
    *address = symbol.st_value;
    return symbol.st_shndx != SHN_UNDEF && symbol.st_value != 0;
}

bool elf_hash_find(const struct elf_hash *hash, const char *name, uint64_t *address)
{
    uint32_t value = hash_name(name);
    struct hash_header header;
    uint32_t index;

    if (!read_section(hash, &hash->table, 0, &header, sizeof(header)) || header.bucket_count == 0 ||
        header.filter_count == 0 || !passes_filter(hash, &header, value))
        return false;
    uint64_t buckets = sizeof(header) + (uint64_t)header.filter_count * sizeof(uint64_t);
    uint64_t chains = buckets + (uint64_t)header.bucket_count * sizeof(uint32_t);
    if (!read_section(hash, &hash->table, buckets + value % header.bucket_count * sizeof(uint32_t), &index,
                      sizeof(index)) ||
        index < header.first_symbol)
        return false;

    for (size_t i = 0; i < MAX_CHAIN; i++, index++) {
        uint32_t link; /* the hash; its lowest bit marks the end of the chain instead */
        uint64_t place = chains + (uint64_t)(index - header.first_symbol) * sizeof(link);
        if (!read_section(hash, &hash->table, place, &link, sizeof(link)))
            return false;
        if ((link | 1) == (value | 1) && is_symbol(hash, index, name, address))
            return true;
        if (link & 1)
            return false;
    }
    return false;
}

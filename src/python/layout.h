/* Where the fields that pyneck reads lie in the structs of one CPython build.
 *
 * From 3.13 on the interpreter publishes most of them (_Py_DebugOffsets,
 * Include/internal/pycore_debug_offsets.h); before, they come from a table that is made from that version's
 * own headers (src/python/make_layouts). */
#ifndef PYNECK_PYTHON_LAYOUT_H
#define PYNECK_PYTHON_LAYOUT_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A field that this version does not have. */
#define LAYOUT_NONE UINT32_MAX

/* Where a thread's frames are. */
enum frame_storage {
    FRAMES_IN_DATA_STACK, /* 3.11 and later: side by side in chunks of memory */
    FRAMES_ARE_OBJECTS,   /* to 3.10: each one a PyFrameObject of its own, linked by f_back */
};

/* What co_lnotab or co_linetable holds. */
enum line_table_format {
    LINES_AS_LOCATIONS, /* 3.11 and later: Objects/locations.md */
    LINES_AS_RANGES,    /* 3.10: Objects/lnotab_notes.txt */
    LINES_AS_STEPS,     /* to 3.9: pairs of bytes, of which the second is signed from 3.6 on */
    LINES_AS_STEPS_UP,  /* to 3.5: the second is unsigned */
};

/* What names are made of. */
enum text_storage {
    TEXT_IS_UNICODE, /* from 3.3 on: PyASCIIObject and its kin */
    TEXT_IS_BYTES,   /* 2.7: PyStringObject */
};

/* All offsets in bytes from the start of the struct that the group is named after. */
struct python_layout {
    uint32_t version; /* as PY_VERSION_HEX: 0x030b02f0 is 3.11.2 final */
    bool free_threaded;
    enum frame_storage frame_storage;
    enum line_table_format line_table_format;
    enum text_storage text_storage;

    /* Before 3.7 there is no _PyRuntime: these are variables of their own, and locate.c says how far they lie
     * from the first of them. */
    struct {
        uint32_t interpreters_head;
        uint32_t finalizing; /* thread state that finalizes the runtime, 0 while it lives */
        uint32_t gil;        /* to 3.11: the one struct _gil_runtime_state, or the variables that became it */
        uint32_t gil_pointer;    /* 2.7: pointer to the lock that is the GIL */
        uint32_t current_thread; /* before 3.7: thread state that holds the GIL, 0 when nobody does */
        uint32_t gc_collecting;  /* int, to 3.8: a collection runs */
        uint32_t collector;      /* 3.7 and 3.8: figures of the generations, see `collector` */
    } runtime;

    struct {
        uint32_t id;
        uint32_t next;
        uint32_t threads_head;
        uint32_t threads_main; /* LAYOUT_NONE where there is none */
        uint32_t gil; /* pointer to the interpreter's struct _gil_runtime_state; LAYOUT_NONE in 3.11 */
        uint32_t gc_collecting; /* int, from 3.9 on: a collection runs */
        uint32_t collector;     /* 3.9 to 3.14: figures of the generations; from 3.15 on a pointer to them */
        uint32_t collector_objects;      /* Py_ssize_t: objects that are tracked; LAYOUT_NONE before 3.14 */
        uint32_t code_object_generation; /* counts freed code objects; LAYOUT_NONE before 3.14 */
        uint32_t bytecode_generation;    /* uint32_t, counts changes of who uses which copy of the bytecode */
        uint32_t modules;                /* the dict sys.modules */
    } interpreter;

    /* What the collector has counted: to 3.14 an array of one struct gc_generation_stats for each generation, from 3.15 on a
     * struct gc_stats, where each generation has a ring of them, of which the one at `index` is the newest. */
    struct {
        uint32_t generation_bytes; /* of a struct gc_generation_stats */
        uint32_t collections;      /* Py_ssize_t in it, */
        uint32_t duration; /* and double: seconds in all of them; LAYOUT_NONE before 3.15, as what follows */
        uint32_t young_index; /* int8_t; the youngest generation's ring is at the start */
        uint32_t old;         /* the rings of the other two */
        uint32_t old_index;   /* int8_t, in each */
        uint32_t old_bytes;   /* of each */
    } collector;

    struct {
        uint32_t locked;      /* int */
        uint32_t last_holder; /* thread state that had it last */
        uint32_t enabled;     /* int, free-threaded: 0 while there is no GIL; else LAYOUT_NONE */
    } gil;

    struct {
        uint32_t size; /* how much of the thread state has to be read to have all fields below */
        uint32_t next;
        uint32_t interpreter;
        uint32_t current_frame;        /* LAYOUT_NONE in 3.11 and 3.12, where it is in the cframe */
        uint32_t cframe;               /* pointer to struct _PyCFrame; LAYOUT_NONE from 3.13 on */
        uint32_t cframe_current_frame; /* offset in struct _PyCFrame */
        uint32_t frame_object;         /* to 3.10: pointer to the innermost PyFrameObject */
        uint32_t thread_id;            /* pthread_t */
        uint32_t native_thread_id;     /* as the target's PID namespace numbers it; from 3.11 on */
        uint32_t datastack_chunk;
        uint32_t
            datastack_top; /* first free word of the newest chunk; follows datastack_chunk in all versions */
        uint32_t attachment; /* int, free-threaded: whether it may touch objects; else LAYOUT_NONE */
    } thread;

    struct {
        uint32_t previous;
        uint32_t size; /* of the header */
        uint32_t top;  /* where the used part ended when a newer chunk was added, in words from `data` */
        uint32_t data;
    } chunk;

    struct {
        uint32_t size;       /* up to localsplus */
        uint32_t executable; /* f_code or f_executable */
        uint32_t previous;
        uint32_t instruction;    /* prev_instr or instr_ptr */
        uint32_t owner;          /* one byte */
        uint32_t bytecode_index; /* int, free-threaded from 3.14 on: which copy of the bytecode it executes */
        uint32_t stacktop;       /* int, -1 while the frame executes (to 3.13); LAYOUT_NONE from 3.14 on */
        uint32_t is_entry;       /* one byte, 3.11 only; else LAYOUT_NONE */
        bool instruction_is_previous; /* to 3.12: points to the code unit before the next instruction */
        bool popped_is_null;          /* from 3.14 on: a popped frame has no executable */
        uint8_t owner_generator;      /* FRAME_OWNED_BY_GENERATOR */
        uint8_t first_internal_owner; /* owners from this number on are the interpreter's own frames */
        uint64_t tag_mask;            /* bits of an executable that are not address */
    } frame;

    /* PyFrameObject, to 3.10. */
    struct {
        uint32_t size; /* as far as the last of these fields */
        uint32_t reference_count;
        uint32_t back;
        uint32_t code;
        uint32_t last_instruction; /* int, in units of code.unit_bytes; -1 before the first */
        uint32_t state;            /* one byte: f_executing, or f_state in 3.10; LAYOUT_NONE in 2.7 */
        uint32_t thread;           /* 2.7: thread state that runs it */
        uint8_t executing;         /* what `state` is while the frame executes */
    } frame_object;

    struct {
        uint32_t size; /* up to the first instruction, or as far as the last of these fields */
        uint32_t filename;
        uint32_t name;
        uint32_t qualname;
        uint32_t linetable;
        uint32_t firstlineno;
        uint32_t nlocalsplus;     /* int */
        uint32_t stacksize;       /* int */
        uint32_t code_units;      /* ob_size: length of the bytecode in units of two bytes */
        uint32_t instructions;    /* co_code_adaptive */
        uint32_t bytecode_copies; /* pointer to the copies that threads have of the bytecode; free-threaded
                                   * from 3.14 on, else LAYOUT_NONE */
        uint32_t bytecode;        /* to 3.10: pointer to a bytes object with the instructions */
        uint8_t unit_bytes;       /* how instructions are counted: 1 to 3.9, 2 from 3.10 on */
    } code;

    struct {
        uint32_t count;
        uint32_t entries; /* pointers; the first one is to the code object's own bytecode */
    } bytecode_copies;

    struct {
        uint32_t type;
        uint32_t type_name; /* tp_name in PyTypeObject */
    } object;

    struct {
        uint32_t flags;
        uint32_t basic_size;
        uint32_t dict_offset;
        uint32_t cached_keys; /* of a class: the keys that the values of its instances share */
    } type;

    /* Where the attributes of an instance of a class are. */
    struct {
        uint32_t dict_before;   /* the address of its dict lies so many bytes before the instance */
        uint32_t values_before; /* 3.11: the address of its values too; else LAYOUT_NONE */
        bool values_are_tagged; /* 3.12: it is in the dict's place, less 1, while there is no dict */
        bool values_are_inline; /* from 3.13 on: they lie behind the instance */
    } instance;

    struct {
        uint32_t valid; /* one byte, from 3.13 on: 0 when they were moved into a dict; else LAYOUT_NONE */
        uint32_t data;
    } values;

    struct {
        uint32_t dict;
    } module;

    struct {
        uint32_t keys;
        uint32_t values; /* not 0 when the dict has its keys in common with others */
        uint32_t table;  /* 2.7: its entries, */
        uint32_t mask;   /* and how many there are, less 1; else LAYOUT_NONE */
    } dict;

    struct {
        uint32_t log2_index_bytes; /* one byte: the size of the indices, before the entries */
        uint32_t kind;             /* one byte: DICT_KEYS_GENERAL and so on */
        uint32_t index_count;      /* to 3.10, in place of both: how many indices there are */
        uint32_t entry_count;
        uint32_t indices;
    } keys;

    struct {
        uint32_t state;        /* the bit field */
        uint32_t length;       /* in characters */
        uint32_t ascii_data;   /* sizeof(PyASCIIObject) */
        uint32_t compact_data; /* sizeof(PyCompactUnicodeObject) */
        uint8_t kind_shift;    /* of the three bits of `kind` */
        uint8_t compact_shift;
        uint8_t ascii_shift;
    } unicode;

    struct {
        uint32_t length;
        uint32_t data;
    } bytes;
};

/* No field lies behind these, whatever an interpreter says: how large a buffer for a whole struct, or for the
 * part of an object before its own data, has to be. Several times what any version needs. */
enum {
    LAYOUT_MAX_THREAD_BYTES = 4096,
    LAYOUT_MAX_FRAME_BYTES = 256,
    LAYOUT_MAX_CODE_BYTES = 1024,
    LAYOUT_MAX_OBJECT_BYTES = 512,
};

/* How many bytes at the start of _PyRuntime layout_from_debug_offsets() wants. */
enum {
    LAYOUT_DEBUG_OFFSETS_MAX = 2048,
};

/* Whether these first bytes of _PyRuntime are a _Py_DebugOffsets (cookie "xdebugpy"). */
bool layout_has_debug_offsets(const unsigned char *bytes, size_t length);

/* A layout from what the interpreter publishes; every offset is checked for sanity, for the bytes come from a
 * program that nobody vouches for.
 *
 * What a version publishes is known from its headers. One whose headers were not seen, because it is newer,
 * or older than its own release, is taken for the nearest one that what it publishes makes sense as.
 *
 * layout   with an error only `version` and `free_threaded` are filled, as far as they are known
 * bytes    the first `length` bytes of _PyRuntime
 * returns  an error that says what is wrong (a version before 3.13, an offset out of bounds, ...) */
struct error *layout_from_debug_offsets(struct python_layout *layout, const unsigned char *bytes,
                                        size_t length);

/* The layout of a version that publishes nothing, from the table.
 *
 * version  as PY_VERSION_HEX
 * returns  an error such as "Python 3.8: not readable yet" */
struct error *layout_from_version(struct python_layout *layout, uint32_t version);

/* Whether a version tells more than major and minor: a file without symbols gives only these (0x03080000). */
static inline bool layout_version_is_exact(uint32_t version)
{
    return (version & 0xffff) != 0;
}

/* "3.11.2", "3.15.0a7"; "3.8" where no more is known */
enum {
    LAYOUT_VERSION_SIZE = 24,
};
void layout_format_version(char text[static LAYOUT_VERSION_SIZE], uint32_t version);

#endif

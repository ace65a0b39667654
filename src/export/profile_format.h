/* The formats of other tools that a profile is exported in: one file each, and one line each in profile_format.c's
 * table. */
#ifndef PYNECK_EXPORT_PROFILE_FORMAT_H
#define PYNECK_EXPORT_PROFILE_FORMAT_H

#include "analysis/profile_sum.h"
#include "base/error.h"
#include "model/call_tree.h"

#include <stdio.h>

/* What is exported. */
struct profile_document {
    const struct profile_sum *sum;
    const struct call_tree *tree;
    enum profile_weight weight;
    const char *title; /* what was watched, one line of clean text */
};

/* Formats that tell what came after what: they get each tick, in the order of time. */
struct timeline_format {
    /* Write what stands before the first tick; returns the format's own state. */
    void *(*begin)(FILE *stream, const struct profile_document *document);

    /* Write a selected tick. The document's sum holds the ticks up to this one. */
    void (*write_tick)(void *state, FILE *stream, const struct profile_document *document,
                       const struct profile_selection *selection, const struct tick *tick);

    /* Write what stands after the last tick, and free the state; fails when a temporary file cannot be read. */
    struct error *(*end)(void *state, FILE *stream, const struct profile_document *document);
};

/* A format is one of the two kinds. */
struct profile_format {
    const char *name;
    const char *suffix; /* of its files' names, as the programs it is for know them */
    const char *help;   /* what it is for, a few words */
    bool is_binary;     /* no text */

    /* Write a profile that is summed up; NULL in a timeline. */
    void (*write_sum)(FILE *stream, const struct profile_document *document);

    const struct timeline_format *timeline; /* or NULL */
};

extern const struct profile_format profile_format_callgrind;
extern const struct profile_format profile_format_chrome;
extern const struct profile_format profile_format_collapsed;
extern const struct profile_format profile_format_flamegraph;
extern const struct profile_format profile_format_gecko;
extern const struct profile_format profile_format_pprof;
extern const struct profile_format profile_format_pstats;
extern const struct profile_format profile_format_speedscope;

/* The format of that name, or NULL. */
const struct profile_format *profile_format_find(const char *name);

/* The names, with ", " between them. */
void profile_format_list_names(char *names, size_t size);

#endif

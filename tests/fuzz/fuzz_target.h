/* A fuzz target: one function that feeds bytes which anybody may have made to readers of such bytes.
 *
 * It stops the program (a sanitizer does, or assert()) when a reader reads out of bounds, works without end or
 * hands out what it promised to keep back. Two programs are made of each target: one with libFuzzer (make
 * fuzz), which invents inputs, and one with run_corpus.c (make check), which tries those that were kept. */
#ifndef PYNECK_FUZZ_TARGET_H
#define PYNECK_FUZZ_TARGET_H

#include <stddef.h>
#include <stdint.h>

/* Try one input; the name is libFuzzer's. Returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif

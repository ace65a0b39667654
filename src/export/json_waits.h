/* The states and the waits of a process as JSON. For export/json_process.c. */
#ifndef PYNECK_EXPORT_JSON_WAITS_H
#define PYNECK_EXPORT_JSON_WAITS_H

#include "model/call_tree.h"
#include "model/tick.h"

#include <jansson.h>

/* Members of a process: "states" and "waits"; NULL when it was not sampled. */
json_t *json_states(const struct profile *profile);
json_t *json_waits(const struct profile *profile, const struct call_tree *tree);

/* Member of a thread: "waiting"; NULL when it does not wait. */
json_t *json_waiting(const struct waiting *waiting);

#endif

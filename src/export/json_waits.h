/* The states and the waits of a process as JSON. For export/json_process.c. */
#ifndef PYNECK_EXPORT_JSON_WAITS_H
#define PYNECK_EXPORT_JSON_WAITS_H

#include "export/json_value.h"
#include "model/call_tree.h"
#include "model/tick.h"

/* Members of a process: "states" and "waits"; null when it was not sampled. */
void put_states(struct json *json, const char *name, const struct profile *profile);
void put_waits(struct json *json, const char *name, const struct profile *profile,
               const struct call_tree *tree);

/* Member of a thread: "waiting"; null when it does not wait. */
void put_waiting(struct json *json, const char *name, const struct waiting *waiting);

#endif

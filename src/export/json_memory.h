/* The memory of a process in JSON. */
#ifndef PYNECK_EXPORT_JSON_MEMORY_H
#define PYNECK_EXPORT_JSON_MEMORY_H

#include "analysis/ranking.h"
#include "export/json_value.h"
#include "model/call_tree.h"
#include "model/tick.h"

/* processes[].memory in man/pyneck-json.5. */
void put_memory(struct json *json, const char *name, const struct tick *tick, const struct process *process,
                const struct call_tree *tree);

/* processes[].memory.functions: those in which the resident memory grew. */
void put_growers(struct json *json, const char *name, const struct ranking *ranking,
                 const struct call_tree *tree);

/* processes[].python.collector; null when nothing is known of it. */
void put_collector(struct json *json, const char *name, const struct collector_usage *collector);

#endif

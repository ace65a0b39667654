/* The memory of a process in JSON. */
#ifndef PYNECK_EXPORT_JSON_MEMORY_H
#define PYNECK_EXPORT_JSON_MEMORY_H

#include "analysis/ranking.h"
#include "model/call_tree.h"
#include "model/tick.h"

#include <jansson.h>

/* processes[].memory in man/pyneck-json.5. */
json_t *json_memory(const struct tick *tick, const struct process *process, const struct call_tree *tree);

/* processes[].memory.functions: those in which the resident memory grew. */
json_t *json_growers(const struct ranking *ranking, const struct call_tree *tree);

/* processes[].python.collector; NULL when nothing is known of it. */
json_t *json_collector(const struct collector_usage *collector);

#endif

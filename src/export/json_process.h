/* The parts of a tick as JSON values, which the snapshot and the dump share. For export/json*.c. */
#ifndef PYNECK_EXPORT_JSON_PROCESS_H
#define PYNECK_EXPORT_JSON_PROCESS_H

#include "analysis/verdict.h"
#include "export/format.h"

#include <jansson.h>

/* "system" */
json_t *json_system(const struct system_usage *system);

/* A member of "processes" */
json_t *json_process(const struct tick *tick, const struct process *process, const struct call_tree *tree,
                     enum ranking_mode mode);

/* "verdict", null when there is none */
json_t *json_verdict(const struct tick *tick, const struct process *process, const struct call_tree *tree);

/* A cause of a verdict: its kind, share and sentence */
json_t *json_cause(const struct verdict_cause *cause);

/* "functions" or "lines" */
json_t *json_ranking_rows(const struct ranking *ranking, const struct call_tree *tree,
                          enum ranking_level level, bool growth_measured);

/* "python", null when it is not known */
json_t *json_python(const struct process *process);

/* "threads", null when they are not known */
json_t *json_threads(const struct process *process, const struct call_tree *tree);

#endif

/* The parts of a tick as JSON, which the snapshot and the dump share. For export/json*.c. */
#ifndef PYNECK_EXPORT_JSON_PROCESS_H
#define PYNECK_EXPORT_JSON_PROCESS_H

#include "analysis/verdict.h"
#include "export/format.h"
#include "export/json_value.h"

/* "system" */
void put_system(struct json *json, const char *name, const struct system_usage *system);

/* A member of "processes" */
void put_process(struct json *json, const struct tick *tick, const struct process *process,
                 const struct call_tree *tree, enum ranking_mode mode);

/* "verdict", null when there is none */
void put_verdict(struct json *json, const char *name, const struct tick *tick, const struct process *process,
                 const struct call_tree *tree);

/* Members for a cause of a verdict: its kind, share and sentence */
void put_cause(struct json *json, const struct verdict_cause *cause);

/* The times and shares of a row, into the object that is open. */
void put_times(struct json *json, const struct ranking_row *row);

/* "functions" or "lines" */
void put_ranking_rows(struct json *json, const char *name, const struct ranking *ranking,
                      const struct call_tree *tree, enum ranking_level level, bool growth_measured);

/* "python", null when it is not known */
void put_python(struct json *json, const char *name, const struct process *process);

/* "threads", null when they are not known */
void put_threads(struct json *json, const char *name, const struct process *process,
                 const struct call_tree *tree);

#endif

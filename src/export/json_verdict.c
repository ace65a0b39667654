/* Why a process is as slow as it is. */
#include "analysis/verdict.h"
#include "export/json_process.h"
#include "export/json_value.h"

void put_cause(struct json *json, const struct verdict_cause *cause)
{
    char summary[VERDICT_SUMMARY_SIZE];

    verdict_format(summary, cause, 0);
    put_text(json, "kind", verdict_kind_name(cause->kind));
    put_real(json, "percent", cause->percent, DECIMALS_PERCENT);
    put_text(json, "summary", summary);
}

void put_verdict(struct json *json, const char *name, const struct tick *tick, const struct process *process,
                 const struct call_tree *tree)
{
    struct verdict verdict;

    if (!verdict_of_process(tick, process, tree, &verdict)) {
        put_null(json, name);
        return;
    }
    json_begin_object(json, name);
    put_cause(json, &verdict.first);
    if (verdict.has_second) {
        json_begin_object(json, "second");
        put_cause(json, &verdict.second);
        json_end_object(json);
    } else {
        put_null(json, "second");
    }
    json_end_object(json);
}

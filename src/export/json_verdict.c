/* Why a process is as slow as it is. */
#include "analysis/verdict.h"
#include "export/json_process.h"
#include "export/json_value.h"

json_t *json_cause(const struct verdict_cause *cause)
{
    json_t *object = json_object();
    char summary[VERDICT_SUMMARY_SIZE];

    verdict_format(summary, cause, 0);
    put_text(object, "kind", verdict_kind_name(cause->kind));
    put_real(object, "percent", cause->percent, DECIMALS_PERCENT);
    put_text(object, "summary", summary);
    return object;
}

json_t *json_verdict(const struct tick *tick, const struct process *process, const struct call_tree *tree)
{
    struct verdict verdict;

    if (!verdict_of_process(tick, process, tree, &verdict))
        return NULL;
    json_t *object = json_cause(&verdict.first);
    put_value(object, "second", verdict.has_second ? json_cause(&verdict.second) : NULL);
    return object;
}

#include "cmd/selection.h"

#include "base/moment.h"

struct error *selection_resolve(struct profile_selection *selection, const struct options *options,
                                const struct recording_info *info)
{
    struct error *error = NULL;

    *selection = options->selection;
    if (options->from != NULL)
        error = moment_read(&selection->from_ns, options->from, info->start_time_ns);
    if (error == NULL && options->to != NULL)
        error = moment_read(&selection->to_ns, options->to, info->start_time_ns);
    if (error == NULL && selection->to_ns != 0 && selection->to_ns <= selection->from_ns)
        error = error_new("the time that --to names is not after that of --from");
    return error;
}

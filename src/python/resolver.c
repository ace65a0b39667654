#include "python/resolver.h"

#include <string.h>

/* Whether a frame is in the bytecode of a code object. Where it is in a thread's own copy of it, its
 * instruction becomes the one in the code object that it is a copy of. */
static bool executes(struct stack_resolver *resolver, const struct code_object *code, struct frame_view *view)
{
    return code_object_contains(code, view->instruction) ||
           (resolver->layout->code.bytecode_copies != LAYOUT_NONE &&
            code_cache_find_original(resolver->codes, code, view->bytecode_index, &view->instruction));
}

const struct code_object *resolver_find_code(struct stack_resolver *resolver, struct frame_view *view)
{
    const struct code_object *code = code_cache_find(resolver->codes, view->executable);

    if (code == NULL) {
        code = code_cache_load(resolver->codes, view->executable, resolver->now_ns);
    } else if (!executes(resolver, code, view)) { /* it may be a new one where a freed one was */
        code_cache_verify(resolver->codes, &view->executable, 1, resolver->now_ns);
        code = code_cache_find(resolver->codes, view->executable);
    }
    return code != NULL && executes(resolver, code, view) ? code : NULL;
}

void resolver_add_frame(struct stack_resolver *resolver, const struct frame_view *view,
                        const struct code_object *code)
{
    if (code->internal)
        return;
    if (resolver->frame_count == FRAMES_ROOM) { /* the outermost ones are left out */
        resolver->frame_count = UNWIND_MAX_FRAMES;
        memmove(resolver->frames, resolver->frames + FRAMES_ROOM - UNWIND_MAX_FRAMES,
                UNWIND_MAX_FRAMES * sizeof(*resolver->frames));
    }
    resolver->frames[resolver->frame_count++] =
        (struct frame){view->address, view->executable, view->instruction};
}

#include "model/thread_state.h"

static const struct {
    const char *name;
    bool on_cpu;
} states[THREAD_STATES] = {
    [THREAD_RUNNING] = {"running", true},
    [THREAD_RUNNABLE] = {"runnable", false},
    [THREAD_GIL] = {"gil", false},
    [THREAD_LOCK] = {"lock", false},
    [THREAD_SLEEP] = {"sleep", false},
    [THREAD_DISK] = {"disk", false},
    [THREAD_NETWORK] = {"network", false},
    [THREAD_PIPE] = {"pipe", false},
    [THREAD_POLL] = {"poll", false},
    [THREAD_CHILD] = {"child", false},
    [THREAD_GC] = {"gc", true},
    [THREAD_NATIVE] = {"native", true},
    [THREAD_OTHER] = {"other", false},
};

const char *thread_state_name(enum thread_state state)
{
    return state < THREAD_STATES ? states[state].name : "other";
}

bool thread_state_on_cpu(enum thread_state state)
{
    return state < THREAD_STATES && states[state].on_cpu;
}

#include "python/old_runtime.h"

#include "python/runtime_scan.h"

bool old_runtime_find(pid_t pid, struct python_location *location, const struct elf_interpreter *interpreter,
                      uint64_t bias)
{
    struct python_layout *layout = &location->layout;
    struct elf_variables variables = interpreter->variables;
    const struct {
        uint64_t address;
        uint32_t *field;
    } places[] = {
        {variables.interpreters_head != 0 ? variables.interpreters_head
                                          : runtime_scan_find_list(pid, layout, interpreter, bias),
         &layout->runtime.interpreters_head},
        {variables.finalizing, &layout->runtime.finalizing},
        {variables.current_thread, &layout->runtime.current_thread},
        {variables.gil, &layout->runtime.gil},
        {variables.gil_pointer, &layout->runtime.gil_pointer},
        {variables.collecting, &layout->runtime.gc_collecting},
    };
    uint64_t first = UINT64_MAX;

    if (places[0].address == 0)
        return false;
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        if (places[i].address != 0 && places[i].address < first)
            first = places[i].address;
    }
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        uint64_t distance = places[i].address - first;
        *places[i].field =
            places[i].address != 0 && distance < LAYOUT_NONE ? (uint32_t)distance : LAYOUT_NONE;
    }
    location->runtime = first + bias;
    return layout->runtime.interpreters_head != LAYOUT_NONE;
}

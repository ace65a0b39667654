#include "python/suspect.h"

#include "base/file.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
    MAX_COMMAND_BYTES = 64 * 1024, /* class paths are long */
};

/* How the files of other implementations are called, up to a version or the like. */
static const struct {
    const char *file;
    const char *implementation;
} known_files[] = {
    {"micropython", "MicroPython"},
    {"circuitpython", "CircuitPython"},
    {"graalpy", "GraalPy"},
    {"graalpython", "GraalPy"},
    {"libpythonvm", "GraalPy"},
    {"pypy", "PyPy"},
    {"libpypy", "PyPy"},
    {"rustpython", "RustPython"},
};

/* What those that run in a Java machine are started with: the end of an argument, up to a version. */
static const struct {
    const char *argument;
    const char *implementation;
} known_arguments[] = {
    {"org.python.util.jython", "Jython"},
    {"/jython", "Jython"},
    {"com.oracle.graal.python.shell.GraalPythonMain", "GraalPy"},
};

static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash != NULL ? slash + 1 : path;
}

/* Whether a name is this one, perhaps with a version, a suffix or a mark behind it. */
static bool is_called(const char *name, const char *expected)
{
    size_t length = strlen(expected);

    return strncmp(name, expected, length) == 0 &&
           (name[length] == '\0' || strchr(" -.0123456789", name[length]) != NULL);
}

static const char *implementation_of_file(const char *name)
{
    for (size_t i = 0; i < sizeof(known_files) / sizeof(known_files[0]); i++) {
        if (is_called(name, known_files[i].file))
            return known_files[i].implementation;
    }
    return NULL;
}

/* Whether CPython's files are called like this: "libpython3.so", "python3.12", or that with " (deleted)" behind it. */
static bool is_called_python(const char *name)
{
    static const char library[] = "libpython", program[] = "python";

    if (strncmp(name, library, strlen(library)) == 0)
        return true;
    if (strncmp(name, program, strlen(program)) != 0)
        return false;
    const char *rest = name + strlen(program);
    rest += strspn(rest, "0123456789.");
    return rest[0] == '\0' || rest[0] == ' ';
}

static bool is_executable(const struct maps *maps, const struct mapped_file *file)
{
    for (size_t i = file->first; i != MAPS_NONE; i = maps->mappings[i].next) {
        if (maps->mappings[i].executable)
            return true;
    }
    return false;
}

void suspect_consider(struct suspect *suspect, const struct maps *maps, const struct mapped_file *file,
                      int number)
{
    const char *path = maps->text + file->path;
    const char *name = last_part(path);
    const char *implementation = implementation_of_file(name);

    if (suspect->implementation != NULL || !is_executable(maps, file))
        return;
    bool is_loader = strncmp(name, "ld-linux", 8) == 0;
    suspect->has_loader |= is_loader;
    suspect->has_library |= !is_loader && strstr(name, ".so") != NULL;
    suspect->is_java |= is_called(name, "libjvm");
    if (implementation != NULL || (suspect->number == 0 && is_called_python(name))) {
        suspect->implementation = implementation;
        suspect->path = path;
        suspect->number = number;
    }
}

/* The implementation that a Java machine was started for; NULL when it is none that is known. */
static const char *implementation_of_command(pid_t pid)
{
    char path[32], command[MAX_COMMAND_BYTES];

    snprintf(path, sizeof(path), "/proc/%d/cmdline", (int)pid);
    ssize_t length = file_read_at(AT_FDCWD, path, command, sizeof(command));
    for (const char *argument = command; length > 0 && argument < command + length;
         argument += strlen(argument) + 1) {
        for (size_t i = 0; i < sizeof(known_arguments) / sizeof(known_arguments[0]); i++) {
            const char *found = strstr(argument, known_arguments[i].argument);
            if (found != NULL && is_called(found, known_arguments[i].argument))
                return known_arguments[i].implementation;
        }
    }
    return NULL;
}

bool suspect_is_loading(const struct suspect *suspect)
{
    return suspect->path != NULL && suspect->implementation == NULL && suspect->number == 0 &&
           suspect->has_loader && !suspect->has_library;
}

struct error *suspect_explain_implementation(const char *implementation)
{
    return error_new("%s: its stacks cannot be read, only those of CPython can", implementation);
}

/* What it takes to open a file that is mapped but has no name any more (/proc/PID/map_files, proc(5): since Linux
 * 5.9 CAP_CHECKPOINT_RESTORE, before CAP_SYS_ADMIN, in the first user namespace). */
static const char *way_to_mapped_file(void)
{
    return geteuid() == 0 ? "pyneck runs as root but lacks CAP_CHECKPOINT_RESTORE or CAP_SYS_ADMIN outside "
                            "of containers; "
                            "give it that"
                          : "run pyneck as root, who can read what is mapped";
}

struct error *suspect_explain(struct suspect *suspect, pid_t pid)
{
    char clean[512];

    if (suspect->implementation == NULL && suspect->is_java)
        suspect->implementation = implementation_of_command(pid);
    if (suspect->implementation != NULL)
        return suspect_explain_implementation(suspect->implementation);
    if (suspect->path == NULL)
        return NULL;
    const char *mark = strstr(suspect->path, " (deleted)");
    size_t length = mark != NULL ? (size_t)(mark - suspect->path) : strlen(suspect->path);
    text_clean(clean, sizeof(clean), suspect->path, length);
    if (suspect->number == 0)
        return error_new("no interpreter can be found in %s: it was stripped of its symbols", clean);
    if (suspect->number == ENOENT)
        return error_new(
            "the interpreter's file %s was deleted or replaced after the program had started: %s, or "
            "restart the program",
            clean, way_to_mapped_file());
    return error_new("the interpreter's file %s cannot be opened (%s): run pyneck as root", clean,
                     strerror(suspect->number));
}

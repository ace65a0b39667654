#include "python/access.h"

#include "base/file.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* kernel.yama.ptrace_scope: '0' the same user may, '1' parents only, '2' root only, '3' nobody; '0' too where
 * the kernel has no Yama. */
static char ptrace_scope(void)
{
    char text[8];

    return file_read_at(AT_FDCWD, "/proc/sys/kernel/yama/ptrace_scope", text, sizeof(text)) > 0 ? text[0]
                                                                                                : '0';
}

struct error *access_denied(pid_t pid)
{
    char path[64];
    struct stat status;

    snprintf(path, sizeof(path), "/proc/%d", (int)pid);
    uid_t owner = stat(path, &status) == 0 ? status.st_uid : (uid_t)-1;
    if (ptrace_scope() == '3')
        return error_new("no permission to read process %d: kernel.yama.ptrace_scope is 3, which forbids it "
                         "to everybody until the next boot",
                         (int)pid);
    if (geteuid() == 0)
        return error_new("no permission to read process %d: pyneck runs as root but without CAP_SYS_PTRACE; "
                         "give it that (in a container: --cap-add SYS_PTRACE)",
                         (int)pid);
    if (owner != geteuid())
        return error_new("no permission to read process %d: it belongs to another user; run pyneck as that "
                         "user or as root, or give it CAP_SYS_PTRACE",
                         (int)pid);
    if (ptrace_scope() != '0')
        return error_new("no permission to read process %d: kernel.yama.ptrace_scope is %c; run pyneck as "
                         "root, give it CAP_SYS_PTRACE, or start the program with pyneck -- COMMAND",
                         (int)pid, ptrace_scope());
    return error_new("no permission to read process %d: it is marked as not dumpable or has more "
                     "privileges than pyneck; run pyneck as root",
                     (int)pid);
}

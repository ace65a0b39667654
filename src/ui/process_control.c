#include "ui/process_control.h"

#include "base/file.h"
#include "ui/shorten.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/* When the process with this number was started, in clock ticks after boot; 0 when there is none.
 * proc(5), /proc/PID/stat, field 22; the name in field 2 may hold anything, so count from its last ')'. */
static uint64_t read_start_ticks(pid_t pid)
{
    char path[32];
    char text[1024];

    snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    if (file_read_at(AT_FDCWD, path, text, sizeof(text)) <= 0)
        return 0;
    const char *field = strrchr(text, ')');
    for (int number = 2; number < 22 && field != NULL; number++) {
        field = strchr(field, ' ');
        field = field != NULL ? field + 1 : NULL;
    }
    return field != NULL ? strtoull(field, NULL, 10) : 0;
}

struct error *process_target_open(struct process_target *target, const struct process *process)
{
    *target = (struct process_target){.pid = process->pid};
    shorten_to_program(target->name, sizeof(target->name),
                       process->command != NULL ? process->command : process->name);
    target->pidfd = (int)syscall(SYS_pidfd_open, process->pid, 0);
    if (read_start_ticks(process->pid) == process->start_ticks)
        return NULL;
    process_target_close(target);
    return error_new("process %d (%s) has ended", (int)process->pid, target->name);
}

void process_target_close(struct process_target *target)
{
    if (target->pid != 0 && target->pidfd >= 0)
        close(target->pidfd);
    target->pid = 0;
    target->pidfd = -1;
}

struct error *process_target_signal(const struct process_target *target, int signal)
{
    long result = target->pidfd >= 0 ? syscall(SYS_pidfd_send_signal, target->pidfd, signal, NULL, 0)
                                     : (long)kill(target->pid, signal);

    if (result == 0)
        return NULL;
    if (errno == ESRCH)
        return error_new("process %d (%s) has ended", (int)target->pid, target->name);
    return error_new_errno(errno, "cannot send SIG%s to %d (%s)", sigabbrev_np(signal), (int)target->pid,
                           target->name);
}

static struct error *renice_error(const struct process_target *target, int number, int nice)
{
    if (number == ESRCH)
        return error_new("process %d (%s) has ended", (int)target->pid, target->name);
    if (number == EACCES)
        return error_new("cannot set the nice value of %d to %d: only root (CAP_SYS_NICE) may lower it",
                         (int)target->pid, nice);
    return error_new_errno(number, "cannot set the nice value of %d (%s) to %d", (int)target->pid,
                           target->name, nice);
}

struct error *process_target_renice(const struct process_target *target, int step, int *nice)
{
    char path[32];

    errno = 0;
    int wanted = getpriority(PRIO_PROCESS, (id_t)target->pid) + step;
    if (errno != 0)
        return renice_error(target, errno, step);
    wanted = wanted < -20 ? -20 : wanted > 19 ? 19 : wanted;
    if (setpriority(PRIO_PROCESS, (id_t)target->pid, wanted) != 0)
        return renice_error(target, errno, wanted);
    *nice = wanted;
    snprintf(path, sizeof(path), "/proc/%d/task", (int)target->pid);
    DIR *tasks = opendir(path);
    if (tasks == NULL)
        return NULL;
    for (struct dirent *entry; (entry = readdir(tasks)) != NULL;) {
        long tid = strtol(entry->d_name, NULL, 10);
        if (tid > 0)
            setpriority(PRIO_PROCESS, (id_t)tid, wanted);
    }
    closedir(tasks);
    return NULL;
}

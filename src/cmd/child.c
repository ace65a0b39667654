#include "cmd/child.h"

#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* In the new process: become the command, or tell by the pipe why not. */
static _Noreturn void run_command(char **command, int output_fd, int report_fd)
{
    if (output_fd >= 0) {
        int input_fd = open("/dev/null", O_RDONLY);
        if (input_fd >= 0)
            dup2(input_fd, STDIN_FILENO);
        if (input_fd > STDERR_FILENO)
            close(input_fd);
        dup2(output_fd, STDOUT_FILENO);
        dup2(output_fd, STDERR_FILENO);
    }
    execvp(command[0], command);
    int reason = errno;
    ssize_t written = write(report_fd, &reason, sizeof(reason));
    (void)written;
    _exit(EXIT_NOT_FOUND);
}

/* Why exec failed, or 0: then the pipe was closed by a successful exec. */
static int read_report(int fd)
{
    int reason = 0;
    ssize_t length;

    do
        length = read(fd, &reason, sizeof(reason));
    while (length < 0 && errno == EINTR);
    return length == sizeof(reason) ? reason : 0;
}

struct error *child_start(struct child *child, char **command, int output_fd, const struct signals *signals,
                          int *status)
{
    const struct sigaction usual = {.sa_handler = SIG_DFL};
    struct sigaction inherited;
    int report[2];

    *status = EXIT_CANNOT_RUN;
    if (pipe2(report, O_CLOEXEC) != 0)
        return error_new_errno(errno, "cannot start '%s'", command[0]);
    /* With SIGCHLD ignored, as some parents leave it, nobody could learn how the command ended. */
    sigaction(SIGCHLD, &usual, &inherited);
    child->pid = fork();
    if (child->pid == 0) {
        sigaction(SIGCHLD, &inherited, NULL);
        if (signals != NULL)
            signals_restore(signals);
        run_command(command, output_fd, report[1]);
    }
    int reason = child->pid < 0 ? errno : 0;
    close(report[1]);
    if (reason == 0)
        reason = read_report(report[0]);
    close(report[0]);
    if (reason == 0)
        return NULL;
    if (child->pid > 0)
        child_wait(child);
    child->pid = 0;
    *status = reason == ENOENT ? EXIT_NOT_FOUND : EXIT_CANNOT_RUN;
    return error_new_errno(reason, "cannot run '%s'", command[0]);
}

bool child_has_ended(const struct child *child)
{
    siginfo_t info = {0};

    if (child->pid == 0)
        return false;
    if (waitid(P_PID, (id_t)child->pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0)
        return true;
    /* A child that the sampler holds is told of, too (sampler/pause.h). */
    return info.si_pid != 0 && info.si_code != CLD_STOPPED && info.si_code != CLD_TRAPPED;
}

void child_pass_signal(const struct child *child, const siginfo_t *info)
{
    bool sent_by_process = info->si_code <= 0;

    if (sent_by_process && !child_has_ended(child))
        kill(child->pid, info->si_signo);
}

void child_join_command(char text[static CHILD_COMMAND_SIZE], char **command)
{
    char joined[CHILD_COMMAND_SIZE];
    size_t length = 0;

    for (; *command != NULL && length < sizeof(joined); command++) {
        int added =
            snprintf(joined + length, sizeof(joined) - length, "%s%s", length > 0 ? " " : "", *command);
        length += added > 0 ? (size_t)added : 0;
    }
    text_clean(text, CHILD_COMMAND_SIZE, joined, strnlen(joined, sizeof(joined)));
}

int child_wait(struct child *child)
{
    int status = 0;
    pid_t result;

    do
        result = waitpid(child->pid, &status, 0);
    while (result < 0 ? errno == EINTR : WIFSTOPPED(status));
    child->pid = 0;
    if (WIFSIGNALED(status))
        return 128 + WTERMSIG(status);
    return WEXITSTATUS(status);
}

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

ssize_t file_read_fd(int fd, char *buffer, size_t size)
{
    size_t length = 0;

    while (length + 1 < size) {
        ssize_t received = pread(fd, buffer + length, size - 1 - length, (off_t)length);
        if (received < 0 && errno == EINTR)
            continue;
        if (received < 0)
            return -errno;
        if (received == 0)
            break;
        length += (size_t)received;
    }
    buffer[length] = '\0';
    return (ssize_t)length;
}

ssize_t file_read_at(int directory_fd, const char *path, char *buffer, size_t size)
{
    int fd = openat(directory_fd, path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return -errno;
    ssize_t length = file_read_fd(fd, buffer, size);
    close(fd);
    return length;
}

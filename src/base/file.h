/* Small files of /proc and /sys, read whole into the caller's buffer. */
#ifndef PYNECK_BASE_FILE_H
#define PYNECK_BASE_FILE_H

#include <stddef.h>
#include <sys/types.h>

/* Read a file from its start.
 *
 * directory_fd  where `path` starts (AT_FDCWD for the working directory)
 * buffer        receives at most size - 1 bytes and a final NUL
 * returns       bytes read (the file may be longer), or -errno */
ssize_t file_read_at(int directory_fd, const char *path, char *buffer, size_t size);

/* The same for a file that is open already, by pread(2) from offset 0. */
ssize_t file_read_fd(int fd, char *buffer, size_t size);

#endif

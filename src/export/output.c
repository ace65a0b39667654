#include "export/output.h"

#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    DOCUMENT_BUFFER_BYTES = 256 * 1024,
};

struct output {
    const char *name; /* for messages */
    const char *path; /* NULL for standard output */
    int fd;
    enum output_kind kind;
    bool closed;
    int failure; /* of a document: why it could not be written, or 0 */
    FILE *stream;
    char *text; /* what `stream` holds of a piece, after a flush; its buffer in a document */
    size_t length;
};

/* Whether a regular file begins as a SQLite database does ("Database File Format", sqlite.org). */
static bool is_database(const char *path)
{
    static const char magic[16] = "SQLite format 3";
    char begin[sizeof(magic)];
    struct stat status;

    if (stat(path, &status) != 0 || !S_ISREG(status.st_mode))
        return false;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    bool found = fd >= 0 && read(fd, begin, sizeof(begin)) == (ssize_t)sizeof(begin) &&
                 memcmp(begin, magic, sizeof(magic)) == 0;
    if (fd >= 0)
        close(fd);
    return found;
}

static struct error *open_file(const char *path, enum output_kind kind, int *fd)
{
    if (is_database(path))
        return error_new("'%s' is a database, perhaps a recording, and not overwritten: name another file",
                         path);
    *fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | (kind == OUTPUT_REPLACED_FILE ? 0 : O_TRUNC), 0666);
    return *fd >= 0 ? NULL : error_new_errno(errno, "cannot write to '%s'", path);
}

static bool is_regular_file(const struct output *output)
{
    struct stat status;

    return output->path != NULL && fstat(output->fd, &status) == 0 && S_ISREG(status.st_mode);
}

static ssize_t write_document(void *cookie, const char *bytes, size_t length);

static FILE *open_stream(struct output *output)
{
    if (output->kind != OUTPUT_DOCUMENT)
        return open_memstream(&output->text, &output->length);
    FILE *stream = fopencookie(output, "w", (cookie_io_functions_t){.write = write_document});
    output->text = memory_allocate(DOCUMENT_BUFFER_BYTES, 1);
    if (stream != NULL)
        setvbuf(stream, output->text, _IOFBF, DOCUMENT_BUFFER_BYTES);
    return stream;
}

struct error *output_open(struct output **output, const char *path, enum output_kind kind)
{
    int fd = STDOUT_FILENO;
    struct error *error = path != NULL ? open_file(path, kind, &fd) : NULL;

    if (error != NULL)
        return error;
    *output = memory_allocate(1, sizeof(**output));
    **output = (struct output){
        .name = path != NULL ? path : "standard output",
        .path = path,
        .fd = fd,
        .kind = kind,
    };
    if (kind == OUTPUT_REPLACED_FILE && !is_regular_file(*output))
        (*output)->kind = OUTPUT_PIECES;
    (*output)->stream = open_stream(*output);
    if ((*output)->stream == NULL) {
        error = error_new_errno(errno, "cannot compose output");
        output_close(*output);
        *output = NULL;
        return error;
    }
    return NULL;
}

FILE *output_stream(struct output *output)
{
    return output->stream;
}

/* Write all bytes; returns how many came to their place, with errno set when that is not all. */
static size_t write_all(int fd, const char *bytes, size_t length)
{
    size_t written = 0;

    while (written < length) {
        ssize_t result = write(fd, bytes + written, length - written);
        if (result < 0 && errno == EINTR)
            continue;
        if (result <= 0)
            break;
        written += (size_t)result;
    }
    return written;
}

/* Write a part of a document. After a failure nothing more is written, and whoever composes it may go on. */
static ssize_t write_document(void *cookie, const char *bytes, size_t length)
{
    struct output *output = cookie;

    if (output->closed || output->failure != 0 || write_all(output->fd, bytes, length) == length)
        return (ssize_t)length;
    output->closed = errno == EPIPE;
    output->failure = output->closed ? 0 : errno;
    return (ssize_t)length;
}

/* Take back the last `written` bytes of a regular file. */
static void take_back(int fd, size_t written)
{
    struct stat status;
    off_t position = lseek(fd, 0, SEEK_CUR);

    if (written == 0 || position < (off_t)written || fstat(fd, &status) != 0 || !S_ISREG(status.st_mode) ||
        status.st_size != position)
        return;
    position -= (off_t)written;
    if (ftruncate(fd, position) == 0)
        lseek(fd, position, SEEK_SET);
}

static struct error *write_piece(struct output *output)
{
    size_t written = write_all(output->fd, output->text, output->length);
    int reason = errno;

    if (written == output->length)
        return NULL;
    if (reason == EPIPE) {
        output->closed = true;
        return NULL;
    }
    take_back(output->fd, written);
    return error_new_errno(reason, "cannot write to %s", output->name);
}

/* Write the piece beside the file and put it in the file's place. */
static struct error *replace_file(const struct output *output)
{
    struct stat status;
    size_t size = strlen(output->path) + sizeof(".XXXXXX");
    char *path = memory_allocate(size, 1);

    snprintf(path, size, "%s.XXXXXX", output->path);
    int fd = mkostemp(path, O_CLOEXEC);
    bool done = fd >= 0 && write_all(fd, output->text, output->length) == output->length &&
                fstat(output->fd, &status) == 0 && fchmod(fd, status.st_mode & 07777) == 0 &&
                rename(path, output->path) == 0;
    int reason = errno;
    if (!done && fd >= 0)
        unlink(path);
    if (fd >= 0)
        close(fd);
    free(path);
    return done ? NULL : error_new_errno(reason, "cannot replace '%s'", output->path);
}

struct error *output_write(struct output *output)
{
    struct error *error = NULL;

    if (fflush(output->stream) != 0 || ferror(output->stream))
        error = error_new_errno(errno, "cannot compose output for %s", output->name);
    else if (output->failure != 0)
        error = error_new_errno(output->failure, "cannot write to %s", output->name);
    if (output->kind == OUTPUT_DOCUMENT)
        return error;
    if (error == NULL && output->length > 0 && !output->closed)
        error = output->kind == OUTPUT_REPLACED_FILE ? replace_file(output) : write_piece(output);
    rewind(output->stream);
    return error;
}

bool output_is_closed(const struct output *output)
{
    return output->closed;
}

size_t output_columns(const struct output *output)
{
    struct winsize size;

    return isatty(output->fd) && ioctl(output->fd, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

struct error *output_close(struct output *output)
{
    struct error *error = NULL;

    if (output->stream != NULL)
        fclose(output->stream);
    free(output->text);
    if (output->failure != 0 && is_regular_file(output))
        unlink(output->path);
    /* Network file systems tell of a full disk only here. */
    if (output->path != NULL && close(output->fd) != 0)
        error = error_new_errno(errno, "cannot write to %s", output->name);
    free(output);
    return error;
}

/* Errors as values: a function that can fail returns NULL for success, or an error that the caller owns.
 *
 * A message is one sentence without a full stop and without a newline: what was attempted, on what, why it
 * failed, and what the user can do about it. */
#ifndef PYNECK_BASE_ERROR_H
#define PYNECK_BASE_ERROR_H

struct error;

/* A new error with a formatted message. */
struct error *error_new(const char *format, ...) __attribute__((format(printf, 1, 2), returns_nonnull));

/* The same, followed by ": " and what strerror(3) says of `number`. */
struct error *error_new_errno(int number, const char *format, ...)
    __attribute__((format(printf, 2, 3), returns_nonnull));

/* The message; valid as long as the error. */
const char *error_message(const struct error *error);

/* Give it back; NULL is allowed. */
void error_free(struct error *error);

#endif

/* Names of users, each looked up once. */
#ifndef PYNECK_SYSTEM_USER_NAMES_H
#define PYNECK_SYSTEM_USER_NAMES_H

#include <sys/types.h>

struct user_names;

struct user_names *user_names_new(void);
void user_names_free(struct user_names *names);

/* The user's name, clean, or the number in decimal when there is none; valid until the next call. */
const char *user_names_find(struct user_names *names, uid_t uid);

#endif

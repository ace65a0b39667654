/* A command line shortened so that what tells programs apart stays: the script or module, not the interpreter
 * and the directories. */
#ifndef PYNECK_UI_COMMAND_TEXT_H
#define PYNECK_UI_COMMAND_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* Shorten a clean command line to `columns`. It stays whole when it fits; else the interpreter with its
 * options goes, then directories from the left. What is still too long is for the caller to cut at the right.
 *
 * text  receives the result */
void command_text_shorten(char *text, size_t size, const char *command, size_t columns, bool ascii);

/* The program's name in few words: "server.py", "-m http.server", "nginx". */
void command_text_name(char *text, size_t size, const char *command);

#endif

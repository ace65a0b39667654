/* A verdict on the screen: its word in a cell, and its sentence in a line. */
#ifndef PYNECK_UI_VERDICT_CELLS_H
#define PYNECK_UI_VERDICT_CELLS_H

#include "analysis/verdict.h"
#include "ui/pane.h"

/* The colour of a kind. */
enum style verdict_style(enum verdict_kind kind);

/* The kind's word; "-" for NULL. */
void verdict_draw_word(const struct table_cell *cell, const struct verdict *verdict);

/* The sentence, shortened to the line; the second cause behind it where there is room.
 *
 * verdict          NULL: there is none
 * reason_for_none  is shown then
 * reserved         columns at the end that the second cause leaves free when it can
 * returns          the columns used */
int verdict_draw_line(const struct region *line, const struct verdict *verdict, const char *reason_for_none,
                      int reserved);

/* Ascending order: none, then by kind, the gravest last, then by share. */
int verdict_compare(const struct verdict *left, const struct verdict *right);

#endif

/* What the keys do (keys.c says which). `argument` is the direction where there is one. */
#ifndef PYNECK_UI_ACTIONS_H
#define PYNECK_UI_ACTIONS_H

struct state;

void action_move(struct state *state, int argument);
void action_page(struct state *state, int argument);
void action_jump(struct state *state, int argument);
void action_shift(struct state *state, int argument);
void action_focus(struct state *state, int argument);
void action_go(struct state *state, int argument);
void action_zoom(struct state *state, int argument);
void action_search(struct state *state, int argument);
void action_filter(struct state *state, int argument);
void action_sort(struct state *state, int argument);
void action_sort_step(struct state *state, int argument);
void action_invert(struct state *state, int argument);
void action_tree(struct state *state, int argument);
void action_nice(struct state *state, int argument);
void action_signal(struct state *state, int argument);
void action_user(struct state *state, int argument);
void action_all(struct state *state, int argument);
void action_mode(struct state *state, int argument);
void action_window(struct state *state, int argument);
void action_level(struct state *state, int argument);
void action_reset(struct state *state, int argument);
void action_record(struct state *state, int argument);
void action_delay(struct state *state, int argument);
void action_pause(struct state *state, int argument);
void action_step(struct state *state, int argument);
void action_minute(struct state *state, int argument);
void action_end(struct state *state, int argument);
void action_time(struct state *state, int argument);
void action_play(struct state *state, int argument);
void action_speed(struct state *state, int argument);
void action_mark(struct state *state, int argument);
void action_timeline(struct state *state, int argument);
void action_condition(struct state *state, int argument);
void action_search_on(struct state *state, int argument);
void action_redraw(struct state *state, int argument);
void action_help(struct state *state, int argument);
void action_back(struct state *state, int argument);
void action_quit(struct state *state, int argument);

#endif

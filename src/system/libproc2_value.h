/* One value out of what libproc2 hands back.
 *
 * The library's own STAT_VAL, MEMINFO_VAL and DISKSTATS_VAL take four arguments in 4.0.2 and three in 4.0.7;
 * the public structures behind them are the same in both, so this reads those. */
#ifndef PYNECK_SYSTEM_LIBPROC2_VALUE_H
#define PYNECK_SYSTEM_LIBPROC2_VALUE_H

/* `stack`: a struct stat_stack, meminfo_stack or diskstats_stack; `index`: the item's place in the list of
 * items that was asked for; `member`: of the result's union, as the library's header names it. */
#define LIBPROC2_VALUE(stack, index, member) ((stack)->head[index].result.member)

#endif

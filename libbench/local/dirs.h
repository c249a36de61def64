/* local/dirs.h - where files of this machine and user go that belong to no repository. */
#ifndef BENCH_LOCAL_DIRS_H
#define BENCH_LOCAL_DIRS_H

#include <bench/common.h>

/**
 * What can be made again: $BENCH_CACHE_DIR, else libbench below $XDG_CACHE_HOME, else
 * $HOME/.cache/libbench. Relative values of the XDG variables are ignored, as their specification
 * asks.
 * @return a path, not made yet, to be freed with bench__free(); NULL when no variable says where,
 * or without memory.
 */
char *bench__cache_dir(void);
/** What was learned: $BENCH_STATE_DIR, $XDG_STATE_HOME/libbench, $HOME/.local/state/libbench. */
char *bench__state_dir(void);

#endif

/* What a program under callgrind says to it: count from here, and write the count down. */
#include <valgrind/callgrind.h>

void start_counting(void) {
    CALLGRIND_START_INSTRUMENTATION;
    CALLGRIND_ZERO_STATS;
}

void write_count(const char *name) { CALLGRIND_DUMP_STATS_AT(name); }

/* The interpreter: started once, ours alone, or joined where the process has one already. */
#pragma once
#include <stdbool.h>

/* Start Python and load koe.boundary, once; later calls return what the first one found.
 * A failure is reported in one line. Any thread; it may take a tenth of a second. */
bool koe_python_start(void);

/* Whether this process is a fork of one in which a start was tried. The threads of that one are not
 * in it, and locks may be held for ever by them: nothing may be called, and no lock be taken. */
bool koe_is_fork(void);

/* Whether a start was tried and failed, or this is a fork: then nothing of the library works. */
bool koe_python_failed(void);

/* Whether Python has started and may still be called: its host has not finalised it since, and this
 * process is no fork of that one. */
bool koe_python_is_alive(void);

/* Run the code that imports koe.boundary; 0 if cffi could (defined by build_ffi.py). */
int koe_run_start_code(void);

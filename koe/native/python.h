/* The interpreter: started once and used by koe alone, or joined if the process already has one. */
#pragma once
#include <stdbool.h>

/* Start Python and load koe.boundary, once; later calls return the result of the first one.
 * A failure is reported in one line. Any thread; it may take 0.1 s. */
bool koe_python_start(void);

/* Whether this process is a fork of one in which a start was tried. The threads of the original process
 * do not exist in it, and locks may stay held for ever: call nothing, and take no lock. */
bool koe_is_fork(void);

/* Whether a start was tried and failed, or this is a fork: in both cases the library does not work. */
bool koe_python_failed(void);

/* Whether Python has started and may still be called: its host has not finalised it since, and this
 * process is not a fork of the one that started it. */
bool koe_python_is_alive(void);

/* Run the code that imports koe.boundary; returns 0 on success (defined by build_ffi.py). */
int koe_run_start_code(void);

/*
 * Reports of problems for shells and users that can't see stderr: the shell's on_log_event, the file
 * koe.log, and koe_last_error.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>

/* The reason why a fork can't use the library. */
#define KOE_FORKED \
    "a process that has used koe was forked; the fork cannot use koe: start a new process instead"

/* A copy of the newest error, for free(); NULL if there was none. In a fork of a process that has used
 * the library, the error says that. */
char *koe_copy_last_error(void);

/* Append a line to koe.log in the settings folder, and rotate the file when it is large. A line that can't
 * be written is lost. With make_folder, a missing folder is created. */
void koe_write_log(int32_t level, const char *message, bool make_folder);

/* Whether the shell has an on_log_event that may be called now (shim.c). */
bool koe_shell_listens(void);

/* Call on_log_event on this thread, if it may still be called. */
void koe_call_log_event(int32_t level, const char *message);

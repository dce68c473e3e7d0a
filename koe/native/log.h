/*
 * What goes wrong, for those who can't see stderr: the shell's on_log_event, the file koe.log, and
 * koe_last_error.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>

/* Why a fork can't use the library. */
#define KOE_FORKED "a process that has used koe was forked; the fork cannot use it"

/* A copy of the newest error, for free(); NULL if there was none. In a fork of a process that has used
 * the library it says so. */
char *koe_copy_last_error(void);

/* Add a line to koe.log in the settings folder, and make room where the file has become large. What
 * can't be written is lost. With make_folder, the folder is made where it is missing. */
void koe_write_log(int32_t level, const char *message, bool make_folder);

/* Whether the shell has an on_log_event that may be called now (shim.c). */
bool koe_shell_listens(void);

/* Call it, on this thread, if it still may be. */
void koe_call_log_event(int32_t level, const char *message);

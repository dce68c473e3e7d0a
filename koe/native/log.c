/*
 * Reports: each one is stored as the last error, appended to koe.log, and passed to the shell. The shell
 * gets them on a separate thread, because the reporting thread may hold a lock, or belong to the shell.
 */
#include "log.h"
#include "python.h"
#include "seam.h"
#include "thread.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* If the shell's callback does not return, later reports beyond this number are dropped. */
#define MOST_WAITING 100

typedef struct event {
    struct event *next;
    int32_t level;
    char message[];
} event;

/* Guards the variables below; held briefly, never during a call of the shell. */
static koe_lock lock = KOE_LOCK_INIT;
static event *oldest, *newest; /* waiting for the shell */
static unsigned waiting;
static bool is_draining; /* a thread will check for events again */
static char *last_error;

/* Ends when there is no event, so that no idle thread remains. */
KOE_WORK drain(void *unused) {
    (void)unused;
    for (;;) {
        koe_acquire(&lock);
        event *next = oldest;
        if (next) {
            oldest = next->next;
            waiting--;
        }
        is_draining = next != NULL;
        koe_release(&lock);
        if (!next)
            return 0;
        koe_call_log_event(next->level, next->message);
        free(next);
    }
}

static void tell_shell(int32_t level, const char *message) {
    size_t size = strlen(message) + 1;
    event *added = malloc(sizeof *added + size);
    if (!added)
        return;
    *added = (event){.level = level};
    memcpy(added->message, message, size);
    koe_acquire(&lock);
    bool has_room = waiting < MOST_WAITING;
    if (has_room) {
        if (oldest)
            newest->next = added;
        else
            oldest = added;
        newest = added;
        waiting++;
    }
    bool starts = !is_draining;
    is_draining = true;
    koe_release(&lock);
    if (!has_room)
        free(added);
    if (starts && !koe_start_thread(drain, NULL)) {
        koe_acquire(&lock);
        is_draining = false; /* the next report tries to start a thread again */
        koe_release(&lock);
    }
}

static void report(int32_t level, const char *message, bool make_folder) {
    if (koe_is_fork())
        return;
    if (level == KOE_LOG_ERROR) {
        char *copy = strdup(message);
        koe_acquire(&lock);
        char *before = last_error;
        last_error = copy;
        koe_release(&lock);
        free(before);
    }
    koe_write_log(level, message, make_folder);
    if (koe_shell_listens())
        tell_shell(level, message);
}

void koe_report(int32_t level, const char *message) {
    report(level, message, false);
}

void koe_report_failed_start(const char *message) {
    report(KOE_LOG_ERROR, message, true);
    fprintf(stderr, "koe: %s\n", message);
}

char *koe_copy_last_error(void) {
    if (koe_is_fork())
        return koe_copy_text(KOE_FORKED);
    koe_acquire(&lock);
    char *copy = last_error ? koe_copy_text(last_error) : NULL;
    koe_release(&lock);
    return copy;
}

/* Scenarios of the process: what a library must leave alone. */
#include "driver.h"

#ifndef _WIN32 /* which has hardly any */
static const int WATCHED[] = {SIGINT, SIGTERM, SIGPIPE, SIGHUP, SIGCHLD, SIGALRM, SIGSEGV};
enum { SIGNALS = sizeof WATCHED / sizeof *WATCHED };

/* What the process owns and the library must not touch. */
struct belongings {
    struct sigaction actions[SIGNALS];
    sigset_t blocked;
    char locale[256];
    char folder[4096];
    mode_t mask;
    struct stat streams[3];
};

static void take_stock(struct belongings *mine) {
    for (int i = 0; i < SIGNALS; i++)
        sigaction(WATCHED[i], NULL, &mine->actions[i]);
    pthread_sigmask(SIG_SETMASK, NULL, &mine->blocked);
    snprintf(mine->locale, sizeof mine->locale, "%s", setlocale(LC_ALL, NULL));
    if (!getcwd(mine->folder, sizeof mine->folder))
        mine->folder[0] = '\0';
    mine->mask = umask(0);
    umask(mine->mask);
    for (int i = 0; i < 3; i++)
        fstat(i, &mine->streams[i]);
}

/* The flags that a program can set: putting an action back as it was adds one of the C library's. */
#define FLAGS                                                                                      \
    (SA_NOCLDSTOP | SA_NOCLDWAIT | SA_NODEFER | SA_ONSTACK | (int)SA_RESETHAND | SA_RESTART |      \
     SA_SIGINFO)

static void compare(const struct belongings *before, const char *when) {
    struct belongings after = {0};
    take_stock(&after);
    char name[64];
#define UNCHANGED(what, same)                                                                      \
    (snprintf(name, sizeof name, "%s_%s", what, when), check(same, name, "changed"))
    for (int i = 0; i < SIGNALS; i++) {
        const struct sigaction *was = &before->actions[i], *is = &after.actions[i];
        char which[16];
        snprintf(which, sizeof which, "signal_%d", WATCHED[i]);
        UNCHANGED(which, was->sa_handler == is->sa_handler &&
                             (was->sa_flags & FLAGS) == (is->sa_flags & FLAGS));
    }
    bool same_mask = true, same_streams = true;
    for (int i = 0; i < SIGNALS; i++)
        same_mask = same_mask && sigismember(&before->blocked, WATCHED[i]) ==
                                     sigismember(&after.blocked, WATCHED[i]);
    for (int i = 0; i < 3; i++)
        same_streams = same_streams && before->streams[i].st_dev == after.streams[i].st_dev &&
                       before->streams[i].st_ino == after.streams[i].st_ino;
    UNCHANGED("blocked_signals", same_mask);
    UNCHANGED("locale", strcmp(before->locale, after.locale) == 0);
    UNCHANGED("working_directory", strcmp(before->folder, after.folder) == 0);
    UNCHANGED("umask", before->mask == after.mask);
    UNCHANGED("streams", same_streams);
#undef UNCHANGED
}

static void own_handler(int number) { (void)number; }

void signals(void) {
    /* Some handlers of our own, some left at the default: a runtime may replace only one sort. */
    struct sigaction own = {.sa_handler = own_handler, .sa_flags = SA_RESTART};
    sigemptyset(&own.sa_mask);
    sigaction(SIGTERM, &own, NULL);
    sigaction(SIGHUP, &own, NULL);
    umask(027);
    struct belongings before = {0};
    take_stock(&before);
    sp_core_register_callbacks(recorder);
    if (!create())
        return;
    compare(&before, "after_create");
    silent_session("session");
    compare(&before, "after_session");
    destroy("destroy");
    compare(&before, "after_destroy");
}

#endif

/*
 * What a shell hears of failures that no session reports, in each generation.
 *
 *     reports            creates a core and prints what comes of it
 *     reports destroy    the same, and then what comes after a destroy, and from inside on_log_event
 *
 * Prints "log LEVEL: MESSAGE" for each on_log_event, "create STATUS", and "error: MESSAGE" for
 * koe_last_error. Exit status: 0, or 1 if something was heard that must not be, or hangs.
 */
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "koe_core.h"
#include "koe_extra.h"

enum { PATIENCE_S = 30 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int heard;
static void (*inside)(void);

static void heard_log(int level, const char *message) {
    void (*hook)(void) = NULL;
    pthread_mutex_lock(&lock);
    printf("log %d: %s\n", level, message);
    hook = inside;
    inside = NULL;
    pthread_mutex_unlock(&lock);
    if (hook)
        hook();
    pthread_mutex_lock(&lock);
    heard++;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

/* Whether more than so many were heard in this time. */
static bool hears_more(int than, long milliseconds) {
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += milliseconds / 1000;
    until.tv_nsec += milliseconds % 1000 * 1000000;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    pthread_mutex_lock(&lock);
    while (heard <= than && pthread_cond_timedwait(&changed, &lock, &until) == 0)
        continue;
    bool more = heard > than;
    pthread_mutex_unlock(&lock);
    return more;
}

static void print_error(void) {
    char *error = koe_last_error();
    pthread_mutex_lock(&lock);
    printf("error: %s\n", error ? error : "none");
    pthread_mutex_unlock(&lock);
    koe_free(error);
}

static int create(void) {
    int before = heard;
    int32_t status = sp_core_create(NULL);
    if (!hears_more(before, PATIENCE_S * 1000L))
        return 1;
    pthread_mutex_lock(&lock);
    printf("create %d\n", (int)status);
    pthread_mutex_unlock(&lock);
    print_error();
    return 0;
}

static void begin_and_destroy(void) {
    sp_core_session_begin((struct SPSessionContext){.mode = HOLD});
    sp_core_session_end();
    sp_core_destroy();
}

int main(int argc, char **argv) {
    print_error();
    sp_core_register_callbacks((struct SPCallbacks){.on_log_event = heard_log});
    if (create() != 0)
        return 1;
    sp_core_destroy();
    if (argc < 2 || strcmp(argv[1], "destroy") != 0)
        return 0;
    int before = heard;
    if (sp_core_reload_config() != -1 || hears_more(before, 200))
        return 1;
    inside = begin_and_destroy;
    return create();
}

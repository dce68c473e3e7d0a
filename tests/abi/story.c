/*
 * Prints what one session reports, through koe_core.h and nothing else, in each generation.
 *
 *     story [ENTRY]
 *
 * Begins a session, pushes a second of silence, waits for a callback whose entry begins with ENTRY, if
 * there is one, and ends the recording. Prints an entry for each callback until the session is over:
 * S(state) R I(text) E(message) W(message) F(text) A(text) M(text,engine,corrected).
 *
 * Exit status: 0, or 1 if the session is not over in time. The caller's configuration decides which
 * engine there is; one that it can script makes all that a session can go through.
 */
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "koe_core.h"

enum { SECOND_BYTES = 32000, PATIENCE_S = 60 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static const char *awaited = "";
static bool is_there, is_over;

static void note(const char *kind, const char *text) {
    char entry[1024];
    snprintf(entry, sizeof entry, text ? "%s(%s)" : "%s", kind, text);
    pthread_mutex_lock(&lock);
    printf("%s\n", entry);
    is_there = is_there || strncmp(entry, awaited, strlen(awaited)) == 0;
    is_over = is_over || strcmp(entry, "S(idle)") == 0 || strcmp(entry, "S(failed)") == 0 ||
              (KOE_ABI == 3 && kind[0] == 'F');
    pthread_cond_signal(&changed);
    pthread_mutex_unlock(&lock);
}

#if KOE_ABI == 3
#define TOKEN uint64_t token,
#define ONLY_TOKEN uint64_t token
#define UNUSED (void)token;
#else
#define TOKEN
#define ONLY_TOKEN void
#define UNUSED
#endif

static void ready(ONLY_TOKEN) { UNUSED note("R", NULL); }
static void error(TOKEN const char *message) { UNUSED note("E", message); }
static void warning(TOKEN const char *message) { UNUSED note("W", message); }
static void final(TOKEN const char *text) { UNUSED note("F", text); }
static void state(TOKEN const char *name) { UNUSED note("S", name); }
#if KOE_ABI >= 2
static void interim(TOKEN const char *text) { UNUSED note("I", text); }
#endif
#if KOE_ABI >= 3
static void heard(TOKEN const char *text) { UNUSED note("A", text); }
static void meta(TOKEN const char *text, const char *engine, bool corrected) {
    UNUSED
    char about[1024];
    snprintf(about, sizeof about, "%s,%s,%s", text, engine, corrected ? "true" : "false");
    note("M", about);
}
#endif

static bool wait_for(const bool *happened) {
    struct timespec limit;
    clock_gettime(CLOCK_REALTIME, &limit);
    limit.tv_sec += PATIENCE_S;
    pthread_mutex_lock(&lock);
    while (!*happened && !is_over && pthread_cond_timedwait(&changed, &lock, &limit) == 0)
        continue;
    bool has = *happened || is_over;
    pthread_mutex_unlock(&lock);
    return has;
}

int main(int argc, char **argv) {
    static const uint8_t silence[SECOND_BYTES];
    if (argc > 1)
        awaited = argv[1];
    sp_core_register_callbacks((struct SPCallbacks){
        .on_session_ready = ready,
        .on_session_error = error,
        .on_session_warning = warning,
        .on_final_text_ready = final,
        .on_state_changed = state,
#if KOE_ABI >= 2
        .on_interim_text = interim,
#endif
#if KOE_ABI >= 3
        .on_asr_final_text = heard,
        .on_session_result_meta = meta,
#endif
    });
    if (sp_core_create(NULL) != 0 ||
        sp_core_session_begin((struct SPSessionContext){.mode = HOLD}) != 0)
        return 1;
    sp_core_push_audio(silence, SECOND_BYTES, 0);
    bool done = wait_for(&is_there);
    sp_core_session_end();
    done = done && wait_for(&is_over);
    sp_core_destroy();
    return done ? 0 : 1;
}

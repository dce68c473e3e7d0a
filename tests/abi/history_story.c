/*
 * A recording that is lost and found again, through koe_core.h and koe_extra.h and nothing else, in each
 * generation: an engine that can't be reached, the history, another engine, a file, and nothing left.
 *
 *     history_story FILE.raw          FILE.raw: speech, 16 kHz mono s16le
 *
 * Prints TAP: "ok NAME" or "not ok NAME: why" per check, and the plan at the end. Exit status: 0
 * everything ok, 1 something not, 2 usage. HOME, on Windows APPDATA, must be a scratch directory: the
 * config.yaml in its folder .koe, or koe, is written here.
 */
#define _POSIX_C_SOURCE 200809L
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "koe_core.h"
#include "koe_extra.h"
#include "scratch.h"

enum { FRAME_BYTES = 6400, MOST_SPEECH_BYTES = 1 << 20, ANSWER_S = 60, MOST_TEXT = 4096 };

/* Nothing listens there, on any machine that is in its right mind. */
static const char config[] = "asr:\n"
                             "  provider: qwen\n"
                             "  qwen: {url: 'ws://127.0.0.1:1/', api_key: key}\n"
                             "  moonshine: {final_wait_timeout_ms: 60000}\n"
                             "llm:\n"
                             "  enabled: false\n";

static int checks, failures;

__attribute__((format(printf, 3, 4))) static void check(bool good, const char *name,
                                                        const char *why, ...) {
    checks++;
    failures += !good;
    printf("%sok %s", good ? "" : "not ", name);
    if (!good) {
        va_list arguments;
        va_start(arguments, why);
        printf(": ");
        vprintf(why, arguments);
        va_end(arguments);
    }
    printf("\n");
    fflush(stdout);
}

/* ---- what sessions tell ---------------------------------------------------------------------- */

static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    uint64_t token; /* of the last callback */
    char final[MOST_TEXT], error[MOST_TEXT], state[64];
    bool is_over;
} reported = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static void note(uint64_t token, char *place, size_t room, const char *text, bool ends) {
    pthread_mutex_lock(&reported.lock);
    reported.token = token;
    snprintf(place, room, "%s", text);
    reported.is_over = reported.is_over || ends;
    pthread_cond_broadcast(&reported.changed);
    pthread_mutex_unlock(&reported.lock);
}

#if KOE_ABI >= 3
#define TOKEN_AND uint64_t token,
#define TOKEN token
#else
#define TOKEN_AND
#define TOKEN ((uint64_t)0)
#endif

static void heard_final(TOKEN_AND const char *text) {
    note(TOKEN, reported.final, sizeof reported.final, text, KOE_ABI >= 3);
}

static void heard_error(TOKEN_AND const char *message) {
    note(TOKEN, reported.error, sizeof reported.error, message, false);
}

static void heard_state(TOKEN_AND const char *name) {
    bool ends = strcmp(name, "failed") == 0 || strcmp(name, "idle") == 0;
    note(TOKEN, reported.state, sizeof reported.state, name, ends);
}

static void forget(void) {
    pthread_mutex_lock(&reported.lock);
    reported.final[0] = reported.error[0] = reported.state[0] = '\0';
    reported.is_over = false;
    pthread_mutex_unlock(&reported.lock);
}

static bool wait_for_the_end(void) {
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += ANSWER_S;
    pthread_mutex_lock(&reported.lock);
    while (!reported.is_over && pthread_cond_timedwait(&reported.changed, &reported.lock, &until) == 0)
        continue;
    bool is_over = reported.is_over;
    pthread_mutex_unlock(&reported.lock);
    return is_over;
}

/* ---- the history ----------------------------------------------------------------------------- */

/* What stands between the quotes of a member, without escapes; "" if it is not there. */
static void read_member(const char *json, const char *name, char *value, size_t room) {
    char quoted[64];
    snprintf(quoted, sizeof quoted, "\"%s\":\"", name);
    const char *start = json ? strstr(json, quoted) : NULL;
    start = start ? start + strlen(quoted) : "\"";
    snprintf(value, room, "%.*s", (int)strcspn(start, "\""), start);
}

/* The newest entry as soon as it is complete: it is written after the last callback. */
static char *wait_for_entry(const char *part) {
    for (int naps = 0; naps < ANSWER_S * 50; naps++) {
        char *entries = koe_history_json(NULL);
        if (entries && strstr(entries, part))
            return entries;
        koe_free(entries);
        nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
    }
    return NULL;
}

static bool is_wav(const char *path, size_t least_bytes) {
    uint8_t head[12] = {0};
    FILE *file = fopen(path, "rb");
    if (!file)
        return false;
    bool good = fread(head, 1, sizeof head, file) == sizeof head && memcmp(head, "RIFF", 4) == 0 &&
                memcmp(head + 8, "WAVE", 4) == 0 && fseek(file, 0, SEEK_END) == 0 &&
                ftell(file) >= (long)least_bytes;
    fclose(file);
    return good;
}

static uint8_t speech[MOST_SPEECH_BYTES];
static size_t size;

static void lose(void) {
    struct SPSessionContext context = {.mode = HOLD};
#if KOE_ABI >= 3
    context.session_token = 1;
#endif
    check(sp_core_session_begin(context) == 0, "begin", "-1");
    for (size_t at = 0; at < size; at += FRAME_BYTES)
        sp_core_push_audio(speech + at, size - at < FRAME_BYTES ? (uint32_t)(size - at) : FRAME_BYTES,
                           0);
    sp_core_session_end();
    check(wait_for_the_end() && strcmp(reported.state, "failed") == 0 && reported.error[0],
          "the_session_fails", "state [%s], error [%s]", reported.state, reported.error);
}

static void without_entries(void) {
    char *none = koe_history_json(NULL);
    check(none && strcmp(none, "[]") == 0, "no_entries", "[%s]", none ? none : "NULL");
    koe_free(none);
    check(koe_history_entry_json("last") == NULL, "no_last_entry", "not NULL");
    check(koe_history_entry_json(NULL) == NULL, "no_entry_without_id", "not NULL");
    check(koe_history_json("\xff") == NULL, "a_query_is_utf8", "not NULL");
    check(koe_history_export("last", "nowhere.wav") == -1, "nothing_to_export", "0");
    check(koe_history_remove("last") == -1, "nothing_to_remove", "0");
    check(koe_history_retry("last", NULL, 2) == -1, "nothing_to_retry", "0");
    check(koe_history_recorrect("last", NULL, 2) == -1, "nothing_to_recorrect", "0");
    koe_free(NULL);
}

static void try_again(const char *id) {
    forget();
    check(koe_history_retry(id, "{\"motor\":\"x\"}", 2) == -1, "unknown_option", "0");
    check(koe_history_retry(id, "{\"engine\":1}", 2) == -1, "option_that_is_no_text", "0");
    check(koe_history_retry(id, "[", 2) == -1, "options_that_are_no_json", "0");
    check(koe_history_retry(id, "{\"profile\":\"none\"}", 2) == -1, "unknown_profile", "0");
    check(koe_history_recorrect(id, "{\"engine\":\"moonshine\"}", 2) == -1, "no_engine_to_recorrect",
          "0");
    check(!reported.state[0], "nothing_is_reported", "state [%s]", reported.state);

    check(koe_history_retry(id, "{\"engine\":\"parrot\"}", 2) == 0, "unknown_engine", "-1");
    check(wait_for_the_end() && strstr(reported.error, "parrot"), "it_is_named", "error [%s]",
          reported.error);

    forget();
    check(koe_history_retry(id, "{\"engine\":\"moonshine\"}", 3) == 0, "retry", "-1");
    check(wait_for_the_end() && reported.final[0], "the_text_comes", "error [%s], state [%s]",
          reported.error, reported.state);
#if KOE_ABI >= 3
    check(reported.token == 3, "with_its_token", "%u", (unsigned)reported.token);
#endif
#if KOE_ABI >= 2
    forget();
    check(koe_history_retry(id, "{\"engine\":\"moonshine\"}", 4) == 0 &&
              sp_core_session_cancel() == 0,
          "retry_and_cancel", "-1");
    check(wait_for_the_end() && !reported.final[0] && !reported.error[0], "it_is_cancelled",
          "final [%s], error [%s]", reported.final, reported.error);
#endif
}

static void run(void) {
    char id[128], text[MOST_TEXT];
    check(koe_feature_level() >= 1, "feature_level", "%u", (unsigned)koe_feature_level());
    without_entries();
    check(sp_core_create(NULL) == 0, "create", "-1");
    lose();

    char *entries = wait_for_entry("\"why\":\"failed\"");
    read_member(entries, "id", id, sizeof id);
    check(entries && id[0], "it_is_found", "[%s]", entries ? entries : "");
    koe_free(entries);
    check(koe_history_export(id, "lost.wav") == 0 && is_wav("lost.wav", size), "export",
          "no such file, or not all of it");
    try_again(id);
    entries = wait_for_entry("\"why\":\"complete\"");
    read_member(entries, "text", text, sizeof text);
    check(entries && text[0], "the_entry_has_the_text", "[%s]", entries ? entries : "");
    koe_free(entries);

    sp_core_destroy();
    check(koe_history_retry(id, NULL, 5) == -1, "retry_without_a_core", "0");
    entries = koe_history_json(text);
    check(entries && strstr(entries, id), "it_is_found_by_its_text", "[%s]", entries ? entries : "");
    koe_free(entries);
    check(koe_history_remove(id) == 0, "remove", "-1");
    check(koe_history_remove(id) == -1, "remove_again", "0");
    check(koe_history_entry_json(id) == NULL, "it_is_gone", "not NULL");
    remove("lost.wav");
}

int main(int argc, char **argv) {
    char folder[PATH_BYTES], path[PATH_BYTES + 32];
    FILE *file = argc == 2 ? fopen(argv[1], "rb") : NULL;
    if (!file || !prepare_folder(folder)) {
        fprintf(stderr, "usage: history_story FILE.raw\n");
        return 2;
    }
    size = fread(speech, 1, sizeof speech, file);
    fclose(file);
    snprintf(path, sizeof path, "%s/config.yaml", folder);
    file = fopen(path, "w");
    if (!file || fputs(config, file) < 0 || fclose(file) != 0) {
        perror(path);
        return 2;
    }
    sp_core_register_callbacks((struct SPCallbacks){.on_final_text_ready = heard_final,
                                                    .on_session_error = heard_error,
                                                    .on_state_changed = heard_state});
    run();
    printf("1..%d\n", checks);
    return failures ? 1 : 0;
}

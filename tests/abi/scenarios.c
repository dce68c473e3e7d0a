/*
 * Drives libkoe_core as a shell would, through koe_core.h and nothing else. One source for the
 * three generations: compile it with the KOE_ABI of the library that it is linked to.
 *
 *     scenarios list                  the names, one a line, with their arguments
 *     scenarios NAME [FILE.raw]       runs one; FILE.raw: speech, 16 kHz mono s16le
 *
 * Prints TAP: "ok NAME" or "not ok NAME: why" per check, lines that start with "#" to help a reader,
 * and the plan at the end.
 * Exit status: 0 everything ok, 1 something not, 2 usage.
 *
 * HOME, on Windows APPDATA, must be a scratch directory. Without a config.yaml in $HOME/.koe, or in
 * %APPDATA%\koe, the driver writes one that switches correction off; the caller's own is used as it
 * is and must do the same. Scenarios that need another configuration set that one aside and put it
 * back. One process, one scenario: what a scenario finds depends on the process being fresh.
 */
#define _POSIX_C_SOURCE 200809L
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <locale.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#ifndef _WIN32
#include <sys/mman.h>
#include <sys/syscall.h>
#endif

#include "koe_core.h"
#include "scratch.h"

enum {
    FRAME_BYTES = 6400,
    SECOND_BYTES = 32000,
    MIB = 1 << 20,
    WATCHDOG_S = 300, /* a scenario that takes longer hangs */
    ANSWER_S = 140,   /* for a session to end; the first one loads a model */
    THREADS = 8
};

/* The contract says 2 s; the rest is for a busy machine to schedule us. */
static const double DESTROY_LIMIT_S = 2.5;
/* Long enough for a callback that must not come to come. */
static const double QUIET_S = 0.2;

static const char *scenario = "";
static atomic_int checks, failures;

/* ---- checks ---------------------------------------------------------------------------------- */

__attribute__((format(printf, 3, 4))) static bool check(bool good, const char *name,
                                                        const char *why, ...) {
    char reason[4096];
    va_list arguments;
    va_start(arguments, why);
    vsnprintf(reason, sizeof reason, why, arguments);
    va_end(arguments);
    atomic_fetch_add(&checks, 1);
    if (good) {
        printf("ok %s/%s\n", scenario, name);
    } else {
        atomic_fetch_add(&failures, 1);
        printf("not ok %s/%s: %s\n", scenario, name, reason);
    }
    fflush(stdout);
    return good;
}

static bool check_int(int64_t got, int64_t want, const char *name) {
    return check(got == want, name, "got %" PRId64 ", want %" PRId64, got, want);
}

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Condition variables count in CLOCK_REALTIME by default, and macOS knows no other way. */
static struct timespec deadline(double seconds) {
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    int64_t nanoseconds = (int64_t)t.tv_nsec + (int64_t)(seconds * 1e9);
    t.tv_sec += (time_t)(nanoseconds / 1000000000);
    t.tv_nsec = (long)(nanoseconds % 1000000000);
    return t;
}

/* ---- the log of callbacks -------------------------------------------------------------------- */

struct entry {
    uint64_t token; /* 0 where the generation has none */
    char *text; /* S(state) R I(text) E(message) W(message) F(text) A(text) M(asr,engine,bool) */
};

/* One session as a shell sees it; everything else about it is in the log. */
struct session {
    uint64_t token;
    size_t from; /* entries before this one are older than the session */
};

static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct entry *entries;
    size_t count, room;
    uint64_t last_token;          /* tokens 1 to this one are in use */
    uint64_t inside[THREADS * 8]; /* tokens whose callback is running now */
    char broken[200];             /* the first breach of what holds for every callback */
    char armed;                   /* the kind of callback in which to call hook, once */
    void (*hook)(void);
    bool hook_done;
} book = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static bool valid_utf8(const char *text) {
    const unsigned char *p = (const unsigned char *)text;
    while (*p) {
        int more = *p < 0x80                 ? 0
                   : *p >= 0xC2 && *p < 0xE0 ? 1
                   : (*p & 0xF0) == 0xE0     ? 2
                   : *p >= 0xF0 && *p < 0xF5 ? 3
                                             : -1;
        unsigned char first = *p++, second = *p;
        if (more < 0 || (first == 0xE0 && second < 0xA0) || (first == 0xED && second > 0x9F) ||
            (first == 0xF0 && second < 0x90) || (first == 0xF4 && second > 0x8F))
            return false;
        while (more-- > 0)
            if ((*p++ & 0xC0) != 0x80)
                return false;
    }
    return true;
}

/* With the lock held. */
static void breach(const char *what, uint64_t token) {
    if (!book.broken[0])
        snprintf(book.broken, sizeof book.broken, "%s (token %" PRIu64 ")", what, token);
}

static const char *checked(const char *text, uint64_t token) {
    if (text && valid_utf8(text))
        return text;
    pthread_mutex_lock(&book.lock);
    breach(text ? "a string is not UTF-8" : "a string is NULL", token);
    pthread_mutex_unlock(&book.lock);
    return "";
}

static void enter_callback(uint64_t token) {
    /* Without tokens the sessions cannot be told apart, and two of them may overlap. */
    size_t free_slot = sizeof book.inside / sizeof *book.inside;
    for (size_t i = 0; i < sizeof book.inside / sizeof *book.inside; i++) {
        if (book.inside[i] == token && token)
            breach("two callbacks of a session overlap", token);
        if (!book.inside[i])
            free_slot = i;
    }
    if (KOE_ABI >= 3 && (token == 0 || token > book.last_token))
        breach("unknown token", token);
    if (free_slot < sizeof book.inside / sizeof *book.inside)
        book.inside[free_slot] = token;
}

static void leave_callback(uint64_t token) {
    for (size_t i = 0; i < sizeof book.inside / sizeof *book.inside; i++)
        if (book.inside[i] == token)
            book.inside[i] = 0;
}

/* Takes over the text, whose first letter is the kind of callback. */
static void record(uint64_t token, char *text) {
    pthread_mutex_lock(&book.lock);
    enter_callback(token);
    if (book.count == book.room) {
        book.room = book.room ? book.room * 2 : 64;
        book.entries = realloc(book.entries, book.room * sizeof *book.entries);
        if (!book.entries)
            abort();
    }
    book.entries[book.count++] = (struct entry){token, text};
    bool call = book.armed == text[0];
    if (call)
        book.armed = 0;
    void (*hook)(void) = book.hook;
    pthread_cond_broadcast(&book.changed);
    pthread_mutex_unlock(&book.lock);

    if (call)
        hook();

    pthread_mutex_lock(&book.lock);
    leave_callback(token);
    if (call) {
        book.hook_done = true;
        pthread_cond_broadcast(&book.changed);
    }
    pthread_mutex_unlock(&book.lock);
}

__attribute__((format(printf, 1, 2))) static char *composed(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    char *text = malloc((size_t)length + 1);
    if (!text)
        abort();
    va_start(arguments, format);
    vsnprintf(text, (size_t)length + 1, format, arguments);
    va_end(arguments);
    return text;
}

#if KOE_ABI >= 3
#define TOKEN_ONLY uint64_t token
#define TOKEN_AND uint64_t token,
#define TOKEN token
#else
#define TOKEN_ONLY void
#define TOKEN_AND
#define TOKEN ((uint64_t)0)
#endif

static void heard_ready(TOKEN_ONLY) { record(TOKEN, composed("R")); }

#define HEARD(function, letter)                                                                    \
    static void function(TOKEN_AND const char *text) {                                             \
        record(TOKEN, composed(letter "(%s)", checked(text, TOKEN)));                              \
    }
HEARD(heard_error, "E")
HEARD(heard_warning, "W")
HEARD(heard_final, "F")
HEARD(heard_state, "S")
#if KOE_ABI >= 2
HEARD(heard_interim, "I")
#endif
#if KOE_ABI >= 3
HEARD(heard_asr_final, "A")
HEARD(heard_rewrite, "RW")

static void heard_meta(uint64_t token, const char *asr_text, const char *provider, bool applied) {
    record(token, composed("M(%s,%s,%s)", checked(asr_text, token), checked(provider, token),
                           applied ? "true" : "false"));
}
#endif

/* It belongs to no session, and may come at any time. */
static void heard_log(int level, const char *message) {
    checked(message, 0);
    if (level >= 0 && level <= 3)
        return;
    pthread_mutex_lock(&book.lock);
    breach("a level that there is not", 0);
    pthread_mutex_unlock(&book.lock);
}

static const struct SPCallbacks recorder = {
    .on_session_ready = heard_ready,
    .on_session_error = heard_error,
    .on_session_warning = heard_warning,
    .on_final_text_ready = heard_final,
    .on_log_event = heard_log,
    .on_state_changed = heard_state,
#if KOE_ABI >= 2
    .on_interim_text = heard_interim,
#endif
#if KOE_ABI >= 3
    .on_asr_final_text = heard_asr_final,
    .on_rewrite_text_ready = heard_rewrite,
    .on_session_result_meta = heard_meta,
#endif
};

/* ---- reading the log ------------------------------------------------------------------------- */

/* "X(*)" stands for X with any text, anything else for itself. */
static bool matches(const char *pattern, size_t length, const char *text) {
    if (length >= 3 && strncmp(pattern + length - 3, "(*)", 3) == 0)
        return strncmp(pattern, text, length - 2) == 0;
    return strlen(text) == length && strncmp(pattern, text, length) == 0;
}

/* Patterns are written one after the other, with this between them. */
#define THEN " | "

static size_t pattern_length(const char *patterns) {
    const char *end = strstr(patterns, THEN);
    return end ? (size_t)(end - patterns) : strlen(patterns);
}

static const char *next_pattern(const char *patterns) {
    const char *end = strstr(patterns, THEN);
    return end ? end + strlen(THEN) : NULL;
}

static bool matches_any(const char *patterns, const char *text) {
    for (const char *p = patterns; p; p = next_pattern(p))
        if (matches(p, pattern_length(p), text))
            return true;
    return false;
}

/* With the lock held. */
static bool belongs(const struct entry *entry, struct session session) {
    return KOE_ABI < 3 || entry->token == session.token;
}

/* Waits until the session has made that many callbacks that match one of the patterns. */
static bool wait_for(struct session session, const char *any_of, size_t times, double seconds) {
    struct timespec until = deadline(seconds);
    bool found = false;
    pthread_mutex_lock(&book.lock);
    for (int status = 0;;) {
        size_t seen = 0;
        for (size_t i = session.from; i < book.count; i++)
            seen += belongs(&book.entries[i], session) && matches_any(any_of, book.entries[i].text);
        found = seen >= times;
        if (found || status == ETIMEDOUT)
            break;
        status = pthread_cond_timedwait(&book.changed, &book.lock, &until);
    }
    pthread_mutex_unlock(&book.lock);
    return found;
}

/* A fiftieth of a second. */
static void pause_briefly(void) {
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static pthread_cond_t never = PTHREAD_COND_INITIALIZER;
    struct timespec until = deadline(0.02);
    pthread_mutex_lock(&lock);
    while (pthread_cond_timedwait(&never, &lock, &until) == 0)
        continue;
    pthread_mutex_unlock(&lock);
}

/* How a session ends in the log. */
#if KOE_ABI >= 3
#define ENDS "F(*)" THEN "S(idle)" THEN "S(failed)"
#else
#define ENDS "S(idle)" THEN "S(failed)"
#endif

/* Whether no callback comes for a while: none of this session, or with NULL none at all. */
static bool quiet(const struct session *session) {
    struct timespec until = deadline(QUIET_S);
    bool still = true;
    pthread_mutex_lock(&book.lock);
    size_t seen = book.count;
    for (int status = 0; still && status != ETIMEDOUT;) {
        status = pthread_cond_timedwait(&book.changed, &book.lock, &until);
        for (; seen < book.count; seen++)
            if (!session || belongs(&book.entries[seen], *session))
                still = false;
    }
    pthread_mutex_unlock(&book.lock);
    return still;
}

/* The session's callbacks without the kinds in skip, as one string. The caller frees it. */
static char *story(struct session session, const char *skip) {
    char *all = composed("%s", "");
    pthread_mutex_lock(&book.lock);
    for (size_t i = session.from; i < book.count; i++) {
        const struct entry *entry = &book.entries[i];
        if (!belongs(entry, session) || strchr(skip, entry->text[0]))
            continue;
        char *longer = composed("%s%s%s", all, *all ? THEN : "", entry->text);
        free(all);
        all = longer;
    }
    pthread_mutex_unlock(&book.lock);
    return all;
}

static bool follows(struct session session, const char *skip, const char *want) {
    bool good = true;
    pthread_mutex_lock(&book.lock);
    for (size_t i = session.from; i < book.count; i++) {
        const struct entry *entry = &book.entries[i];
        if (!belongs(entry, session) || strchr(skip, entry->text[0]))
            continue;
        good = good && want && matches(want, pattern_length(want), entry->text);
        want = want ? next_pattern(want) : NULL;
    }
    pthread_mutex_unlock(&book.lock);
    return good && !want;
}

/* Waits for the end of the session and checks that it made these callbacks and none after them. */
static bool expect(struct session session, const char *skip, const char *want, const char *name) {
    bool ended = wait_for(session, ENDS, 1, ANSWER_S);
    bool still = quiet(&session);
    bool good = ended && follows(session, skip, want);
    char *got = story(session, skip);
    check(good && still, name, "%s, want [%s], got [%s]",
          !ended  ? "no end"
          : still ? "another order"
                  : "a callback after the end",
          want, got);
    free(got);
    return good && still;
}

/* The text between the parentheses of the last entry that matches; NULL if none does. */
static char *argument_of(struct session session, const char *pattern) {
    char *argument = NULL;
    pthread_mutex_lock(&book.lock);
    for (size_t i = book.count; i-- > session.from && !argument;)
        if (belongs(&book.entries[i], session) && matches_any(pattern, book.entries[i].text))
            argument =
                composed("%.*s", (int)strlen(book.entries[i].text) - 3, book.entries[i].text + 2);
    pthread_mutex_unlock(&book.lock);
    return argument;
}

/* ---- what every generation says -------------------------------------------------------------- */

#if KOE_ABI == 1
#define OPENING(mode) "S(connecting_asr)" THEN "S(recording_" mode ")" THEN "R"
#else
#define OPENING(mode) "S(recording_" mode ")" THEN "R"
#endif

#if KOE_ABI >= 3
#define SILENCE(mode) OPENING(mode) THEN "S(finalizing_asr)" THEN "S(idle)"
#define SPEECH                                                                                     \
    OPENING("hold")                                                                                \
    THEN "S(finalizing_asr)" THEN "A(*)" THEN "S(preparing_paste)" THEN "M(*)" THEN "F(*)"
#else
#define SILENCE(mode)                                                                              \
    OPENING(mode) THEN "S(finalizing_asr)" THEN "E(no speech recognized)" THEN "S(failed)"
#define SPEECH                                                                                     \
    OPENING("hold")                                                                                \
    THEN "S(finalizing_asr)" THEN "S(preparing_paste)" THEN "F(*)" THEN "S(completed)" THEN        \
         "S(idle)"
#endif

#if KOE_ABI == 1
#define NO_ENGINE "S(connecting_asr)" THEN "E(*)" THEN "S(failed)"
#else
#define NO_ENGINE OPENING("hold") THEN "E(*)" THEN "S(failed)"
#endif

#define CANCELLED OPENING("hold") THEN "S(cancelled)" THEN "S(idle)"

/* ---- calling --------------------------------------------------------------------------------- */

static uint8_t zeros[MIB];
/* More than the core buffers, so that it is dropped whole. All of it is there, for a library that
 * reads what it is given. */
static uint8_t too_large[9 * MIB];

static struct {
    uint8_t *bytes;
    size_t size;
} speech;

/* What one begin returned, beside the session. */
static int32_t begin_status;

static struct SPSessionContext context(enum SPSessionMode mode, struct session *session) {
    struct SPSessionContext context = {.mode = mode};
    pthread_mutex_lock(&book.lock);
    session->token = ++book.last_token;
    session->from = book.count;
    pthread_mutex_unlock(&book.lock);
#if KOE_ABI >= 3
    context.session_token = session->token;
#endif
    return context;
}

static struct session begin(enum SPSessionMode mode) {
    struct session session;
    begin_status = sp_core_session_begin(context(mode, &session));
    return session;
}

/* Like begin, for threads that race. */
static int32_t begin_only(void) {
    struct session session;
    return sp_core_session_begin(context(HOLD, &session));
}

static int32_t push(const uint8_t *bytes, size_t size) {
    int32_t worst = 0;
    for (size_t done = 0; done < size; done += FRAME_BYTES) {
        size_t length = size - done < FRAME_BYTES ? size - done : FRAME_BYTES;
        if (sp_core_push_audio(bytes + done, (uint32_t)length, done) != 0)
            worst = -1;
    }
    return worst;
}

static bool create(void) { return check_int(sp_core_create(NULL), 0, "create"); }

static bool destroy(const char *name) {
    double start = now();
    sp_core_destroy();
    double took = now() - start;
    return check(took <= DESTROY_LIMIT_S, name, "destroy took %.1f s", took);
}

/* A second of silence, with the callbacks that belong to it. */
static bool silent_session(const char *name) {
    struct session session = begin(HOLD);
    push(zeros, SECOND_BYTES);
    sp_core_session_end();
    return expect(session, "I", SILENCE("hold"), name);
}

/* ---- configuration --------------------------------------------------------------------------- */

static const char PLAIN_CONFIG[] = "llm:\n  enabled: false\n";
static const char NONSENSE_CONFIG[] = "asr:\n  provider: nonsense\nllm:\n  enabled: false\n";

static char folder[PATH_BYTES];

static const char *config_path(const char *suffix) {
    static char path[2][PATH_BYTES + 32];
    char *chosen = path[*suffix ? 1 : 0];
    snprintf(chosen, sizeof path[0], "%s/config.yaml%s", folder, suffix);
    return chosen;
}

static void write_config(const char *text) {
    FILE *file = fopen(config_path(""), "w");
    if (!file || fputs(text, file) == EOF || fclose(file) != 0) {
        perror(config_path(""));
        exit(2);
    }
}

static void set_config_aside(void) { rename(config_path(""), config_path(".aside")); }

static void put_config_back(void) {
    remove(config_path("")); /* Windows renames to no name that is taken */
    rename(config_path(".aside"), config_path(""));
}

static bool prepare_home(void) {
    if (!prepare_folder(folder))
        return false;
    if (access(config_path(""), F_OK) != 0)
        write_config(PLAIN_CONFIG);
    return true;
}

/* ---- scenarios: calls ------------------------------------------------------------------------ */

#if KOE_ABI == 1 && defined _WIN32 /* whose keys have names and codes of their own */
#define TRIGGER_NAME "left_ctrl"
static const struct SPHotkeyConfig usual_key = {0xA3, 0, 0}, trigger_key = {0xA2, 0, 0};
#elif KOE_ABI == 1
#define TRIGGER_NAME "left_option"
static const struct SPHotkeyConfig usual_key = {63, 179, 0x800000}, trigger_key = {58, 0, 0x80000};
#else
#define TRIGGER_NAME "left_option"
#endif

#if KOE_ABI == 1
static bool is_key(struct SPHotkeyConfig key, struct SPHotkeyConfig expected) {
    return key.key_code == expected.key_code && key.alt_key_code == expected.alt_key_code &&
           key.modifier_flag == expected.modifier_flag;
}
#endif

/* What every function answers before a core and after one. */
static void without_core(void) {
    uint8_t frame[2] = {0};
    check_int(sp_core_push_audio(NULL, 10, 0), -1, "push_null");
    check_int(sp_core_push_audio(frame, 0, 0), -1, "push_empty");
    check_int(sp_core_push_audio(frame, 2, 0), 0, "push");
    begin(HOLD);
    check_int(begin_status, -1, "begin");
    check_int(sp_core_session_end(), 0, "end");
#if KOE_ABI >= 2
    check_int(sp_core_session_cancel(), 0, "cancel");
#endif
#if KOE_ABI >= 3
    check_int(sp_core_accept_asr_result(), -1, "accept");
    check_int(sp_core_get_clipboard_config().restore_delay_ms, DEFAULT_CLIPBOARD_RESTORE_DELAY_MS,
              "clipboard");
    sp_core_free_string(NULL);
    check(true, "free_null", " ");
#endif

    struct SPFeedbackConfig sounds = sp_core_get_feedback_config();
    const bool sound = KOE_ABI == 1;
    check(sounds.start_sound == sound && sounds.stop_sound == sound && sounds.error_sound == sound,
          "feedback", "got %d %d %d, want all %d", sounds.start_sound, sounds.stop_sound,
          sounds.error_sound, sound);
    struct SPHotkeyConfig keys = sp_core_get_hotkey_config();
#if KOE_ABI == 1
    check(is_key(keys, usual_key), "hotkey", "got %d %d %#" PRIx64, keys.key_code,
          keys.alt_key_code, keys.modifier_flag);
#else
    check(keys.trigger_key_code == 63 && keys.trigger_alt_key_code == 179 &&
              keys.trigger_modifier_flag == 0x800000,
          "hotkey", "got %d %d %#" PRIx64, keys.trigger_key_code, keys.trigger_alt_key_code,
          keys.trigger_modifier_flag);
#endif
#if KOE_ABI == 2
    check(keys.cancel_key_code == 58 && keys.cancel_alt_key_code == 0 &&
              keys.cancel_modifier_flag == 0x20,
          "hotkey_cancel", "got %d %d %#" PRIx64, keys.cancel_key_code, keys.cancel_alt_key_code,
          keys.cancel_modifier_flag);
#elif KOE_ABI == 3
    check(!sounds.mute_system_output, "feedback_mute", "got true");
    check(keys.trigger_match_kind == 0 && keys.trigger_mode == 0, "hotkey_mode", "got %d %d",
          keys.trigger_match_kind, keys.trigger_mode);
#endif

    set_config_aside();
    check_int(sp_core_reload_config(), -1, "reload_missing");
    write_config("{{{{invalid yaml");
    check_int(sp_core_reload_config(), -1, "reload_invalid");
    write_config("feedback:\n  start_sound: true\n  stop_sound: false\n");
    check_int(sp_core_reload_config(), 0, "reload");
    sounds = sp_core_get_feedback_config();
    check(sounds.start_sound == sound && sounds.stop_sound == sound, "reload_keeps_nothing",
          "the getter answers from a configuration without a core");
    put_config_back();
    check(quiet(NULL) && book.count == 0, "no_callbacks", "a callback without a core");
}

static void no_core(void) {
    sp_core_register_callbacks(recorder);
    sp_core_destroy();
    without_core();
    if (!create())
        return;
    sp_core_destroy();
    sp_core_destroy();
    scenario = "no_core_again";
    without_core();
}

static void settings(void) {
    sp_core_register_callbacks(recorder);
    set_config_aside();
    write_config("feedback:\n  start_sound: true\n  stop_sound: false\n  error_sound: true\n"
                 "clipboard:\n  restore_delay_ms: 42\n"
                 "hotkey:\n  trigger_key: " TRIGGER_NAME "\n  trigger_mode: toggle\n"
                 "llm:\n  enabled: false\n");
    if (create()) {
        struct SPFeedbackConfig sounds = sp_core_get_feedback_config();
        check(sounds.start_sound && !sounds.stop_sound && sounds.error_sound, "feedback",
              "got %d %d %d, want 1 0 1", sounds.start_sound, sounds.stop_sound,
              sounds.error_sound);
        struct SPHotkeyConfig keys = sp_core_get_hotkey_config();
#if KOE_ABI == 1
        check(is_key(keys, trigger_key), "hotkey", "got %d %d %#" PRIx64, keys.key_code,
              keys.alt_key_code, keys.modifier_flag);
#else
        check(keys.trigger_key_code == 58 && keys.trigger_alt_key_code == 0 &&
                  keys.trigger_modifier_flag == 0x20,
              "hotkey", "got %d %d %#" PRIx64, keys.trigger_key_code, keys.trigger_alt_key_code,
              keys.trigger_modifier_flag);
#endif
#if KOE_ABI == 2
        check(keys.cancel_key_code == 61 && keys.cancel_modifier_flag == 0x40, "hotkey_cancel",
              "got %d %#" PRIx64 ", want right_option, the successor of the trigger",
              keys.cancel_key_code, keys.cancel_modifier_flag);
#elif KOE_ABI == 3
        check_int(sp_core_get_clipboard_config().restore_delay_ms, 42, "clipboard");
        check(keys.trigger_match_kind == 0 && keys.trigger_mode == 1, "hotkey_mode", "got %d %d",
              keys.trigger_match_kind, keys.trigger_mode);
#endif
        write_config(
            "feedback:\n  start_sound: false\n  stop_sound: true\nllm:\n  enabled: false\n");
        check(sp_core_get_feedback_config().start_sound, "cached", "a getter reads the file");
        begin(HOLD);
        sounds = sp_core_get_feedback_config();
        check(!sounds.start_sound && sounds.stop_sound, "begin_refreshes", "got %d %d, want 0 1",
              sounds.start_sound, sounds.stop_sound);
        write_config(
            "feedback:\n  start_sound: true\n  stop_sound: true\nllm:\n  enabled: false\n");
        check_int(sp_core_reload_config(), 0, "reload");
        check(sp_core_get_feedback_config().start_sound, "reload_refreshes", "the old value stays");
        write_config("{{{{invalid yaml");
        check_int(sp_core_reload_config(), -1, "reload_invalid");
        check(sp_core_get_feedback_config().start_sound, "reload_invalid_keeps",
              "the value changed");
        destroy("destroy");
    }
    put_config_back();
}

static void callbacks_survive(void) {
    sp_core_register_callbacks(recorder);
    if (!create())
        return;
    silent_session("registered_before_create");
    destroy("destroy");
    create();
    silent_session("after_destroy_and_create");

    sp_core_register_callbacks((struct SPCallbacks){0});
    struct session unheard = begin(HOLD);
    check_int(begin_status, 0, "begin_without_callbacks");
    push(zeros, SECOND_BYTES);
    sp_core_session_end();
    check(!wait_for(unheard, "R", 1, 1.0), "unregistered", "a callback that was unregistered");

    /* The unheard session may still be running, and would now be heard. */
    destroy("destroy_again");
    sp_core_register_callbacks(recorder);
    create();
    silent_session("registered_again");
    destroy("destroy_last");
}

static void bad_arguments(void) {
    sp_core_register_callbacks(recorder);
    check_int(sp_core_create("/no/such/path/\xff\xfe"), 0, "create_path_is_ignored");
    uint8_t frame[16] = {0};
    check_int(sp_core_push_audio(NULL, 10, 0), -1, "push_null");
    check_int(sp_core_push_audio(NULL, 0, 0), -1, "push_null_empty");
    check_int(sp_core_push_audio(frame, 0, 0), -1, "push_empty");
    check_int(sp_core_push_audio(frame, sizeof frame, 0), 0, "push_without_session");
#if KOE_ABI >= 3
    check_int(sp_core_accept_asr_result(), -1, "accept_without_session");
    sp_core_free_string(NULL);
#endif

    const struct {
        const char *id;
        int pid;
        int mode;
        const char *name;
    } odd[] = {
        {NULL, 0, HOLD, "id_null"},
        {"\xff\xfe caf\xe9", -1, HOLD, "id_not_utf8"},
        {"", INT32_MIN, HOLD, "id_empty"},
        {"com.example", 1, 7, "mode_7_is_hold"},
        {"com.example", 1, -1, "mode_minus_1_is_hold"},
    };
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        struct session session;
        struct SPSessionContext odd_context = context((enum SPSessionMode)odd[i].mode, &session);
        odd_context.frontmost_bundle_id = odd[i].id;
        odd_context.frontmost_pid = odd[i].pid;
        begin_status = sp_core_session_begin(odd_context);
        sp_core_push_audio(frame, sizeof frame, UINT64_MAX);
        sp_core_session_end();
        if (check_int(begin_status, 0, "begin"))
            expect(session, "I", SILENCE("hold"), odd[i].name);
    }

    struct session session = begin(HOLD);
    check_int(sp_core_push_audio(NULL, 10, 0), -1, "push_null_in_session");
    check_int(sp_core_push_audio(frame, 0, 0), -1, "push_empty_in_session");
    push(zeros, SECOND_BYTES);
    check_int(sp_core_session_end(), 0, "end");
    check_int(sp_core_session_end(), 0, "end_twice");
    expect(session, "I", SILENCE("hold"), "nothing_is_changed");
    destroy("destroy");
}

static void too_large_a_frame(void) {
    sp_core_register_callbacks(recorder);
    if (!create())
        return;
    check_int(sp_core_push_audio(too_large, sizeof too_large, 0), 0, "push_without_session");
    struct session session = begin(HOLD);
    check_int(sp_core_push_audio(too_large, sizeof too_large, 0), 0, "push");
    push(zeros, SECOND_BYTES);
    sp_core_session_end();
    expect(session, "IW", SILENCE("hold"), "drop_changes_nothing_else");
    check(wait_for(session, "W(*)", 1, 0), "drop_is_told", "no warning about a dropped frame");
    destroy("destroy");
}

static void audio_sizes(void) {
    sp_core_register_callbacks(recorder);
    if (!create())
        return;
    check_int(push(zeros, SECOND_BYTES), 0, "before_any_session");
    struct session session = begin(HOLD);
    static const uint32_t sizes[] = {1, 1, 1, 3, 6399, 6401, 9600, 65535, MIB, 1};
    int32_t worst = 0;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        if (sp_core_push_audio(zeros, sizes[i], 0) != 0)
            worst = -1;
    check_int(worst, 0, "every_size");
    sp_core_session_end();
    check_int(sp_core_push_audio(zeros, FRAME_BYTES, 0), 0, "after_end");
    expect(session, "I", SILENCE("hold"), "silence");
    check_int(sp_core_push_audio(zeros, FRAME_BYTES, 0), 0, "after_the_session");

    session = begin(HOLD);
    sp_core_session_end();
    expect(session, "I", SILENCE("hold"), "no_audio_at_all");
    destroy("destroy");
}

/* ---- scenarios: sessions --------------------------------------------------------------------- */

static void silence(void) {
    sp_core_register_callbacks(recorder);
    if (!create())
        return;
    silent_session("hold");
    struct session session = begin(TOGGLE);
    push(zeros, SECOND_BYTES);
    sp_core_session_end();
    expect(session, "I", SILENCE("toggle"), "toggle");
    check(quiet(NULL), "nothing_after", "a callback after the end");
    destroy("destroy");
}

static void speak(void) {
    sp_core_register_callbacks(recorder);
    if (!create())
        return;
    struct session session = begin(HOLD);
    check_int(push(speech.bytes, speech.size), 0, "push");
    sp_core_session_end();
    expect(session, "I", SPEECH, "sequence");
    char *text = argument_of(session, "F(*)");
    check(text && text[strspn(text, " \t\r\n")], "text", "no text");
    printf("text: %s\n", text ? text : "");
#if KOE_ABI >= 3
    char *recognised = argument_of(session, "A(*)"), *meta = argument_of(session, "M(*)");
    size_t length = recognised ? strlen(recognised) : 0;
    check(text && recognised && strcmp(text, recognised) == 0, "text_is_as_recognised",
          "F(%s), A(%s)", text ? text : "", recognised ? recognised : "");
    check(meta && recognised && strncmp(meta, recognised, length) == 0 && meta[length] == ',' &&
              strlen(meta) > strlen(",,false") + length && strstr(meta + length, ",false"),
          "meta", "got M(%s)", meta ? meta : "");
    free(recognised);
    free(meta);
    check_int(sp_core_accept_asr_result(), -1, "accept_after_the_end");
#endif
    free(text);
    destroy("destroy");
}

#if KOE_ABI >= 2
static void cancel(void) {
    sp_core_register_callbacks(recorder);
    if (!create())
        return;
    check_int(sp_core_session_cancel(), 0, "without_session");
    check(quiet(NULL), "without_session_is_quiet", "a callback");

    struct session session = begin(HOLD);
    check_int(sp_core_session_cancel(), 0, "at_once");
    expect(session, "", CANCELLED, "at_once_sequence");

    session = begin(HOLD);
    wait_for(session, "R", 1, ANSWER_S);
    push(zeros, SECOND_BYTES);
    check_int(sp_core_session_cancel(), 0, "recording");
    check_int(sp_core_session_cancel(), 0, "twice");
    check_int(sp_core_push_audio(zeros, FRAME_BYTES, 0), 0, "push_after_cancel");
    check_int(sp_core_session_end(), 0, "end_after_cancel");
#if KOE_ABI >= 3
    check_int(sp_core_accept_asr_result(), -1, "accept_after_cancel");
#endif
    expect(session, "I", CANCELLED, "recording_sequence");

    /* 32 s of sound: the engine cannot be through with it when the cancel comes. */
    session = begin(HOLD);
    wait_for(session, "R", 1, ANSWER_S);
    sp_core_push_audio(zeros, MIB, 0);
    sp_core_session_end();
    sp_core_session_cancel();
    bool ended = wait_for(session, ENDS, 1, ANSWER_S);
    char *got = story(session, "I");
    check(ended && (follows(session, "I", CANCELLED) ||
                    follows(session, "I",
                            OPENING("hold") THEN "S(finalizing_asr)" THEN "S(cancelled)" THEN
                                                 "S(idle)")),
          "after_end_sequence", "got [%s]", got);
    free(got);

    check_int(sp_core_session_cancel(), 0, "after_the_session");
    check(quiet(NULL), "after_the_session_is_quiet", "a callback");
    silent_session("next_session_is_untouched");
    destroy("destroy");
}
#endif

static void supersede(void) {
    sp_core_register_callbacks(recorder);
    if (!create())
        return;
    struct session old = begin(HOLD);
    wait_for(old, "R", 1, ANSWER_S);
    push(speech.bytes, speech.size);
    struct session new = begin(HOLD);
    check_int(begin_status, 0, "begin");
    push(speech.bytes, speech.size);
    sp_core_session_end();
#if KOE_ABI >= 3
    expect(old, "I", CANCELLED, "old_is_cancelled");
    expect(new, "I", SPEECH, "new_delivers");
#else
    (void)new; /* nothing tells its callbacks from those of the old one: count them */
    bool ended = wait_for(old, ENDS, 2, ANSWER_S) && quiet(NULL);
    char *got = story(old, "I");
    check(ended, "both_end", "got [%s]", got);
    static const char *const twice[] = {
#if KOE_ABI == 1
        "S(connecting_asr)",
#endif
        "S(recording_hold)",
        "R",
        "S(finalizing_asr)",
        "S(preparing_paste)",
        "F(*)",
        "S(completed)",
        "S(idle)"
    };
    for (size_t i = 0; i < sizeof twice / sizeof *twice; i++)
        check(wait_for(old, twice[i], 2, 0) && !wait_for(old, twice[i], 3, 0), twice[i],
              "not twice in [%s]", got);
    check(!wait_for(old, "F()", 1, 0), "texts", "an empty text in [%s]", got);
    free(got);
#endif
    destroy("destroy");
}

/* A gate in on_session_ready, so that a callback can keep the core's thread as long as it takes. */
static struct {
    pthread_mutex_t lock;
    pthread_cond_t opened;
    bool open;
    atomic_bool passed; /* a callback went through */
} gate = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false, false};

static void open_gate(bool open) {
    pthread_mutex_lock(&gate.lock);
    gate.open = open;
    pthread_cond_broadcast(&gate.opened);
    pthread_mutex_unlock(&gate.lock);
}

static void go_through_gate(void) {
    pthread_mutex_lock(&gate.lock);
    while (!gate.open)
        pthread_cond_wait(&gate.opened, &gate.lock);
    pthread_mutex_unlock(&gate.lock);
    atomic_store(&gate.passed, true);
}

static void ready_and_stuck(TOKEN_ONLY) {
    record(TOKEN, composed("R"));
    go_through_gate();
}

/* Dictate the speech so many times over, all of it pushed while the core's thread is stuck or not;
 * returns the text. */
static char *dictate_over(int times, bool stuck, const char *name) {
    open_gate(!stuck);
    struct session session = begin(HOLD);
    wait_for(session, "R", 1, ANSWER_S);
    int32_t worst = 0;
    for (int i = 0; i < times; i++)
        worst = push(speech.bytes, speech.size) != 0 ? -1 : worst;
    check_int(worst, 0, "push");
    open_gate(true);
    sp_core_session_end();
    expect(session, "I", SPEECH, name);
    return argument_of(session, "F(*)");
}

static void stuck(void) {
    struct SPCallbacks table = recorder;
    table.on_session_ready = ready_and_stuck;
    sp_core_register_callbacks(table);
    if (!create())
        return;
    const int times = (int)(30 * SECOND_BYTES / speech.size) + 1;
    char *at_once = dictate_over(times, false, "while_it_runs");
    char *later = dictate_over(times, true, "while_it_is_stuck");
    check(at_once && later && strcmp(at_once, later) == 0, "not_a_word_is_lost", "F(%s), F(%s)",
          at_once ? at_once : "", later ? later : "");
    free(at_once);
    free(later);

    /* More than the buffer holds: what does not fit is told, and the rest still heard. */
    open_gate(false);
    struct session session = begin(HOLD);
    wait_for(session, "R", 1, ANSWER_S);
    for (int i = 0; i < 9; i++)
        check_int(sp_core_push_audio(zeros, MIB, 0), 0, "push_too_much");
    open_gate(true);
    sp_core_session_end();
    wait_for(session, ENDS, 1, ANSWER_S);
    char *warning = argument_of(session, "W(*)");
    check(warning && strstr(warning, "seconds of speech were lost"), "loss_is_told", "W(%s)",
          warning ? warning : "");
    free(warning);
    silent_session("and_over");
    destroy("destroy");
}

#if KOE_ABI >= 3
#define LAST_WORDS "cancelled"
#else
#define LAST_WORDS "completed"
#endif

static void state_and_stuck(TOKEN_AND const char *state) {
    record(TOKEN, composed("S(%s)", checked(state, TOKEN)));
    if (strcmp(state, LAST_WORDS) == 0)
        go_through_gate();
}

/* A session is on its last words while all of the next one is spoken: its end must not touch
 * what waits for the other. */
static void winding_down(void) {
    struct SPCallbacks table = recorder;
    table.on_state_changed = state_and_stuck;
    sp_core_register_callbacks(table);
    if (!create())
        return;
    char *expected = dictate_over(1, false, "alone");
    open_gate(false);
    struct session old = begin(HOLD);
    wait_for(old, "R", 1, ANSWER_S);
    push(speech.bytes, speech.size);
    struct session new = begin(HOLD);
    wait_for(old, "S(" LAST_WORDS ")", 1, ANSWER_S);
    push(speech.bytes, speech.size);
    open_gate(true);
#if KOE_ABI >= 2
    check(wait_for(new, "I(*)", 1, ANSWER_S), "it_is_heard", "no text while it is spoken");
#endif
    sp_core_session_end();
#if KOE_ABI >= 3
    wait_for(new, ENDS, 1, ANSWER_S);
#else
    wait_for(old, ENDS, 2, ANSWER_S);
#endif
    char *text = argument_of(new, "F(*)");
    check(text && expected && strcmp(text, expected) == 0, "nothing_is_taken", "F(%s), not F(%s)",
          text ? text : "", expected ? expected : "");
    free(expected);
    free(text);
    destroy("destroy");
}

#ifndef _WIN32 /* which has no signal for it */
/* Memory that is not there before it is asked for: who copies from it stops in the midst. */
enum { PAGE_BYTES = 1 << 16 }; /* a page or several, wherever this runs */
static _Alignas(PAGE_BYTES) uint8_t page[PAGE_BYTES];
static atomic_bool page_touched, page_wanted;

static void bring_page(int number) {
    (void)number;
    atomic_store(&page_touched, true);
    while (!atomic_load(&page_wanted))
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    mprotect(page, sizeof page, PROT_READ);
}

static void *push_page(void *unused) {
    sp_core_push_audio(page, sizeof page, 0);
    return unused;
}

static void *end_session(void *unused) {
    sp_core_session_end();
    return unused;
}

/* One thread is in the midst of a push while another one pushes, and then ends the session. */
static void half_pushed(void) {
    if (mprotect(page, sizeof page, PROT_NONE) != 0)
        abort();
    struct sigaction stop = {.sa_handler = bring_page};
    sigemptyset(&stop.sa_mask);
    sigaction(SIGSEGV, &stop, NULL);
    sigaction(SIGBUS, &stop, NULL);
    sp_core_register_callbacks(recorder);
    if (!create())
        return;
    struct session session = begin(HOLD);
    push(zeros, sizeof page);
    push(speech.bytes, speech.size);
    sp_core_session_end();
    expect(session, "I", SPEECH, "one_thread");
    char *expected = argument_of(session, "F(*)");

    pthread_t pushing, ending;
    session = begin(HOLD);
    wait_for(session, "R", 1, ANSWER_S);
    if (pthread_create(&pushing, NULL, push_page, NULL) != 0)
        abort();
    while (!atomic_load(&page_touched))
        pause_briefly();
    push(speech.bytes, speech.size);
    if (pthread_create(&ending, NULL, end_session, NULL) != 0)
        abort();
    check(!wait_for(session, "S(finalizing_asr)", 1, QUIET_S), "the_end_waits", "it does not");
    atomic_store(&page_wanted, true);
    pthread_join(pushing, NULL);
    pthread_join(ending, NULL);
    expect(session, "I", SPEECH, "two_threads");
    char *text = argument_of(session, "F(*)");
    check(text && expected && strcmp(text, expected) == 0, "not_a_word_is_lost", "F(%s), not F(%s)",
          text ? text : "", expected ? expected : "");
    free(expected);
    free(text);
    destroy("destroy");
}

#endif

static void unknown_provider(void) {
    sp_core_register_callbacks(recorder);
    set_config_aside();
    write_config(NONSENSE_CONFIG);
    if (create()) {
        struct session session = begin(HOLD);
        check_int(begin_status, 0, "begin_succeeds");
        expect(session, "", NO_ENGINE, "sequence");
        char *message = argument_of(session, "E(*)");
        check(message && strstr(message, "nonsense"), "message_names_it", "E(%s)",
              message ? message : "");
        free(message);
        check_int(push(zeros, SECOND_BYTES), 0, "push_after_failure");
        check_int(sp_core_session_end(), 0, "end_after_failure");
        check(quiet(NULL), "nothing_after", "a callback after the failure");
        destroy("destroy");
    }
    put_config_back();
}

/* ---- scenarios: destroy and re-entry --------------------------------------------------------- */

/* That a destroyed session says at most that it was cancelled, and that the core is gone. */
static void expect_destroyed(struct session session, const char *name) {
    bool still = quiet(NULL);
    begin(HOLD);
    char *got = story(session, "I");
    check(still && begin_status == -1 && !strstr(got, "F(") && !strstr(got, "E(") &&
              (!strstr(got, "S(idle)") || strstr(got, "S(cancelled)")),
          name, "%s, begin returned %d, got [%s]", still ? "quiet" : "a callback after destroy",
          (int)begin_status, got);
    free(got);
}

static void destroy_in_session(void) {
    sp_core_register_callbacks(recorder);
    create();
    struct session session = begin(HOLD);
    destroy("at_once");
    expect_destroyed(session, "at_once_is_quiet");

    create();
    session = begin(HOLD);
    wait_for(session, "R", 1, ANSWER_S);
    push(zeros, SECOND_BYTES);
    destroy("recording");
    expect_destroyed(session, "recording_is_quiet");

    create();
    session = begin(HOLD);
    wait_for(session, "R", 1, ANSWER_S);
    sp_core_push_audio(zeros, MIB, 0);
    sp_core_session_end();
    wait_for(session, "S(finalizing_asr)", 1, ANSWER_S);
    destroy("finalizing");
    check(quiet(NULL), "finalizing_is_quiet", "a callback after destroy");

    create();
    begin(HOLD);
    push(zeros, SECOND_BYTES);
    check_int(sp_core_create(NULL), 0, "create_over_a_session");
    silent_session("works_afterwards");
    destroy("destroy");
}

static void *destroy_on_thread(void *unused) {
    sp_core_destroy();
    return unused;
}

static void *open_later(void *unused) {
    pause_briefly();
    open_gate(true);
    return unused;
}

/* What holds when a destroy has returned also holds for one that came second. */
static void destroy_twice(void) {
    struct SPCallbacks table = recorder;
    table.on_session_ready = ready_and_stuck;
    sp_core_register_callbacks(table);
    if (!create())
        return;
    open_gate(false);
    struct session session = begin(HOLD);
    wait_for(session, "R", 1, ANSWER_S);
    pthread_t destroying, opening;
    if (pthread_create(&destroying, NULL, destroy_on_thread, NULL) != 0)
        abort();
    while (begin_only() != -1)
        pause_briefly();
    if (pthread_create(&opening, NULL, open_later, NULL) != 0)
        abort();
    destroy("destroy");
    check(atomic_load(&gate.passed), "the_second_waits", "a callback is still running");
    pthread_join(destroying, NULL);
    pthread_join(opening, NULL);
    create();
    silent_session("works_afterwards");
    destroy("destroy_last");
}

#ifdef __GLIBC__
/* The library finds this function before that of the C library. */
static _Atomic time_t clock_is_off_by;

int clock_gettime(clockid_t clock, struct timespec *time) {
    int status = (int)syscall(SYS_clock_gettime, clock, time);
    if (clock == CLOCK_REALTIME)
        time->tv_sec += atomic_load(&clock_is_off_by);
    return status;
}

/* Somebody sets the clock back while a core is destroyed. */
static void clock_set(void) {
    struct SPCallbacks table = recorder;
    table.on_session_ready = ready_and_stuck;
    sp_core_register_callbacks(table);
    if (!create())
        return;
    open_gate(false);
    struct session session = begin(HOLD);
    wait_for(session, "R", 1, ANSWER_S);
    pthread_t opening;
    if (pthread_create(&opening, NULL, open_later, NULL) != 0)
        abort();
    atomic_store(&clock_is_off_by, -3600);
    destroy("destroy");
    atomic_store(&clock_is_off_by, 0);
    check(atomic_load(&gate.passed), "it_waits", "a callback is still running");
    pthread_join(opening, NULL);
}

/* Have no thread be started, for want of memory for its stack, or have it be again. */
static void allow_threads(bool allow) {
    static size_t usual;
    pthread_attr_t defaults;
    if (pthread_getattr_default_np(&defaults) != 0)
        abort();
    if (!allow)
        pthread_attr_getstacksize(&defaults, &usual);
    pthread_attr_setstacksize(&defaults, allow ? usual : (size_t)1 << 48);
    if (pthread_setattr_default_np(&defaults) != 0)
        abort();
    pthread_attr_destroy(&defaults);
}

/* The process can't start a thread just when a core is created or destroyed. */
static void without_threads(void) {
    sp_core_register_callbacks(recorder);
    set_config_aside();
    write_config("feedback:\n  start_sound: true\nllm:\n  enabled: false\n");
    if (!create())
        return;
    write_config("feedback:\n  start_sound: false\nllm:\n  enabled: false\n");
    allow_threads(false);
    check_int(sp_core_create(NULL), -1, "create_fails");
    allow_threads(true);
    check(sp_core_get_feedback_config().start_sound, "settings_stay",
          "they are those of a core that was not created");
    put_config_back();
    silent_session("the_core_stays");

    struct session session = begin(HOLD);
    wait_for(session, "R", 1, ANSWER_S);
    push(speech.bytes, speech.size);
#if KOE_ABI >= 2
    wait_for(session, "I(*)", 1, ANSWER_S); /* the engine is at work */
#endif
    allow_threads(false);
    destroy("destroy");
    allow_threads(true);
    expect_destroyed(session, "quiet");
    create();
    silent_session("the_engine_is_free"); /* it hears one session at a time */
    destroy("destroy_last");
}
#endif

static void arm(char kind, void (*hook)(void)) {
    pthread_mutex_lock(&book.lock);
    book.armed = kind;
    book.hook = hook;
    book.hook_done = false;
    pthread_mutex_unlock(&book.lock);
}

static bool hook_ran(double seconds) {
    struct timespec until = deadline(seconds);
    pthread_mutex_lock(&book.lock);
    int status = 0;
    while (!book.hook_done && status != ETIMEDOUT)
        status = pthread_cond_timedwait(&book.changed, &book.lock, &until);
    bool done = book.hook_done;
    book.armed = 0;
    pthread_mutex_unlock(&book.lock);
    return done;
}

/* The kinds of callback that can be brought about, those that need speech only where there is. */
static const char *kinds(void) {
    if (!speech.bytes)
        return "SREW";
    return KOE_ABI == 1 ? "SREWF" : KOE_ABI == 2 ? "SREWIF" : "SREWIAMF";
}

/* Runs a session that makes a callback of that kind, inside which the hook is called. */
static void provoke(char kind) {
    if (kind == 'E') {
        set_config_aside();
        write_config(NONSENSE_CONFIG);
    }
    begin(HOLD);
    if (kind == 'W')
        sp_core_push_audio(too_large, sizeof too_large, 0); /* it is dropped, and reported */
    if (strchr("IAMF", kind))
        push(speech.bytes, speech.size);
    else
        push(zeros, SECOND_BYTES);
    sp_core_session_end();
}

static void inside_every_callback(void (*hook)(void)) {
    sp_core_register_callbacks(recorder);
    const char *all = scenario;
    for (const char *kind = kinds(); *kind; kind++) {
        char name[64];
        snprintf(name, sizeof name, "%s_%c", all, *kind);
        scenario = name;
        sp_core_create(NULL);
        arm(*kind, hook);
        provoke(*kind);
        check(hook_ran(ANSWER_S), "callback_returns", "no %c callback came, or it hangs", *kind);
        if (*kind == 'E')
            put_config_back();
        check_int(sp_core_create(NULL), 0, "create_afterwards");
        silent_session("works_afterwards");
        destroy("destroy_afterwards");
        scenario = all;
    }
}

static void hook_destroy(void) {
    destroy("inside");
    check_int(begin_only(), -1, "core_is_gone");
}

static void destroy_in_callback(void) { inside_every_callback(hook_destroy); }

static void get_everything(void) {
    (void)sp_core_get_feedback_config();
    (void)sp_core_get_hotkey_config();
#if KOE_ABI >= 3
    (void)sp_core_get_clipboard_config();
    sp_core_free_string(NULL);
#endif
}

static int32_t cancel_or_end(void) {
#if KOE_ABI >= 2
    return sp_core_session_cancel();
#else
    return sp_core_session_end();
#endif
}

static void hook_everything(void) {
    get_everything();
    sp_core_register_callbacks(recorder);
    check_int(sp_core_reload_config(), 0, "reload");
    check_int(sp_core_push_audio(NULL, 1, 0), -1, "push_null");
    check_int(sp_core_push_audio(zeros, FRAME_BYTES, 0), 0, "push");
#if KOE_ABI >= 3
    int32_t accepted = sp_core_accept_asr_result();
    check(accepted == 0 || accepted == -1, "accept", "got %d", (int)accepted);
#endif
    check_int(sp_core_session_end(), 0, "end");
    check_int(cancel_or_end(), 0, "cancel");
    check_int(begin_only(), 0, "begin");
    check_int(sp_core_push_audio(zeros, FRAME_BYTES, 0), 0, "push_again");
    check_int(cancel_or_end(), 0, "cancel_again");
    check_int(begin_only(), 0, "begin_again");
    check_int(sp_core_create(NULL), 0, "create_over_core");
    check_int(begin_only(), 0, "begin_in_new_core");
    destroy("destroy");
    check_int(begin_only(), -1, "core_is_gone");
    get_everything();
    check_int(sp_core_create(NULL), 0, "create");
}

static void reenter(void) { inside_every_callback(hook_everything); }

/* ---- scenarios: load ------------------------------------------------------------------------- */

static atomic_bool stop;
static atomic_int wrong_answers;

static void answered(int32_t got, int32_t want) {
    if (got != want)
        atomic_fetch_add(&wrong_answers, 1);
}

/* Those that begin sessions pause: a person does not start a thousand dictations a second, and in
 * generations 1 and 2 each of them runs to its end. */
static void *hammer(void *argument) {
    const int role = *(const int *)argument;
    while (!atomic_load(&stop)) {
        switch (role) {
        case 0:
            answered(begin_only(), 0);
            answered(push(zeros, SECOND_BYTES), 0);
            answered(sp_core_session_end(), 0);
            pause_briefly();
            break;
        case 1:
            answered(begin_only(), 0);
            answered(sp_core_push_audio(zeros, FRAME_BYTES, 0), 0);
            answered(cancel_or_end(), 0);
            pause_briefly();
            break;
        case 2:
            answered(sp_core_push_audio(zeros, FRAME_BYTES, 0), 0);
            break;
        case 3:
            answered(sp_core_push_audio(zeros, 1, 0), 0);
            break;
        case 4:
            answered(sp_core_session_end(), 0);
#if KOE_ABI >= 3
            (void)sp_core_accept_asr_result();
#endif
            break;
        case 5:
            answered(sp_core_reload_config(), 0);
            break;
        case 6:
            get_everything();
            break;
        default:
            sp_core_register_callbacks(recorder);
            break;
        }
    }
    return NULL;
}

static void threads(void) {
    sp_core_register_callbacks(recorder);
    if (!create())
        return;
    pthread_t running[THREADS];
    static int roles[THREADS];
    for (int i = 0; i < THREADS; i++) {
        roles[i] = i;
        if (pthread_create(&running[i], NULL, hammer, &roles[i]) != 0)
            abort();
    }
    nanosleep(&(struct timespec){.tv_sec = 2}, NULL);
    atomic_store(&stop, true);
    for (int i = 0; i < THREADS; i++)
        pthread_join(running[i], NULL);
    check_int(atomic_load(&wrong_answers), 0, "every_answer_is_right");
    destroy("destroy");
    pthread_mutex_lock(&book.lock);
    printf("# %zu callbacks of %" PRIu64 " sessions\n", book.count, book.last_token);
    pthread_mutex_unlock(&book.lock);
    create();
    silent_session("works_afterwards");
    destroy("destroy_last");
}

static atomic_int at_start;

/* Both threads go on together. */
static void wait_at_start(void) {
    atomic_fetch_add(&at_start, 1);
    while (atomic_load(&at_start) % 2 != 0)
        sched_yield();
}

static void *begin_at_once(void *session) {
    struct SPSessionContext mine = context(HOLD, session);
    wait_at_start();
    sp_core_session_begin(mine);
    return NULL;
}

#if KOE_ABI >= 3
static void *cancel_at_once(void *unused) {
    wait_at_start();
    sp_core_session_cancel();
    return unused;
}
#endif

static void at_once(void *(*one)(void *), void *ones, void *(*other)(void *), void *others) {
    pthread_t running[2];
    if (pthread_create(&running[0], NULL, one, ones) != 0 ||
        pthread_create(&running[1], NULL, other, others) != 0)
        abort();
    pthread_join(running[0], NULL);
    pthread_join(running[1], NULL);
}

/* Two threads begin, or one begins and one cancels. The session that is left gets what is pushed
 * then: a frame that is too large, which costs no time and is told. */
static void crossing(void) {
    enum { ROUNDS = 40 };
    sp_core_register_callbacks(recorder);
    if (!create())
        return;
    int deaf = 0, endless = 0;
    for (int i = 0; i < ROUNDS; i++) {
        struct session one, other;
        size_t before = book.count;
        at_once(begin_at_once, &one, begin_at_once, &other);
        sp_core_push_audio(too_large, sizeof too_large, 0);
        sp_core_session_end();
        one.from = other.from = before; /* without tokens each counts for both */
        endless += !wait_for(one, ENDS, KOE_ABI >= 3 ? 1 : 2, ANSWER_S) ||
                   !wait_for(other, ENDS, 1, ANSWER_S);
        deaf += !wait_for(one, "W(*)", 1, 0) && !wait_for(other, "W(*)", 1, 0);
    }
    check_int(deaf, 0, "one_of_two_hears");
#if KOE_ABI >= 3
    deaf = 0;
    for (int i = 0; i < ROUNDS; i++) {
        struct session session;
        begin(HOLD);
        at_once(begin_at_once, &session, cancel_at_once, NULL);
        sp_core_push_audio(too_large, sizeof too_large, 0);
        sp_core_session_end();
        endless += !wait_for(session, ENDS, 1, ANSWER_S);
        deaf += !wait_for(session, "W(*)", 1, 0) && !wait_for(session, "S(cancelled)", 1, 0);
    }
    check_int(deaf, 0, "it_hears_unless_cancelled");
#endif
    check_int(endless, 0, "every_session_ends");
    destroy("destroy");
}

/* How many entries a folder has that tells of this process; 0 where there is no such folder. */
static int entries_in(const char *path) {
#ifdef _WIN32
    (void)path; /* Wine has such folders, and they tell of more than this process */
    return 0;
#else
    DIR *directory = opendir(path);
    int count = 0;
    if (!directory)
        return 0;
    while (readdir(directory))
        count++;
    closedir(directory);
    return count;
#endif
}

static void cycle(void) {
    enum { ROUNDS = 100, WARM = 20, SLACK = 4 };
    sp_core_register_callbacks(recorder);
    int refused = 0, threads_before = 0, files_before = 0;
    double slowest = 0;
    for (int i = 0; i < ROUNDS; i++) {
        if (sp_core_create(NULL) != 0)
            refused++;
        if (i % 10 == 0) {
            begin(HOLD);
            push(zeros, SECOND_BYTES);
        }
        double start = now();
        sp_core_destroy();
        if (now() - start > slowest)
            slowest = now() - start;
        if (i == WARM) {
            threads_before = entries_in("/proc/self/task");
            files_before = entries_in("/proc/self/fd");
        }
    }
    check_int(refused, 0, "create");
    check(slowest <= DESTROY_LIMIT_S, "destroy", "the slowest took %.1f s", slowest);
    int threads_after = entries_in("/proc/self/task"), files_after = entries_in("/proc/self/fd");
    check(threads_after <= threads_before + SLACK, "no_thread_stays", "%d threads, then %d",
          threads_before, threads_after);
    check(files_after <= files_before + SLACK, "no_file_stays_open", "%d files, then %d",
          files_before, files_after);
    create();
    silent_session("works_afterwards");
    destroy("destroy_last");
}

/* ---- scenarios: the process ------------------------------------------------------------------ */

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

static void signals(void) {
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

/* ---- main ------------------------------------------------------------------------------------ */

static const struct {
    const char *name;
    void (*run)(void);
    enum { NO_FILE, MAY_HAVE_FILE, NEEDS_FILE } file;
} scenarios[] = {
    {"no_core", no_core, NO_FILE},
    {"settings", settings, NO_FILE},
    {"callbacks_survive", callbacks_survive, NO_FILE},
    {"bad_arguments", bad_arguments, NO_FILE},
    {"too_large", too_large_a_frame, NO_FILE},
    {"audio_sizes", audio_sizes, NO_FILE},
    {"silence", silence, NO_FILE},
    {"speech", speak, NEEDS_FILE},
#if KOE_ABI >= 2
    {"cancel", cancel, NO_FILE},
#endif
    {"supersede", supersede, NEEDS_FILE},
    {"stuck", stuck, NEEDS_FILE},
    {"winding_down", winding_down, NEEDS_FILE},
#ifndef _WIN32
    {"half_pushed", half_pushed, NEEDS_FILE},
#endif
    {"unknown_provider", unknown_provider, NO_FILE},
    {"destroy_in_session", destroy_in_session, NO_FILE},
    {"destroy_twice", destroy_twice, NO_FILE},
#ifdef __GLIBC__
    {"clock_set", clock_set, NO_FILE},
    {"without_threads", without_threads, NEEDS_FILE},
#endif
    {"destroy_in_callback", destroy_in_callback, MAY_HAVE_FILE},
    {"reenter", reenter, MAY_HAVE_FILE},
    {"crossing", crossing, NO_FILE},
    {"threads", threads, NO_FILE},
    {"cycle", cycle, NO_FILE},
#ifndef _WIN32
    {"signals", signals, NO_FILE},
#endif
};

static bool load_speech(const char *path) {
    FILE *file = fopen(path, "rb");
    if (!file) {
        perror(path);
        return false;
    }
    speech.bytes = malloc(8 * (size_t)MIB); /* no more than the core buffers */
    if (!speech.bytes)
        abort();
    speech.size = fread(speech.bytes, 1, 8 * (size_t)MIB, file);
    fclose(file);
    return speech.size > 0;
}

static void *watchdog(void *unused) {
    (void)unused;
    nanosleep(&(struct timespec){.tv_sec = WATCHDOG_S}, NULL);
    printf("not ok %s: hung, no end after %d s\n", scenario, WATCHDOG_S);
    fflush(stdout);
    _exit(1);
}

int main(int argc, char **argv) {
    const size_t count = sizeof scenarios / sizeof *scenarios;
    if (argc == 2 && strcmp(argv[1], "list") == 0) {
        static const char *const arguments[] = {"", " [FILE.raw]", " FILE.raw"};
        for (size_t i = 0; i < count; i++)
            printf("%s%s\n", scenarios[i].name, arguments[scenarios[i].file]);
        return 0;
    }
    for (size_t i = 0; argc >= 2 && i < count; i++) {
        if (strcmp(argv[1], scenarios[i].name) != 0)
            continue;
        if (argc > (scenarios[i].file == NO_FILE ? 2 : 3))
            break;
        if (argc < 3 && scenarios[i].file == NEEDS_FILE)
            break;
        if (!prepare_home() || (argc == 3 && !load_speech(argv[2])))
            return 2;
        scenario = scenarios[i].name;
        pthread_t unused;
        if (pthread_create(&unused, NULL, watchdog, NULL) != 0)
            abort();
        scenarios[i].run();
        scenario = scenarios[i].name;
        pthread_mutex_lock(&book.lock);
        check(!book.broken[0], "callback_contract", "%s", book.broken);
        pthread_mutex_unlock(&book.lock);
        printf("1..%d\n", atomic_load(&checks));
        return atomic_load(&failures) ? 1 : 0;
    }
    fprintf(stderr, "usage: scenarios list | scenarios NAME [FILE.raw]\n");
    return 2;
}

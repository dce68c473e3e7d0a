/*
 * Checks, and the log of callbacks: what is called is written down with its session, and each
 * callback is held against what is true of all.
 */
#include "driver.h"

const char *scenario = "";
atomic_int checks, failures;

/* ---- checks ---------------------------------------------------------------------------------- */

bool check(bool good, const char *name, const char *why, ...) {
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

bool check_int(int64_t got, int64_t want, const char *name) {
    return check(got == want, name, "got %" PRId64 ", want %" PRId64, got, want);
}

double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Condition variables count in CLOCK_REALTIME by default, and macOS knows no other way. */
struct timespec deadline(double seconds) {
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    int64_t nanoseconds = (int64_t)t.tv_nsec + (int64_t)(seconds * 1e9);
    t.tv_sec += (time_t)(nanoseconds / 1000000000);
    t.tv_nsec = (long)(nanoseconds % 1000000000);
    return t;
}

/* ---- the log of callbacks -------------------------------------------------------------------- */

struct book book = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

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

const char *checked(const char *text, uint64_t token) {
    if (text && valid_utf8(text))
        return text;
    pthread_mutex_lock(&book.lock);
    breach(text ? "a string is not UTF-8" : "a string is NULL", token);
    pthread_mutex_unlock(&book.lock);
    return "";
}

static void enter_callback(uint64_t token) {
    /* Without tokens the sessions cannot be distinguished, and two of them may overlap. */
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
void record(uint64_t token, char *text) {
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

char *composed(const char *format, ...) {
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

const struct SPCallbacks recorder = {
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

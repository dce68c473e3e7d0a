/*
 * Correction by a language model, driven through koe_core.h and nothing else, in each generation.
 *
 *     correction list                 the scenarios, one a line
 *     correction NAME SPEECH URL      runs one
 *
 * SPEECH: three seconds or so of speech that is recognised as several words, raw, 16 kHz mono s16le.
 * URL: the base_url of a service that speaks OpenAI's chat protocol, with the key that KEY says and
 * with these models, which its operator can make of any: koe-echo answers the last line of the prompt
 * with "!!" added, koe-refuse with status 500, koe-blank with white space, koe-fragment with
 * the first two characters of that line, and koe-never does not answer.
 *
 * Prints TAP: "ok N - NAME" or "not ok N - NAME" per check, diagnostics after "#", and the plan at the
 * end. Exit status: 0 everything ok, 1 something not, 2 usage. HOME, on Windows APPDATA, must be a
 * scratch directory. The engine is that of the config.yaml in its folder .koe, or koe, which may say
 * nothing under "llm"; without one, the library's default engine. Meanwhile that file is called
 * config.yaml.aside, and at the end it is there again as it was. One process, one scenario.
 */
#define _POSIX_C_SOURCE 200809L
#include <inttypes.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "koe_core.h"
#include "scratch.h"

#define KEY "sk-koe-0123456789abcdef"

enum {
    FRAME_BYTES = 6400,
    MOST_SPEECH_BYTES = 1 << 20,
    MOST_ENTRIES = 256,
    MOST_TEXT = 1024,
    ANSWER_S = 140,  /* for a session to end; the first one loads a model */
    WATCHDOG_S = 300 /* a scenario that takes longer hangs */
};

/* The contract says 2 s; the rest is for a busy machine to schedule us. */
static const double DESTROY_LIMIT_S = 2.5;
/* Long enough for a callback that must not come to come. */
static const double QUIET_S = 0.2;
/* llm.timeout_ms where it is to expire, where it may in the end, and where it must not. */
static const int SHORT_LIMIT_MS = 500;
static const int MIDDLE_LIMIT_MS = 8000;
static const int LONG_LIMIT_MS = 20000;

/* ---- TAP ------------------------------------------------------------------------------------- */

static int checks, failures;

__attribute__((format(printf, 3, 4))) static bool check(bool good, const char *name,
                                                        const char *why, ...) {
    printf("%sok %d - %s\n", good ? "" : "not ", ++checks, name);
    if (!good) {
        failures++;
        va_list arguments;
        va_start(arguments, why);
        printf("# ");
        vprintf(why, arguments);
        printf("\n");
        va_end(arguments);
    }
    fflush(stdout);
    return good;
}

/* ---- what the core reports ------------------------------------------------------------------- */

/* S(state) R E(message) W(message) F(text) A(text) M(text,engine,bool); interim texts are left out. */
static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct {
        uint64_t token; /* 0 where the generation has none */
        char text[MOST_TEXT];
    } entries[MOST_ENTRIES];
    size_t count;
} reported = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

__attribute__((format(printf, 2, 3))) static void note(uint64_t token, const char *format, ...) {
    pthread_mutex_lock(&reported.lock);
    if (reported.count == MOST_ENTRIES)
        abort();
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(reported.entries[reported.count].text, MOST_TEXT, format, arguments);
    va_end(arguments);
    reported.entries[reported.count++].token = token;
    pthread_cond_broadcast(&reported.changed);
    pthread_mutex_unlock(&reported.lock);
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

static void heard_ready(TOKEN_ONLY) { note(TOKEN, "R"); }
static void heard_state(TOKEN_AND const char *state) { note(TOKEN, "S(%s)", state); }
static void heard_error(TOKEN_AND const char *message) { note(TOKEN, "E(%s)", message); }
static void heard_warning(TOKEN_AND const char *message) { note(TOKEN, "W(%s)", message); }
static void heard_final(TOKEN_AND const char *text) { note(TOKEN, "F(%s)", text); }
#if KOE_ABI >= 3
static void heard_text(uint64_t token, const char *text) { note(token, "A(%s)", text); }
static void heard_meta(uint64_t token, const char *text, const char *engine, bool corrected) {
    note(token, "M(%s,%s,%s)", text, engine, corrected ? "true" : "false");
}
#endif

static const struct SPCallbacks callbacks = {
    .on_session_ready = heard_ready,
    .on_session_error = heard_error,
    .on_session_warning = heard_warning,
    .on_final_text_ready = heard_final,
    .on_state_changed = heard_state,
#if KOE_ABI >= 3
    .on_asr_final_text = heard_text,
    .on_session_result_meta = heard_meta,
#endif
};

/* A session's number, which is its token where there are tokens; sessions without one are distinguished
 * by when they began. */
struct session {
    uint64_t token;
    size_t from;
};

/* With the lock held. */
static bool belongs(size_t entry, struct session session) {
    return entry >= session.from && reported.entries[entry].token == session.token;
}

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Condition variables count in CLOCK_REALTIME by default, and macOS knows no other way. */
static struct timespec in(double seconds) {
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    int64_t nanoseconds = (int64_t)t.tv_nsec + (int64_t)(seconds * 1e9);
    t.tv_sec += (time_t)(nanoseconds / 1000000000);
    t.tv_nsec = (long)(nanoseconds % 1000000000);
    return t;
}

/* Waits until the session has reported so many texts that begin like this, or has failed, as none may:
 * then nothing more comes. */
static void wait_for(struct session session, const char *beginning, int times) {
    struct timespec until = in(ANSWER_S);
    bool over = false;
    pthread_mutex_lock(&reported.lock);
    for (int status = 0; !over && status != ETIMEDOUT;) {
        int seen = 0;
        for (size_t i = session.from; i < reported.count; i++) {
            const char *text = reported.entries[i].text;
            if (!belongs(i, session))
                continue;
            seen += strncmp(text, beginning, strlen(beginning)) == 0;
            over = over || strcmp(text, "S(failed)") == 0;
        }
        over = over || seen >= times;
        if (!over)
            status = pthread_cond_timedwait(&reported.changed, &reported.lock, &until);
    }
    pthread_mutex_unlock(&reported.lock);
}

/* Whether nothing more is reported for a while. */
static bool quiet(void) {
    struct timespec until = in(QUIET_S);
    pthread_mutex_lock(&reported.lock);
    size_t before = reported.count;
    while (reported.count == before &&
           pthread_cond_timedwait(&reported.changed, &reported.lock, &until) != ETIMEDOUT) {
    }
    bool still = reported.count == before;
    pthread_mutex_unlock(&reported.lock);
    return still;
}

/* What was recognised, out of the notice that always has it; the caller frees it. */
static char *heard_in(struct session session) {
    const char *kind = KOE_ABI >= 3 ? "A(" : "F(";
    char *heard = NULL;
    pthread_mutex_lock(&reported.lock);
    for (size_t i = session.from; i < reported.count && !heard; i++)
        if (belongs(i, session) && strncmp(reported.entries[i].text, kind, 2) == 0)
            heard = strdup(reported.entries[i].text + 2);
    pthread_mutex_unlock(&reported.lock);
    if (!heard)
        return strdup("");
    char *added = strstr(heard, "!!");
    *(added ? added : heard + strlen(heard) - 1) = '\0'; /* the last character is a parenthesis */
    return heard;
}

/* Add text to a story, whose buffer has room for it. */
__attribute__((format(printf, 2, 3))) static void add(char *story, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vsprintf(story + strlen(story), format, arguments);
    va_end(arguments);
}

/* What a session reported from S(correcting) on, with THEN between. What was heard is %, the engine's name
 * in M is @, and a warning that begins as the contract says is W. The caller frees it. */
#define THEN " | "
static char *story_of(struct session session) {
    static const char warning[] = "W(LLM correction failed: ";
    char *heard = heard_in(session), *story = calloc(MOST_ENTRIES, MOST_TEXT + sizeof THEN);
    bool begun = false;
    if (!story)
        abort();
    pthread_mutex_lock(&reported.lock);
    for (size_t i = session.from; i < reported.count; i++) {
        const char *text = reported.entries[i].text;
        if (!belongs(i, session))
            continue;
        if (begun)
            add(story, THEN);
        begun = begun || strcmp(text, "S(correcting)") == 0;
        if (!begun)
            continue;
        const char *place = *heard ? strstr(text, heard) : NULL;
        const char *rest = place ? place + strlen(heard) : NULL, *engine_ends = strrchr(text, ',');
        if (strncmp(text, warning, sizeof warning - 1) == 0)
            add(story, "W");
        else if (place && text[0] == 'M' && rest[0] == ',' && engine_ends > rest + 1)
            add(story, "%.*s%%,@%s", (int)(place - text), text, engine_ends);
        else if (place)
            add(story, "%.*s%%%s", (int)(place - text), text, rest);
        else
            add(story, "%s", text);
    }
    pthread_mutex_unlock(&reported.lock);
    free(heard);
    return story;
}

static void expect(struct session session, const char *want, const char *name) {
    char *got = story_of(session);
    check(strcmp(got, want) == 0, name, "want [%s], got [%s]", want, got);
    free(got);
}

#if KOE_ABI >= 3
#define ENDS "F("
#define CORRECTED "S(preparing_paste)" THEN "M(%,@,true)" THEN "F(%!!)"
#define AS_HEARD "S(preparing_paste)" THEN "M(%,@,false)" THEN "F(%)"
#else
#define ENDS "S(idle)"
#define CLOSING THEN "S(completed)" THEN "S(idle)"
#define CORRECTED "S(preparing_paste)" THEN "F(%!!)" CLOSING
#define AS_HEARD "S(preparing_paste)" THEN "F(%)" CLOSING
#endif
#define CANCELLED "S(cancelled)" THEN "S(idle)"
#define CORRECTING "S(correcting)" THEN

/* ---- calling --------------------------------------------------------------------------------- */

static const char *service_url;

static struct {
    uint8_t bytes[MOST_SPEECH_BYTES];
    size_t size;
} speech;

static char config_path[PATH_BYTES + 32], aside_path[PATH_BYTES + 32];

/* What the caller's file says, which decides about the engine. */
static char engine_config[1 << 16];

/* Set the caller's file aside; if one is aside already, from a run that was killed, that is it. False
 * if it can't be used. */
static bool take_config(void) {
    char folder[PATH_BYTES];
    if (!prepare_folder(folder))
        return false;
    snprintf(config_path, sizeof config_path, "%s/config.yaml", folder);
    snprintf(aside_path, sizeof aside_path, "%s/config.yaml.aside", folder);
    FILE *file = fopen(aside_path, "r");
    if (!file && rename(config_path, aside_path) == 0)
        file = fopen(aside_path, "r");
    if (!file) {
        /* A busy machine may take its time to recognise: it is the correction that is tried here. */
        snprintf(engine_config, sizeof engine_config,
                 "asr:\n  moonshine:\n    final_wait_timeout_ms: %d\n", ANSWER_S * 1000);
        return errno == ENOENT;
    }
    size_t size = fread(engine_config, 1, sizeof engine_config - 2, file);
    fclose(file);
    if (size > 0 && engine_config[size - 1] != '\n')
        engine_config[size] = '\n';
    if (strncmp(engine_config, "llm:", 4) != 0 && !strstr(engine_config, "\nllm:"))
        return true;
    fprintf(stderr, "%s: it says something under llm, as only this program may\n", config_path);
    rename(aside_path, config_path);
    return false;
}

static void put_config_back(void) {
    remove(config_path); /* Windows renames to no name that is taken */
    rename(aside_path, config_path);
}

/* The next session is corrected by this model, which has so long. */
static void configure(const char *model, int limit_ms) {
    FILE *file = fopen(config_path, "w");
    if (!file) {
        perror(config_path);
        exit(2);
    }
    fprintf(file, "%sllm:\n  enabled: true\n  timeout_ms: %d\n", engine_config, limit_ms);
    const char *in_front = "  ";
#if KOE_ABI >= 3
    fprintf(file, "  active_profile: service\n  profiles:\n    service:\n"
                  "      no_reasoning_control: none\n");
    in_front = "      ";
#endif
    fprintf(file, "%sbase_url: %s\n%sapi_key: %s\n%smodel: %s\n", in_front, service_url, in_front,
            KEY, in_front, model);
    if (fclose(file) != 0) {
        perror(config_path);
        exit(2);
    }
}

static struct session begin(void) {
    static uint64_t last_token;
    struct SPSessionContext context = {.mode = HOLD};
    struct session session = {0};
    pthread_mutex_lock(&reported.lock);
    session.from = reported.count;
    pthread_mutex_unlock(&reported.lock);
#if KOE_ABI >= 3
    session.token = context.session_token = ++last_token;
#else
    (void)last_token;
#endif
    if (sp_core_session_begin(context) != 0)
        check(false, "begin", "sp_core_session_begin failed");
    return session;
}

/* Says everything, and ends. */
static void speak(void) {
    for (size_t done = 0; done < speech.size; done += FRAME_BYTES) {
        size_t left = speech.size - done;
        sp_core_push_audio(speech.bytes + done, left < FRAME_BYTES ? (uint32_t)left : FRAME_BYTES,
                           0);
    }
    sp_core_session_end();
}

/* A session in the middle of its correction. */
static struct session speak_until_correcting(void) {
    struct session session = begin();
    speak();
    wait_for(session, "S(correcting)", 1);
    return session;
}

static struct session dictate(void) {
    struct session session = begin();
    speak();
    wait_for(session, ENDS, 1);
    return session;
}

static bool create(void) {
    sp_core_register_callbacks(callbacks);
    return check(sp_core_create(NULL) == 0, "create", "sp_core_create failed");
}

static void destroy(void) {
    double start = now();
    sp_core_destroy();
    double took = now() - start;
    check(took <= DESTROY_LIMIT_S, "destroy", "it took %.1f s", took);
}

/* ---- scenarios (spec abi §§4.3, 4.8-4.11) ---------------------------------------------------- */

/* Whatever the service answers, there is a text. Generations 1 and 2 used to deliver a blank answer,
 * and one that is no correction, as it was; that is not wanted. */
static void answers(void) {
    configure("koe-echo", LONG_LIMIT_MS);
    if (!create())
        return;
    expect(dictate(), CORRECTING CORRECTED, "corrected");
    configure("koe-refuse", LONG_LIMIT_MS);
    expect(dictate(), CORRECTING "W" THEN AS_HEARD, "refused");
    configure("koe-blank", LONG_LIMIT_MS);
    expect(dictate(), CORRECTING "W" THEN AS_HEARD, "blank");
    configure("koe-fragment", LONG_LIMIT_MS);
    expect(dictate(), CORRECTING AS_HEARD, "no_correction");
    configure("koe-never", SHORT_LIMIT_MS);
#if KOE_ABI == 2
    sp_core_reload_config(); /* this generation's time limit is that of the last reload */
#endif
    expect(dictate(), CORRECTING "W" THEN AS_HEARD, "no_answer");
    destroy();
}

static void interventions(void) {
    struct session session;
    configure("koe-never", KOE_ABI >= 3 ? LONG_LIMIT_MS : MIDDLE_LIMIT_MS);
    if (!create())
        return;
#if KOE_ABI >= 3
    session = begin();
    check(sp_core_accept_asr_result() == 0, "accept_before_it", "-1");
    speak();
    wait_for(session, ENDS, 1);
    expect(session, CORRECTING AS_HEARD, "accepted_before_it");
    session = speak_until_correcting();
    check(sp_core_accept_asr_result() == 0, "accept_during_it", "-1");
    wait_for(session, ENDS, 1);
    expect(session, CORRECTING AS_HEARD, "accepted_during_it");
    check(sp_core_accept_asr_result() == -1, "accept_after_it", "0");
#endif
#if KOE_ABI >= 2
    session = speak_until_correcting();
    check(sp_core_session_cancel() == 0, "cancel", "-1");
    wait_for(session, "S(idle)", 1);
    check(quiet(), "quiet_after_cancel", "something is reported after the end");
    expect(session, CORRECTING CANCELLED, "cancelled");
#endif
    session = speak_until_correcting();
    configure("koe-echo", LONG_LIMIT_MS);
    struct session next = dictate();
#if KOE_ABI >= 3
    expect(next, CORRECTING CORRECTED, "the_next_is_corrected");
    expect(session, CORRECTING CANCELLED, "superseded");
#else
    /* The old session goes on until the service's time is up, then delivers. The two can't be distinguished
     * apart but by what they deliver. */
    wait_for(session, "S(idle)", 2);
    int corrected = 0, as_heard = 0;
    pthread_mutex_lock(&reported.lock);
    for (size_t i = next.from; i < reported.count; i++)
        if (strncmp(reported.entries[i].text, "F(", 2) == 0)
            *(strstr(reported.entries[i].text, "!!)") ? &corrected : &as_heard) += 1;
    pthread_mutex_unlock(&reported.lock);
    check(corrected == 1 && as_heard == 1, "superseded", "corrected %d times, as heard %d",
          corrected, as_heard);
#endif
    destroy();
}

static void destroyed(void) {
    configure("koe-never", LONG_LIMIT_MS);
    if (!create())
        return;
    struct session session = speak_until_correcting();
    destroy();
    check(quiet(), "quiet_after_destroy", "something is reported by a core that is gone");
    expect(session, "S(correcting)", "nothing_is_delivered");
}

static void cores(void) {
    configure("koe-echo", LONG_LIMIT_MS);
    for (int i = 0; i < 4 && create(); i++) {
        expect(dictate(), CORRECTING CORRECTED, "corrected");
        destroy();
    }
}

static const struct {
    const char *name;
    void (*run)(void);
} scenarios[] = {
    {"answers", answers},
    {"interventions", interventions},
    {"destroyed", destroyed},
    {"cores", cores},
};

/* ---- main ------------------------------------------------------------------------------------ */

static bool load_speech(const char *path) {
    FILE *file = fopen(path, "rb");
    if (!file) {
        perror(path);
        return false;
    }
    speech.size = fread(speech.bytes, 1, sizeof speech.bytes, file);
    fclose(file);
    return speech.size > 0;
}

static void *watch(void *unused) {
    nanosleep(&(struct timespec){.tv_sec = WATCHDOG_S}, NULL);
    put_config_back();
    printf("Bail out! no end after %d s\n", WATCHDOG_S);
    fflush(stdout);
    _exit(1);
    return unused;
}

int main(int argc, char **argv) {
    const size_t count = sizeof scenarios / sizeof *scenarios;
    if (argc == 2 && strcmp(argv[1], "list") == 0) {
        for (size_t i = 0; i < count; i++)
            printf("%s\n", scenarios[i].name);
        return 0;
    }
    for (size_t i = 0; argc == 4 && i < count; i++) {
        if (strcmp(argv[1], scenarios[i].name) != 0)
            continue;
        service_url = argv[3];
        if (!load_speech(argv[2]) || !take_config())
            return 2;
        pthread_t watchdog;
        if (pthread_create(&watchdog, NULL, watch, NULL) != 0)
            abort();
        scenarios[i].run();
        put_config_back();
        printf("1..%d\n", checks);
        return failures ? 1 : 0;
    }
    fprintf(stderr, "usage: correction list | correction NAME SPEECH URL\n");
    return 2;
}

/* What the files share that make up the program; see main.c. */
#pragma once
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
#endif
#ifdef __GLIBC__
#include <sys/syscall.h>
#endif

#include "koe_core.h"
#include "../scratch.h"

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

#if KOE_ABI >= 3
#define TOKEN_ONLY uint64_t token
#define TOKEN_AND uint64_t token,
#define TOKEN token
#else
#define TOKEN_ONLY void
#define TOKEN_AND
#define TOKEN ((uint64_t)0)
#endif

/* ---- log.c: checks, and the log of callbacks ------------------------------------------------- */

extern const char *scenario;
extern atomic_int checks, failures;
extern const struct SPCallbacks recorder;

struct entry {
    uint64_t token; /* 0 where the generation has none */
    char *text; /* S(state) R I(text) E(message) W(message) F(text) A(text) M(asr,engine,bool) */
};

/* One session as a shell sees it; everything else about it is in the log. */
struct session {
    uint64_t token;
    size_t from; /* entries before this one are older than the session */
};

extern struct book {
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
} book;

__attribute__((format(printf, 3, 4))) bool check(bool good, const char *name, const char *why, ...);
bool check_int(int64_t got, int64_t want, const char *name);
double now(void);
struct timespec deadline(double seconds);
__attribute__((format(printf, 1, 2))) char *composed(const char *format, ...);
const char *checked(const char *text, uint64_t token);
void record(uint64_t token, char *text);

/* ---- reading.c: reading the log -------------------------------------------------------------- */

/* Patterns are written one after the other, with this between them. */
#define THEN " | "

/* How a session ends in the log. */
#if KOE_ABI >= 3
#define ENDS "F(*)" THEN "S(idle)" THEN "S(failed)"
#else
#define ENDS "S(idle)" THEN "S(failed)"
#endif

bool wait_for(struct session session, const char *any_of, size_t times, double seconds);
void pause_briefly(void);
bool quiet(const struct session *session);
char *story(struct session session, const char *skip);
bool follows(struct session session, const char *skip, const char *want);
bool expect(struct session session, const char *skip, const char *want, const char *name);
char *argument_of(struct session session, const char *pattern);

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

/* ---- calling.c: calling the library ---------------------------------------------------------- */

extern uint8_t zeros[MIB], too_large[9 * MIB];
extern struct speech {
    uint8_t *bytes;
    size_t size;
} speech;
extern int32_t begin_status;
extern const char NONSENSE_CONFIG[];
extern char folder[PATH_BYTES];

extern struct gate {
    pthread_mutex_t lock;
    pthread_cond_t opened;
    bool open;
    atomic_bool passed; /* a callback went through */
} gate;

struct SPSessionContext context(enum SPSessionMode mode, struct session *session);
struct session begin(enum SPSessionMode mode);
int32_t begin_only(void);
int32_t push(const uint8_t *bytes, size_t size);
bool create(void);
bool destroy(const char *name);
bool silent_session(const char *name);
void write_config(const char *text);
void set_config_aside(void);
void put_config_back(void);
bool prepare_home(void);
void open_gate(bool open);
void go_through_gate(void);
void ready_and_stuck(TOKEN_ONLY);
void get_everything(void);
int32_t cancel_or_end(void);

/* ---- the scenarios, by file ------------------------------------------------------------------ */

void no_core(void);
void settings(void);
void callbacks_survive(void);
void bad_arguments(void);
void too_large_a_frame(void);
void audio_sizes(void);

void silence(void);
void speak(void);
void cancel(void);
void supersede(void);
void stuck(void);
void winding_down(void);
void half_pushed(void);
void unknown_provider(void);

void destroy_in_session(void);
void destroy_twice(void);
void clock_set(void);
void without_threads(void);
void destroy_in_callback(void);
void reenter(void);

void crossing(void);
void threads(void);
void cycle(void);

void signals(void);

/* Scenarios of destroying a core, and of calls from inside callbacks. */
#include "driver.h"

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

void destroy_in_session(void) {
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
void destroy_twice(void) {
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

/* The clock is set back while a core is destroyed. */
void clock_set(void) {
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
void without_threads(void) {
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

void destroy_in_callback(void) { inside_every_callback(hook_destroy); }

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

void reenter(void) { inside_every_callback(hook_everything); }

/*
 * The contract on one side, the seam on the other: the core, its sessions, and their calls of the shell.
 * Compiled once for each generation (KOE_ABI); the first part defines the differences.
 */
#include "contract.h"
#include "log.h"
#include "python.h"
#include "ring.h"
#include "seam.h"

#include <stdatomic.h>

/* --- what differs between the generations (spec abi §§1.2, 4.2-4.9) -------------------------- */

#if KOE_ABI == 1
#define KOE_RULES                                                              \
    (KOE_READY_AFTER_CONNECT | KOE_SILENCE_IS_ERROR | KOE_CLOSING_STATES | KOE_FINISH_SUPERSEDED)
#elif KOE_ABI == 2
#define KOE_RULES                                                                                    \
    (KOE_SILENCE_IS_ERROR | KOE_CLOSING_STATES | KOE_FINISH_SUPERSEDED | KOE_REBUILD_AT_RELOAD_ONLY)
#else
#define KOE_RULES KOE_RENEW_OLD_FILES
#endif

#if KOE_ABI == 3
#define KOE_TOKEN_OF(context) (context).session_token
#define KOE_TOKEN_ALONE token
#define KOE_TOKEN token,
#else
#define KOE_TOKEN_OF(context) 0
#define KOE_TOKEN_ALONE
#define KOE_TOKEN
#endif

/* --- state ----------------------------------------------------------------------------------- */

/* sp_core_destroy returns within this time in any case. */
#define DESTROY_SECONDS 2.0
/* The part of it that Python has for an orderly end. */
#define ORDERLY_SECONDS 1.5
/* How long exit() waits for an answer from Python. */
#define ANSWER_SECONDS 10.0
/* How long the end of a recording waits for a push in progress; a producer that takes longer is not
 * copying any more, but has died. */
#define PUSH_SECONDS 0.5

/* Read without a lock; when both change together, `state_lock` is held. */
static _Atomic uint64_t live_core;         /* 0: none */
static _Atomic uint64_t recording_session; /* the session whose audio is pushed; 0: none */
static _Atomic uint64_t last_core;
#if KOE_ABI == 3
static _Atomic uint64_t last_token; /* of the last begin; rewrites are answered with it */
#endif
static atomic_int endings; /* number of cores that Python is ending at the moment */

/* Guards the core and the tables; held only while copying, never during a call. */
static koe_lock state_lock = KOE_LOCK_INIT;
static SPCallbacks callbacks;
static bool hears_reports; /* from a registration or a create to a destroy, even without a core */
static atomic_int reports; /* running calls of on_log_event */

/* Held while a session is begun, ended or cancelled, both here and in Python, so that the order is the
 * same in both. Python waits for no callback meanwhile, and destroying does not need this lock. */
static koe_lock session_lock = KOE_LOCK_INIT;
static uint64_t last_session;

/* Number of callbacks in progress on this thread, which can't wait for their return. */
static _Thread_local int callback_depth;

uint64_t koe_live_core(void) {
    return koe_is_fork() ? 0 : atomic_load(&live_core);
}

#if KOE_ABI == 3
uint64_t koe_last_token(void) {
    return atomic_load(&last_token);
}
#endif

/* --- notices --------------------------------------------------------------------------------- */

/* Copy the table for a call. False if the core is gone: then the shell may not be called. */
static bool enter_callback(uint64_t core, SPCallbacks *table) {
    if (atomic_load(&live_core) != core)
        return false;
    koe_acquire(&state_lock);
    *table = callbacks;
    koe_release(&state_lock);
    callback_depth++;
    return true;
}

static void leave_callback(void) {
    callback_depth--;
}

void koe_notify(uint64_t core, uint64_t token, int32_t notice, const char *text) {
    (void)token; /* used in the last generation only */
    SPCallbacks table;
    if (!enter_callback(core, &table))
        return;
    switch (notice) {
    case KOE_NOTICE_READY:
        if (table.on_session_ready)
            table.on_session_ready(KOE_TOKEN_ALONE);
        break;
    case KOE_NOTICE_STATE:
        if (table.on_state_changed)
            table.on_state_changed(KOE_TOKEN text);
        break;
    case KOE_NOTICE_WARNING:
        if (table.on_session_warning)
            table.on_session_warning(KOE_TOKEN text);
        break;
    case KOE_NOTICE_ERROR:
        if (table.on_session_error)
            table.on_session_error(KOE_TOKEN text);
        break;
#if KOE_ABI >= 2
    case KOE_NOTICE_INTERIM:
        if (table.on_interim_text)
            table.on_interim_text(KOE_TOKEN text);
        break;
#endif
#if KOE_ABI == 3
    case KOE_NOTICE_HEARD:
        if (table.on_asr_final_text)
            table.on_asr_final_text(KOE_TOKEN text);
        break;
    case KOE_NOTICE_REWRITTEN:
        if (table.on_rewrite_text_ready)
            table.on_rewrite_text_ready(KOE_TOKEN text);
        break;
#endif
    default: /* this generation has no callback for the notice */
        break;
    }
    leave_callback();
}

void koe_deliver(uint64_t core, uint64_t token, const char *text, const char *heard,
                 const char *engine, int32_t corrected) {
    (void)token, (void)heard, (void)engine, (void)corrected; /* used in the last generation only */
    SPCallbacks table;
    if (!enter_callback(core, &table))
        return;
#if KOE_ABI == 3
    if (table.on_session_result_meta)
        table.on_session_result_meta(KOE_TOKEN heard, engine, corrected != 0);
#endif
    /* The shell may have destroyed the core in the previous call. */
    if (table.on_final_text_ready && atomic_load(&live_core) == core)
        table.on_final_text_ready(KOE_TOKEN text);
    leave_callback();
}

bool koe_shell_listens(void) {
    koe_acquire(&state_lock);
    bool listens = hears_reports && callbacks.on_log_event;
    koe_release(&state_lock);
    return listens;
}

void koe_call_log_event(int32_t level, const char *message) {
    koe_acquire(&state_lock);
    void (*call)(int, const char *) = hears_reports ? callbacks.on_log_event : NULL;
    if (call)
        atomic_fetch_add(&reports, 1);
    koe_release(&state_lock);
    if (!call)
        return;
    callback_depth++;
    call(level, message);
    leave_callback();
    atomic_fetch_sub(&reports, 1);
}

/* The contract's ModelProgressCallback and ModelStatusCallback; only the last generation declares them. */
typedef void (*progress_callback)(void *, uint32_t, uint32_t, uint64_t, uint64_t, const char *);
typedef void (*status_callback)(void *, int32_t, const char *);

void koe_tell_progress(uint64_t function, uint64_t context, uint32_t index, uint32_t count,
                       uint64_t received, uint64_t size, const char *name) {
    callback_depth++;
    ((progress_callback)(uintptr_t)function)((void *)(uintptr_t)context, index, count, received,
                                             size, name);
    callback_depth--;
}

void koe_tell_download(uint64_t function, uint64_t context, int32_t status, const char *message) {
    callback_depth++;
    ((status_callback)(uintptr_t)function)((void *)(uintptr_t)context, status, message);
    callback_depth--;
}

/* --- the core -------------------------------------------------------------------------------- */

KOE_WORK end_in_python(void *core) {
    int32_t ended;
    KOE_CALL_PYTHON(ended, koe_py_destroy((uintptr_t)core, ORDERLY_SECONDS));
    (void)ended; /* there is no caller to return it to */
    atomic_fetch_sub(&endings, 1);
    return 0;
}

/* Replace the present core by another one or by none. The old core makes no more calls, and is ended:
 * this function waits for that for a limited time, and not in a callback of the old core itself. The
 * call into Python runs on a separate thread if one can be started, because getting the GIL can take
 * any time. */
static void replace_core(uint64_t core) {
    const double limit = koe_now() + DESTROY_SECONDS;
    koe_acquire(&state_lock);
    uint64_t old = atomic_exchange(&live_core, core);
    atomic_store(&recording_session, 0);
    hears_reports = core != 0;
    if (old != 0)
        atomic_fetch_add(&endings, 1);
    koe_release(&state_lock);
    if (old != 0 && !koe_start_thread(end_in_python, (void *)(uintptr_t)old))
        end_in_python((void *)(uintptr_t)old);
    while (callback_depth == 0 && koe_now() < limit &&
           (atomic_load(&endings) > 0 || (core == 0 && atomic_load(&reports) > 0)))
        koe_sleep_ms(1);
}

static atomic_bool wait_is_over;
static atomic_uint answers;

/* Python decides how long to wait for engines (koe.patience). */
KOE_WORK exit_in_python(void *unused) {
    int32_t at_work = 1;
    (void)unused;
    while (at_work > 0 || atomic_load(&endings) > 0) {
        KOE_CALL_PYTHON(at_work, koe_py_exit());
        atomic_fetch_add(&answers, 1);
        koe_sleep_ms(1);
    }
    atomic_store(&wait_is_over, true);
    return 0;
}

/* The process is ending, perhaps without having destroyed its core. An engine that still computes
 * would crash the process when the engine's libraries are unloaded. So this function waits for
 * engines as long as Python does, and for Python while Python answers. If exit() was called in a
 * callback, which does not return, the core can't end, but its engine is released. */
static void end_at_exit(void) {
    static atomic_flag called = ATOMIC_FLAG_INIT;
    if (!koe_python_is_alive() || atomic_flag_test_and_set(&called))
        return;
    replace_core(0);
    if (!koe_start_thread(exit_in_python, NULL))
        return;
    double limit = koe_now() + ANSWER_SECONDS;
    for (unsigned heard = 0; !atomic_load(&wait_is_over) && koe_now() < limit; koe_sleep_ms(1))
        if (atomic_load(&answers) != heard) {
            heard = atomic_load(&answers);
            limit = koe_now() + ANSWER_SECONDS;
        }
}

static void hear_reports(void) {
    if (koe_is_fork())
        return;
    koe_acquire(&state_lock);
    hears_reports = true;
    koe_release(&state_lock);
}

KOE_EXPORT int32_t sp_core_create(const char *config_path) {
    (void)config_path; /* the folder is fixed, in all generations */
    hear_reports();
    if (!koe_python_start())
        return -1;
    uint64_t core = atomic_fetch_add(&last_core, 1) + 1;
    int32_t created;
    KOE_CALL_PYTHON(created, koe_py_create(core, KOE_RULES));
    if (created != 0)
        return -1;
#if KOE_ABI == 3
    atomic_store(&last_token, 0);
#endif
    koe_at_exit(end_at_exit);
    replace_core(core);
    return 0;
}

KOE_EXPORT void sp_core_destroy(void) {
    if (!koe_is_fork())
        replace_core(0);
}

KOE_EXPORT void sp_core_register_callbacks(struct SPCallbacks table) {
    if (koe_is_fork())
        return;
    koe_acquire(&state_lock);
    callbacks = table;
    hears_reports = true;
    koe_release(&state_lock);
}

KOE_EXPORT int32_t sp_core_reload_config(void) {
    int32_t reloaded = -1;
    if (koe_python_start())
        KOE_CALL_PYTHON(reloaded, koe_py_reload(atomic_load(&live_core)));
    return reloaded;
}

/* --- audio ------------------------------------------------------------------------------------ */

/* Held by the thread that reads or inspects the ring. */
static koe_lock reader = KOE_LOCK_INIT;

uint32_t koe_read_audio(uint64_t session, uint8_t *buffer, uint32_t capacity) {
    koe_at_exit(end_at_exit); /* again: an engine may have loaded libraries since the last call */
    koe_acquire(&reader);
    uint32_t size = koe_ring_read(session, buffer, capacity);
    koe_ring_touch_ahead();
    koe_release(&reader);
    return size;
}

uint64_t koe_lost_audio(uint64_t session) {
    return koe_ring_lost(session);
}

void koe_end_audio(uint64_t session) {
    uint64_t recording = session; /* the exchange overwrites it if another session records */
    atomic_compare_exchange_strong(&recording_session, &recording, 0);
    koe_acquire(&reader);
    koe_ring_discard(session);
    koe_release(&reader);
}

/* A push in progress hides later pushes, and a session that has ended does not check the ring
 * again. Producers never wait, so this is short. */
static void let_pushes_finish(void) {
    const double limit = koe_now() + PUSH_SECONDS;
    const uint64_t end = koe_ring_reserved();
    for (;;) {
        koe_acquire(&reader);
        bool whole = koe_ring_is_whole(end);
        koe_release(&reader);
        if (whole || koe_now() > limit)
            return;
        koe_sleep_ms(1);
    }
}

/* --- sessions -------------------------------------------------------------------------------- */

/* Assign a number to a new session of the present core, and give it all audio from now on, because its
 * callbacks can come before Python has returned. Returns the core, or 0 if there is none. */
static uint64_t begin_audio(uint64_t *session) {
    koe_acquire(&reader);
    koe_ring_touch_ahead(); /* enough until the first read */
    koe_release(&reader);
    koe_acquire(&state_lock);
    uint64_t core = atomic_load(&live_core);
    if (core != 0) {
        *session = ++last_session;
        koe_ring_begin(*session);
        atomic_store(&recording_session, *session);
    }
    koe_release(&state_lock);
    return core;
}

KOE_EXPORT int32_t sp_core_session_begin(struct SPSessionContext context) {
    int32_t begun = -1;
    if (koe_python_failed())
        return -1;
    koe_acquire(&session_lock);
    uint64_t session, core = begin_audio(&session);
    if (core != 0) {
#if KOE_ABI == 3
        atomic_store(&last_token, KOE_TOKEN_OF(context));
#endif
        let_pushes_finish(); /* the session before may have to deliver its text */
        KOE_CALL_PYTHON(begun, koe_py_session_begin(core, session, context.mode, KOE_TOKEN_OF(context)));
        if (begun != 0)
            koe_end_audio(session);
    }
    koe_release(&session_lock);
    return begun;
}

int32_t koe_begin_again(int32_t (*begin)(uint64_t core, const char *id, const char *options,
                                         uint64_t token),
                        const char *id, const char *options, uint64_t token) {
    int32_t begun = -1;
    if (koe_python_failed())
        return -1;
    koe_acquire(&session_lock);
    uint64_t core = atomic_load(&live_core);
    if (core != 0) {
        let_pushes_finish(); /* the replaced session ends its audio itself */
        KOE_CALL_PYTHON(begun, begin(core, id, options, token));
#if KOE_ABI == 3
        if (begun == 0)
            atomic_store(&last_token, token);
#endif
    }
    koe_release(&session_lock);
    return begun;
}

KOE_EXPORT int32_t sp_core_push_audio(const uint8_t *frame, uint32_t len, uint64_t timestamp) {
    (void)timestamp; /* its unit differs between platforms */
    if (frame == NULL || len == 0 || koe_python_failed())
        return -1;
    uint64_t session = atomic_load(&recording_session);
    if (session != 0)
        koe_ring_push(session, frame, len); /* a dropped frame is counted there */
    return 0;
}

/* Stop taking audio, and inform Python; without a core there is nothing to do. */
static int32_t end_audio(int32_t (*tell_python)(uint64_t core)) {
    if (koe_python_failed())
        return -1;
    koe_acquire(&session_lock);
    uint64_t core = atomic_load(&live_core);
    if (core != 0) {
        atomic_store(&recording_session, 0);
        let_pushes_finish();
        int32_t result;
        KOE_CALL_PYTHON(result, tell_python(core));
        (void)result; /* a core that is being destroyed has no session to end */
    }
    koe_release(&session_lock);
    return 0;
}

KOE_EXPORT int32_t sp_core_session_end(void) {
    return end_audio(koe_py_session_end);
}

#if KOE_ABI >= 2
KOE_EXPORT int32_t sp_core_session_cancel(void) {
    return end_audio(koe_py_session_cancel);
}
#endif

#if KOE_ABI == 3
KOE_EXPORT int32_t sp_core_accept_asr_result(void) {
    uint64_t core = koe_live_core();
    int32_t accepted = -1;
    if (core != 0)
        KOE_CALL_PYTHON(accepted, koe_py_accept(core));
    return accepted;
}
#endif

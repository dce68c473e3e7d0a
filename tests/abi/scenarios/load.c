/* Scenarios of load: many threads, and many cores in turn. */
#include "driver.h"

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

void threads(void) {
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
 * then: a frame that is too large, which costs no time and gives a warning. */
void crossing(void) {
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

/* How many entries a folder about this process has; 0 where there is no such folder. */
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

void cycle(void) {
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

/*
 * push_audio - how long an audio thread is held up while Python code keeps the GIL.
 *
 *     push_audio FRAMES INTERVAL_MS CODE
 *
 * Runs CODE in the core's interpreter (it starts a thread, or does nothing) while a session
 * records, and pushes so many frames at such intervals. Meanwhile another thread makes a call that
 * needs the GIL: sp_core_accept_asr_result, of which a recording session only takes note. Prints
 * as one line of JSON what each call took, in seconds, and how often each push left the processor:
 * because it waited for something, or because the system gave the processor to another process.
 *
 * The frames are silent, so that the engine has little to do. All of them must fit into the ring:
 * then none is dropped, which would be quicker, although the core can hardly empty the ring while
 * it gets no GIL; and each is written to pages that are touched for the first time, which is slower.
 */
#include "host.h"

#include <stdatomic.h>
#include <sys/resource.h>

enum { FRAME_LIMIT = 1300 /* the ring's 8 MiB */, CONTROL_LIMIT = 10000, LIMIT_S = 120 };
#define CONTROL_INTERVAL_S 0.010

static atomic_bool pushing;
static double pushes[FRAME_LIMIT], waits[FRAME_LIMIT], preemptions[FRAME_LIMIT];
static double controls[CONTROL_LIMIT];
static int control_count; /* the control thread's, until it has ended */

static void *call_control(void *unused) {
    (void)unused;
    while (atomic_load(&pushing) && control_count < CONTROL_LIMIT) {
        double called_at = now();
        if (sp_core_accept_asr_result() != 0) die("the session did not take the control call");
        controls[control_count++] = now() - called_at;
        sleep_until(now() + CONTROL_INTERVAL_S);
    }
    return NULL;
}

/* How often this thread left the processor; only Linux counts that. */
static struct rusage switches(void) {
    struct rusage usage = {0};
#ifdef RUSAGE_THREAD
    getrusage(RUSAGE_THREAD, &usage);
#endif
    return usage;
}

int main(int argc, char **argv) {
    int frames = argc == 4 ? atoi(argv[1]) : 0;
    double interval = argc == 4 ? atof(argv[2]) / 1e3 : 0;
    if (frames < 1 || frames > FRAME_LIMIT || interval <= 0) die("FRAMES INTERVAL_MS CODE");
    alarm(LIMIT_S);
    static uint8_t frame[FRAME_BYTES];

    create();
    begin(); /* loads the engine */
    sp_core_push_audio(frame, FRAME_BYTES, 0);
    sp_core_session_end();
    wait_for(&session.over_at);

    begin();
    wait_for(&session.ready_at);
    run_python(argv[3]);
    atomic_store(&pushing, true);
    pthread_t control;
    if (pthread_create(&control, NULL, call_control, NULL) != 0) die("no second thread");
    double start = now();
    for (int i = 0; i < frames; i++) {
        sleep_until(start + i * interval);
        struct rusage before = switches();
        double called_at = now();
        sp_core_push_audio(frame, FRAME_BYTES, 0);
        pushes[i] = now() - called_at;
        struct rusage after = switches();
        waits[i] = (double)(after.ru_nvcsw - before.ru_nvcsw);
        preemptions[i] = (double)(after.ru_nivcsw - before.ru_nivcsw);
    }
    atomic_store(&pushing, false);
    pthread_join(control, NULL);

    printf("{");
    print_list("push_s", pushes, frames);
    printf(", ");
#ifdef RUSAGE_THREAD
    print_list("push_waits", waits, frames);
    printf(", ");
    print_list("push_preemptions", preemptions, frames);
    printf(", ");
#endif
    print_list("control_s", controls, control_count);
    printf("}\n");
    fflush(stdout);
    _Exit(0); /* the Python code runs for ever */
}

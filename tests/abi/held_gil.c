/*
 * Pushes audio and reads settings while this very program holds the GIL, so that whatever needs it
 * can't get on. The order of events decides, and no clock: the pushes are through before the GIL is let go, the
 * control call, which enters Python, only after.
 */
#include <Python.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "koe_core.h"

#define FRAME 6400
/* The loop, which needs the GIL, can't empty the ring meanwhile: more than the ring holds. */
#define FRAMES 3000

static atomic_bool control_began, control_ended;

static void *push(void *argument) {
    uint8_t frame[FRAME];
    memset(frame, 1, sizeof frame);
    for (int i = 0; i < FRAMES; i++)
        if (sp_core_push_audio(frame, sizeof frame, 0) != 0)
            *(int *)argument = 1;
    for (int i = 0; i < FRAMES; i++)
        if (sp_core_get_clipboard_config().restore_delay_ms != 1500)
            *(int *)argument = 1;
    return NULL;
}

static void *control(void *unused) {
    atomic_store(&control_began, true);
    sp_core_accept_asr_result();
    atomic_store(&control_ended, true);
    return unused;
}

static int check(bool ok, const char *name) {
    printf("%s %s\n", ok ? "ok" : "not ok", name);
    return ok ? 0 : 1;
}

int main(void) {
    alarm(60); /* a push that waits for the GIL would wait for ever */
    if (sp_core_create(NULL) != 0)
        return 1;
    struct SPSessionContext context = {.mode = HOLD, .session_token = 1};
    if (sp_core_session_begin(context) != 0)
        return 1;
    PyGILState_STATE gil = PyGILState_Ensure();
    pthread_t controller, pusher;
    int refused = 0;
    pthread_create(&controller, NULL, control, NULL);
    while (!atomic_load(&control_began))
        usleep(1000);
    /* Give the control call every chance to end, if it can. */
    usleep(100000);
    int failures = check(!atomic_load(&control_ended), "a_call_of_python_waits_for_the_gil");
    pthread_create(&pusher, NULL, push, &refused);
    pthread_join(pusher, NULL);
    failures += check(refused == 0, "every_push_was_taken");
    failures += check(!atomic_load(&control_ended), "pushes_and_getters_did_not_wait");
    PyGILState_Release(gil);
    pthread_join(controller, NULL);
    sp_core_destroy();
    return failures ? 1 : 0;
}

/* Scenarios of sessions: how they begin and end, and what they say meanwhile. */
#include "driver.h"

void silence(void) {
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

void speak(void) {
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
void cancel(void) {
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

void supersede(void) {
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
    (void)new; /* its callbacks look like those of the old one: count them */
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

void stuck(void) {
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

    /* More than the buffer holds: what does not fit is reported, and the rest is still recognised. */
    open_gate(false);
    struct session session = begin(HOLD);
    wait_for(session, "R", 1, ANSWER_S);
    for (int i = 0; i < 9; i++)
        check_int(sp_core_push_audio(zeros, MIB, 0), 0, "push_too_much");
    open_gate(true);
    sp_core_session_end();
    wait_for(session, ENDS, 1, ANSWER_S);
    char *warning = argument_of(session, "W(*)");
    check(warning && strstr(warning, "seconds of speech were lost"), "loss_is_reported", "W(%s)",
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
void winding_down(void) {
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
void half_pushed(void) {
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

void unknown_provider(void) {
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

/* Scenarios of single calls: return codes, settings, odd arguments, frames of all sizes. */
#include "driver.h"

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

void no_core(void) {
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

void settings(void) {
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

void callbacks_survive(void) {
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

void bad_arguments(void) {
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

void too_large_a_frame(void) {
    sp_core_register_callbacks(recorder);
    if (!create())
        return;
    check_int(sp_core_push_audio(too_large, sizeof too_large, 0), 0, "push_without_session");
    struct session session = begin(HOLD);
    check_int(sp_core_push_audio(too_large, sizeof too_large, 0), 0, "push");
    push(zeros, SECOND_BYTES);
    sp_core_session_end();
    expect(session, "IW", SILENCE("hold"), "drop_changes_nothing_else");
    check(wait_for(session, "W(*)", 1, 0), "drop_is_reported", "no warning about a dropped frame");
    destroy("destroy");
}

void audio_sizes(void) {
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

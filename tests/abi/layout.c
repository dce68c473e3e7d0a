/*
 * Prints how this compiler lays out the contract of one generation, as JSON, in the form that
 * layout.json has under the key of that generation.
 *
 *     cc -std=c11 -DKOE_ABI=3 -Iinclude tests/abi/layout.c -o layout && ./layout
 */
#include <stddef.h>
#include <stdio.h>

#include "koe_core.h"

static const char *comma = "";

#define OPEN(type)                                                                                 \
    (printf("%s\n  \"" #type "\": {\"size\": %zu, \"align\": %zu, \"offsets\": {", comma,          \
            sizeof(struct type), _Alignof(struct type)),                                           \
     comma = "")
#define FIELD(type, field)                                                                         \
    (printf("%s\"" #field "\": %zu", comma, offsetof(struct type, field)), comma = ", ")
#define CLOSE() (printf("}}"), comma = ",")

int main(void) {
    printf("{\n  \"SPSessionMode\": {\"size\": %zu, \"align\": %zu, \"values\": "
           "{\"HOLD\": %d, \"TOGGLE\": %d}}",
           sizeof(enum SPSessionMode), _Alignof(enum SPSessionMode), HOLD, TOGGLE);
    comma = ",";

    OPEN(SPSessionContext);
    FIELD(SPSessionContext, mode);
    FIELD(SPSessionContext, frontmost_bundle_id);
    FIELD(SPSessionContext, frontmost_pid);
#if KOE_ABI >= 3
    FIELD(SPSessionContext, session_token);
#endif
    CLOSE();

    OPEN(SPCallbacks);
    FIELD(SPCallbacks, on_session_ready);
    FIELD(SPCallbacks, on_session_error);
    FIELD(SPCallbacks, on_session_warning);
    FIELD(SPCallbacks, on_final_text_ready);
    FIELD(SPCallbacks, on_log_event);
    FIELD(SPCallbacks, on_state_changed);
#if KOE_ABI >= 2
    FIELD(SPCallbacks, on_interim_text);
#endif
#if KOE_ABI >= 3
    FIELD(SPCallbacks, on_asr_final_text);
    FIELD(SPCallbacks, on_rewrite_text_ready);
    FIELD(SPCallbacks, on_session_result_meta);
#endif
    CLOSE();

    OPEN(SPFeedbackConfig);
    FIELD(SPFeedbackConfig, start_sound);
    FIELD(SPFeedbackConfig, stop_sound);
    FIELD(SPFeedbackConfig, error_sound);
#if KOE_ABI >= 3
    FIELD(SPFeedbackConfig, mute_system_output);
#endif
    CLOSE();

#if KOE_ABI >= 3
    OPEN(SPClipboardConfig);
    FIELD(SPClipboardConfig, restore_delay_ms);
    CLOSE();
#endif

    OPEN(SPHotkeyConfig);
#if KOE_ABI == 1
    FIELD(SPHotkeyConfig, key_code);
    FIELD(SPHotkeyConfig, alt_key_code);
    FIELD(SPHotkeyConfig, modifier_flag);
#else
    FIELD(SPHotkeyConfig, trigger_key_code);
    FIELD(SPHotkeyConfig, trigger_alt_key_code);
    FIELD(SPHotkeyConfig, trigger_modifier_flag);
#endif
#if KOE_ABI == 2
    FIELD(SPHotkeyConfig, cancel_key_code);
    FIELD(SPHotkeyConfig, cancel_alt_key_code);
    FIELD(SPHotkeyConfig, cancel_modifier_flag);
#elif KOE_ABI == 3
    FIELD(SPHotkeyConfig, trigger_match_kind);
    FIELD(SPHotkeyConfig, trigger_mode);
#endif
    CLOSE();

    printf("\n}\n");
    return 0;
}

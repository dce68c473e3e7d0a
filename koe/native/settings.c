/*
 * The settings that shells read without waiting: a snapshot that Python replaces, converted for shells
 * of this generation (spec abi §§1.2, 2.4, 2.5).
 */
#include "contract.h"
#include "seam.h"

static SPFeedbackConfig feedback_of(const koe_settings *settings) {
    /* Sounds that are not configured are on in the first generations, and off in the last. */
    const int8_t absent = KOE_ABI == 3 ? 0 : 1;
    SPFeedbackConfig feedback = {
        .start_sound = settings->start_sound < 0 ? absent : settings->start_sound,
        .stop_sound = settings->stop_sound < 0 ? absent : settings->stop_sound,
        .error_sound = settings->error_sound < 0 ? absent : settings->error_sound,
#if KOE_ABI == 3
        .mute_system_output = settings->mute_system_output == 1,
#endif
    };
    return feedback;
}

static SPHotkeyConfig hotkey_of(const koe_settings *settings) {
#if KOE_ABI == 1
    const koe_hotkey *key = &settings->basic_trigger;
    SPHotkeyConfig hotkey = {key->key_code, key->alt_key_code, key->modifier_flag};
#elif KOE_ABI == 2
    const koe_hotkey *key = &settings->named_trigger, *cancel = &settings->cancel;
    SPHotkeyConfig hotkey = {key->key_code,    key->alt_key_code,    key->modifier_flag,
                             cancel->key_code, cancel->alt_key_code, cancel->modifier_flag};
#else
    const koe_hotkey *key = &settings->trigger;
    SPHotkeyConfig hotkey = {key->key_code, key->alt_key_code, key->modifier_flag,
                             key->match_kind, settings->trigger_mode};
#endif
    return hotkey;
}

/* The results of the getters without a core. */
static const koe_settings no_settings = {
#if KOE_ABI == 1
    .start_sound = 1,
    .stop_sound = 1,
    .error_sound = 1,
#endif
    .restore_delay_ms = 1500,
    .trigger = {63, 179, 0x800000, 0},
#ifdef _WIN32
    .basic_trigger = {0xA3, 0, 0, 0},
#else
    .basic_trigger = {63, 179, 0x800000, 0},
#endif
    .named_trigger = {63, 179, 0x800000, 0},
    .cancel = {58, 0, 0x20, 0},
};

/* Guards the snapshot; held only while copying. */
static koe_lock lock = KOE_LOCK_INIT;
static koe_settings published;

static koe_settings current_settings(void) {
    if (koe_live_core() == 0)
        return no_settings;
    koe_acquire(&lock);
    koe_settings settings = published;
    koe_release(&lock);
    return settings;
}

void koe_publish_settings(const koe_settings *settings) {
    koe_acquire(&lock);
    published = *settings;
    koe_release(&lock);
}

KOE_EXPORT struct SPFeedbackConfig sp_core_get_feedback_config(void) {
    koe_settings settings = current_settings();
    return feedback_of(&settings);
}

KOE_EXPORT struct SPHotkeyConfig sp_core_get_hotkey_config(void) {
    koe_settings settings = current_settings();
    return hotkey_of(&settings);
}

#if KOE_ABI == 3
KOE_EXPORT struct SPClipboardConfig sp_core_get_clipboard_config(void) {
    koe_settings settings = current_settings();
    SPClipboardConfig clipboard = {settings.restore_delay_ms};
    return clipboard;
}
#endif

/*
 * The seam between C and Python: one set of functions and types for all generations of the contract.
 *
 * This file is read by the C compiler and by cffi (build_ffi.py drops #pragma and #include). It
 * uses only scalars, UTF-8 strings and plain structs. Functions that Python implements start with
 * koe_py_ and return -1 on failure, also after an exception, or NULL if they return a text; all
 * other functions are C functions that Python may call.
 *
 * Cores and sessions are identified by numbers that start at 1 and are never used again.
 */
#pragma once
#include <stdint.h>

/* --- the shell's expectations: bits for koe_py_create. --- */

/* For sessions (koe.session_rules.SessionRules): */

#define KOE_READY_AFTER_CONNECT 1
#define KOE_SILENCE_IS_ERROR 4
#define KOE_CLOSING_STATES 8
#define KOE_FINISH_SUPERSEDED 16
#define KOE_REBUILD_AT_RELOAD_ONLY 64

/* In addition: the shell supports only the present form of config.yaml, so older files are renewed. */
#define KOE_RENEW_OLD_FILES 32

/* --- settings: the snapshot that the getters read --- */

typedef struct koe_hotkey {
    uint16_t key_code;
    uint16_t alt_key_code;
    uint64_t modifier_flag;
    uint8_t match_kind; /* 0 modifier alone, 1 key down */
} koe_hotkey;

typedef struct koe_settings {
    /* 1 yes, 0 no, -1 not configured: the meaning differs between the generations */
    int8_t start_sound;
    int8_t stop_sound;
    int8_t error_sound;
    int8_t mute_system_output;
    uint32_t restore_delay_ms;
    koe_hotkey trigger;       /* named keys, key codes and combinations */
    koe_hotkey basic_trigger; /* named keys only, device-independent flags; other keys on Windows */
    koe_hotkey named_trigger; /* named keys only */
    koe_hotkey cancel;        /* named keys only, never equal to named_trigger */
    uint8_t trigger_mode;     /* 0 hold, 1 toggle, 2 double tap */
} koe_settings;

/* Replace the snapshot. Copies. */
void koe_publish_settings(const koe_settings *settings);

/* --- notices from a session to its shell; without effect once the core is destroyed --- */

#define KOE_NOTICE_READY 0   /* no text */
#define KOE_NOTICE_STATE 1   /* the name of a state */
#define KOE_NOTICE_INTERIM 2 /* all text heard so far */
#define KOE_NOTICE_HEARD 3   /* the recognised text, at the end */
#define KOE_NOTICE_WARNING 4
#define KOE_NOTICE_ERROR 5
#define KOE_NOTICE_REWRITTEN 6 /* the text after rewriting it with a template */

/* Call the shell, on this thread. text is valid UTF-8 without NUL inside. */
void koe_notify(uint64_t core, uint64_t token, int32_t notice, const char *text);

/* Call the shell with the text to paste; before that, with its metadata if the generation has them. */
void koe_deliver(uint64_t core, uint64_t token, const char *text, const char *heard,
                 const char *engine, int32_t corrected);

/* --- audio --- */

/* Move audio of a session out of the ring, oldest first; returns the number of bytes, 0 if there is
 * none. */
uint32_t koe_read_audio(uint64_t session, uint8_t *buffer, uint32_t capacity);

/* The session takes no more audio: waiting and later audio is dropped, so that it takes no room. */
void koe_end_audio(uint64_t session);

/* Number of bytes of a session that were dropped because the ring was full. */
uint64_t koe_lost_audio(uint64_t session);

/* --- downloads: calls of the shell's functions, on this thread. Pointers are passed as numbers. --- */

void koe_tell_progress(uint64_t function, uint64_t context, uint32_t index, uint32_t count,
                       uint64_t received, uint64_t size, const char *name);
void koe_tell_download(uint64_t function, uint64_t context, int32_t status, const char *message);

/* --- texts for the shell --- */

/* Copy a text for a function that returns one; sp_core_free_string frees the copy. NULL if there is not
 * enough memory. */
char *koe_copy_text(const char *text);

/* --- failures that no callback of a session reports; the levels are those of on_log_event --- */

#define KOE_LOG_ERROR 0
#define KOE_LOG_WARNING 1

/* Store an error as the last error, write the message to koe.log, and report it to the shell. message is
 * valid UTF-8 without NUL inside, and has no secrets. It is not written to stderr; the caller does that. */
void koe_report(int32_t level, const char *message);

/* The same for a failed start, also on stderr; creates the settings folder for koe.log if necessary. */
void koe_report_failed_start(const char *message);

/* --- engines that the shell provides --- */

/* The address of a function that the shell has registered for an engine; 0 if it has not. */
uint64_t koe_local_function(const char *engine, const char *function);

/* --- the present environment of the host; Python's copy is from its start --- */

/* The value of a variable, as UTF-8 on Windows and as raw bytes elsewhere, to be freed with koe_free_text.
 * NULL if it is not set. */
char *koe_getenv(const char *name);
void koe_free_text(char *text);

/* --- what Python implements --- */

/* Called once all functions below exist; before that, Python has not started. */
void koe_boundary_is_ready(void);

int32_t koe_py_create(uint64_t core, uint32_t expectations);
int32_t koe_py_destroy(uint64_t core, double seconds);
int32_t koe_py_exit(void); /* waits briefly for engines; returns 1: call again */
int32_t koe_py_reload(uint64_t core);
int32_t koe_py_session_begin(uint64_t core, uint64_t session, int32_t mode, uint64_t token);
int32_t koe_py_session_end(uint64_t core);
int32_t koe_py_session_cancel(uint64_t core);
int32_t koe_py_accept(uint64_t core);

/* For settings windows. Arguments may be NULL or not UTF-8; a core may be 0. */
char *koe_py_config_get(const char *key);
char *koe_py_config_get_json(const char *key);
int32_t koe_py_config_set(const char *key, const char *value);
char *koe_py_trigger_key(void);
char *koe_py_profiles(void);
int32_t koe_py_save_profiles(const char *json);
char *koe_py_templates(uint64_t core);
int32_t koe_py_save_templates(uint64_t core, const char *json);
char *koe_py_local_providers(void);
char *koe_py_llm_providers(void);

/* Language models outside of sessions. Arguments may be NULL or not UTF-8; a core may be 0. */
int32_t koe_py_rewrite(uint64_t core, int32_t index, const char *text, uint64_t token);
char *koe_py_llm_test(uint64_t core, const char *base_url, const char *api_key, const char *model,
                      const char *max_token_parameter);
char *koe_py_llm_test_profile(uint64_t core, const char *json);
char *koe_py_llm_models(uint64_t core, const char *base_url, const char *api_key);
char *koe_py_llm_models_of_profile(uint64_t core, const char *json);

/* Models. Arguments may be NULL or not UTF-8; a core may be 0. */
char *koe_py_scan_models(void);
int32_t koe_py_model_status(const char *path, int32_t mode);
int32_t koe_py_remove_model(const char *path);
int32_t koe_py_download(uint64_t core, const char *path, uint64_t progress, uint64_t status,
                        uint64_t context);
int32_t koe_py_cancel_download(uint64_t core, const char *path);

/* The history. Arguments may be NULL or not UTF-8; a core may be 0. */
char *koe_py_history(const char *query);
char *koe_py_history_entry(const char *id);
int32_t koe_py_history_retry(uint64_t core, const char *id, const char *options, uint64_t token);
int32_t koe_py_history_recorrect(uint64_t core, const char *id, const char *options,
                                 uint64_t token);
int32_t koe_py_history_export(const char *id, const char *path);
int32_t koe_py_history_remove(const char *id);

#include "core.h"

#include "koe_core.h"
#include "koe_extra.h"
#include "text.h"

namespace {

HWND receiver;
UINT report;

/* Callbacks come from a thread of the core, which waits for their return: they copy and post. */
void post(Said what, uint64_t token, const char *text) {
    auto event = std::make_unique<Event>(Event{token, to_wide(text)});
    if (PostMessageW(receiver, report, static_cast<WPARAM>(what), reinterpret_cast<LPARAM>(event.get())))
        event.release();
}

void on_state(uint64_t token, const char *state) { post(Said::state, token, state); }
void on_text(uint64_t token, const char *text) { post(Said::text, token, text); }
void on_warning(uint64_t token, const char *message) { post(Said::warning, token, message); }
void on_error(uint64_t token, const char *message) { post(Said::error, token, message); }

} // namespace

bool start_core(HWND window, UINT message) {
    receiver = window;
    report = message;
    SPCallbacks callbacks = {};
    callbacks.on_state_changed = on_state;
    callbacks.on_final_text_ready = on_text;
    callbacks.on_session_warning = on_warning;
    callbacks.on_session_error = on_error;
    sp_core_register_callbacks(callbacks);
    if (sp_core_create(nullptr) == 0)
        return true;
    char *why = koe_last_error();
    MessageBoxW(nullptr, to_wide(why ? why : "The dictation core could not be started.").c_str(), L"Koe",
                MB_OK | MB_ICONERROR);
    koe_free(why);
    return false;
}

std::unique_ptr<Event> take_event(LPARAM data) { return std::unique_ptr<Event>(reinterpret_cast<Event *>(data)); }

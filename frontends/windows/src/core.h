#pragma once

#include <windows.h>

#include <cstdint>
#include <memory>
#include <string>

/* What the core says, in the window's thread: as the wParam of the message, with an Event in lParam. */
enum class Said : WPARAM { state, text, warning, error };

struct Event {
    uint64_t token;
    std::wstring text;
};

/* Start the core, whose events go to a window; a message box says why it can't be. */
bool start_core(HWND window, UINT message);

/* Take over what a message brought. */
std::unique_ptr<Event> take_event(LPARAM data);

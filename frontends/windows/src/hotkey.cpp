#include "hotkey.h"

namespace {

HHOOK hook;
HWND receiver;
UINT report;
bool is_down;

/* Windows waits for it with every key, so it only posts. */
LRESULT CALLBACK watch(int code, WPARAM message, LPARAM data) {
    const auto &key = *reinterpret_cast<KBDLLHOOKSTRUCT *>(data);
    /* What programs type, this one too, is not meant. */
    if (code == HC_ACTION && !(key.flags & LLKHF_INJECTED)) {
        bool goes_down = message == WM_KEYDOWN || message == WM_SYSKEYDOWN;
        if (key.vkCode == VK_RCONTROL && goes_down != is_down) {
            is_down = goes_down;
            PostMessageW(receiver, report, 0, static_cast<LPARAM>(goes_down ? Key::pressed : Key::released));
        } else if (key.vkCode != VK_RCONTROL && goes_down && is_down) {
            PostMessageW(receiver, report, 0, static_cast<LPARAM>(Key::chord));
        }
    }
    return CallNextHookEx(hook, code, message, data);
}

} // namespace

bool watch_hotkey(HWND window, UINT message) {
    receiver = window;
    report = message;
    hook = SetWindowsHookExW(WH_KEYBOARD_LL, watch, GetModuleHandleW(nullptr), 0);
    return hook != nullptr;
}

void forget_hotkey() {
    if (hook)
        UnhookWindowsHookEx(hook);
    hook = nullptr;
}

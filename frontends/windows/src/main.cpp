/*
 * A minimal shell for Windows: hold the right control key, speak, let go, and the text is pasted where the cursor
 * is. An icon beside the clock says what it is doing; its menu ends it.
 */
#include <windows.h>

#include <shellapi.h>

#include <cwchar>
#include <memory>
#include <string>

#include "capture.h"
#include "core.h"
#include "hotkey.h"
#include "koe_core.h"
#include "paste.h"

namespace {

enum : UINT { CORE_SAID = WM_APP, HOTKEY, CAPTURE_FAILED, TRAY };
enum : UINT_PTR { RESTORE_CLIPBOARD = 1 };
enum : UINT { OPEN_SETTINGS = 1, QUIT };

constexpr wchar_t name[] = L"Koe";

NOTIFYICONDATAW icon = {};
std::unique_ptr<Capture> capture;
uint64_t session; /* the newest one; events of older ones are not shown */
bool is_recording;

template <size_t size> void copy(wchar_t (&target)[size], const std::wstring &text) {
    wcsncpy(target, text.c_str(), size - 1);
    target[size - 1] = L'\0';
}

void show_state(const std::wstring &state) {
    icon.uFlags = NIF_TIP;
    copy(icon.szTip, state == L"idle" ? L"Koe: hold the right Ctrl key and speak" : L"Koe: " + state);
    Shell_NotifyIconW(NIM_MODIFY, &icon);
}

void show_balloon(const std::wstring &sentence, DWORD kind) {
    icon.uFlags = NIF_INFO;
    icon.dwInfoFlags = kind;
    copy(icon.szInfo, sentence);
    copy(icon.szInfoTitle, name);
    Shell_NotifyIconW(NIM_MODIFY, &icon);
}

void begin() {
    SPSessionContext context = {};
    context.mode = HOLD;
    context.session_token = ++session;
    if (sp_core_session_begin(context) != 0) {
        show_balloon(L"No dictation could be begun; see koe.log in the settings folder.", NIIF_ERROR);
        return;
    }
    is_recording = true;
    capture->start();
}

/* Either the text is wanted, or what was said is dropped. */
void end(bool is_wanted) {
    if (!is_recording)
        return;
    is_recording = false;
    capture->stop();
    if (is_wanted)
        sp_core_session_end();
    else
        sp_core_session_cancel();
}

void handle(Key key) {
    if (key == Key::pressed)
        begin();
    else
        end(key == Key::released);
}

void handle(HWND window, Said what, const Event &event) {
    if (event.token != session)
        return;
    switch (what) {
    case Said::state:
        show_state(event.text);
        break;
    case Said::text:
        show_state(L"idle"); /* after a text there is no state */
        if (!paste(window, event.text, RESTORE_CLIPBOARD, sp_core_get_clipboard_config().restore_delay_ms))
            show_balloon(L"Another program has the clipboard; the text is in the history.", NIIF_WARNING);
        break;
    case Said::warning:
        show_balloon(event.text, NIIF_WARNING);
        break;
    case Said::error:
        is_recording = false;
        capture->stop();
        show_balloon(event.text, NIIF_ERROR);
        break;
    }
}

std::wstring settings_folder() {
    wchar_t folder[MAX_PATH];
    DWORD size = ExpandEnvironmentStringsW(L"%APPDATA%\\koe", folder, MAX_PATH);
    return size > 0 && size <= MAX_PATH ? folder : L"";
}

void show_menu(HWND window) {
    HMENU menu = CreatePopupMenu();
    AppendMenuW(menu, MF_STRING, OPEN_SETTINGS, L"Open the settings folder");
    AppendMenuW(menu, MF_STRING, QUIT, L"Quit");
    POINT cursor;
    GetCursorPos(&cursor);
    SetForegroundWindow(window); /* else the menu stays when the user clicks elsewhere */
    UINT chosen = static_cast<UINT>(
        TrackPopupMenu(menu, TPM_RETURNCMD | TPM_NONOTIFY, cursor.x, cursor.y, 0, window, nullptr));
    DestroyMenu(menu);
    if (chosen == OPEN_SETTINGS)
        ShellExecuteW(window, L"open", settings_folder().c_str(), nullptr, nullptr, SW_SHOWNORMAL);
    else if (chosen == QUIT)
        DestroyWindow(window);
}

LRESULT CALLBACK receive(HWND window, UINT message, WPARAM what, LPARAM data) {
    switch (message) {
    case CORE_SAID:
        handle(window, static_cast<Said>(what), *take_event(data));
        return 0;
    case HOTKEY:
        handle(static_cast<Key>(data));
        return 0;
    case CAPTURE_FAILED: {
        std::unique_ptr<std::wstring> sentence(reinterpret_cast<std::wstring *>(data));
        end(false);
        show_balloon(*sentence, NIIF_ERROR);
        return 0;
    }
    case TRAY:
        if (data == WM_RBUTTONUP || data == WM_CONTEXTMENU)
            show_menu(window);
        return 0;
    case WM_TIMER:
        restore_clipboard(window, what);
        return 0;
    case WM_DESTROY:
        restore_clipboard(window, 0);
        PostQuitMessage(0);
        return 0;
    default:
        return DefWindowProcW(window, message, what, data);
    }
}

/* It is never shown: it only gets messages. */
HWND make_window(HINSTANCE program) {
    WNDCLASSW kind = {};
    kind.lpfnWndProc = receive;
    kind.hInstance = program;
    kind.lpszClassName = name;
    RegisterClassW(&kind);
    return CreateWindowW(name, name, 0, 0, 0, 0, 0, nullptr, nullptr, program, nullptr);
}

void show_icon(HWND window) {
    icon.cbSize = sizeof icon;
    icon.hWnd = window;
    icon.uFlags = NIF_ICON | NIF_MESSAGE;
    icon.uCallbackMessage = TRAY;
    icon.hIcon = LoadIconW(nullptr, MAKEINTRESOURCEW(32512)); /* IDI_APPLICATION */
    Shell_NotifyIconW(NIM_ADD, &icon);
    show_state(L"idle");
}

} // namespace

int WINAPI WinMain(HINSTANCE program, HINSTANCE, LPSTR, int) {
    CreateMutexW(nullptr, FALSE, L"Local\\KoeShell");
    if (GetLastError() == ERROR_ALREADY_EXISTS)
        return 0; /* one is enough: both would record */
    HWND window = make_window(program);
    if (!window || !start_core(window, CORE_SAID))
        return 1;
    capture = std::make_unique<Capture>(window, CAPTURE_FAILED);
    show_icon(window);
    if (watch_hotkey(window, HOTKEY)) {
        MSG message;
        while (GetMessageW(&message, nullptr, 0, 0) > 0)
            DispatchMessageW(&message);
        forget_hotkey();
    } else {
        MessageBoxW(nullptr, L"Windows does not let this program see the keyboard.", name, MB_OK | MB_ICONERROR);
    }
    end(false);
    capture.reset();
    Shell_NotifyIconW(NIM_DELETE, &icon);
    sp_core_destroy();
    return 0;
}

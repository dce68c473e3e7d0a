#include "paste.h"

#include <cstring>
#include <optional>

namespace {

/* What the user had; nothing while no text of ours is on the clipboard. */
std::optional<std::wstring> before;
DWORD ours; /* its number, by which a later copy of the user's is seen */

/* Other programs may have it open for a moment. */
class Clipboard {
  public:
    explicit Clipboard(HWND window) {
        for (int attempt = 0; attempt < 10 && !(is_open_ = OpenClipboard(window)); attempt++)
            Sleep(20);
    }
    ~Clipboard() {
        if (is_open_)
            CloseClipboard();
    }
    Clipboard(const Clipboard &) = delete;
    Clipboard &operator=(const Clipboard &) = delete;
    explicit operator bool() const { return is_open_; }

    std::wstring text() const {
        HANDLE memory = GetClipboardData(CF_UNICODETEXT);
        auto *content = memory ? static_cast<const wchar_t *>(GlobalLock(memory)) : nullptr;
        if (!content)
            return {};
        std::wstring copy(content);
        GlobalUnlock(memory);
        return copy;
    }

    bool put(const std::wstring &text) const {
        size_t size = (text.size() + 1) * sizeof(wchar_t);
        HGLOBAL memory = GlobalAlloc(GMEM_MOVEABLE, size);
        if (!memory || !EmptyClipboard())
            return false;
        std::memcpy(GlobalLock(memory), text.c_str(), size);
        GlobalUnlock(memory);
        /* Neither the clipboard's history nor other computers get it. */
        SetClipboardData(RegisterClipboardFormatW(L"ExcludeClipboardContentFromMonitorProcessing"),
                         GlobalAlloc(GMEM_MOVEABLE, 1));
        return SetClipboardData(CF_UNICODETEXT, memory) != nullptr;
    }

  private:
    bool is_open_ = false;
};

INPUT key(WORD code, bool goes_down) {
    INPUT input = {};
    input.type = INPUT_KEYBOARD;
    input.ki.wVk = code;
    input.ki.dwFlags = goes_down ? 0 : KEYEVENTF_KEYUP;
    return input;
}

} // namespace

bool paste(HWND window, const std::wstring &text, UINT_PTR timer, UINT delay_ms) {
    {
        Clipboard clipboard(window);
        if (!clipboard)
            return false;
        if (!before)
            before = clipboard.text();
        if (!clipboard.put(text))
            return false;
    }
    ours = GetClipboardSequenceNumber();
    INPUT strokes[] = {key(VK_CONTROL, true), key('V', true), key('V', false), key(VK_CONTROL, false)};
    SendInput(static_cast<UINT>(std::size(strokes)), strokes, sizeof *strokes);
    SetTimer(window, timer, delay_ms, nullptr);
    return true;
}

void restore_clipboard(HWND window, UINT_PTR timer) {
    KillTimer(window, timer);
    if (before && !before->empty() && GetClipboardSequenceNumber() == ours)
        if (Clipboard clipboard(window); clipboard)
            clipboard.put(*before);
    before.reset();
}

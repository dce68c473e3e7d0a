#pragma once

#include <windows.h>

#include <string>

/*
 * Paste a text where the cursor is, in whichever program, and put the user's text back on the clipboard: after
 * delay_ms the window gets WM_TIMER with the number timer, and calls restore_clipboard.
 *
 * False: the clipboard is not to be had; nothing was pasted.
 */
bool paste(HWND window, const std::wstring &text, UINT_PTR timer, UINT delay_ms);
void restore_clipboard(HWND window, UINT_PTR timer);

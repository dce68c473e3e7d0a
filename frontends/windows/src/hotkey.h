#pragma once

#include <windows.h>

/*
 * The right control key, wherever the keyboard is. The window gets, as its lParam says, what happened to it. All
 * other programs see the key too.
 */
enum class Key { pressed, released, chord /* another key came while it was down */ };

/* Call it on the thread with the message loop. False: Windows does not allow it. */
bool watch_hotkey(HWND window, UINT message);
void forget_hotkey();

#pragma once

#include <windows.h>

#include <string>
#include <thread>

/*
 * The default microphone, from start() to stop(), to sp_core_push_audio. Windows converts it to the core's format:
 * 16 kHz, mono, 16 bits.
 */
class Capture {
  public:
    /* A sentence for the user is posted to the window, as a new std::wstring in lParam, if it can't record. */
    Capture(HWND window, UINT failed);
    ~Capture();

    void start();
    /* Returns when all that was said has been pushed. */
    void stop();

  private:
    void record();

    HWND window_;
    UINT failed_;
    HANDLE stopping_;
    std::thread thread_;
};

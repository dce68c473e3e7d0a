#include "capture.h"

#include <initguid.h> /* before the headers whose names of interfaces are defined here */

#include <audioclient.h>
#include <mmdeviceapi.h>

#include <memory>

#include "koe_core.h"

namespace {

constexpr WORD bytes_per_frame = 2;
constexpr DWORD frames_per_second = 16000;
constexpr REFERENCE_TIME buffer_100ns = 2'000'000; /* 0.2 s */

/* In headers of MinGW it is missing. */
#ifndef AUDCLNT_STREAMFLAGS_AUTOCONVERTPCM
#define AUDCLNT_STREAMFLAGS_AUTOCONVERTPCM 0x80000000
#define AUDCLNT_STREAMFLAGS_SRC_DEFAULT_QUALITY 0x08000000
#endif
constexpr DWORD flags = AUDCLNT_STREAMFLAGS_EVENTCALLBACK | AUDCLNT_STREAMFLAGS_AUTOCONVERTPCM |
                        AUDCLNT_STREAMFLAGS_SRC_DEFAULT_QUALITY;

struct Releaser {
    void operator()(IUnknown *object) const { object->Release(); }
};
template <typename T> using Com = std::unique_ptr<T, Releaser>;

struct Closer {
    void operator()(void *handle) const { CloseHandle(handle); }
};

/* COM is started on a thread as often as it is ended. */
struct ComThread {
    ComThread() { CoInitializeEx(nullptr, COINIT_MULTITHREADED); }
    ~ComThread() { CoUninitialize(); }
};

/* What failed, and how. */
struct Failure {
    HRESULT code;
};

void check(HRESULT code) {
    if (FAILED(code))
        throw Failure{code};
}

Com<IAudioClient> open_microphone() {
    IMMDeviceEnumerator *devices;
    check(CoCreateInstance(__uuidof(MMDeviceEnumerator), nullptr, CLSCTX_ALL, __uuidof(IMMDeviceEnumerator),
                           reinterpret_cast<void **>(&devices)));
    Com<IMMDeviceEnumerator> devices_owner(devices);
    IMMDevice *device;
    check(devices->GetDefaultAudioEndpoint(eCapture, eCommunications, &device));
    Com<IMMDevice> device_owner(device);
    IAudioClient *client;
    check(device->Activate(__uuidof(IAudioClient), CLSCTX_ALL, nullptr, reinterpret_cast<void **>(&client)));
    Com<IAudioClient> owner(client);
    WAVEFORMATEX format = {};
    format.wFormatTag = WAVE_FORMAT_PCM;
    format.nChannels = 1;
    format.nSamplesPerSec = frames_per_second;
    format.nAvgBytesPerSec = frames_per_second * bytes_per_frame;
    format.nBlockAlign = bytes_per_frame;
    format.wBitsPerSample = 8 * bytes_per_frame;
    check(client->Initialize(AUDCLNT_SHAREMODE_SHARED, flags, buffer_100ns, 0, &format, nullptr));
    return owner;
}

/* Push what has been recorded; silence too, which comes without content. */
void push_all(IAudioCaptureClient &source) {
    static const BYTE silence[frames_per_second * bytes_per_frame] = {};
    UINT32 frames;
    for (;;) {
        check(source.GetNextPacketSize(&frames));
        if (frames == 0)
            return;
        BYTE *samples;
        DWORD kind;
        check(source.GetBuffer(&samples, &frames, &kind, nullptr, nullptr));
        UINT32 size = frames * bytes_per_frame;
        bool is_silent = (kind & AUDCLNT_BUFFERFLAGS_SILENT) && size <= sizeof silence;
        sp_core_push_audio(is_silent ? silence : samples, size, 0);
        check(source.ReleaseBuffer(frames));
    }
}

const wchar_t *sentence(HRESULT code) {
    switch (code) {
    case E_ACCESSDENIED:
        return L"Windows keeps this program from the microphone; allow it in Settings, Privacy, Microphone.";
    case HRESULT_FROM_WIN32(ERROR_NOT_FOUND):
        return L"There is no microphone; connect one.";
    case AUDCLNT_E_DEVICE_IN_USE:
        return L"Another program uses the microphone exclusively; close that program.";
    case AUDCLNT_E_DEVICE_INVALIDATED:
        return L"The microphone was removed; connect it again.";
    default:
        return L"The microphone can't be opened; choose another one in the settings of Windows, Sound.";
    }
}

} // namespace

Capture::Capture(HWND window, UINT failed)
    : window_(window), failed_(failed), stopping_(CreateEventW(nullptr, FALSE, FALSE, nullptr)) {}

Capture::~Capture() {
    stop();
    CloseHandle(stopping_);
}

void Capture::start() {
    stop();
    ResetEvent(stopping_);
    thread_ = std::thread(&Capture::record, this);
}

void Capture::stop() {
    if (!thread_.joinable())
        return;
    SetEvent(stopping_);
    thread_.join();
}

void Capture::record() {
    ComThread com;
    try {
        Com<IAudioClient> client = open_microphone();
        std::unique_ptr<void, Closer> filled(CreateEventW(nullptr, FALSE, FALSE, nullptr));
        check(client->SetEventHandle(filled.get()));
        IAudioCaptureClient *source;
        check(client->GetService(__uuidof(IAudioCaptureClient), reinterpret_cast<void **>(&source)));
        Com<IAudioCaptureClient> owner(source);
        check(client->Start());
        const HANDLE either[] = {stopping_, filled.get()};
        while (WaitForMultipleObjects(2, either, FALSE, INFINITE) != WAIT_OBJECT_0)
            push_all(*source);
        client->Stop();
        push_all(*source);
    } catch (const Failure &failure) {
        PostMessageW(window_, failed_, 0, reinterpret_cast<LPARAM>(new std::wstring(sentence(failure.code))));
    }
}

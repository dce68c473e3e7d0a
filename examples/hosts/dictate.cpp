// c++ -std=c++17 dictate.cpp $(koe-config --cflags --libs) -o dictate
// ./dictate recording.pcm

#include <koe_core.h>
#include <fstream>
#include <future>
#include <iostream>
#include <iterator>
#include <string_view>
#include <vector>

static std::promise<int> ended; // by one callback of a session, its last

int main(int argc, char **argv) {
    std::ifstream file(argc == 2 ? argv[1] : "", std::ios::binary);
    std::vector<char> speech(std::istreambuf_iterator<char>(file), {});
    SPCallbacks callbacks{};
    callbacks.on_session_error = [](uint64_t, const char *why) { std::cerr << why << '\n'; };
    callbacks.on_session_warning = callbacks.on_session_error;
    callbacks.on_final_text_ready = [](uint64_t, const char *text) { std::cout << text << '\n'; ended.set_value(0); };
    callbacks.on_state_changed = [](uint64_t, const char *name) {
        std::string_view state = name; // "failed" comes after an error, "idle" where nothing was said
        if (state == "failed" || state == "idle") ended.set_value(1);
    };
    sp_core_register_callbacks(callbacks);
    int status = 1;
    if (!speech.empty() && sp_core_create(nullptr) == 0 && sp_core_session_begin({}) == 0) {
        sp_core_push_audio(reinterpret_cast<uint8_t *>(speech.data()), static_cast<uint32_t>(speech.size()), 0);
        if (sp_core_session_end() == 0) status = ended.get_future().get();
    }
    sp_core_destroy();
    return status;
}

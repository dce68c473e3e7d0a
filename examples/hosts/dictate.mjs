// npm ci
// node dictate.mjs recording.pcm

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { promisify } from "node:util";
import koffi from "koffi";

const library = koffi.load(execFileSync("koe-config", ["--library"], { encoding: "utf8" }).trim());
const said = koffi.pointer(koffi.proto("void said(uint64_t token, const char *text)"));
koffi.struct("SPCallbacks", { ready: "void *", error: said, warning: said, text: said, log: "void *", state: said,
  interim: "void *", recognised: "void *", rewritten: "void *", meta: "void *" });
koffi.struct("SPSessionContext", { mode: "int", bundle: "const char *", pid: "int", token: "uint64_t" });
const begin = library.func("int32_t sp_core_session_begin(SPSessionContext context)");
const destroy = promisify(library.func("void sp_core_destroy()").async); // not on this thread: callbacks need it

const waiting = setInterval(() => {}, 1000); // keeps node from ending while a callback is to come
const ended = new Promise((end) => {
  const complain = (token, why) => console.error(why);
  const show = (token, text) => { console.log(text); end(0); };
  const follow = (token, state) => { if (["failed", "idle"].includes(state)) end(1); }; // idle: nothing was said
  const callbacks = { error: complain, warning: complain, text: show, state: follow };
  for (const name in callbacks) callbacks[name] = koffi.register(callbacks[name], said);
  library.func("void sp_core_register_callbacks(SPCallbacks callbacks)")(callbacks);
});
let speech = "";
try { speech = readFileSync(process.argv[2]); } catch (error) { console.error(error.message); }
process.exitCode = 1;
if (speech.length && library.func("int32_t sp_core_create(const char *path)")(null) === 0 && begin({}) === 0) {
  library.func("int32_t sp_core_push_audio(const uint8_t *frame, uint32_t size, uint64_t timestamp)")(speech, speech.length, 0);
  if (library.func("int32_t sp_core_session_end()")() === 0) process.exitCode = await ended;
}
await destroy();
clearInterval(waiting);

"""Language models from the other side of the boundary: a shell, and imitations of two services.

One of them recognises, because what becomes of a text does not depend on the engine, and the real
one takes a second for each.

What a session does with its correction is checked at length in tests/test_session.py; here, that
all of it arrives.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Protocol

import pytest
from websockets.http11 import Request

from tests.abi import build
from tests.boundary.host import run_host
from tests.servers.certificates import roots
from tests.servers.llm import KEY, MODELS, serving
from tests.servers.qwen import QwenService

pytestmark = [
    pytest.mark.abi,
    pytest.mark.skipif(bool(build.SANITIZE), reason="a sanitizer must be loaded first"),
]

SHELL = (Path(__file__).parent / "shell.py").read_text(encoding="utf-8")


class Run(Protocol):
    def __call__(
        self, program: str, url: str, *, when: Callable[[], bool] = ..., **environment: str
    ) -> list[str]: ...


@pytest.fixture
def run(library: Path, speech: Path, tmp_path: Path) -> Run:
    """Run a shell's program to its end; returns the lines that it printed.

    The service recognises nothing before ``when`` is true.
    """

    def run(
        program: str, url: str, *, when: Callable[[], bool] = lambda: True, **environment: str
    ) -> list[str]:
        async def consent(request: Request) -> None:
            while not when():  # noqa: ASYNC110 - on another thread
                await asyncio.sleep(0.01)

        with QwenService() as engine:
            engine.answer = consent
            done: CompletedProcess[str] = run_host(
                SHELL + program, library, tmp_path, speech, url, engine.section, **environment
            )
        assert done.returncode == 0, done.stderr
        assert "Traceback" not in done.stderr
        assert KEY not in done.stderr
        # What no callback reports to a shell.
        return [*done.stdout.splitlines(), *done.stderr.splitlines()]

    return run


TEN_SESSIONS = """
configure("koe-echo", dictionary="{path: terms.txt}")
Path.home().joinpath(".koe", "terms.txt").write_text("Beckett")
assert library.sp_core_create(None) == 0
for token in range(1, 11):
    reported_now = dictate(token)
    heard = reported_now[3][2:-1]
    assert reported_now == [
        "S(recording_hold)", "R", "S(finalizing_asr)", f"A({heard})", "S(correcting)",
        "S(preparing_paste)", f"M({heard},qwen,true)", f"F({heard}!!)",
    ], reported_now
    print(heard)
destroy()
"""


@pytest.mark.parametrize(
    ("certificate", "version"),
    [
        (None, "http/1.1"),
        pytest.param(
            "good",
            "h2",
            marks=pytest.mark.skipif(sys.platform != "linux", reason="needs SSL_CERT_FILE"),
        ),
    ],
)
def test_ten_sessions_over_one_connection(
    certificate: None, version: str, run: Run, tmp_path: Path
) -> None:
    trusted = tmp_path / "roots.pem"
    trusted.write_bytes(roots())
    with serving(certificate) as fake:
        # As while one speaks, which takes longer than it takes to connect.
        heard = run(
            TEN_SESSIONS,
            fake.url,
            when=lambda: bool(fake.server.exchanges),
            SSL_CERT_FILE=str(trusted),
        )

    assert len(heard) == 10
    [connection] = fake.server.connections
    assert connection.version == version
    warm_up, *_ = connection.exchanges
    assert (warm_up.method, warm_up.path) == ("GET", "/v1/models/koe-echo")
    assert len(fake.service.questions) == 10
    for text, question in zip(heard, fake.service.questions, strict=True):
        assert text == "今天天气不错。"
        assert question.user.endswith(text)
        assert "Beckett" in question.user


OUTCOMES = """
assert library.sp_core_create(None) == 0
for token, model in enumerate(MODELS, start=1):
    configure(model, "  timeout_ms: 1000\\n" if model in ("koe-never", "koe-stalled") else "")
    reported_now = dictate(token)
    heard = reported_now[3][2:-1]
    reported_now = [text.replace(heard, "HEARD") for text in reported_now]
    assert reported_now[:5] == [
        "S(recording_hold)", "R", "S(finalizing_asr)", "A(HEARD)", "S(correcting)"
    ], reported_now
    print(json.dumps([model, *reported_now[5:]]))
destroy()
"""

RAW = ("S(preparing_paste)", "M(HEARD,qwen,false)", "F(HEARD)")
FAILED = "W(LLM correction failed: "

HAPPENS = {
    "koe-thinking": (
        "S(preparing_paste)", "M(HEARD,qwen,true)", "F(HEARD!!)",
    ),
    "koe-cut-off": (
        FAILED + "the model's answer is cut off; raise llm.max_output_tokens (1024))", *RAW,
    ),
    "koe-refuse": (
        FAILED + "HTTP 500 Internal Server Error: The server had an error while processing your "
        "request. (invalid_request_error))",
        *RAW,
    ),
    "koe-blank": (FAILED + "empty content in response)", *RAW),
    "koe-fragment": RAW,
    "koe-garbage": (
        FAILED + "the server answered with a web page; is base_url right? It is URL)", *RAW,
    ),
    "koe-endless": (FAILED + "the reply is longer than 8 MiB)", *RAW),
    "koe-never": (FAILED + "LLM correction timed out)", *RAW),
    "koe-stalled": (FAILED + "LLM correction timed out)", *RAW),
    "no-such-model": (
        FAILED + "HTTP 404 Not Found: The model `no-such-model` does not exist "
        "(invalid_request_error))",
        *RAW,
    ),
}  # fmt: skip


def test_what_comes_of_an_answer(run: Run) -> None:
    """Spec abi §4.3: no word is lost, whatever the service does."""
    with serving() as fake:
        said = run(f"MODELS = {list(HAPPENS)}\n{OUTCOMES}", fake.url)
        lines = [line.replace(fake.url, "URL") for line in said]

    assert lines[-1] == "koe: the model's answer was not used: it keeps only a fragment"
    happened = {model: tuple(reported) for model, *reported in map(json.loads, lines[:-1])}
    assert happened == HAPPENS


INTERVENTIONS = """
configure("koe-never")
assert library.sp_core_create(None) == 0
raw = ["S(preparing_paste)", "M(HEARD,qwen,false)", "F(HEARD)"]

def now(token):
    reported_now = story(token)
    heard = reported_now[3][2:-1]
    reported_now = [text.replace(heard, "HEARD") for text in reported_now]
    assert reported_now[2:5] == ["S(finalizing_asr)", "A(HEARD)", "S(correcting)"], reported_now
    return reported_now[5:]

# accepted while the model is asked
begin(1)
speak()
fake("asked/1")
assert library.sp_core_accept_asr_result() == 0
until(1, "F(")
assert library.sp_core_accept_asr_result() == -1
assert now(1) == raw, now(1)

# accepted before
begin(2)
assert library.sp_core_accept_asr_result() == 0
speak()
until(2, "F(")
assert now(2) == raw, now(2)

# cancelled
begin(3)
speak()
fake("asked/2")
assert library.sp_core_session_cancel() == 0
until(3, "S(idle)")
assert library.sp_core_accept_asr_result() == -1
assert now(3) == ["S(cancelled)", "S(idle)"], now(3)

# superseded: the next one begins right after
begin(4)
speak()
fake("asked/3")
configure("koe-echo")
begin(5)
speak()
until(5, "F(")
assert now(4) == ["S(cancelled)", "S(idle)"], now(4)
assert now(5)[-1] == "F(HEARD!!)", now(5)

# accepted inside of the callback that reports what was heard
configure("koe-never")
begin(6)
answers = []
inside["S(finalizing_asr)"] = lambda: answers.append(library.sp_core_accept_asr_result())
speak()
until(6, "F(")
assert answers == [0]
assert now(6) == raw, now(6)

# destroyed
begin(7)
speak()
fake("asked/5")
seconds = destroy()
assert seconds < 2.0, seconds
reported_by_then = len(reported)
time.sleep(0.2)
assert len(reported) == reported_by_then
assert now(7) == [], now(7)
print("done")
"""


def test_a_correction_that_is_not_awaited(run: Run) -> None:
    """Spec abi §§4.8-4.11."""
    with serving() as fake:
        assert run(INTERVENTIONS, fake.url) == ["done"]


REBUILT = """
configure("koe-later")
assert library.sp_core_create(None) == 0
begin(1)
speak()
fake("asked/1")
configure("koe-later", "  timeout_ms: 9000\\n")
assert library.sp_core_reload_config() == 0
fake("answer")
until(1, "F(")
assert story(1)[-1].endswith("!!)"), story(1)
assert dictate(2)[-1].endswith("!!)"), story(2)
destroy()
"""


def test_a_reload_disturbs_no_correction(run: Run) -> None:
    with serving() as fake:
        assert run(REBUILT, fake.url) == []
    asked = [
        [exchange.path for exchange in connection.exchanges if exchange.method == "POST"]
        for connection in fake.server.connections
    ]
    assert [paths for paths in asked if paths] == [["/v1/chat/completions"]] * 2


REFUSED = """
import os
configure("koe-echo")
assert library.sp_core_create(None) == 0
assert dictate(1)[-1].endswith("!!)")
configure("koe-echo", "  timeout_ms: 9000\\n")
os.environ |= {"SSL_CERT_FILE": "/nowhere", "SSL_CERT_DIR": "/nowhere"}
assert library.sp_core_reload_config() == -1
assert library.sp_core_reload_config() == -1
del os.environ["SSL_CERT_FILE"], os.environ["SSL_CERT_DIR"]
assert library.sp_core_reload_config() == 0
assert dictate(2)[-1].endswith("!!)")
destroy()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the system keeps the authorities")
def test_a_reload_that_would_cost_the_client(run: Run) -> None:
    """Spec abi §6.2: -1, and nothing is adopted."""
    with serving() as fake:
        said = run(REFUSED, fake.url)
    assert len(said) == 2
    for line in said:
        assert line.startswith(
            "koe: the settings stay as they were: LLM correction failed: the file that "
            "SSL_CERT_FILE names cannot be read: "
        )


REWRITES = """
import ctypes
TERMS = "Ada Babbage Curie Darwin Euler Fermat Gauss Hopper Ising Jacobi".split()
templates = json.dumps([
    {"name": "polite", "shortcut": 1, "system_prompt": "Be polite."},
    {"name": "without", "shortcut": 2, "system_prompt_path": "nowhere.txt"},
    {"name": "off", "shortcut": 3, "enabled": False, "system_prompt": "Be rude."},
])

def renew(model, **more):
    configure(model, prompt_templates=templates, dictionary="{path: terms.txt}", **more)
    assert library.sp_core_reload_config() == 0

def rewrite(token, text, index=0):
    before = len(story(token))
    assert library.sp_core_rewrite_with_template(index, text.encode()) == 0
    until_more(token, before)
    return story(token)[before:]

def until_more(token, before):
    with more:
        there = lambda: any(text.startswith("RW(") for text in story_now(token)[before:])
        assert more.wait_for(there, PATIENCE)

def story_now(token):
    return [text for t, text, _ in reported if t == token and not text.startswith("I(")]

assert library.sp_core_rewrite_with_template(0, b"x") == -1  # no core
configure("koe-echo")
assert library.sp_core_create(None) == 0
Path.home().joinpath(".koe", "terms.txt").write_text("\\n".join(TERMS))
renew("koe-echo")

# refused, without a callback
for index, text in [(-1, b"x"), (3, b"x"), (1, b"x"), (0, None), (0, b"\\xff")]:
    assert library.sp_core_rewrite_with_template(index, text) == -1, (index, text)
assert reported == []

# blank: at once, on this thread; no session has begun
assert library.sp_core_rewrite_with_template(0, b" \\n") == 0
assert reported == [(0, "RW( \\n)", threading.get_ident())], reported

print(rewrite(0, "hello"))
print(rewrite(0, "hello", index=2))
begin(7)
library.sp_core_session_cancel()
until(7, "S(idle)")
before = len(story(7))
print(rewrite(7, "hello"))
renew("koe-recite")
print(rewrite(7, "hello"))
renew("koe-refuse")
print(rewrite(7, "hello"))
renew("koe-blank")
print(rewrite(7, "hello"))
path = Path.home() / ".koe" / "config.yaml"
path.write_text(path.read_text().replace("active_profile: fake", "active_profile: gone"))
assert library.sp_core_reload_config() == 0
print(rewrite(7, "hello"))

# correction may be off
path.write_text(path.read_text().replace("gone", "fake").replace("koe-blank", "koe-echo")
                .replace("enabled: true", "enabled: false"))
assert library.sp_core_reload_config() == 0
print(rewrite(7, "hello"))

# inside of a callback, and several at once
inside["RW(one!!)"] = lambda: library.sp_core_rewrite_with_template(0, b"two")
library.sp_core_rewrite_with_template(0, b"one")
until(7, "RW(two!!)")

# destroyed meanwhile
renew("koe-never")
before = len(reported)
assert library.sp_core_rewrite_with_template(0, b"x") == 0
fake("asked/9")
assert destroy() < 2.0
assert len(reported) == before
"""


def test_rewrites(run: Run) -> None:
    """Spec abi §4.12."""
    with serving() as fake:
        *reported, recital, missing = run(REWRITES, fake.url)

    failed = "W(Rewrite failed: LLM correction failed: "
    assert reported == [
        "['RW(hello!!)']",
        "['RW(hello!!)']",
        "['RW(hello!!)']",
        "['RW(hello)']",
        f"['{failed}HTTP 500 Internal Server Error: The server had an error while processing your "
        "request. (invalid_request_error))', 'RW(hello)']",
        f"['{failed}empty content in response)', 'RW(hello)']",
        "['W(Rewrite failed: config error: LLM profile not found: gone)', 'RW(hello)']",
        "['RW(hello!!)']",
    ]
    assert recital == (
        "koe: the model's answer was not used: it lists terms of the dictionary that were not said"
    )
    assert missing.endswith("is not one of llm.profiles (choose from: fake); nothing is corrected")
    assert [question.system for question in fake.service.questions[:2]] == [
        "Be polite.", "Be rude.",
    ]  # fmt: skip
    assert all("hello" in question.user for question in fake.service.questions[:6])


WINDOWS = """
def profile(**changes):
    return json.dumps({"id": "x", **PROFILE, "model": "koe-echo", **changes}).encode()

def show(answer):
    answer.pop("elapsed_ms", None)
    print(json.dumps(answer))

KEY = PROFILE["api_key"].encode()

def ask_everything():
    show(ask("sp_llm_test_profile_json", profile()))
    show(ask("sp_llm_test_profile_json", profile(model="koe-fragment")))
    show(ask("sp_llm_test_profile_json", profile(model="koe-blank")))
    show(ask("sp_llm_test_profile_json", profile(api_key="sk-koe-wrong-9876543210")))
    show(ask("sp_llm_test_profile_json", profile(base_url="http://public.example/v1")))
    show(ask("sp_llm_test", url.encode(), KEY, b"koe-echo", b"max_tokens"))
    show(ask("sp_llm_test", url.encode(), KEY, b"koe-echo", None))
    show(ask("sp_llm_test", None, None, None, None))
    show(ask("sp_llm_list_models_for_profile_json", profile()))
    show(ask("sp_llm_list_models_for_profile_json", profile(base_url=" ")))
    show(ask("sp_llm_list_models_json", url.encode(), KEY))
    show(ask("sp_llm_list_models_json", None, None))
    for name in ("sp_llm_test_profile_json", "sp_llm_list_models_for_profile_json"):
        show(ask(name, None))
        show(ask(name, b"\\xff"))
        show(ask(name, b"{"))
        show(ask(name, b"[]"))
        show(ask(name, b'{"id": "x", "name": ["sk-koe-wrong-9876543210"]}'))

configure("koe-never", "  timeout_ms: 3000\\n")
%s
"""

ALONE = """
for name in ("system_prompt.txt", "user_prompt.txt"):
    (Path.home() / ".koe" / name).write_text("{{asr_text}}")
ask_everything()
"""

WITH_A_CORE = """
assert library.sp_core_create(None) == 0
ask_everything()
answer = ask("sp_llm_test_profile_json", profile(model="koe-never"))
assert answer["elapsed_ms"] >= 3000, answer
show(answer)

# destroyed while a thread waits for an answer, which it gets
answers = []
asking = threading.Thread(
    target=lambda: answers.append(ask("sp_llm_test_profile_json", profile(model="koe-never"))))
asking.start()
fake("asked/7")
assert destroy() < 2.0
asking.join()
show(answers[0])
"""

IN_A_CALLBACK = """
# on the loop's thread, and on this one
assert library.sp_core_create(None) == 0
inside["S(recording_hold)"] = ask_everything
begin(1)
until(1, "S(recording_hold)")
library.sp_core_session_cancel()
until(1, "S(idle)")
inside["RW( )"] = lambda: show(ask("sp_llm_test_profile_json", profile()))
assert library.sp_core_rewrite_with_template(0, b" ") == 0
# while another thread is inside of a callback, and waits for this one
answers = []
def wait():
    asking = threading.Thread(
        target=lambda: answers.append(ask("sp_llm_test_profile_json", profile())))
    asking.start()
    asking.join()
inside["S(recording_hold)"] = wait
begin(2)
until(2, "S(recording_hold)")
show(answers[0])
destroy()
"""


def of_test(message: str, success: bool = False) -> dict[str, object]:
    return {"message": message, "success": success}


def of_list(message: str, *models: str) -> dict[str, object]:
    return {"message": message, "models": [*models], "success": bool(models)}


FINE = of_test("Connection successful!", True)
TIMED_OUT = of_test("LLM correction timed out")


def everything(models: tuple[str, ...]) -> list[dict[str, object]]:
    """What ask_everything is answered."""
    failed = "LLM correction failed: "
    no_address = f"{failed}the profile has no base_url; enter the address of the server"
    return [
        FINE,
        FINE,
        of_test(f"{failed}empty content in response"),
        of_test(
            f"{failed}HTTP 401 Unauthorized: Incorrect API key provided: ***. "
            "(invalid_request_error)"
        ),
        of_test(
            f"{failed}insecure endpoint http://public.example/v1: use https:// or wss:// (plain "
            "http/ws is only allowed for localhost); is base_url right?"
        ),
        FINE,
        FINE,
        of_test(no_address),
        of_list("Models fetched", *models),
        of_list("Base URL is required"),
        of_list("Models fetched", *models),
        of_list("Base URL is required"),
        *(
            answer(message)
            for answer in (of_test, of_list)
            for message in (
                "Missing profile JSON",
                "Missing profile JSON",
                "Invalid profile JSON: ",
                "Invalid profile JSON: ",
                "Invalid profile JSON: ",
            )
        ),
    ]


def shortened(line: str) -> dict[str, object]:
    """An answer without what is wrong with the JSON, which is no part of the contract."""
    answer: dict[str, object] = json.loads(line)
    message = str(answer["message"])
    assert "sk-koe" not in message
    before, sign, reason = message.partition("Invalid profile JSON: ")
    assert not sign or reason
    return answer | {"message": before + sign}


@pytest.mark.parametrize(
    ("program", "more", "connections"),
    [
        pytest.param(ALONE, [], range(8, 9), id="without a core"),
        # At least one; another because the first is still waited on; and one without the core.
        # The client opens more when it asks before the last connection is back in its pool.
        pytest.param(WITH_A_CORE, [TIMED_OUT, TIMED_OUT], range(3, 8), id="with a core"),
        pytest.param(IN_A_CALLBACK, [FINE, FINE], range(1, 99), id="in a callback"),
    ],
)
def test_settings_windows(
    program: str, more: list[dict[str, object]], connections: range, run: Run
) -> None:
    """Spec abi §§7.6, 7.7."""
    with serving() as fake:
        lines = run(WINDOWS % program, fake.url)

    assert [shortened(line) for line in lines] == [*everything(MODELS), *more]
    # The process may end before a connection that it has opened is used.
    used = [it for it in fake.server.connections if it.exchanges]
    asked = [it for it in used if it.exchanges[0].path.startswith("/v1/")]
    assert len(asked) in connections
    limits = [
        json.loads(bytes(exchange.body)).keys() & {"max_tokens", "max_completion_tokens"}
        for exchange in fake.server.exchanges
        if exchange.method == "POST"
    ]
    assert limits.count({"max_tokens"}) == 1

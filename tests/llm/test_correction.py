"""From what was heard to what is delivered, without a server."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from koe.answers.flaws import Flaw
from koe.config.llm import BUILT_IN_PROFILES, LlmConfig, LlmProfile
from koe.errors import LlmConfigError, LlmError, LlmProfileError, LlmReplyError, LlmStatusError
from koe.llm.correction import (
    TEST_TEXT,
    Inquiry,
    Outcome,
    active_profile,
    ask_for_correction,
    ask_for_rewriting,
    ask_for_test,
)
from koe.llm.refusals import ParameterChange
from koe.prompts import Prompts

PROFILE = LlmProfile(
    base_url="https://h/v1", model="m", api_key="k-secret", max_token_parameter="max_tokens"
)
SETTINGS = LlmConfig(temperature=0.5, top_p=0.9, max_output_tokens=99, dictionary_max_candidates=2)
PROMPTS = Prompts("system", "D:{{dictionary_entries}}|H:{{interim_history}}|A:{{asr_text}}")
TERMS = ["GitHub", "Docker", "语音输入", "Koe"]
HEARD = "打开 github 然后输入语音"


def inquiry(heard: str = HEARD, terms: list[str] = TERMS) -> Inquiry:
    return ask_for_correction(SETTINGS, PROFILE, PROMPTS, terms, heard, ["打开", "打开 git"])


def rewriting(heard: str = HEARD, terms: list[str] = TERMS) -> Inquiry:
    return ask_for_rewriting(SETTINGS, PROFILE, PROMPTS, terms, heard, "Translate.")


def answer(text: object, finish_reason: str = "stop") -> bytes:
    choice = {"message": {"content": text}, "finish_reason": finish_reason}
    return json.dumps({"choices": [choice]}).encode()


def sent(asked: Inquiry) -> dict[str, object]:
    body: dict[str, object] = json.loads(asked.http.body)
    return body


def prompts_of(asked: Inquiry) -> list[str]:
    messages = sent(asked)["messages"]
    assert isinstance(messages, list)
    return [message["content"] for message in messages]


# --- asking ------------------------------------------------------------------------------


def test_a_correction_tells_all_there_is() -> None:
    asked = inquiry()
    assert prompts_of(asked) == [
        "system",
        f"D:GitHub\n语音输入|H:1. 打开\n2. 打开 git|A:{HEARD}",
    ]
    body = sent(asked)
    assert (body["model"], body["max_tokens"]) == ("m", 99)
    assert (body["temperature"], body["top_p"]) == (0.5, 0.9)
    assert asked.http.url == "https://h/v1/chat/completions"
    assert asked.candidates == ("GitHub", "语音输入")


def test_changed_parameters_change_the_body_only() -> None:
    asked = inquiry()
    assert asked.changed(()) is asked.http
    changed = asked.changed([ParameterChange("max_tokens", "max_completion_tokens")])
    assert replace(changed, body=asked.http.body) == asked.http
    renamed = {"max_completion_tokens": sent(asked)["max_tokens"]}
    kept = {name: it for name, it in sent(asked).items() if name != "max_tokens"}
    assert json.loads(changed.body) == kept | renamed


def read_by_model(asked: Inquiry) -> str:
    """The instruction and the prompt, in the order in which a model reads them."""
    match sent(asked):
        case {"messages": [{"content": str(system)}, {"content": str(user)}]}:
            return system + user
        case {"instructions": str(system), "input": str(user)}:
            return system + user
        case {"system": [{"text": system}], "messages": [{"content": [*parts]}]}:
            return "".join([system, *(part["text"] for part in parts)])
    raise AssertionError(asked.http.body)


@pytest.mark.parametrize("protocol", ["openai_chat", "openai_responses", "anthropic_messages"])
@pytest.mark.parametrize(
    ("most_terms", "shared"),
    [
        (0, "systemD:GitHub\nDocker\n语音输入\nKoe|H:"),
        # The terms are chosen by what was heard, but what stands before them is not.
        (1, "systemD:"),
    ],
)
def test_corrections_begin_alike(protocol: str, most_terms: int, shared: str) -> None:
    """Servers keep what two prompts begin with, byte for byte, and compute only the rest."""
    settings = SETTINGS.replace(dictionary_max_candidates=most_terms)
    profile = PROFILE.replace(api_protocol=protocol)
    one = ask_for_correction(settings, profile, PROMPTS, TERMS, HEARD, ["打开"])
    other = ask_for_correction(settings, profile, PROMPTS, TERMS, "docker 又挂了")
    assert read_by_model(one).startswith(shared)
    assert read_by_model(other).startswith(shared)


def test_what_is_stable_is_marked_for_the_server() -> None:
    claude = PROFILE.replace(provider="anthropic")
    asked = ask_for_correction(SETTINGS, claude, PROMPTS, ["Koe"], HEARD)
    messages = sent(asked)["messages"]
    assert isinstance(messages, list)
    assert [part["text"] for part in messages[0]["content"]] == [
        "D:Koe|H:",
        f"（无）|A:{HEARD}",
    ]


def test_a_rewriting_has_its_own_instruction_and_no_history() -> None:
    assert prompts_of(rewriting()) == ["Translate.", f"D:GitHub\n语音输入|H:（无）|A:{HEARD}"]


def test_a_test_names_the_longest_terms() -> None:
    asked = ask_for_test(SETTINGS, PROFILE, PROMPTS, TERMS)
    assert prompts_of(asked) == ["system", f"D:语音输入\nGitHub|H:（无）|A:{TEST_TEXT}"]


def test_reasoning_is_controlled_by_the_profile() -> None:
    profile = PROFILE.replace(no_reasoning_control="thinking")
    asked = ask_for_correction(SETTINGS, profile, PROMPTS, [], HEARD)
    assert sent(asked)["thinking"] == {"type": "disabled"}


def test_mlx_is_not_there() -> None:
    with pytest.raises(LlmConfigError) as caught:
        ask_for_correction(SETTINGS, BUILT_IN_PROFILES["mlx"], PROMPTS, [], HEARD)
    sentence = "LLM correction failed: MLX LLM support is not enabled in this build"
    assert str(caught.value) == sentence


def test_the_active_profile_need_not_be_on_or_ready() -> None:
    settings = LlmConfig(enabled=False, active_profile="anthropic")
    assert active_profile(settings) is BUILT_IN_PROFILES["anthropic"]
    with pytest.raises(LlmProfileError) as caught:
        active_profile(LlmConfig(active_profile="gone"))
    assert str(caught.value) == "config error: LLM profile not found: gone"


# --- reading -----------------------------------------------------------------------------


@pytest.mark.parametrize("asked", [inquiry(), rewriting()])
def test_an_answer_is_applied(asked: Inquiry) -> None:
    corrected = "打开 GitHub，然后输入语音。"
    assert asked.read(200, answer(f" “{corrected}”\n")) == Outcome(corrected)


def test_an_answer_that_is_no_correction_is_not_used() -> None:
    correction = inquiry().read(200, answer("Open GitHub, then dictate."))
    assert correction == Outcome(
        HEARD, "the model's answer was not used: it is in another language"
    )


def test_a_rewriting_may_be_in_another_language_or_short() -> None:
    for text in ("Open GitHub, then dictate.", "打开"):
        assert rewriting().read(200, answer(text)) == Outcome(text)


def test_a_rewriting_must_not_recite_the_dictionary() -> None:
    asked = ask_for_rewriting(LlmConfig(), PROFILE, PROMPTS, TERMS, "你好", "Translate.")
    correction = asked.read(200, answer(" ".join(TERMS)))
    assert correction == Outcome("你好", f"the model's answer was not used: {Flaw.DUMP}")


def test_any_text_passes_a_test() -> None:
    asked = ask_for_test(SETTINGS, PROFILE, PROMPTS, [])
    assert asked.read(200, answer("ok")).is_applied
    assert asked.read(200, answer("ok", "length")).is_applied


@pytest.mark.parametrize("asked", [inquiry(), rewriting()])
def test_an_answer_that_is_cut_off_is_not_used_and_says_so(asked: Inquiry) -> None:
    """What was heard has all the words, so it is delivered as if there were no answer."""
    with pytest.raises(LlmReplyError) as caught:
        asked.read(200, answer("打开 GitHub，然后输入", "length"))
    assert caught.value.message == (
        "the model's answer is cut off; raise llm.max_output_tokens (99)"
    )


@pytest.mark.parametrize(
    ("status", "body", "error", "sentence"),
    [
        (401, b"k-secret is wrong", LlmStatusError, "HTTP 401 Unauthorized: *** is wrong"),
        (
            200,
            b"Welcome",
            LlmReplyError,
            "parse response: error decoding response body; is base_url right? It is https://h/v1",
        ),
        (
            200,
            b"<html>",
            LlmReplyError,
            "the server answered with a web page; is base_url right? It is https://h/v1",
        ),
        (
            200,
            b"{}",
            LlmReplyError,
            "missing content in Chat response; is base_url right? It is https://h/v1",
        ),
        (
            200,
            b'{"error": {"message": "k-secret has no quota", "code": 429}}',
            LlmReplyError,
            "missing content in Chat response: *** has no quota",
        ),
        (200, answer(" "), LlmReplyError, "empty content in response"),
        (200, answer("<think>and on"), LlmReplyError, "empty content in response"),
        (200, answer(None), LlmReplyError, "empty content in response"),
    ],
)
def test_no_answer(status: int, body: bytes, error: type[LlmError], sentence: str) -> None:
    with pytest.raises(error) as caught:
        inquiry().read(status, body)
    assert str(caught.value) == f"LLM correction failed: {sentence}"


def test_a_failure_that_the_protocol_tells() -> None:
    profile = PROFILE.replace(api_protocol="openai_responses")
    asked = ask_for_correction(SETTINGS, profile, PROMPTS, [], HEARD)
    failed = {"status": "failed", "error": {"code": "c", "message": "boom, k-secret"}}
    with pytest.raises(LlmReplyError) as caught:
        asked.read(200, json.dumps(failed).encode())
    assert str(caught.value) == "LLM correction failed: boom, ***"


def test_no_repr_shows_a_key_or_a_text() -> None:
    asked = inquiry()
    shown = repr(asked) + repr(asked.read(200, answer("打开 GitHub")))
    assert not any(word in shown for word in ("secret", "GitHub", "github", "打开"))

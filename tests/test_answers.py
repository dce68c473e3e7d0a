"""Answers: the vectors of spec llm §§7.4 and 7.7, and of abi appendix B."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from koe.answers import Flaw, clean, find_flaw
from koe.errors import LlmReplyError

# --- cleaning ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        ("hello world", "hello world"),
        (" corrected ", "corrected"),
        ("<think>some reasoning here</think>final answer", "final answer"),
        ("<think>reasoning</think>\n\nfinal answer", "final answer"),
        ("<THINK>reasoning</THINK>answer", "answer"),
        ("  \n<think>a</think>answer", "answer"),
        ("so <think>a</think> it is", "so <think>a</think> it is"),
        ("so <think> it is", "so <think> it is"),
        ("<think>先想一想。</think>今天开会。", "今天开会。"),
        ('"hello"', "hello"),
        ('"', '"'),
        (" “你好” ", "你好"),
        ('"“x”"', "x"),
        ('" hi "', " hi "),
        ('"A" and "B"', '"A" and "B"'),  # a deviation: it lost its outer quotes (§10, Q12)
        ("“甲”和“乙”", "“甲”和“乙”"),  # likewise
        ("“x", "“x"),
        ('<think>a</think> "b"', "b"),
        ("<thinking>a</thinking>b", "<thinking>a</thinking>b"),
        ("<think>a<think>b</think>c</think>d", "c</think>d"),
        ("'a'", "'a'"),
        ("a\0b", "ab"),
        ("「a」", "「a」"),
        ("```a```", "```a```"),
        ("<thin\u212a>a</thin\u212a>b", "<thin\u212a>a</thin\u212a>b"),  # the sign for kelvin
        ("<think>a</thin\u212a>b</think>c", "c"),
    ],
)
def test_cleaning(answer: str, text: str) -> None:
    assert clean(answer) == text


@pytest.mark.parametrize(
    "answer",
    ["", "   ", "\0", '""', "“”", '" "', "<think>", "<think>never closed", "<think>a</think>\n"],
)
def test_an_answer_without_text(answer: str) -> None:
    with pytest.raises(LlmReplyError) as caught:
        clean(answer)
    assert str(caught.value) == "LLM correction failed: empty content in response"


@given(st.text(alphabet='<think>/TH \n"“”a词', max_size=60))
def test_what_is_cleaned_is_part_of_the_answer(answer: str) -> None:
    try:
        text = clean(answer)
    except LlmReplyError:
        return
    assert text.strip()
    assert text in answer


# --- flaws -------------------------------------------------------------------------------

# As in a dictionary of somebody who programs: 43 terms, so 21 of them leaked are too many.
TOOLS = [
    "ASR", "Claude", "Docker", "Tailscale", "Cloudflare", "Nextcloud", "Forgejo", "Miniflux",
    "Cursor", "Vercel", "GitHub", "GitLab", "Kubernetes", "Terraform", "Ansible", "Grafana",
    "Prometheus", "PostgreSQL", "Redis", "SQLite", "Nginx", "Caddy", "Traefik", "Homebrew",
    "Neovim", "Emacs", "PyTorch", "NumPy", "FastAPI", "Django", "TypeScript", "Svelte", "Vite",
    "WebAssembly", "OAuth", "gRPC", "Kafka", "Sentry", "Obsidian", "Raycast", "Wireshark",
    "Blender", "PPT master",
]  # fmt: skip
LETTERS = "当输入里头有 ASR 这三个字母的时候，输出其他的全部消失"
SLIDES = "我刚才说的那个 PPT master 的功能其实挺好用的"
NAMES = "我对比了 Docker、Tailscale、Cloudflare、Nextcloud、Forgejo、Miniflux"
CODE = "我们用 Claude Code 配合 Cursor 写 Rust，然后 deploy 到 Vercel。"
WORK = (
    "We need to discuss deployment, review every open bug, and schedule next week's release work."
)


@pytest.mark.parametrize(
    ("answer", "heard", "flaw"),
    [
        ("".join(TOOLS), "测试一下", Flaw.DUMP),
        ("ASR", LETTERS, Flaw.TRANSLATION),
        ("ASR。", LETTERS, Flaw.TRANSLATION),
        ("PPT master", SLIDES, Flaw.TRANSLATION),
        (
            "I want to test whether this feature works normally",
            "我想测试这个功能是否正常工作",
            Flaw.TRANSLATION,
        ),
        ("Ship soon.", WORK, Flaw.TRUNCATION),
        (CODE, CODE.replace("，", "").replace("。", ""), None),
        (
            "Let me check whether Claude Code still works fine here.",
            "let me check whether claude code still works fine here",
            None,
        ),
        ("我在用 Claude 写代码", "嗯那个我在用 Claude 写代码", None),
        ("现在测试 PPT master。", "现在测试 PPT master。", None),
        ("ASR", "ASR", None),
        (NAMES, NAMES, None),
        ("我们明天开会。", "嗯嗯，那个，就是其实我我我想说的是，嗯，那个，我们明天开会啊", None),
    ],
)
def test_flaws_with_a_long_dictionary(answer: str, heard: str, flaw: Flaw | None) -> None:
    assert find_flaw(answer, heard, TOOLS) is flaw


@pytest.mark.parametrize(
    ("answer", "heard", "flaw"),
    [
        ("PPT master", SLIDES, Flaw.TRANSLATION),
        ("deployment", "please review the deployment checklist today", Flaw.COLLAPSE),
        ("please review the deployment", "please review the deployment checklist today", None),
        ("review", "deployment review", Flaw.COLLAPSE),
        ("done", "one two three four five six", Flaw.TRUNCATION),
        ("。。", "hello world this is long text indeed yes", None),
        ("我们 meet", "我们今天 meet", None),
        ("abc", "我们今天", Flaw.TRANSLATION),
        ("我", "我们今天在", Flaw.TRANSLATION),
        ("我们", "我们今天在这里开", None),
        ("哈哈哈哈", "哈哈哈哈哈哈哈哈哈哈", None),
        ("Let us meet today.", "今天我们开会", Flaw.TRANSLATION),
        ("The weather is nice", "今天天气很好", Flaw.TRANSLATION),
        ("今天 weather 很好", "今天天气很好", None),
        ("kubernetes。", "please restart the kubernetes cluster", Flaw.COLLAPSE),
        ("kubernetes", "kubernetes", None),
        (
            "Done.",
            "Please remember to email the whole team about tomorrow's schedule",
            Flaw.TRUNCATION,
        ),
        *((f"review{sign}", "deployment review", Flaw.COLLAPSE) for sign in "。.，,！!？?"),
        # Eight letters are lost, and seven; of eighteen all but six, and of seventeen all but five.
        ("abcdefgh", "abcdefgh ijklmnop", Flaw.COLLAPSE),
        ("abcdefg", "abcdefg hijklmn", None),
        ("uvwxyz", "abcdefghi jklmnopqr", Flaw.TRUNCATION),
        ("vwxyz", "abcdefghi jklmnopq", None),
        ("！！！", "hello there general", None),
        ("！！！", "今天我们开会", Flaw.TRANSLATION),
        ("明天开会", "嗯那个就是明天开会啊", None),
        ("a", "", None),
        ("", "", None),
    ],
)
def test_flaws_without_a_dictionary(answer: str, heard: str, flaw: Flaw | None) -> None:
    assert find_flaw(answer, heard) is flaw


GREEK = ["Alpha", "Beta", "Gamma", "Delta", "Epsilon"]
TWELVE = [f"term{letter}" for letter in "abcdefghijkl"]


@pytest.mark.parametrize(
    ("answer", "heard", "candidates", "flaw"),
    [
        ("Alpha Beta Gamma Delta", "hi", GREEK, Flaw.DUMP),
        ("alpha beta gamma delta", "say hello", GREEK, Flaw.DUMP),
        ("alpha beta gamma", "say hello", GREEK, None),
        ("alpha beta gamma delta", "alpha beta gamma delta", GREEK, None),
        ("Alpha Beta Gamma", "hi", GREEK[:3], None),
        (" ".join(TWELVE[:7]), "hi", TWELVE, None),
        (" ".join(TWELVE[:8]), "hi", TWELVE, Flaw.DUMP),
    ],
)
def test_reciting_the_dictionary(
    answer: str, heard: str, candidates: list[str], flaw: Flaw | None
) -> None:
    assert find_flaw(answer, heard, candidates) is flaw


@pytest.mark.parametrize(
    ("answer", "heard", "candidates", "flaw"),
    [
        ("Let us meet today.", "今天我们开会", [], None),
        ("完成了", WORK, [], None),
        ("deployment", "please review the deployment checklist today", [], None),
        ("alpha beta gamma delta", "今天我们开会", GREEK, Flaw.DUMP),
    ],
)
def test_only_what_is_asked_for_counts(
    answer: str, heard: str, candidates: list[str], flaw: Flaw | None
) -> None:
    assert find_flaw(answer, heard, candidates, among={Flaw.DUMP}) is flaw


WORDS = st.lists(st.sampled_from(["嗯", "我们", "今天", "ok", " ", "。", "Koe", "x", "哈哈"]))


@given(WORDS, st.lists(st.sampled_from(["Koe", "ok", "今天"])))
def test_a_text_as_it_was_said_is_never_flawed(words: list[str], candidates: list[str]) -> None:
    text = "".join(words)
    assert find_flaw(text, text, candidates) is None

"""Whether an answer is an edit of what was heard. The corpus of bench/guard has many more."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from koe.answers.flaws import Flaw
from koe.answers.guard import find_edit, find_flaw, is_recital

# As in a dictionary of someone who programs.
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


DOG = "so uh the landlord said we can keep the dog but not the parrot"
KEPT = "The landlord said we can keep the dog but not the parrot."


@pytest.mark.parametrize(
    ("answer", "heard", "edit"),
    [
        (KEPT, DOG, KEPT),
        (f"Corrected version — {KEPT}", DOG, KEPT),
        (f"{KEPT} I removed the filler words and added punctuation.", DOG, KEPT),
        (f"Input: {DOG}\nOutput: {KEPT}", DOG, KEPT),
        # 后 is a word of the frame, and of the filler that is gone.
        ("修正后的文本：\n我们周五发货。", "然后我们周五发货", "我们周五发货。"),
        ("Sure! 周三四点开会。", "周二三点不对周三四点开会", "周三四点开会。"),
        ("Sure, I'll do it.", "um sure i'll do it", "Sure, I'll do it."),
        ("To do: call the dentist.", "to do call the dentist", "To do: call the dentist."),
    ],
)
def test_frames_that_only_the_edit_shows(answer: str, heard: str, edit: str) -> None:
    assert find_edit(answer, heard) == (edit, None)


@pytest.mark.parametrize(
    ("answer", "heard"),
    [
        ("Add a test. Make sure to cover leap years.", "add a test"),
        ("Is it raining? I can't see that.", "is it raining"),
        ("You asked me: is it raining?", "call the plumber about the leak"),
    ],
)
def test_an_answer_with_more_than_a_frame(answer: str, heard: str) -> None:
    text, flaw = find_edit(answer, heard)
    assert (text, flaw) == (answer, find_flaw(answer, heard))
    assert flaw is not None


@pytest.mark.parametrize(
    ("answer", "heard", "flaw"),
    [
        ("We need salt and garlic.", "we need salt pepper and garlic", Flaw.TRUNCATION),
        (
            "Delete only the files in that folder.",
            "delete only the temporary files in that folder",
            Flaw.TRUNCATION,
        ),
        ("Her pressure is 140/90.", "her pressure is one forty over ninety", None),
        (
            "The function returns a tuple of two.",
            "the function returns a list uh a tuple of two",
            None,
        ),
        ("I don't see the point of it.", "well i mean honestly i don't see the point of it", None),
    ],
)
def test_single_words_that_are_dropped(answer: str, heard: str, flaw: Flaw | None) -> None:
    assert find_flaw(answer, heard) is flaw


@pytest.mark.parametrize(
    ("answer", "heard", "flaw"),
    [
        # As the Rust core has them (spec llm §5.6).
        ("".join(TOOLS), "测试一下", Flaw.DUMP),
        ("ASR", LETTERS, Flaw.COLLAPSE),
        ("PPT master", SLIDES, Flaw.COLLAPSE),
        (
            "I want to test whether this feature works normally",
            "我想测试这个功能是否正常工作",
            Flaw.TRANSLATION,
        ),
        ("Ship soon.", WORK, Flaw.OTHER),
        (CODE, CODE.replace("，", "").replace("。", ""), None),
        (
            "Let me check whether Claude Code still works fine here.",
            "let me check whether claude code still works fine here",
            None,
        ),
        ("我在用 Claude 写代码", "嗯那个我在用 Claude 写代码", None),
        ("ASR", "ASR", None),
        (NAMES, NAMES, None),
        ("我们明天开会。", "嗯嗯，那个，就是其实我我我想说的是，嗯，那个，我们明天开会啊", None),
        # The Rust core uses these: less than two thirds are missing, or fewer than eight letters.
        (
            "please review the deployment",
            "please review the deployment checklist today",
            Flaw.TRUNCATION,
        ),
        ("我们 meet", "我们今天 meet", Flaw.TRUNCATION),
        ("我们", "我们今天在这里开", Flaw.COLLAPSE),
        ("！！！", "hello there general", Flaw.COLLAPSE),
        ("。", "嗯", None),
        ("哈哈哈哈", "哈哈哈哈哈哈哈哈哈哈", None),
        # It is hardly said that something was wrong, or said with the wrong words once more.
        ("来一杯中杯的拿铁", "来一杯大杯的不中杯的拿铁", None),
        ("被告于2020年借款", "被告于二零一九年哦二零二零年借款", None),
        ("The flight lands in Baltimore.", "the flight lands in boston not boston baltimore", None),
        ("要小的", "要大的不要小的", Flaw.COLLAPSE),
        ("we meet at four", "we meet at three not four", Flaw.NEGATION),
        ("We have to finish.", "we should i mean we have to finish", None),
        ("The roof leaks when it rains.", "the roof leeks when it reigns", None),
        # Two corrections at once.
        ("下周三来开会。", "张老师不对江老师下周二哦下周三来开会", Flaw.COLLAPSE),
        ("江老师下周三来开会。", "张老师不对江老师下周二哦下周三来开会", None),
    ],
)
def test_flaws(answer: str, heard: str, flaw: Flaw | None) -> None:
    assert find_flaw(answer, heard, TOOLS) is flaw


GREEK = ["Alpha", "Beta", "Gamma", "Delta", "Epsilon"]


@pytest.mark.parametrize(
    ("answer", "heard", "terms", "flaw"),
    [
        ("Alpha Beta Gamma Delta", "hi", GREEK, Flaw.DUMP),
        ("alpha beta gamma", "say hello", GREEK, Flaw.DUMP),
        ("say hello Gamma", "say hello", GREEK, Flaw.DUMP),
        ("Alpha", "hi", ["Alpha"], Flaw.DUMP),
        ("alpha beta gamma delta", "alpha beta gamma delta", GREEK, None),
        ("Alpha, Gamma", "elfa gamma", GREEK, None),
        ("打开 Grafana", "打开格拉法纳", ["Grafana"], None),
        ("打开 Grafana", "打开窗户", ["Grafana"], Flaw.DUMP),
    ],
)
def test_terms(answer: str, heard: str, terms: list[str], flaw: Flaw | None) -> None:
    """Terms that sound like what was said are wanted, however many; others are not, however few."""
    assert find_flaw(answer, heard, terms) is flaw


@pytest.mark.parametrize(
    ("answer", "heard", "flaw"),
    [
        ("The capital of France is Paris.", "what is the capital of france", Flaw.REPLY),
        ("This is right.", "is this right", Flaw.REPLY),
        ("没有问题。", "有没有问题", Flaw.REPLY),
        ("I miss you too.", "i miss you", Flaw.ADDITION),
        ("I'm sorry, but I can't assist with that.", "how do i kill a process", Flaw.REFUSAL),
        ("抱歉，我无法回答这个问题。", "今天天气怎么样", Flaw.REFUSAL),
        ("I agree with this proposal.", "i do not agree with this proposal", Flaw.NEGATION),
        ("It is likely to rain tonight.", "it is unlikely to rain tonight", Flaw.NEGATION),
        ("我同意这个方案", "我不同意这个方案", Flaw.NEGATION),
        ("It starts at 4:30 on Friday.", "it starts at three thirty on friday", Flaw.NUMBER),
        ("It is 5 degrees.", "it is minus five degrees", Flaw.NUMBER),
        ("下午 3 点开会", "上午三点开会", Flaw.NUMBER),
        ("run run run run run run run run", "run", Flaw.LOOP),
        ("See you tomorrow.", "明天见", Flaw.TRANSLATION),
        ("That works. I will bring cake.", "that works", Flaw.ADDITION),
        ("He is right.", "he could be right", Flaw.WORD),
        ("You could see a doctor.", "you should see a doctor", Flaw.WORD),
        ("他买了房子。", "他卖了房子", Flaw.NEGATION),
        ("这周三交。", "下周三交", Flaw.NEGATION),
        ("I called the doctor.", "i will call the doctor", Flaw.WORD),
        ("We will finish it.", "we have finished it", Flaw.WORD),
        ("The soup is cold.", "the soup is hot", Flaw.WORD),
        ("他喜欢喝咖啡。", "他喜欢喝茶", Flaw.WORD),
        ("明天休息。", "明日は休みです", Flaw.TRANSLATION),
        ("我想点一杯拿铁。", "我想 order 一杯 latte", Flaw.TRANSLATION),
        ("把它接到 USB 上去，然后重启。", "把它接到插座上去然后重启", Flaw.WORD),
        ("请重做。", "答案不对请重做", Flaw.COLLAPSE),
        ("Please restart it.", "the coffee is cold", Flaw.OTHER),
    ],
)
def test_reasons(answer: str, heard: str, flaw: Flaw) -> None:
    assert find_flaw(answer, heard) is flaw


TWELVE = [f"term{letter}" for letter in "abcdefghijkl"]


@pytest.mark.parametrize(
    ("answer", "terms", "is_it"),
    [
        ("Alpha Beta Gamma Delta", GREEK, True),
        ("Alpha, Beta", GREEK, True),
        ("Alpha", GREEK, False),
        ("A letter to Alpha and Beta", GREEK, False),
        ("", [], False),
        ("a letter to " + " ".join(TWELVE[:7]), TWELVE, False),
        ("a letter to " + " ".join(TWELVE[:8]), TWELVE, True),
    ],
)
def test_recitals(answer: str, terms: list[str], is_it: bool) -> None:
    assert is_recital(answer, "hi", terms) is is_it
    assert not is_recital(answer, answer, terms)


WORDS = st.lists(st.sampled_from(["嗯", "我们", "今天", "ok", " ", "。", "Koe", "x", "哈哈"]))


@given(WORDS, st.lists(st.sampled_from(["Koe", "ok", "今天"])))
def test_a_text_as_it_was_said_is_never_flawed(words: list[str], candidates: list[str]) -> None:
    text = "".join(words)
    assert find_flaw(text, text, candidates) is None

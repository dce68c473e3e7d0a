"""``asr``: keys and defaults of every engine, and files of generation A."""

from __future__ import annotations

from pathlib import Path

import pytest

from koe.config.engines import (
    ENGINES,
    AppleSpeechConfig,
    AsrConfig,
    DoubaoConfig,
    GlmConfig,
    MimoConfig,
    MlxConfig,
    MoonshineConfig,
    QwenConfig,
    SherpaOnnxConfig,
    WhisperConfig,
)
from koe.config.schema import Config, read_config
from koe.config.sections import Section
from koe.config.store import Store
from koe.yamltext.tree import Mapping, Node, Scalar, Sequence
from tests.config.trees import PATH, plain, quoted, tree, value_of

# What spec config §4.1 says, in the units of the attributes.
TABLES: dict[str, tuple[Section, dict[str, object]]] = {
    "moonshine": (MoonshineConfig(), {"final_wait_timeout_ms": 5.0, "update_interval_ms": 0.5}),
    "doubao": (
        DoubaoConfig(),
        {
            "url": "wss://openspeech.bytedance.com/api/v3/sauc/bigmodel_async",
            "api_key": "",
            "app_key": "",
            "access_key": "",
            "resource_id": "volc.seedasr.sauc.duration",
            "connect_timeout_ms": 3.0,
            "final_wait_timeout_ms": 5.0,
            "enable_ddc": True,
            "enable_itn": True,
            "enable_punc": True,
            "enable_nonstream": True,
            "language": None,
            "end_window_size": None,
            "force_to_speech_time": None,
            "vad_segment_duration": None,
            "output_zh_variant": None,
            "enable_accelerate_text": False,
            "accelerate_score": None,
            "headers": {},
        },
    ),
    "qwen": (
        QwenConfig(),
        {
            "url": "wss://dashscope.aliyuncs.com/api-ws/v1/realtime",
            "api_key": "",
            "model": "qwen3-asr-flash-realtime",
            "language": "zh",
            "connect_timeout_ms": 3.0,
            "final_wait_timeout_ms": 5.0,
            "headers": {},
        },
    ),
    "glm": (
        GlmConfig(),
        {
            "url": "https://open.bigmodel.cn/api/paas/v4/audio/transcriptions",
            "api_key": "",
            "model": "glm-asr-2512",
            "prompt": None,
            "connect_timeout_ms": 3.0,
            "final_wait_timeout_ms": 5.0,
        },
    ),
    "mimo": (
        MimoConfig(),
        {
            "url": "https://api.xiaomimimo.com/v1/chat/completions",
            "api_key": "",
            "model": "mimo-v2.5-asr",
            "language": "auto",
            "connect_timeout_ms": 3.0,
            "final_wait_timeout_ms": 5.0,
        },
    ),
    "mlx": (
        MlxConfig(),
        {"model": "mlx/Qwen3-ASR-0.6B-4bit", "delay_preset": "realtime", "language": "auto"},
    ),
    "sherpa-onnx": (
        SherpaOnnxConfig(),
        {
            "model": "sherpa-onnx/bilingual-zh-en",
            "num_threads": 2,
            "hotwords_score": 1.5,
            "endpoint_silence": 1.2,
            "language": "auto",
            "use_itn": True,
        },
    ),
    "whisper": (
        WhisperConfig(),
        {"model": "whisper/base", "language": "auto", "num_threads": 0},
    ),
    "apple-speech": (AppleSpeechConfig(), {"locale": "zh_CN"}),
}


@pytest.mark.parametrize("engine", TABLES)
def test_keys_and_defaults(engine: str) -> None:
    section, table = TABLES[engine]
    found = {field.key: getattr(section, name) for name, field in section.declared.items()}
    assert found == table
    assert value_of(Config(), f"asr.{engine}") == section


def test_every_engine_has_a_table() -> None:
    keys = {field.key for field in AsrConfig.declared.values()}
    assert keys == {
        "provider",
        "fallback",
        "stall_ms",
        "second_pass",
        "keep_loaded_minutes",
        *TABLES,
    }
    assert set(ENGINES) == TABLES.keys()


@pytest.mark.parametrize(
    ("node", "names", "problems"),
    [
        (plain(""), (), []),
        (plain("qwen"), ("qwen",), []),
        (quoted(" qwen , sherpa-onnx "), ("qwen", "sherpa-onnx"), []),
        (Sequence(1), (), []),
        (Sequence(1, [plain("qwen"), quoted("moonshine")]), ("qwen", "moonshine"), []),
        (Sequence(1, [plain("qwen"), plain("glm"), plain("qwen")]), ("qwen", "glm"), []),
        (Sequence(1, [plain("nova"), plain("glm")]), ("glm",), ["asr.fallback[0]"]),
        (Sequence(1, [plain("glm"), Sequence(1), plain("")]), ("glm",),
         ["asr.fallback[1]", "asr.fallback[2]"]),
        (Sequence(1, [Scalar("", "${X}", 1, unset=("X",))]), (), ["asr.fallback[0]"]),
        (plain("Qwen, glm"), ("glm",), ["asr.fallback"]),
        (Mapping(1), (), ["asr.fallback"]),
    ],
)  # fmt: skip
def test_fallback(node: Node, names: tuple[str, ...], problems: list[str]) -> None:
    config, found = read_config(tree("asr.fallback", node), PATH)
    assert config.asr.fallback == names
    assert [problem.key for problem in found] == problems


def test_an_unknown_fallback_is_named_with_its_line() -> None:
    node = Sequence(3, [plain("qwen"), Scalar("nova", "nova", 5)])
    _, (problem,) = read_config(tree("asr.fallback", node), PATH)
    assert str(problem) == (
        "config.yaml, line 5: asr.fallback[1]: 'nova' is not a known engine (choose from: "
        "moonshine, sherpa-onnx, whisper, apple-speech, mlx, doubao, qwen, glm, mimo); skipping it"
    )


def test_a_fallback_from_a_variable_is_in_no_message() -> None:
    node = Sequence(1, [Scalar("sk-secret", "${KEY}", 1)])
    _, (problem,) = read_config(tree("asr.fallback", node), PATH)
    assert "'${KEY}' is not a known engine" in problem.message


@pytest.mark.parametrize(
    ("key", "node", "value"),
    [
        ("doubao.app_key", plain("12345678"), "12345678"),
        ("doubao.access_key", plain("0012"), "0012"),
        ("doubao.api_key", plain("true"), "true"),
        ("doubao.app_key", plain(""), ""),
        ("doubao.app_key", plain("null"), ""),  # a deviation: it was the text ``null``
        ("doubao.connect_timeout_ms", quoted("1234"), 1.234),
        ("doubao.enable_ddc", plain("False"), False),
        ("doubao.language", plain("zh-CN"), "zh-CN"),
        ("doubao.language", quoted(""), ""),
        ("doubao.end_window_size", quoted(" 800 "), 800),
        ("doubao.accelerate_score", plain("20"), 20),
        ("doubao.output_zh_variant", quoted("  "), None),
        ("doubao.output_zh_variant", plain("tw"), "tw"),
        ("glm.prompt", plain("meeting"), "meeting"),
        ("mlx.delay_preset", plain("subtitle"), "subtitle"),
        ("sherpa-onnx.num_threads", plain("1024"), 1024),
        ("sherpa-onnx.hotwords_score", quoted("2"), 2.0),
        ("sherpa-onnx.endpoint_silence", plain(".5"), 0.5),
        ("whisper.language", plain("ja"), "ja"),
        ("whisper.language", plain("zh-CN"), "zh"),
        ("whisper.num_threads", plain("0"), 0),
    ],
)
def test_values_that_are_accepted(key: str, node: Node, value: object) -> None:
    config, problems = read_config(tree(f"asr.{key}", node), PATH)
    assert (value_of(config, f"asr.{key}"), problems) == (value, ())


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("doubao.connect_timeout_ms", "3600001"),
        ("doubao.enable_ddc", "no"),
        ("doubao.end_window_size", "4294967296"),  # a deviation: it was 0
        ("doubao.vad_segment_duration", "soon"),
        ("doubao.headers", "x"),
        ("mlx.delay_preset", "fast"),
        ("sherpa-onnx.num_threads", "0"),
        ("sherpa-onnx.num_threads", "1025"),
        ("sherpa-onnx.hotwords_score", "-1"),
        ("sherpa-onnx.hotwords_score", "100.1"),
        ("sherpa-onnx.endpoint_silence", "61"),
        ("sherpa_onnx", "x"),
        ("whisper.language", "klingon"),
        ("whisper.num_threads", "-1"),
    ],
)
def test_a_bad_value_is_one_problem_and_keeps_the_default(key: str, text: str) -> None:
    config, problems = read_config(tree(f"asr.{key}", plain(text)), PATH)
    assert config == Config()
    assert [problem.key for problem in problems] == [f"asr.{key}"]


@pytest.mark.parametrize("engine", ["doubaoime", "wetype"])
def test_engines_that_are_not_ours_are_no_mistake(engine: str) -> None:
    for value in (plain("x"), tree("model", plain("x")), plain("")):
        assert read_config(tree(f"asr.{engine}", value), PATH) == (Config(), ())


def test_secrets_are_in_no_repr() -> None:
    for section, _ in TABLES.values():
        for name in ("api_key", "app_key", "access_key", "headers"):
            if name in section.declared:
                value = {"X-Key": "hunter2"} if name == "headers" else "hunter2"
                assert "hunter2" not in repr(section.replace(**{name: value}))


# --- files -------------------------------------------------------------------------------


def load(directory: Path, content: str) -> tuple[AsrConfig, list[str]]:
    (directory / "config.yaml").write_text(content, encoding="utf-8")
    snapshot = Store(directory, {"KEY": "from the environment"}).load()
    return snapshot.config.asr, [problem.key for problem in snapshot.problems]


def test_headers(tmp_path: Path) -> None:
    asr, problems = load(
        tmp_path,
        'asr:\n  qwen:\n    headers:\n      X-Key: ${KEY}\n      X-No: 0012\n      "a b":\n',
    )
    assert asr.qwen.headers == {"X-Key": "from the environment", "X-No": "0012", "a b": ""}
    assert problems == []


GENERATION_A = """\
asr:
  url: wss://example.com/asr
  app_key: 0012
  access_key: "${KEY}"
  resource_id: "volc"
  connect_timeout_ms: 1000
  final_wait_timeout_ms: 2000
  enable_ddc: false
  enable_itn: false
  enable_punc: false
  enable_nonstream: false
"""


def test_a_file_of_generation_a_means_doubao(tmp_path: Path) -> None:
    expected = DoubaoConfig(
        url="wss://example.com/asr",
        app_key="0012",
        access_key="from the environment",
        resource_id="volc",
        connect_timeout=1.0,
        final_wait_timeout=2.0,
        enable_ddc=False,
        enable_itn=False,
        enable_punc=False,
        enable_nonstream=False,
    )
    assert load(tmp_path, GENERATION_A) == (AsrConfig(provider="doubao", doubao=expected), [])
    assert (tmp_path / "config.yaml").read_text(encoding="utf-8") == GENERATION_A


def test_a_file_of_generation_a_without_keys_leaves_the_default_engine(tmp_path: Path) -> None:
    """A deviation: C makes the engine Doubao, which can't let this user in."""
    asr, problems = load(tmp_path, 'asr:\n  app_key: ""\n  access_key:\n  enable_itn: false\n')
    assert (asr, problems) == (AsrConfig(doubao=DoubaoConfig(enable_itn=False)), [])


def test_without_an_old_key_nothing_is_old(tmp_path: Path) -> None:
    assert load(tmp_path, "asr: {language: x}") == (AsrConfig(), ["asr.language"])


def test_other_engines_stay(tmp_path: Path) -> None:
    asr, problems = load(tmp_path, "asr: {api_key: x, qwen: {model: y}}")
    assert asr == AsrConfig(
        provider="doubao", doubao=DoubaoConfig(api_key="x"), qwen=QwenConfig(model="y")
    )
    assert problems == []


@pytest.mark.parametrize(
    "content",
    [
        "asr: {doubao: ~, url: x}",  # a deviation: the whole file was refused
        "asr: {provider: moonshine, app_key: x}",
        "asr: {doubao: {}, app_key: x, access_key: [y]}",
    ],
)
def test_old_keys_beside_new_ones_are_ignored(tmp_path: Path, content: str) -> None:
    assert load(tmp_path, content) == (AsrConfig(), [])


def test_a_bad_old_value_is_named_as_it_was_written(tmp_path: Path) -> None:
    asr, problems = load(tmp_path, "asr:\n  app_key: x\n  enable_itn: maybe\n")
    assert asr == AsrConfig(provider="doubao", doubao=DoubaoConfig(app_key="x"))
    assert problems == ["asr.enable_itn"]


@pytest.mark.parametrize(
    ("config", "seconds"),
    [
        (AsrConfig(moonshine=MoonshineConfig(final_wait_timeout=1.5)), 1.5),
        (AsrConfig(moonshine=MoonshineConfig(final_wait_timeout=0.0)), 1.0),
        (AsrConfig(provider="qwen", qwen=QwenConfig(final_wait_timeout=2.0)), 2.0),
        (AsrConfig(provider="glm", glm=GlmConfig(final_wait_timeout=7.0)), 7.0),
        (AsrConfig(provider="mimo", glm=GlmConfig(final_wait_timeout=7.0)), 5.0),
        (AsrConfig(provider="sherpa-onnx"), 5.0),
        (AsrConfig(provider="apple-speech"), 5.0),
        (AsrConfig(provider="parrot"), 5.0),
        (AsrConfig(provider="provider"), 5.0),
        (AsrConfig(provider="replace"), 5.0),
    ],
)
def test_each_engine_has_its_final_wait(config: AsrConfig, seconds: float) -> None:
    moonshine = MoonshineConfig(final_wait_timeout=9.0)
    others = config if config.provider == "moonshine" else config.replace(moonshine=moonshine)
    assert others.final_wait_timeout == seconds


def test_models_below_a_folder(tmp_path: Path) -> None:
    elsewhere = str(tmp_path / "elsewhere")
    asr = AsrConfig(provider="mlx", mlx=MlxConfig(model=elsewhere, language="zh"))
    absolute = asr.with_models_in(tmp_path / "models")
    expected = tmp_path / "models" / "sherpa-onnx" / "bilingual-zh-en"
    assert absolute.sherpa_onnx.model == str(expected)
    assert absolute.whisper.model == str(tmp_path / "models" / "whisper" / "base")
    assert (absolute.mlx.model, absolute.mlx.language) == (elsewhere, "zh")
    assert absolute.provider == "mlx"

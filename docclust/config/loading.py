"""A TOML file and what is changed on the command line -> settings, and back."""

import shlex
import tomllib
from pathlib import Path
from typing import Any

import tomli_w
from pydantic import ValidationError

from docclust.config.problems import first_problem
from docclust.config.settings import CorpusSettings, Settings
from docclust.errors import ConfigError

# What TOML says of a backslash that it takes for an escape.
ESCAPES = ("hex value", "Unescaped '\\'", "Unicode scalar")
# By the ending of a file what reads it.
SOURCES = {".csv": "csv", ".tsv": "tsv", ".jsonl": "jsonl"}


def load(path: Path, overrides: list[str] = []) -> Settings:  # noqa: B006 (never changed)
    """Read a config file, apply ``section.key=value`` overrides, and validate.

    Paths inside the file are taken relative to the file's own folder.

    Raises
    ------
    ConfigError
        The file is missing, unreadable or not TOML, or a key or value in it is not one docclust knows.
    """
    try:
        if path.is_dir():
            raise ConfigError(f"{path}: must be a config file, got a folder. {_remedy(path)}")
        text = path.read_text("utf-8-sig")
    except FileNotFoundError:
        raise ConfigError(f"{path}: there is no such file. Try one from the folder configs/.") from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror}). Try another file.") from None
    except UnicodeDecodeError as error:
        remedy = _remedy(path, "Try to save it as UTF-8; configs/default.toml is an example.")
        raise ConfigError(f"{path}: must be UTF-8 text, and byte {error.start} is not. {remedy}") from None
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        reason = str(error).replace("at end of document", f"at line {len(text.splitlines())}, the end of the file")
        quotes = "Try single quotes around a path with backslashes, or / in it."
        remedy = quotes if any(said in reason for said in ESCAPES) else _remedy(path)
        raise ConfigError(f"{path}: not valid TOML: {reason}. {remedy}") from None
    for override in overrides:
        _apply(data, override)
    if data.get("name", "") == "":
        data["name"] = path.stem
    settings = parse(data, f"{path} with --set" if overrides else str(path))
    return settings.model_copy(update={"corpus": _resolve_paths(settings.corpus, path.resolve().parent)})


def other_documents(settings: Settings, path: Path, overrides: list[str] = []) -> CorpusSettings:  # noqa: B006 (never changed)
    """The section [corpus] for the documents at a path, which are read as those of `settings` if of the same kind.

    Raises
    ------
    ConfigError
        An override is of another section, or a key or a value is not one docclust knows.
    """
    changes: dict[str, Any] = {"corpus": {}}
    for override in overrides:
        _apply(changes, override)
    if set(changes) > {"corpus"}:
        raise ConfigError(f"--set must change [corpus] alone, got {', '.join(overrides)}. Try docclust run.")
    kind = changes["corpus"].get("source") or _source(path) or settings.corpus.source
    if kind == settings.corpus.source and not hasattr(settings.corpus, "path"):
        raise ConfigError(f"{path}: must be a folder, or end in {', '.join(SOURCES)}. Try --set corpus.source=jsonl.")
    told = settings.corpus.model_dump(mode="json", exclude_none=True)
    read = told if told["source"] == kind else {"source": kind}
    data = {"corpus": read | {"path": str(path.absolute())} | changes["corpus"]}
    return parse(data, "--set" if overrides else str(path)).corpus


def parse(data: dict[str, Any], origin: str = "config") -> Settings:
    """Validate a config given as nested dictionaries; `origin` begins every error message.

    Raises
    ------
    ConfigError
        A key or a value is not one docclust knows; the message offers the nearest that is.
    """
    try:
        return Settings.model_validate(data)
    except ValidationError as error:
        raise ConfigError(f"{origin}: {first_problem(error, data)}") from None


def dumps(settings: Settings) -> str:
    """The effective config as TOML: every key, in the order of `settings`."""
    return tomli_w.dumps(settings.model_dump(mode="json", exclude_none=True))


def _apply(data: dict[str, Any], override: str) -> None:
    dotted, equals, value = override.partition("=")
    *sections, key = dotted.strip().split(".")
    if not equals or not key or len(sections) > 1:
        raise ConfigError(f"--set {override}: must have the form section.key=value, as in mixture.n_components=30.")
    try:
        parsed = tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        parsed = value.strip() or value  # a tab alone is a delimiter
    for section in sections:
        data = data.setdefault(section, {})
        if section in ("name", "seed") or not isinstance(data, dict):
            raise ConfigError(f"--set {override}: {section} is a key and not a section.")
    data[key] = parsed


def _remedy(path: Path, otherwise: str = "Try configs/default.toml as an example.") -> str:
    """What to try in place of what is no config, but perhaps a corpus."""
    if beside := sorted(path.glob("*.toml")):
        return f"Try {beside[0]}."
    source = _source(path)
    if source is None:
        return otherwise
    reader = "csv" if source == "tsv" else source  # the config that shows both
    return f"Try docclust run configs/{reader}.toml --set {shlex.quote(f'corpus.path={path.resolve()}')}."


def _source(path: Path) -> str | None:
    """What reads a folder, or a file of this ending."""
    return "folder" if path.is_dir() else next(filter(None, map(SOURCES.get, path.suffixes)), None)


def _resolve_paths(corpus: Any, folder: Path) -> Any:
    paths = {
        key: folder / _expanded(key, value)
        for key in ("path", "data_home")
        if isinstance(value := getattr(corpus, key, None), Path)
    }
    return corpus.model_copy(update=paths)


def _expanded(key: str, path: Path) -> Path:
    try:
        return path.expanduser()
    except RuntimeError:
        remedy = f"Try ./{path} if {path.parts[0]} is a folder."
        raise ConfigError(f"[corpus] {key} must begin with the home of a user, got {str(path)!r}. {remedy}") from None

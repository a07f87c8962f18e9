"""A TOML file and what is changed on the command line -> settings, and back."""

import tomllib
from pathlib import Path
from typing import Any

import tomli_w
from pydantic import ValidationError

from docclust.config.problems import first_problem
from docclust.config.settings import Settings
from docclust.errors import ConfigError


def load(path: Path, overrides: list[str] = []) -> Settings:  # noqa: B006 (never changed)
    """Read a config file, apply ``section.key=value`` overrides, and validate.

    Paths inside the file are taken relative to the file's own folder.

    Raises
    ------
    ConfigError
        The file is missing, unreadable or not TOML, or a key or value in it is not one docclust knows.
    """
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        raise ConfigError(f"{path}: there is no such file. Try one from the folder configs/.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read as UTF-8 text ({error}).") from None
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        reason = str(error).replace("at end of document", f"at line {len(text.splitlines())}, the end of the file")
        raise ConfigError(f"{path}: not valid TOML: {reason}.") from None
    for override in overrides:
        _apply(data, override)
    settings = parse(data, str(path))
    if not settings.name:
        settings = settings.model_copy(update={"name": path.stem})
    return settings.model_copy(update={"corpus": _resolve_paths(settings.corpus, path.resolve().parent)})


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
        parsed = value.strip()
    for section in sections:
        data = data.setdefault(section, {})
        if section in ("name", "seed") or not isinstance(data, dict):
            raise ConfigError(f"--set {override}: {section} is a key and not a section.")
    data[key] = parsed


def _resolve_paths(corpus: Any, folder: Path) -> Any:
    paths = {
        key: folder / value.expanduser()
        for key in ("path", "data_home")
        if isinstance(value := getattr(corpus, key, None), Path)
    }
    return corpus.model_copy(update=paths)

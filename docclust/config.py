"""TOML -> validated settings, one section per stage of a run.

What a key means and what it defaults to is said here and nowhere else. Nothing here reads a text or does arithmetic.
"""

import difflib
import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

import tomli_w
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    NonNegativeFloat,
    PositiveFloat,
    PositiveInt,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_core import PydanticCustomError

from docclust.errors import ConfigError

Columns = str | list[str]
Share = Annotated[float, Field(ge=0, le=1)]


class Section(BaseModel):
    """A section of the config: unknown keys are errors, values are not changed after validation."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=False)


class FolderCorpus(Section):
    """Text and HTML files below a folder; `glob` is one pattern or several, and ``**`` stands for any folders."""

    source: Literal["folder"]
    path: Path
    glob: str | list[str] = "**/*"
    label_from_folder: bool = False
    encoding: str = "detect"


class TableCorpus(Section):
    """What the tables have in common: one document a row, in a file that may be gzipped.

    A column left empty is found by its usual name where the data has one; ``false`` means that there is none.
    """

    source: str
    path: Path
    id: str | Literal[False] = ""
    title: str | Literal[False] = ""
    text: Columns = "text"
    label: str | Literal[False] = ""
    encoding: str = "utf-8"


class JsonlCorpus(TableCorpus):
    """JSON lines: one object a line."""

    source: Literal["jsonl"]


class CsvCorpus(TableCorpus):
    """Fields between commas or tabs; the first line names the columns. An empty `quotechar` means no quoting."""

    source: Literal["csv", "tsv"]
    delimiter: Literal["auto", ",", ";", "\t", "|"] = "auto"
    quotechar: Literal['"', "'", ""] = '"'


class NewsgroupsCorpus(Section):
    """20 Newsgroups, as scikit-learn fetches it."""

    source: Literal["20newsgroups"]
    subset: Literal["train", "test", "all"] = "all"
    remove: list[Literal["headers", "footers", "quotes"]] = ["headers", "footers", "quotes"]
    data_home: Path | None = None
    download: bool = False


class NltkCorpus(Section):
    """Any corpus of NLTK that has files; a file in exactly one category has it as its label."""

    source: Literal["nltk"]
    corpus: str = "reuters"
    data_home: Path | None = None
    download: bool = False


class PydocsCorpus(Section):
    """Documentation strings of installed Python packages, read from their sources and never by importing them.

    `packages` are import names, as in ``scipy`` or ``scipy.stats``; an empty list means all that are installed.
    """

    source: Literal["pydocs"]
    packages: list[str] = ["numpy", "scipy", "sklearn"]
    min_words: Annotated[int, Field(ge=1)] = 30


CorpusSettings = Annotated[
    FolderCorpus | JsonlCorpus | CsvCorpus | NewsgroupsCorpus | NltkCorpus | PydocsCorpus,
    Field(discriminator="source"),
]


class VectorsSettings(Section):
    """How a text becomes a row of TF-IDF."""

    token_pattern: str = r"(?u)\b\w\w+\b"
    lowercase: bool = True
    strip_accents: bool = False
    stop_words: str | list[str] = "english"
    extra_stop_words: list[str] = []
    display_stop_words: list[str] = []
    stem: str = ""
    max_ngram: Annotated[int, Field(ge=1, le=5)] = 1
    collocations: Annotated[int, Field(ge=0)] = 0
    min_df: PositiveInt | Share | Literal["auto"] = "auto"
    max_df: PositiveInt | Annotated[float, Field(gt=0, le=1)] = 0.5
    max_features: Annotated[int, Field(ge=0)] = 0
    sublinear_tf: bool = True

    @field_validator("token_pattern")
    @classmethod
    def _finds_tokens(cls, pattern: str) -> str:
        try:
            compiled = re.compile(pattern)
        except re.error as error:
            # The text of a PydanticCustomError is a template; what the person wrote goes in as a value.
            raise PydanticCustomError("pattern", "a regular expression ({why})", {"why": str(error)}) from None
        if compiled.groups > 1:
            raise PydanticCustomError("pattern", "a regular expression with at most one group; write (?:...) instead")
        if compiled.match(""):
            raise PydanticCustomError("pattern", "a regular expression that needs at least one character")
        return pattern

    @field_validator("min_df", "max_df", mode="wrap")
    @classmethod
    def _limits_documents(cls, value: Any, valid: Callable[[Any], Any], info: ValidationInfo) -> Any:
        auto = ', or "auto"' if info.field_name == "min_df" else ""
        try:
            if not isinstance(value, bool):
                return valid(value)
        except ValidationError:
            pass
        must = "a number of documents such as 3 or a share of them such as 0.3{auto}"
        raise PydanticCustomError("documents", must, {"auto": auto})


class SeedingSettings(Section):
    """Where EM starts."""

    method: Literal["random", "k-means++", "kmeans", "lsa", "split-merge"] = "kmeans"
    n_init: PositiveInt = 4
    steps: Annotated[int, Field(ge=0)] = 8


class MixtureSettings(Section):
    """The mixture and its EM; the meaning of each key is that of `docclust.SparseGaussianMixture`."""

    n_components: PositiveInt = 20
    covariance: Literal["auto", "own", "pooled", "tied", "isotropic", "cosine"] = "auto"
    pooling: PositiveFloat = 1000.0
    smoothing: Literal["noise", "add", "floor", "prior"] = "noise"
    reg_covar: Literal["auto"] | NonNegativeFloat = "auto"
    final_smoothing: PositiveFloat = 0.25
    annealing: Literal["responsibilities", "smoothing", "none"] = "responsibilities"
    annealing_steps: PositiveInt = 22
    softness: Share = 0.2
    weight_pseudo: NonNegativeFloat = 1.0
    mean_pseudo: NonNegativeFloat = 1.0
    variance_pseudo: NonNegativeFloat = 10.0
    max_iter: PositiveInt = 100
    tol: NonNegativeFloat = 1e-6


class CalibrationSettings(Section):
    """How probabilities are made to mean what they say."""

    repeats: PositiveInt = 4


class KeywordsSettings(Section):
    """What is said about a cluster."""

    n_words: PositiveInt = 10
    balance: Share = 0.6
    representatives: Annotated[int, Field(ge=0)] = 5
    mixed: Annotated[int, Field(ge=0)] = 5


class AmbiguitySettings(Section):
    """Which documents are listed as ambiguous."""

    n_documents: Annotated[int, Field(ge=0)] = 100
    undecided_below: Share = 0.9
    n_words: PositiveInt = 5


class EngineSettings(Section):
    """Who maps over blocks of rows; changes how long a run takes and nothing in its result."""

    backend: Literal["threads", "dask"] = "threads"
    workers: Annotated[int, Field(ge=0)] = 0
    scheduler: str = ""
    block_rows: PositiveInt = 4096


class ReportSettings(Section):
    """What is printed when a run has ended, and its report.html."""

    n_words: PositiveInt = 8
    n_documents: Annotated[int, Field(ge=0)] = 20
    html: bool = True
    text: bool = True
    max_text_mib: PositiveFloat = 8.0
    iterations: bool = True


class Settings(Section):
    """A whole config. ``[corpus]`` alone is complete: every other key has a default that is good for text."""

    name: str = ""
    seed: Annotated[int, Field(ge=0, lt=2**32)] = 0
    corpus: CorpusSettings
    vectors: VectorsSettings = VectorsSettings()
    seeding: SeedingSettings = SeedingSettings()
    mixture: MixtureSettings = MixtureSettings()
    calibration: CalibrationSettings = CalibrationSettings()
    keywords: KeywordsSettings = KeywordsSettings()
    ambiguity: AmbiguitySettings = AmbiguitySettings()
    engine: EngineSettings = EngineSettings()
    report: ReportSettings = ReportSettings()


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
        raise ConfigError(f"{origin}: {_first_problem(error, data)}") from None


def dumps(settings: Settings) -> str:
    """The effective config as TOML: every key, in the order of this module."""
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


def _first_problem(error: ValidationError, data: dict[str, Any]) -> str:
    problem = error.errors()[0]
    # pydantic names the member of a union inside a location; a person never wrote it.
    sources = {name for model in get_args(get_args(CorpusSettings)[0]) for name in _source_names(model)}
    location = [
        part for part in problem["loc"] if isinstance(part, str) and part in _known_words(data) | set(_all_keys())
    ]
    if len(location) > 1 and location[0] == "corpus" and location[1] in sources:
        location.pop(1)
    where = f"[{location[0]}] {' '.join(location[1:])}".strip() if len(location) > 1 else " ".join(location)
    section = f"[{location[0]}]" if location else ""
    match problem["type"]:
        case "extra_forbidden":
            known = _keys_beside(location, data)
            near = difflib.get_close_matches(location[-1], known, n=1, cutoff=0.5)
            hint = f"Did you mean {near[0]}?" if near else f"Known keys: {', '.join(known)}."
            return f"{where} is not a key docclust knows. {hint}"
        case "missing":
            return f"{where} must be given."
        case "union_tag_not_found":
            return f"{section} source must be given, one of {', '.join(sorted(sources))}."
        case "union_tag_invalid":
            value = data["corpus"]["source"]
            near = difflib.get_close_matches(str(value), sources, n=1)
            hint = f" Did you mean {near[0]}?" if near else ""
            return f"{section} source must be one of {', '.join(sorted(sources))}, got {value!r}.{hint}"
        case "model_type" | "model_attributes_type" | "dict_type":
            return f"{where} must be a section, got {problem['input']!r}."
    # A key that takes one of several types has a problem for each.
    same_place = [other for other in error.errors() if other["input"] is problem["input"]]
    wanted = (other["msg"].removeprefix("Input should be ").removeprefix("a valid ") for other in same_place)
    must = [words.split(", unable to parse")[0] for words in wanted]
    return f"{where} must be {' or '.join(dict.fromkeys(must))}, got {problem['input']!r}."


def _source_names(model: type[Section]) -> tuple[str, ...]:
    return get_args(model.model_fields["source"].annotation)


def _known_words(data: dict[str, Any]) -> set[str]:
    return set(data) | {key for section in data.values() if isinstance(section, dict) for key in section}


def _all_keys() -> list[str]:
    sections = [f.annotation for f in Settings.model_fields.values() if isinstance(f.annotation, type)]
    models = [s for s in sections if issubclass(s, Section)] + list(get_args(get_args(CorpusSettings)[0]))
    return [*Settings.model_fields, *(key for model in models for key in model.model_fields)]


def _keys_beside(location: list[str], data: dict[str, Any]) -> list[str]:
    if len(location) == 1:
        return list(Settings.model_fields)
    if location[0] == "corpus":
        source = data["corpus"]["source"]
        models = get_args(get_args(CorpusSettings)[0])
        return next(list(model.model_fields) for model in models if source in _source_names(model))
    return list(Settings.model_fields[location[0]].annotation.model_fields)

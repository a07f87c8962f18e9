"""The sections of a config: what a key may be and what it defaults to is said here and nowhere else."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    NonNegativeFloat,
    PositiveFloat,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from docclust.conflicts import conflict

# What there are more of than this, no machine holds.
MOST = 10**9
Share = Annotated[float, Field(ge=0, le=1)]
# Strict, so that `true` is no 1.
Count = Annotated[int, Field(ge=0, le=MOST, strict=True)]
PositiveCount = Annotated[int, Field(gt=0, le=MOST, strict=True)]


def _refuse(conflict: str | None) -> None:
    """Settings of a section that do not go together, if this is a line that says so."""
    if conflict:
        raise PydanticCustomError("conflict", "{line}", {"line": conflict})


def _of_a_file(path: Path) -> Path:
    if "\0" in str(path):
        raise PydanticCustomError("path", "a path, in which no character is NUL")
    return path


Place = Annotated[Path, AfterValidator(_of_a_file)]


class Section(BaseModel):
    """A section of the config: unknown keys are errors, values are not changed after validation."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=False)


class FolderCorpus(Section):
    """Text, HTML and mail (.eml, .mbox) files below a folder; every mail of a mailbox is one document.

    With the extra `documents` also PDF, .docx, .pptx and .rtf.

    `glob` is one pattern or several, and ``**`` stands for any folders.
    """

    source: Literal["folder"]
    path: Place
    glob: str | list[str] = "**/*"
    label_from_folder: bool = False
    encoding: str = "detect"


class TableCorpus(Section):
    """What the tables have in common: one document a row, in a file that may be gzipped.

    A column left empty is found by its usual name where the data has one; ``false`` means that there is none.
    """

    source: str
    path: Place
    id: str | Literal[False] = ""
    title: str | Literal[False] = ""
    text: str | list[str] = "text"
    label: str | Literal[False] = ""
    encoding: str = "utf-8"

    @field_validator("text")
    @classmethod
    def _names_columns(cls, text: str | list[str]) -> str | list[str]:
        if not text or (isinstance(text, list) and "" in text):
            raise PydanticCustomError("columns", 'the name of a column such as "body", or a list of some')
        return text


class JsonlCorpus(TableCorpus):
    """JSON lines: one object a line."""

    source: Literal["jsonl"]


class CsvCorpus(TableCorpus):
    """Fields between commas or tabs; the first line names the columns. An empty `quotechar` means no quoting."""

    source: Literal["csv", "tsv"]
    delimiter: Literal["auto", ",", ";", "\t", "|"] = "auto"
    quotechar: Literal['"', "'", ""] = '"'

    @field_validator("delimiter", mode="before")
    @classmethod
    def _written_out(cls, delimiter: Any) -> Any:
        return "\t" if delimiter == r"\t" else delimiter


class NewsgroupsCorpus(Section):
    """20 Newsgroups, as scikit-learn fetches it."""

    source: Literal["20newsgroups"]
    subset: Literal["train", "test", "all"] = "all"
    remove: list[Literal["headers", "footers", "quotes"]] = ["headers", "footers", "quotes"]
    data_home: Place | None = None
    download: bool = False


class NltkCorpus(Section):
    """Any corpus of NLTK that has files; a file in exactly one category has it as its label."""

    source: Literal["nltk"]
    corpus: str = "reuters"
    data_home: Place | None = None
    download: bool = False


class PydocsCorpus(Section):
    """Documentation strings of installed Python packages, read from their sources and never by importing them.

    `packages` are import names, as in ``scipy`` or ``scipy.stats``; an empty list means all that are installed.
    """

    source: Literal["pydocs"]
    packages: list[str] = ["numpy", "scipy", "sklearn"]
    min_words: PositiveCount = 30


CorpusSettings = Annotated[
    FolderCorpus | JsonlCorpus | CsvCorpus | NewsgroupsCorpus | NltkCorpus | PydocsCorpus,
    Field(discriminator="source"),
]
TermFrequency = Literal["bm25", "log", "count"]


class VectorsSettings(Section):
    """How a text becomes a row of TF-IDF."""

    token_pattern: str = r"(?u)\b\w\w+\b"
    lowercase: bool = True
    strip_accents: bool = False
    stop_words: str | list[str] = "english"
    extra_stop_words: list[str] = []
    display_stop_words: list[str] = []
    stem: str = ""
    max_ngram: Annotated[int, Field(ge=1, le=5, strict=True)] = 1
    collocations: Count = 0
    min_df: PositiveCount | Share | Literal["auto"] = "auto"
    max_df: PositiveCount | Annotated[float, Field(gt=0, le=1)] = 0.5
    max_features: Count = 0
    tf: TermFrequency = "bm25"
    notices: Literal["drop", "keep"] = "drop"

    @model_validator(mode="before")
    @classmethod
    def _as_it_was_called(cls, given: Any) -> Any:
        # Configs and runs of before there was BM25.
        if isinstance(given, dict) and isinstance(given.get("sublinear_tf"), bool):
            given = {"tf": "log" if given["sublinear_tf"] else "count"} | given
            del given["sublinear_tf"]
        return given

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
    n_init: Literal["auto"] | PositiveCount = "auto"
    steps: Count = 8


class MixtureSettings(Section):
    """The mixture and its EM; the meaning of each key is that of `docclust.SparseGaussianMixture`."""

    model_config = ConfigDict(strict=True, allow_inf_nan=False)

    n_components: PositiveCount = 20
    covariance: Literal["auto", "own", "pooled", "tied", "isotropic", "cosine"] = "auto"
    pooling: Literal["auto"] | NonNegativeFloat = "auto"
    length_exponent: Literal["auto"] | Share = "auto"
    smoothing: Literal["noise", "add", "floor", "prior"] = "noise"
    reg_covar: Literal["auto"] | NonNegativeFloat = "auto"
    final_smoothing: PositiveFloat = 0.25
    annealing: Literal["responsibilities", "smoothing", "none"] = "responsibilities"
    annealing_steps: PositiveCount = 22
    softness: Share = 0.2
    weight_pseudo: NonNegativeFloat = 1.0
    mean_pseudo: NonNegativeFloat = 1.0
    variance_pseudo: NonNegativeFloat = 10.0
    max_iter: PositiveCount = 100
    tol: NonNegativeFloat = 1e-6
    consensus: Literal["auto"] | bool = "auto"
    split_merge: Literal["auto"] | bool = "auto"
    leave_one_out: bool = True
    copies: Literal["auto", "once", "each"] = "auto"

    @model_validator(mode="after")
    def _go_together(self) -> "MixtureSettings":
        _refuse(conflict(self))
        return self


class CalibrationSettings(Section):
    """How probabilities are made to mean what they say."""

    repeats: PositiveCount = 4


class KeywordsSettings(Section):
    """What is said about a cluster."""

    n_words: PositiveCount = 10
    balance: Share = 0.6
    representatives: Count = 5
    mixed: Count = 5


class AmbiguitySettings(Section):
    """Which documents are listed as ambiguous."""

    n_documents: Count = 100
    undecided_below: Share = 0.9
    n_words: PositiveCount = 5


class EngineSettings(Section):
    """Who maps over blocks of rows; changes how long a run takes and nothing in its result.

    Sums over blocks of another length, `block_rows`, may differ in their last bits.
    """

    backend: Literal["threads", "dask"] = "threads"
    workers: Count = 0
    scheduler: str = ""
    block_rows: PositiveCount = 2048

    @model_validator(mode="after")
    def _go_together(self) -> "EngineSettings":
        if self.scheduler and self.backend != "dask":
            _refuse(f'backend must be "dask" with a scheduler, got "{self.backend}".')
        if self.backend == "dask" and self.workers == 1:
            _refuse('workers must be 0 (as many as there are) or more than 1 with backend "dask", got 1.')
        return self

    @property
    def n_jobs(self) -> int:
        """Workers as joblib counts them."""
        return self.workers or -1


class ReportSettings(Section):
    """What is printed when a run has ended, and its report.html."""

    n_words: PositiveCount = 8
    n_documents: Count = 20
    html: bool = True
    text: bool = True
    max_text_mib: PositiveFloat = 8.0
    max_documents: PositiveCount = 50_000
    iterations: bool = True


class Settings(Section):
    """A whole config. ``[corpus]`` alone is complete: every other key has a default that is good for text."""

    name: str = ""
    seed: Annotated[int, Field(ge=0, lt=2**32, strict=True)] = 0
    corpus: CorpusSettings
    vectors: VectorsSettings = VectorsSettings()
    seeding: SeedingSettings = SeedingSettings()
    mixture: MixtureSettings = MixtureSettings()
    calibration: CalibrationSettings = CalibrationSettings()
    keywords: KeywordsSettings = KeywordsSettings()
    ambiguity: AmbiguitySettings = AmbiguitySettings()
    engine: EngineSettings = EngineSettings()
    report: ReportSettings = ReportSettings()

    @field_validator("name")
    @classmethod
    def _names_a_folder(cls, name: str) -> str:
        parts = name.replace("\\", "/").split("/") if name else []
        if "\0" in name or any(part.strip() in ("", ".", "..") for part in parts):
            raise PydanticCustomError("name", 'the name of a folder below runs, such as "news"')
        return name

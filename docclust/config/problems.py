"""The first thing that is wrong with a config, in one line that offers the nearest right one."""

from typing import Any, get_args

from pydantic import ValidationError

from docclust.config.settings import CorpusSettings, Section, Settings
from docclust.errors import did_you_mean


def first_problem(error: ValidationError, data: dict[str, Any]) -> str:
    """What pydantic complains of first, said of the sections and keys that a person wrote."""
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
            hint = did_you_mean(location[-1], known) or f" Known keys: {', '.join(known)}."
            return f"{where} is not a key docclust knows.{hint}"
        case "missing":
            remedy = ' Try source = "folder" and path = "texts" in a section [corpus].' if where == "corpus" else ""
            return f"{where} must be given.{remedy}"
        case "union_tag_not_found":
            return f"{section} source must be given, one of {', '.join(sorted(sources))}."
        case "union_tag_invalid":
            value = data["corpus"]["source"]
            hint = did_you_mean(str(value), sources, likeness=0.6)
            return f"{section} source must be one of {', '.join(sorted(sources))}, got {value!r}.{hint}"
        case "model_type" | "model_attributes_type" | "dict_type":
            return f"{where} must be a section, got {problem['input']!r}."
        case "conflict":
            return f"{section} {problem['msg']}"
    # A key that takes one of several types has a problem for each.
    same_place = [other for other in error.errors() if other["input"] is problem["input"]]
    wanted = (other["msg"].removeprefix("Input should be ").split(", unable to parse")[0] for other in same_place)
    must = [words.replace("a valid integer", "an integer").replace("a valid", "a") for words in wanted]
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

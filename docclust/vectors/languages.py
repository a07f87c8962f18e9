"""Stop words and stemmers by language: which there are, and how they are asked for. No text passes through here."""

from collections.abc import Callable, Iterable

from docclust.errors import SettingError, nearest

LANGUAGES = {
    "af": "afrikaans",
    "ar": "arabic",
    "bg": "bulgarian",
    "bn": "bengali",
    "br": "breton",
    "ca": "catalan",
    "cs": "czech",
    "da": "danish",
    "de": "german",
    "el": "greek",
    "en": "english",
    "eo": "esperanto",
    "es": "spanish",
    "et": "estonian",
    "eu": "basque",
    "fa": "persian",
    "fi": "finnish",
    "fr": "french",
    "ga": "irish",
    "gl": "galician",
    "gu": "gujarati",
    "ha": "hausa",
    "he": "hebrew",
    "hi": "hindi",
    "hr": "croatian",
    "hu": "hungarian",
    "hy": "armenian",
    "id": "indonesian",
    "it": "italian",
    "ja": "japanese",
    "ko": "korean",
    "ku": "kurdish",
    "la": "latin",
    "lt": "lithuanian",
    "lv": "latvian",
    "mr": "marathi",
    "ms": "malay",
    "nl": "dutch",
    "no": "norwegian",
    "pl": "polish",
    "pt": "portuguese",
    "ro": "romanian",
    "ru": "russian",
    "sk": "slovak",
    "sl": "slovenian",
    "so": "somali",
    "st": "sotho",
    "sv": "swedish",
    "sw": "swahili",
    "th": "thai",
    "tl": "tagalog",
    "tr": "turkish",
    "uk": "ukrainian",
    "ur": "urdu",
    "vi": "vietnamese",
    "yo": "yoruba",
    "zh": "chinese",
    "zu": "zulu",
}
# Keywords that are stop words of one language, at least, and the share of all, before they are said to be there. Of the
# keywords of English corpora Dutch or Malay have 0.05 at most; of German speeches 0.35 are German, of manual pages in
# seven languages 0.17.
LEAST_STOP_WORDS = 5
LEAST_SHARE = 0.1
CODES = {language: code for code, language in LANGUAGES.items()}


def stop_words(names: str | Iterable[str]) -> frozenset[str]:
    """The stop words of one language or several, as their lists have them.

    Parameters
    ----------
    names : str or iterable of str
        ``"english"`` (or ``"en"``) is scikit-learn's list; any other language of `LANGUAGES`, by name or ISO 639-1
        code, is that of stopwords-iso, and so is ``"iso:english"``; ``"nltk:german"`` is NLTK's, where its data is
        installed; ``"none"`` and ``""`` are no words.

    Raises
    ------
    SettingError
        There is no list of that name, or NLTK's data is not installed.
    """
    words: set[str] = set()
    for name in [names] if isinstance(names, str) else names:
        source, _, language = name.strip().lower().rpartition(":")
        if source == "nltk":
            words.update(_nltk_stop_words(language))
        elif source in ("", "iso") and language in LANGUAGES | CODES:
            words.update(_packaged_stop_words(CODES.get(language, language), source))
        elif source or language not in ("", "none"):
            known = [*LANGUAGES, *CODES, "none"]
            raise SettingError(
                "[vectors] stop_words must be a language such as german or de, nltk:german, or none, "
                f"got {name!r}.{_remedy(language, known)}"
            )
    return frozenset(words)


def language_of(keywords: Iterable[str]) -> str | None:
    """The language of which these keywords have the most stop words; None where they have few of any."""
    words = {word for keyword in keywords for word in keyword.split()}
    often = {name: len(words.intersection(_packaged_stop_words(code, ""))) for code, name in LANGUAGES.items()}
    name = max(often, key=lambda language: often[language])
    return name if often[name] >= max(LEAST_STOP_WORDS, LEAST_SHARE * len(words)) else None


def stemmer(name: str) -> Callable[[str], str] | None:
    """The Snowball stemmer of a language, by name or ISO 639-1 code, or None for ``""`` and ``"none"``.

    ``"porter"`` is Porter's first stemmer for English. Source: https://snowballstem.org, as written in NLTK.

    Raises
    ------
    SettingError
        Snowball has no stemmer for it.
    """
    name = name.strip().lower()
    if name in ("", "none"):
        return None
    # NLTK takes a second to import, and most runs do not stem.
    from nltk.stem.snowball import SnowballStemmer

    language = LANGUAGES.get(name, name)
    if language not in SnowballStemmer.languages:
        known = list(SnowballStemmer.languages)
        raise SettingError(
            f"[vectors] stem must be one of {', '.join(known)}, or empty, got {name!r}.{_remedy(name, known)}"
        )
    return SnowballStemmer(language).stem


def _packaged_stop_words(code: str, source: str) -> Iterable[str]:
    if code == "en" and not source:
        from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

        return ENGLISH_STOP_WORDS
    import stopwordsiso

    return stopwordsiso.stopwords(code)


def _nltk_stop_words(language: str) -> Iterable[str]:
    from nltk.corpus.reader import WordListCorpusReader
    from nltk.corpus.util import LazyCorpusLoader

    lists = LazyCorpusLoader("stopwords", WordListCorpusReader, r"(?!README|\.).*")
    try:
        known = lists.fileids()
    except LookupError:
        raise SettingError(
            f"[vectors] stop_words must be a list that is installed, got 'nltk:{language}', and NLTK's stop words "
            "are not. Try python -m nltk.downloader stopwords, or "
            f"stop_words = {language!r} without nltk:, which needs no download."
        ) from None
    language = LANGUAGES.get(language, language)
    if language not in known:
        raise SettingError(
            f"[vectors] stop_words must name one of NLTK's lists ({', '.join(known)}), "
            f"got 'nltk:{language}'.{_remedy(language, known)}"
        )
    return lists.words(language)


def _remedy(name: str, known: list[str]) -> str:
    near = nearest(name, known)
    return "" if near is None else f" Try {near}."

"""The corpora that other libraries fetch: 20 Newsgroups and NLTK's."""

import codecs
import os
import pickle

import nltk
import pytest
from sklearn.utils import Bunch

from docclust.errors import CorpusError

POSTS = {
    "train": [
        (
            "rec.autos",
            "101",
            "From: a@b.c\nSubject: Re: Brakes\n and more\n\nSomeone writes:\n> squeak\nOil them.\n\n--\nme",
        ),
        ("sci.space", "7", "Subject: Orbits\n\nThe moon is far.\n\n--\nme"),
    ],
    "test": [("sci.space", "8", "Organization: none\n\nSubject: not a header\nMars is further.\n\n--\nme")],
}


@pytest.fixture
def two_newsgroups(tmp_path):
    """Three postings in the format in which scikit-learn keeps its download."""
    names = ["rec.autos", "sci.space"]
    cache = {
        subset: Bunch(
            data=[text for _, _, text in posts],
            target=[names.index(group) for group, _, _ in posts],
            target_names=names,
            filenames=[f"/home/someone/20news-bydate-{subset}/{group}/{number}" for group, number, _ in posts],
        )
        for subset, posts in POSTS.items()
    }
    import numpy as np

    for bunch in cache.values():
        bunch.target, bunch.filenames = np.array(bunch.target), np.array(bunch.filenames)
    (tmp_path / "20news-bydate_py3.pkz").write_bytes(codecs.encode(pickle.dumps(cache), "zlib_codec"))
    return tmp_path


def test_postings_keep_group_number_and_subject(documents, two_newsgroups):
    read = documents("20newsgroups", data_home=two_newsgroups)
    assert [(document.id, document.title, document.label) for document in read] == [
        ("rec.autos/101", "Re: Brakes and more", "rec.autos"),
        ("sci.space/7", "Orbits", "sci.space"),
        ("sci.space/8", "Subject: not a header Mars is further.", "sci.space"),
    ]
    assert [document.title_from_text for document in read] == [False, False, True]
    assert [document.text.strip() for document in read] == [
        "Oil them.",
        "The moon is far.",
        "Subject: not a header\nMars is further.",
    ]


def test_postings_are_whole_when_nothing_is_removed(documents, two_newsgroups):
    read = documents("20newsgroups", data_home=two_newsgroups, remove=[], subset="train")
    assert [document.text for document in read] == [text for _, _, text in POSTS["train"]]


@pytest.mark.parametrize("damaged", [False, True])
def test_newsgroups_that_are_absent_or_damaged_are_named(documents, tmp_path, capsys, damaged):
    home = tmp_path / "nowhere"
    if damaged:
        home.mkdir()
        (home / "20news-bydate_py3.pkz").write_bytes(b"not a cache")
    with pytest.raises(CorpusError) as caught:
        documents("20newsgroups", data_home=home)
    assert str(caught.value) == (
        f"[corpus] data_home must be a folder with 20 Newsgroups, got {str(home)!r}."
        " Try download = true, which fetches 14 MB."
    )
    assert home.exists() is damaged
    assert capsys.readouterr().out == ""


def test_without_data_home_the_folder_of_scikit_learn_is_used(documents, two_newsgroups, monkeypatch):
    monkeypatch.setenv("SCIKIT_LEARN_DATA", str(two_newsgroups))
    assert len(documents("20newsgroups")) == 3


def test_a_download_that_fails_is_named(documents, tmp_path, monkeypatch):
    def no_network(**_):
        raise OSError("no route to host")

    monkeypatch.setattr("docclust.corpus.newsgroups.fetch_20newsgroups", no_network)
    with pytest.raises(CorpusError, match=r"cannot be downloaded into .* \(no route to host\)"):
        documents("20newsgroups", data_home=tmp_path, download=True)


@pytest.mark.parametrize(("remove", "empty"), [([], 0), (["headers", "footers", "quotes"], 515)])
def test_the_whole_of_20_newsgroups_is_read(documents, shared_corpora, remove, empty):
    read = documents("20newsgroups", data_home=shared_corpora / "scikit_learn_data", remove=remove)
    assert len({document.id for document in read}) == len(read) == 18_846
    assert len({document.label for document in read}) == 20
    assert all(document.title for document in read if document.text.strip())
    assert sum(not document.text.strip() for document in read) == empty


# NLTK's own readers, on corpora laid out as NLTK's are.


@pytest.fixture
def nltk_data(tmp_path, monkeypatch):
    """A folder of NLTK data with two tiny corpora, and a search path without any other."""
    files = {
        "movie_reviews/neg/cv000.txt": "a dull film .\n",
        "movie_reviews/pos/cv001.txt": "a fine film .\n",
        "movie_reviews/README": "not a review",
        "reuters/cats.txt": "test/1 trade grain\ntraining/2 earn\n",
        "reuters/test/1": "WHEAT ACCORD\n  Wheat was traded.\n",
        "reuters/training/2": "PROFIT UP\n  Caf\xe9 earned more.\n",
        "brown/cats.txt": "ca01 news\n",
        "brown/ca01": "The/at jury/nn met/vbd ./.\n",
        "gutenberg/poem.txt": "Of man's first disobedience\n",
    }
    for name, text in files.items():
        path = tmp_path / "data" / "corpora" / name
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o755)
        path.write_text(text, "latin-1")
    monkeypatch.setattr(nltk.data, "path", [str(tmp_path / "empty")])
    return tmp_path / "data"


@pytest.mark.parametrize(
    ("corpus", "expected"),
    [
        ("movie_reviews", [("neg/cv000.txt", "a dull film .", "neg"), ("pos/cv001.txt", "a fine film .", "pos")]),
        (
            "reuters",
            [
                ("test/1", "WHEAT ACCORD Wheat was traded.", None),
                ("training/2", "PROFIT UP Caf\xe9 earned more.", "earn"),
            ],
        ),
        ("brown", [("ca01", "The jury met .", "news")]),
        ("gutenberg", [("poem.txt", "Of man's first disobedience", None)]),
    ],
)
def test_a_corpus_of_nltk_is_read_by_its_own_reader(documents, nltk_data, corpus, expected):
    read = documents("nltk", corpus=corpus, data_home=nltk_data)
    assert [(document.id, document.title, document.label) for document in read] == expected


def test_reading_leaves_no_trace_in_nltk(documents, nltk_data, tmp_path):
    before = list(nltk.data.path)
    assert len(documents("nltk", corpus="movie_reviews", data_home=nltk_data)) == 2
    assert nltk.data.path == before
    # Regression: once loaded, NLTK kept to the first folder for ever.
    (tmp_path / "other" / "corpora").mkdir(parents=True)
    (nltk_data / "corpora" / "movie_reviews").rename(tmp_path / "other" / "corpora" / "movie_reviews")
    assert len(documents("nltk", corpus="movie_reviews", data_home=tmp_path / "other")) == 2
    with pytest.raises(CorpusError, match="which is in none"):
        documents("nltk", corpus="movie_reviews", data_home=nltk_data)
    assert nltk.data.path == before


def test_a_reading_that_is_broken_off_leaves_no_trace_either(nltk_data):
    from collections import Counter

    from docclust.config import parse
    from docclust.corpus import read

    before = list(nltk.data.path)
    settings = parse({"corpus": {"source": "nltk", "corpus": "movie_reviews", "data_home": str(nltk_data)}})
    reader = read(settings.corpus, Counter())
    next(reader)
    reader.close()
    assert nltk.data.path == before


def test_an_absent_corpus_of_nltk_is_named_with_the_command_that_fetches_it(documents, nltk_data):
    with pytest.raises(CorpusError) as caught:
        documents("nltk", corpus="inaugural", data_home=nltk_data)
    assert str(caught.value) == (
        f"[corpus] corpus must be in one of the folders {nltk_data}, {nltk.data.path[0]}, got 'inaugural',"
        " which is in none. Try download = true, or python -m nltk.downloader inaugural."
    )


def test_an_unknown_corpus_of_nltk_is_named_with_the_nearest(documents, nltk_data):
    with pytest.raises(CorpusError) as caught:
        documents("nltk", corpus="movie_review", data_home=nltk_data)
    assert str(caught.value) == (
        "[corpus] corpus must be a corpus of NLTK, got 'movie_review'. Did you mean movie_reviews?"
    )


def test_a_download_by_nltk_that_fails_is_named(documents, nltk_data, monkeypatch):
    monkeypatch.setattr(nltk, "download", lambda *_, **__: False)
    with pytest.raises(CorpusError, match="got 'inaugural', which cannot be downloaded"):
        documents("nltk", corpus="inaugural", data_home=nltk_data, download=True)


def test_a_download_by_nltk_goes_to_data_home(documents, nltk_data, monkeypatch):
    def fetch(package, download_dir, quiet):
        assert quiet
        folder = nltk_data.parent / "empty" / "corpora" / package
        assert download_dir == str(nltk_data.parent / "empty")
        folder.mkdir(parents=True)
        (folder / "1789.txt").write_text("Fellow citizens")
        return True

    monkeypatch.setattr(nltk, "download", fetch)
    read = documents("nltk", corpus="inaugural", data_home=nltk_data.parent / "empty", download=True)
    assert [(document.id, document.text) for document in read] == [("1789.txt", "Fellow citizens")]


def test_a_file_that_nltk_cannot_decode_is_named(documents, nltk_data):
    (nltk_data / "corpora" / "movie_reviews" / "neg" / "cv002.txt").write_bytes(b"caf\xe9")
    with pytest.raises(CorpusError, match=r"NLTK corpus movie_reviews: neg/cv002.txt cannot be read \('ascii'"):
        documents("nltk", corpus="movie_reviews", data_home=nltk_data)


@pytest.mark.skipif(os.name != "posix", reason="NLTK looks at permissions on POSIX systems only")
def test_a_folder_that_nltk_does_not_trust_is_named_with_its_reason(documents, nltk_data):
    # NLTK says so in a warning, which would be easy to miss, and then as if the corpus were absent.
    nltk_data.chmod(0o777)
    with pytest.raises(CorpusError) as caught:
        documents("nltk", corpus="movie_reviews", data_home=nltk_data)
    assert "which is in none. NLTK will not read data from" in str(caught.value)

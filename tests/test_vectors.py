import hashlib
import itertools
import random
import re
import tracemalloc
import unicodedata
from collections import Counter

import nltk
import numpy as np
import pytest
import scipy.sparse as sp
import stopwordsiso
from nltk.collocations import BigramCollocationFinder
from nltk.metrics.association import BigramAssocMeasures
from nltk.stem.snowball import SnowballStemmer
from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS, CountVectorizer, TfidfTransformer, TfidfVectorizer

from docclust.config import VectorsSettings, parse
from docclust.corpus.document import Document
from docclust.errors import ConfigError, CorpusError, SettingError
from docclust.vectors import (
    TfIdf,
    Tokenizer,
    Vocabulary,
    merge,
    read,
    vectorise,
    vectorise_chunk,
)
from docclust.vectors.characters import composed
from docclust.vectors.chunks import PROGRESS_EVERY
from docclust.vectors.counts import MIN_COLLOCATION_FREQUENCY, document_limits
from docclust.vectors.forms import LONGEST, whole_words
from docclust.vectors.languages import LANGUAGES, stemmer, stop_words
from docclust.vectors.numbering import Numbering
from docclust.vectors.tokens import PLAIN_PATTERN

PLAIN = {"stop_words": "none", "min_df": 1, "max_df": 1.0}
WORDS = [
    *("the", "ship", "ships", "shipping", "sailed", "sails", "a", "of", "and", "harbour", "harbours", "baked", "bread"),
    *("breads", "oven", "naïve", "café", "CAFÉ", "Straße", "x2", "1993", "it's", "under_score", "don't", "Ünder"),
    *("ΣΟΦΟΣ", "Istanbul"),
]


def corpus(texts):
    return [Document(id=f"d{i:03}", title=f"title {i}", text=text) for i, text in enumerate(texts)]


def random_texts(seed, n=40, longest=30):
    rng = random.Random(seed)
    separators = [" ", " ", " ", ", ", ".\n", "-", "\t", "\x1c", "\u2028"]
    return [
        "".join(rng.choice(WORDS) + rng.choice(separators) for _ in range(rng.randint(1, longest))) for _ in range(n)
    ]


def settings(**keys):
    return VectorsSettings(**(PLAIN | keys))


def vectors_of(texts, **keys):
    return vectorise(corpus(texts), settings(**keys))


def by_input(documents, rows):
    return rows[np.argsort(documents.positions)]


def assert_same(ours, theirs):
    difference = ours - theirs
    assert ours.shape == theirs.shape
    assert ours.nnz == theirs.nnz
    assert abs(difference).max() <= 1e-14


# Oracle -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ({}, {}),
        ({"lowercase": False}, {"lowercase": False}),
        ({"strip_accents": True}, {"strip_accents": "unicode"}),
        ({"stop_words": "english"}, {"stop_words": "english"}),
        ({"max_ngram": 2}, {"ngram_range": (1, 2)}),
        ({"max_ngram": 3, "stop_words": "english"}, {"ngram_range": (1, 3), "stop_words": "english"}),
        ({"max_ngram": 3, "min_df": 2, "max_df": 0.4}, {"ngram_range": (1, 3), "min_df": 2, "max_df": 0.4}),
        ({"min_df": 0.1, "max_df": 30}, {"min_df": 0.1, "max_df": 30}),
        ({"token_pattern": r"[a-z]+"}, {"token_pattern": r"[a-z]+"}),
        ({"token_pattern": r"(\w+)'\w"}, {"token_pattern": r"(\w+)'\w"}),
        ({"token_pattern": r"\w+ \w+|\w+", "max_ngram": 2}, {"token_pattern": r"\w+ \w+|\w+", "ngram_range": (1, 2)}),
    ],
)
def test_counts_are_those_of_count_vectorizer(seed, ours, theirs):
    texts = [*random_texts(seed), "it's the ship"]
    documents, vectors = vectors_of(texts, **ours)
    reference = CountVectorizer(**theirs)
    matrix = reference.fit_transform(texts)
    filled = np.diff(matrix.indptr) > 0
    assert vectors.words.tolist() == reference.get_feature_names_out().tolist()
    assert_same(by_input(documents, vectors.counts), matrix[filled])
    assert documents.empty == [document.id for document, has in zip(corpus(texts), filled, strict=True) if not has]


@pytest.mark.parametrize("tf", ["log", "count"])
@pytest.mark.parametrize("seed", range(3))
def test_weights_are_those_of_tfidf_vectorizer(seed, tf):
    texts = random_texts(seed)
    documents, vectors = vectors_of(texts, tf=tf, max_ngram=2)
    reference = TfidfVectorizer(sublinear_tf=tf == "log", ngram_range=(1, 2))
    assert_same(by_input(documents, vectors.weights), reference.fit_transform(texts))
    np.testing.assert_allclose(vectors.tfidf.idf, reference.idf_, rtol=1e-15)


def test_stemmed_counts_are_those_of_count_vectorizer_with_a_stemming_tokenizer():
    texts = random_texts(5)
    stem = SnowballStemmer("english").stem
    tokens = CountVectorizer(stop_words="english").build_analyzer()
    reference = CountVectorizer(analyzer=lambda text: [stem(token) for token in tokens(text)])
    documents, vectors = vectors_of(texts, stem="english", stop_words="english")
    assert_same(by_input(documents, vectors.counts), reference.fit_transform(texts))
    assert vectors.words.tolist() == reference.get_feature_names_out().tolist()


@pytest.mark.parametrize("n_pairs", [1, 7, 50])
@pytest.mark.parametrize("seed", range(3))
def test_collocations_are_those_of_nltk(seed, n_pairs):
    texts = random_texts(seed, n=200)
    analyse = CountVectorizer(stop_words="english").build_analyzer()
    finder = BigramCollocationFinder.from_documents([analyse(text) for text in texts])
    finder.apply_freq_filter(MIN_COLLOCATION_FREQUENCY)
    attracted = [
        pair
        for pair, _ in finder.score_ngrams(BigramAssocMeasures.likelihood_ratio)
        if finder.ngram_fd[pair] * finder.N > finder.word_fd[pair[0]] * finder.word_fd[pair[1]]
    ]
    documents, vectors = vectors_of(texts, collocations=n_pairs, stop_words="english")
    found = [word for word in vectors.words if " " in word]
    assert sorted(found) == sorted(" ".join(pair) for pair in attracted[:n_pairs])
    reference = CountVectorizer(stop_words="english", ngram_range=(1, 2), vocabulary=vectors.words)
    assert_same(vectors.counts, reference.transform([texts[i] for i in documents.positions]))


def test_tfidf_of_halves_is_that_of_tfidf_transformer():
    rng = np.random.default_rng(0)
    whole = sp.csr_array(rng.poisson(0.3, size=(30, 50)).astype(np.int32))
    half = whole.copy()
    half.data = rng.binomial(half.data, 0.5).astype(np.int32)
    reference = TfidfTransformer(sublinear_tf=True).fit(whole)
    clean = half.copy()
    clean.eliminate_zeros()
    before = half.data.copy()
    assert_same(TfIdf.of(whole, "log").rows(half), reference.transform(clean))
    np.testing.assert_array_equal(half.data, before)
    np.testing.assert_allclose(TfIdf.of(half, "log").idf, TfIdf.of(clean, "log").idf, rtol=0)


def test_bm25_is_that_of_its_equation():
    rng = np.random.default_rng(0)
    counts = rng.poisson(0.3, size=(30, 50)).astype(np.int32)
    counts[4] = 0
    law = TfIdf.of(sp.csr_array(counts), "bm25")
    length = counts.sum(axis=1, keepdims=True)
    weights = law.idf * counts * 2.2 / (counts + 1.2 * (0.25 + 0.75 * length / length.mean()))
    norms = np.linalg.norm(weights, axis=1, keepdims=True)
    expected = np.divide(weights, norms, out=np.zeros_like(weights), where=norms > 0)
    np.testing.assert_allclose(law.rows(sp.csr_array(counts)).toarray(), expected, rtol=1e-12, atol=0)


def test_a_word_repeated_says_less_in_a_short_document_than_in_a_long_one():
    short, long = [4, 1, 0, 0], [4, 1, 40, 40]
    law = TfIdf(np.ones(4), 30.0, "bm25")
    ratios = [row[0] / row[1] for row in law.rows(sp.csr_array([short, long])).toarray()]
    assert 1 < ratios[0] < ratios[1] < 4


# Laws ---------------------------------------------------------------------------------------------

EVERYTHING = {"stem": "english", "max_ngram": 2, "collocations": 5, "min_df": 2, "max_df": 0.9, "max_features": 30}


@pytest.mark.parametrize("keys", [{}, EVERYTHING, {"collocations": 10}, {"max_ngram": 3, "lowercase": False}])
@pytest.mark.parametrize("seed", range(4))
def test_shuffled_documents_give_the_same_bytes(seed, keys):
    given = corpus([*random_texts(seed), "of of", "ship", "ship"])
    shuffled = given.copy()
    random.Random(seed).shuffle(shuffled)
    documents, vectors = vectorise(given, settings(**keys))
    again, others = vectorise(shuffled, settings(**keys))
    assert (documents.ids, documents.titles, documents.labels) == (again.ids, again.titles, again.labels)
    assert (documents.hashes, documents.empty, documents.duplicates) == (again.hashes, again.empty, again.duplicates)
    assert [given[i].id for i in documents.positions] == [shuffled[i].id for i in again.positions] == documents.ids
    assert (vectors.words.tolist(), vectors.display) == (others.words.tolist(), others.display)
    assert vectors.tfidf.idf.tobytes() == others.tfidf.idf.tobytes()
    for one, other in [(vectors.counts, others.counts), (vectors.weights, others.weights)]:
        for part in ("data", "indices", "indptr"):
            assert getattr(one, part).tobytes() == getattr(other, part).tobytes()


@pytest.mark.parametrize("cuts", [(0,), (13, 13), (1, 20, 39)])
def test_chunks_read_apart_and_merged_are_as_one(cuts):
    given = corpus(random_texts(1))
    chosen = settings(**EVERYTHING)
    tokenizer = Tokenizer(chosen)
    bounds = [0, *cuts, len(given)]
    chunks = [read(given[a:b], tokenizer) for a, b in itertools.pairwise(bounds)]
    documents, vectors = vectorise_chunk(merge(chunks), tokenizer, chosen)
    reference, others = vectorise(given, chosen)
    assert documents.ids == reference.ids
    np.testing.assert_array_equal(documents.positions, reference.positions)
    assert vectors.words.tolist() == others.words.tolist()
    assert vectors.display == others.display
    assert_same(vectors.weights, others.weights)


@pytest.mark.parametrize("keys", [{}, EVERYTHING])
def test_rows_have_length_one(keys):
    _, vectors = vectors_of(random_texts(2), **keys)
    lengths = np.sqrt((vectors.weights.multiply(vectors.weights)).sum(axis=1))
    np.testing.assert_allclose(lengths, 1, rtol=1e-15)
    assert vectors.weights.dtype == np.float64


@pytest.mark.parametrize("order", [1, 2, 3])
def test_counts_are_conserved(order):
    texts = random_texts(3)
    n_tokens = [len(CountVectorizer().build_analyzer()(text)) for text in texts]
    _, vectors = vectors_of(texts, max_ngram=order)
    assert vectors.counts.sum() == sum(max(n - k, 0) for n in n_tokens for k in range(order))


def test_stemming_conserves_counts():
    texts = random_texts(3)
    assert vectors_of(texts, stem="english")[1].counts.sum() == vectors_of(texts)[1].counts.sum()


@pytest.mark.parametrize("keys", [{}, EVERYTHING, {"max_ngram": 3}, {"collocations": 9, "strip_accents": True}])
def test_the_vocabulary_counts_the_same_texts_alike(keys):
    given = corpus(random_texts(7))
    documents, vectors = vectorise(given, settings(**keys))
    vocabulary = Vocabulary(vectors.words, vectors.display, settings(**keys))
    again = vocabulary.count(given[i].text for i in documents.positions)
    for part in ("data", "indices", "indptr"):
        one, other = getattr(vectors.counts, part), getattr(again, part)
        assert one.dtype == other.dtype == np.int32
        np.testing.assert_array_equal(one, other)


def test_rows_are_sorted_and_hold_no_zeros():
    _, vectors = vectors_of(random_texts(4), max_ngram=2, min_df=2)
    assert vectors.counts.has_canonical_format
    assert vectors.counts.data.min() >= 1
    np.testing.assert_array_equal(vectors.counts.indices, vectors.weights.indices)
    assert vectors.words.tolist() == sorted(set(vectors.words))


# Letters, marks and joiners, and characters of scripts without spaces, of one plane of Unicode and of others.
SCRIPTS = "aé_1ßİΣ\u0301\u0327\ufe0f\u200d\u200cकीक्षிתּ한글ᄒ\u1161\u11abไทยน้ำລາວ日本語のカー々ｶﾞ〇က္ခើ𠮷\U000e0101𑄌𑄳😀 .\n"
UNSPACED = ("THAI", "LAO", "KHMER", "MYANMAR", "CJK", "IDEOGRAPHIC", "HIRAGANA", "KATAKANA", "HALFWIDTH KATAKANA")


def slow_words(text):
    characters = []
    for c in text:
        if re.match(r"\w", c):
            characters.append([c, "pairs" if unicodedata.name(c, "").startswith(UNSPACED) else "letters"])
        elif (unicodedata.category(c) in ("Mn", "Mc") and c != "\ufe0f") or c in "\u200c\u200d":
            characters = characters or [["", ""]]
            characters[-1][0] += c
        else:
            characters.append([c, ""])
    words = []
    for kind, run in itertools.groupby(characters, key=lambda character: character[1]):
        run = [character for character, _ in run]
        if kind == "letters" and len("".join(run)) > 1:
            words.append("".join(run))
        elif kind == "pairs":
            words += map("".join, itertools.pairwise(run)) if len(run) > 1 else run
    return words


@pytest.mark.parametrize("alphabet", [range(0x80), range(0x300), SCRIPTS, SCRIPTS.replace("𠮷\U000e0101𑄌𑄳😀", "")])
def test_the_compiled_loop_and_the_expression_cut_as_they_should(alphabet):
    rng = random.Random(len(alphabet))
    texts = ["", "a", "ab", " a b  cd_ ", "naïve\ud800x 北京市 ΑΣ.Β e\u0301t", *random_texts(5)]
    letters = [*map(chr, alphabet)] if isinstance(alphabet, range) else [*alphabet]
    texts += ["".join(rng.choice([rng.choice(letters), *"ab \n"]) for _ in range(60)) for _ in range(1000)]
    texts += ["".join(rng.choices(letters, k=20)) for _ in range(1000)]
    tokenizer = Tokenizer(settings())
    numbering = Numbering(tokenizer)
    expected = [slow_words(tokenizer.prepare(text)) for text in texts]
    known: dict[str, int] = {}
    for begin in range(0, len(texts), 500):
        cut = expected[begin : begin + 500]
        numbers, lengths = numbering(texts[begin : begin + 500])
        assert numbers.tolist() == [known.setdefault(token, len(known)) for tokens in cut for token in tokens]
        assert lengths.tolist() == list(map(len, cut))
    assert numbering.tokens == list(known)
    for text, words in zip(texts, expected, strict=True):
        assert [token for token in tokenizer(text) if tokenizer.word(token)] == words
        if text.isascii():
            assert words == re.findall(PLAIN_PATTERN, text.lower())


def test_the_parts_of_a_text_are_prepared_each_by_itself():
    rng, tokenizer = random.Random(0), Tokenizer(settings())
    for _ in range(3000):
        text = "".join(rng.choice([rng.choice(SCRIPTS), chr(rng.randrange(0xD7FF))]) for _ in range(20))
        parts = [tokenizer.prepare(part) for part in composed().findall(text)]
        assert "".join(parts).replace("ς", "σ") == tokenizer.prepare(text).replace("ς", "σ")


@pytest.mark.parametrize("keys", [{}, {"strip_accents": True}, {"lowercase": False}, {"token_pattern": r"[^\W\d]+"}])
@pytest.mark.parametrize("seed", range(3))
def test_spans_and_tokens_agree(seed, keys):
    tokenizer = Tokenizer(settings(**keys))
    for text in [*random_texts(seed), "ﬁne cafe\u0301 ½ İİ ﷺ 한국어 हिन्दी", "北京市の e\u0301te\u0301s น้ำ 水"]:
        spans = tokenizer.spans(text)
        assert [tokenizer.word(t) for t, *_ in spans] == [w for w in map(tokenizer.word, tokenizer(text)) if w]
        for token, start, end in spans:
            written = text[start:end]
            assert token in Tokenizer(settings(**keys | {"token_pattern": ".+"}))(written)[0]


# Scripts ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("हिन्दी में किताब", ["हिन्दी", "में", "किताब"]),
        ("தமிழ் மொழி", ["தமிழ்", "மொழி"]),
        ("বাংলা ভাষা", ["বাংলা", "ভাষা"]),
        ("שָׁלוֹם לָעוֹלָם", ["שָׁלוֹם", "לָעוֹלָם"]),
        ("مُحَمَّد می\u200cخواهم", ["مُحَمَّد", "می\u200cخواهم"]),
        ("Cafe\u0301 CAFÉ café", ["café"] * 3),
        ("İstanbul I\u0307stanbul", ["istanbul"] * 2),
        ("서울에서 \u1112\u1161\u11ab\u1100\u1173\u11af", ["서울에서", "한글"]),
        ("我们在北京。iPhone手机,很", ["我们", "们在", "在北", "北京", "iphone", "手机", "很"]),
        ("東京タワー", ["東京", "京タ", "タワ", "ワー"]),
        ("น้ำใจ", ["น้ำ", "ำใ", "ใจ"]),
        ("1\ufe0f⃣ ☀\ufe0fhot a\u0301", ["hot"]),
    ],
)
def test_a_word_keeps_its_marks_and_scripts_without_spaces_are_cut_into_pairs(text, words):
    tokenizer = Tokenizer(settings())
    numbering = Numbering(tokenizer)
    numbers, _ = numbering([text])
    assert [unicodedata.normalize("NFC", word) for word in words] == [numbering.tokens[i] for i in numbers]
    spans = tokenizer.spans(text)
    assert [token for token, *_ in spans] == tokenizer(text) == [numbering.tokens[i] for i in numbers]
    assert all(tokenizer.prepare(text[start:end]) == token for token, start, end in spans)


def test_pairs_are_words_and_stop_words_and_can_be_found_again():
    texts = ["我们去北京", "北京的天气", "天气很好,我们"]
    _, vectors = vectors_of(texts, stop_words="chinese", extra_stop_words=["很好"])
    assert {"北京", "天气"} <= set(vectors.words)
    assert not {"我们", "很好"} & set(vectors.words)
    vocabulary = Vocabulary(vectors.words, vectors.display, settings(stop_words="chinese", extra_stop_words=["很好"]))
    marked = [texts[1][start:end] for feature, start, end in vocabulary.tokens(texts[1]) if feature >= 0]
    assert {"北京", "天气"} <= set(marked)
    np.testing.assert_array_equal(vocabulary.count(texts).sum(axis=0), vectors.counts.sum(axis=0))


def test_a_pattern_of_ones_own_is_taken_as_it_is():
    assert Tokenizer(settings(token_pattern=r"\w+"))("हिन्दी 北京市") == ["ह", "न", "द", "北京市"]


# Words and how they are shown ---------------------------------------------------------------------


def test_a_stem_is_shown_in_its_most_frequent_form():
    _, vectors = vectors_of(["ships ships shipping", "ship ships", "sail"], stem="english")
    assert dict(zip(vectors.words, vectors.display, strict=True)) == {"sail": "sail", "ship": "ships"}


def test_forms_as_frequent_as_each_other_are_shown_alphabetically():
    for texts in (["ships ship", "shipping"], ["shipping", "ship ships"]):
        assert vectors_of(texts, stem="english")[1].display == ["ship"]


def test_a_collocation_is_shown_in_the_most_frequent_form_of_each_part():
    texts = ["baked breads", "baking breads", "baked bread breads", "an oven", "baked breads"]
    _, vectors = vectors_of(texts, stem="english", collocations=1)
    assert vectors.words.tolist() == ["an", "bake", "bake bread", "bread", "oven"]
    assert vectors.display[2] == "baked breads"


def slow_form(texts, pair):
    """What a pair is mostly part of, by growing every place where it stands, a character at a time."""
    places = [(text, i, i + 2) for text in texts for i in range(len(text) - 1) if text[i : i + 2] == pair]
    form, total = pair, len(places)
    while len(form) < LONGEST:
        after = Counter(text[j] for text, _, j in places if j < len(text)).most_common(1) or [("", 0)]
        before = Counter(text[i - 1] for text, i, _ in places if i).most_common(1) or [("", 0)]
        times, step, character = max((after[0][1], 1, after[0][0]), (before[0][1], 0, before[0][0]))
        if 2 * times <= total or times < MIN_COLLOCATION_FREQUENCY:
            break
        if step:
            form, places = form + character, [(t, i, j + 1) for t, i, j in places if t[j : j + 1] == character]
        else:
            form, places = character + form, [(t, i - 1, j) for t, i, j in places if i and t[i - 1] == character]
    return form


@pytest.mark.parametrize("seed", range(6))
def test_a_pair_of_characters_is_shown_as_the_word_it_is_mostly_part_of(seed):
    rng = random.Random(seed)
    words = [
        "工具包",
        "工具",
        "文件系统",
        "系统",
        "アプリケーション",
        "ハハハ",
        "的",
        "是",
        "管理器",
        "窗口管理器",
        "桌面",
    ]
    texts = ["".join(rng.choices(words, weights=rng.choices(range(1, 9), k=len(words)), k=12)) for _ in range(30)]
    texts.append("一个非常长的句子它没有空格也没有标点" * 4)
    _, vectors = vectors_of(texts)
    assert vectors.display == [slow_form(texts, word) for word in vectors.words]
    assert max(map(len, vectors.display)) == LONGEST
    shuffled = rng.sample(texts, len(texts))
    assert vectors_of(shuffled)[1].display == vectors.display


def test_a_word_that_grows_ends_where_a_text_does_and_where_another_character_follows():
    _, vectors = vectors_of(["工具包", "工具包", "包工具", "工具包的", "น้ำใจ", "น้ำใจ", "น้ำใจ"])
    shown = dict(zip(vectors.words, vectors.display, strict=True))
    thai = dict.fromkeys(["น้ำ", "ำใ", "ใจ"], "น้ำใจ")
    assert shown == {"工具": "工具包", "具包": "工具包", "包工": "包工", "包的": "包的", **thai}
    assert vectors_of(["水", "水 ship"])[1].display == ["ship", "水"]


def test_pairs_that_are_one_feature_are_shown_as_what_they_stand_for():
    _, vectors = vectors_of(["工具包 new", "工具箱 new", "小具包", "น้ำใจ"], max_ngram=3)
    shown = dict(zip(vectors.words, vectors.display, strict=True))
    assert {"工具 具包": "工具包", "工具 具包 new": "工具包 new", "น้ำ ำใ ใจ": "น้ำใจ"}.items() <= shown.items()


def test_words_with_spaces_and_those_of_a_pattern_of_ones_own_are_shown_as_they_are():
    texts = ["工具 工具包 工具包"] * 5
    assert vectors_of(texts, token_pattern=r"\w+")[1].display == ["工具", "工具包"]
    chunk = read(corpus(random_texts(0)), Tokenizer(settings()))
    display = [word.lower() for word in WORDS]
    assert whole_words(display, chunk, 3) is display


def test_words_that_hold_a_digit_are_not_stemmed():
    _, vectors = vectors_of(["1990s 1990 mp3s MP3s decades"], stem="english", lowercase=False)
    assert vectors.words.tolist() == ["1990", "1990s", "decad", "mp3s"]
    assert vectors.display == ["1990", "1990s", "decades", "MP3s"]


def test_a_token_without_a_stem_counts_as_itself():
    assert SnowballStemmer("russian").stem("ь") == ""
    _, vectors = vectors_of(["ь корабль корабли", "ь"], stem="russian", token_pattern=r"\w+")
    assert "ь" in vectors.words


def test_stop_words_are_compared_before_stemming():
    # Snowball makes "doing" of "do", which the list has, and "having" of "have"; "does" is not on it.
    _, vectors = vectors_of(["this doings haves", "thi"], stem="english", stop_words="english")
    assert vectors.words.tolist() == ["do", "have", "thi"]


def test_max_features_keeps_the_most_frequent_and_ties_alphabetically():
    _, vectors = vectors_of(["pear pear fig", "apple fig", "date"], max_features=3)
    assert vectors.words.tolist() == ["apple", "fig", "pear"]


def test_max_features_counts_sequences_too_and_collocations_come_on_top():
    texts = ["new york city", "new york", "new york new york", "city of york"]
    _, vectors = vectors_of(texts, max_features=1, collocations=1)
    assert vectors.words.tolist() == ["new york", "york"]
    assert len(vectors_of(texts, max_features=4, max_ngram=3)[1].words) == 4


def test_words_that_avoid_each_other_are_no_collocation():
    texts = ["aa aa aa bb bb bb"] * 10 + ["cc dd"] * 3
    _, vectors = vectors_of(texts, collocations=10)
    assert "aa bb" not in vectors.words
    assert "cc dd" in vectors.words


def test_sequences_do_not_cross_documents():
    _, vectors = vectors_of(["red", "green blue", "", "blue"], max_ngram=3)
    assert [word for word in vectors.words if " " in word] == ["green blue"]


# Stop words and languages -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "text", "left"),
    [
        ("german", "Das Schiff und der Hafen sind für die Fischer da", ["fischer", "hafen", "schiff"]),
        ("de", "Das Schiff und der Hafen", ["hafen", "schiff"]),
        ("french", "Le navire est dans le port, aujourd'hui", ["navire", "port"]),
        ("FR ", "Le navire est dans le port", ["navire", "port"]),
        (["german", "french"], "Das Schiff est dans le Hafen", ["hafen", "schiff"]),
        ("none", "of the ship", ["of", "ship", "the"]),
        ("", "of the ship", ["of", "ship", "the"]),
    ],
)
def test_stop_words_by_language(language, text, left):
    assert vectors_of([text], stop_words=language)[1].words.tolist() == left


def test_english_is_the_list_of_scikit_learn_and_iso_english_the_longer_one():
    assert stop_words("english") == stop_words("en") == ENGLISH_STOP_WORDS
    assert stop_words("iso:english") == stop_words("iso:en") == stopwordsiso.stopwords("en")


def test_every_packaged_list_has_a_name():
    assert set(LANGUAGES) == set(stopwordsiso.langs())
    assert all(stop_words(name) for name in LANGUAGES.values())


def test_accents_are_stripped_from_stop_words_as_from_texts():
    _, vectors = vectors_of(["für über Bäcker"], stop_words="german", strip_accents=True)
    assert vectors.words.tolist() == ["backer"]


def test_what_the_pattern_leaves_of_a_stop_word_is_one():
    _, vectors = vectors_of(["I don't sail"], stop_words="none", extra_stop_words=["Don't"])
    assert vectors.words.tolist() == ["sail"]


def test_where_case_is_kept_a_stop_word_goes_at_the_start_of_a_sentence_but_not_in_capitals():
    _, vectors = vectors_of(["Us the US The"], lowercase=False, stop_words="english")
    assert vectors.words.tolist() == ["US"]


@pytest.fixture
def nltk_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(nltk.data, "path", [str(tmp_path)])
    return tmp_path


def test_stop_words_of_nltk(nltk_folder):
    folder = nltk_folder / "corpora" / "stopwords"
    folder.mkdir(parents=True)
    (folder / "german").write_text("das\nschiff\n", "utf-8")
    assert stop_words("nltk:german") == stop_words("nltk:de") == {"das", "schiff"}
    with pytest.raises(SettingError, match=r"NLTK's lists \(german\), got 'nltk:germn'. Try german"):
        stop_words("nltk:germn")


def test_stop_words_of_nltk_that_are_not_installed_name_the_remedy(nltk_folder):
    with pytest.raises(SettingError, match=r"python -m nltk.downloader stopwords, or stop_words = 'german'"):
        stop_words("nltk:german")


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"stop_words": "germn"}, r"\[vectors\] stop_words must .*, got 'germn'. Try german"),
        ({"stop_words": ["german", "qqq"]}, "got 'qqq'.$"),
        ({"stop_words": "nltl:german"}, "got 'nltl:german'"),
        ({"stem": "englich"}, r"\[vectors\] stem must be one of arabic, .*, got 'englich'. Try english"),
        ({"stem": "polish"}, "or empty, got 'polish'"),
    ],
)
def test_an_unknown_language_is_an_error_before_any_document_is_read(keys, message):
    def documents():
        pytest.fail("a document was read")
        yield

    with pytest.raises(SettingError, match=message):
        vectorise(documents(), settings(**keys))


@pytest.mark.parametrize(("name", "language"), [("de", "german"), ("English", "english"), ("porter", "porter")])
def test_stemmers_by_name_and_code(name, language):
    assert stemmer(name)("Katzen") == SnowballStemmer(language).stem("Katzen")


def test_no_stemmer_leaves_words_alone():
    assert stemmer("") is stemmer("none") is None


# Edges --------------------------------------------------------------------------------------------


def test_a_word_of_a_megabyte_is_shown_short():
    _, vectors = vectors_of(["tea " + "x" * 2**20, "tea and bread", "bread", "soup"], min_df=1)
    assert max(map(len, vectors.words)) == 2**20
    assert max(map(len, vectors.display)) == 120


def test_no_documents():
    with pytest.raises(CorpusError, match=r"must hold documents, got none. Try .*\[corpus\]"):
        vectorise([], settings())


@pytest.mark.parametrize("texts", [["", ""], ["a b c", "! ?"], ["the of and"], ["\n"]])
def test_only_empty_documents(texts):
    with pytest.raises(CorpusError, match=rf"must hold words, got none in all {len(texts)}. Try"):
        vectors_of(texts, stop_words="english")


@pytest.mark.parametrize("keys", [{}, {"max_ngram": 2}, {"collocations": 3}])
def test_one_document_of_one_word(keys):
    documents, vectors = vectors_of(["ship"], **keys)
    assert vectors.weights.toarray().tolist() == [[1.0]]
    assert documents.positions.tolist() == [0]


def test_empty_documents_are_set_aside_by_id():
    documents, vectors = vectors_of(["", "ship sail", "of", "ship", "rare"], stop_words="english", min_df=2)
    assert documents.empty == ["d000", "d002", "d004"]
    assert sorted(documents.positions.tolist()) == [1, 3]
    assert vectors.counts.shape == (2, 1)
    np.testing.assert_allclose(vectors.tfidf.idf, np.log(3 / 3) + 1)


def test_duplicates_are_texts_told_twice_whatever_their_title():
    documents, _ = vectors_of(["ship", "ship", "sail", "ship", "Ship", ""])
    assert documents.duplicates == 2
    assert len(set(documents.hashes)) == 5


def test_the_hash_is_of_title_and_text():
    documents, _ = vectorise([Document("1", "Ö", "ship"), Document("0", "Ö", "ship")], settings())
    assert documents.hashes == [hashlib.sha256("Ö\0ship".encode()).hexdigest()] * 2
    assert documents.ids == ["0", "1"]


def test_labels_and_titles_go_with_their_documents():
    given = [Document(str(i), f"t{i}", f"ship number{i}", label=str(i % 3) if i % 2 else None) for i in range(20)]
    documents, _ = vectorise(given, settings())
    rows = zip(documents.positions, documents.ids, documents.titles, documents.labels, strict=True)
    for position, *fields in rows:
        document = given[position]
        assert fields == [document.id, document.title, document.label]


def test_half_a_surrogate_pair_is_survived():
    documents, _ = vectors_of(["ship \ud800", "sail"])
    assert len(documents.ids) == 2


def test_a_very_long_token_costs_only_itself():
    _, vectors = vectors_of(["a" * 100_000, *(f"word{i}" for i in range(1000))])
    assert vectors.words.dtype == object


def test_documents_may_come_from_a_generator_and_progress_is_told():
    told = []
    documents, _ = vectorise((d for d in corpus(["ship"] * (2 * PROGRESS_EVERY + 1))), settings(), told.append)
    assert told == [PROGRESS_EVERY, 2 * PROGRESS_EVERY, 2 * PROGRESS_EVERY + 1]
    assert documents.duplicates == 2 * PROGRESS_EVERY


def test_texts_are_read_once_and_let_go(monkeypatch):
    monkeypatch.setattr("docclust.vectors.chunks.BATCH", 100)

    class Text(str):
        alive = 0

        def __new__(cls, text):
            cls.alive += 1
            return super().__new__(cls, text)

        def __del__(self):
            type(self).alive -= 1

    most = []

    def documents():
        for i in range(100):
            yield Document(str(i), "", Text(f"ship {i:05}"))
            most.append(Text.alive)

    vectorise(documents(), settings())
    # A batch, and the one before it.
    assert max(most) <= 20


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        (
            {"min_df": 9},
            r"\[vectors\] min_df and max_df must leave words, got 9 and 1.0: none of 4 words is in at least 9 and "
            r"at most 4 of 4 documents. Try min_df = 1.",
        ),
        ({"min_df": 0.9}, r"got 0.9 and 1.0: .* at least 3.6 and at most 4 .* Try min_df = 1."),
        ({"max_df": 0.1}, r"got 1 and 0.1: .* Try max_df = 1.0."),
        ({"max_df": 1, "min_df": "auto"}, r"got 'auto' and 1: .* at least 1 and at most 1 .* Try max_df = 1.0."),
    ],
)
def test_a_vocabulary_that_the_limits_empty(keys, message):
    with pytest.raises(SettingError, match=message):
        vectors_of(["red green", "red green", "blue pink", "pink blue"], **keys)


def test_one_document_needs_one_cluster_too():
    with pytest.raises(SettingError, match=r"Try max_df = 1.0, and \[mixture\] n_components = 1.$"):
        vectors_of(["red green"], max_df=0.5)


@pytest.mark.parametrize(("n", "low"), [(1, 2), (10, 2), (499, 2), (500, 3), (10**6, 3)])
def test_min_df_auto_grows_with_the_corpus(n, low):
    assert document_limits(VectorsSettings(), n) == (low, 0.5 * n)


def test_a_document_of_few_keeps_its_words_where_no_other_has_any_of_them():
    texts = ["ship sail sea harbour", "ship sail gull", "oven bread loaf", "oven bread crumb", "comet tail"]
    documents, vectors = vectorise(corpus(texts), VectorsSettings())
    assert documents.empty == []
    assert vectors.words.tolist() == ["bread", "comet", "oven", "sail", "ship", "tail"]
    many = texts + [text for text in texts[:4] for _ in range(200)]
    documents, vectors = vectorise(corpus(many), VectorsSettings(max_df=1.0))
    assert len(documents.empty) == 1
    assert not {"comet", "tail"} & set(vectors.words)
    documents, _ = vectorise(corpus(texts), VectorsSettings(min_df=2))
    assert len(documents.empty) == 1


def test_the_defaults_leave_words_of_ten_documents():
    texts = ["ships sail the sea", "a ship in the harbour", "sail to sea", "the harbour of ships", "sea and sail"]
    texts += ["bread from the oven", "bake a loaf", "the oven bakes bread", "a loaf of bread", "bake in the oven"]
    documents, vectors = vectorise(corpus(texts), VectorsSettings())
    assert documents.empty == []
    assert {"sail", "oven", "bread", "sea"} <= set(vectors.words)


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"token_pattern": "("}, "token_pattern must be a regular expression .*unterminated subpattern"),
        ({"token_pattern": "(a)(b)"}, "token_pattern must be .* at most one group"),
        ({"token_pattern": "a*"}, "token_pattern must be .* at least one character"),
        ({"min_df": -1}, 'min_df must be a number of documents .* or "auto", got -1'),
        ({"min_df": 1.5}, "min_df must be a number of documents .*, got 1.5"),
        ({"max_df": 0}, "max_df must be a number of documents .* such as 0.3, got 0"),
        ({"max_df": True}, "max_df must be .* got True"),
        ({"max_df": "auto"}, "max_df must be .* got 'auto'"),
    ],
)
def test_values_the_config_refuses(keys, message):
    with pytest.raises(ConfigError, match=rf"\[vectors\] {message}"):
        parse({"corpus": {"source": "pydocs"}, "vectors": keys})


def test_tfidf_of_empty_rows_and_no_rows():
    empty = sp.csr_array((3, 4), dtype=np.int32)
    for tf in ("bm25", "log", "count"):
        law = TfIdf.of(empty, tf)
        assert law.rows(empty).nnz == 0
        assert law.rows(empty[:0]).shape == (0, 4)
        assert TfIdf.of(empty[:0], tf).rows(empty[:0]).shape == (0, 4)


def test_the_vocabulary_leaves_rows_empty_where_nothing_is_known():
    vocabulary = Vocabulary(["ship"], ["ships"], settings(stem="english"))
    assert vocabulary.count(["", "tree", "Ships shipping"]).toarray().tolist() == [[0], [0], [2]]
    assert vocabulary.count([]).shape == (0, 1)


def test_the_vocabulary_marks_words_where_they_stand():
    vocabulary = Vocabulary(["cafe", "new york", "york"], ["café", "new york", "york"], settings(
        strip_accents=True, collocations=1, stop_words="english"
    ))  # fmt: skip
    text = "A Cafe\u0301 in New (York)!"
    marked = vocabulary.tokens(text)
    assert [(feature, text[start:end]) for feature, start, end in marked] == [
        (0, "Cafe\u0301"),
        (-1, "in"),
        (1, "New (York"),
        (-1, "New"),
        (2, "York"),
    ]


def test_the_vocabulary_marks_the_whole_word_as_which_a_pair_is_shown_where_it_stands():
    vocabulary = Vocabulary(["具包", "工具", "管理"], ["工具包", "工具", "窗口管理器"], settings())
    text = "工具包和工具,厨具包。窗口管理员"
    marked = vocabulary.tokens(text)
    assert [(feature, text[start:end]) for feature, start, end in marked if feature >= 0] == [
        (0, "工具包"),
        (1, "工具"),
        (1, "工具"),
        (0, "具包"),
        (2, "管理"),
    ]


def test_characters_that_lower_to_two_do_not_shift_marks():
    text = "İİİ ships ﬁne İx2 ship"
    vocabulary = Vocabulary(["ship"], ["ship"], settings(stem="english"))
    assert [text[start:end] for feature, start, end in vocabulary.tokens(text) if feature == 0] == ["ships", "ship"]


def test_nothing_is_densified():
    # 200,000 words x 20,000 documents would be 16 GB as int32.
    given = corpus(" ".join(f"w{10 * i + j}" for j in range(10)) for i in range(20_000))
    tracemalloc.start()
    _, vectors = vectorise(given, settings())
    peak = tracemalloc.get_traced_memory()[1] / 2**20
    tracemalloc.stop()
    assert vectors.counts.shape == (20_000, 200_000)
    assert peak < 200  # MiB


def test_other_processes_read_a_large_corpus_and_change_nothing(monkeypatch):
    monkeypatch.setattr("docclust.vectors.chunks.ALONE", 400)
    monkeypatch.setattr("docclust.vectors.chunks.BATCH", 300)
    texts = [f"ship{i % 7} harbour{i % 11} Säule kettle{i % 3} the don't {i}" for i in range(90)]
    given = [Document(str(i), f"t{i}", text, f"l{i % 2}") for i, text in enumerate(texts)]
    tokenizer = Tokenizer(settings(token_pattern=r"\w+"))
    told = []
    alone, apart = read(given, tokenizer), read(iter(given), tokenizer, told.append, n_jobs=2)
    for name in ("ids", "titles", "labels", "hashes", "texts", "tokens"):
        assert getattr(apart, name) == getattr(alone, name)
    np.testing.assert_array_equal(apart.numbers, alone.numbers)
    np.testing.assert_array_equal(apart.lengths, alone.lengths)
    assert told == sorted(told)
    assert told[-1] == 90


def test_a_small_corpus_and_an_empty_one_start_no_process(monkeypatch):
    def never(*args, **options):
        raise AssertionError("a process was started")

    monkeypatch.setattr("docclust.vectors.chunks.joblib.Parallel", never)
    tokenizer = Tokenizer(settings(token_pattern=r"\w+"))
    for given in ([], [Document("0", "", "ship ship")], [Document("0", "", ""), Document("1", "", "ship")]):
        found = read(iter(given), tokenizer, n_jobs=2)
        assert found.ids == [document.id for document in given]
        assert found.numbers.size == sum(document.text.count("ship") for document in given)


def test_the_plain_pattern_starts_no_process(monkeypatch):
    def never(*args, **options):
        raise AssertionError("a process was started")

    monkeypatch.setattr("docclust.vectors.chunks.ALONE", 1)
    monkeypatch.setattr("docclust.vectors.chunks.BATCH", 1)
    monkeypatch.setattr("docclust.vectors.chunks.joblib.Parallel", never)
    assert len(read(corpus(["ship sail"] * 9), Tokenizer(settings()), n_jobs=2).ids) == 9

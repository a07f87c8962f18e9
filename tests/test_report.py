"""What is told of a run, and how it is laid out."""

import math
from dataclasses import replace
from typing import get_args

import pytest
from rich.cells import cell_len

from docclust.config.settings import MixtureSettings, SeedingSettings
from docclust.errors import RunError
from docclust.report import data, phrases, prose, text
from docclust.results import Run


def lines(laid_out) -> list[str]:
    return [line.plain for line in laid_out]


def report(run: Run, width: int = 80) -> list[str]:
    return lines(text.summary(data.summarise(run), width))


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0.0, "0"),
        (1.0, "1"),
        (1, "1"),
        (0.5, "0.50"),
        (0.994, "0.99"),
        (0.996, ">0.99"),
        (math.nextafter(1.0, 0.0), ">0.99"),
        (0.004, "<0.01"),
        (5e-324, "<0.01"),
        (-0.001, ">-0.01"),
        (-0.2, "-0.20"),
        (math.nan, "-"),
        (None, "-"),
    ],
)
def test_a_number_reads_zero_or_one_only_when_it_is(value: float | None, said: str):
    assert data.shown(value) == said


def test_more_digits_move_the_bounds():
    assert data.shown(0.9996, 3) == ">0.999"
    assert data.shown(0.0004, 3) == "<0.001"


def test_nothing_in_a_text_reaches_the_terminal_as_a_control():
    hostile = "a\x1b[2Jb\x9b31m\x07\x00\u202ec\r\nd\te\x7f\x85"
    assert data.one_line(hostile) == "a�[2Jb�31m���c d e�"
    assert not data.CONTROLS.search(data.harmless(hostile).replace("\n", ""))
    assert len(data.harmless(hostile)) == len(hostile)
    assert data.harmless("one\r\ntwo") == "one \ntwo"


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_every_line_of_a_report_fits_its_width(small_run: Run, width: int):
    wide = [replace(found, title="漢字 " * 50, id="i" * 90, reason="w" * 300) for found in small_run.ambiguous[:3]]
    run = replace(small_run, ambiguous=[*wide, *small_run.ambiguous[3:]])
    assert max(map(cell_len, report(run, width))) <= width
    assert not any(line != line.rstrip() for line in report(run, width))


def test_a_report_tells_the_facts_of_the_corpus_first(small_run: Run):
    manifest = {**small_run.manifest, "duplicates": 1}
    told = report(replace(small_run, manifest=manifest))
    assert told[0] == "six_topics"
    assert told[1] == f"165 documents, {len(small_run.words):,} words, 6 clusters, 1 exact duplicate."


def test_a_report_tells_every_warning(small_run: Run):
    manifest = {
        **small_run.manifest,
        "warnings": ["EM did not converge. Try more iterations.", "Your soft clustering is hard."],
    }
    told = report(replace(small_run, manifest=manifest))
    assert "Warning: EM did not converge. Try more iterations." in told
    assert "Warning: Your soft clustering is hard." in told


def test_a_report_speaks_of_labels_only_where_they_are_known(small_run: Run):
    assert any("Agreement with the known labels: NMI" in line for line in report(small_run))
    assert any("Against the known labels they are off by" in line for line in report(small_run))
    of_labels = (*phrases.LABEL_METRICS, "label_calibration_error")
    metrics = {key: value for key, value in small_run.metrics.items() if key not in of_labels}
    assert not any("labels" in line for line in report(replace(small_run, metrics=metrics)))


def test_a_perfect_agreement_is_said_only_of_a_perfect_one(small_run: Run):
    metrics = {"nmi": 0.99999, "half_agreement": 1.0}
    told = " ".join(report(replace(small_run, metrics=metrics)))
    assert "NMI >0.999." in told
    assert "same cluster: NMI 1." in told


def test_a_report_shows_as_many_keywords_and_documents_as_the_config_asks(small_run: Run):
    settings = small_run.settings.model_copy(
        update={"report": small_run.settings.report.model_copy(update={"n_words": 2, "n_documents": 3})}
    )
    told = data.summarise(replace(small_run, settings=settings))
    assert {len(cluster.keywords) for cluster in told.clusters} == {2}
    assert told.ambiguous == data.of_kind(small_run.ambiguous, None, 3)
    assert all(len(cluster.mixed) <= data.MIXED_A_CLUSTER for cluster in told.clusters)


def test_a_report_counts_the_undecided_documents(small_run: Run):
    told = data.summarise(small_run)
    assert told.undecided == sum(document.probability < 0.9 for document in small_run.documents)


def test_under_each_cluster_stand_its_own_mixed_documents(small_run: Run):
    told = lines(text.clusters(small_run.clusters, 80, mixed=True))
    for cluster in small_run.clusters:
        for document in cluster.mixed:
            assert any(line.strip().startswith(document.title) for line in told)
            assert document.cluster == cluster.id


def test_a_run_with_nothing_ambiguous_has_no_list_of_it(small_run: Run):
    told = report(replace(small_run, ambiguous=[]))
    assert not any("ambiguous" in line for line in told)


def test_one_cluster_has_no_runner_up(small_run: Run):
    found = replace(
        small_run.ambiguous[0], runner_up=None, runner_up_probability=0.0, pulls=[], shares=[], probability=1.0
    )
    assert lines(text.ambiguous([found], 80))[0].endswith(f" 1 in {found.cluster}")
    line = replace(small_run.documents[0], runner_up=None)
    assert not any("runner-up" in told for told in lines(text.document(found, line, small_run.clusters, 80)))


def test_the_bar_is_full_for_the_largest_cluster_and_seen_for_the_smallest(small_run: Run):
    sizes = [4000, 2000, 1, 0]
    clusters = [replace(cluster, size=size) for cluster, size in zip(small_run.clusters, sizes, strict=False)]
    told = lines(text.clusters(clusters, 200, mixed=False))
    assert [line[2:18] for line in told] == [
        "  4,000 ████████",
        "  2,000 ████    ",
        "      1 ▏       ",
        "      0         ",
    ]


def test_markup_in_a_title_is_no_markup(small_run: Run):
    found = replace(small_run.ambiguous[0], title="[red]x[/red] :smile:", reason="[b]y")
    told = lines(text.ambiguous([found], 80))
    assert told[0].startswith(" 1  [red]x[/red] :smile: ")
    assert "[b]y" in told[1]


def test_marks_stay_on_their_words_when_a_text_is_wrapped():
    written = "one two\tthree\nfour " + "five " * 30
    where = written.index("four")
    laid_out = text.body(written, 30, [(4, 7, 0), (where, where + 4, 1)], [], [2, 5], plain=False)
    marked = {line.plain[span.start : span.end]: span.style for line in laid_out for span in line.spans}
    assert {word: style for word, style in marked.items() if style} == {
        "two": "bold green",
        "four": "bold underline red",
    }
    assert max(len(line.plain) for line in laid_out) <= 30


def test_a_document_is_found_by_id_by_the_beginning_of_it_and_by_title(small_run: Run):
    documents = small_run.documents
    rows = {document.id: row for row, document in enumerate(documents)}
    assert data.find(documents, "mixed-03") == rows["mixed-03"]
    assert data.find(documents, documents[5].title.upper()) == 5
    longer = [replace(documents[0], id="mixed-03-2"), *documents[1:]]
    assert data.find(longer, "mixed-03") == rows["mixed-03"]
    assert data.find(longer, "mixed-03-") == 0


def test_a_document_that_was_set_aside_is_said_to_have_no_words(small_run: Run):
    with pytest.raises(RunError, match=r"'mixed' was set aside: no words to go by"):
        data.find(small_run.documents, "mixed", ["mixed"])


def test_long_names_are_shortened_in_lines_and_messages(small_run: Run):
    documents = [
        replace(d, id=f"{'long' * 20_000}-{d.id}", title="title" * 9999, label="") for d in small_run.documents
    ]
    with pytest.raises(RunError, match=r"Try longlong\w+…") as caught:
        data.find(documents, "long")
    assert len(str(caught.value)) < 1000
    with pytest.raises(RunError) as caught:
        data.find(documents, "x" * 50_000)
    assert len(str(caught.value)) < 1000
    found = replace(small_run.ambiguous[0], id=documents[0].id, title=documents[0].title)
    assert sum(map(len, lines(text.ambiguous([found], 80)))) < 500
    assert sum(map(len, lines(text.document(found, documents[0], small_run.clusters, 80)))) < 1500


def test_what_several_documents_answer_to_names_some_of_them(small_run: Run):
    with pytest.raises(RunError, match=r"got 'mixed-', which 15 answer to\. Try mixed-01, mixed-02"):
        data.find(small_run.documents, "mixed-")
    same = [replace(document, title="Same") for document in small_run.documents]
    with pytest.raises(RunError, match="which 165 answer to"):
        data.find(same, "same")


@pytest.mark.parametrize("wanted", ["mixd-03", "ixed-03", "Supper at the eclipsed", "eclipse"])
def test_an_unknown_document_is_answered_with_the_nearest(small_run: Run, wanted: str):
    with pytest.raises(RunError, match=r"Try .*mixed-03"):
        data.find(small_run.documents, wanted)


@pytest.mark.parametrize("wanted", ["", "§§§§§§§§"])
def test_a_document_that_is_near_to_none_is_answered_with_where_to_look(small_run: Run, wanted: str):
    with pytest.raises(RunError, match=r"Try an id from documents\.csv"):
        data.find(small_run.documents, wanted)


def test_a_kind_lists_only_its_own_documents_by_its_own_score(small_run: Run):
    for kind in data.KINDS:
        found = data.of_kind(small_run.ambiguous, kind, None)
        scores = [getattr(document, kind) for document in found]
        assert scores == sorted(scores, reverse=True)
        assert len(found) == sum(kind in document.kinds for document in small_run.ambiguous)
        assert data.of_kind(small_run.ambiguous, kind, 2) == found[:2]


def test_without_a_kind_the_foremost_of_each_are_listed_in_turn(small_run: Run):
    def listed(name: str, *kinds: str, **scores: float):
        none = {"mixed": 0.0, "unclear": 0.0, "atypical": 0.0}
        return replace(small_run.ambiguous[0], id=name, kinds=list(kinds), **(none | scores))

    found = [
        *(listed(f"m{i}", "mixed", mixed=0.9 - i / 10) for i in range(6)),
        listed("both", "unclear", "atypical", unclear=0.9, atypical=0.999),
        listed("u", "unclear", unclear=0.5),
        listed("a", "atypical", atypical=0.99),
    ]
    names = [document.id for document in data.of_kind(found, None, 5)]
    assert names == ["m0", "m1", "both", "u", "a"]
    assert [d.id for d in data.of_kind(found, None, None)] == ["m0", "m1", "m2", "m3", "m4", "m5", "both", "u", "a"]
    settings = small_run.settings.model_copy(
        update={"report": small_run.settings.report.model_copy(update={"n_documents": 5})}
    )
    told = data.summarise(replace(small_run, ambiguous=found, settings=settings))
    assert [document.id for document in told.ambiguous] == names


def what_was_done(run: Run, **sections: dict) -> str:
    changed = {name: getattr(run.settings, name).model_copy(update=keys) for name, keys in sections.items()}
    starts = changed["seeding"].n_init if "seeding" in changed else run.manifest["starts"]
    manifest = run.manifest | {"starts": starts}
    return " ".join(prose.settings(replace(run, settings=run.settings.model_copy(update=changed), manifest=manifest)))


@pytest.mark.parametrize("nothing", ["", "none", "None", ["none", ""]])
def test_no_stop_words_and_no_stems_are_not_told_as_languages(small_run: Run, nothing):
    stem = nothing if isinstance(nothing, str) else "none"
    told = what_was_done(small_run, vectors={"stop_words": nothing, "stem": stem})
    assert "Words are counted lower-cased, as they are written; only words" in told
    told = what_was_done(small_run, vectors={"stop_words": ["german", "none", "fr"], "stem": "german"})
    assert "Words are counted lower-cased, without stop words (german, fr), reduced to stems (german); only" in told


def test_whatever_a_config_may_choose_has_its_words():
    for words, fields, key in (
        (prose.SEEDINGS, SeedingSettings.model_fields, "method"),
        (prose.SMOOTHINGS, MixtureSettings.model_fields, "smoothing"),
        (prose.COVARIANCES, MixtureSettings.model_fields, "covariance"),
    ):
        assert set(words) == set(get_args(fields[key].annotation)) - {"auto"}


@pytest.mark.parametrize(
    ("method", "said"),
    [
        ("lsa", "k-means along the first singular vectors (LSA)"),
        ("split-merge", "clusters grown from one by splitting and merging"),
    ],
)
def test_every_way_to_start_is_told_in_words(small_run: Run, method: str, said: str):
    told = what_was_done(small_run, seeding={"method": method, "n_init": 3})
    assert f"6 clusters were asked for. EM began 3 times from {said}, and the best result was kept." in told
    told = what_was_done(small_run, seeding={"method": method, "n_init": 1})
    assert f"EM began from {said}." in told

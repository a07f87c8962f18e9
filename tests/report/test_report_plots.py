"""Static pictures: every kind, in every format, the same bytes for the same run."""

import errno
import sys
from dataclasses import replace

import pytest

from docclust.errors import RunError, SettingError
from docclust.results import Group

pytest.importorskip("matplotlib", reason="matplotlib is not installed")


@pytest.mark.parametrize("name", ["map", "ellipses", "convergence", "reliability"])
@pytest.mark.parametrize("suffix", [".svg", ".png"])
def test_every_picture_is_drawn(small_run, tmp_path, name, suffix):
    from docclust.report import plots

    plots.draw(small_run, name, tmp_path / f"a{suffix}")
    plots.draw(small_run, name, tmp_path / f"b{suffix}")
    first = (tmp_path / f"a{suffix}").read_bytes()
    assert len(first) > 2000
    assert first == (tmp_path / f"b{suffix}").read_bytes()


def test_what_was_not_kept_or_cannot_be_written_is_said(small_run, tmp_path):
    from docclust.report import plots

    with pytest.raises(SettingError, match=r"--out must end in \.svg, \.png, \.pdf, got map\.bmp"):
        plots.draw(small_run, "map", tmp_path / "map.bmp")
    without = replace(small_run, map=replace(small_run.map, frames=None))
    with pytest.raises(RunError, match=r"kept no iterations\. Try docclust run again, with .* iterations = true"):
        plots.draw(without, "ellipses", tmp_path / "a.svg")
    with pytest.raises(RunError, match=r"kept no map\. Try docclust run again\.$"):
        plots.draw(replace(small_run, map=None), "map", tmp_path / "a.svg")
    with pytest.raises(RunError, match=r"kept no reliability\. Documents of one word have no halves"):
        plots.draw(replace(small_run, reliability=[]), "reliability", tmp_path / "a.svg")
    with pytest.raises(RunError, match="cannot be written"):
        plots.draw(small_run, "map", tmp_path / "none" / "a.svg")


def test_the_reliability_diagram_says_what_it_counts(small_run):
    from docclust.report import plots

    groups = [Group(0.5, 0.4, 600), Group(0.9, 0.95, 1000)]
    figure = plots._reliability(replace(small_run, reliability=groups))
    told = f"1,600 tested predictions from {len(small_run.documents)} documents, in 2 groups"
    assert figure.axes[0].get_title() == told


def test_without_matplotlib_the_extra_is_named(small_folder, monkeypatch, capsys):
    from docclust.cli import main

    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.delitem(sys.modules, "docclust.report.plots", raising=False)
    monkeypatch.delattr("docclust.report.plots", raising=False)
    with pytest.raises(SystemExit) as left:
        main(["plot", str(small_folder), "map"])
    assert left.value.code == 2
    assert 'pip install "docclust[plot]"' in capsys.readouterr().err


def test_a_picture_is_there_whole_or_as_it_was(small_run, tmp_path, monkeypatch):
    from docclust.report import plots

    def half(self, path, **options):
        path.write_text("<svg")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(plots.Figure, "savefig", half)
    (tmp_path / "old.svg").write_text("old")
    for name in ("new.svg", "old.svg"):
        with pytest.raises(RunError, match=r"cannot be written \(No space left on device\)\. Free some space"):
            plots.draw(small_run, "map", tmp_path / name)
    assert [path.name for path in tmp_path.iterdir()] == ["old.svg"]
    assert (tmp_path / "old.svg").read_text() == "old"


@pytest.mark.parametrize("name", ["map", "ellipses"])
def test_many_documents_are_one_image_and_few_are_shapes(small_run, tmp_path, monkeypatch, name):
    from docclust.report import plots

    plots.draw(small_run, name, tmp_path / "few.svg")
    monkeypatch.setattr(plots, "MOST_SHAPES", 10)
    plots.draw(small_run, name, tmp_path / "many.svg")
    few, many = ((tmp_path / f"{size}.svg").read_text("utf-8") for size in ("few", "many"))
    assert "<image" not in few
    assert many.count("<image") == (1 if name == "map" else few.count('id="axes_'))
    assert many.count("<path") < few.count("<path")

from types import ModuleType

import msgspec
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

from atento.core.errors import DataError
from atento.study.configuration import Chart
from atento.study.drawing import draw, legend

NAMES = ("quality", "everywhere", "loss", "lengths", "data-size", "memory", "curves")


@pytest.fixture(params=NAMES)
def chart(request: pytest.FixtureRequest, made: ModuleType) -> Chart:
    return next(chart for chart in made.CHARTS if chart.name == request.param)


def test_no_chart_is_forgotten_here(made: ModuleType) -> None:
    assert tuple(chart.name for chart in made.CHARTS) == NAMES


def words(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.findobj(Text) if text.get_text()]


def test_every_kind_of_chart_is_drawn_with_every_name(chart: Chart, made: ModuleType) -> None:
    report = made.build_report()
    names = {v.group for v in report.variants} if chart.kind == "series" else {v.title for v in report.variants}
    assert names <= {word.replace("\n", " ") for word in words(draw(chart, report))}


def test_charts_of_an_ugly_report_are_drawn(chart: Chart, made: ModuleType) -> None:
    if chart.kind == "series":  # no variant has a group
        with pytest.raises(DataError, match="no figure to draw"):
            draw(chart, made.ugly_report())
    else:
        assert words(draw(chart, made.ugly_report()))


def test_nothing_to_draw_is_said(chart: Chart, made: ModuleType) -> None:
    report = made.build_report([made.make_variant("none", "no run yet", 1.0, ())], [], published=())
    with pytest.raises(DataError, match=r"figure.* yet"):
        draw(chart, report)


def test_published_figures_are_drawn_beside_the_metric_that_they_are_of(made: ModuleType) -> None:
    report = made.build_report()
    bleu, loss = made.CHARTS[0], made.CHARTS[2]
    assert {"17.82", "28.45"} <= set(words(draw(bleu, report)))
    assert "published" in legend(bleu, report)
    assert "17.82" not in words(draw(loss, report))
    assert "published" not in legend(loss, report)
    assert "3.125" not in words(draw(bleu, report))
    without = msgspec.structs.replace(bleu, published=False)
    assert "17.82" not in words(draw(without, report))
    assert "published" not in legend(without, report)


def test_lengths_show_the_mean_of_the_seeds_at_each_bucket(made: ModuleType) -> None:
    report = made.build_report()
    chart = next(chart for chart in made.CHARTS if chart.kind == "lengths")
    buckets = [run.tests["handwritten"].buckets for run in report.variants[0].runs]
    means = [sum(bucket.metrics["bleu"] for bucket in same) / len(same) for same in zip(*buckets, strict=True)]
    drawn = [list(line.get_ydata()) for line in draw(chart, report).axes[1].lines]
    assert any(line == pytest.approx(means) for line in drawn if len(line) == len(means))


def test_a_run_that_broke_off_counts_in_no_mean_curve(made: ModuleType) -> None:
    good = made.make_run("a", 3.0, 1, None)
    bad = msgspec.structs.replace(good, seed=2, failure="not finite", training_curve=((20, 7.0), (53, float("nan"))))
    variant = msgspec.structs.replace(made.make_variant("a", "a", 3.0, (1,)), runs=(good, bad))
    chart = next(chart for chart in made.CHARTS if chart.kind == "training")
    drawn = draw(chart, made.build_report([variant], [], published=())).axes[1].lines
    assert [len(line.get_xdata()) for line in drawn] == [60, 1, 60]
    assert list(drawn[-1].get_ydata()) == pytest.approx([loss for _, loss in good.training_curve])


def test_long_curves_are_thinned_by_averaging(made: ModuleType) -> None:
    run = made.make_run("a", 3.0, 1, None, curve_points=1000)
    variant = msgspec.structs.replace(made.make_variant("a", "a", 3.0, (1,)), runs=(run,))
    chart = next(chart for chart in made.CHARTS if chart.kind == "training")
    line = draw(chart, made.build_report([variant], [], published=())).axes[1].lines[0]
    assert len(line.get_xdata()) == 143
    assert line.get_ydata()[0] == pytest.approx(sum(loss for _, loss in run.training_curve[:7]) / 7)


def test_variants_that_differ_in_decoding_alone_share_a_line(made: ModuleType) -> None:
    one, other, third = (made.make_variant(name, name, 3.0, (1, 2)) for name in ("plain", "replaced", "bigger"))
    trained = tuple(msgspec.structs.replace(run, weights=f"weights-{run.seed}") for run in one.runs)
    same = [msgspec.structs.replace(each, runs=trained) for each in (one, other)]
    apart = tuple(msgspec.structs.replace(run, weights=f"others-{run.seed}") for run in third.runs)
    chart = next(chart for chart in made.CHARTS if chart.kind == "training")
    report = made.build_report([*same, msgspec.structs.replace(third, runs=apart)], [], published=())
    names = {word.replace("\n", " ") for word in words(draw(chart, report))}
    assert {"plain / replaced", "bigger"} <= names
    assert not {"plain", "replaced"} & names


def test_a_training_curve_says_which_learning_rate_it_is_at_where_there_are_two(made: ModuleType) -> None:
    report = made.build_report()
    curves = next(chart for chart in made.CHARTS if chart.kind == "training")
    assert "rate" not in legend(curves, report)
    fitted = [msgspec.structs.replace(variant, fitting_rate=0.1) for variant in report.variants]
    assert "best on dev" in legend(curves, msgspec.structs.replace(report, variants=tuple(fitted)))

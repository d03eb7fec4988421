"""Every key of [EXPL], [PLOT] and [REPORT] does what `nk config explain` says: a check each, and none without."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest
import soundfile
from typer.testing import CliRunner

from nk import pipeline
from nk.cli.main import app
from nk.config import load_config
from nk.config.document import section_keys
from nk.ui import Ui

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CONFIG = """[EXP]
name = exp
[DATA]
databases = ['db']
db = {folder}/db.csv
db.split_strategy = column
target = emotion
[FEATS]
type = ['import']
import_file = ['{folder}/feats.csv']
[MODEL]
type = bayes
"""
SPEAKERS, EACH = 8, 6


@dataclass(frozen=True)
class Study:
    """A config, and a folder of its own for each call."""

    config: Path
    place: Path

    @property
    def folder(self) -> Path:
        """Where results go."""
        return self.place / "exp"

    def explore(self, *sets: str) -> dict[str, dict[str, object]]:
        """What was found, by name; the tables and pictures are in the folder."""
        found = pipeline.explore(load_config(self.config, self.sets(*sets)), Ui(quiet=True), jobs=1)
        return {one["name"]: one for one in found.told["exhibits"]}

    def sets(self, *sets: str) -> list[str]:
        """Overrides, with where results go."""
        return [f"exp.root={self.place}", *sets]

    def table(self, name: str) -> pl.DataFrame:
        """The numbers beside a picture of the last look."""
        return pl.read_csv(self.folder / "explore" / f"{name}.csv")

    def picture(self, name: str) -> bytes:
        """A picture of the last look."""
        return (self.folder / "explore" / f"{name}.png").read_bytes()

    def run(self, *sets: str) -> Ui:
        """Run the experiment; what was said."""
        ui = Ui(quiet=True)
        pipeline.run(load_config(self.config, self.sets(*sets)), ui, jobs=1, force=True)
        return ui

    def metrics(self) -> dict[str, dict[str, dict[str, Any]]]:
        """What the last run has measured."""
        found: dict[str, dict[str, dict[str, Any]]] = json.loads((self.folder / "metrics.json").read_text("utf-8"))
        return found

    def figures(self) -> set[str]:
        """The files of the last run's figures."""
        return {path.name for path in (self.folder / "figures").iterdir()}

    def call(self, command: str, *sets: str) -> tuple[str, str]:
        """What a command writes to stdout and says on stderr."""
        words = [word for one in self.sets(*sets) for word in ("--set", one)]
        done = CliRunner().invoke(app, [command, str(self.config), *words])
        assert done.exit_code == 0, done.output
        return done.stdout, done.stderr

    def page(self) -> str:
        """The page of the last report."""
        return (self.folder / "report" / "report.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight speakers, four of them test; the first of five features tells the emotion, and none of the others does."""
    folder = tmp_path_factory.mktemp("keys")
    draw, rows, feats = (
        np.random.default_rng(7),
        ["file,speaker,gender,age,session,valence,emotion,split"],
        ["file,f0,f1,f2,f3,f4"],
    )
    for speaker in range(SPEAKERS):
        for number in range(EACH):
            name, angry = f"{speaker}{number}.wav", (number + speaker) % 2
            soundfile.write(folder / name, draw.normal(0, 0.1, 4000), 8000)
            about = [
                f"s{speaker}",
                "fm"[speaker % 2],
                20 + 5 * speaker,
                f"{speaker}{number // 3}",
                round(draw.normal() + angry, 3),
            ]
            cells = [name, *about, ("joy", "anger")[angry], ("train", "test")[speaker // 4]]
            rows.append(",".join(map(str, cells)))
            values = draw.normal(size=5) + np.array([3 * angry, 0, 0, 0, 0])
            feats.append(",".join([name, *(f"{value:.4f}" for value in values)]))
    (folder / "db.csv").write_text("\n".join(rows), encoding="utf-8")
    (folder / "feats.csv").write_text("\n".join(feats), encoding="utf-8")
    (folder / "exp.ini").write_text(CONFIG.format(folder=folder), encoding="utf-8")
    return folder / "exp.ini"


@pytest.fixture
def study(corpus: Path, tmp_path: Path) -> Study:
    return Study(corpus, tmp_path)


def value_counts(study: Study) -> None:
    assert not [name for name in study.explore() if name.startswith("value_counts")]
    assert {"value_counts_gender", "value_counts_gender_age"} <= {
        *study.explore("expl.value_counts=[['gender'], ['gender', 'age']]")
    }


def bin_reals(study: Study) -> None:
    study.explore("expl.value_counts=[['age'], ['valence']]", "expl.bin_reals=True")
    for name in ("age", "valence"):
        assert study.table(f"value_counts_{name}")[name].n_unique() == 3


def column_bin_reals(study: Study) -> None:
    study.explore("expl.value_counts=[['age'], ['valence']]", "expl.age.bin_reals=True")
    assert study.table("value_counts_age")["age"].n_unique() == 3
    assert "valence" not in study.table("value_counts_valence").columns


def differs(*sets: str, name: str) -> Callable[[Study], None]:
    """Every one of these gives another picture, of the same numbers."""

    def check(study: Study) -> None:
        pictures, tables = set(), set()
        base = ("expl.value_counts=[['valence']]", "expl.plot_features=['f0']")
        for one in ("", *sets):
            study.explore(*base, *([one] if one else []))
            pictures.add(study.picture(name))
            tables.add(study.table(name).write_csv())
        assert len(pictures) == 1 + len(sets)
        assert len(tables) == 1

    return check


def feature_distributions(study: Study) -> None:
    found = {*study.explore("expl.feature_distributions=True")}
    assert {"importance_log_reg", "feature_f0", "feature_tests", "feature_correlations"} <= found
    assert study.table("importance_log_reg")["feature"][0] == "f0"


def model(study: Study) -> None:
    found = study.explore("expl.feature_distributions=True", "expl.model=['tree', 'knn']")
    assert {"importance", "importance_tree", "importance_knn"} <= {*found}
    assert "impurity" in str(found["importance_tree"]["caption"])
    assert "is shuffled" in str(found["importance_knn"]["caption"])


def max_feats(study: Study) -> None:
    found = study.explore("expl.feature_distributions=True", "expl.max_feats=2")
    assert sum(name in found for name in ("feature_f0", "feature_f1", "feature_f2", "feature_f3", "feature_f4")) == 2


def permutation(study: Study) -> None:
    found = study.explore("expl.feature_distributions=True", "expl.permutation=True")
    assert "is shuffled 5 times among rows of speakers that it has not heard" in str(
        found["importance_log_reg"]["caption"]
    )
    assert study.table("importance_log_reg")["feature"][0] == "f0"


def plot_features(study: Study) -> None:
    found = study.explore("expl.plot_features=['f4']")
    assert "feature_f4" in found
    assert "importance_log_reg" not in found


def ignore_gender(study: Study) -> None:
    study.explore("expl.plot_features=['f0']")
    assert "gender" in study.table("feature_f0").columns
    study.explore("expl.plot_features=['f0']", "expl.ignore_gender=True")
    assert "gender" not in study.table("feature_f0").columns


def shows(name: str, *sets: str) -> Callable[[Study], None]:
    """There is a view of this name, and none without the key."""

    def check(study: Study) -> None:
        assert name not in study.explore()
        assert name in study.explore(*sets)

    return check


def shap(study: Study) -> None:
    """A column `split` is the user's own where nothing asks for it."""
    found = study.explore("expl.shap=True")["shap_bayes"]
    assert "recordings of the test part" in str(found["caption"])
    found = study.explore("expl.shap=True", "model.loso=True")["shap_bayes"]
    assert "recordings of held-out speakers" in str(found["caption"])


def needs(package: str, check: Callable[[Study], None]) -> Callable[[Study], None]:
    """The check, skipped where a package is not there."""

    def checked(study: Study) -> None:
        pytest.importorskip(package)
        check(study)

    return checked


def print_stats(study: Study) -> None:
    counts = "expl.value_counts=[['gender']]"
    assert "emotion | gender: chi-square" not in study.call("explore", counts)[1].replace("\n", " ")
    assert "emotion | gender: chi-square" in study.call("explore", counts, "expl.print_stats=True")[1].replace(
        "\n", " "
    )


def print_colvals(study: Study) -> None:
    assert "gender: f 24, m 24" not in study.call("explore")[1]
    assert "gender: f 24, m 24" in study.call("explore", "expl.print_colvals=True")[1]


def scatter_target(study: Study) -> None:
    found = study.explore("expl.scatter=['pca']", "expl.scatter.target=['gender', 'age']")
    assert {"scatter_pca_2d_gender", "scatter_pca_2d_age"} <= {*found}
    assert "scatter_pca_2d_emotion" not in found


def scatter_dim(study: Study) -> None:
    study.explore("expl.scatter=['pca']", "expl.scatter.dim=3")
    assert study.table("scatter_pca_3d_emotion").columns == ["id", "first", "second", "third", "emotion"]


def spotlight(study: Study) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("nk.explore.spotlight.find_spec", lambda _: True)
        rows = pipeline.explore(load_config(study.config, study.sets("expl.spotlight=True")), Ui(quiet=True)).rows
    assert rows is not None
    assert {"audio", "segment", "features", "emotion"} <= {*rows.columns}
    assert pipeline.explore(load_config(study.config, study.sets()), Ui(quiet=True)).rows is None


def sample_selection(study: Study) -> None:
    for part, count in (("all", 48), ("train", 24), ("test", 24)):
        study.explore(f"expl.sample_selection={part}")
        assert study.table("overview")["rows"][0] == count


def name(study: Study) -> None:
    study.run("plot.name=mine")
    assert all(file.startswith("mine_") for file in study.figures())
    study.explore("plot.name=mine")
    assert (study.folder / "explore" / "mine_bias.png").is_file()


def format_(study: Study) -> None:
    study.run("plot.format=svg")
    study.explore("plot.format=svg")
    for folder in (study.folder / "figures", study.folder / "explore"):
        assert {path.suffix for path in folder.iterdir() if path.is_file()} - {".csv", ".json", ".txt", ".yaml"} == {
            ".svg"
        }


def titles(study: Study) -> None:
    for sets, there in (((), True), (("plot.titles=False",), False)):
        study.run("plot.format=svg", *sets)
        text = (study.folder / "figures" / "confusion_test.svg").read_text(encoding="utf-8")
        assert ("<!-- emotion, test" in text) is there


def best_model(study: Study) -> None:
    study.run()
    before = study.figures()
    study.run("plot.best_model=True")
    assert study.figures() == before
    assert "confusion_test.png" in before


def ccc(study: Study) -> None:
    pair = "expl.regplot=[['f0', 'valence']]"
    assert "CCC" not in str(study.explore(pair)["regplot_f0_valence"]["title"])
    assert "CCC" in str(study.explore(pair, "plot.ccc=True")["regplot_f0_valence"]["title"])


def combine_per_speaker(study: Study) -> None:
    for rule in ("mode", "mean"):
        study.run("data.target=gender", f"plot.combine_per_speaker={rule}")
        told = study.metrics()["combined"]["test"]
        assert (told["by"], told["rule"], told["metrics"]["uar"]["n"]) == ("speaker", rule, 4)
    assert "combined_test.png" in study.figures()


def combine_per_speaker_col(study: Study) -> None:
    study.run("data.target=gender", "plot.combine_per_speaker=mean", "plot.combine_per_speaker.col=session")
    told = study.metrics()["combined"]["test"]
    assert (told["by"], told["metrics"]["uar"]["n"]) == ("session", 8)


def uncertainty_threshold(study: Study) -> None:
    study.run("plot.uncertainty_threshold=0.5")
    told = study.metrics()["certain"]["test"]
    uncertainty = pl.read_csv(study.folder / "predictions.csv").filter(pl.col("split") == "test")["uncertainty"]
    assert told["rows"] == int((uncertainty < 0.5).sum())
    assert "certain_test.png" in study.figures()


def runs_compare(study: Study) -> None:
    study.run("exp.name=other", "model.type=tree")
    said = "\n".join(study.run("plot.runs_compare=model").lines)
    assert "no run beside this one" not in said
    assert "other" in said
    said = "\n".join(study.run("plot.runs_compare=features").lines)
    assert "no run beside this one differs in its features alone" in said


def show(study: Study) -> None:
    study.run()
    assert "UAR" not in study.call("run", "report.title=Mine")[0]
    assert "UAR" in study.call("run", "report.show=True")[0]


def fresh(study: Study) -> None:
    study.run("report.title=Mine", "report.audio=False")
    before = study.page()
    study.run("report.title=Mine", "report.audio=False", "report.fresh=False")
    assert study.page().count("<section") == before.count("<section")


def latex(study: Study) -> None:
    study.run("report.latex=paper", "report.title=Mine & yours", "report.audio=False")
    text = (study.folder / "report" / "paper.tex").read_text(encoding="utf-8")
    assert r"\title{Mine \& yours}" in text


def said_on_the_page(key: str) -> Callable[[Study], None]:
    """The text of this key is on the page."""

    def check(study: Study) -> None:
        study.run(f"report.{key}=What I call it", "report.audio=False")
        assert "What I call it" in study.page()

    return check


def audio(study: Study) -> None:
    study.run("report.title=Mine")
    assert "<audio" in study.page()
    study.run("report.audio=False")
    assert "<audio" not in study.page()


CHECKS: dict[str, Callable[[Study], None]] = {
    "expl.value_counts": value_counts,
    "expl.bin_reals": bin_reals,
    "expl.<column>.bin_reals": column_bin_reals,
    "expl.dist_type": differs("expl.dist_type=hist", name="value_counts_valence"),
    "expl.feature_distributions": feature_distributions,
    "expl.model": model,
    "expl.max_feats": max_feats,
    "expl.permutation": permutation,
    "expl.plot_features": plot_features,
    "expl.plot_tree": shows("tree", "expl.plot_tree=True"),
    "expl.ignore_gender": ignore_gender,
    "expl.print_stats": print_stats,
    "expl.print_colvals": print_colvals,
    "expl.regplot": shows("regplot_f0_valence", "expl.regplot=[['f0', 'valence']]"),
    "expl.scatter": shows("scatter_pca_2d_emotion", "expl.scatter=['pca']"),
    "expl.scatter.target": scatter_target,
    "expl.scatter.dim": scatter_dim,
    "expl.tsne": shows("scatter_tsne_2d_emotion", "expl.tsne=True"),
    "expl.umap": needs("umap", shows("scatter_umap_2d_emotion", "expl.umap=True")),
    "expl.pca": shows("scatter_pca_2d_emotion", "expl.pca=True"),
    "expl.shap": needs("shap", shap),
    "expl.spotlight": spotlight,
    "expl.sample_selection": sample_selection,
    "plot.name": name,
    "plot.format": format_,
    "plot.titles": titles,
    "plot.best_model": best_model,
    "plot.ccc": ccc,
    "plot.combine_per_speaker": combine_per_speaker,
    "plot.combine_per_speaker.col": combine_per_speaker_col,
    "plot.uncertainty_threshold": uncertainty_threshold,
    "plot.runs_compare": runs_compare,
    "plot.fill_areas": differs("plot.fill_areas=True", name="value_counts_valence"),
    "plot.kind": differs("plot.kind=box", "plot.kind=bar", "plot.kind=strip", "plot.kind=swarm", name="feature_f0"),
    "report.show": show,
    "report.fresh": fresh,
    "report.latex": latex,
    "report.title": said_on_the_page("title"),
    "report.author": said_on_the_page("author"),
    "report.audio": audio,
}


def test_every_key_that_is_built_has_a_check() -> None:
    sections = ("expl", "plot", "report")
    built = {
        f"{one}.{item.key}" for one in sections for item in section_keys(one) if item.spot.note("built") is not False
    }
    assert built == {*CHECKS}


@pytest.mark.slow
@pytest.mark.parametrize("key", CHECKS)
def test_a_key_does_what_it_says(key: str, study: Study) -> None:
    CHECKS[key](study)

"""`nk config` as a user meets it."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from nk.cli.config import app

GOOD = "[EXP]\nname = good\n[DATA]\ndatabases = ['a']\na = a.csv\n[MODEL]\ntype = svm\n"


def nk(*arguments: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, list(arguments), catch_exceptions=False)
    return done.exit_code, done.stdout, done.stderr


@pytest.fixture
def good(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    Path("good.ini").write_text(GOOD)
    return "good.ini"


def test_a_valid_file_is_a_line(good: str) -> None:
    assert nk("validate", good) == (0, "good.ini: ok\n", "")


def test_files_are_a_line_each_and_a_summary(good: str) -> None:
    Path("odd.ini").write_text(GOOD + "patience = 3\n")
    Path("bad.ini").write_text(GOOD + "drop = 3\nnonsense = 1\n")
    code, out, err = nk("validate", good, "odd.ini", "bad.ini", "none.ini")
    assert code == 2
    assert out == (
        "good.ini: ok\nodd.ini: ok, 1 warning\nbad.ini: 2 problems\nnone.ini: 1 problem\n4 files: 2 ok, 2 wrong\n"
    )
    assert err.splitlines() == [
        "warning: odd.ini:8: [MODEL] `patience` has no effect with `svm`",
        "bad.ini:8: [MODEL] `drop` must be a number of at least 0 and at most 1, not `3`",
        "bad.ini:9: [MODEL] `nonsense` is not an option",
        "none.ini: there is no such file",
    ]


def test_overrides_hold_for_a_check(good: str) -> None:
    code, out, err = nk("validate", good, "--set", "model.type=svn")
    assert (code, out) == (2, "good.ini: 1 problem\n")
    assert err == "--set: [MODEL] `type` names `svn`, which is not a model\n  hint: did you mean `svm`?\n"


def test_what_is_not_built_is_a_warning(good: str) -> None:
    code, out, err = nk("validate", good, "--set", "model.type=cnn")
    assert (code, out) == (0, "good.ini: ok, 1 warning\n")
    assert "[MODEL] `cnn` is not built yet" in err


def test_converting_there_and_back_changes_nothing(good: str) -> None:
    code, yaml, _ = nk("convert", good, "--to", "yaml")
    assert code == 0
    assert yaml == "exp:\n  name: good\ndata:\n  databases:\n    a:\n      path: a.csv\nmodel:\n  type: svm\n"
    Path("good.yaml").write_text(yaml)
    assert nk("convert", "good.yaml", "--to", "ini", "--output", "new/again.ini")[0] == 0
    assert Path("new/again.ini").read_text().replace("\n\n", "\n") == GOOD


def test_convert_says_what_is_wrong(good: str) -> None:
    code, out, err = nk("convert", "none.ini", "--to", "yaml")
    assert (code, out, err) == (2, "", "none.ini: there is no such file\n")
    code, out, err = nk("convert", good, "--to", "yaml", "--output", "good.ini/x.yaml")
    assert (code, out) == (3, "")
    assert "cannot be written" in err


@pytest.mark.parametrize(
    ("arguments", "text", "hint"),
    [
        ("ini good.ini --force", "this is the file that is converted", "give the new one another name"),
        ("ini link.ini --force", "this is the file that is converted", "give the new one another name"),
        ("yaml there.yaml", "there is such a file already", "`--force` overwrites it"),
        ("yaml new.ini", "by its ending, this file would be read as INI", "write `--output new.yaml`"),
        ("ini new.yml", "by its ending, this file would be read as YAML", "write `--output new.ini`"),
    ],
)
def test_convert_loses_no_file(good: str, arguments: str, text: str, hint: str) -> None:
    to, output, *force = arguments.split()
    Path("there.yaml").write_text("mine")
    Path("link.ini").symlink_to(good)
    said = f"{output}: {text}\n  hint: {hint}\n"
    assert nk("convert", good, "--to", to, "--output", output, *force) == (2, "", said)
    assert (Path(good).read_text(), Path("there.yaml").read_text()) == (GOOD, "mine")
    assert not Path("new.ini").exists()
    assert not Path("new.yml").exists()


def test_convert_overwrites_when_told_to(good: str) -> None:
    Path("there.yaml").write_text("mine")
    assert nk("convert", good, "--to", "yaml", "--output", "there.yaml", "--force")[0] == 0
    assert Path("there.yaml").read_text().startswith("exp:")


def test_a_check_says_what_a_run_would_lack(good: str) -> None:
    Path("part.ini").write_text("[DATA]\nclinic = data/clinic.csv\n[MODEL]\ntype = svm\n")
    code, out, err = nk("validate", "part.ini")
    assert (code, out) == (0, "part.ini: ok, 1 warning\n")
    assert err == (
        "warning: part.ini:1: [DATA] `databases` names none, so there is nothing to run on\n"
        "  hint: write `databases = ['clinic']` in [DATA]\n"
    )
    Path("cross.ini").write_text("[EXP]\ndatabases = ['a', 'b']\n[DATA]\na = a.csv\nb = b.csv\n")
    assert "names none" not in nk("validate", "cross.ini")[2]
    assert good


def test_explain_and_defaults(good: str) -> None:
    code, out, _ = nk("explain", "exp.epochs")
    assert code == 0
    assert out.startswith("[EXP] epochs\n  passes over the training data\n")
    code, _, err = nk("explain", "epocs")
    assert (code, err) == (2, "nk: `epocs` is not a key, a section or a plug-in\n  hint: did you mean `epochs`?\n")
    code, out, _ = nk("defaults", "plot", "--format", "yaml")
    assert code == 0
    assert out.startswith("plot:\n  # ")
    assert nk("defaults", "nonsense")[0] == 2
    assert good


def test_schema_is_written_where_asked(good: str) -> None:
    assert nk("schema", "--output", "here")[0] == 0
    assert Path("here/nk.schema.json").stat().st_size > 10_000
    assert nk("schema", "--docs")[0] == 0
    assert Path("docs/reference/config.md").read_text().startswith("# Config keys")
    assert good

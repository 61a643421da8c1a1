"""Artifacts through the MLflow client: what goes up comes down, byte for byte."""

import hashlib
import json
import os

import mlflow
import numpy as np
import pandas as pd
import pytest
from mlflow.exceptions import MlflowException
from packaging.version import Version

AWKWARD_NAMES = [
    "with space.txt",
    "plus+plus.txt",
    "100%.txt",
    "ünï-✓-文.txt",
    "a&b=c;d.txt",
    "quo'te.txt",
    "(brackets) [x] {y}.txt",
    "at@tilde~.txt",
    ".hidden",
]


def listed(client, run_id, path=None):
    """Path, whether a directory, size. MLflow's own server leaves the size of an empty file out."""
    files = client.list_artifacts(run_id, path)
    return [(f.path, f.is_dir, f.file_size if f.is_dir else f.file_size or 0) for f in files]


def download(run_id, path, to):
    return mlflow.artifacts.download_artifacts(
        run_id=run_id, artifact_path=path, dst_path=str(to)
    )


@pytest.mark.parametrize("name", AWKWARD_NAMES)
def test_awkward_names(client, run_id, tmp_path, name):
    source = tmp_path / name
    source.write_text(name, encoding="utf-8")
    client.log_artifact(run_id, str(source), "dir é")
    assert listed(client, run_id, "dir é") == [(f"dir é/{name}", False, len(name.encode()))]
    got = download(run_id, f"dir é/{name}", tmp_path / "down")
    assert os.path.basename(got) == name
    with open(got, encoding="utf-8") as file:
        assert file.read() == name


def test_directory_tree(client, run_id, tmp_path):
    tree = {"top.txt": "1", "a/one.txt": "22", "a/b/two.txt": "333", "a/b/c/three.txt": ""}
    for path, text in tree.items():
        file = tmp_path / "up" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    client.log_artifacts(run_id, str(tmp_path / "up"), "tree")
    assert listed(client, run_id) == [("tree", True, None)]
    assert listed(client, run_id, "tree") == [("tree/a", True, None), ("tree/top.txt", False, 1)]
    assert listed(client, run_id, "tree/a/b") == [
        ("tree/a/b/c", True, None),
        ("tree/a/b/two.txt", False, 3),
    ]
    assert listed(client, run_id, "tree/a/b/c") == [("tree/a/b/c/three.txt", False, 0)]
    for nothing in ("tree/top.txt", "nobody", "tree/a/b/c/d", "tre"):
        assert listed(client, run_id, nothing) == []
    down = tmp_path / "down"
    download(run_id, "tree", down)
    assert {p: (down / "tree" / p).read_text() for p in tree} == tree


def test_listing_is_sorted(client, run_id):
    for name in ("b.txt", "a.txt", "dir/x.txt", "B.txt", "a-1.txt", "é.txt"):
        client.log_text(run_id, name, name)
    paths = [path for path, _, _ in listed(client, run_id)]
    assert paths == sorted(paths)
    assert len(paths) == 6


def test_twenty_megabytes_byte_for_byte(client, run_id, tmp_path):
    content = np.random.default_rng(3).bytes(20 * 1024 * 1024)
    (tmp_path / "big.bin").write_bytes(content)
    client.log_artifact(run_id, str(tmp_path / "big.bin"))
    assert listed(client, run_id) == [("big.bin", False, len(content))]
    with open(download(run_id, "big.bin", tmp_path / "down"), "rb") as file:
        assert hashlib.sha256(file.read()).digest() == hashlib.sha256(content).digest()


@pytest.fixture
def in_parts(monkeypatch):
    """A client that sends in parts and reads by presigned ranges what it usually would not."""
    monkeypatch.setenv("MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD", "true")
    monkeypatch.setenv("MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE", str(1024 * 1024))
    monkeypatch.setenv("MLFLOW_MULTIPART_UPLOAD_CHUNK_SIZE", str(5 * 1024 * 1024))
    monkeypatch.setenv("MLFLOW_ENABLE_PROXY_MULTIPART_DOWNLOAD", "true")
    monkeypatch.setenv("MLFLOW_MULTIPART_DOWNLOAD_CHUNK_SIZE", str(3 * 1000 * 1000))


@pytest.mark.parametrize("size", [2_000_000, 10 * 1024 * 1024, 12 * 1024 * 1024 + 7])
def test_client_that_asks_for_multipart(client, run_id, tmp_path, in_parts, size):
    """Parts when the server offers them; else the client must understand that it doesn't."""
    content = np.random.default_rng(size).bytes(size)
    (tmp_path / "pàrts 1+1.bin").write_bytes(content)
    client.log_artifact(run_id, str(tmp_path / "pàrts 1+1.bin"), "dir é")
    assert listed(client, run_id, "dir é") == [("dir é/pàrts 1+1.bin", False, size)]
    with open(download(run_id, "dir é/pàrts 1+1.bin", tmp_path / "down"), "rb") as file:
        assert file.read() == content


def test_presigned_ranges_of_a_tree(client, run_id, tmp_path, in_parts):
    tree = {"a.txt": b"1", "b/empty": b"", "b/c/long.bin": bytes(7_000_000)}
    for path, content in tree.items():
        file = tmp_path / "up" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    client.log_artifacts(run_id, str(tmp_path / "up"), "tree")
    down = tmp_path / "down"
    download(run_id, "tree", down)
    assert {path: (down / "tree" / path).read_bytes() for path in tree} == tree


@pytest.mark.ours_only
def test_part_too_small_names_the_setting(client, run_id, tmp_path, in_parts, monkeypatch):
    monkeypatch.setenv("MLFLOW_MULTIPART_UPLOAD_CHUNK_SIZE", str(1024 * 1024))
    (tmp_path / "small-parts.bin").write_bytes(bytes(3 * 1024 * 1024))
    with pytest.raises(MlflowException, match="MLFLOW_MULTIPART_UPLOAD_CHUNK_SIZE"):
        client.log_artifact(run_id, str(tmp_path / "small-parts.bin"))
    assert listed(client, run_id) == []


def test_empty_file(client, run_id, tmp_path):
    (tmp_path / "empty").write_bytes(b"")
    client.log_artifact(run_id, str(tmp_path / "empty"))
    assert listed(client, run_id) == [("empty", False, 0)]
    assert os.path.getsize(download(run_id, "empty", tmp_path / "down")) == 0


def test_overwriting(client, run_id):
    client.log_text(run_id, "a longer first text", "t.txt")
    client.log_text(run_id, "second", "t.txt")
    assert listed(client, run_id) == [("t.txt", False, 6)]
    assert mlflow.artifacts.load_text(f"runs:/{run_id}/t.txt") == "second"


def test_text_and_dicts(client, run_id):
    client.log_text(run_id, "zeile\n✓", "notes/a.md")
    client.log_dict(run_id, {"b": [1, None, "ü"]}, "conf.json")
    client.log_dict(run_id, {"b": [1, None, "ü"]}, "conf.yaml")
    root = f"runs:/{run_id}"
    assert mlflow.artifacts.load_text(f"{root}/notes/a.md") == "zeile\n✓"
    assert mlflow.artifacts.load_dict(f"{root}/conf.json") == {"b": [1, None, "ü"]}
    assert listed(client, run_id)[1][0] == "conf.yaml"


def test_image(active_run):
    pixels = np.arange(4 * 6 * 3, dtype=np.uint8).reshape(4, 6, 3)
    mlflow.log_image(pixels, "picture.png")
    loaded = mlflow.artifacts.load_image(f"runs:/{active_run.info.run_id}/picture.png")
    assert (np.asarray(loaded) == pixels).all()


def test_image_of_a_step(client, active_run):
    pixels = np.zeros((4, 4), dtype=np.uint8)
    # Older clients write a slash of the key as a hash, which ends the path of their own request.
    key = "pic/ture" if Version(mlflow.__version__) >= Version("3.17") else "picture"
    mlflow.log_image(pixels, key=key, step=3, synchronous=True)
    paths = [path for path, _, _ in listed(client, active_run.info.run_id, "images")]
    assert len(paths) == 2
    assert all("step" in path and "3" in path for path in paths)
    assert client.get_run(active_run.info.run_id).data.tags["mlflow.loggedImages"] == "True"


def test_table_grows(client, active_run):
    run_id = active_run.info.run_id
    mlflow.log_table({"q": ["a", "b"], "n": [1, 2]}, "table.json")
    mlflow.log_table(pd.DataFrame({"q": ["ç"], "n": [3]}), "table.json")
    table = mlflow.load_table("table.json", run_ids=[run_id])
    assert list(table["q"]) == ["a", "b", "ç"]
    assert list(table["n"]) == [1, 2, 3]
    tag = client.get_run(run_id).data.tags["mlflow.loggedArtifacts"]
    assert json.loads(tag) == [{"path": "table.json", "type": "table"}]


def test_missing_file(run_id, tmp_path):
    with pytest.raises(MlflowException):
        download(run_id, "nobody.txt", tmp_path)


def test_figure(active_run):
    figures = pytest.importorskip("matplotlib.figure")
    image = pytest.importorskip("PIL.Image")
    figure = figures.Figure(figsize=(2, 1), dpi=50)
    figure.add_subplot().plot([0, 1], [1, 0])
    mlflow.log_figure(figure, "plots/line.png")
    found = mlflow.artifacts.download_artifacts(
        run_id=active_run.info.run_id, artifact_path="plots/line.png"
    )
    assert image.open(found).size == (100, 50)


def test_many_small_files(client, run_id, tmp_path):
    for index in range(500):
        (tmp_path / f"{index:03}.txt").write_text(str(index))
    client.log_artifacts(run_id, str(tmp_path), "many")
    rows = listed(client, run_id, "many")
    assert [path for path, _, _ in rows] == [f"many/{index:03}.txt" for index in range(500)]
    download(run_id, "many", tmp_path / "down")
    texts = [(tmp_path / "down" / "many" / f"{i:03}.txt").read_text() for i in range(500)]
    assert texts == [str(index) for index in range(500)]

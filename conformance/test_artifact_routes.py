"""The artifact routes by raw requests: ranges, conditional reads, deletion, paths that escape."""

import http.client
from urllib.parse import quote, urlsplit

import pytest

from support import ARTIFACTS

CONTENT = bytes(range(256)) * 8


@pytest.fixture(scope="module")
def root(api):
    """`<experiment>/<run>/artifacts` of a run that holds f.bin and dir/g.txt."""
    experiment = api.create_experiment()
    root = f"{experiment}/{api.create_run(experiment)}/artifacts"
    assert put(api, f"{root}/f.bin", CONTENT).status_code == 200
    assert put(api, f"{root}/dir/g.txt", b"hello").status_code == 200
    return root


def put(api, path, data, **headers):
    return api.send("PUT", f"{ARTIFACTS}/{quote(path)}", data=data, headers=headers)


def fetch(api, path, **headers):
    return api.send("GET", f"{ARTIFACTS}/{quote(path)}", headers=headers)


def files_at(api, path):
    return api.ok(api.send("GET", ARTIFACTS, params={"path": path}))


def run_of(root):
    return root.split("/")[1]


def test_put_answers_nothing(api, root):
    answer = put(api, f"{root}/new.txt", b"x", **{"Content-Type": "text/plain"})
    assert (answer.status_code, answer.content) == (200, b"")


def test_put_in_chunks_of_unknown_length(api, root):
    answer = put(api, f"{root}/chunked.bin", iter([b"a" * 70_000, b"b", b"c" * 100_000]))
    assert answer.status_code == 200
    assert fetch(api, f"{root}/chunked.bin").content == b"a" * 70_000 + b"b" + b"c" * 100_000


def test_get(api, root):
    answer = fetch(api, f"{root}/f.bin")
    assert answer.status_code == 200
    assert answer.content == CONTENT
    assert answer.headers["content-length"] == str(len(CONTENT))
    assert answer.headers["content-disposition"].startswith("attachment")
    assert "f.bin" in answer.headers["content-disposition"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["etag"]


def test_type_follows_the_extension(api, root):
    for name, expected in [("g.txt", "text/plain"), ("g.png", "image/png"), ("g.json", None)]:
        put(api, f"{root}/types/{name}", b"{}")
        found = fetch(api, f"{root}/types/{name}").headers["content-type"].split(";")[0]
        assert expected is None or found == expected


@pytest.mark.parametrize(
    ("wanted", "expected", "content_range"),
    [
        ("bytes=0-9", CONTENT[:10], "bytes 0-9/2048"),
        ("bytes=100-", CONTENT[100:], "bytes 100-2047/2048"),
        ("bytes=-5", CONTENT[-5:], "bytes 2043-2047/2048"),
        ("bytes=2000-99999", CONTENT[2000:], "bytes 2000-2047/2048"),
    ],
    ids=["first", "rest", "last", "past the end"],
)
def test_ranges(api, root, wanted, expected, content_range):
    for answer in (
        fetch(api, f"{root}/f.bin", Range=wanted),
        api.send("GET", "/get-artifact", params=of(root, "f.bin"), headers={"Range": wanted}),
    ):
        assert answer.status_code == 206
        assert answer.content == expected
        assert answer.headers["content-range"] == content_range


def of(root, path):
    return {"run_id": run_of(root), "path": path}


def test_range_past_the_end(api, root):
    answer = fetch(api, f"{root}/f.bin", Range="bytes=5000-6000")
    assert answer.status_code == 416
    assert answer.headers["content-range"].endswith("/2048")


def test_unchanged_file_is_not_sent_again(api, root):
    for send in (
        lambda **headers: fetch(api, f"{root}/f.bin", **headers),
        lambda **headers: api.send("GET", "/get-artifact", params=of(root, "f.bin"), headers=headers),
    ):
        etag = send().headers["etag"]
        assert send(**{"If-None-Match": '"another"'}).content == CONTENT
        assert send().headers["etag"] == etag


@pytest.mark.ours_only
def test_conditional_reads(api, root):
    etag = fetch(api, f"{root}/f.bin").headers["etag"]
    unchanged = fetch(api, f"{root}/f.bin", **{"If-None-Match": etag})
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    changed = fetch(api, f"{root}/f.bin", **{"If-Range": '"another"', "Range": "bytes=0-9"})
    assert (changed.status_code, changed.content) == (200, CONTENT)


def test_etag_follows_the_content(api, root):
    put(api, f"{root}/etag.txt", b"one")
    first = fetch(api, f"{root}/etag.txt").headers["etag"]
    put(api, f"{root}/etag.txt", b"another")
    assert fetch(api, f"{root}/etag.txt").headers["etag"] != first


def test_missing_file(api, root):
    assert fetch(api, f"{root}/nobody").status_code == 404
    gone = {"method": "GET", "status": 404, "code": "RESOURCE_DOES_NOT_EXIST"}
    assert "nobody" in api.refused("/get-artifact", params=of(root, "nobody"), **gone)


def test_directories_are_not_files(api, root):
    assert fetch(api, f"{root}/dir").status_code in (400, 404)
    assert put(api, f"{root}/dir/", b"x").status_code == 400


def test_listing(api, root):
    put(api, f"{root}/list/a.txt", b"12")
    put(api, f"{root}/list/sub/b.txt", b"1")
    assert files_at(api, f"{root}/list") == {
        "files": [
            {"path": "a.txt", "is_dir": False, "file_size": 2},
            {"path": "sub", "is_dir": True},
        ]
    }
    assert files_at(api, f"{root}/list/a.txt") == {}
    assert files_at(api, f"{root}/nobody") == {}
    run_listing = api.send("GET", "artifacts/list", params=of(root, "list"))
    assert api.ok(run_listing) == {
        "root_uri": f"mlflow-artifacts:/{root}",
        "files": [
            {"path": "list/a.txt", "is_dir": False, "file_size": 2},
            {"path": "list/sub", "is_dir": True},
        ],
    }


def test_delete_takes_a_whole_directory(api, root):
    for name in ("gone/a", "gone/b/c", "gone-not", "gone.txt"):
        put(api, f"{root}/{name}", b"x")
    assert api.ok(api.send("DELETE", f"{ARTIFACTS}/{root}/gone")) == {}
    assert files_at(api, f"{root}/gone") == {}
    assert fetch(api, f"{root}/gone/b/c").status_code == 404
    for kept in ("gone-not", "gone.txt"):
        assert fetch(api, f"{root}/{kept}").content == b"x"
    assert api.ok(api.send("DELETE", f"{ARTIFACTS}/{root}/gone")) == {}
    assert api.ok(api.send("DELETE", f"{ARTIFACTS}/{root}/gone.txt")) == {}
    assert fetch(api, f"{root}/gone.txt").status_code == 404


CLIMBING = [
    "../secret",
    "a/../../secret",
    "..%2fsecret",
    "%2e%2e/secret",
    "%2e%2e%2fsecret",
    "%252e%252e%252fsecret",
    "a/%252e%252e/b",
    "%25252e%25252e%25252fsecret",
    "..",
    "a%23b/..",
]
ABSOLUTE = ["%2fetc%2fpasswd", "%252fetc%252fpasswd", "file:%2f%2f%2fetc%2fpasswd", "C:%2fwindows"]


def raw(api, method, target, body=None):
    """A request whose path reaches the server exactly as written: no client-side tidying."""
    address = urlsplit(api.base)
    connection = http.client.HTTPConnection(address.hostname, address.port, timeout=60)
    connection.request(method, target, body=body)
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    return answer.status, content


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
@pytest.mark.parametrize("path", [f"{{root}}/{path}" for path in CLIMBING] + ABSOLUTE)
def test_paths_that_escape(api, root, method, path):
    target = f"{ARTIFACTS}/{path.format(root=root)}"
    status, content = raw(api, method, target, b"stolen" if method == "PUT" else None)
    assert 300 <= status < 500, content  # MLflow's own redirects a doubled slash to a single one
    assert b"root:" not in content
    assert fetch(api, f"{root}/f.bin").content == CONTENT


@pytest.mark.parametrize("path", ["../secret", "a/../../b", "%2e%2e/secret", "/etc/passwd", "a#b"])
@pytest.mark.parametrize("route", [ARTIFACTS, "artifacts/list", "/get-artifact"])
def test_queries_that_escape(api, root, route, path):
    message = api.refused(route, method="GET", params=of(root, path))
    assert "Invalid path" in message


def test_upload_from_the_ui(api, root):
    run_id = run_of(root)
    upload = "/ajax-api/2.0/mlflow/upload-artifact"
    query = {"run_uuid": run_id, "path": "ui/x.txt"}
    assert api.send("POST", upload, params=query, data=b"from the ui").status_code == 200
    assert fetch(api, f"{root}/ui/x.txt").content == b"from the ui"
    for missing, data in (({"path": "x"}, b"1"), ({"run_uuid": run_id}, b"1"), (query, b"")):
        message = api.refused(upload, params=missing, data=data)
        assert message.startswith("Request must specify")


def test_head(api, root):
    answer = api.send("HEAD", f"{ARTIFACTS}/{root}/f.bin")
    assert answer.status_code in (200, 405)
    assert answer.content == b""

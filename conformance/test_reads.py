"""Reads over a slow network: compressed for those who ask, and not sent again while nothing changed."""

import pytest

from support import API

pytestmark = pytest.mark.ours_only


@pytest.fixture
def finished(api, run_id):
    """A finished run with 1,000 points."""
    metrics = [{"key": "x", "value": i / 7, "timestamp": i, "step": i} for i in range(1000)]
    api.log_batch(run_id, metrics=metrics)
    api.post("runs/update", {"run_id": run_id, "status": "FINISHED", "end_time": 1})
    return run_id


def reads(run_id):
    return (
        ("runs/get", {"run_id": run_id}),
        ("metrics/get-history", {"run_id": run_id, "metric_key": "x"}),
        ("metrics/get-history-bulk-interval", {"run_ids": run_id, "metric_key": "x"}),
        (f"/ajax-{API[1:]}metrics/get-history-bulk", {"run_id": run_id, "metric_key": "x"}),
    )


def test_large_answers_are_compressed(api, finished):
    for path, params in reads(finished)[1:]:
        zipped = api.send("GET", path, params=params, headers={"Accept-Encoding": "gzip, deflate"})
        plain = api.send("GET", path, params=params, headers={"Accept-Encoding": "identity"})
        assert (zipped.headers["Content-Encoding"], "Content-Encoding" in plain.headers) == ("gzip", False)
        assert int(zipped.headers["Content-Length"]) < len(plain.content) / 3
        assert zipped.json() == plain.json()
        assert len(plain.json()["metrics"]) == 1000


def test_what_did_not_change_is_not_sent_again(api, finished):
    for path, params in reads(finished):
        tag = api.send("GET", path, params=params).headers["ETag"]
        again = api.send("GET", path, params=params, headers={"If-None-Match": tag})
        assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", tag)


def test_every_write_shows(api, finished):
    for path, params in reads(finished):
        tag = api.send("GET", path, params=params).headers["ETag"]
        step = 2000 + len(path)
        api.post("runs/log-metric", {"run_id": finished, "key": "x", "value": 1, "timestamp": step, "step": step})
        changed = api.send("GET", path, params=params, headers={"If-None-Match": tag})
        assert (changed.status_code, changed.headers["ETag"] != tag) == (200, True)

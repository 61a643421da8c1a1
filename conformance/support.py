"""What tests share: a wrapper for raw requests, unique names."""

import base64
import json
import time
import uuid
from typing import Any

import requests

API = "/api/2.0/mlflow/"
ARTIFACTS = "/api/2.0/mlflow-artifacts/artifacts"


def unique(prefix: str) -> str:
    """A name no other test uses: servers are shared by the whole session."""
    return f"{prefix}-{uuid.uuid4().hex[:12]}"


def now_ms() -> int:
    return int(time.time() * 1000)


def encode_page_token(value: dict) -> str:
    """A page token that a test makes up."""
    return base64.b64encode(json.dumps(value).encode()).decode()


class Api:
    """Raw requests to one server: what a client sends when it is not MLflow's."""

    def __init__(self, base: str):
        self.base = base
        self.session = requests.Session()

    def send(self, method: str, path: str, **kwargs: Any) -> requests.Response:
        """Any request. `path` is absolute, or relative to the 2.0 API."""
        url = self.base + (path if path.startswith("/") else API + path)
        return self.session.request(method, url, timeout=120, **kwargs)

    def get(self, path: str, **params: Any) -> dict:
        return self.ok(self.send("GET", path, params=params))

    def post(self, path: str, body: Any = None, method: str = "POST") -> dict:
        return self.ok(self.send(method, path, json={} if body is None else body))

    @staticmethod
    def ok(response: requests.Response) -> dict:
        assert response.status_code == 200, f"{response.status_code}: {response.text[:500]}"
        return response.json()

    def refused(
        self,
        path: str,
        body: Any = None,
        *,
        method: str = "POST",
        status: int = 400,
        code: str | None = "INVALID_PARAMETER_VALUE",
        **kwargs: Any,
    ) -> str:
        """Send what must be refused with `status` and `code`; gives the message back."""
        if method != "GET" and not kwargs:
            kwargs["json"] = {} if body is None else body
        return envelope(self.send(method, path, **kwargs), status, code)

    # -- short hands -------------------------------------------------------------

    def create_experiment(self, name: str | None = None) -> str:
        return self.post("experiments/create", {"name": name or unique("exp")})["experiment_id"]

    def create_run(self, experiment_id: str, **fields: Any) -> str:
        body = {"experiment_id": experiment_id, "start_time": now_ms(), **fields}
        return self.post("runs/create", body)["run"]["info"]["run_id"]

    def run(self, run_id: str) -> dict:
        return self.get("runs/get", run_id=run_id)["run"]

    def metric(self, run_id: str, key: str) -> dict:
        """The latest observation of one metric, as it is on the wire."""
        return by_key(self.run(run_id)["data"].get("metrics", []))[key]

    def params(self, run_id: str) -> dict[str, str]:
        rows = self.run(run_id)["data"].get("params", [])
        return {row["key"]: row.get("value", "") for row in rows}

    def tags(self, run_id: str) -> dict[str, str]:
        rows = self.run(run_id)["data"].get("tags", [])
        return {row["key"]: row.get("value", "") for row in rows}

    def log_batch(self, run_id: str, **parts: Any) -> dict:
        return self.post("runs/log-batch", {"run_id": run_id, **parts})

    def history(self, run_id: str, key: str, **params: Any) -> list[dict]:
        page = self.get("metrics/get-history", run_id=run_id, metric_key=key, **params)
        return page.get("metrics", [])


def envelope(response: requests.Response, status: int, code: str | None) -> str:
    """Check that an answer is MLflow's error envelope; gives its message back."""
    assert response.status_code == status, f"{response.status_code}: {response.text[:500]}"
    body = response.json()
    if code is not None:
        assert body["error_code"] == code, body
    assert body["message"]
    return body["message"]


def by_key(rows: list[dict]) -> dict[str, dict]:
    return {row["key"]: row for row in rows}

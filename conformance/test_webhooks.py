"""Webhooks: made by the client, delivered to a receiver of this machine."""

import base64
import hashlib
import hmac
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from support import Api, unique

webhook = pytest.importorskip("mlflow.entities.webhook", reason="clients before 3.3 know no webhooks")

SECRET = "conformance secret"


class Receiver:
    """An HTTP server that keeps what it is sent, and answers with `statuses` in turn, then with 200."""

    def __init__(self):
        self.requests: list[tuple[str, dict, bytes]] = []
        self.statuses: list[int] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.requests.append((self.path, dict(self.headers), body))
                self.send_response(receiver.statuses.pop(0) if receiver.statuses else 200)
                self.send_header("Content-Length", "6")
                self.end_headers()
                self.wfile.write(b"thanks")

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def at(self, path: str) -> list[tuple[dict, dict]]:
        """Headers, in lower case, and payload of all that came to a path."""
        return [
            ({k.lower(): v for k, v in headers.items()}, json.loads(body))
            for p, headers, body in self.requests
            if p == path
        ]

    def wait(self, path: str, count: int, timeout: float = 20) -> list[tuple[dict, dict]]:
        deadline = time.time() + timeout
        while len(self.at(path)) < count and time.time() < deadline:
            time.sleep(0.05)
        assert len(self.at(path)) >= count, f"{self.at(path)} instead of {count}"
        return self.at(path)


@pytest.fixture(scope="module")
def receiver():
    receiver = Receiver()
    yield receiver
    receiver.server.shutdown()


@pytest.fixture
def hook(client: MlflowClient, receiver: Receiver):
    """Makes webhooks with a receiver's path each, and deletes them after the test."""
    made = []

    def make(events, **fields):
        path = "/" + unique("hook")
        made.append(client.create_webhook(name="hook", url=receiver.url + path, events=events, **fields))
        return made[-1], path

    yield make
    for one in made:
        try:
            client.delete_webhook(one.webhook_id)
        except MlflowException:
            pass


def verify(receiver: Receiver, path: str) -> None:
    """Every delivery to a path carries the signature of its body."""
    for p, headers, body in receiver.requests:
        if p != path:
            continue
        lower = {k.lower(): v for k, v in headers.items()}
        signed = f"{lower['x-mlflow-delivery-id']}.{lower['x-mlflow-timestamp']}.".encode() + body
        digest = hmac.new(SECRET.encode(), signed, hashlib.sha256).digest()
        assert lower["x-mlflow-signature"] == "v1," + base64.b64encode(digest).decode()


def test_a_webhook_is_made_read_changed_and_deleted(client: MlflowClient, hook):
    made, _ = hook(["registered_model.created", "model_version.created"], description="d", secret=SECRET)
    read = client.get_webhook(made.webhook_id)
    assert (read.name, read.description, read.status, read.secret) == ("hook", "d", "ACTIVE", None)
    assert {str(e) for e in read.events} == {"registered_model.created", "model_version.created"}
    assert made.webhook_id in {w.webhook_id for w in client.list_webhooks(max_results=1000)}
    changed = client.update_webhook(made.webhook_id, name="other", events=["prompt.created"], status="DISABLED")
    assert (changed.name, [str(e) for e in changed.events], changed.status) == ("other", ["prompt.created"], "DISABLED")
    client.delete_webhook(made.webhook_id)
    with pytest.raises(MlflowException, match=f"Webhook with ID {made.webhook_id} not found"):
        client.get_webhook(made.webhook_id)


def test_webhooks_are_listed_in_pages(client: MlflowClient, hook):
    made = {hook(["prompt.created"])[0].webhook_id for _ in range(3)}
    found: list[str] = []
    token = None
    while token != "":
        page = client.list_webhooks(max_results=2, page_token=token)
        assert len(page) <= 2
        found += [w.webhook_id for w in page]
        token = page.token or ""
    assert made <= set(found)
    assert len(found) == len(set(found))


def test_a_test_delivery_is_signed(client: MlflowClient, hook, receiver: Receiver):
    made, path = hook(["model_version.created"], secret=SECRET)
    result = client.test_webhook(made.webhook_id)
    assert (result.success, result.response_status, result.response_body) == (True, 200, "thanks")
    client.test_webhook(made.webhook_id, event="prompt_alias.deleted")
    sent = [payload for _, payload in receiver.at(path)]
    assert [(p["entity"], p["action"]) for p in sent] == [("model_version", "created"), ("prompt_alias", "deleted")]
    assert {"name", "version", "source", "run_id", "tags", "description"} == set(sent[0]["data"])
    verify(receiver, path)


def test_a_test_delivery_tells_of_failures(client: MlflowClient, hook, receiver: Receiver):
    made, _ = hook(["model_version.created"])
    receiver.statuses = [404]
    result = client.test_webhook(made.webhook_id)
    assert (result.success, result.response_status, result.response_body) == (False, 404, "thanks")


def test_events_of_the_registry_arrive(client: MlflowClient, hook, receiver: Receiver, run_id: str):
    events = [
        "registered_model.created",
        "model_version.created",
        "model_version_tag.set",
        "model_version_tag.deleted",
        "model_version_alias.created",
        "model_version_alias.deleted",
    ]
    _, path = hook(events, secret=SECRET)
    name = unique("model")
    client.create_registered_model(name, tags={"a": "b"}, description="d")
    artifact = client.get_run(run_id).info.artifact_uri
    client.create_model_version(name, f"{artifact}/model", run_id, tags={"c": "d"}, description="e")
    client.set_model_version_tag(name, "1", "k", "v")
    client.delete_model_version_tag(name, "1", "k")
    client.set_registered_model_alias(name, "champion", "1")
    client.delete_registered_model_alias(name, "champion")
    payloads = [payload for _, payload in receiver.wait(path, 6)]
    got = {f"{p['entity']}.{p['action']}": p["data"] for p in payloads}
    assert set(got) == set(events)
    assert got["registered_model.created"] == {"name": name, "tags": {"a": "b"}, "description": "d"}
    assert got["model_version.created"] == {
        "name": name,
        "version": "1",
        "source": f"{artifact}/model",
        "run_id": run_id,
        "tags": {"c": "d"},
        "description": "e",
    }
    assert got["model_version_tag.set"] == {"name": name, "version": "1", "key": "k", "value": "v"}
    assert got["model_version_tag.deleted"] == {"name": name, "version": "1", "key": "k"}
    assert got["model_version_alias.created"] == {"name": name, "alias": "champion", "version": "1"}
    assert got["model_version_alias.deleted"] == {"name": name, "alias": "champion"}
    verify(receiver, path)


def test_events_of_prompts_arrive(client: MlflowClient, hook, receiver: Receiver):
    events = ["prompt.created", "prompt_version.created", "prompt_tag.set", "prompt_alias.created"]
    _, path = hook(events)
    _, models = hook(["registered_model.created", "model_version.created", "model_version_alias.created"])
    name = unique("prompt")
    client.register_prompt(name=name, template="Hello {{name}}", commit_message="first", tags={"a": "b"})
    client.set_prompt_tag(name, "k", "v")
    client.set_prompt_alias(name, alias="prod", version=1)
    client.create_registered_model(unique("model"))
    receiver.wait(models, 1)
    # The client sets tags of its own, too.
    deadline = time.time() + 20
    while time.time() < deadline:
        payloads = [payload for _, payload in receiver.at(path)]
        got = {(f"{p['entity']}.{p['action']}", p["data"].get("key")): p["data"] for p in payloads}
        if {event for event, _ in got} == set(events) and ("prompt_tag.set", "k") in got:
            break
        time.sleep(0.05)
    assert got[("prompt.created", None)]["name"] == name
    version = got[("prompt_version.created", None)]
    assert (version["name"], version["version"], version["template"]) == (name, "1", "Hello {{name}}")
    assert got[("prompt_tag.set", "k")] == {"name": name, "key": "k", "value": "v"}
    assert got[("prompt_alias.created", None)] == {"name": name, "alias": "prod", "version": "1"}
    assert [p["entity"] for _, p in receiver.at(models)] == ["registered_model"]


def test_a_failed_delivery_is_made_again_under_its_id(client: MlflowClient, hook, receiver: Receiver):
    _, path = hook(["registered_model.created"], secret=SECRET)
    receiver.statuses = [503, 500]
    client.create_registered_model(unique("model"))
    attempts = receiver.wait(path, 3)
    assert len({headers["x-mlflow-delivery-id"] for headers, _ in attempts}) == 1
    verify(receiver, path)


@pytest.mark.ours_only
def test_runs_tell_of_their_lives(client: MlflowClient, api: Api, experiment: str, receiver: Receiver):
    path = "/" + unique("hook")
    events = [{"entity": "RUN", "action": a} for a in ("STARTED", "FINISHED", "FAILED")]
    body = {"name": "runs", "url": receiver.url + path, "events": events, "secret": SECRET}
    made = api.post("webhooks", body)["webhook"]
    try:
        ids = [client.create_run(experiment).info.run_id for _ in range(3)]
        for run, status in zip(ids, ("FINISHED", "FAILED", "KILLED")):
            client.set_terminated(run, status)
        payloads = [payload for _, payload in receiver.wait(path, 6)]
        told = {(p["data"]["run_id"], p["action"], p["data"]["status"]) for p in payloads}
        assert told == {(run, "started", "RUNNING") for run in ids} | {
            (ids[0], "finished", "FINISHED"),
            (ids[1], "failed", "FAILED"),
            (ids[2], "failed", "KILLED"),
        }
        verify(receiver, path)
        # The client knows no such events, and lists webhooks all the same.
        assert made["webhook_id"] not in {w.webhook_id for w in client.list_webhooks(max_results=1000)}
        with pytest.raises(MlflowException, match="events of runs alone"):
            client.get_webhook(made["webhook_id"])
        assert made["webhook_id"] in {w["webhook_id"] for w in api.get("webhooks", max_results=1000)["webhooks"]}
    finally:
        api.post(f"webhooks/{made['webhook_id']}", method="DELETE")

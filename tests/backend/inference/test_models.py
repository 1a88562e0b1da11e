"""The list of models, with and without an engine."""

from typing import Any

import pytest
from django.test import Client

from backend.inference import gateway
from ml.registry import of_kind
from tests.backend.builders import make_user

pytestmark = [pytest.mark.django_db, pytest.mark.database]


@pytest.fixture
def listed(client: Client) -> Any:
    client.force_login(make_user())
    return lambda: {model["name"]: model for model in client.get("/api/v1/models").json()}


def test_without_an_engine_every_model_is_listed_and_says_why_it_cannot_be_used(
    listed: Any, settings: Any, tmp_path: Any
) -> None:
    settings.GRATICULE_ENGINE = str(tmp_path / "nobody.sock")
    models = listed()
    assert set(models) == set(of_kind("segmenter"))  # what follows objects is no model to segment with
    assert not any(model["available"] for model in models.values())
    assert all("does not answer" in model["reason"] for model in models.values())


def test_a_model_without_weights_is_listed_with_the_remedy(listed: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    async def usual_weights() -> dict[str, Any]:
        return {"efficient_sam_s": {"reason": "Pull its weights.", "file": None}}

    monkeypatch.setattr(gateway, "usual_weights", usual_weights)
    models = listed()
    assert (models["efficient_sam_s"]["available"], models["efficient_sam_s"]["reason"]) == (False, "Pull its weights.")
    assert models["threshold"]["available"]
    assert models["efficient_sam_ti"]["promptable"]
    parameters = {parameter["name"]: parameter for parameter in models["threshold"]["parameters"]}
    assert parameters["polarity"]["choices"] == ["auto", "dark", "bright"]
    assert parameters["sigma_px"]["default"] is None

"""What the screenshots show: the demo annotated and tracked, models trained and compared, people, more series."""

import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tifffile

from ml.synthetic import synthesise
from tests.infrastructure.app import App
from tests.infrastructure.person import Person

FRAME = 12  # where the annotator is shown
COMPARED = [4, 16, 28, 40, 52]
COLLEAGUES = (("Ada", "Lovelace", "manager"), ("Rosalind", "Franklin", "annotator"), ("Marie", "Curie", "reviewer"))
OTHERS = (("Pt on alumina, 700 °C", "sintering", 24, 3), ("Au on carbon, dark field", "haadf", 12, 5))


@dataclass(frozen=True)
class Showcase:
    person: Person
    password: str
    project: str
    series: str
    training: str
    comparison: str


def prepare(app: App, folder: Path) -> Showcase:
    """Through the interface that scripts have. Takes some minutes on two cores."""
    password = (app.data / "demo-login.txt").read_text().strip()
    person = Person.signed_in(app.url, "demo", password)
    project = person.get("/projects")[0]["id"]
    series = person.get(f"/projects/{project}/series")[0]["id"]
    people(app, person, project)
    more(person, folder)
    annotated(person, series)
    training = person.post(f"/projects/{project}/trainings", fitting(series))
    person.finished(training)
    network = person.post(f"/projects/{project}/trainings", learning(series))
    person.finished(network)
    version = person.get(f"/jobs/{network['id']}")["result"].get("version")
    models: list[dict[str, Any]] = [{"model": "efficient_sam_ti"}, {"model": "threshold"}]
    if version is not None:
        models.append({"model": "swin_unet", "version": version})
    comparison = person.post(
        f"/projects/{project}/comparisons",
        {"series": series, "frames": COMPARED, "models": models, "controls": False},
    )
    person.finished(comparison)
    export = person.post(f"/series/{series}/exports", {"version": None, "formats": ["coco", "labels"]})
    person.finished(export)
    return Showcase(person, password, project, series, network["id"], comparison["id"])


def people(app: App, person: Person, project: str) -> None:
    for first, last, role in COLLEAGUES:
        username = first.lower()
        app.add_person(username)
        named = f"User.objects.filter(username={username!r}).update(first_name={first!r}, last_name={last!r})"
        app.manage("shell", "-c", f"from backend.projects.models import User; {named}")
        person.post(f"/projects/{project}/members", {"username": username, "role": role})


def more(person: Person, folder: Path) -> None:
    """A second project, and a second series beside the demo's."""
    other = person.post("/projects", {"name": "Catalysts 2026", "description": "In-situ heating, three supports."})
    for name, preset, frames, seed in OTHERS:
        made = synthesise(seed=seed, frames=frames, size=256, preset=preset)
        file = folder / f"{seed}.tif"
        tifffile.imwrite(file, made.images, photometric="minisblack")
        imported = person.import_series(other["id"], name, [file])
        if preset == "haadf":
            body = {"model": "threshold", "frames": {"from": 0, "to": frames - 1, "step": 2}}
            person.finished(person.post(f"/series/{imported}/segmentations", body))


def annotated(person: Person, series: str) -> None:
    """The objects of the first frame, tracked to the end; the first two thirds are accepted, the rest waits."""
    frames = person.get(f"/series/{series}")["frames"]
    everything = {"min_score": 0}
    model = {"model": "threshold", "version": None}
    person.call("PUT", f"/series/{series}/model", json=model)
    first = {**model, "frames": {"from": 0, "to": 0, "step": 1}}
    person.finished(person.post(f"/series/{series}/segmentations", first))
    person.post(f"/series/{series}/proposals/accept", everything)
    way = {"model": "threshold", "tracker": "overlap", "frames": {"start": 0, "end": frames - 1}}
    person.finished(person.post(f"/series/{series}/trackings", way))
    person.post(f"/series/{series}/proposals/accept", everything | {"frames": {"from": 0, "to": 2 * frames // 3}})
    calibration = {"pixel_size": 0.3, "unit": "nm", "frame_interval_s": 0.5, "source_note": "camera's log"}
    person.post(f"/series/{series}/calibration", calibration | {"request_id": str(uuid.uuid4())})


def fitting(series: str) -> dict[str, Any]:
    return {
        **{"model": "threshold", "name": "Fitted to the demo", "series": [{"id": series}]},
        **{"split": {"by": "blocks", "block": 4}, "time_budget_s": 15},
    }


def learning(series: str) -> dict[str, Any]:
    return {
        **{"model": "swin_unet", "name": "Swin-Unet, one minute", "series": [{"id": series}]},
        **{"split": {"by": "blocks", "block": 4}, "time_budget_s": 60},
    }

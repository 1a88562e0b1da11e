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
COMPARED = [4, 12, 20, 28, 36]  # accepted ones
COLLEAGUES = (("Ada", "Lovelace", "manager"), ("Rosalind", "Franklin", "annotator"), ("Marie", "Curie", "reviewer"))
# Of the demo's project, and of a second one: name, preset, frames, seed.
BESIDE = (("Ripening at 650 °C", "ripening", 16, 11), ("Ag core, oxide shell", "core_shell", 8, 12))
OTHERS = (("Pt on alumina, 700 °C", "sintering", 24, 3), ("Au on carbon, dark field", "haadf", 12, 5))


@dataclass(frozen=True)
class Showcase:
    person: Person
    password: str
    project: str
    series: str
    training: str
    comparison: str
    merged: tuple[int, int]  # frame and number of a track that others became


def prepare(app: App, folder: Path) -> Showcase:
    """Through the interface that scripts have. Takes some minutes on two cores."""
    password = (app.data / "demo-login.txt").read_text().strip()
    person = Person.signed_in(app.url, "demo", password)
    project = person.get("/projects")[0]["id"]
    series = person.get(f"/projects/{project}/series")[0]["id"]
    people(app, person, project)
    small, _ = imported(person, project, BESIDE, folder)
    other = person.post("/projects", {"name": "Catalysts 2026", "description": "In-situ heating, two supports."})
    *_, bright = imported(person, other["id"], OTHERS, folder)
    body = {"model": "threshold", "frames": {"from": 0, "to": 10, "step": 2}}
    person.finished(person.post(f"/series/{bright}/segmentations", body))
    found(person, small)
    annotated(person, series)
    phased(person, project, series)
    fitted = person.post(f"/projects/{project}/trainings", fitting(series))
    version = person.finished(fitted)["result"]["version"]
    training = person.post(f"/projects/{project}/trainings", learning(small))
    person.finished(training)
    models: list[dict[str, Any]] = [
        {"model": "efficient_sam_ti"},
        {"model": "threshold"},
        {"model": "threshold", "version": version},
    ]
    body = {"series": series, "frames": COMPARED, "models": models, "controls": False}
    comparison = person.post(f"/projects/{project}/comparisons", body)
    person.finished(comparison)
    export = person.post(f"/series/{series}/exports", {"version": None, "formats": ["coco", "labels"]})
    person.finished(export)
    return Showcase(person, password, project, series, training["id"], comparison["id"], merged(person, series))


def people(app: App, person: Person, project: str) -> None:
    for first, last, role in COLLEAGUES:
        username = first.lower()
        app.add_person(username)
        named = f"User.objects.filter(username={username!r}).update(first_name={first!r}, last_name={last!r})"
        app.manage("shell", "-c", f"from backend.projects.models import User; {named}")
        person.post(f"/projects/{project}/members", {"username": username, "role": role})


def imported(person: Person, project: str, kinds: tuple[tuple[str, str, int, int], ...], folder: Path) -> list[str]:
    """Synthetic series of other kinds."""
    found = []
    for name, preset, frames, seed in kinds:
        file = folder / f"{seed}.tif"
        tifffile.imwrite(
            file, synthesise(seed=seed, frames=frames, size=256, preset=preset).images, photometric="minisblack"
        )
        found.append(person.import_series(project, name, [file]))
    return found


def found(person: Person, series: str) -> None:
    """What the threshold finds on every frame, accepted."""
    frames = {"from": 0, "to": person.get(f"/series/{series}")["frames"] - 1, "step": 1}
    person.finished(person.post(f"/series/{series}/segmentations", {"model": "threshold", "frames": frames}))
    person.post(f"/series/{series}/proposals/accept", {"min_score": 0})


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


def phased(person: Person, project: str, series: str) -> None:
    """Most tracks are particles, some contamination."""
    phases = {phase["name"]: phase["id"] for phase in person.get(f"/projects/{project}")["phases"]}
    tracks = person.get(f"/series/{series}/state?frame=0")["tracks"]
    names = ["Contamination" if index % 9 == 8 else "Particle" for index in range(len(tracks))]
    operations = [
        {"op": "track.set", "track": track["track"], "phase": phases[name], "name": ""}
        for track, name in zip(tracks, names, strict=True)
    ]
    base = [{"track": track["track"], "frame": None, "revision": track["revision"]} for track in tracks]
    body = {"request_id": str(uuid.uuid4()), "reason": "Give phases", "base": base, "operations": operations}
    person.post(f"/series/{series}/changesets", body)


def merged(person: Person, series: str) -> tuple[int, int]:
    state = person.get(f"/series/{series}/state?frame={FRAME}")
    numbers = {track["track"]: track["number"] for track in state["tracks"]}
    merges = [each for each in state["events"] if each["what"] == "merge" and set(each["children"]) <= set(numbers)]
    last = max(merges, key=lambda each: (len(each["parents"]), each["last_frame"]))
    return last["last_frame"], numbers[last["children"][0]]


def fitting(series: str) -> dict[str, Any]:
    return {
        **{"model": "threshold", "name": "Fitted to the demo", "series": [{"id": series}]},
        **{"split": {"by": "blocks", "block": 4}, "time_budget_s": 15},
    }


def learning(series: str) -> dict[str, Any]:
    """A small network on small frames: its curves have some epochs after a minute and a half."""
    return {
        **{"model": "swin_unet", "name": "Swin-Unet, first try", "series": [{"id": series}]},
        **{"split": {"by": "blocks", "block": 4}, "time_budget_s": 90},
    }

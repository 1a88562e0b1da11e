"""Series and their pixels over REST."""

from io import BytesIO

import numpy as np
import pytest
from django.test import Client
from numcodecs import Zstd
from PIL import Image

from backend.projects.models import Project
from backend.series import display
from backend.series.models import Series
from tests.backend.builders import make_project
from tests.backend.series.files import imported, owner, ramp, tiff, upload

pytestmark = pytest.mark.django_db


@pytest.fixture
def project(client: Client) -> Project:
    made = make_project()
    client.force_login(owner(made))
    return made


def address(series: Series, rest: str) -> str:
    return f"/api/v1/series/{series.pk}/{rest}"


def test_a_series_shows_what_the_browser_needs(client: Client, project: Project) -> None:
    series = imported(project, ramp(dtype="uint16"))
    shown = client.get(f"/api/v1/series/{series.pk}").json()
    assert client.get(f"/api/v1/projects/{project.pk}/series").json() == [shown]
    assert shown["pixels"] == {
        "levels": [{"height": 20, "width": 30, "chunk": [20, 30], "scale": 1}],
        "dtype": "uint16",
        "channels": 1,
        "compressor": "zstd",
        "store": series.pixels_id,
    }
    assert (shown["frames"], shown["height"], shown["width"], shown["channels"], shown["dtype"]) == (
        *(3, 20, 30, 1),
        "uint16",
    )
    low, high = shown["input_range"]
    assert low < high
    assert shown["calibration"] == {
        "pixel_size": None,
        "unit": "px",
        "frame_interval_s": None,
        "source": "",
        "revision": None,
    }
    assert (shown["version"], shown["annotated_frames"], shown["project"]) == (0, 0, str(project.pk))


def test_an_import_is_asked_for_over_rest(client: Client, project: Project) -> None:
    row = upload(project, tiff(ramp()))
    answer = client.post(
        f"/api/v1/projects/{project.pk}/imports",
        {"name": "Heating", "uploads": [str(row.pk)]},
        content_type="application/json",
    )
    assert (answer.status_code, answer.json()["kind"], answer.json()["state"]) == (201, "import", "queued")
    none = client.post(
        f"/api/v1/projects/{project.pk}/imports", {"name": "H", "uploads": []}, content_type="application/json"
    )
    assert (none.status_code, list(none.json()["fields"])) == (400, ["uploads"])


def test_a_series_is_renamed_and_deleted(client: Client, project: Project) -> None:
    series = imported(project)
    url = f"/api/v1/series/{series.pk}"
    assert client.patch(url, {"name": "Cooling"}, content_type="application/json").json()["name"] == "Cooling"
    assert (client.delete(url).status_code, client.delete(url).json()["code"]) == (409, "not_archived")
    assert client.post(f"{url}/archive").status_code == 200
    assert client.delete(url).status_code == 204
    assert client.get(url).status_code == 404


# ---- pixels -------------------------------------------------------------------------------------------------


def test_a_chunk_decodes_to_the_frame(client: Client, project: Project) -> None:
    images = ramp(dtype="float32")
    series = imported(project, images)
    answer = client.get(address(series, f"pixels/{series.pixels_id}/0/2/0/0"))
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["Cache-Control"] == "private, max-age=31536000, immutable"
    decoded = np.frombuffer(Zstd().decode(answer.content), "<f4").reshape(20, 30)
    np.testing.assert_array_equal(decoded, images[2])


def test_tiles_and_levels_of_a_large_frame_are_reached(client: Client, project: Project) -> None:
    images = ramp(frames=1, height=1030, width=1040)
    series = imported(project, images)
    edge = client.get(address(series, f"pixels/{series.pixels_id}/0/0/1/1"))
    tile = np.frombuffer(Zstd().decode(edge.content), "u1").reshape(1024, 1024)
    np.testing.assert_array_equal(tile[:6, :16], images[0, 1024:, 1024:])
    half = client.get(address(series, f"pixels/{series.pixels_id}/1/0/0/0"))
    assert len(Zstd().decode(half.content)) == 515 * 520


def test_an_unchanged_chunk_is_not_sent_again(client: Client, project: Project) -> None:
    series = imported(project)
    url = address(series, f"pixels/{series.pixels_id}/0/0/0/0")
    etag = client.get(url)["ETag"]
    again = client.get(url, HTTP_IF_NONE_MATCH=etag)
    assert (again.status_code, again.content) == (304, b"")
    assert client.get(address(series, f"pixels/{series.pixels_id}/0/1/0/0"))["ETag"] != etag


@pytest.mark.parametrize(
    "place", ["0/3/0/0", "1/0/0/0", "0/0/1/0", "0/0/0/1", "0/-1/0/0", "0/0/0/%2e%2e", "0/99999999999999999999/0/0"]
)
def test_a_chunk_outside_the_series_is_not_found(client: Client, project: Project, place: str) -> None:
    series = imported(project)
    assert client.get(address(series, f"pixels/{series.pixels_id}/{place}")).status_code == 404


def test_what_is_not_sent_again_is_not_made_again(
    client: Client, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    series = imported(project)
    urls = [address(series, f"pixels/{series.pixels_id}/0/0/0/0"), address(series, "thumbnail?frame=1")]
    etags = [client.get(url)["ETag"] for url in urls]
    for name in ("read_chunk", "thumbnail_png"):
        monkeypatch.setattr(display, name, lambda *_, **__: pytest.fail("made again"))
    for url, etag in zip(urls, etags, strict=True):
        assert client.get(url, HTTP_IF_NONE_MATCH=etag).status_code == 304


@pytest.mark.parametrize("store", ["..", "%2e%2e%2f%2e%2e", "0" * 64, "."])
def test_no_other_store_is_reached_through_a_series(client: Client, project: Project, store: str) -> None:
    series = imported(project)
    other = imported(make_project(), ramp(seed=99))
    for name in (store, other.pixels_id):
        assert client.get(address(series, f"pixels/{name}/0/0/0/0")).status_code == 404


# ---- thumbnail and histogram --------------------------------------------------------------------------------


def test_the_thumbnail_is_small_and_in_the_input_range(client: Client, project: Project) -> None:
    images = np.full((2, 600, 300), 1000, np.uint16)
    images[:, :300] = 3000
    images[1] = 4000 - images[1]
    series = imported(project, images)
    picture = Image.open(BytesIO(client.get(address(series, "thumbnail?frame=1")).content))
    assert picture.format == "PNG"
    assert picture.size == (128, 256)
    shown = np.asarray(picture)
    assert (shown[:120] == 0).all()
    assert (shown[136:] == 255).all()


def test_a_colour_thumbnail_is_in_colour(client: Client, project: Project) -> None:
    images = np.zeros((1, 40, 40, 3), np.uint8)
    images[0, :20] = (255, 0, 0)
    images[0, 20:] = (0, 255, 0)
    picture = np.asarray(Image.open(BytesIO(client.get(address(imported(project, images), "thumbnail")).content)))
    assert picture[5, 5].tolist() == [255, 0, 0]
    assert picture[35, 5].tolist() == [0, 255, 0]


def test_the_histogram_counts_every_pixel(client: Client, project: Project) -> None:
    images = np.zeros((1, 100, 100), np.uint16)
    images[0, :50] = 2550
    images[0, 0, 0] = 5100
    answer = client.get(address(imported(project, images), "histogram?frame=0")).json()
    assert (answer["min"], answer["max"], answer["low"], answer["high"]) == (0.0, 5100.0, 0.0, 2550.0)
    assert len(answer["counts"]) == 256
    assert {index: count for index, count in enumerate(answer["counts"]) if count} == {0: 5000, 128: 4999, 255: 1}


def test_the_histogram_of_a_large_frame_is_of_a_coarser_level(
    client: Client, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = np.zeros((1, 1030, 1040), np.uint8)
    images[0, 0, 0] = 200
    url = address(imported(project, images), "histogram")
    full, half, quarter = 1030 * 1040, 515 * 520, 258 * 260
    for limit, values, greatest in ((full, full, 200), (full - 1, half, 50), (half - 1, quarter, 12), (9, quarter, 12)):
        monkeypatch.setattr(display, "HISTOGRAM_PX", limit)
        answer = client.get(url).json()
        assert (sum(answer["counts"]), answer["max"]) == (values, greatest)


def test_a_flat_frame_has_one_bin(client: Client, project: Project) -> None:
    images = np.full((1, 10, 10), 7, np.float32)
    answer = client.get(address(imported(project, images), "histogram")).json()
    assert (answer["counts"][0], sum(answer["counts"]), answer["min"], answer["max"]) == (100, 100, 7.0, 7.0)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_a_frame_is_a_png_of_full_size_in_the_input_range(client: Client, project: Project, dtype: str) -> None:
    images = ramp(height=1100, width=40, dtype=dtype)  # more rows than are converted at once
    series = imported(project, images)
    answer = client.get(address(series, "frames/2.png"))
    assert (answer["Content-Type"], answer["Cache-Control"]) == ("image/png", "private, max-age=31536000, immutable")
    picture = np.asarray(Image.open(BytesIO(answer.content)))
    assert (picture.shape, picture.dtype) == ((1100, 40), np.uint8)
    low, high = series.pixels.input_low, series.pixels.input_high
    expected = np.clip((images[2].astype(np.float64) - low) / (high - low), 0, 1) * 255
    assert np.abs(picture - expected).max() <= 1
    same = client.get(address(series, "frames/2.png"), headers={"If-None-Match": answer["ETag"]})
    assert (same.status_code, same.content) == (304, b"")
    assert client.get(address(series, "frames/3.png")).status_code == 404


def test_a_frame_in_colour_is_a_png_in_colour(client: Client, project: Project) -> None:
    images = np.zeros((1, 20, 30, 3), np.uint8)
    images[..., 0], images[:, :10, :, 1] = 200, 255
    picture = np.asarray(Image.open(BytesIO(client.get(address(imported(project, images), "frames/0.png")).content)))
    assert picture.shape == (20, 30, 3)
    assert picture[5, 5, 1] > picture[5, 5, 2]


@pytest.mark.parametrize("what", ["thumbnail", "histogram"])
def test_a_frame_outside_the_series_is_refused(client: Client, project: Project, what: str) -> None:
    series = imported(project)
    assert client.get(address(series, f"{what}?frame=3")).status_code == 404
    assert client.get(address(series, f"{what}?frame=-1")).status_code == 400

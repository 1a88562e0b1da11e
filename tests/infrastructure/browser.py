"""A Chromium that draws WebGL2 without a GPU and asks nothing of the network."""

import os
import shutil

from playwright.sync_api import Browser, Playwright

# SwiftShader draws WebGL2 in software. Root may not use Chromium's sandbox.
OPTIONS = (
    "--no-sandbox",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


def executable() -> str:
    """The installed Chromium, or the one that CHROMIUM names."""
    path = shutil.which(os.environ.get("CHROMIUM", "chromium"))
    if path is None:
        raise RuntimeError("Chromium is not installed: run .ci/system-packages, or name one with CHROMIUM.")
    return path


def chromium(playwright: Playwright) -> Browser:
    return playwright.chromium.launch(executable_path=executable(), args=list(OPTIONS))

"""Which images there are, on what each stands, and which locked wheels it takes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
"""The repository."""

VERSION = "0.1.0"

OWNER_LABEL = "carrel.image"
"""On every image that the build made, so that `make clean` removes those and no others."""

RECIPE_LABEL = "carrel.recipe"
"""The digest of everything that went into an image; the build is skipped while it stands."""


@dataclass(frozen=True)
class Image:
    """One image, built from ``images/<name>/Dockerfile``."""

    name: str
    requirements: str | None
    """``requirements/<this>.txt``."""
    parent: str = "base"
    packages: tuple[str, ...] = ()
    """Which of Carrel's own packages it holds: no more than it runs."""
    node_modules: bool = False
    labextension: bool = False
    """Whether it takes the desk's JupyterLab extension."""

    @property
    def tag(self) -> str:
        """What the image is called in the engine."""
        return f"carrel/{self.name}:{VERSION}"

    @property
    def folder(self) -> Path:
        """Where its Dockerfile is."""
        return ROOT / "images" / self.name


HUB_PACKAGES = ("export_guard", "hub_config", "kernels", "locales", "provisioning", "templates_nb")
ENGINE_PACKAGES = ("kernels", "locales", "templates_nb")

BASE = Image("base", None, parent="")

IMAGES = (
    Image("proxy", "proxy", node_modules=True),
    Image("hub", "hub", packages=HUB_PACKAGES),
    Image("desk", "desk", packages=("export_guard", "kernels", "locales"), labextension=True),
    Image("engine-base", "engine", packages=ENGINE_PACKAGES),
    Image("engine-stats", "stats", parent="engine-base", packages=ENGINE_PACKAGES),
)


def by_name(name: str) -> Image:
    """The image called ``name``; `KeyError` if there is none."""
    return {image.name: image for image in (BASE, *IMAGES)}[name]

"""What is sent to the engine, and what a failing build says and leaves behind."""

from __future__ import annotations

from pathlib import Path

import pytest

from images import build
from images.console import Stop


def sent(repository, name: str) -> dict[str, str]:
    """What the engine was sent to build an image."""
    folder = repository.image(name) / "sent"
    return {str(file.relative_to(folder)): file.read_text() for file in folder.rglob("*") if file.is_file()}


def words(repository, name: str) -> list[str]:
    return (repository.image(name) / "words").read_text().splitlines()


def broken_docker(repository, line: str) -> None:
    """A build that fails with ``line`` as the last of many."""
    docker = repository.programs.path / "docker"
    steps = "for n in 1 2 3 4 5 6 7 8 9 10 11 12 13; do echo Step $n; done"
    fails = f'"build --tag")\n{steps}\necho "{line}"\nexit 1 ;;\nnever)'
    docker.write_text(docker.read_text().replace('"build --tag")', fails))


def test_an_image_is_sent_its_own_parts_and_nothing_else(repository):
    repository.write("kernels/__pycache__/main.cpython-311.pyc", "stale")
    repository.write("images/hub/rootfs/opt/carrel", "exec carrel")
    repository.build("hub")
    files = sent(repository, "hub")
    packages = ("export_guard", "hub_config", "kernels", "locales", "provisioning", "templates_nb")
    assert set(files) == {
        "Dockerfile",
        "requirements.txt",
        "rootfs/opt/carrel",
        "wheels/hub-lib-1.0-py3-none-any.whl",
        "wheels/pip.whl",
        *(f"carrel/{package}/{file}" for package in packages for file in ("__init__.py", "main.py")),
        "carrel/carrel-0.1.0.dist-info/METADATA",
        "carrel/carrel-0.1.0.dist-info/entry_points.txt",
    }


def test_the_wheels_part_comes_before_the_images_own_dockerfile(repository):
    repository.build("desk")
    lines = sent(repository, "desk")["Dockerfile"].splitlines()
    assert lines.index("FROM $BASE AS wheels") < lines.index("FROM $PARENT")
    assert sent(repository, "base")["Dockerfile"] == "ARG PARENT\nFROM $PARENT\nCOPY base\n"


def test_the_proxy_is_sent_the_npm_packages(repository):
    repository.build("proxy")
    assert sent(repository, "proxy")["node_modules/proxy.js"] == "serve()"


def test_the_desk_is_sent_its_jupyterlab_extension_and_no_other_image_is(repository):
    repository.build()
    assert sent(repository, "desk")["labextensions/desk/package.json"] == "{}"
    for name in ("hub", "proxy", "engine-base", "engine-stats"):
        assert not [path for path in sent(repository, name) if path.startswith("labextensions")]


def test_nothing_that_was_sent_is_kept(repository):
    repository.build()
    assert list((repository.var / "context").iterdir()) == []


def test_each_image_stands_on_its_parent_and_only_gets_arguments_that_it_declares(repository, monkeypatch):
    monkeypatch.setenv("CARREL_APT_MIRROR", "http://mirror.hospital/")
    repository.write("images/engine-stats/Dockerfile", "FROM $PARENT\nARG PARENT\nARG APT_MIRROR\n")
    repository.build("engine-stats", "desk")
    stats, desk, base = (words(repository, name) for name in ("engine-stats", "desk", "base"))
    assert "--build-arg=PARENT=carrel/engine-base:0.1.0" in stats
    assert "--build-arg=BASE=carrel/base:0.1.0" in stats
    assert "--build-arg=APT_MIRROR=http://mirror.hospital" in stats
    assert "--build-arg=PARENT=carrel/base:0.1.0" in desk
    assert not [word for word in desk if "APT_MIRROR" in word]
    assert "--build-arg=PARENT=debian:bookworm-slim" in base


def test_the_hosts_proxy_goes_into_the_build_as_an_argument_which_no_image_keeps(repository, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://proxy:3128")
    repository.build("proxy")
    assert "--build-arg=http_proxy=http://proxy:3128" in words(repository, "proxy")
    assert not any("proxy:3128" in content for content in sent(repository, "proxy").values())


def test_a_failing_build_says_which_with_its_end_and_where_all_of_it_is(repository):
    repository.build("base")
    broken_docker(repository, "E: Unable to locate package")
    with pytest.raises(Stop) as caught:
        repository.build("desk")
    lines = str(caught.value).splitlines()
    log = repository.var / "log/build-desk.log"
    assert lines[0].startswith("The image desk could not be built: docker build --tag … ended with 1")
    assert f"(all of it: {log})" in lines[0]
    assert lines[-1] == "E: Unable to locate package"
    assert "Step 1\n" in log.read_text()
    assert "Step 1" not in lines, "a screenful, not all"


def test_a_failing_build_leaves_no_context_and_is_tried_again(repository):
    docker = repository.programs.path / "docker"
    whole = docker.read_text()
    repository.build("base")
    broken_docker(repository, "no")
    with pytest.raises(Stop):
        repository.build("desk")
    assert list((repository.var / "context").iterdir()) == []
    docker.write_text(whole)
    assert repository.build("desk") == ["desk"]


def test_an_unknown_image_is_one_line_with_those_there_are(repository, capsys, monkeypatch):
    monkeypatch.setenv("CARREL_VAR", str(repository.var))
    assert build.main(["nonsense"]) == 1
    said = capsys.readouterr().err
    assert (
        said
        == "[carrel] there is no image 'nonsense'; there are proxy, hub, desk, engine-base, engine-stats\n"
    )
    assert not Path(f"{repository.engine}.calls").exists(), "nothing was built before it was seen"


def test_the_command_says_what_it_built(repository, capsys, monkeypatch):
    monkeypatch.setenv("CARREL_VAR", str(repository.var))
    assert build.main(["desk"]) == 0
    assert "[carrel] built base, desk in " in capsys.readouterr().out
    assert build.main(["desk"]) == 0
    assert "[carrel] built nothing anew in " in capsys.readouterr().out


def test_a_failing_build_ends_the_command_with_one(repository, capsys, monkeypatch):
    monkeypatch.setenv("CARREL_VAR", str(repository.var))
    broken_docker(repository, "no")
    assert build.main(["desk"]) == 1
    assert capsys.readouterr().err.startswith("[carrel] The image base could not be built")

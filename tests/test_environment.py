"""pyproject.toml is the truth; environment.yml and both locks must agree with it."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from rattler import MatchSpec
from rattler.exceptions import InvalidMatchSpecError

ROOT = Path(__file__).parents[1]
CONDA_NAMES = {
    "backports-zstd": "backports.zstd",
    "matplotlib": "matplotlib-base",
    "tzdata": "python-tzdata",
}  # PyPI's name: conda-forge's
PYPI_NAMES = {conda: pypi for pypi, conda in CONDA_NAMES.items()}
ONLY_CONDA = {"pip"}  # named because the `pip:` section needs it
LOCKS = ("requirements.lock", "requirements-dev.lock")
PIN = re.compile(r"^(?P<pin>[^\s;]+==[^\s;]+)(?: ; (?P<marker>[^\\]+?))? \\$")
HASH = re.compile(r"^    --hash=sha256:[0-9a-f]{64}(?: \\)?$")


def read_project() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def wanted_bounds() -> dict[str, str]:
    """What environment.yml must ask for: the base, the explore extra, pytest and Python itself."""
    project = read_project()["project"]
    extras = project["optional-dependencies"]
    lines = [*project["dependencies"], *extras["explore"]]
    lines += [line for line in extras["dev"] if Requirement(line).name == "pytest"]
    bounds = {canonicalize_name(r.name): str(r.specifier) for r in map(Requirement, lines)}
    return bounds | {"python": project["requires-python"]}


def read_environment() -> tuple[dict, list[str], list[str]]:
    document = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    conda = [line for line in document["dependencies"] if isinstance(line, str)]
    (pip_section,) = [line["pip"] for line in document["dependencies"] if isinstance(line, dict)]
    return document, conda, pip_section


def differences(conda: list[str], pip_section: list[str]) -> list[str]:
    """Every way in which the lines of an environment differ from pyproject.toml."""
    said = {}
    found = []
    for line in conda:
        spec = MatchSpec(line, strict=True)
        name = spec.name.normalized
        if name not in ONLY_CONDA:
            said[PYPI_NAMES.get(name, name)] = str(spec.version or "")
    for line in pip_section:
        if line != "-e .":
            requirement = Requirement(line)
            name = canonicalize_name(requirement.name)
            if name in said:
                found.append(f"{name} stands twice")
            said[name] = str(requirement.specifier)
    wanted = wanted_bounds()
    found += [f"{name} is missing" for name in sorted(wanted.keys() - said.keys())]
    found += [f"{name} is not in pyproject.toml" for name in sorted(said.keys() - wanted.keys())]
    found += [
        f"{name}: environment.yml says {said[name]!r}, pyproject.toml {wanted[name]!r}"
        for name in sorted(wanted.keys() & said.keys())
        if said[name] != wanted[name]
    ]
    return found


def read_lock(name: str) -> dict[tuple[str, str], str]:
    """Pins of a lock: (name, marker) → version. Any line that is neither pin nor hash is an error."""
    pins = {}
    hashes = 0
    for number, line in enumerate((ROOT / name).read_text(encoding="utf-8").splitlines(), 1):
        if match := PIN.match(line):
            assert not pins or hashes, f"{name}:{number}: the pin above has no hash"
            package, version = match["pin"].split("==")
            pins[package, (match["marker"] or "").strip()] = version
            hashes = 0
        else:
            assert HASH.match(line), f"{name}:{number}: neither a pin nor a hash: {line!r}"
            hashes += 1
    assert hashes, f"{name}: the last pin has no hash"
    return pins


def test_environment_agrees_with_pyproject():
    _, conda, pip_section = read_environment()
    assert differences(conda, pip_section) == []


def test_environment_installs_this_package_from_conda_forge_alone():
    document, conda, pip_section = read_environment()
    assert document["name"] == read_project()["project"]["name"]
    assert document["channels"] == ["conda-forge"]
    assert "-e ." in pip_section
    assert "pip" in conda


def test_every_conda_line_is_conda_grammar():
    _, conda, _ = read_environment()
    for line in conda:
        MatchSpec(line, strict=True)


@pytest.mark.parametrize("spec", ["pandas>>3", "pandas=>3", "python==3.11=", "Pandas 3", "foo>=1,<"])
def test_conda_grammar_rejects_bad_lines(spec):
    with pytest.raises(InvalidMatchSpecError):
        MatchSpec(spec, strict=True)


def test_a_wrong_environment_is_noticed():
    _, conda, pip_section = read_environment()
    assert "pandas is missing" in differences([c for c in conda if not c.startswith("pandas")], pip_section)
    assert "flask is not in pyproject.toml" in differences([*conda, "flask>=3"], pip_section)
    assert "pandas stands twice" in differences(conda, [*pip_section, "pandas>=3.0"])
    changed = [c.replace("pandas>=3.0", "pandas>=2.0") for c in conda]
    assert changed != conda
    assert differences(changed, pip_section) == ["pandas: environment.yml says '>=2.0', pyproject.toml '>=3.0'"]


@pytest.mark.parametrize("name", LOCKS)
def test_lock_holds_no_address_and_no_option(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    assert "://" not in text
    assert " @ " not in text
    assert not re.search(r"^\s*-(?!-hash=)", text, re.MULTILINE)


@pytest.mark.parametrize("name", LOCKS)
def test_lock_pins_come_from_the_common_index(name):
    """A local version (1.2+cpu) would come from some machine's own index and exist nowhere else."""
    assert [pin for pin, version in read_lock(name).items() if "+" in version] == []


@pytest.mark.parametrize(("name", "extras"), [(LOCKS[0], ["explore"]), (LOCKS[1], ["explore", "dev"])])
def test_lock_satisfies_pyproject(name, extras):
    document = read_project()
    project = document["project"]
    lines = [*project["dependencies"], *document["dependency-groups"]["build"]]
    lines += document["build-system"]["requires"]
    for extra in extras:
        lines += project["optional-dependencies"][extra]
    pins = read_lock(name)
    for requirement in map(Requirement, lines):
        versions = [v for (package, _), v in pins.items() if package == canonicalize_name(requirement.name)]
        assert versions, f"{name} has no {requirement.name}: run `make lock`"
        for version in versions:
            assert version in requirement.specifier, f"{name}: {requirement.name} {version}: run `make lock`"


def test_the_dev_lock_adds_to_the_other_and_changes_nothing():
    base, dev = (read_lock(name) for name in LOCKS)
    # A package that the developer's tools need on more platforms has a wider marker there: compare versions.
    versions = {(package, version) for (package, _), version in base.items()}
    shared = {package for package, _ in base} & {package for package, _ in dev}
    assert {(p, v) for (p, _), v in dev.items() if p in shared} == versions

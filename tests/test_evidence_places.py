"""A name is found in data/incidents of the current folder or one above it."""

import pytest

from postmortem_nb.errors import SourceError
from postmortem_nb.evidence import find_incident, list_incidents, load


@pytest.fixture
def home(tmp_path, monkeypatch):
    for name in ("2024-01-14-web-outage", "2024-02-01-slow"):
        folder = tmp_path / "data" / "incidents" / name
        folder.mkdir(parents=True)
        (folder / "incident.toml").write_text('title = "x"')
    (tmp_path / "data" / "incidents" / "no-facts").mkdir()
    (tmp_path / "notebooks").mkdir()
    monkeypatch.chdir(tmp_path / "notebooks")
    return tmp_path


def test_from_a_folder_below(home):
    found = find_incident("2024-02-01-slow")
    assert found == home / "data" / "incidents" / "2024-02-01-slow"
    assert load("2024-02-01-slow").id == "2024-02-01-slow"


def test_a_path_needs_no_home(home, monkeypatch):
    monkeypatch.chdir("/")
    path = home / "data" / "incidents" / "2024-02-01-slow"
    assert find_incident(str(path)) == find_incident(path) == path
    assert load(path).id == "2024-02-01-slow"


def test_a_start_counts_instead_of_the_current_folder(home, monkeypatch):
    monkeypatch.chdir("/")
    assert find_incident("2024-02-01-slow", start=home / "notebooks").is_dir()


def test_inside_of_data_incidents_itself(home, monkeypatch):
    monkeypatch.chdir(home / "data" / "incidents" / "no-facts")
    assert find_incident("2024-02-01-slow").is_dir()


def test_names_are_listed_in_order(home):
    assert list_incidents() == ["2024-01-14-web-outage", "2024-02-01-slow"]
    assert list_incidents(home / "data" / "incidents") == list_incidents()
    with pytest.raises(SourceError, match=r"There is no folder .*nowhere"):
        list_incidents(home / "nowhere")


def test_a_wrong_name_offers_near_ones_and_says_where_it_looked(home):
    with pytest.raises(SourceError, match=r"no incident '2024-01-14-web' in .*data/incidents\. Did you mean 2024"):
        find_incident("2024-01-14-web")


def test_no_home_at_all(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert list_incidents() == []
    with pytest.raises(SourceError, match=r"data/incidents or in a folder above it\. There are none"):
        find_incident("x")


def test_a_folder_without_facts(home):
    with pytest.raises(SourceError, match=r"no-facts has no incident\.toml\. Write one"):
        find_incident("no-facts")


@pytest.mark.parametrize("name", [7, None, "", 2.5])
def test_a_name_that_is_no_text(name):
    with pytest.raises(SourceError, match="is not the name of an incident"):
        find_incident(name)

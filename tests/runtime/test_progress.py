"""What a step tells `fico build` of its progress."""

import json

from fico_lib.runtime import progress


def test_words_may_change_while_a_step_goes_on(tmp_path, monkeypatch):
    file, seen = tmp_path / "events", []
    monkeypatch.setenv(progress.EVENTS, str(file))
    monkeypatch.setattr(progress.time, "monotonic", iter(range(1, 99)).__next__)
    for item in progress.track("abc", lambda: f"seen {len(seen)}"):
        seen.append(item)
    events = [json.loads(line) for line in file.read_text().splitlines()]
    assert [event["what"] for event in events] == ["seen 1", "seen 2", "seen 3"]
    assert [event["done"] for event in events] == [1, 2, 3]
    assert seen == list("abc")


def test_plain_words_stay(tmp_path, monkeypatch):
    monkeypatch.setenv(progress.EVENTS, str(tmp_path / "events"))
    assert list(progress.track([1], "encoding")) == [1]
    assert json.loads((tmp_path / "events").read_text())["what"] == "encoding"

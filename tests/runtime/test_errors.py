from fico_lib.runtime.errors import unknown_name


def test_the_nearest_name_is_suggested():
    assert "did you mean 'dadh'?" in str(unknown_name("model", "dahd", ["vse", "dadh"]))


def test_nothing_is_suggested_for_a_name_like_none():
    assert str(unknown_name("model", "zzz", ["vse"])) == "unknown model 'zzz': expected one of vse"

from netlab.suggest import did_you_mean


def test_nearest_word_is_suggested():
    assert did_you_mean("Profles", ["rounds", "profiles"]) == "; did you mean 'profiles'?"


def test_nothing_near_suggests_nothing():
    assert did_you_mean("xyzzy", ["rounds", "profiles"]) == ""

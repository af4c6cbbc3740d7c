"""How the tests are spread over two processes."""

from xdist.scheduler import LoadScopeScheduling


class StudyTogether(LoadScopeScheduling):
    """One process runs the tests of tests/study, which share a built copy; the other the rest."""

    def _split_scope(self, nodeid: str) -> str:
        return "study" if nodeid.startswith("tests/study/") else nodeid


def pytest_xdist_make_scheduler(config, log):
    """The scheduler of this suite, in place of those of pytest-xdist."""
    return StudyTogether(config, log)

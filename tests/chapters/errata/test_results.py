"""The arithmetic of every finding against values worked by hand from the printed cells."""

import pytest

from fico_lib.chapters.errata import results, tables
from fico_lib.chapters.errata.finding import EARLIER, PAPER, SEVERITIES
from fico_lib.chapters.errata.parameters import ErrataChapter
from fico_lib.report import published
from fico_lib.runtime.errors import InputError

GIB = 2**30
NO_ARITHMETIC = {"demo-labels", "cc12m", "dgcpn-citation"}  # a file name, a name, a reference
# Finding -> what its arithmetic gives, in order, from the cells as they stand in the paper.
BY_HAND = {
    "adv-group": [2, 2],
    "vsrn-recall-at-5": [
        100 * (58.6 - 37.9) / (79.4 - 37.9),
        100 * (68.8 - 39.5) / (79.8 - 39.5),
        100 * (62.8 - 33.7) / (75.2 - 33.7),
        37.9 + (68.8 - 39.5) / (79.8 - 39.5) * (79.4 - 37.9),
    ],
    "bold-blip2-recall-at-10": [99.1],
    "i2t-below-t2i": [0.2, 0.8, 68.7, 89.5],
    "reranking-gain": [11.1, 4.7, 6.8, 4.0, 9.6, 8.6, 6.6, 7.7, 59.1 / 8],
    "cross-attention-against-vsrn": [4.2, 1.6, 0.6, -0.9, -5.4, -4.2, -3.7, -9.9],
    # 5 of 5,000 captions among the first 100: 1 - C(4995, 100) / C(5000, 100); one of 1,000 images.
    "dadh-near-chance": [
        *(0.1, 1.0, 0.1, 2.0),
        *(9.6116, 16.3 / 9.6116, 10.0, 1.54),
        *(0.199856, 4.7 / 0.199856, 0.2, 15.0),
    ],
    "bold-coco-i2t-map-at-100": [87.8],
    "bold-coco-t2i-map-at-n": [60.7],
    "bold-flickr-i2t-map-at-100": [98.1],
    "imram-same-both-ways": [3, 2],
    "vsrn-same-both-ways": [3, 2],
    "ucch-rises-to-n": [88.8 - 88.2, 0],
    "second-lowest": [3, 2],  # 32.9, 45.8, 47.9
    "mean-map-at-n": [92.523, 92.905, 53.467, 56.031],
    "means-of-different-models": [92.65, 93.144, 53.467, 56.031],
    "vilt-at-chance": [33.5, 33.5],
    "ucch-keeps-precision": [10, 95.1 - 89.3, 6, 10, 90.7 - 88.8, 2],
    "fg-superior-at-map-at-10": [63.5 - 86.2, 63.5 - 84.8, 62.8 - 86.6, 62.8 - 75.6, 98.4 - 98.7],
    "reranking-lowers-precision": [7, 96.2 - 93.7, 8, 87.8 - 79.4, 79.4 - 81.5],
    "beit3-most-compact": [6e6 * 768 * 4 / GIB, 6e6 * 256 * 4 / GIB, 17.2 / 5.72],
    "scan-imram-embedding-size": [6e6 * 1024 * 8 / GIB, 45.75],
    "adv2048-embedding-size": [11.4441, 1.43051, 11.71875, 0.366211],
    "one-byte-per-bit": [0.357628, 0.0447035, 16, 5.72 / 0.36, 128],
    "blip2-one-vector": [5.72205, (32e6 + 5e6) * 256 * 4 / GIB],
    "blip2-feature-size": [(1e6 * 677 * 1408 + 5e6 * 40 * 768) * 4 / GIB, 4240.25 - 4123.2109],
    "vilt-feature-size": [(1e6 * 217 * 768 + 5e6 * 40 * 768) * 4 / GIB, 2723.37 / 1193.0466],
    "scan-feature-size": [2944.9463, 3211.9751, 3212.0124],
    "imram-feature-size": [3257.79 - 3212.01, 45.7764],
    "memory-limit": [91.5, 321.201, 325.779],
    "imram-faster-with-more": [47.35 / 50.4, 458.10 / 47.35],
    "adv2048-growth": [9854.41 / 447, 3571.91 / 334.67],
    "ucch-growth": [4.12 / 0.40, 60.57 / 4.12, 488.28 / 60.57],
    # Operations of 1M images and 5M texts: tests/costs/architectures has them layer by layer.
    "ucch-slower-than-dadh": [488.28 / 59.41, 232, 597, 597 / 232],
    "scan-three-decimals": [3, 2],
    "factor-of-ten": [
        (50.4 * 5.03 * 6.47) ** (1 / 3) / (0.40 * 0.53) ** 0.5,
        (47.35 * 19.55 * 51.7) ** (1 / 3) / (4.12 * 1.13) ** 0.5,
        (458.1 * 180.08 * 464.464) ** (1 / 3) / (60.57 * 6.46) ** 0.5,
        1770.48 / (488.28 * 59.41) ** 0.5,
        (93.27 * 56.76) ** 0.5 / (50.4 * 5.03 * 6.47) ** (1 / 3),
        908.18 / (47.35 * 19.55 * 51.7) ** (1 / 3),
    ],
    "vilt-hours": [85.938, 4880 / 85.938, 48.8, 0.618752, 35.136],
    "all-pairs-growth": [12200.28 / 190.67, 1285.34 / 17.51],
    "hnsw-flat-recall": [1, 1, 1],
    "cg-flat-recall-at-100": [68.9, 62.6],
    "ivf-above-flat": [0.1],
    "ivf-search-time": [40.20],
    "practical-overlap": [
        *(3.09 / 0.70, (3.09 + 32.44) / (0.70 + 0.33)),
        *(18.17 / 11.13, (18.17 + 154.29) / (11.13 + 1.41)),
        *(39.80 / 40.20, (39.80 + 300.65) / (40.20 + 2.82)),
        *(39.80 / 18.17, 0.1312, 40.20 / 11.13, 0.8528),
        40.20 / 39.80 * (40.20 / 11.13) / (39.80 / 18.17),
    ],
    "region-dimension": [2048],
    "minimum-count": [1],
    "recall-equation": [20],
}
FINDINGS = results.findings()
ALL = list(SEVERITIES)


@pytest.mark.parametrize("name", BY_HAND)
def test_the_arithmetic_gives_what_a_hand_finds(name):
    computed = [float(number.computed) for number in FINDINGS[name].arithmetic()]
    assert computed == pytest.approx(BY_HAND[name], rel=2e-3, abs=1e-6)


def test_sizes_are_exact_where_digits_matter():
    assert [round(n.computed, 2) for n in FINDINGS["scan-feature-size"].arithmetic()] == [
        2944.95, 3211.98, 3212.01,
    ]  # fmt: skip


def test_no_finding_is_without_its_check():
    assert set(FINDINGS) - NO_ARITHMETIC == set(BY_HAND)
    assert all(not list(FINDINGS[name].arithmetic()) for name in NO_ARITHMETIC)


def test_every_suspect_cell_has_its_finding():
    assert set(published.anomalies()["finding"]) <= set(FINDINGS)


@pytest.mark.parametrize("found", FINDINGS.values(), ids=FINDINGS)
def test_a_finding_says_where_what_and_why(found):
    assert found.place or found.source != PAPER
    assert found.says
    assert found.reason.endswith(".")
    assert found.severity in SEVERITIES
    if "“" in found.says:
        assert found.section  # a quotation has its place


@pytest.mark.parametrize("found", FINDINGS.values(), ids=FINDINGS)
def test_numbers_beside_the_arithmetic_are_printed_in_the_paper(found):
    cells = set().union(*(published.table(n)["printed"] for n in range(2, 8)))
    for number in found.arithmetic():
        parts = [part for part in number.printed.split(" and ") if part]
        assert all(part in cells or part in found.says for part in parts), number


def test_left_overs_of_the_earlier_version_say_so():
    earlier = {name for name, found in FINDINGS.items() if found.source == EARLIER}
    assert earlier == {"second-lowest", "mean-map-at-n"}


def test_severities_choose_the_rows_of_both_tables():
    rows, numbers = results.errata(["conclusion"]), results.arithmetic(["conclusion"])
    assert set(rows["severity"]) == {"conclusion"}
    assert set(numbers["finding"]) <= set(rows["finding"])
    assert len(rows) < len(results.errata(ALL)) == len(FINDINGS)


def test_an_unknown_severity_is_refused():
    with pytest.raises(InputError, match=r"severities.*'grave'"):
        ErrataChapter.check({"severities": ["grave"]}, "test")


def test_every_finding_stands_once_on_the_page_with_its_anchor_and_its_arithmetic():
    rows = results.errata(ALL)
    page = "".join(tables.of_table(rows, n)._repr_html_() for n in (*range(1, 8), None))
    for name in FINDINGS:
        assert page.count(f'id="{name}"') == 1
    assert page.count("<details>") == len(BY_HAND)
    assert "@finding" not in page


def test_a_kind_without_findings_is_said():
    rows = results.errata(["conclusion"])
    assert "No finding" in repr(tables.of_table(rows, 1))


@pytest.mark.parametrize("number", range(1, 8))
def test_the_published_tables_are_shown_whole_with_their_marks(number):
    halves = ("mscoco", "flickr30k") if number in (2, 4) else (None,)
    shown = "".join(tables.printed(number, half)._repr_html_() for half in halves)
    assert shown.count("errata.html#") == len(published.anomalies(number))
    column = "approach" if number == 1 else "printed"
    cells = published.table(number)
    cells = cells[cells["cell"] != "adv64"]  # the paper has one row of ADV in Table 1
    for text, count in cells[column].value_counts().items():
        assert shown.count(f">{text.replace('<', '&lt;')}") >= count


def test_sentences():
    rows = results.errata(ALL)
    said = tables.takeaways(rows).markdown
    assert said.startswith(f"- {len(rows)} places of the paper")
    assert "Search times cross; they do not overlap" in said
    assert "127 times the space" in tables.figures().markdown  # 45.75 / 0.36
    assert "7.6 times the time" in tables.figures().markdown  # 458.10 / 60.57
    counted = tables.overview(rows).frame.drop(columns="place").to_numpy().sum()
    assert counted == len(rows)

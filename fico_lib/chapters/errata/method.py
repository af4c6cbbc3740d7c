"""Findings on the text: method, references and the released code."""

from fico_lib.chapters.errata.finding import REPOSITORY, Number, finding

CAPTIONS = 5  # of an image


@finding(
    "region-dimension",
    None,
    "Region features have 2048 dimensions",
    "number",
    section="3",
    says="“Faster R-CNN to extract 36 region proposals per image with 1024-dimensional features”",
    reason="1024 is the width after the first layer of SCAN and IMRAM; the detector gives 2048.",
    source="SCAN's released code (train.py, img_dim)",
)
def region_dimension():
    """What the released code of SCAN reads."""
    yield Number("dimensions of a region", "1024", 2048, "dimensions", 0)


@finding(
    "minimum-count",
    None,
    "“Minimum word count thresholding” keeps every word",
    "remark",
    section="3",
    says="“Doc2Vec trained on the combined training and test captions, with minimum word count "
    "thresholding to handle vocabulary sparsity”",
    reason="The released toolkit's default, min_count=1, drops nothing; another value may have "
    "been used for the paper.",
    source=REPOSITORY,
)
def minimum_count():
    """The default of the toolkit's extract_doc2vec_features.py."""
    yield Number("occurrences that a word needs", "", 1, "", 0)


@finding(
    "demo-labels",
    None,
    "The demo loads Flickr30K's labels for MS-COCO",
    "number",
    says="`load_labels('coco')` in the released demo (paper_tutorial/demo.py) reads the file of "
    "Flickr30K's labels.",
    reason="A line was copied. The MS-COCO numbers of Table 4 cannot be reproduced with the demo "
    "as it stands; nothing says that the paper's own were made with it.",
    source=REPOSITORY,
)
def demo_labels():
    """Nothing to compute: a file name."""
    return ()


@finding(
    "recall-equation",
    None,
    "Equation 1 is not the recall that is reported",
    "number",
    section="3",
    says="Equation 1 divides the relevant items among the first k by all relevant items; the text "
    "says that “retrieving any one of the multiple captions of the query image is considered a "
    "100% recall”.",
    reason="Equation 1 is the textbook definition; the tables follow the text, as the field does.",
)
def recall_equation():
    """R@1 of a perfect ranking from image to text, by the equation."""
    yield Number("best possible R@1, i2t, by Equation 1", "100%", 100 / CAPTIONS, "%")


@finding(
    "cc12m",
    None,
    "CC13 should be CC12M",
    "number",
    section="6.1",
    says="“Currently available large-scale image-text datasets (e.g. LAION-5B [61], CC13 [62])”",
    reason="Reference 62 is Conceptual 12M.",
)
def cc12m():
    """Nothing to compute: a name."""
    return ()


@finding(
    "dgcpn-citation",
    None,
    "Two models share a citation",
    "number",
    section="2.2",
    says="DCHUC and DGCPN are both cited as [40].",
    reason="The reference of DGCPN is missing, and that of DCHUC stands in its place.",
)
def dgcpn_citation():
    """Nothing to compute: a reference."""
    return ()

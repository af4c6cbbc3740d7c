"""The chapters of the study: name -> the schema of its parameters.

The parameters of a chapter are declared once, here. From the schema come the parameters cell of
its notebook, `fico describe`, the help of `fico run`, and the validation before a run starts.
"""

from fico_lib.report.parameters import ChapterParameters
from fico_lib.runtime.registry import load, lookup

CHAPTERS = {
    "data": "fico_lib.chapters.data.parameters:DataChapter",
    "models": "fico_lib.chapters.models.parameters:ModelsChapter",
    "instance": "fico_lib.chapters.instance.parameters:InstanceChapter",
    "category": "fico_lib.chapters.category.parameters:CategoryChapter",
    "factors": "fico_lib.chapters.factors.parameters:FactorsChapter",
    "encoding_storage": "fico_lib.chapters.encoding_storage.parameters:EncodingStorageChapter",
    "attention": "fico_lib.chapters.attention.parameters:AttentionChapter",
    "search": "fico_lib.chapters.search.parameters:SearchChapter",
    "bitwise_search": "fico_lib.chapters.bitwise_search.parameters:BitwiseSearchChapter",
    "coarse_to_fine": "fico_lib.chapters.coarse_to_fine.parameters:CoarseToFineChapter",
    "compression": "fico_lib.chapters.compression.parameters:CompressionChapter",
    "growing_gallery": "fico_lib.chapters.growing_gallery.parameters:GrowingGalleryChapter",
    "hashtags": "fico_lib.chapters.hashtags.parameters:HashtagsChapter",
    "selfalign": "fico_lib.chapters.selfalign.parameters:SelfAlignChapter",
    "errata": "fico_lib.chapters.errata.parameters:ErrataChapter",
    "findings": "fico_lib.chapters.findings.parameters:FindingsChapter",
    "choose": "fico_lib.chapters.choose.parameters:ChooseChapter",
}


def chapter(name: str) -> type[ChapterParameters]:
    """The parameter schema of a chapter; InputError with the nearest name where there is none."""
    return load(lookup("chapter", CHAPTERS, name))

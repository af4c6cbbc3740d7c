"""The likeliest reasons for which this study and the papers part, by topic.

They are what differs between the two set-ups, not what an experiment has shown: where one has, the
chapter of the claim says so.
"""

REASONS = {
    "instance retrieval": "the models are compact and learn from fewer pairs; the paper's were "
    "trained by their authors, some of them on millions of pairs before",
    "category retrieval": "labels are others, and with them how many images share one; in the "
    "paper Flickr30K's are predicted",
    "query-time attention": "the detector is another one; where times are compared, the devices "
    "differ",
    "screening": "candidates are others, and of another number",
    "encoding and storage": "bits are packed here and take a byte each there; devices and batches "
    "differ",
    "search": "the sizes of galleries, the dimensions of vectors and the machines differ",
    "fine-grained alignment": "the bases have another objective, other data and other detectors; "
    "which of these it is, this study has not separated",
}
OF_SCENES = {  # more, where the data are drawn
    "instance retrieval": "scenes are drawn, and the paper's images are photographs",
    "category retrieval": "labels and captions of scenes come from one world and agree",
    "query-time attention": "a drawn world may give attention more to find than photographs do",
    "screening": "a drawn world may have fewer look-alikes",
}


def reason(topic: str, setting: str) -> str:
    """What differs between a setting of this study and the papers, in words."""
    more = OF_SCENES.get(topic, "") if setting.startswith("scenes") else ""
    return "; ".join(part for part in (REASONS[topic], more) if part)

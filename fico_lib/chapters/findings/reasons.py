"""The likeliest reasons for which this study and the papers part, by topic.

They are what differs between the two set-ups, not what an experiment has shown: where one has, the
chapter of the claim says so.
"""

REASONS = {
    "instance retrieval": "the models are compact and learn from drawn scenes; the paper's were "
    "trained by their authors on photographs, some of them on millions of pairs before",
    "category retrieval": "labels and captions are drawn from one world and agree; on photographs "
    "captions leave more out, and Flickr30K's labels are predicted",
    "query-time attention": "a detector of this drawn world gives attention more to find than one "
    "of photographs; where times are compared, the devices differ",
    "screening": "a drawn world has fewer look-alikes, and another number of candidates",
    "encoding and storage": "bits are packed here and take a byte each there; devices and batches "
    "differ",
    "search": "galleries are smaller, vectors have other dimensions, and machines differ",
    "fine-grained alignment": "the bases have another objective, other data and other detectors; "
    "which of these it is, this study has not separated",
}

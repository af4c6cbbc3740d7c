"""Encodings by a checkpoint of one's own: any dual encoder, or sentence encoder, of transformers.

`fico_lib.encoders.run.encode_checkpoint` goes from a folder of weights and a data set in Karpathy's
format to saved encodings; nothing that a checkpoint brings is ever executed.
"""

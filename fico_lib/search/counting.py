"""Exact search of binary codes by counting: no heap, since distances are small whole numbers.

Hamming distances of b-bit codes are among 0 .. b. A bound, at first above all of them, falls as
codes are seen: what lies below it is appended to a list, and when the list holds twice k, a count
of its distances tells the new bound, the k-th smallest distance of the list. Codes come in chunks,
and a chunk whose smallest distance is not below the bound costs one comparison. In random order
all but about k (1 + ln(n / k)) of n codes are dismissed in this way.
"""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

from fico_lib.encodings.checks import checked_matrix, pack_bits
from fico_lib.runtime.compiled import compiled
from fico_lib.runtime.errors import InputError
from fico_lib.similarity.hamming import words

BLOCK = 2048  # codes whose distances are found before any is looked at: 4 kB of them
CHUNK, PART = 128, 16  # codes that are dismissed together, at once and then again
TILE_BYTES = 1 << 18  # of the gallery, which all queries of a group meet while it is in the cache
GROUP = 64  # queries
FEWEST = 16  # queries that are worth a thread
LONGEST = 65_528  # bits: a distance fits into uint16


@intrinsic
def _ones(_context, _word):
    """The number of ones in a 64-bit word: the processor's own instruction, on whole registers."""

    def build(context, builder, signature, arguments):
        count = builder.module.declare_intrinsic("llvm.ctpop", [ir.IntType(64)])
        return builder.call(count, arguments)

    return types.uint64(types.uint64), build


# One, two and four words in one pass each: a pass reads and writes every distance once.
@compiled
def _distances_of_one(query, planes, start, stop, out):
    a = planes[0, start:stop]
    for i in range(a.shape[0]):
        out[i] = np.uint16(_ones(query[0] ^ a[i]))


@compiled
def _distances_of_two(query, planes, start, stop, out):
    a, b = planes[0, start:stop], planes[1, start:stop]
    for i in range(a.shape[0]):
        out[i] = np.uint16(_ones(query[0] ^ a[i]) + _ones(query[1] ^ b[i]))


@compiled
def _add_distances_of_four(query, planes, word, start, stop, out):
    a, b = planes[word, start:stop], planes[word + 1, start:stop]
    c, d = planes[word + 2, start:stop], planes[word + 3, start:stop]
    for i in range(a.shape[0]):
        out[i] += np.uint16(
            _ones(query[word] ^ a[i])
            + _ones(query[word + 1] ^ b[i])
            + _ones(query[word + 2] ^ c[i])
            + _ones(query[word + 3] ^ d[i])
        )


@compiled
def _distances(query, planes, start, stop, out):
    """Distances of codes start .. stop to `query`, into out (stop - start,) uint16."""
    n_words = planes.shape[0]
    if n_words == 1:
        _distances_of_one(query, planes, start, stop, out)
    elif n_words == 2:
        _distances_of_two(query, planes, start, stop, out)
    else:
        out[:] = 0
        for word in range(0, n_words, 4):
            _add_distances_of_four(query, planes, word, start, stop, out)


@compiled
def _lowest(distances):
    lowest = distances[0]
    for i in range(distances.shape[0]):
        lowest = min(lowest, distances[i])
    return lowest


@compiled
def _keep(k, filled, ids, found, counts):
    """Keep the k nearest of a list, in its order; of equal distances the first ones.

    counts (farthest + 1,) int64 is left with the kept distances' counts. Returns the number kept
    and the k-th smallest distance, the new bound.
    """
    counts[:] = 0
    for i in range(filled):
        counts[found[i]] += 1
    nearer, bound = 0, 0
    while nearer + counts[bound] < k:
        nearer += counts[bound]
        bound += 1
    room, kept = k - nearer, 0
    for i in range(filled):
        equal = found[i] == bound
        if found[i] < bound or (equal and room > 0):
            room -= equal
            ids[kept], found[kept] = ids[i], found[i]
            kept += 1
    counts[bound], counts[bound + 1 :] = k - nearer, 0
    return kept, bound


@compiled
def _scan(query, planes, start, stop, k, filled, bound, ids, found, counts, block):
    """Go on with one query's list through codes start .. stop; returns its length and bound."""
    for first in range(start, stop, BLOCK):
        size = min(BLOCK, stop - first)
        distances = block[:size]
        _distances(query, planes, first, first + size, distances)
        for offset in range(0, size, CHUNK):
            if _lowest(distances[offset : offset + CHUNK]) >= bound:
                continue
            for start_of_part in range(offset, min(offset + CHUNK, size), PART):
                part = distances[start_of_part : start_of_part + PART]
                if _lowest(part) >= bound:
                    continue
                for i in range(part.shape[0]):  # written always, kept if below: no branch
                    ids[filled], found[filled] = first + start_of_part + i, part[i]
                    filled += part[i] < bound
            if filled >= 2 * k:
                filled, bound = _keep(k, filled, ids, found, counts)
    return filled, bound


@compiled
def _sort(filled, ids, found, counts, sorted_distances, sorted_ids):
    """The list by distance, equal ones in its order; counts: of its distances."""
    place = 0
    for distance in range(counts.shape[0]):
        place, counts[distance] = place + counts[distance], place
    for i in range(filled):
        place = counts[found[i]]
        counts[found[i]] += 1
        sorted_distances[place], sorted_ids[place] = found[i], ids[i]


@compiled
def _search(queries, planes, k, tile, distances, ids):
    """Search for queries (m, words) in planes (words, n); fills (m, k) arrays."""
    m, n, farthest = queries.shape[0], planes.shape[1], 64 * planes.shape[0]
    room = min(GROUP, m), 2 * k + CHUNK
    list_ids, list_found = np.empty(room, np.int64), np.empty(room, np.uint16)
    counts, block = np.zeros(farthest + 1, np.int64), np.empty(BLOCK, np.uint16)
    for first in range(0, m, GROUP):
        size = min(GROUP, m - first)
        filled, bounds = np.zeros(size, np.int64), np.full(size, farthest + 1, np.int64)
        for start in range(0, n, tile):
            stop = min(start + tile, n)
            for j in range(size):
                filled[j], bounds[j] = _scan(
                    queries[first + j], planes, start, stop, k, filled[j], bounds[j],
                    list_ids[j], list_found[j], counts, block,
                )  # fmt: skip
        for j in range(size):
            kept, _ = _keep(k, filled[j], list_ids[j], list_found[j], counts)
            _sort(kept, list_ids[j], list_found[j], counts, distances[first + j], ids[first + j])


@compiled
def _smallest(queries, planes, out):
    """The smallest distance of each query, into out (m,) int64."""
    block = np.empty(BLOCK, np.uint16)
    for j in range(queries.shape[0]):
        out[j] = 64 * planes.shape[0]
        for first in range(0, planes.shape[1], BLOCK):
            distances = block[: min(BLOCK, planes.shape[1] - first)]
            _distances(queries[j], planes, first, first + distances.shape[0], distances)
            out[j] = min(out[j], np.int64(_lowest(distances)))


class CodeGallery:
    """Codes of `bits` bits that are searched exhaustively; a flat index, called as faiss's are.

    They are kept word by word, so that neighbouring codes lie side by side; pieces that were added
    one by one are joined by the next search. Raises InputError for more than 65,528 bits.
    """

    is_trained = True  # there is nothing to train

    def __init__(self, bits: int):
        if not 1 <= bits <= LONGEST:
            raise InputError(f"bits: found {bits}; expected 1 to {LONGEST:,}")
        self.bits, self.pieces = bits, []

    def add(self, codes: np.ndarray) -> None:
        """Add codes (n, bytes) uint8, packed as `fico_lib.encodings.pack_bits` packs."""
        self.pieces.append(self._words(codes, "gallery"))

    def size_bytes(self) -> int:
        """What the codes take in memory."""
        return sum(piece.nbytes for piece in self.pieces)

    def smallest(self, queries: np.ndarray) -> np.ndarray:
        """The distance (m,) int64 of the nearest code of each query, by one thread.

        All distances and nothing kept: what an exact search with the same instructions cannot beat.
        """
        out = np.empty(len(queries), np.int64)
        _smallest(self._asked(queries), self._joined(), out)
        return out

    def search(
        self, queries: np.ndarray, k: int, threads: int = 1
    ) -> tuple[np.ndarray, np.ndarray]:
        """The k nearest codes of each query: distances (m, k) int32 and rows (m, k) int64.

        queries: (m, bytes) uint8 of as many bits; nearest first, of equal distances the lowest row.
        A k above the number of codes gives all of them. Raises InputError for a k below 1, for
        queries of another length, and where there are no codes.
        """
        if k < 1:
            raise InputError(f"k: found {k}; expected at least 1")
        asked, planes = self._asked(queries), self._joined()
        k = min(k, planes.shape[1])
        found = np.empty((len(asked), k), np.int32), np.empty((len(asked), k), np.int64)
        tile = max(BLOCK, TILE_BYTES // (8 * len(planes)))

        def part(start: int, stop: int) -> None:
            sides = (side[start:stop] for side in found)
            _search(asked[start:stop], planes, k, tile, *sides)

        cuts = np.linspace(0, len(asked), min(threads, max(1, len(asked) // FEWEST)) + 1).astype(
            int
        )
        if len(cuts) == 2:
            part(0, len(asked))
        else:
            with ThreadPoolExecutor(len(cuts) - 1) as pool:
                list(pool.map(part, cuts[:-1], cuts[1:]))
        return found

    def _asked(self, queries: np.ndarray) -> np.ndarray:
        return np.ascontiguousarray(self._words(queries, "queries").T)

    def _joined(self) -> np.ndarray:
        if len(self.pieces) > 1:
            self.pieces = [np.concatenate(self.pieces, axis=1)]
        if not self.size_bytes():
            raise InputError("gallery: found no codes; expected at least one")
        return self.pieces[0]

    def _words(self, codes: np.ndarray, name: str) -> np.ndarray:
        """Codes as words (1, 2 or a multiple of 4, n); missing ones are zeros on both sides."""
        packed, _ = pack_bits(checked_matrix(codes, name), self.bits, name)
        found = words(packed)
        missing = -len(found) % 4 if len(found) > 2 else 0
        return np.concatenate([found, np.zeros((missing, len(packed)), np.uint64)])

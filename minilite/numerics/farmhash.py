"""FarmHash Fingerprint64: 64 bits that stand for some bytes, the same on every machine. LSH_PROJECTION is made of it.

Follows farmhashna in the FarmHash library, by the name of its steps. All numbers are unsigned and have 64 bits.
"""

K0, K1, K2 = 0xC3A5C85C97CB3127, 0xB492B66FBE98F273, 0x9AE16A3B2F90404F
MASK = 0xFFFFFFFFFFFFFFFF
SEED = 81
BLOCK = 64
Pair = tuple[int, int]


def fingerprint(data: bytes) -> int:
    """The fingerprint, 0 to 2**64 - 1."""
    if len(data) <= 16:
        return _up_to_16(data)
    if len(data) <= 32:
        return _up_to_32(data)
    return _up_to_64(data) if len(data) <= BLOCK else _longer(data)


def _word(data: bytes, start: int, size: int = 8) -> int:
    start += len(data) if start < 0 else 0
    return int.from_bytes(data[start : start + size], "little")


def _rotate(value: int, bits: int) -> int:
    value &= MASK
    return (value >> bits | value << (64 - bits)) & MASK


def _mix(value: int) -> int:
    value &= MASK
    return value ^ value >> 47


def _hash_16(first: int, second: int, factor: int) -> int:
    first, second = first & MASK, second & MASK
    return _mix((second ^ _mix((first ^ second) * factor)) * factor) * factor & MASK


def _up_to_16(data: bytes) -> int:
    size = len(data)
    factor = K2 + 2 * size
    if size >= 8:
        first, last = _word(data, 0) + K2, _word(data, -8)
        return _hash_16(_rotate(last, 37) * factor + first, (_rotate(first, 25) + last) * factor, factor)
    if size >= 4:
        return _hash_16(size + (_word(data, 0, 4) << 3), _word(data, -4, 4), factor)
    if not size:
        return K2
    return _mix((data[0] + (data[size >> 1] << 8)) * K2 ^ (size + (data[-1] << 2)) * K0) * K2 & MASK


def _up_to_32(data: bytes) -> int:
    factor = K2 + 2 * len(data)
    a, b, c, d = _word(data, 0) * K1, _word(data, 8), _word(data, -8) * factor, _word(data, -16) * K2
    return _hash_16(_rotate(a + b, 43) + _rotate(c, 30) + d, a + _rotate(b + K2, 18) + c, factor)


def _up_to_64(data: bytes) -> int:
    factor = K2 + 2 * len(data)
    a, b, c, d = _word(data, 0) * K2, _word(data, 8), _word(data, -8) * factor, _word(data, -16) * K2
    y = _rotate(a + b, 43) + _rotate(c, 30) + d
    z = _hash_16(y, a + _rotate(b + K2, 18) + c, factor)
    e, f = _word(data, 16) * factor, _word(data, 24)
    g, h = (y + _word(data, -32)) * factor, (z + _word(data, -24)) * factor
    return _hash_16(_rotate(e + f, 43) + _rotate(g, 30) + h, e + _rotate(f + a, 18) + g, factor)


def _weak(data: bytes, start: int, a: int, b: int) -> Pair:
    """32 bytes from `start` on, mixed into two seeds."""
    w, x, y, z = (_word(data, start + offset) for offset in (0, 8, 16, 24))
    a += w
    total = a + x + y
    b = _rotate(b + a + z, 21) + _rotate(total, 44)
    return (total + z) & MASK, (b + a) & MASK


def _longer(data: bytes) -> int:
    x, y, v, w = SEED, SEED * K1 + 113, (0, 0), (0, 0)
    z = _mix(y * K2 + 113) * K2
    x = x * K2 + _word(data, 0)
    for start in range(0, (len(data) - 1) // BLOCK * BLOCK, BLOCK):
        x, y, z, v, w = _block(data, start, K1, 1, x, y, z, v, w)
    factor, rest = K1 + ((z & 0xFF) << 1), (len(data) - 1) % BLOCK
    first = w[0] + rest
    v = (v[0] + first, v[1])
    w = (first + v[0], w[1])
    x, y, z, v, w = _block(data, len(data) - BLOCK, factor, 9, x, y, z, v, w)
    return _hash_16(_hash_16(v[0], w[0], factor) + _mix(y) * K0 + z, _hash_16(v[1], w[1], factor) + x, factor)


def _block(
    data: bytes, start: int, factor: int, weight: int, x: int, y: int, z: int, v: Pair, w: Pair
) -> tuple[int, int, int, Pair, Pair]:
    """64 bytes from `start` on, mixed into the state; x and z change places."""
    x = _rotate(x + y + v[0] + _word(data, start + 8), 37) * factor & MASK
    y = _rotate(y + v[1] + _word(data, start + 48), 42) * factor
    x ^= w[1] * weight & MASK
    y += v[0] * weight + _word(data, start + 40)
    z = _rotate(z + w[0], 33) * factor
    v = _weak(data, start, v[1] * factor, x + w[0])
    w = _weak(data, start + 32, z + w[1], y + _word(data, start + 16))
    return z & MASK, y & MASK, x & MASK, v, w

using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Sje.Jobs.Queueing;

/// <summary>
/// UUIDv7 ids that rise within a process: RFC 9562 section 6.2, method 1, a counter in the 12 bits of rand_a. A batch accepted in one
/// millisecond thereby keeps its order in every list that goes by id.
/// </summary>
public sealed class SortableIds(TimeProvider clock)
{
    private readonly Lock gate = new();
    private long lastMs;
    private int counter;

    /// <summary>An id greater than all that this instance gave before.</summary>
    public Guid Next()
    {
        long ms;
        int sequence;
        lock (gate)
        {
            var now = clock.GetUtcNow().ToUnixTimeMilliseconds();
            if (now > lastMs)
            {
                (lastMs, counter) = (now, 0);
            }
            else if (++counter > 0xFFF)
            {
                // The counter is used up, or the clock went back: borrow the next millisecond rather than wait for it.
                (lastMs, counter) = (lastMs + 1, 0);
            }

            (ms, sequence) = (lastMs, counter);
        }

        Span<byte> bytes = stackalloc byte[16];
        RandomNumberGenerator.Fill(bytes[8..]);
        BinaryPrimitives.WriteInt64BigEndian(bytes, ms << 16);
        BinaryPrimitives.WriteUInt16BigEndian(bytes[6..], (ushort)(0x7000 | sequence));
        bytes[8] = (byte)((bytes[8] & 0x3F) | 0x80);
        return new Guid(bytes, bigEndian: true);
    }
}

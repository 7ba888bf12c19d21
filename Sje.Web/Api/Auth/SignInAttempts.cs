using System.Net;

namespace Sje.Web.Api.Auth;

/// <summary>
/// Counts the wrong keys that each address tried to sign in with: after <see cref="MostWrong"/> within <see cref="Window"/> it waits. Keys are too
/// long to guess; this keeps who tries from filling the database's time, and tells people apart from programs that went wrong.
/// </summary>
internal sealed class SignInAttempts(TimeProvider time)
{
    public const int MostWrong = 10;
    private const int MostAddresses = 10_000;

    public static readonly TimeSpan Window = TimeSpan.FromMinutes(1);

    private readonly Lock gate = new();
    private readonly Dictionary<IPAddress, Queue<DateTimeOffset>> wrong = [];

    /// <summary>How long an address has to wait before it may try again; null when it need not.</summary>
    public TimeSpan? WaitOf(IPAddress? address)
    {
        lock (gate)
        {
            return Recent(address) is { Count: >= MostWrong } tries ? tries.Peek() + Window - time.GetUtcNow() : null;
        }
    }

    /// <summary>Takes down that a wrong key came from an address.</summary>
    public void Failed(IPAddress? address)
    {
        lock (gate)
        {
            if (wrong.Count >= MostAddresses)
            {
                foreach (var old in wrong.Keys.Where(known => Recent(known) is null).ToList())
                {
                    wrong.Remove(old);
                }
            }

            if (Recent(address) is { } tries)
            {
                tries.Enqueue(time.GetUtcNow());
            }
            else if (wrong.Count < MostAddresses)
            {
                wrong[address ?? IPAddress.None] = new([time.GetUtcNow()]);
            }
        }
    }

    // The tries within the window; null when there are none.
    private Queue<DateTimeOffset>? Recent(IPAddress? address)
    {
        if (!wrong.TryGetValue(address ?? IPAddress.None, out var tries))
        {
            return null;
        }

        while (tries.TryPeek(out var at) && at + Window <= time.GetUtcNow())
        {
            tries.Dequeue();
        }

        return tries.Count > 0 ? tries : null;
    }
}

namespace Sje.Core.Jobs;

/// <summary>
/// Gathers faults. The same fault is kept once (a thousand tasks may share one bad setting), and after a hundred the rest is only counted: a megabyte of
/// unknown fields must not become ten megabytes of answer.
/// </summary>
internal sealed class FaultList
{
    private const int Most = 100;

    private readonly List<Fault> faults = [];
    private readonly HashSet<Fault> seen = [];
    private int dropped;

    public bool IsEmpty => faults.Count == 0;

    /// <summary>How many there are, those that are only counted among them.</summary>
    public int Count => faults.Count + dropped;

    /// <summary>Whether further ones are only counted.</summary>
    public bool IsFull => faults.Count >= Most;

    public void Add(string pointer, string code, string detail) => Add(new Fault(pointer, detail, code));

    public void Add(Fault fault)
    {
        if (IsFull)
        {
            dropped++;
        }
        else if (seen.Add(fault))
        {
            faults.Add(fault);
        }
    }

    public void AddRange(IEnumerable<Fault> more)
    {
        foreach (var fault in more)
        {
            Add(fault);
        }
    }

    public IReadOnlyList<Fault> ToList() =>
        dropped == 0 ? [.. faults] : [.. faults, new Fault("", $"And {dropped:N0} more faults.", FaultCodes.TooMany)];
}

namespace Sje.Core.Jobs;

/// <summary>
/// Where the parts of a job in our form stood in a file of another dialect, so that faults point into the user's text and speak of what
/// stands there.
/// </summary>
internal sealed class PointerMap
{
    private readonly Dictionary<string, string> places = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> trees = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> words = new(StringComparer.Ordinal);
    private readonly HashSet<string> silent = new(StringComparer.Ordinal);

    /// <summary>Our own form: everything stands where it stands.</summary>
    public static PointerMap Identity { get; } = new();

    /// <summary>A part of ours, and all below it that has no place of its own, stands there.</summary>
    public void Add(string ours, string theirs) => places[ours] = theirs;

    /// <summary>A part of ours looks the same there: what is below it keeps its path.</summary>
    public void AddTree(string ours, string theirs) => trees[ours] = theirs;

    /// <summary>A message that begins with a word of ours begins with theirs.</summary>
    public void AddWord(string ours, string theirs) => words[ours] = theirs;

    /// <summary>What is wrong with this part has been said already, in the words of the file.</summary>
    public void Silence(string ours) => silent.Add(ours);

    /// <summary>The faults of a job in our form as faults of the file; those of parts that were dealt with before are left out.</summary>
    public IEnumerable<Fault> Translate(IEnumerable<Fault> faults) =>
        this == Identity ? faults : faults.Where(fault => !Above(fault.Pointer).Any(silent.Contains)).Select(Translate);

    /// <summary>The fault with the pointer of the nearest part whose place is known; a part never moved keeps its own.</summary>
    public Fault Translate(Fault fault)
    {
        foreach (var pointer in places.Count + trees.Count > 0 ? Above(fault.Pointer) : [])
        {
            if (places.TryGetValue(pointer, out var theirs))
            {
                return fault with { Pointer = theirs, Detail = InTheirWords(fault.Detail) };
            }

            if (trees.TryGetValue(pointer, out var tree))
            {
                return fault with
                {
                    Pointer = tree + fault.Pointer[pointer.Length..],
                    Detail = InTheirWords(fault.Detail),
                };
            }
        }

        return fault;
    }

    private string InTheirWords(string detail)
    {
        foreach (var (ours, theirs) in words)
        {
            if (detail.StartsWith(ours, StringComparison.Ordinal))
            {
                return theirs + detail[ours.Length..];
            }
        }

        return detail;
    }

    /// <summary>A pointer, then those of all that contains it.</summary>
    private static IEnumerable<string> Above(string pointer)
    {
        yield return pointer;
        while (pointer.Length > 0)
        {
            pointer = pointer[..pointer.LastIndexOf('/')];
            yield return pointer;
        }
    }
}

namespace Sje.Core.Jobs;

/// <summary>Where the parts of a job in our form stood in a file of another dialect, so that faults point into the user's text.</summary>
internal sealed class PointerMap
{
    private readonly Dictionary<string, string> places = new(StringComparer.Ordinal);

    /// <summary>Our own form: everything stands where it stands.</summary>
    public static PointerMap Identity { get; } = new();

    public void Add(string ours, string theirs) => places[ours] = theirs;

    /// <summary>The fault with the pointer of the nearest part whose place is known; a part never moved keeps its own.</summary>
    public Fault Translate(Fault fault)
    {
        for (var pointer = fault.Pointer; places.Count > 0; pointer = pointer[..pointer.LastIndexOf('/')])
        {
            if (places.TryGetValue(pointer, out var theirs))
            {
                return fault with { Pointer = theirs };
            }

            if (pointer.Length == 0)
            {
                break;
            }
        }

        return fault;
    }
}

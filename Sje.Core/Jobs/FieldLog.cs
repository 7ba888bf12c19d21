namespace Sje.Core.Jobs;

/// <summary>A field that a reader asked for: the object it belongs to, its name, the forms it may have.</summary>
internal sealed record AskedField(string Pointer, string Name)
{
    /// <summary>The forms that were asked for, in words for people.</summary>
    public SortedSet<string> Forms { get; } = new(StringComparer.Ordinal);

    /// <summary>Whether the object is wrong without it.</summary>
    public bool IsRequired { get; set; }

    /// <summary>Whether it is refused, since nothing is built yet that it could mean.</summary>
    public bool IsToCome { get; set; }
}

/// <summary>
/// What readers ask for while somebody listens, on this thread. The reference of the job file is made of it, so it names the fields that
/// are read, in the forms that are read, and no others.
/// </summary>
internal sealed class FieldLog : IDisposable
{
    [ThreadStatic]
    private static FieldLog? current;

    private readonly Dictionary<(string, string), AskedField> fields = [];

    private FieldLog() { }

    /// <summary>The one that listens; mostly none.</summary>
    public static FieldLog? Current => current;

    /// <summary>The fields in the order in which they were first asked for.</summary>
    public IReadOnlyCollection<AskedField> Fields => fields.Values;

    /// <summary>Begins to listen, until it is disposed of.</summary>
    public static FieldLog Start() => current = new FieldLog();

    public AskedField Of(string pointer, string name)
    {
        if (!fields.TryGetValue((pointer, name), out var field))
        {
            fields[(pointer, name)] = field = new AskedField(pointer, name);
        }

        return field;
    }

    public void Dispose() => current = null;
}

using System.Text.Json.Nodes;

namespace Sje.Core.Jobs;

/// <summary>The notation of a document.</summary>
public enum JobFormat
{
    /// <summary>JSON when its first character is <c>{</c> or <c>[</c>, else YAML.</summary>
    Auto,

    /// <summary>JSON (RFC 8259), without comments or trailing commas.</summary>
    Json,

    /// <summary>YAML 1.2, core schema, without anchors, aliases and tags.</summary>
    Yaml,
}

/// <summary>What kept a document or a job from being read; each kind has its own HTTP status.</summary>
public enum JobReadFailure
{
    /// <summary>Nothing did.</summary>
    None,

    /// <summary>More bytes than allowed: 413.</summary>
    TooLarge,

    /// <summary>No tree could be made of the bytes: 400.</summary>
    NotReadable,

    /// <summary>A tree, but not a right one: 422.</summary>
    Wrong,
}

/// <summary>
/// A JSON or YAML text as one tree. Where <see cref="Failure"/> is <see cref="JobReadFailure.Wrong"/> the tree is there and
/// <see cref="Faults"/> tell what in it may not be (a key twice, a NUL character); with the graver failures there is none.
/// </summary>
public sealed class Document
{
    private readonly ReadOnlyMemory<byte> utf8;

    internal Document(
        ReadOnlyMemory<byte> utf8,
        JobFormat format,
        JsonNode? root,
        JobReadFailure failure,
        IReadOnlyList<Fault> faults
    )
    {
        this.utf8 = utf8;
        Format = format;
        Root = root;
        Failure = failure;
        Faults = faults;
    }

    /// <summary>JSON or YAML, as given or as recognised.</summary>
    public JobFormat Format { get; }

    /// <summary>The tree; null where the document is the word <c>null</c> or could not be read.</summary>
    public JsonNode? Root { get; }

    /// <summary>How bad it is.</summary>
    public JobReadFailure Failure { get; }

    /// <summary>What is wrong with the document as such, whatever it is meant to be.</summary>
    public IReadOnlyList<Fault> Faults { get; }

    /// <summary>The faults at or below a place, with pointers relative to it: those of one item of a batch.</summary>
    public IReadOnlyList<Fault> FaultsUnder(string pointer) =>
        [
            .. Faults
                .Where(fault =>
                    fault.Pointer == pointer || fault.Pointer.StartsWith(pointer + "/", StringComparison.Ordinal)
                )
                .Select(fault => fault with { Pointer = fault.Pointer[pointer.Length..] }),
        ];

    /// <summary>
    /// The faults with their lines, in the order of the text. What a pointer names may be missing; then the line is that of the
    /// nearest thing around it. The text is read once more for this, so that documents without faults pay nothing.
    /// </summary>
    public IReadOnlyList<Fault> WithLines(IReadOnlyList<Fault> faults)
    {
        var wanted = faults
            .Where(fault => fault.Line is null)
            .SelectMany(fault => Ancestors(fault.Pointer))
            .ToHashSet();
        var lines =
            wanted.Count == 0 || Failure is JobReadFailure.TooLarge or JobReadFailure.NotReadable
                ? []
                : DocumentReader.FindLines(utf8, Format, wanted);
        return
        [
            .. faults
                .Select(fault => fault with { Line = fault.Line ?? LineOf(fault.Pointer, lines) })
                .OrderBy(fault => fault.Line ?? int.MaxValue),
        ];
    }

    private static int? LineOf(string pointer, Dictionary<string, int> lines)
    {
        foreach (var place in Ancestors(pointer))
        {
            if (lines.TryGetValue(place, out var line))
            {
                return line;
            }
        }

        return null;
    }

    /// <summary>A pointer, then those of all that contains it.</summary>
    private static IEnumerable<string> Ancestors(string pointer)
    {
        yield return pointer;
        for (var slash = pointer.LastIndexOf('/'); slash >= 0; slash = pointer.LastIndexOf('/', slash - 1))
        {
            yield return pointer[..slash];
            if (slash == 0)
            {
                yield break;
            }
        }
    }
}

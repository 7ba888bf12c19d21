using System.Text;

namespace Sje.Core.Jobs;

/// <summary>
/// Reads untrusted JSON and YAML into one kind of tree. Never throws for what the bytes hold: bad bytes, nesting, duplicate keys,
/// sizes and counts are bounded here, before anything recursive sees the tree.
/// </summary>
public static class DocumentReader
{
    /// <summary>Levels of objects and lists, the outermost counted.</summary>
    public const int MaxDepth = 64;

    /// <summary>Values of a document, containers among them. Bounds the memory that 32 MiB of <c>[0,0,0,...</c> can take.</summary>
    public const int MaxValues = 2_000_000;

    /// <summary>Reads a document of at most <paramref name="maxBytes"/> bytes.</summary>
    public static Document Read(ReadOnlyMemory<byte> utf8, JobFormat format, int maxBytes)
    {
        utf8 = WithoutByteOrderMark(utf8);
        if (format == JobFormat.Auto)
        {
            format = Recognise(utf8.Span);
        }

        if (utf8.Length > maxBytes)
        {
            return Failed(
                JobReadFailure.TooLarge,
                new Fault("", $"{utf8.Length:N0} bytes; at most {maxBytes:N0} are read.", FaultCodes.TooLarge)
            );
        }

        if (BadBytes(utf8.Span) is { } bad)
        {
            return Failed(JobReadFailure.NotReadable, bad);
        }

        var builder = new TreeBuilder();
        Fill(builder, utf8, format);
        var failure =
            builder.IsBroken ? JobReadFailure.NotReadable
            : builder.Faults.Count > 0 ? JobReadFailure.Wrong
            : JobReadFailure.None;
        return new Document(utf8, format, builder.IsBroken ? null : builder.Root, failure, builder.Faults);

        Document Failed(JobReadFailure why, Fault fault) => new(utf8, format, null, why, [fault]);
    }

    /// <summary>Reads a readable document once more to find the lines of some of its values.</summary>
    internal static Dictionary<string, int> FindLines(
        ReadOnlyMemory<byte> utf8,
        JobFormat format,
        IReadOnlySet<string> pointers
    )
    {
        var builder = new TreeBuilder(pointers);
        Fill(builder, utf8, format);
        return builder.Lines;
    }

    private static void Fill(TreeBuilder builder, ReadOnlyMemory<byte> utf8, JobFormat format)
    {
        if (format == JobFormat.Json)
        {
            JsonSource.Read(utf8.Span, builder);
        }
        else
        {
            YamlSource.Read(Encoding.UTF8.GetString(utf8.Span), builder);
        }
    }

    private static JobFormat Recognise(ReadOnlySpan<byte> utf8) =>
        utf8.TrimStart(" \t\r\n"u8) is [(byte)'{' or (byte)'[', ..] ? JobFormat.Json : JobFormat.Yaml;

    private static ReadOnlyMemory<byte> WithoutByteOrderMark(ReadOnlyMemory<byte> utf8) =>
        utf8.Span.StartsWith(Encoding.UTF8.Preamble) ? utf8[Encoding.UTF8.Preamble.Length..] : utf8;

    private static Fault? BadBytes(ReadOnlySpan<byte> utf8)
    {
        var position = 0;
        while (position < utf8.Length)
        {
            if (Rune.DecodeFromUtf8(utf8[position..], out _, out var length) != System.Buffers.OperationStatus.Done)
            {
                return new Fault(
                    "",
                    $"Byte {position:N0} (0x{utf8[position]:x2}) is not UTF-8.",
                    FaultCodes.InvalidUtf8,
                    LineAt(utf8, position)
                );
            }

            position += length;
        }

        // JSON has no raw NUL anyway; to the YAML scanner it would be the end of the text, and the rest be ignored.
        position = utf8.IndexOf((byte)0);
        return position < 0
            ? null
            : new Fault("", $"Byte {position:N0} is NUL.", FaultCodes.NulCharacter, LineAt(utf8, position));
    }

    private static int LineAt(ReadOnlySpan<byte> utf8, int position) => 1 + utf8[..position].Count((byte)'\n');
}

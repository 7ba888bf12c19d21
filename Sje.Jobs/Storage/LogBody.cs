using System.IO.Compression;
using System.Text;

namespace Sje.Jobs.Storage;

/// <summary>
/// The body of a log chunk: lines with a break between them, as text while it is small, else compressed (Brotli, RFC 7932). Exactly one of
/// the two is there.
/// </summary>
internal readonly record struct LogBody(string? Plain, byte[]? Packed)
{
    /// <summary>For chunks on their way from a running task: it must cost the worker next to nothing.</summary>
    public const int Quick = 3;

    /// <summary>For chunks that are written once and kept: some times the work, a third less room.</summary>
    public const int Small = 6;

    // Shorter bodies stay inside their row as they are; compressing them saves no page.
    private const int WorthPacking = 1_024;
    private const int Window = 22;

    /// <summary>A body of some lines, as it is stored.</summary>
    /// <param name="text">The lines, with a break between two.</param>
    /// <param name="quality">How hard to try: <see cref="Quick"/> or <see cref="Small"/>.</param>
    public static LogBody Of(string text, int quality)
    {
        if (text.Length < WorthPacking)
        {
            return new LogBody(text, null);
        }

        var bytes = Encoding.UTF8.GetBytes(text);
        var packed = new byte[BrotliEncoder.GetMaxCompressedLength(bytes.Length)];
        return BrotliEncoder.TryCompress(bytes, packed, out var length, quality, Window) && length < bytes.Length * 0.9
            ? new LogBody(null, packed[..length])
            : new LogBody(text, null);
    }

    /// <summary>The lines, with a break between two and none at the end.</summary>
    /// <exception cref="InvalidDataException">The compressed body is damaged.</exception>
    public string Text()
    {
        var text = Plain ?? Unpack(Packed ?? []);
        return text.EndsWith('\n') ? text[..^1] : text;
    }

    private static string Unpack(byte[] packed)
    {
        using var stream = new BrotliStream(new MemoryStream(packed), CompressionMode.Decompress);
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return reader.ReadToEnd();
    }
}
